//! A provider whose calls are counted: what it said, how long it took, what is under way.
//!
//! It stands around each provider of the settings and changes nothing that passes through it.

use super::{Accepted, Callback, CallbackError, Delivery, LookedUp, Message, Provider, SendError};
use crate::clock::Stopwatch;
use crate::telemetry::Metrics;
use async_trait::async_trait;
use cofferdam_atlas::Destination;
use cofferdam_engine::Channel;
use cofferdam_engine::outcome::DeliveryStatus;
use std::sync::Arc;

/// A provider, counted.
pub struct Metered {
    inner: Arc<dyn Provider>,
    metrics: Arc<Metrics>,
}

impl Metered {
    /// Counts a provider's calls.
    pub fn new(inner: Arc<dyn Provider>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }
}

/// One that is under way; it ends when this is dropped, also where the call is given up.
struct UnderWay<'a>(&'a Metrics);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.sending.dec();
    }
}

#[async_trait]
impl Provider for Metered {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn carries(&self, channel: Channel) -> bool {
        self.inner.carries(channel)
    }

    fn stays_in_house(&self) -> bool {
        self.inner.stays_in_house()
    }

    async fn send(&self, message: &Message<'_>) -> Result<Accepted, SendError> {
        self.metrics.sending.inc();
        let under_way = UnderWay(&self.metrics);
        let watch = Stopwatch::start();
        let result = self.inner.send(message).await;
        drop(under_way);
        let word = match &result {
            Ok(accepted) if accepted.queued => "queued",
            Ok(_) => "accepted",
            Err(SendError::Rejected { .. }) => "rejected",
            Err(SendError::SuspectedFraud { .. }) => "suspected_fraud",
            Err(SendError::Unreachable { .. }) => "unreachable",
            Err(SendError::Unavailable { .. }) => "unavailable",
            Err(SendError::Unknown { .. }) => "unknown",
        };
        self.metrics.sent(self.name(), word, watch.elapsed().as_secs_f64());
        result
    }

    fn delivery(&self, callback: &Callback<'_>) -> Result<Delivery, CallbackError> {
        let told = self.inner.delivery(callback);
        if let Ok(delivery) = &told {
            let word = match delivery.status {
                DeliveryStatus::Delivered => "delivered",
                DeliveryStatus::Undelivered => "undelivered",
                DeliveryStatus::Failed => "failed",
                DeliveryStatus::Expired => "expired",
                DeliveryStatus::Unknown => "unknown",
            };
            self.metrics.delivered(self.name(), word);
        }
        told
    }

    async fn look_up(&self, to: &Destination) -> Option<Result<LookedUp, SendError>> {
        self.inner.look_up(to).await
    }
}
