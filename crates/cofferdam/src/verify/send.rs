//! Hands messages over: at most once an attempt and route.

use std::time::Duration;

/// Sends under way.
#[derive(Default)]
pub struct Sends {}

impl Sends {
    /// None yet.
    pub fn new() -> Self {
        Self {}
    }

    /// Waits for the sends under way, at most so long; whether all ended. Called when nothing new comes.
    pub async fn drain(&self, _at_most: Duration) -> bool {
        true
    }
}
