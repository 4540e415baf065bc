//! What happened to an attempt after it was judged.

use serde::{Deserialize, Serialize};

/// One outcome of one attempt. `at_ms` is when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// What.
    pub what: What,
}

/// The kinds of outcome, as in the event format and `POST /v1/events`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[allow(missing_docs, reason = "named as the API names them")]
pub enum What {
    Challenge { passed: bool },
    Sent { price_micros: Option<i64> },
    NotSent,
    Delivery { status: DeliveryStatus },
    Check { result: CheckResult },
    Price { price_micros: i64 },
    Label { label: Label },
    Activity { kind: ActivityKind },
    Expired,
}

/// A provider's word on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named as the API names them")]
pub enum DeliveryStatus {
    Delivered,
    Undelivered,
    Failed,
    Expired,
    Unknown,
}

/// What became of a code that was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named as the API names them")]
pub enum CheckResult {
    Ok,
    Wrong,
    Expired,
}

/// What somebody says an attempt was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named as the API names them")]
pub enum Label {
    Good,
    Fraud,
    Unsure,
}

/// What a person did later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named as the API names them")]
pub enum ActivityKind {
    Login,
    Purchase,
    Other,
}
