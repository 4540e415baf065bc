//! What do we **think** of this attempt?
//!
//! The engine judges and does nothing else: it reads no clock, draws no chance, opens no file and
//! keeps no state of its own. The shell asks in this order, for a live attempt, a replay and a
//! simulation alike:
//!
//! 1. [`identify`] – what must be looked up about the number, device, user and address;
//! 2. [`needs`] – what must be counted, now that it is known who asks;
//! 3. [`assess`] – the judgement; it cannot fail;
//! 4. [`learn`] – what an outcome changes; [`review`] – what the passing of time changes.
//!
//! Whoever records an [`Attempt`], its [`Known`] and the [`Policy`] gets the same [`Assessment`]
//! again, on any machine, for ever.
#![no_std]
#![warn(missing_docs)]
extern crate alloc;

pub mod assessment;
pub mod attempt;
pub mod block;
pub mod effect;
pub mod evidence;
pub mod key;
pub mod known;
pub mod limit;
pub mod list;
pub mod math;
pub mod need;
pub mod outcome;
pub mod pattern;
pub mod policy;
pub mod signal;
pub mod table;
pub mod tally;

mod detect;
mod judge;
mod rival;
mod weigh;

pub use assessment::{Assessment, Decision, Reason};
pub use attempt::{Asked, Attempt, Channel};
pub use detect::detectors;
pub use effect::Effect;
pub use judge::{
    Closest, Entry, Step, ask, assess, changes, closest_change, exact, give_back, identify, learn, needs,
    review, threshold,
};
pub use key::{Keyer, Pseudonym, Realm};
pub use known::{Identity, Known};
pub use need::{Inquiry, Needs};
pub use outcome::Outcome;
pub use policy::{Level, Policy};
pub use rival::Rivals;

/// The engine's own version: stamped on each assessment, raised whenever a judgement could change.
pub const ENGINE: u32 = 7;
