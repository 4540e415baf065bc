//! What was known of an attempt, kept for the next once it is told: kilobytes that are warm and need not be made anew.
//!
//! One a thread, and empty. [`super`] takes it, whoever answers a judgement gives it back; who does not loses nothing.

use crate::store::row::JournalEntry;
use cofferdam_engine::Known;
use std::cell::Cell;

thread_local! {
    static SPARE: Cell<Option<Box<Known>>> = const { Cell::new(None) };
}

/// One that holds nothing.
pub(super) fn blank() -> Box<Known> {
    SPARE.take().unwrap_or_default()
}

/// Takes back what a judgement was made from, which nobody reads any more.
pub(in crate::verify) fn done(entry: Box<JournalEntry>) {
    let mut known = entry.known;
    known.clear();
    SPARE.set(Some(known));
}
