//! Writes the reference page of the settings from their tables, so that it cannot disagree with them.

use super::key::{Key, Kind, SectionKeys};
use super::pattern::SLOTS;
use super::{SECTIONS, provider};
use std::fmt::Write as _;

/// The page `docs/reference/settings.md`.
pub fn settings_reference() -> String {
    let mut page = String::from(
        "# Settings\n\nWritten by `cargo xtask docs`; change the tables in `crates/cofferdam/src/config/` instead.\n\n\
         The file is TOML; an empty one is valid. Every key can also be set by the environment variable beside it, which\n\
         wins over the file; an empty variable counts as not set. Unknown keys are refused. How the file, the environment\n\
         and the store divide the work: [the guide](../guides/settings.md).\n\n\
         One key stands at the top of the file, before the first section:\n\n\
         | key | takes | default | |\n| --- | --- | --- | --- |\n\
         | `routes`<br>`COFFERDAM_ROUTES` | list of names | all providers of kind `http`, by name; else `outbox` | The order in which providers are tried. A later one is tried only where it is certain that nothing was sent. |\n",
    );
    for section in SECTIONS {
        write_section(&mut page, section);
    }
    write_section(&mut page, &provider::SECTION);
    for section in provider::PARTS {
        write_section(&mut page, section);
    }
    page.push_str(
        "\n## Places in templates\n\nTexts of `url`, `headers` and `body` may hold these; `{{` and `}}` stand for braces themselves.\n\n\
         | place | filled with |\n| --- | --- |\n",
    );
    for (name, _, doc) in SLOTS {
        let _ = writeln!(page, "| `{{{name}}}` | {doc} |");
    }
    page.push_str("| `{vars.name}` | the operator's own value of that name |\n");
    page
}

fn write_section(page: &mut String, section: &SectionKeys) {
    let _ = writeln!(page, "\n## `[{}]`\n\n{}\n", section.path, section.doc);
    page.push_str("| key | takes | default | |\n| --- | --- | --- | --- |\n");
    for key in section.keys {
        let variable = variable(section.path, key.name);
        let (takes, default) = (takes(key.kind), default(key));
        let _ = writeln!(page, "| `{}`<br>`{variable}` | {takes} | {default} | {} |", key.name, key.doc);
    }
}

/// The environment's name of a key.
pub fn variable(path: &str, name: &str) -> String {
    let path = path.replace("<name>", "NAME").replace('.', "__");
    format!("COFFERDAM_{}__{}", path.to_uppercase(), name.to_uppercase())
}

fn takes(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Secret => "text, hidden".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Integer { min, max } => format!("{min} to {max}"),
        Kind::Address => "address and port".to_owned(),
        Kind::Url => "`https://…`".to_owned(),
        Kind::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Kind::List => "list of texts".to_owned(),
        Kind::Table => "table".to_owned(),
    }
}

fn default(key: &Key) -> String {
    let source = key.source;
    match key.default {
        "" if source == "none" => "none".to_owned(),
        "" => format!("none: {}", source.strip_prefix("none: ").unwrap_or(source)),
        default => format!("`{default}` ({source})"),
    }
}
