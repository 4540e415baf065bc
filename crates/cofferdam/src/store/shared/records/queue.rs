//! What was judged and is not in the database yet: a bounded queue, and the task that empties it.
//!
//! Judging never waits for it. A full queue loses the entry and counts that; while the database is away
//! the entries wait here. What waits can be found like what is written, on the node where it waits.

use super::book::{LOCK, lock_of};
use super::conn::{Round, Step};
use super::failure::Failed;
use super::{Postgres, journal, repeated};
use crate::store::StoreError;
use crate::store::embedded::journal::line::{Line, LineView, short};
use crate::store::row::Basis;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// Entries that may wait.
const WAITING: usize = 65_536;
/// And their bytes.
const BYTES: usize = 64 << 20;
/// An entry waits no longer than this for others, well within the promised 100 ms.
const GATHER: Duration = Duration::from_millis(50);
/// Entries written in one transaction.
const AT_ONCE: usize = 1_024;
/// An identifier younger than this may still wait on another node.
pub(super) const SOON_MS: i64 = 1_000;
/// And has left it after this.
pub(super) const WITHIN: Duration = Duration::from_millis(150);
/// The longest pause while the database is away.
const PAUSE_MOST_MS: u64 = 1_000;

type Waiter = (u64, oneshot::Sender<Result<(), StoreError>>);

#[derive(Default)]
struct Inner {
    /// The oldest first; those being written stay here until they are.
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    /// Ever taken in, and ever written.
    taken: u64,
    written: u64,
    waiters: Vec<Waiter>,
}

/// The queue.
#[derive(Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    wake: Notify,
    lost: AtomicU64,
    /// Nobody knows whether the last write stands.
    doubt: AtomicBool,
}

/// Notes how far this node has written, in the transaction that writes.
const NOTE: &str = "INSERT INTO meta (name, value) VALUES ($1, int8send($2) || int8send($3)) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const NOTED: &str = "SELECT substr(value, 1, 8) FROM meta WHERE name = $1";
/// Kind of the lock that a node's writes take.
const WRITES: u8 = 6;

impl Queue {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an entry in; false: full, and the entry is lost.
    pub(super) fn push(&self, line: Line) -> bool {
        let size = line.view().size();
        let mut inner = self.inner();
        if inner.lines.len() >= WAITING || inner.bytes + size > BYTES {
            drop(inner);
            self.lost.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        inner.bytes += size;
        inner.taken += 1;
        inner.lines.push_back(Arc::new(line));
        // Far from full there is no haste; the task looks by itself.
        let many = inner.lines.len() == AT_ONCE;
        drop(inner);
        if many {
            self.wake.notify_one();
        }
        true
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// An entry that could not be written down at all.
    pub(super) fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// An entry that is not written yet, by either identifier.
    pub(super) fn find(&self, id: &str) -> Option<(Vec<u8>, Option<Arc<Basis>>)> {
        let hash = short(id);
        let inner = self.inner();
        let found = inner.lines.iter().rev().find(|line| line.ids.contains(&hash));
        found.map(|line| (line.text.clone(), line.basis.clone()))
    }

    /// Waits until all that was taken in before is written; an error if an attempt to write it fails.
    pub(super) async fn flush(&self) -> Result<(), StoreError> {
        let (tell, told) = oneshot::channel();
        {
            let mut inner = self.inner();
            if inner.written == inner.taken {
                return Ok(());
            }
            let until = inner.taken;
            inner.waiters.push((until, tell));
        }
        self.wake.notify_one();
        told.await.map_err(|_| StoreError::Away("the store has stopped".into()))?
    }

    /// Takes in what was written, and answers who waits for it.
    fn written(&self, n: usize) {
        let mut inner = self.inner();
        for line in inner.lines.drain(..n).collect::<Vec<_>>() {
            inner.bytes = inner.bytes.saturating_sub(line.view().size());
        }
        inner.written += n as u64;
        let written = inner.written;
        let (ready, later) =
            std::mem::take(&mut inner.waiters).into_iter().partition(|(until, _)| *until <= written);
        inner.waiters = later;
        drop(inner);
        let ready: Vec<Waiter> = ready;
        for (_, tell) in ready {
            // Whoever waited may be gone; the entries are written all the same.
            let _ = tell.send(Ok(()));
        }
    }

    fn failed(&self, error: &StoreError) {
        let waiters = std::mem::take(&mut self.inner().waiters);
        for (_, tell) in waiters {
            let _ = tell.send(Err(repeated(error)));
        }
    }
}

impl Postgres {
    /// Empties the queue until the store is let go of, and once more then.
    pub(super) async fn empty_queue(self: Arc<Self>) {
        let mut stop = self.stop.subscribe();
        let mut failures = 0_u32;
        loop {
            let pause = match failures {
                0 => GATHER,
                n => {
                    let most = (100_u64 << n.min(4)).min(PAUSE_MOST_MS);
                    Duration::from_millis(most / 2 + self.connections.health.chance(most / 2))
                }
            };
            let stopped = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => true,
                () = tokio::time::sleep(pause) => false,
                () = self.queue.wake.notified() => false,
            };
            match self.empty_once().await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures = failures.saturating_add(1);
                    self.queue.failed(&error);
                }
            }
            if stopped {
                return;
            }
        }
    }

    async fn empty_once(&self) -> Result<(), StoreError> {
        loop {
            let some: Vec<Arc<Line>> = self.queue.inner().lines.iter().take(AT_ONCE).cloned().collect();
            if some.is_empty() {
                return Ok(());
            }
            let lines: Vec<LineView<'_>> =
                some.iter().map(|line| self.bases.known_view(&line.view())).collect();
            let until = self.queue.inner().written + some.len() as u64;
            if let Err(failed) = self.write_lines(&lines, until).await {
                if matches!(failed, Failed::Values(_)) {
                    // A day of the journal may have been taken away meanwhile.
                    self.days.forget();
                }
                let error = failed.told();
                if matches!(error, StoreError::Unknown(_)) {
                    self.queue.doubt.store(true, Ordering::Relaxed);
                }
                return Err(error);
            }
            for basis in lines.iter().filter_map(|line| line.basis) {
                self.bases.put(Arc::clone(basis));
            }
            self.queue.written(some.len());
        }
    }

    /// Writes lines, the last of which is the `until`th that this node ever wrote. Where nobody knows
    /// whether they stand already, looks first.
    async fn write_lines(&self, lines: &[LineView<'_>], until: u64) -> Result<(), Failed> {
        self.days.ensure(self, lines.iter().copied()).await?;
        let rows = journal::rows(lines, self.clock.now_ms())?;
        let name = format!("journal {}", self.node);
        let (lock, until, now_ms) =
            (vec![lock_of(WRITES, name.as_bytes())], until as i64, self.clock.now_ms());
        let conn = self.connections.get().await?;
        // Behind the lock: a write that was given up here may still be at it there.
        let mut steps = vec![Step::new(LOCK, &[&lock])];
        if self.queue.doubt.load(Ordering::Relaxed) {
            steps.push(Step::new(NOTED, &[&name]));
            let found = conn.together(Round::Begin, &steps).await?.pop().unwrap_or_default();
            let noted = found.first().and_then(|row| row.get::<_, Vec<u8>>(0).try_into().ok());
            let stands = noted.map(i64::from_be_bytes) == Some(until);
            self.queue.doubt.store(false, Ordering::Relaxed);
            if stands {
                return conn.undo().await;
            }
            steps.clear();
        }
        let round = if steps.is_empty() { Round::Commit } else { Round::Whole };
        rows.add_to(&mut steps);
        steps.push(Step::new(NOTE, &[&name, &until, &now_ms]));
        conn.together(round, &steps).await?;
        Ok(())
    }
}
