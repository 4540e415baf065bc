//! Starts of many callers, collected: what waits while a transaction is under way goes with the next.
//!
//! Nobody waits for others to come: one that comes alone goes alone. Many at once share the trip, the
//! statements and the flush of the log.

use super::Postgres;
use super::start::Prepared;
use crate::store::StoreError;
use crate::store::row::{Start, Started};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

/// Starts in one transaction.
const AT_ONCE: usize = 64;
/// Starts that may wait; more callers wait for a place.
const WAITING: usize = 1_024;
/// Transactions under way: while one waits for the disk the next one is made.
pub(super) const WORKERS: usize = 2;

/// A start whose caller waits.
pub(super) struct Waiting {
    start: Prepared,
    answer: oneshot::Sender<Result<Started, StoreError>>,
}

/// Both ends of the queue.
pub(super) struct Collector {
    send: mpsc::Sender<Waiting>,
    queue: Mutex<mpsc::Receiver<Waiting>>,
}

impl Default for Collector {
    fn default() -> Self {
        let (send, queue) = mpsc::channel(WAITING);
        Self { send, queue: Mutex::new(queue) }
    }
}

fn stopped<T>(_: T) -> StoreError {
    StoreError::Away("the store has stopped".into())
}

impl Postgres {
    pub(super) async fn begin(&self, start: Start) -> Result<Started, StoreError> {
        let start = Prepared::of(start, &self.bases)?;
        let (answer, answered) = oneshot::channel();
        self.collector.send.send(Waiting { start, answer }).await.map_err(stopped)?;
        answered.await.map_err(stopped)?
    }

    /// Takes what waits, until the store is let go of.
    pub(super) async fn collect(self: Arc<Self>) {
        let mut stop = self.stop.subscribe();
        loop {
            let some = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                some = self.take_waiting() => some,
            };
            if some.is_empty() {
                return;
            }
            let (starts, answers): (Vec<_>, Vec<_>) = some.into_iter().map(|w| (w.start, w.answer)).unzip();
            for (answer, done) in answers.into_iter().zip(self.begin_all(&starts).await) {
                // Whoever waited may be gone; what was begun stands.
                let _ = answer.send(done);
            }
        }
    }

    async fn take_waiting(&self) -> Vec<Waiting> {
        let mut queue = self.collector.queue.lock().await;
        let mut some = Vec::with_capacity(AT_ONCE);
        queue.recv_many(&mut some, AT_ONCE).await;
        some
    }
}
