//! What other nodes changed of standing facts: heard from the database as soon as it is committed, and
//! looked for twice a second where nothing was heard. The same connection renews this node's life.

use super::conn::again;
use super::{Postgres, failure};
use crate::store::StoreError;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::AsyncMessage;

/// How often is looked, whatever was heard.
const LOOK: Duration = Duration::from_millis(500);
/// The shortest and the longest pause before listening again.
const PAUSE_MS: [u64; 2] = [100, 800];

impl Postgres {
    /// The version at which facts stand, as far as this node knows.
    pub(super) fn stands_at(&self, version: u64) {
        self.changed.send_if_modified(|known| {
            let newer = version > *known;
            *known = version.max(*known);
            newer
        });
    }

    /// Looks now and then, until the store is let go of.
    pub(super) async fn look_for_changes(self: Arc<Self>) {
        let mut stop = self.stop.subscribe();
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            // Away: the next look is soon.
            if let Ok(version) = self.fact_version().await {
                self.stands_at(version);
            }
        }
    }

    pub(super) async fn fact_version(&self) -> Result<u64, StoreError> {
        let rows = again!(self, async {
            self.connections.get().await?.query("SELECT version FROM fact_version", &[]).await
        })?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0) as u64))
    }

    /// Listens, and begins anew where the connection is lost, until the store is let go of.
    pub(super) async fn listen(self: Arc<Self>) {
        let mut stop = self.stop.subscribe();
        let mut pause_ms = PAUSE_MS[0];
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                heard = self.listen_once() => {
                    pause_ms = if heard { PAUSE_MS[0] } else { (pause_ms * 2).min(PAUSE_MS[1]) };
                }
            }
            let pause = Duration::from_millis(pause_ms / 2 + self.connections.health.chance(pause_ms));
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Listens until the connection is lost; whether there was one at all.
    async fn listen_once(&self) -> bool {
        let connecting = tokio::time::timeout(self.connections.answer, self.config.connect(self.tls.clone()));
        let Ok(Ok((client, mut connection))) = connecting.await else { return false };
        let listening = format!("LISTEN {}", self.channel);
        let mut listen = pin!(async move {
            let done = client.batch_execute(&listening).await;
            if let Err(error) = &done {
                tracing::warn!(
                    error = failure::words(error),
                    "changes of facts are not heard, but looked for"
                );
            }
            // What was changed before is found by looking. The client lives as long as is listened.
            self.stay_alive(&client).await;
        });
        loop {
            let message = tokio::select! {
                () = &mut listen => return true,
                message = poll_fn(|cx| connection.poll_message(cx)) => message,
            };
            match message {
                Some(Ok(AsyncMessage::Notification(told))) => {
                    if let Ok(version) = told.payload().parse() {
                        self.stands_at(version);
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return true,
            }
        }
    }
}
