//! The thread that flushes the log and then answers: while it waits for the disk, the writer works on
//! the next transaction.
//!
//! A transaction is seen by readers as soon as it is committed, and that is before it is flushed. So
//! whoever reads waits until what was committed by then is flushed ([`Flushed::wait`]): no answer
//! depends on a record that a power cut could still take. It decides nothing; [`super::writer`] hands
//! it each transaction, in order.

use super::writer::again;
use crate::store::StoreError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Transactions that may wait for the disk; the writer waits before the next one.
const WAITING: usize = 4;

/// A transaction that waits to be flushed.
pub(super) struct Committed {
    /// Its number, or that of the one before if it was not committed.
    pub(super) n: u64,
    /// Whether it was committed at all: what was not needs no flush, only its answers, in their turn.
    pub(super) commit: Result<(), StoreError>,
    /// Answers whoever waits.
    pub(super) answer: Answer,
}

/// Tells everybody in a transaction what became of it.
type Answer = Box<dyn FnOnce(&Result<(), StoreError>) + Send>;

/// How far the log is on stable storage.
#[derive(Default)]
pub(super) struct Flushed {
    /// The number of the newest transaction that readers may see.
    committed: AtomicU64,
    /// And of the newest that is flushed.
    until: Mutex<u64>,
    wake: Condvar,
    failed: AtomicBool,
}

impl Flushed {
    /// Notes a transaction, before anybody can see it.
    pub(super) fn commits(&self) {
        self.committed.fetch_add(1, Ordering::SeqCst);
    }

    /// The number of the transaction that was noted last.
    pub(super) fn last(&self) -> u64 {
        self.committed.load(Ordering::SeqCst)
    }

    /// Waits until everything that was committed before this call is flushed.
    pub(super) fn wait(&self) {
        let until = self.last();
        let flushed = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.wake.wait_while(flushed, |flushed| *flushed < until);
        drop(done.unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether a flush has failed: then what the log holds on the disk is unknown, a later flush would
    /// not say it either, and the log must be brought home and begun anew before anything is added.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// It was begun anew.
    pub(super) fn begun_anew(&self) {
        self.failed.store(false, Ordering::SeqCst);
    }

    fn flushed(&self, until: u64) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        self.wake.notify_all();
    }
}

/// The way to the thread.
pub(super) struct Flusher {
    queue: Option<SyncSender<Committed>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    /// Starts the thread over what flushes the log.
    pub(super) fn start(
        flush: impl FnMut() -> std::io::Result<()> + Send + 'static,
        flushed: Arc<Flushed>,
    ) -> Result<Self, StoreError> {
        let (send, queue) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("cofferdam-flush".into())
            .spawn(move || {
                work(&queue, flush, &flushed);
                // Nothing comes any more, and nobody shall wait for it.
                flushed.flushed(u64::MAX);
            })
            .map_err(|e| StoreError::Away(format!("no thread for the store: {e}")))?;
        Ok(Self { queue: Some(send), thread: Some(thread) })
    }

    /// Has a transaction flushed and answered.
    pub(super) fn hand_over(&self, committed: Committed) {
        // The thread ends after its sender only; without it nobody would ever be answered, and each
        // asker's own channel says so by closing.
        let _ = self.queue.as_ref().map(|queue| queue.send(committed));
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(queue: &Receiver<Committed>, mut flush: impl FnMut() -> std::io::Result<()>, flushed: &Flushed) {
    let mut some = Vec::with_capacity(WAITING);
    while let Ok(first) = queue.recv() {
        some.push(first);
        // Where the disk is slower than the writer, several share a flush.
        some.extend(std::iter::from_fn(|| queue.try_recv().ok()).take(WAITING));
        let needed = some.iter().any(|one| one.commit.is_ok());
        let done = match needed {
            false => Ok(()),
            true if flushed.has_failed() => Err(StoreError::Unknown("an earlier flush failed".into())),
            true => flush().map_err(|e| {
                flushed.failed.store(true, Ordering::SeqCst);
                StoreError::Unknown(format!("the log was not flushed: {e}"))
            }),
        };
        if let Some(last) = some.last() {
            flushed.flushed(last.n);
        }
        for Committed { commit, answer, .. } in some.drain(..) {
            answer(&commit.and_then(|()| done.as_ref().copied().map_err(again)));
        }
    }
}

#[cfg(test)]
mod tests;
