//! Saved tallies: one file, written shard by shard while the tallies go on counting.
//!
//! The file names the store it belongs to, the position of the journal from which recovery must read,
//! and ends in a checksum over all before it. It becomes the saved tallies by a rename, so a crash
//! while saving leaves the one before. What is torn, of another store, or of another version is
//! refused by name; the journal then stands in for it.

use super::ProcessTallies;
use crate::store::StoreError;
use cofferdam_engine::evidence::{BadEvidence, EvidenceTallies};
use cofferdam_engine::table::Cursor;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::PoisonError;

/// Evidence is written when so much of it was copied.
const PIECE: usize = 1 << 20;

/// Bytes of the checksum.
const SUM: usize = 32;
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

/// Reads saved tallies into empty ones, piece by piece, since all at once would take as much memory again.
/// `None`: there is no such file. After an error the tallies hold a part of it: throw them away.
pub(in crate::store) fn load(
    tallies: &ProcessTallies,
    store: [u8; 16],
    from: &Path,
) -> Result<Option<Head>, StoreError> {
    let refused = |why: &str| StoreError::Unreadable(format!("saved tallies `{}`: {why}", from.display()));
    let mut file = match In::open(from) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(e) => return Err(away(from, &e)),
    };
    let read = restore(tallies, store, &mut file);
    // What is torn may seem to be anything.
    if !file.ends_well().map_err(|e| away(from, &e))? {
        return Err(refused("torn or damaged: its checksum is wrong"));
    }
    match read {
        Ok((head, None)) => Ok(Some(head)),
        Ok((head, Some(bad))) => {
            // Limits and proofs must not be lost with it; evidence only makes the next hours know less.
            tracing::warn!("saved tallies `{}`: {bad}; evidence begins anew", from.display());
            *tallies.evidence() = EvidenceTallies::new(tallies.keys_max);
            Ok(Some(head))
        }
        Err(Bad::Refused(why)) => Err(refused(&why)),
        Err(Bad::Io(e)) => Err(away(from, &e)),
    }
}

/// Why saved tallies were not read to their end.
enum Bad {
    Refused(String),
    Io(std::io::Error),
}

impl From<std::io::Error> for Bad {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            return Self::Refused("too short".to_owned());
        }
        Self::Io(error)
    }
}

fn restore(
    tallies: &ProcessTallies,
    store: [u8; 16],
    file: &mut In,
) -> Result<(Head, Option<BadEvidence>), Bad> {
    let refused = |why: &str| Bad::Refused(why.to_owned());
    let (version, head) = head(file, tallies.shards.len())?.ok_or_else(|| refused("of another version"))?;
    if head.store != store {
        return Err(refused("of another store"));
    }
    let (mut limits, mut proofs) = (Vec::new(), Vec::new());
    for shard in &tallies.shards {
        let floor = u64::from_le_bytes(file.array()?);
        file.part(&mut limits)?;
        file.part(&mut proofs)?;
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.limits.restore(&limits, head.at_s).map_err(|e| refused(&e.to_string()))?;
        shard.proofs.restore(&proofs, head.at_s).map_err(|e| refused(&e.to_string()))?;
        shard.set_floor(floor);
    }
    let bad = if version > 1 { restore_evidence(tallies, file)? } else { None };
    Ok((head, bad))
}

/// Why it could not be read, if so; the file is read to its end in either case.
fn restore_evidence(tallies: &ProcessTallies, file: &mut In) -> Result<Option<BadEvidence>, Bad> {
    let (mut piece, mut bad, mut evidence) = (Vec::new(), None, None);
    loop {
        file.part(&mut piece)?;
        if piece.is_empty() {
            break;
        }
        let mut rest = &piece[..];
        if bad.is_none() {
            bad = next_piece(&mut evidence, tallies.keys_max, &mut rest).err();
        }
    }
    if let (None, Some(evidence)) = (&bad, evidence) {
        *tallies.evidence() = evidence;
    }
    Ok(bad)
}

/// The first piece begins with a head; each ends with a step.
fn next_piece(
    evidence: &mut Option<EvidenceTallies>,
    keys_max: usize,
    piece: &mut &[u8],
) -> Result<(), BadEvidence> {
    let own = match evidence {
        Some(own) => own,
        None => evidence.insert(EvidenceTallies::begin_restore(keys_max, piece)?),
    };
    own.restore_steps(piece)
}

/// A file of saved tallies that is being read, and the checksum over what was.
struct In {
    file: BufReader<File>,
    sum: Sha256,
    /// Bytes before the checksum at its end.
    left: u64,
}

impl In {
    /// `None`: there is none.
    fn open(path: &Path) -> std::io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let left = file.metadata()?.len().saturating_sub(SUM as u64);
        Ok(Some(Self { file: BufReader::with_capacity(PIECE, file), sum: Sha256::new(), left }))
    }

    /// Fills `to`; too short where the checksum would be met.
    fn fill(&mut self, to: &mut [u8]) -> std::io::Result<()> {
        self.left = self.left.checked_sub(to.len() as u64).ok_or(std::io::ErrorKind::UnexpectedEof)?;
        self.file.read_exact(to)?;
        self.sum.update(to);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> std::io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A length, and as many bytes.
    fn part(&mut self, to: &mut Vec<u8>) -> std::io::Result<()> {
        let length = u64::from_le_bytes(self.array()?);
        // A damaged length must not make room for what is not there.
        if length > self.left {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        to.clear();
        to.resize(usize::try_from(length).map_err(|_| std::io::ErrorKind::UnexpectedEof)?, 0);
        self.fill(to)
    }

    /// Reads what is left. Whether the checksum is that of all before it.
    fn ends_well(mut self) -> std::io::Result<bool> {
        let mut piece = [0; 4_096];
        while self.left > 0 {
            let next = piece.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let Some(piece) = piece.get_mut(..next) else { break };
            self.fill(piece)?;
        }
        let mut sum = [0; SUM];
        match self.file.read_exact(&mut sum) {
            Ok(()) => Ok(self.sum.finalize().as_slice() == sum),
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(e) => Err(e),
        }
    }
}

fn head(file: &mut In, shards: usize) -> std::io::Result<Option<(u32, Head)>> {
    let ours = file.array::<8>()? == *MAGIC;
    let version = u32::from_le_bytes(file.array()?);
    let ours = ours && (1..=VERSION).contains(&version);
    let head = Head {
        store: file.array()?,
        position: u64::from_le_bytes(file.array()?),
        at_s: u32::from_le_bytes(file.array()?),
    };
    let same = u32::from_le_bytes(file.array()?) as usize == shards;
    Ok((ours && same).then_some((version, head)))
}
