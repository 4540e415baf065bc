//! The metadata that the pinned library carries: found through cargo, read from its wire format. Only what is
//! needed to tell numbers apart is kept.

use std::path::{Path, PathBuf};
use std::process::Command;

const CRATE: &str = "rlibphonenumber";

#[derive(Debug, Default)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    pub(crate) lengths: Vec<i32>,
    pub(crate) local_only: Vec<i32>,
}

#[derive(Debug, Default)]
pub(crate) struct Region {
    pub(crate) id: String,
    pub(crate) calling_code: i32,
    pub(crate) main: bool,
    pub(crate) same: bool,
    pub(crate) national_prefix: String,
    pub(crate) transform: String,
    pub(crate) leading: String,
    /// General, then the types in the order in which the library tries them, then fixed and mobile.
    pub(crate) patterns: [Pattern; 11],
}

/// Field numbers of the patterns, in the order of `Region::patterns`.
const PATTERNS: [u64; 11] = [1, 5, 4, 6, 8, 7, 21, 25, 28, 2, 3];

pub(crate) struct Library {
    pub(crate) version: String,
    pub(crate) regions: Vec<Region>,
}

impl Library {
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let folder = folder(root)?;
        let read = |name: &str| std::fs::read(folder.join(name)).map_err(|why| format!("{name}: {why}"));
        let readme = String::from_utf8_lossy(&read("Readme.md")?).into_owned();
        let version = readme
            .split_once("metadata version:** `v")
            .and_then(|(_, rest)| rest.split_once('`'))
            .map(|(version, _)| version.to_owned())
            .ok_or("the library does not say the version of its metadata")?;
        let bytes = read("src/generated/metadata/metadata.bin")?;
        let regions =
            fields(&bytes)?.into_iter().map(|(_, value)| region(value)).collect::<Result<_, _>>()?;
        Ok(Self { version, regions })
    }

    /// The regions of a calling code, the main one first, as the library orders them.
    pub(crate) fn of(&self, calling_code: i32) -> Vec<&Region> {
        let mut found: Vec<&Region> = Vec::new();
        for region in self.regions.iter().filter(|region| region.calling_code == calling_code) {
            if region.main {
                found.insert(0, region);
            } else {
                found.push(region);
            }
        }
        found
    }

    pub(crate) fn calling_codes(&self) -> Vec<i32> {
        let mut codes: Vec<i32> = self.regions.iter().map(|region| region.calling_code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

fn folder(root: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .map_err(|why| why.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mark = format!("/{CRATE}-");
    for part in text.split("\"manifest_path\":\"").skip(1) {
        let path = part.split('"').next().unwrap_or("");
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        let named = folder.to_string_lossy().rsplit_once(&mark).is_some_and(|(_, version)| {
            version.starts_with(|first: char| first.is_ascii_digit()) && !version.contains('/')
        });
        if named {
            return Ok(folder.to_path_buf());
        }
    }
    Err(format!("cargo does not know where {CRATE} is"))
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl Value<'_> {
    fn text(self) -> String {
        match self {
            Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Value::Number(_) => String::new(),
        }
    }

    /// Patterns are kept wrapped as `^(?:…)$`.
    fn pattern(self) -> String {
        let text = self.text();
        text.strip_prefix("^(?:").and_then(|text| text.strip_suffix(")$")).unwrap_or(&text).to_owned()
    }

    fn number(self) -> i32 {
        match self {
            Value::Number(number) => number as i32,
            Value::Bytes(_) => 0,
        }
    }
}

/// The fields of a message: number and value, in order.
fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, Value<'_>)>, String> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut bytes)?),
            2 => {
                let length = varint(&mut bytes)? as usize;
                let (value, rest) = bytes.split_at_checked(length).ok_or("the metadata ends too early")?;
                bytes = rest;
                Value::Bytes(value)
            }
            _ => return Err("the metadata has a field of an unknown shape".to_owned()),
        };
        found.push((key >> 3, value));
    }
    Ok(found)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or("the metadata ends too early")?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("the metadata has a number that is too long".to_owned())
}

fn region(value: Value<'_>) -> Result<Region, String> {
    let Value::Bytes(bytes) = value else { return Err("a region is not a message".to_owned()) };
    let mut region = Region::default();
    for (number, value) in fields(bytes)? {
        if let Some(at) = PATTERNS.iter().position(|field| *field == number)
            && let (Value::Bytes(bytes), Some(slot)) = (value, region.patterns.get_mut(at))
        {
            *slot = pattern(bytes)?;
            continue;
        }
        match number {
            9 => region.id = value.text(),
            10 => region.calling_code = value.number(),
            15 => region.national_prefix = value.pattern(),
            16 => region.transform = value.text(),
            18 => region.same = value.number() != 0,
            22 => region.main = value.number() != 0,
            23 => region.leading = value.pattern(),
            _ => {}
        }
    }
    Ok(region)
}

fn pattern(bytes: &[u8]) -> Result<Pattern, String> {
    let mut pattern = Pattern::default();
    for (number, value) in fields(bytes)? {
        match number {
            2 => pattern.text = value.pattern(),
            9 => pattern.lengths.push(value.number()),
            10 => pattern.local_only.push(value.number()),
            _ => {}
        }
    }
    Ok(pattern)
}
