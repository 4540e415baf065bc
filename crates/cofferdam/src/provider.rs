//! Whom we send through.
//!
//! A provider hands a message over at most once an attempt: what it can't say for sure is
//! [`SendError::Unknown`], and that is never repeated by us. Which provider is tried, and whether a
//! next one may be, follows from the error alone. The outbox is a provider like any other.

use crate::store::row::Owner;
use async_trait::async_trait;
use cofferdam_atlas::Destination;
use cofferdam_engine::outcome::DeliveryStatus;
use cofferdam_engine::{Channel, Pseudonym};
use std::collections::BTreeMap;
use std::time::Duration;

pub mod http;
pub mod metered;
pub mod outbox;
pub mod token;

/// A message to hand over. It holds the code in clear, so it has no `Debug`.
pub struct Message<'a> {
    /// Whose it is.
    pub owner: &'a Owner,
    /// The number's keyed name, under which the outbox finds it.
    pub number: Pseudonym,
    /// Now, in Unix milliseconds.
    pub at_ms: i64,
    /// The attempt it belongs to: the provider's idempotency key, where it honours one.
    pub attempt: &'a str,
    /// The verification it belongs to.
    pub verification: &'a str,
    /// To whom.
    pub to: &'a Destination,
    /// How.
    pub channel: Channel,
    /// Text of the message, code included.
    pub body: &'a str,
    /// The code by itself, for providers that render their own text.
    pub code: &'a str,
    /// What the person should see as the sender.
    pub sender_id: Option<&'a str>,
    /// Language of the message.
    pub locale: Option<&'a str>,
    /// Where the provider may report what became of it.
    pub delivery_url: Option<&'a str>,
}

/// A message that a provider took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's own name for it.
    pub reference: Option<String>,
    /// What it charged, if it said so.
    pub price: Option<Money>,
    /// Taken, but not yet handed on: told later by a delivery.
    pub queued: bool,
}

/// Money as a provider states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Millionths.
    pub micros: i64,
    /// ISO 4217.
    pub currency: String,
}

/// Why a message was not taken. Named for what may be done next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Refused for certain, and any other provider would too.
    #[error("the provider refused the message: {detail}")]
    Rejected {
        /// In the provider's words, without numbers.
        detail: String,
    },
    /// The provider thinks it is fraud.
    #[error("the provider suspects fraud: {detail}")]
    SuspectedFraud {
        /// In the provider's words, without numbers.
        detail: String,
    },
    /// Refused for certain; another provider may reach it.
    #[error("the provider cannot reach this number: {detail}")]
    Unreachable {
        /// In the provider's words, without numbers.
        detail: String,
    },
    /// Not taken for certain; another provider may take it.
    #[error("the provider is not available: {detail}")]
    Unavailable {
        /// What was seen.
        detail: String,
        /// When it may be again.
        retry_after: Option<Duration>,
    },
    /// Perhaps taken. Never repeated.
    #[error("it is not known whether the provider took the message: {detail}")]
    Unknown {
        /// What was seen.
        detail: String,
    },
}

impl SendError {
    /// Whether the next route may be tried: only where it is certain that nothing was sent.
    pub fn next_route_may_be_tried(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Unavailable { .. } => true,
            Self::Rejected { .. } | Self::SuspectedFraud { .. } | Self::Unknown { .. } => false,
        }
    }
}

/// What a provider tells of a message later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which message: our attempt, or the provider's reference.
    pub of: DeliveryOf,
    /// What became of it.
    pub status: DeliveryStatus,
    /// What it charged, if it says so.
    pub price: Option<Money>,
}

/// How a delivery names its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOf {
    /// By our attempt.
    Attempt(String),
    /// By the provider's own name for the message.
    Reference(String),
}

/// A callback as it arrived.
pub struct Callback<'a> {
    /// `POST` and so on.
    pub method: &'a str,
    /// Address of the callback as the provider was told, for signatures over it.
    pub url: &'a str,
    /// Headers, names in lower case.
    pub headers: &'a BTreeMap<String, String>,
    /// The body.
    pub body: &'a [u8],
    /// The secret token from the address was right.
    pub token_ok: bool,
    /// Now, for signatures that carry a time.
    pub at_ms: i64,
}

/// Why a callback was not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Neither its signature nor its token is right.
    #[error("the callback is not authentic")]
    NotAuthentic,
    /// It can't be read.
    #[error("the callback cannot be read: {0}")]
    Malformed(String),
    /// It says nothing that we keep.
    #[error("the callback says nothing new")]
    Nothing,
}

/// What a provider knows of a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// Mobile country code.
    pub mcc: Option<String>,
    /// Mobile network code.
    pub mnc: Option<String>,
    /// The network's name.
    pub network: Option<String>,
    /// Whether the number can be reached, if known.
    pub reachable: Option<bool>,
}

/// Someone who takes messages.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Its name in the settings.
    fn name(&self) -> &str;

    /// Which channels it carries.
    fn carries(&self, channel: Channel) -> bool;

    /// Whether messages stay in the house: a test key may use only such a provider.
    fn stays_in_house(&self) -> bool {
        false
    }

    /// Hands a message over. Called at most once an attempt and provider, after the intent is
    /// durable. Must answer within its own time-out; must not log the message.
    async fn send(&self, message: &Message<'_>) -> Result<Accepted, SendError>;

    /// Reads what it tells of a message. Must prove that the callback is authentic before anything else.
    fn delivery(&self, callback: &Callback<'_>) -> Result<Delivery, CallbackError>;

    /// What it knows of a number; `None` where it can't be asked.
    async fn look_up(&self, _to: &Destination) -> Option<Result<LookedUp, SendError>> {
        None
    }
}
