//! Saving the tallies now and then, and bringing them back: the saved state, then the journal since.

use super::flusher::Flushed;
use super::open::Identity;
use super::{Embedded, journal};
use crate::clock::Clock;
use crate::store::StoreError;
use crate::store::memory::ProcessTallies;
use crate::store::memory::snapshot::{self, Head};
use crate::store::row::Unsaved;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Brings the tallies of a store back. Answers with them and with what they were saved at; evidence has to
/// catch up from there. Saved tallies that can't be read are told of and rebuilt from the journal.
pub(super) fn recover(
    conn: &Connection,
    identity: &Identity,
    file: &Path,
    keys_max: usize,
) -> Result<(ProcessTallies, Unsaved), StoreError> {
    let last = journal::last(conn)?;
    let tallies = ProcessTallies::new(keys_max);
    let loaded = snapshot::load(&tallies, identity.store, file).and_then(|head| match head {
        Some(head) if head.position > last => Err(StoreError::Unreadable(format!(
            "saved tallies `{}`: newer than the records beside them",
            file.display()
        ))),
        head => Ok(head),
    });
    let nothing = Unsaved { position: 0, at_ms: 0 };
    let of = |head: Head| Unsaved { position: head.position, at_ms: i64::from(head.at_s) * 1_000 };
    let (tallies, unsaved) = match loaded {
        Ok(head) => (tallies, head.map_or(nothing, of)),
        Err(error @ StoreError::Unreadable(_)) => {
            tracing::warn!("{error}; they are rebuilt from the journal");
            (ProcessTallies::new(keys_max), nothing)
        }
        Err(error) => return Err(error),
    };
    journal::each_marks(conn, unsaved.position, |marks| tallies.recover_now(&marks))?;
    Ok((tallies, unsaved))
}

/// The thread that saves.
pub(super) struct Saver {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

/// What saving needs.
pub(super) struct Saving {
    pub(super) tallies: Arc<ProcessTallies>,
    pub(super) file: PathBuf,
    pub(super) records: PathBuf,
    pub(super) store: [u8; 16],
    pub(super) clock: Arc<dyn Clock>,
    /// The journal's position of the last save.
    pub(super) saved: Arc<AtomicU64>,
    /// A position is named only once it is on stable storage.
    pub(super) flushed: Arc<Flushed>,
    /// One save at a time.
    pub(super) turn: Mutex<()>,
}

impl Saving {
    /// Saves now.
    pub(super) fn save(&self) -> Result<(), StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let conn = super::open::read_connection(&self.records)?;
        // Read before the first shard is saved: what comes in meanwhile is in both, and told apart by
        // its number.
        let position = journal::last(&conn)?;
        self.flushed.wait();
        let head = Head { store: self.store, position, at_s: super::ledger::seconds(self.clock.now_ms()) };
        snapshot::save(&self.tallies, head, &self.file)?;
        self.saved.store(position, Ordering::Release);
        Ok(())
    }
}

impl Saver {
    pub(super) fn start(saving: Arc<Saving>, every: Duration) -> Result<Self, StoreError> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("cofferdam-tallies".into())
            .spawn(move || {
                let (stop, wake) = &*told;
                loop {
                    let guard = stop.lock().unwrap_or_else(PoisonError::into_inner);
                    let wait = wake.wait_timeout_while(guard, every, |stop| !*stop);
                    if *wait.unwrap_or_else(PoisonError::into_inner).0 {
                        return;
                    }
                    if let Err(error) = saving.save() {
                        // The journal keeps what was not saved; the next save makes up for it.
                        tracing::warn!("the tallies were not saved: {error}");
                    }
                }
            })
            .map_err(|e| StoreError::Away(format!("no thread to save the tallies: {e}")))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Saver {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Embedded {
    /// The head of tallies that are saved now.
    pub(super) async fn head(&self) -> Result<Head, StoreError> {
        let position = self.read(journal::last).await?;
        Ok(Head { store: self.store, position, at_s: super::ledger::seconds(self.clock.now_ms()) })
    }

    /// Up to where the journal may be forgotten without losing a tally; all of it where none are saved.
    pub(super) fn saved_position(&self) -> u64 {
        self.saving.as_ref().map_or(u64::MAX, |saving| saving.saved.load(Ordering::Acquire))
    }

    pub(super) async fn save_tallies(&self) -> Result<(), StoreError> {
        let Some(saving) = self.saving.clone() else { return Ok(()) };
        let saved = tokio::task::spawn_blocking(move || saving.save()).await;
        saved.map_err(|e| StoreError::Away(e.to_string()))?
    }
}
