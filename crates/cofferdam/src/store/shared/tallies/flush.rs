//! Sends what follows decisions, in batches.

use super::call::Want;
use super::{Inner, pending};
use crate::store::StoreError;
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

/// Sends whenever something waits, until it is ended.
pub async fn run(inner: Arc<Inner>) {
    loop {
        inner.waiting.notified().await;
        tokio::time::sleep(GATHER).await;
        inner.flush().await;
    }
}
