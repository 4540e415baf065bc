//! **What if** the traffic or the policy were different?
//!
//! Streams of events recorded or made up, the engine and the recipes it is compared with, and the
//! scorecard of what they did. A recorded attempt can be judged again. The crate never opens a file
//! and asks no clock: the program and the tests hand it values.
#![no_std]
#![warn(missing_docs)]
extern crate alloc;

pub mod dice;
pub mod import;
pub mod judge;
pub mod pipe;
mod rejudge;
pub mod story;
pub mod stream;
pub mod summary;

pub use dice::Dice;
pub use judge::{Decided, Judge};
pub use pipe::{Pipe, Told};
pub use rejudge::{Recorded, Rejudged, rejudge};
pub use story::{Actor, Planned, Truth};
pub use stream::{AttemptEvent, Became, Event, OutcomeEvent};
pub use summary::Summary;
