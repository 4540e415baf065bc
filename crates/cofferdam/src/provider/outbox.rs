//! The outbox: a provider like any other, whose messages stay in the house.
//!
//! It keeps which message was sent to whom, durably, and no text: the message is rendered again when
//! it is read, so that no code is stored. It reports nothing later, and cannot be asked about numbers.

use super::{Accepted, Callback, CallbackError, Delivery, Message, Provider, SendError};
use crate::clock::Dice;
use crate::id::{self, Noun};
use crate::store::row::OutboxRow;
use crate::store::{Records, StoreError};
use async_trait::async_trait;
use cofferdam_engine::Channel;
use std::sync::Arc;

/// Keeps messages.
pub struct Outbox {
    name: String,
    records: Arc<dyn Records>,
    dice: Arc<dyn Dice>,
}

impl Outbox {
    /// An outbox under its name in the settings.
    pub fn new(name: &str, records: Arc<dyn Records>, dice: Arc<dyn Dice>) -> Self {
        Self { name: name.to_owned(), records, dice }
    }
}

#[async_trait]
impl Provider for Outbox {
    fn name(&self) -> &str {
        &self.name
    }

    fn carries(&self, _channel: Channel) -> bool {
        true
    }

    fn stays_in_house(&self) -> bool {
        true
    }

    async fn send(&self, message: &Message<'_>) -> Result<Accepted, SendError> {
        let id = id::new(Noun::OutboxMessage, message.at_ms, &*self.dice);
        let row = OutboxRow {
            id: id.clone(),
            owner: message.owner.clone(),
            attempt: message.attempt.to_owned(),
            verification: message.verification.to_owned(),
            number: message.number,
            channel: message.channel,
            at_ms: message.at_ms,
        };
        match self.records.outbox_put(row).await {
            Ok(()) => Ok(Accepted { reference: Some(id), ..Accepted::default() }),
            Err(StoreError::Unknown(detail)) => Err(SendError::Unknown { detail }),
            Err(error) => Err(SendError::Unavailable { detail: error.to_string(), retry_after: None }),
        }
    }

    fn delivery(&self, _callback: &Callback<'_>) -> Result<Delivery, CallbackError> {
        // Nobody is told a token for it, so nobody can be authentic.
        Err(CallbackError::NotAuthentic)
    }
}
