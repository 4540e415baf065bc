//! Any provider that takes messages by HTTP, as its template in the settings describes.
//!
//! A message is handed over in one attempt: no redirects are followed, nothing is repeated, and what
//! cannot be said for sure is unknown. Only a connection that was never made is certainly no message.
//! Private addresses are reached, because the operator named them and nobody else can.

use super::{Accepted, Callback, CallbackError, Delivery, Message, Provider, SendError};
use crate::config::HttpSettings;
use async_trait::async_trait;
use cofferdam_engine::Channel;
use reqwest::Client;

mod client;
mod delivery;
mod encode;
mod errors;
mod json;
mod send;
mod signature;

#[cfg(test)]
mod tests;

pub use client::ClientError;

/// A provider described by a template.
pub struct HttpProvider {
    name: String,
    settings: HttpSettings,
    client: Client,
    /// Where it may report, where we can be reached.
    delivery_url: Option<String>,
}

impl HttpProvider {
    /// A provider under its name in the settings. Opens nothing yet.
    pub fn new(
        name: &str,
        settings: HttpSettings,
        delivery_url: Option<String>,
    ) -> Result<Self, ClientError> {
        let client = client::client(&settings)?;
        Ok(Self { name: name.to_owned(), settings, client, delivery_url })
    }

    /// Makes a connection and closes it, without sending anything: for `doctor`.
    pub async fn reach(&self) -> Result<(), String> {
        client::reach(&self.client, &self.settings).await
    }
}

#[async_trait]
impl Provider for HttpProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn carries(&self, channel: Channel) -> bool {
        self.settings.channels.contains(&channel)
    }

    async fn send(&self, message: &Message<'_>) -> Result<Accepted, SendError> {
        let delivery_url = message.delivery_url.or(self.delivery_url.as_deref());
        let request = send::request(&self.client, &self.settings, message, delivery_url)?;
        // The client's own time-out covers the head; this one covers everything, a dripping body too.
        match tokio::time::timeout(self.settings.timeout, send::hand_over(request, &self.settings)).await {
            Ok(result) => result,
            Err(_) => Err(SendError::Unknown { detail: "no answer in time".to_owned() }),
        }
    }

    fn delivery(&self, callback: &Callback<'_>) -> Result<Delivery, CallbackError> {
        delivery::read(self.settings.delivery.as_ref(), callback)
    }
}
