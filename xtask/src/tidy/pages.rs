//! Every page has one title, and links inside the repository lead somewhere.

use super::{files, report};
use crate::run::root;

#[test]
fn every_page_has_one_title() {
    let mut findings = Vec::new();
    for file in files(&[".md"]) {
        let mut fenced = false;
        let titles = file
            .text
            .lines()
            .filter(|line| {
                if line.trim_start().starts_with("```") {
                    fenced = !fenced;
                }
                !fenced && line.starts_with("# ")
            })
            .count();
        if titles != 1 {
            findings.push(format!("{}: {titles} titles", file.path));
        }
    }
    report("a page has one title", &findings);
}

#[test]
fn links_inside_the_repository_lead_somewhere() {
    let mut findings = Vec::new();
    for file in files(&[".md"]) {
        let folder = root().join(&file.path);
        let folder = folder.parent().unwrap();
        for (at, _) in file.text.match_indices("](") {
            let link: String = file.text[at + 2..].chars().take_while(|c| *c != ')').collect();
            let target = link.split('#').next().unwrap_or("");
            let outside = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !outside && !folder.join(target).exists() {
                findings.push(format!("{}: `{link}` leads nowhere", file.path));
            }
        }
    }
    report("links lead somewhere", &findings);
}
