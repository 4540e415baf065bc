//! Records in SQLite, in one file or in memory: the one implementation behind both homes.
//!
//! One thread writes ([`writer`]), many read ([`reader`]), judged attempts wait for neither
//! ([`journal::queue`]). Each topic of the trait has a file of its own; this one only opens the store
//! and leads each call there. It decides nothing: rules of verifications, limits and guesses that
//! must hold under races are checked within the transaction that changes them, and nowhere else.

use super::memory::ProcessTallies;
use super::records::Records;
use super::row::{
    Again, AgainAnswer, AuditEntry, Fact, FactAnswer, FactChange, Guess, HandOver, Idempotency,
    IdempotencyKey, JournalEntry, Journalled, Moved, OutboxRow, Owner, Page, PageAsk, Refusal, Reservation,
    Retention, Start, Started, Status, StoredAnswer, Stretch, Swept, Table, Told, ToldAnswer, Unsaved,
    Verification, VerificationFilter,
};
use super::tallies::Marks;
use super::{Store, StoreError, StoreOptions};
use crate::clock::{Clock, Dice};
use async_trait::async_trait;
use cofferdam_engine::{Outcome, Pseudonym};
use journal::Bases;
use journal::line::{Line, with_line};
use journal::queue::{Bound, Queue};
use late::Late;
use reader::Readers;
use rusqlite::Connection;
use saver::{Saver, Saving};
use std::fs::File;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use writer::Writer;

mod attempts;
pub(super) mod backup;
pub(super) mod codes;
mod ending;
pub(super) mod erase;
mod facts;
mod flusher;
pub(super) mod guesses;
pub(super) mod idempotency;
pub(super) mod journal;
mod late;
pub(super) mod ledger;
pub(super) mod limits;
mod moving;
mod open;
mod outbox;
mod outcomes;
mod reader;
mod saver;
mod schema;
mod start;
mod sweep;
#[cfg(test)]
mod tests;
pub(super) mod verifications;
mod writer;

/// What SQLite says, as what a caller can do about it.
#[expect(clippy::needless_pass_by_value, reason = "it stands behind `map_err` everywhere")]
fn sql(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase};
    match error.sqlite_error_code() {
        Some(DiskFull) => StoreError::Full,
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Unreadable(format!(
            "{error}: stop, keep the folder as it is, and restore the last backup into a new one"
        )),
        _ => StoreError::Away(error.to_string()),
    }
}

/// Open records.
pub(super) struct Embedded {
    writer: Arc<Writer>,
    /// Connections that read; none where the records are in the writer's own memory.
    readers: Option<Readers>,
    queue: Arc<Queue>,
    flusher: Option<JoinHandle<()>>,
    bases: Arc<Bases>,
    late: Arc<Late>,
    tallies: Arc<ProcessTallies>,
    saving: Option<Arc<Saving>>,
    saver: Option<Saver>,
    /// What was saved of the tallies when the store was opened.
    unsaved: Option<Unsaved>,
    clock: Arc<dyn Clock>,
    opening: i64,
    store: [u8; 16],
    /// Let go last.
    lock: Option<open::Lock>,
}

/// Opens a store in memory.
pub(super) fn memory(
    clock: Arc<dyn Clock>,
    dice: &dyn Dice,
    keys_max: usize,
    journal_bytes_max: u64,
) -> Result<Store, StoreError> {
    let conn = open::memory_connection()?;
    let identity = open::identity(&conn, fresh(dice))?;
    let tallies = Arc::new(ProcessTallies::new(keys_max));
    // Nothing is recovered into a process that ends: all of it may be forgotten.
    let bound = Bound { bytes_max: journal_bytes_max, saved: Arc::new(AtomicU64::new(u64::MAX)) };
    let records = Embedded::of(conn, None, &identity, clock, Arc::clone(&tallies), bound)?;
    Ok(Store { tallies, records: Arc::new(records) })
}

/// Opens a store in a file, and recovers it.
pub(super) fn embedded(
    options: &StoreOptions,
    clock: Arc<dyn Clock>,
    dice: &dyn Dice,
) -> Result<Store, StoreError> {
    let file = &options.path;
    let lock = open::Lock::take(file)?;
    let conn = open::write_connection(file)?;
    let identity = open::identity(&conn, fresh(dice))?;
    let saved = open::tallies_beside(file);
    let (tallies, unsaved) = saver::recover(&conn, &identity, &saved, options.tally_keys_max)?;
    let tallies = Arc::new(tallies);
    let saved_until = Arc::new(AtomicU64::new(unsaved.position));
    let bound = Bound { bytes_max: options.journal_bytes_max, saved: Arc::clone(&saved_until) };
    let log = Some(open::log(file)?);
    let mut records = Embedded::of(conn, log, &identity, Arc::clone(&clock), Arc::clone(&tallies), bound)?;
    let flushed = Arc::clone(&records.writer.flushed);
    records.readers = Some(Readers::new(file.clone(), options.readers, Arc::clone(&flushed)));
    let saving = Arc::new(Saving {
        tallies: Arc::clone(&tallies),
        file: saved,
        records: file.clone(),
        store: identity.store,
        clock,
        saved: saved_until,
        flushed,
        turn: Mutex::new(()),
    });
    records.saver = Some(Saver::start(Arc::clone(&saving), options.snapshot)?);
    records.saving = Some(saving);
    records.unsaved = Some(unsaved);
    records.lock = Some(lock);
    Ok(Store { tallies, records: Arc::new(records) })
}

fn fresh(dice: &dyn Dice) -> [u8; 16] {
    let mut store = [0; 16];
    dice.fill(&mut store);
    store
}

impl Embedded {
    fn of(
        conn: Connection,
        log: Option<File>,
        identity: &open::Identity,
        clock: Arc<dyn Clock>,
        tallies: Arc<ProcessTallies>,
        bound: Bound,
    ) -> Result<Self, StoreError> {
        let bytes = journal::bytes(&conn)?;
        let late = Arc::new(Late::load(&conn)?);
        let writer = Arc::new(Writer::start(conn, identity.opening, bytes, log, Arc::clone(&late))?);
        let queue = Arc::new(Queue::default());
        let bases = Arc::new(Bases::default());
        let flusher = queue.start(Arc::clone(&writer), Arc::clone(&bases), bound)?;
        Ok(Self {
            writer,
            readers: None,
            queue,
            flusher: Some(flusher),
            bases,
            late,
            tallies,
            saving: None,
            saver: None,
            unsaved: None,
            clock,
            opening: identity.opening,
            store: identity.store,
            lock: None,
        })
    }

    /// Reads: beside the writer where there is a file, else on its connection.
    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        match &self.readers {
            Some(readers) => readers.read(work).await,
            None => self.writer.apart(work).await,
        }
    }
}

impl Drop for Embedded {
    /// What was judged is written before the threads end; the tallies are saved by
    /// [`Records::settle_down`], or come back from the journal.
    fn drop(&mut self) {
        // No other process may open it while these threads still work.
        let _lock = self.lock.take();
        self.saver.take();
        self.queue.stop();
        if let Some(flusher) = self.flusher.take() {
            let _ = flusher.join();
        }
        self.readers.take();
        // The writer's last owner waits for its thread, within the lock.
        self.writer = Arc::new(Writer::ended());
    }
}

#[async_trait]
impl Records for Embedded {
    async fn start(&self, start: Start) -> Result<Started, StoreError> {
        self.begin(start).await
    }

    async fn again(&self, again: Again) -> Result<AgainAnswer, StoreError> {
        Box::pin(self.once_more(again)).await
    }

    async fn handed_over(&self, owner: &Owner, attempt: &str, over: HandOver) -> Result<bool, StoreError> {
        self.over(owner, attempt, over).await
    }

    async fn verification(&self, owner: &Owner, id: &str) -> Result<Option<Verification>, StoreError> {
        self.get(owner, id).await
    }

    async fn verifications(
        &self,
        owner: &Owner,
        filter: &VerificationFilter,
        page: &PageAsk,
    ) -> Result<Page<Verification>, StoreError> {
        self.list(owner, filter, page).await
    }

    async fn guess(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
        windows_s: [u32; 3],
    ) -> Result<Guess, StoreError> {
        self.pay(owner, id, at_ms, windows_s).await
    }

    async fn settle_guess(
        &self,
        owner: &Owner,
        id: &str,
        right: bool,
        at_ms: i64,
        marks: Marks,
    ) -> Result<bool, StoreError> {
        self.settle_paid(owner, id, right, at_ms, marks).await
    }

    async fn guesses_against(
        &self,
        owner: &Owner,
        number: Pseudonym,
        windows_s: [u32; 3],
        at_s: u32,
    ) -> Result<[(u32, u32); 3], StoreError> {
        self.against(owner, number, windows_s, at_s).await
    }

    async fn cancel(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
    ) -> Result<Option<Result<(), Status>>, StoreError> {
        self.end_by_caller(owner, id, at_ms).await
    }

    async fn challenge_failed(&self, owner: &Owner, id: &str, at_ms: i64) -> Result<bool, StoreError> {
        self.block_unchallenged(owner, id, at_ms).await
    }

    async fn reserve(
        &self,
        owner: &Owner,
        attempt: &str,
        at_ms: i64,
        what: &[Reservation],
    ) -> Result<Result<(), Refusal>, StoreError> {
        let (owner, attempt, what) = (owner.clone(), attempt.to_owned(), what.to_vec());
        self.writer.change(move |tx| ledger::reserve_alone(tx, &owner, &attempt, at_ms, &what)).await
    }

    async fn settle(
        &self,
        owner: &Owner,
        attempt: &str,
        spent_micros: Option<i64>,
    ) -> Result<(), StoreError> {
        let (owner, attempt) = (owner.clone(), attempt.to_owned());
        self.writer.change(move |tx| ledger::settle(tx, &owner, &attempt, spent_micros)).await
    }

    async fn release(&self, owner: &Owner, attempt: &str) -> Result<(), StoreError> {
        let (owner, attempt) = (owner.clone(), attempt.to_owned());
        self.writer.change(move |tx| ledger::release(tx, &owner, &attempt).map(|_| ())).await
    }

    fn journal(&self, entry: &JournalEntry, marks: Marks) -> bool {
        // An entry that can't be written down is lost like one that found no room, and counted.
        with_line(entry, &marks, |line| self.queue.push(&self.bases.known_view(&line))).unwrap_or(false)
    }

    fn journal_marks(&self, marks: Marks) {
        if !marks.0.is_empty() {
            self.queue.push(&Line::of_marks(marks).view());
        }
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.queue.flush().await
    }

    async fn settle_down(&self) -> Result<(), StoreError> {
        self.queue.flush().await?;
        self.save_tallies().await
    }

    async fn journalled(&self, owner: &Owner, id: &str) -> Result<Option<JournalEntry>, StoreError> {
        self.find_entry(Some(owner), id).await
    }

    async fn journal_page(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<(Vec<Journalled>, Option<u64>), StoreError> {
        self.page_of_journal(after, limit).await
    }

    async fn told(&self, owner: Option<&Owner>, told: Vec<Told>) -> Result<Vec<ToldAnswer>, StoreError> {
        self.hear(owner, told).await
    }

    fn unsaved(&self) -> Option<Unsaved> {
        self.unsaved
    }

    async fn told_since(
        &self,
        at_ms: i64,
        after: Option<u64>,
        limit: u32,
    ) -> Result<(Vec<(JournalEntry, Outcome)>, Option<u64>), StoreError> {
        self.heard_since(at_ms, after, limit).await
    }

    async fn outcomes(&self, owner: &Owner, attempt: &str) -> Result<Vec<Outcome>, StoreError> {
        self.heard(owner, attempt).await
    }

    async fn change_facts(&self, change: FactChange) -> Result<FactAnswer, StoreError> {
        self.change_standing(change).await
    }

    async fn facts_since(&self, version: u64, limit: u32) -> Result<Vec<Fact>, StoreError> {
        self.standing_since(version, limit).await
    }

    async fn audit(&self, owner: &Owner, page: &PageAsk) -> Result<Page<AuditEntry>, StoreError> {
        self.audited(owner, page).await
    }

    async fn audit_add(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.writer.change(move |tx| facts::audit(tx, &entry)).await
    }

    async fn idempotency_begin(
        &self,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        at_ms: i64,
        lease_ms: i64,
    ) -> Result<Idempotency, StoreError> {
        self.take_key(key, fingerprint, at_ms, lease_ms).await
    }

    async fn idempotency_end(
        &self,
        key: &IdempotencyKey,
        answer: Option<StoredAnswer>,
    ) -> Result<(), StoreError> {
        self.end_key(key, answer).await
    }

    async fn outbox_put(&self, row: OutboxRow) -> Result<(), StoreError> {
        self.put_out(row).await
    }

    async fn outbox(
        &self,
        owner: &Owner,
        number: Option<Pseudonym>,
        page: &PageAsk,
    ) -> Result<Page<OutboxRow>, StoreError> {
        self.put_outs(owner, number, page).await
    }

    async fn outbox_clear(&self, owner: &Owner, number: Option<Pseudonym>) -> Result<u64, StoreError> {
        self.take_outs(owner, number).await
    }

    async fn expire(&self, now_ms: i64, queued_before_ms: i64) -> Result<(u64, bool), StoreError> {
        self.end_over(now_ms, queued_before_ms).await
    }

    async fn sweep(&self, now_ms: i64, keep: &Retention) -> Result<Swept, StoreError> {
        self.sweep_all(now_ms, keep).await
    }

    async fn erase(&self, numbers: &[(Owner, Pseudonym)], fresh: Pseudonym) -> Result<Swept, StoreError> {
        self.erase_numbers(numbers, fresh).await
    }

    async fn agree(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let (name, value) = (format!("agreed {name}"), value.to_owned());
        self.writer
            .change(move |tx| {
                tx.run("INSERT OR IGNORE INTO meta (name, value) VALUES (?1, ?2)", [&name, &value])?;
                let mut stands = tx.prepare("SELECT value FROM meta WHERE name = ?1")?;
                stands.query_row([&name], |row| row.get(0)).map_err(sql)
            })
            .await
    }

    async fn hand_out(&self, table: Table, after: Option<&str>, limit: u32) -> Result<Stretch, StoreError> {
        self.give(table, after, limit).await
    }

    async fn take_in(&self, rows: Vec<Moved>) -> Result<u64, StoreError> {
        self.put_all(rows).await
    }

    async fn is_empty(&self) -> Result<bool, StoreError> {
        self.nobody_was_here().await
    }

    async fn backup(&self, to: &Path) -> Result<u64, StoreError> {
        self.back_up(to).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.writer
            .change(|tx| {
                tx.run("INSERT OR REPLACE INTO meta (name, value) VALUES ('ping', 1)", []).map(|_| ())
            })
            .await
    }

    fn journal_lost(&self) -> u64 {
        self.queue.lost()
    }
}

#[cfg(test)]
fn open_for_tests(file: &Path) -> Embedded {
    let conn = open::write_connection(file).unwrap();
    let identity = open::identity(&conn, [1; 16]).unwrap();
    let clock = crate::clock::SetClock::at(0);
    let bound = Bound { bytes_max: 1 << 30, saved: Arc::new(AtomicU64::new(u64::MAX)) };
    let (log, tallies) = (Some(open::log(file).unwrap()), Arc::new(ProcessTallies::new(1000)));
    let mut records = Embedded::of(conn, log, &identity, clock, tallies, bound).unwrap();
    records.readers = Some(Readers::new(file.to_owned(), 2, Arc::clone(&records.writer.flushed)));
    records
}

#[cfg(test)]
impl Embedded {
    /// Lets the file grow no further, as on a full disk, or lets it again.
    async fn cap_pages(&self, cap: bool) {
        let work = move |conn: &Connection| {
            let now: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0)).map_err(sql)?;
            let max = if cap { now } else { 1 << 30 };
            conn.query_row(&format!("PRAGMA max_page_count = {max}"), [], |_| Ok(())).map_err(sql)
        };
        self.writer.apart(work).await.unwrap();
    }
}
