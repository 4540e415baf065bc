//! Packs the reference data of `data/` and the numbering plans of the pinned library into the tables that the
//! atlas carries. It is run by hand when the data or the library moves, and by CI with `--check`, which says
//! whether the tables in the repository are the ones that it would write. The shipped crates never call it.

mod address;
mod csv;
mod graph;
mod library;
mod pack;
mod places;
mod plan;
mod prior;
mod regex;
mod rewrite;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything the packers share.
pub(crate) struct Sources {
    data: PathBuf,
}

impl Sources {
    pub(crate) fn text(&self, name: &str) -> Result<String, String> {
        let path = self.data.join(name);
        let bytes = fs::read(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        if Path::new(name).extension().is_some_and(|ext| ext == "gz") {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut text)
                .map_err(|why| format!("{}: {why}", path.display()))?;
            Ok(text)
        } else {
            String::from_utf8(bytes).map_err(|why| format!("{}: {why}", path.display()))
        }
    }
}

/// A file of the tables folder and what it must hold.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

pub(crate) fn run(check: bool) -> Result<(), String> {
    let root = crate::run::root();
    let sources = Sources { data: root.join("data") };
    let mut files = Files::new();
    let places = places::Places::read(&sources)?;
    places.write(&mut files);
    let library = library::Library::read(&root)?;
    plan::write(&sources, &library, &places, &mut files)?;
    prior::write(&sources, &places, &mut files)?;
    files.insert("edition.rs".to_owned(), edition(&library.version).into_bytes());
    address::write(&sources, &places, &mut files)?;
    let folder = root.join("crates/cofferdam-atlas/src/tables");
    if check {
        return compare(&folder, &files);
    }
    fs::create_dir_all(&folder).map_err(|why| why.to_string())?;
    for (name, bytes) in &files {
        fs::write(folder.join(name), bytes).map_err(|why| format!("{name}: {why}"))?;
        crate::say(&format!("{name}: {} bytes", bytes.len()));
    }
    Ok(())
}

/// The day on which the data sets were put together; moved by hand with them.
const DATA: &str = "2026-11-20";

fn edition(library: &str) -> String {
    format!(
        "// Written by `cargo xtask metadata`.\n\npub(crate) const DATA: &str = {DATA:?};\n\
         pub(crate) const PLANS: &str = {library:?};\n"
    )
}

fn compare(folder: &Path, files: &Files) -> Result<(), String> {
    for (name, bytes) in files {
        let found = fs::read(folder.join(name)).map_err(|why| format!("{name}: {why}"))?;
        if &found != bytes {
            return Err(format!("{name} is not what the sources give: run `cargo xtask metadata`"));
        }
    }
    Ok(())
}
