//! Records in PostgreSQL: the same promises as the embedded store's, kept over several machines.
//!
//! Each call is one transaction, mostly of two rounds: the first takes locks and reads, the second writes
//! and commits ([`conn`]). Rules that must hold under races are decided here between the two, by the
//! same arithmetic as the embedded store's ([`book`]). Nothing waits for the database longer than its
//! bounds; while it is away everything says so. `docs/decisions/0012-records-in-postgresql.md` has the
//! reasons.

use super::super::embedded::journal::Bases;
use super::super::embedded::journal::line::Line;
use crate::clock::{Clock, Dice};
use crate::store::StoreError;
use crate::store::records::Records;
use crate::store::row::{
    Again, AgainAnswer, AuditEntry, Fact, FactAnswer, FactChange, Guess, HandOver, Idempotency,
    IdempotencyKey, JournalEntry, Journalled, Moved, OutboxRow, Owner, Page, PageAsk, Refusal, Reservation,
    Retention, Start, Started, Status, StoredAnswer, Stretch, Swept, Table, Told, ToldAnswer, Verification,
    VerificationFilter,
};
use crate::store::tallies::Marks;
use async_trait::async_trait;
use cofferdam_engine::{Outcome, Pseudonym};
use conn::{Connections, again};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

pub use settings::PostgresSettings;

mod attempts;
mod book;
mod checks;
mod collect;
mod conn;
mod ending;
mod erase;
mod facts;
mod failure;
mod guesses;
mod health;
mod idempotency;
mod journal;
mod leases;
mod ledger;
mod life;
mod listen;
mod moving;
mod open;
mod outbox;
mod outcomes;
mod queue;
mod rows;
mod schema;
mod settings;
mod start;
mod sweep;
#[cfg(test)]
pub(in crate::store) mod tests;
mod verifications;

/// How often a transaction is done again where another was in its way.
const AGAIN: u32 = 5;

/// What stands behind an open home: shared by its callers and its tasks.
pub(super) struct Postgres {
    connections: Connections,
    config: Config,
    tls: MakeRustlsConnect,
    schema: String,
    /// Where changes of facts are told.
    channel: String,
    /// This process, among all nodes.
    node: String,
    life: life::Life,
    clock: Arc<dyn Clock>,
    bases: Bases,
    days: journal::Days,
    queue: queue::Queue,
    collector: collect::Collector,
    changed: watch::Sender<u64>,
    stop: watch::Sender<bool>,
}

/// Open records. Its tasks end with it.
pub(in crate::store) struct PostgresRecords(Arc<Postgres>);

impl Drop for PostgresRecords {
    fn drop(&mut self) {
        self.0.stop.send_replace(true);
    }
}

/// Opens the records: looks at the server, brings the schema up to date, starts the tasks.
pub(in crate::store) async fn open(
    settings: &PostgresSettings,
    clock: Arc<dyn Clock>,
    dice: &dyn Dice,
) -> Result<PostgresRecords, StoreError> {
    open::open(settings, clock, dice, true).await
}

/// What a look at the database found.
pub(in crate::store) struct Looked {
    /// All that this program needs stands there; else the next start makes it.
    pub up_to_date: bool,
    /// The name of the secret key that the records were written under.
    pub key: Option<String>,
}

/// Looks whether the records could be opened, and changes nothing.
pub(in crate::store) async fn look(
    settings: &PostgresSettings,
    clock: &dyn Clock,
) -> Result<Looked, StoreError> {
    open::look(settings, clock).await
}

/// A text as the database takes it: it knows no NUL, and nothing of ours has one.
fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

fn nothing() -> StoreError {
    StoreError::Away("the database answered nothing".into())
}

/// The same error for somebody else.
fn repeated(error: &StoreError) -> StoreError {
    match error {
        StoreError::Away(why) => StoreError::Away(why.clone()),
        StoreError::Full => StoreError::Full,
        StoreError::Unknown(why) => StoreError::Unknown(why.clone()),
        StoreError::Unreadable(why) => StoreError::Unreadable(why.clone()),
    }
}

impl Postgres {
    /// A moment before doing it again, longer each time and never the same for two.
    async fn breathe(&self, left: u32) {
        let most_ms = 4_u64 << AGAIN.saturating_sub(left);
        tokio::time::sleep(Duration::from_millis(1 + self.connections.health.chance(most_ms))).await;
    }

    /// Tally changes that belong to no new entry.
    fn note_marks(&self, marks: Marks) {
        if !marks.0.is_empty() {
            self.queue.push(Line::of_marks(marks));
        }
    }
}

#[async_trait]
impl Records for PostgresRecords {
    async fn start(&self, start: Start) -> Result<Started, StoreError> {
        self.0.begin(start).await
    }

    async fn again(&self, again: Again) -> Result<AgainAnswer, StoreError> {
        Box::pin(self.0.once_more(again)).await
    }

    async fn handed_over(&self, owner: &Owner, attempt: &str, over: HandOver) -> Result<bool, StoreError> {
        self.0.over(owner, attempt, over).await
    }

    async fn still_ours(&self, attempt: &str) -> Result<bool, StoreError> {
        self.0.is_ours(attempt).await
    }

    async fn arrive(&self) -> Result<(), StoreError> {
        self.0.succeed().await
    }

    async fn leave(&self) -> Result<(), StoreError> {
        self.0.go().await
    }

    fn clock_apart_ms(&self) -> Option<i64> {
        self.0.life.apart_ms()
    }

    async fn verification(&self, owner: &Owner, id: &str) -> Result<Option<Verification>, StoreError> {
        self.0.get(owner, id).await
    }

    async fn verifications(
        &self,
        owner: &Owner,
        filter: &VerificationFilter,
        page: &PageAsk,
    ) -> Result<Page<Verification>, StoreError> {
        self.0.list(owner, filter, page).await
    }

    async fn guess(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
        windows_s: [u32; 3],
    ) -> Result<Guess, StoreError> {
        self.0.pay(owner, id, at_ms, windows_s).await
    }

    async fn settle_guess(
        &self,
        owner: &Owner,
        id: &str,
        right: bool,
        at_ms: i64,
        marks: Marks,
    ) -> Result<bool, StoreError> {
        self.0.settle_paid(owner, id, right, at_ms, marks).await
    }

    async fn guesses_against(
        &self,
        owner: &Owner,
        number: Pseudonym,
        windows_s: [u32; 3],
        at_s: u32,
    ) -> Result<[(u32, u32); 3], StoreError> {
        self.0.against(owner, number, windows_s, at_s).await
    }

    async fn cancel(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
    ) -> Result<Option<Result<(), Status>>, StoreError> {
        self.0.end_by_caller(owner, id, at_ms).await
    }

    async fn challenge_failed(&self, owner: &Owner, id: &str, at_ms: i64) -> Result<bool, StoreError> {
        self.0.block_unchallenged(owner, id, at_ms).await
    }

    async fn reserve(
        &self,
        owner: &Owner,
        attempt: &str,
        at_ms: i64,
        what: &[Reservation],
    ) -> Result<Result<(), Refusal>, StoreError> {
        self.0.reserve_alone(owner, attempt, at_ms, what).await
    }

    async fn settle(&self, owner: &Owner, attempt: &str, spent: Option<i64>) -> Result<(), StoreError> {
        self.0.put_right(owner, attempt, spent).await
    }

    async fn release(&self, owner: &Owner, attempt: &str) -> Result<(), StoreError> {
        self.0.give_back(owner, attempt).await
    }

    fn journal(&self, entry: &JournalEntry, marks: Marks) -> bool {
        // An entry that can't be written down is lost like one that found no room, and counted.
        if let Ok(line) = Line::of(entry, marks) {
            return self.0.queue.push(self.0.bases.known(line));
        }
        self.0.queue.lose();
        false
    }

    fn journal_marks(&self, marks: Marks) {
        self.0.note_marks(marks);
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.0.queue.flush().await
    }

    async fn settle_down(&self) -> Result<(), StoreError> {
        self.0.queue.flush().await?;
        self.0.free_leases().await
    }

    async fn journalled(&self, owner: &Owner, id: &str) -> Result<Option<JournalEntry>, StoreError> {
        self.0.find_entry(Some(owner), id).await
    }

    async fn journal_page(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<(Vec<Journalled>, Option<u64>), StoreError> {
        self.0.page_of_journal(after, limit).await
    }

    async fn told(&self, owner: Option<&Owner>, told: Vec<Told>) -> Result<Vec<ToldAnswer>, StoreError> {
        self.0.hear(owner, told).await
    }

    async fn outcomes(&self, owner: &Owner, attempt: &str) -> Result<Vec<Outcome>, StoreError> {
        self.0.heard(owner, attempt).await
    }

    async fn change_facts(&self, change: FactChange) -> Result<FactAnswer, StoreError> {
        self.0.change_standing(change).await
    }

    async fn facts_since(&self, version: u64, limit: u32) -> Result<Vec<Fact>, StoreError> {
        self.0.standing_since(version, limit).await
    }

    fn changed(&self) -> Option<watch::Receiver<u64>> {
        Some(self.0.changed.subscribe())
    }

    async fn lease(&self, job: &str, for_ms: i64) -> Result<bool, StoreError> {
        self.0.take_lease(job, for_ms).await
    }

    async fn audit(&self, owner: &Owner, page: &PageAsk) -> Result<Page<AuditEntry>, StoreError> {
        self.0.audited(owner, page).await
    }

    async fn audit_add(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.0.audit_one(&entry).await
    }

    async fn idempotency_begin(
        &self,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        at_ms: i64,
        lease_ms: i64,
    ) -> Result<Idempotency, StoreError> {
        self.0.take_key(key, fingerprint, at_ms, lease_ms).await
    }

    async fn idempotency_end(
        &self,
        key: &IdempotencyKey,
        answer: Option<StoredAnswer>,
    ) -> Result<(), StoreError> {
        self.0.end_key(key, answer).await
    }

    async fn outbox_put(&self, row: OutboxRow) -> Result<(), StoreError> {
        self.0.put_out(&row).await
    }

    async fn outbox(
        &self,
        owner: &Owner,
        number: Option<Pseudonym>,
        page: &PageAsk,
    ) -> Result<Page<OutboxRow>, StoreError> {
        self.0.put_outs(owner, number, page).await
    }

    async fn outbox_clear(&self, owner: &Owner, number: Option<Pseudonym>) -> Result<u64, StoreError> {
        self.0.take_outs(owner, number).await
    }

    async fn expire(&self, now_ms: i64, queued_before_ms: i64) -> Result<(u64, bool), StoreError> {
        self.0.end_over(now_ms, queued_before_ms).await
    }

    async fn sweep(&self, now_ms: i64, keep: &Retention) -> Result<Swept, StoreError> {
        self.0.sweep_all(now_ms, keep).await
    }

    async fn erase(&self, numbers: &[(Owner, Pseudonym)], fresh: Pseudonym) -> Result<Swept, StoreError> {
        self.0.erase_numbers(numbers, fresh).await
    }

    async fn agree(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.0.agreed(name, value).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn hand_out(&self, table: Table, after: Option<&str>, limit: u32) -> Result<Stretch, StoreError> {
        self.0.give(table, after, limit).await
    }

    async fn take_in(&self, rows: Vec<Moved>) -> Result<u64, StoreError> {
        self.0.put_all(&rows).await
    }

    async fn is_empty(&self) -> Result<bool, StoreError> {
        self.0.nobody_was_here().await
    }

    async fn backup(&self, _: &Path) -> Result<u64, StoreError> {
        Err(StoreError::Away(
            "the records are in PostgreSQL: its operator backs them up, with `pg_dump` or a base backup \
             and its log; the secret key is in neither"
                .into(),
        ))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        const PING: &str = "INSERT INTO meta (name, value) VALUES ('ping', '') \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        let me = &self.0;
        again!(me, async { me.connections.get().await?.change(PING, &[]).await }).map(|_| ())
    }

    fn journal_lost(&self) -> u64 {
        self.0.queue.lost()
    }
}
