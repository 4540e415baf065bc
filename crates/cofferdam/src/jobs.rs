//! What is done by time: ending what is over, sweeping, keeping caches fresh.

use crate::app::App;
use std::sync::Arc;
use tokio::sync::watch;

/// All jobs, running.
pub struct Jobs {}

impl Jobs {
    /// Starts them; they end when `stop` becomes true.
    pub fn start(_app: &Arc<App>, _stop: watch::Receiver<bool>) -> Self {
        Self {}
    }

    /// Waits until all have ended.
    pub async fn ended(self) {}
}

/// What must be done before anything is served: queued attempts of a crash become unknown, what is over ends.
pub async fn recover(_app: &App) -> Result<(), crate::store::StoreError> {
    Ok(())
}
