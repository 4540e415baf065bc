//! What was judged and is not on the disk yet: a bounded queue, and the thread that empties it.
//!
//! Judging never waits for it. A full queue loses the entry and counts that; a full disk keeps the
//! entries here until there is space again. What waits can be found like what is written.

use super::Bases;
use super::line::{LineView, short};
use super::sheet::Sheet;
use crate::store::StoreError;
use crate::store::embedded::sweep;
use crate::store::embedded::writer::Writer;
use crate::store::row::Basis;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Entries that may wait.
const WAITING: usize = 65_536;
/// And their bytes.
const BYTES: usize = 64 << 20;
/// An entry waits no longer than this for others, well within the promised 100 ms.
const GATHER: Duration = Duration::from_millis(50);
/// Sheets written in one change: others' changes get their turn in between.
const AT_ONCE: usize = 4;
/// Written sheets that are kept for other entries.
const SPARE: usize = 16;

#[derive(Default)]
struct Inner {
    /// The newest entries.
    filling: Sheet,
    /// Those before, the oldest first.
    waiting: VecDeque<Arc<Sheet>>,
    writing: Vec<Arc<Sheet>>,
    spare: Vec<Sheet>,
    /// Entries that wait and are not being written.
    entries: usize,
    /// Bytes of all entries here.
    bytes: usize,
    /// Entries ever taken in, and ever written.
    taken: u64,
    written: u64,
    /// Who waits until how many are written.
    waiters: Vec<(u64, oneshot::Sender<Result<(), StoreError>>)>,
    stop: bool,
}

/// How large the journal may grow.
pub(in crate::store::embedded) struct Bound {
    pub(in crate::store::embedded) bytes_max: u64,
    /// Up to where it may be forgotten: saved tallies hold what lies before.
    pub(in crate::store::embedded) saved: Arc<AtomicU64>,
}

/// The queue.
#[derive(Default)]
pub(in crate::store::embedded) struct Queue {
    inner: Mutex<Inner>,
    wake: Condvar,
    lost: AtomicU64,
}

impl Bound {
    /// Drops the oldest rows of a journal that has grown too large, a few at a time: as many as come
    /// in, so it never falls behind.
    fn keep(&self, writer: &Writer) -> Result<(), StoreError> {
        let over = writer.journal_bytes.load(Ordering::Relaxed).saturating_sub(self.bytes_max);
        if over == 0 {
            return Ok(());
        }
        let saved = self.saved.load(Ordering::Acquire);
        let (_, gone) = writer.change_now(move |tx| sweep::drop_oldest(tx, over, saved))?;
        writer.forget_journal_bytes(gone);
        Ok(())
    }
}

impl Inner {
    /// Begins a new sheet.
    fn turn_over(&mut self) {
        let fresh = self.spare.pop().unwrap_or_default();
        let full = std::mem::replace(&mut self.filling, fresh);
        if !full.is_empty() {
            self.waiting.push_back(Arc::new(full));
        }
    }
}

impl Queue {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an entry in; false: full, and the entry is lost.
    pub(in crate::store::embedded) fn push(&self, line: &LineView<'_>) -> bool {
        let mut inner = self.inner();
        if inner.entries >= WAITING || inner.bytes + line.size() > BYTES {
            drop(inner);
            self.lost.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        inner.bytes += line.size();
        inner.taken += 1;
        inner.entries += 1;
        if !inner.filling.has_room(line.size()) {
            inner.turn_over();
        }
        inner.filling.add(line);
        // Far from full there is no haste; the thread looks by itself.
        let half_full = inner.entries == WAITING / 2;
        drop(inner);
        if half_full {
            self.wake.notify_one();
        }
        true
    }

    pub(in crate::store::embedded) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// An entry that is not written yet, by either identifier.
    pub(in crate::store::embedded) fn find(&self, id: &str) -> Option<(Vec<u8>, Option<Arc<Basis>>)> {
        let hash = short(id);
        let inner = self.inner();
        // The newest is the likeliest to be asked for.
        let older = inner.writing.iter().chain(&inner.waiting).rev().map(|sheet| &**sheet);
        let mut all = std::iter::once(&inner.filling).chain(older).flat_map(|sheet| sheet.views().rev());
        let found = all.find(|line| line.ids.contains(&hash));
        found.map(|line| (line.text.to_vec(), line.basis.cloned()))
    }

    /// Waits until all that was taken in before is written; an error if an attempt to write it fails.
    pub(in crate::store::embedded) async fn flush(&self) -> Result<(), StoreError> {
        let (tell, told) = oneshot::channel();
        {
            let mut inner = self.inner();
            let until = inner.taken;
            inner.waiters.push((until, tell));
        }
        self.wake.notify_one();
        told.await.map_err(|_| StoreError::Away("the store has stopped".into()))?
    }

    /// Starts the thread that writes.
    pub(in crate::store::embedded) fn start(
        self: &Arc<Self>,
        writer: Arc<Writer>,
        bases: Arc<Bases>,
        bound: Bound,
    ) -> Result<JoinHandle<()>, StoreError> {
        let queue = Arc::clone(self);
        std::thread::Builder::new()
            .name("cofferdam-journal".into())
            .spawn(move || queue.work(&writer, &bases, &bound))
            .map_err(|e| StoreError::Away(format!("no thread for the journal: {e}")))
    }

    /// Writes what is left and ends the thread.
    pub(in crate::store::embedded) fn stop(&self) {
        self.inner().stop = true;
        self.wake.notify_one();
    }

    fn work(&self, writer: &Writer, bases: &Bases, bound: &Bound) {
        loop {
            let mut inner = self.inner();
            if inner.waiters.is_empty() && !inner.stop && inner.entries < WAITING / 2 {
                inner = self.wake.wait_timeout(inner, GATHER).unwrap_or_else(PoisonError::into_inner).0;
            }
            let stop = inner.stop;
            // What comes while these are written gathers in its turn, or each flush of the disk would be for the few
            // that came during the one before. At the end nobody comes any more.
            let until = if stop { u64::MAX } else { inner.taken };
            drop(inner);
            let mut done = Ok(());
            while done.is_ok() && self.take(until) {
                done = self.write(writer, bases).and_then(|()| bound.keep(writer));
            }
            self.answer(&done);
            if stop {
                return;
            }
        }
    }

    /// Takes some out to be written; false: so many are written, or there are none.
    fn take(&self, until: u64) -> bool {
        let mut inner = self.inner();
        if inner.written >= until {
            return false;
        }
        if inner.waiting.len() < AT_ONCE && !inner.filling.is_empty() {
            inner.turn_over();
        }
        let n = inner.waiting.len().min(AT_ONCE);
        let some: Vec<_> = inner.waiting.drain(..n).collect();
        inner.entries -= some.iter().map(|sheet| sheet.len()).sum::<usize>();
        inner.writing = some;
        n > 0
    }

    fn write(&self, writer: &Writer, bases: &Bases) -> Result<(), StoreError> {
        let own = self.inner().writing.clone();
        let done = writer.change_now(move |tx| {
            for sheet in own {
                tx.journal_sheet(sheet);
            }
            Ok(())
        });
        let mut inner = self.inner();
        let writing = std::mem::take(&mut inner.writing);
        let entries: usize = writing.iter().map(|sheet| sheet.len()).sum();
        if done.is_ok() {
            inner.written += entries as u64;
            inner.bytes = inner.bytes.saturating_sub(writing.iter().map(|sheet| sheet.size()).sum());
            drop(inner);
            for basis in writing.iter().flat_map(|sheet| sheet.views()).filter_map(|line| line.basis) {
                bases.put(Arc::clone(basis));
            }
            // Where the writing thread still holds one it is let go there.
            let emptied = writing.into_iter().filter_map(|sheet| Arc::into_inner(sheet)?.emptied());
            let emptied: Vec<Sheet> = emptied.collect();
            let mut inner = self.inner();
            inner.spare.extend(emptied);
            inner.spare.truncate(SPARE);
        } else {
            // Kept, in order, for the next attempt: nothing judged is lost while there is room.
            inner.entries += entries;
            for sheet in writing.into_iter().rev() {
                inner.waiting.push_front(sheet);
            }
        }
        done
    }

    /// Answers those whose entries are written, and all if writing failed.
    fn answer(&self, done: &Result<(), StoreError>) {
        let mut inner = self.inner();
        let written = inner.written;
        let all = std::mem::take(&mut inner.waiters);
        let (ready, later): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(until, _)| *until <= written || done.is_err());
        inner.waiters = later;
        drop(inner);
        for (until, tell) in ready {
            let answer = match done {
                Err(error) if until > written => Err(super::super::writer::again(error)),
                _ => Ok(()),
            };
            // Whoever waited may be gone; the entries are written all the same.
            let _ = tell.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::*;
    use crate::store::tallies::Marks;

    #[test]
    fn what_comes_while_others_are_written_waits_for_its_turn() {
        let queue = Queue::default();
        let push = || assert!(queue.push(&Line::of_marks(Marks(vec![1])).view()));
        push();
        let until = queue.inner().taken;
        assert!(queue.take(until), "what was there is written");
        queue.inner().written += 1;
        push();
        assert!(!queue.take(until), "what came since waits for others");
        assert!(queue.take(u64::MAX) && !queue.take(u64::MAX), "at the end nothing is left");
    }
}
