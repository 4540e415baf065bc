//! The shared tallies against real servers.

use super::{RedisSettings, SharedTallies, open};
use crate::clock::{SetClock, SetDice};
use crate::store::StoreError;
use crate::store::contract::make::{NOW_MS, key};
use crate::store::servers::redis::{Cluster, Server};
use std::sync::Arc;

mod agreement;
mod alone;
mod away;
mod nodes;
mod older;
mod quiet;
mod records;
mod refused;
mod room;
mod together;

/// A server or a cluster of a test, and tallies in it.
pub(in crate::store) struct Shared {
    pub tallies: Arc<SharedTallies>,
    /// Ends with it.
    _servers: Servers,
}

/// What it stands on.
enum Servers {
    One(#[expect(dead_code, reason = "held until the test ends")] Server),
    Three(#[expect(dead_code, reason = "held until the test ends")] Cluster),
}

impl Shared {
    /// On a server of its own; `None` where Redis is not installed.
    pub async fn alone() -> Option<Self> {
        let server = Server::start()?;
        let tallies = node(&server.url(), 1).await.unwrap();
        Some(Self { tallies: Arc::new(tallies), _servers: Servers::One(server) })
    }

    /// On a cluster of three.
    pub async fn cluster() -> Option<Self> {
        let cluster = Cluster::start()?;
        let tallies = node(&cluster.url(), 1).await.unwrap();
        Some(Self { tallies: Arc::new(tallies), _servers: Servers::Three(cluster) })
    }
}

/// Settings of tests: time is made up, and what the machine does besides must not matter.
fn settings(url: &str) -> RedisSettings {
    RedisSettings {
        timeout: std::time::Duration::from_secs(5),
        clock_apart_max: None,
        keys_max: 100_000,
        ..RedisSettings::at(url, "cofferdam")
    }
}

/// A node that shares what is there.
async fn node(url: &str, seed: u64) -> Result<SharedTallies, StoreError> {
    open(settings(url), SetClock::at(NOW_MS), SetDice::seeded(key() ^ seed)).await
}
