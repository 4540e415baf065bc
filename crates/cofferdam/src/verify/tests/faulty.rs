//! Records that fail at a call of the test's choice: before it is done, or after, its answer lost.
//! Everything else is the real home's.

use crate::store::row::{
    Again, AgainAnswer, AuditEntry, Fact, FactAnswer, FactChange, Guess, HandOver, Idempotency,
    IdempotencyKey, JournalEntry, Journalled, OutboxRow, Owner, Page, PageAsk, Refusal, Reservation,
    Retention, Start, Started, Status, StoredAnswer, Swept, Told, ToldAnswer, Verification,
    VerificationFilter,
};
use crate::store::tallies::Marks;
use crate::store::{Records, StoreError};
use async_trait::async_trait;
use cofferdam_engine::{Outcome, Pseudonym};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fails {
    /// Nothing was done.
    Before,
    /// It was done, and nobody was told.
    After,
    /// There is no money for any message.
    Broke,
}

/// Records that fail.
pub(super) struct Faulty {
    pub inner: Arc<dyn Records>,
    pub fails: Fails,
    /// How many calls from now; negative: none.
    pub at: AtomicI64,
}

impl Faulty {
    async fn around<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let now = self.at.fetch_sub(1, Ordering::SeqCst) == 0;
        match self.fails {
            Fails::Before if now => Err(StoreError::Away("as told".to_owned())),
            Fails::After if now => call.await.and(Err(StoreError::Unknown("as told".to_owned()))),
            Fails::Before | Fails::After | Fails::Broke => call.await,
        }
    }
}

#[async_trait]
impl Records for Faulty {
    async fn start(&self, start: Start) -> Result<Started, StoreError> {
        if self.fails == Fails::Broke && !start.reservations.is_empty() {
            return Ok(Started::Refused(Refusal::Money { budget: "bud_test".to_owned() }));
        }
        self.around(self.inner.start(start)).await
    }
    async fn again(&self, again: Again) -> Result<AgainAnswer, StoreError> {
        self.around(self.inner.again(again)).await
    }
    async fn handed_over(&self, owner: &Owner, attempt: &str, over: HandOver) -> Result<bool, StoreError> {
        self.around(self.inner.handed_over(owner, attempt, over)).await
    }
    async fn verification(&self, owner: &Owner, id: &str) -> Result<Option<Verification>, StoreError> {
        self.around(self.inner.verification(owner, id)).await
    }
    async fn verifications(
        &self,
        owner: &Owner,
        filter: &VerificationFilter,
        page: &PageAsk,
    ) -> Result<Page<Verification>, StoreError> {
        self.around(self.inner.verifications(owner, filter, page)).await
    }
    async fn guess(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
        number_checks_windows_s: [u32; 3],
    ) -> Result<Guess, StoreError> {
        self.around(self.inner.guess(owner, id, at_ms, number_checks_windows_s)).await
    }
    async fn settle_guess(
        &self,
        owner: &Owner,
        id: &str,
        right: bool,
        at_ms: i64,
        marks: Marks,
    ) -> Result<bool, StoreError> {
        self.around(self.inner.settle_guess(owner, id, right, at_ms, marks)).await
    }
    async fn guesses_against(
        &self,
        owner: &Owner,
        number: Pseudonym,
        windows_s: [u32; 3],
        at_s: u32,
    ) -> Result<[(u32, u32); 3], StoreError> {
        self.around(self.inner.guesses_against(owner, number, windows_s, at_s)).await
    }
    async fn cancel(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
    ) -> Result<Option<Result<(), Status>>, StoreError> {
        self.around(self.inner.cancel(owner, id, at_ms)).await
    }
    async fn challenge_failed(&self, owner: &Owner, id: &str, at_ms: i64) -> Result<bool, StoreError> {
        self.around(self.inner.challenge_failed(owner, id, at_ms)).await
    }
    async fn reserve(
        &self,
        owner: &Owner,
        attempt: &str,
        at_ms: i64,
        what: &[Reservation],
    ) -> Result<Result<(), Refusal>, StoreError> {
        self.around(self.inner.reserve(owner, attempt, at_ms, what)).await
    }
    async fn settle(
        &self,
        owner: &Owner,
        attempt: &str,
        spent_micros: Option<i64>,
    ) -> Result<(), StoreError> {
        self.around(self.inner.settle(owner, attempt, spent_micros)).await
    }
    async fn release(&self, owner: &Owner, attempt: &str) -> Result<(), StoreError> {
        self.around(self.inner.release(owner, attempt)).await
    }
    fn journal(&self, entry: &JournalEntry, marks: Marks) -> bool {
        self.inner.journal(entry, marks)
    }
    fn journal_marks(&self, marks: Marks) {
        self.inner.journal_marks(marks);
    }
    async fn flush(&self) -> Result<(), StoreError> {
        self.around(self.inner.flush()).await
    }
    async fn journalled(&self, owner: &Owner, id: &str) -> Result<Option<JournalEntry>, StoreError> {
        self.around(self.inner.journalled(owner, id)).await
    }
    async fn journal_page(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<(Vec<Journalled>, Option<u64>), StoreError> {
        self.around(self.inner.journal_page(after, limit)).await
    }
    async fn told(&self, owner: Option<&Owner>, told: Vec<Told>) -> Result<Vec<ToldAnswer>, StoreError> {
        self.around(self.inner.told(owner, told)).await
    }
    async fn outcomes(&self, owner: &Owner, attempt: &str) -> Result<Vec<Outcome>, StoreError> {
        self.around(self.inner.outcomes(owner, attempt)).await
    }
    async fn change_facts(&self, change: FactChange) -> Result<FactAnswer, StoreError> {
        self.around(self.inner.change_facts(change)).await
    }
    async fn facts_since(&self, version: u64, limit: u32) -> Result<Vec<Fact>, StoreError> {
        self.around(self.inner.facts_since(version, limit)).await
    }
    async fn audit(&self, owner: &Owner, page: &PageAsk) -> Result<Page<AuditEntry>, StoreError> {
        self.around(self.inner.audit(owner, page)).await
    }
    async fn audit_add(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.around(self.inner.audit_add(entry)).await
    }
    async fn idempotency_begin(
        &self,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        at_ms: i64,
        lease_ms: i64,
    ) -> Result<Idempotency, StoreError> {
        self.around(self.inner.idempotency_begin(key, fingerprint, at_ms, lease_ms)).await
    }
    async fn idempotency_end(
        &self,
        key: &IdempotencyKey,
        answer: Option<StoredAnswer>,
    ) -> Result<(), StoreError> {
        self.around(self.inner.idempotency_end(key, answer)).await
    }
    async fn outbox_put(&self, row: OutboxRow) -> Result<(), StoreError> {
        self.around(self.inner.outbox_put(row)).await
    }
    async fn outbox(
        &self,
        owner: &Owner,
        number: Option<Pseudonym>,
        page: &PageAsk,
    ) -> Result<Page<OutboxRow>, StoreError> {
        self.around(self.inner.outbox(owner, number, page)).await
    }
    async fn outbox_clear(&self, owner: &Owner, number: Option<Pseudonym>) -> Result<u64, StoreError> {
        self.around(self.inner.outbox_clear(owner, number)).await
    }
    async fn expire(&self, now_ms: i64, queued_before_ms: i64) -> Result<(u64, bool), StoreError> {
        self.around(self.inner.expire(now_ms, queued_before_ms)).await
    }
    async fn sweep(&self, now_ms: i64, keep: &Retention) -> Result<Swept, StoreError> {
        self.around(self.inner.sweep(now_ms, keep)).await
    }
    async fn erase(&self, numbers: &[(Owner, Pseudonym)], fresh: Pseudonym) -> Result<Swept, StoreError> {
        self.around(self.inner.erase(numbers, fresh)).await
    }
    async fn backup(&self, to: &Path) -> Result<u64, StoreError> {
        self.around(self.inner.backup(to)).await
    }
    async fn settle_down(&self) -> Result<(), StoreError> {
        self.around(self.inner.settle_down()).await
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.around(self.inner.ping()).await
    }
    fn journal_lost(&self) -> u64 {
        self.inner.journal_lost()
    }
}
