//! Saved tallies: one file, written shard by shard while the tallies go on counting.
//!
//! The file names the store it belongs to, the position of the journal from which recovery must read,
//! and ends in a checksum over all before it. It becomes the saved tallies by a rename, so a crash
//! while saving leaves the one before. What is torn, of another store, or of another version is
//! refused by name; the journal then stands in for it.

use super::ProcessTallies;
use super::marks::array;
use crate::store::StoreError;
use cofferdam_engine::evidence::EvidenceTallies;
use cofferdam_engine::table::Cursor;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::PoisonError;

/// Evidence is written when so much of it was copied.
const PIECE: usize = 1 << 20;

const MAGIC: &[u8; 8] = b"CFDTALLY";
/// 2: with evidence. The first had limits and proofs alone, and is still read.
const VERSION: u32 = 2;

/// What a file of saved tallies says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Head {
    /// Of which store.
    pub(in crate::store) store: [u8; 16],
    /// The journal's position before the first shard was saved: all up to it is in the file.
    pub(in crate::store) position: u64,
    /// When, in Unix seconds: what was at rest by then was left out.
    pub(in crate::store) at_s: u32,
}

/// Writes the tallies into `to`, durably, through a file beside it.
pub(in crate::store) fn save(tallies: &ProcessTallies, head: Head, to: &Path) -> Result<(), StoreError> {
    let beside = to.with_extension("new");
    let away = |e: std::io::Error| away(to, &e);
    let mut out =
        Out { file: BufWriter::with_capacity(1 << 20, create(&beside).map_err(away)?), sum: Sha256::new() };
    write(tallies, head, &mut out).map_err(away)?;
    std::fs::rename(&beside, to).and_then(|()| sync_folder(to)).map_err(away)
}

/// A new file that only its owner reads.
pub(in crate::store) fn create(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a name in a folder durable.
pub(in crate::store) fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn away(path: &Path, error: &std::io::Error) -> StoreError {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return StoreError::Full;
    }
    StoreError::Away(format!("`{}`: {error}", path.display()))
}

struct Out {
    file: BufWriter<File>,
    sum: Sha256,
}

impl Out {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sum.update(bytes);
        self.file.write_all(bytes)
    }
}

fn write(tallies: &ProcessTallies, head: Head, out: &mut Out) -> std::io::Result<()> {
    out.put(MAGIC)?;
    out.put(&VERSION.to_le_bytes())?;
    out.put(&head.store)?;
    out.put(&head.position.to_le_bytes())?;
    out.put(&head.at_s.to_le_bytes())?;
    out.put(&(tallies.shards.len() as u32).to_le_bytes())?;
    let (mut limits, mut proofs) = (Vec::new(), Vec::new());
    for shard in &tallies.shards {
        limits.clear();
        proofs.clear();
        let floor = {
            // Held for a copy alone: the disk is written to without the lock.
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let mut at = Some(Cursor::default());
            while let Some(from) = at {
                at = shard.limits.save(from, head.at_s, &mut limits);
            }
            let mut at = Some(Cursor::default());
            while let Some(from) = at {
                at = shard.proofs.save(from, head.at_s, &mut proofs);
            }
            shard.last_seq()
        };
        out.put(&floor.to_le_bytes())?;
        for part in [&limits, &proofs] {
            out.put(&(part.len() as u64).to_le_bytes())?;
            out.put(part)?;
        }
    }
    write_evidence(tallies, out)?;
    let sum = out.sum.finalize_reset();
    out.file.write_all(&sum)?;
    out.file.flush()?;
    out.file.get_ref().sync_all()
}

/// In steps, each under the lock for a copy alone, and each as a part; an empty one ends them.
fn write_evidence(tallies: &ProcessTallies, out: &mut Out) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut at = Some(tallies.evidence().begin_save(&mut bytes));
    while let Some(from) = at {
        at = tallies.evidence().save_step(from, &mut bytes);
        if bytes.len() >= PIECE || at.is_none() {
            out.put(&(bytes.len() as u64).to_le_bytes())?;
            out.put(&bytes)?;
            bytes.clear();
        }
    }
    out.put(&0_u64.to_le_bytes())
}

/// Reads saved tallies into empty ones. `None`: there is no such file. After an error the tallies
/// hold a part of it: throw them away.
pub(in crate::store) fn load(
    tallies: &ProcessTallies,
    store: [u8; 16],
    from: &Path,
) -> Result<Option<Head>, StoreError> {
    let bytes = match read(from) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(None),
        Err(e) => return Err(away(from, &e)),
    };
    let refused = |why: &str| StoreError::Unreadable(format!("saved tallies `{}`: {why}", from.display()));
    let body = checked(&bytes).ok_or_else(|| refused("torn or damaged: its checksum is wrong"))?;
    let mut rest = body;
    let (version, head) =
        head(&mut rest, tallies.shards.len()).ok_or_else(|| refused("of another version"))?;
    if head.store != store {
        return Err(refused("of another store"));
    }
    for shard in &tallies.shards {
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let floor = array(&mut rest).map(u64::from_le_bytes).ok_or_else(|| refused("too short"))?;
        let limits = part(&mut rest).ok_or_else(|| refused("too short"))?;
        let proofs = part(&mut rest).ok_or_else(|| refused("too short"))?;
        shard.limits.restore(limits, head.at_s).map_err(|e| refused(&e.to_string()))?;
        shard.proofs.restore(proofs, head.at_s).map_err(|e| refused(&e.to_string()))?;
        shard.set_floor(floor);
    }
    if version > 1 {
        let mut bytes = Vec::new();
        loop {
            match part(&mut rest).ok_or_else(|| refused("too short"))? {
                [] => break,
                piece => bytes.extend_from_slice(piece),
            }
        }
        match EvidenceTallies::restore(tallies.keys_max, &bytes) {
            Ok(evidence) => *tallies.evidence() = evidence,
            // Limits and proofs must not be lost with it; evidence only makes the next hours know less.
            Err(e) => tracing::warn!("saved tallies `{}`: {e}; evidence begins anew", from.display()),
        }
    }
    Ok(Some(head))
}

fn read(from: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let file = match File::open(from) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::new();
    BufReader::new(file).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The bytes without their checksum, if it is right.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let (body, sum) = bytes.split_last_chunk::<32>()?;
    (Sha256::digest(body).as_slice() == sum).then_some(body)
}

fn head(rest: &mut &[u8], shards: usize) -> Option<(u32, Head)> {
    let ours = array::<8>(rest)? == *MAGIC;
    let version = array(rest).map(u32::from_le_bytes)?;
    let ours = ours && (1..=VERSION).contains(&version);
    let head = Head {
        store: array(rest)?,
        position: array(rest).map(u64::from_le_bytes)?,
        at_s: array(rest).map(u32::from_le_bytes)?,
    };
    (ours && array(rest).map(u32::from_le_bytes)? as usize == shards).then_some((version, head))
}

fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(array(rest).map(u64::from_le_bytes)?).ok()?;
    let (part, later) = rest.split_at_checked(length)?;
    *rest = later;
    Some(part)
}
