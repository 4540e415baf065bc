//! Attempts that are judged without evidence: what they count, in one call.

use super::call::{Act, Call};
use super::{Inner, limits};
use cofferdam_engine::known::Blind;
use cofferdam_engine::{Known, Needs};
use std::sync::atomic::Ordering;

impl Inner {
    /// Counts in the copy alone what nobody else will know of until the servers are back. `told`: they may have it
    /// already, and whoever sends it again counts it twice.
    pub(super) fn count_alone_in_copy(&self, needs: &Needs, at_s: u32, known: &mut Known, told: bool) {
        known.seen = self.copy().limits.count_all(needs, at_s);
        known.blind = Some(Blind::Tallies { nodes: self.nodes.load(Ordering::Relaxed).max(1) });
        if told {
            return;
        }
        let mut call = Call::new();
        needs.iter().for_each(|need| limits::need(&mut call, need, at_s));
        let mut pending = self.pending();
        call.steps.iter().filter(|step| step.act != Act::Look).for_each(|step| pending.step(&call, step));
    }
}
