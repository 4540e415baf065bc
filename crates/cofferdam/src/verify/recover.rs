//! Has evidence catch up after a crash: what was judged and told since the tallies were saved is counted again
//! from the journal, once. It judges nothing. Called as the program starts, before anybody is served.
//!
//! Limits and proofs come back by their marks, which the store reads by itself.

use super::{judge, report};
use crate::app::App;
use crate::store::StoreError;
use crate::store::row::JournalEntry;
use crate::store::tallies::Followed;
use cofferdam_engine::evidence::Fate;
use cofferdam_engine::{Decision, Known, Needs};

/// Rows read together.
const PAGE: u32 = 500;
/// The clock that stamps a save and the one that stamps what is told are one, but a save takes its time.
const BEFORE_MS: i64 = 10_000;
/// Older attempts have next to nothing left in any horizon. They are met where no tallies were saved at all.
const OLD_MS: i64 = 4 * 24 * 3_600 * 1_000;
/// No four digits: those of a number are not kept.
const NOT_KEPT: u16 = u16::MAX;

/// How much evidence caught up with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// Attempts that it did not know.
    pub attempts: u64,
    /// Outcomes told since.
    pub outcomes: u64,
}

/// Counts again what was judged since evidence was saved, then what became of it.
pub async fn catch_up(app: &App) -> Result<CaughtUp, StoreError> {
    let mut done = CaughtUp::default();
    let Some(unsaved) = app.store.records.unsaved() else { return Ok(done) };
    let from_ms = app.clock.now_ms().saturating_sub(OLD_MS);
    let mut after = Some(unsaved.position);
    while let Some(position) = after {
        let (page, next) = app.store.records.journal_page(position, PAGE).await?;
        for judged in page.iter().filter(|judged| judged.entry.attempt.at_ms >= from_ms) {
            done.attempts += u64::from(count(app, &judged.entry).await?);
        }
        after = next;
    }
    let told_ms = unsaved.at_ms.saturating_sub(BEFORE_MS).max(from_ms);
    let mut after = None;
    loop {
        let (page, next) = app.store.records.told_since(told_ms, after, PAGE).await?;
        let lessons: Vec<_> = page
            .iter()
            .filter_map(|(entry, outcome)| {
                Some((judge::name(&entry.assessment_id), report::lesson(entry, outcome)?))
            })
            .collect();
        done.outcomes += lessons.len() as u64;
        app.store.tallies.learn(&lessons).await?;
        after = next;
        if after.is_none() {
            break;
        }
    }
    if done != CaughtUp::default() {
        tracing::info!(
            attempts = done.attempts,
            outcomes = done.outcomes,
            "evidence caught up with the journal"
        );
    }
    Ok(done)
}

/// Counts one that evidence does not know. Whether it did not.
async fn count(app: &App, entry: &JournalEntry) -> Result<bool, StoreError> {
    let name = judge::name(&entry.assessment_id);
    if !entry.basis.terms.evidence || entry.known.blind.is_some() || app.store.tallies.knows(name) {
        return Ok(false);
    }
    let mut ask = cofferdam_engine::ask(&entry.attempt, &entry.known.identity, &entry.basis.policy);
    ask.last4 = NOT_KEPT;
    let fate = match entry.assessment.followed() {
        Decision::Allow => Fate::Sent,
        Decision::Challenge => Fate::Challenged,
        Decision::Block => Fate::Stopped,
    };
    app.store.tallies.count_with(&Needs::new(), &ask, &mut Known::default()).await?;
    let (score, effects) = (entry.assessment.score, &entry.assessment.effects);
    let followed = Followed { name, ask: &ask, fate, score, effects, changes: &[] };
    app.store.tallies.follow(&followed).await?;
    Ok(true)
}
