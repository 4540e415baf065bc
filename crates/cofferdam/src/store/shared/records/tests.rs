use super::*;
use crate::clock::SetDice;
use server::Server;
use std::sync::{Mutex, PoisonError, Weak};

pub(in crate::store) use crate::store::servers::postgres as server;

/// A schema of its own on a server that the tests of this process share.
pub(in crate::store) struct Shared {
    pub server: Arc<Server>,
    pub settings: PostgresSettings,
}

impl Shared {
    /// On the shared server; `None` where PostgreSQL is not installed.
    pub fn new() -> Option<Self> {
        static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        let server = match shared.upgrade() {
            Some(server) => server,
            None => Arc::new(Server::start()?),
        };
        *shared = Arc::downgrade(&server);
        Some(Self::on(server))
    }

    /// On a server of its own, which may then be killed.
    pub fn alone() -> Option<Self> {
        Server::start().map(|server| Self::on(Arc::new(server)))
    }

    fn on(server: Arc<Server>) -> Self {
        static N: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let n = N.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut settings = PostgresSettings::at(server.url("postgres"));
        settings.schema = format!("test_{n}");
        settings.connections = 8;
        // Thousands of callers at once on a busy machine: here they wait rather than be refused.
        settings.wait = Duration::from_secs(30);
        Self { server, settings }
    }

    /// Opens it as one more node.
    pub async fn open(&self, clock: Arc<dyn Clock>, seed: u64) -> Result<PostgresRecords, StoreError> {
        open::open(&self.settings, clock, &*SetDice::seeded(seed), false).await
    }
}

mod chunks;
mod faults;
mod lives;
mod races;
mod start_up;
