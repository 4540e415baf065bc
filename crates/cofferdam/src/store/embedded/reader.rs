//! Reads: on connections of their own, beside the writer. Each sees one moment of the store, and
//! everything that was acknowledged before it began. What it saw is on stable storage when it answers.

use super::flusher::Flushed;
use super::open::read_connection;
use crate::store::StoreError;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Connections that wait for work.
pub(super) struct Readers {
    file: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Semaphore,
    flushed: Arc<Flushed>,
}

impl Readers {
    pub(super) fn new(file: PathBuf, at_once: usize, flushed: Arc<Flushed>) -> Self {
        Self { file, idle: Arc::default(), places: Semaphore::new(at_once.max(1)), flushed }
    }

    /// Reads, off the threads that serve.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let place = self.places.acquire().await;
        let _place = place.map_err(|_| StoreError::Away("the store has stopped".into()))?;
        let idle = Arc::clone(&self.idle);
        let file = self.file.clone();
        let flushed = Arc::clone(&self.flushed);
        let read = tokio::task::spawn_blocking(move || {
            let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let conn = match waiting {
                Some(conn) => conn,
                None => read_connection(&file)?,
            };
            let answer = work(&conn);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            flushed.wait();
            answer
        });
        read.await.map_err(|e| StoreError::Away(format!("a read was broken off: {e}")))?
    }
}
