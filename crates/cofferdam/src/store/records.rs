//! Records: durable and transactional. An `Ok` that changed something means that it is on stable storage.

use super::StoreError;
use super::row::{
    Again, AgainAnswer, AuditEntry, Fact, FactAnswer, FactChange, Guess, HandOver, Idempotency,
    IdempotencyKey, JournalEntry, Journalled, Moved, OutboxRow, Owner, Page, PageAsk, Refusal, Reservation,
    Retention, Start, Started, StoredAnswer, Stretch, Swept, Table, Told, ToldAnswer, Unsaved, Verification,
    VerificationFilter,
};
use super::tallies::Marks;
use async_trait::async_trait;
use cofferdam_engine::{Outcome, Pseudonym};
use std::path::Path;

/// What must not be lost. Every method that changes something is one transaction.
#[async_trait]
pub trait Records: Send + Sync {
    /// Begins a verification: reservations, verification, first attempt, journal, idempotency
    /// subject – all or nothing.
    async fn start(&self, start: Start) -> Result<Started, StoreError>;

    /// A further attempt of a verification. Guesses are never given back by it.
    async fn again(&self, again: Again) -> Result<AgainAnswer, StoreError>;

    /// What the providers said. A certain failure gives the reservations back; `Unknown` keeps them.
    /// Only a queued attempt changes: what was told first stands.
    async fn handed_over(&self, owner: &Owner, attempt: &str, over: HandOver) -> Result<bool, StoreError>;

    /// Whether a queued attempt may be handed over: nobody has settled it as `unknown` because this process was
    /// silent for too long. Asked before each hand-over; a home of one process has nobody who could.
    async fn still_ours(&self, _attempt: &str) -> Result<bool, StoreError> {
        Ok(true)
    }

    /// This process begins to serve: what an earlier one of the same name held is over.
    async fn arrive(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// This process ends: what it holds is over. The store goes on working.
    async fn leave(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// How far this machine's clock is ahead of the records', as it was last compared; none where they are one.
    fn clock_apart_ms(&self) -> Option<i64> {
        None
    }

    /// One verification, with its attempts.
    async fn verification(&self, owner: &Owner, id: &str) -> Result<Option<Verification>, StoreError>;

    /// Verifications, by identifier (and so by time).
    async fn verifications(
        &self,
        owner: &Owner,
        filter: &VerificationFilter,
        page: &PageAsk,
    ) -> Result<Page<Verification>, StoreError>;

    /// Pays for a guess. Exact under any concurrency: never more than the allowed guesses are paid,
    /// over all machines and crashes. Also counts it against the number (`number_checks`), under
    /// `number_checks_key`, in these windows.
    async fn guess(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
        number_checks_windows_s: [u32; 3],
    ) -> Result<Guess, StoreError>;

    /// What the comparison said. `true` from a right one means: approved, by this call and no other.
    /// A right one gives the number's wrong guess back. The last wrong one ends the verification.
    async fn settle_guess(
        &self,
        owner: &Owner,
        id: &str,
        right: bool,
        at_ms: i64,
        marks: Marks,
    ) -> Result<bool, StoreError>;

    /// Wrong guesses that stand against a number, for the limit `number_checks`.
    async fn guesses_against(
        &self,
        owner: &Owner,
        number: Pseudonym,
        windows_s: [u32; 3],
        at_s: u32,
    ) -> Result<[(u32, u32); 3], StoreError>;

    /// Cancels a pending one (or one that waits for a challenge); `Err` of its status otherwise.
    async fn cancel(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
    ) -> Result<Option<Result<(), super::row::Status>>, StoreError>;

    /// Blocks one whose challenge was failed.
    async fn challenge_failed(&self, owner: &Owner, id: &str, at_ms: i64) -> Result<bool, StoreError>;

    /// Reserves by itself, for callers that send by themselves: all or nothing.
    async fn reserve(
        &self,
        owner: &Owner,
        attempt: &str,
        at_ms: i64,
        what: &[Reservation],
    ) -> Result<Result<(), Refusal>, StoreError>;

    /// What was reserved was spent, at this price.
    async fn settle(&self, owner: &Owner, attempt: &str, spent_micros: Option<i64>)
    -> Result<(), StoreError>;

    /// What was reserved was not spent: gives it back, once.
    async fn release(&self, owner: &Owner, attempt: &str) -> Result<(), StoreError>;

    /// Adds to the journal soon (100 ms) and in batches; never waits. False: the queue is full and
    /// the entry is lost, which is counted.
    fn journal(&self, entry: &JournalEntry, marks: Marks) -> bool;

    /// Adds tally changes that belong to no new entry (a proof, something given back).
    fn journal_marks(&self, marks: Marks);

    /// Waits until all that was journalled before is on stable storage.
    async fn flush(&self) -> Result<(), StoreError>;

    /// A judged attempt, by the identifier of its assessment or of its attempt.
    async fn journalled(&self, owner: &Owner, id: &str) -> Result<Option<JournalEntry>, StoreError>;

    /// Judged attempts by time, newest last, for replay and recovery.
    async fn journal_page(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<(Vec<Journalled>, Option<u64>), StoreError>;

    /// From where evidence has to catch up after this opening; `None` where it keeps itself.
    fn unsaved(&self) -> Option<Unsaved> {
        None
    }

    /// Outcomes told since a moment, with what was judged, in the order in which they were told.
    async fn told_since(
        &self,
        _at_ms: i64,
        _after: Option<u64>,
        _limit: u32,
    ) -> Result<(Vec<(JournalEntry, Outcome)>, Option<u64>), StoreError> {
        Ok((Vec::new(), None))
    }

    /// Outcomes, each counted once. Deliveries and prices also change their attempt's row.
    async fn told(&self, owner: Option<&Owner>, told: Vec<Told>) -> Result<Vec<ToldAnswer>, StoreError>;

    /// Outcomes of an attempt, in order.
    async fn outcomes(&self, owner: &Owner, attempt: &str) -> Result<Vec<Outcome>, StoreError>;

    /// Changes standing facts, with the audit.
    async fn change_facts(&self, change: FactChange) -> Result<FactAnswer, StoreError>;

    /// Facts that changed after a version, gone ones included, in order of version. For caches.
    async fn facts_since(&self, version: u64, limit: u32) -> Result<Vec<Fact>, StoreError>;

    /// Raised to the version at which facts stand whenever another node has changed them, so that caches
    /// need not wait for their turn. `None`: nobody else can.
    fn changed(&self) -> Option<tokio::sync::watch::Receiver<u64>> {
        None
    }

    /// Takes or keeps the lease of a job that only one node at a time shall do; false: another has it. A
    /// home of one process holds them all.
    async fn lease(&self, _job: &str, _for_ms: i64) -> Result<bool, StoreError> {
        Ok(true)
    }

    /// What was changed by people, newest first unless asked otherwise.
    async fn audit(&self, owner: &Owner, page: &PageAsk) -> Result<Page<AuditEntry>, StoreError>;

    /// An entry in the audit by itself (erasure, backup, waiver).
    async fn audit_add(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// Takes an idempotency key, or says what is known of it.
    async fn idempotency_begin(
        &self,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        at_ms: i64,
        lease_ms: i64,
    ) -> Result<Idempotency, StoreError>;

    /// Keeps the answer, or frees the key (`None`) so that the caller can try again.
    async fn idempotency_end(
        &self,
        key: &IdempotencyKey,
        answer: Option<StoredAnswer>,
    ) -> Result<(), StoreError>;

    /// Puts a message into the outbox, durably.
    async fn outbox_put(&self, row: OutboxRow) -> Result<(), StoreError>;

    /// Messages, oldest first, of one number or all.
    async fn outbox(
        &self,
        owner: &Owner,
        number: Option<Pseudonym>,
        page: &PageAsk,
    ) -> Result<Page<OutboxRow>, StoreError>;

    /// Empties it.
    async fn outbox_clear(&self, owner: &Owner, number: Option<Pseudonym>) -> Result<u64, StoreError>;

    /// Ends what is over: pending verifications past their time; queued attempts older than
    /// `queued_before_ms` become unknown. Returns how many, and whether there is more.
    async fn expire(&self, now_ms: i64, queued_before_ms: i64) -> Result<(u64, bool), StoreError>;

    /// Takes numbers and old rows away.
    async fn sweep(&self, now_ms: i64, keep: &Retention) -> Result<Swept, StoreError>;

    /// Destroys a number everywhere: verifications, journal (a fresh random name takes its place, the
    /// same in each row), outbox, list entries, limits. Changes no recorded decision.
    async fn erase(&self, numbers: &[(Owner, Pseudonym)], fresh: Pseudonym) -> Result<Swept, StoreError>;

    /// A consistent copy while serving, without the secret key: a file and the saved tallies
    /// beside it. Answers with their bytes. Refuses to overwrite.
    async fn backup(&self, to: &Path) -> Result<u64, StoreError>;

    /// Keeps a value under a name for good, unless one stands there; answers with what stands. For what
    /// all machines of an installation must have alike.
    async fn agree(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let _ = name;
        Ok(value.to_owned())
    }

    /// Rows of a table from a place on, about so many, for another home. Reads what stood when it is
    /// called: nobody must be serving from it but for [`Table::Journal`], outcomes and the audit, which only grow.
    async fn hand_out(&self, table: Table, after: Option<&str>, limit: u32) -> Result<Stretch, StoreError> {
        let _ = (table, after, limit);
        Err(StoreError::Unreadable("this home hands nothing out yet".into()))
    }

    /// Takes rows in, all or nothing, durably. Those that stand already are left as they are; answers with
    /// how many were new.
    async fn take_in(&self, rows: Vec<Moved>) -> Result<u64, StoreError> {
        let _ = rows;
        Err(StoreError::Unreadable("this home takes nothing in yet".into()))
    }

    /// Whether nobody has used it yet.
    async fn is_empty(&self) -> Result<bool, StoreError> {
        Err(StoreError::Unreadable("this home takes nothing in yet".into()))
    }

    /// Flushes, and saves what recovery would otherwise have to replay: for a graceful stop. The
    /// store goes on working.
    async fn settle_down(&self) -> Result<(), StoreError> {
        self.flush().await
    }

    /// Whether other machines may serve from it at the same time.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether it answers and takes writes.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Entries of the journal that were lost because its queue was full.
    fn journal_lost(&self) -> u64;
}
