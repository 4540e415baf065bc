//! Sends what follows decisions, in batches.

use super::call::{Call, Step, Want};
use super::link::Conn;
use super::name::{Holds, Name};
use super::sums::TURN;
use super::{Inner, nodes, pending};
use crate::clock::Stopwatch;
use crate::store::StoreError;
use cofferdam_engine::evidence::Kept;
use std::sync::Arc;
use std::time::Duration;

/// Steps of a batch: a millisecond or two of the server's time, in which it answers nobody else.
const BATCH: usize = 500;
/// What comes within this time goes together. What other machines learn is so much late.
const GATHER: Duration = Duration::from_millis(5);

impl Inner {
    /// Sends all that waits. What could not be sent waits on; what was perhaps taken is given up, for it must
    /// not be counted twice.
    pub async fn flush(&self) {
        let _one = self.sending.lock().await;
        loop {
            let taken = self.pending().take(BATCH);
            if taken.is_empty() {
                return;
            }
            match self.link.run(&pending::call(&taken), Want::Nothing).await {
                Ok(_) => {}
                Err(StoreError::Away(_)) => return self.pending().put_back(taken),
                Err(error) => {
                    tracing::warn!(%error, steps = taken.len(), "additions to the shared tallies were given up");
                    self.pending().lost += taken.len() as u64;
                }
            }
        }
    }
}

impl Inner {
    /// Tells limits that were counted in the copy alone, before anybody is judged by what stands at the servers.
    pub async fn tell_limits(&self, conn: &Conn) -> Result<(), StoreError> {
        let _one = self.sending.lock().await;
        // Those that come meanwhile go with the next batch: a slow server must not be waited for without end.
        let batches = self.pending().limits_len().div_ceil(BATCH);
        for _ in 0..batches {
            let taken = self.pending().take_limits(BATCH);
            if let Err(error) = self.link.run_by(conn, &pending::call(&taken), Want::Nothing).await {
                let error = self.link.failed(&error);
                if matches!(error, StoreError::Away(_)) {
                    self.pending().put_back(taken);
                } else {
                    self.pending().lost += taken.len() as u64;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// A turn of what is summed: sends it, and takes in what stands at the servers with it.
    pub async fn turn(&self) {
        if self.link.away().is_some() {
            return self.pending().sums.cool_all();
        }
        let _one = self.sending.lock().await;
        let (held, begun, call) = {
            let mut pending = self.pending();
            let before = pending.begun();
            let held = pending.take_sums();
            let mut call = pending::sums_call(&held);
            // Those that nobody added to are looked at, so that what stands here is fresh.
            let rest = pending.sums.hot().filter(|(_, key)| !held.contains_key(key));
            call.steps.extend(rest.map(|(kind, key)| Step::look(Name::new(nodes::holds(kind), key))));
            (held, before, call)
        };
        let asked = Stopwatch::start();
        if call.steps.is_empty() {
            return self.pending().sums.freshen(asked);
        }
        match self.link.run(&call, Want::Olds).await {
            Ok(olds) => {
                self.take_sums_in(&call, &olds, begun);
                self.pending().sums.freshen(asked);
            }
            Err(StoreError::Away(_)) => {
                let mut pending = self.pending();
                pending.put_back_sums(held);
                pending.sums.cool_all();
            }
            Err(error) => {
                tracing::warn!(%error, records = held.len(), "sums of the shared tallies were given up");
                let mut pending = self.pending();
                pending.lost += call.steps.len() as u64;
                pending.sums.cool_all();
            }
        }
    }

    /// What stood in records before a batch of sums, into the copy; and on top what was not sent before it.
    fn take_sums_in(&self, call: &Call, olds: &[Option<Vec<u8>>], begun: u64) {
        let mut copy = self.copy();
        let mut pending = self.pending();
        for (step, old) in call.steps.iter().zip(olds) {
            let key = step.name.key;
            let kind = if step.name.holds == Holds::Rich { Kept::Rich } else { Kept::Plain };
            if old.is_none() || !copy.evidence.load(kind, key, step.at_s, old.as_deref()) {
                // The servers were emptied: whoever fills them does it from what stands here.
                pending.sums.cool([key]);
                continue;
            }
            pending.noted(key, begun).for_each(|change| copy.evidence.make_again(change));
        }
    }
}

/// Sends what is summed, until it is ended.
pub async fn turns(inner: Arc<Inner>) {
    let mut turns = tokio::time::interval(TURN);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        inner.turn().await;
    }
}

/// Sends whenever something waits, until it is ended.
pub async fn run(inner: Arc<Inner>) {
    loop {
        inner.waiting.notified().await;
        tokio::time::sleep(GATHER).await;
        inner.flush().await;
    }
}
