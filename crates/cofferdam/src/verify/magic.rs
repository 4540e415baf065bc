//! What the last two digits of a fictional number ask for, in the test world alone.
//!
//! It changes how a message is judged and what becomes of it at the outbox, and nothing else: limits,
//! guesses and records work as they do in earnest. Called by `start`, `assess`, `code` and `send`.

use crate::store::row::World;
use cofferdam_atlas::Destination;
use cofferdam_engine::policy::Magic;

/// `00`: allowed and delivered, with a code of noughts.
pub const DELIVERED: u8 = 0;

/// The ending, where it counts.
pub fn ending(world: World, to: &Destination) -> Option<u8> {
    let counts = world == World::Test && to.fictional;
    counts.then(|| (to.number.digits() % 100) as u8)
}

/// What the judgement is told.
pub fn judged(ending: Option<u8>) -> Option<Magic> {
    match ending? {
        10 => Some(Magic::Block),
        11 => Some(Magic::Challenge),
        12 => Some(Magic::Budget),
        30 => Some(Magic::Landline),
        31 => Some(Magic::Premium),
        _ => None,
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// It lands in the outbox.
    Usual,
    /// And is reported as delivered, after so many milliseconds.
    DeliveredAfter(i64),
    /// It is taken and reported as undelivered; the outbox has nothing.
    Undelivered,
    /// The provider times out: not known whether it took it.
    TimesOut,
}

/// What becomes of the message of an attempt; `ordinal` counts a verification's attempts from 1.
pub fn sending(ending: Option<u8>, ordinal: u32) -> Sending {
    match (ending, ordinal) {
        (Some(DELIVERED), _) => Sending::DeliveredAfter(0),
        (Some(22), _) => Sending::DeliveredAfter(20_000),
        (Some(20), _) | (Some(40), ..=1) => Sending::Undelivered,
        (Some(21), _) => Sending::TimesOut,
        _ => Sending::Usual,
    }
}
