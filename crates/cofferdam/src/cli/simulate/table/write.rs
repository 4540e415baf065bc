//! Puts page and pictures into the folder.

use super::{Tables, ablation, bound, families, goals, others, page, pictures};
use crate::cli::error::CliError;
use crate::cli::out::Out;
use serde_json::json;
use std::path::Path;

const PAGE: &str = "detection-figures.md";
const CALIBRATION: &str = "detection-calibration.svg";
const LEVELS: &str = "detection-levels.svg";

/// Writes all, and says what was written.
pub fn all(folder: &Path, tables: &Tables, out: &Out) -> Result<(), CliError> {
    let parts = [
        page::head(tables),
        goals::table(tables),
        page::recipes(tables),
        families::table(tables),
        bound::table(tables),
        families::cases(tables),
        page::levels(tables, LEVELS),
        others::table(tables),
        ablation::table(tables),
        page::calibration(tables, CALIBRATION),
    ];
    let mut page = parts.join("\n");
    page.truncate(page.trim_end().len());
    page.push('\n');
    let drawn = |picture: Result<String, std::fmt::Error>| {
        picture.map_err(|error| CliError::failed(error.to_string()))
    };
    let files = [
        (PAGE, page),
        (CALIBRATION, drawn(pictures::calibration(tables))?),
        (LEVELS, drawn(pictures::levels(tables))?),
    ];
    for (name, text) in &files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| {
            CliError::failed(format!("--table: `{}` cannot be written: {error}", path.display()))
        })?;
    }
    let names = files.map(|(name, _)| folder.join(name).display().to_string());
    out.data(&json!({ "written": names }), || names.join("\n"))
}
