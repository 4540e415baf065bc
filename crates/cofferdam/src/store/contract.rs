//! What every home must keep, as one suite: each promise one test, run against each home.

#![allow(clippy::wildcard_imports, reason = "the makers of test values are many")]

use super::row::*;
use super::tallies::Marks;
use super::{Store, StoreOptions};
use crate::clock::{SetClock, SetDice};
use crate::id::Noun;
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::need::{Inquiry, Need, Needs};
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus, What};
use cofferdam_engine::tally::Change;
use cofferdam_engine::{Outcome, Pseudonym};
use make::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

mod facts;
mod guesses;
mod journal;
mod limits;
pub(super) mod make;
mod tallies;
mod upkeep;
mod verifications;

/// A folder that goes when the test ends.
pub(super) struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static N: AtomicU64 = AtomicU64::new(0);
        let n = N.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cofferdam-store-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("cofferdam.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An open store for one test.
pub(super) struct Home {
    pub store: Store,
    pub clock: Arc<SetClock>,
    pub folder: Option<Folder>,
    /// Ends its server with it.
    pub shared: Option<super::shared::records::tests::Shared>,
    /// Ends its servers with it.
    pub redis: Option<super::shared::tallies::tests::Shared>,
}

impl Home {
    pub fn memory() -> Self {
        let clock = SetClock::at(NOW_MS);
        let store = Store::memory(clock.clone(), &*SetDice::seeded(key())).unwrap();
        Self { store, clock, folder: None, shared: None, redis: None }
    }

    /// Tallies in Redis, records in memory; `None` where Redis is not installed.
    pub async fn redis() -> Option<Self> {
        Some(Self::over(super::shared::tallies::tests::Shared::alone().await?))
    }

    /// The same with a cluster of three.
    pub async fn cluster() -> Option<Self> {
        Some(Self::over(super::shared::tallies::tests::Shared::cluster().await?))
    }

    fn over(redis: super::shared::tallies::tests::Shared) -> Self {
        let mut home = Self::memory();
        home.store.tallies = redis.tallies.clone();
        home.redis = Some(redis);
        home
    }

    pub fn embedded() -> Self {
        Self::embedded_in(Folder::new())
    }

    pub fn embedded_in(folder: Folder) -> Self {
        let clock = SetClock::at(NOW_MS);
        let store =
            Store::embedded(&StoreOptions::at(folder.file()), clock.clone(), &*SetDice::seeded(key()))
                .unwrap();
        Self { store, clock, folder: Some(folder), shared: None, redis: None }
    }

    /// Records in PostgreSQL; `None` where it is not installed.
    pub async fn postgres() -> Option<Self> {
        let clock = SetClock::at(NOW_MS);
        let shared = super::shared::records::tests::Shared::new()?;
        let records = shared.open(clock.clone(), key()).await.unwrap();
        let tallies = Store::memory(clock.clone(), &*SetDice::seeded(key())).unwrap().tallies;
        let store = Store { tallies, records: Arc::new(records) };
        Some(Self { store, clock, folder: None, shared: Some(shared), redis: None })
    }

    /// Closes the store and opens it again.
    pub fn reopened(self) -> Self {
        let Self { store, folder, .. } = self;
        drop(store);
        Self::embedded_in(folder.unwrap())
    }

    pub async fn begin(&self, start: Start) -> Started {
        self.store.records.start(start).await.unwrap()
    }

    /// A verification with one queued attempt.
    pub async fn pending(&self) -> Verification {
        let start = start(&owner(), number(), NOW_MS);
        let verification = start.verification.clone();
        assert_eq!(self.begin(start).await, Started::Made);
        verification
    }

    pub async fn get(&self, v: &Verification) -> Verification {
        self.store.records.verification(&v.owner, &v.id).await.unwrap().unwrap()
    }
}

/// One module a home, with every promise in each.
macro_rules! contract {
    ($($module:ident: $($promise:ident),+;)+) => {
        mod memory {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    super::super::$module::$promise(super::super::Home::memory()).await;
                })+
            })+
        }
        mod embedded {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    super::super::$module::$promise(super::super::Home::embedded()).await;
                })+
            })+
        }
        mod postgres {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    if let Some(home) = super::super::Home::postgres().await {
                        super::super::$module::$promise(home).await;
                    }
                })+
            })+
        }
    };
}

contract! {
    verifications: a_start_is_found_whole, another_owner_finds_nothing, a_refused_start_leaves_nothing,
        restart_minds_what_is_pending, lists_go_by_time_and_filter, a_rare_status_is_found_page_by_page, a_resend_waits_for_its_moment,
        what_was_told_first_stands, a_verification_ends_once, what_is_over_expires,
        a_key_makes_one_verification, a_key_sends_again_once, parallel_calls_under_one_key;
    limits: parallel_starts_pass_no_limit, a_certain_failure_gives_back_once, a_limit_frees_by_itself,
        parallel_reservations_pass_no_budget, money_is_settled_and_released_once, all_or_nothing;
    guesses: parallel_guesses_are_counted_exactly, one_approval_however_many_are_right,
        the_right_guess_among_the_last_approves, the_last_wrong_one_ends_it, a_resend_gives_no_guess_back,
        wrong_guesses_stand_against_the_number, nothing_is_compared_too_soon_or_too_late;
    journal: an_entry_is_found_at_once_and_after, entries_keep_every_bit, pages_follow_one_another,
        an_outcome_counts_once, outcomes_told_together_find_each_its_attempt, a_delivery_finds_its_attempt;
    facts: facts_change_by_version, a_unique_text_stands_once, the_audit_tells_every_change, outbox_rows_are_listed;
    tallies: counts_come_back_with_the_attempt, proofs_keep_the_latest, both_rounds_are_one_without_evidence, changes_are_recovered_once,
        evidence_is_counted_and_learns;
    upkeep: what_all_agree_on_stays, what_a_living_process_holds_is_its_own, a_sweep_takes_what_is_old, an_erased_number_is_nowhere, a_backup_is_whole;
}

/// The promises of tallies, where they stand elsewhere.
macro_rules! tallies_elsewhere {
    ($($promise:ident),+) => {
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                if let Some(home) = super::Home::redis().await {
                    super::tallies::$promise(home).await;
                }
            })+
        }
        mod cluster {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                if let Some(home) = super::Home::cluster().await {
                    super::tallies::$promise(home).await;
                }
            })+
        }
    };
}

tallies_elsewhere!(
    counts_come_back_with_the_attempt,
    proofs_keep_the_latest,
    both_rounds_are_one_without_evidence,
    changes_are_recovered_once,
    evidence_is_counted_and_learns
);
