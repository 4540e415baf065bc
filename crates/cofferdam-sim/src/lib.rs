//! **What if** the traffic or the policy were different?
//!
//! Streams of events recorded or made up, the engine and the recipes it is compared with, and the
//! scorecard of what they did. A recorded attempt can be judged again. The crate never opens a file
//! and asks no clock: the program and the tests hand it values.
#![no_std]
#![warn(missing_docs)]
extern crate alloc;

pub mod attack;
pub mod dice;
pub mod import;
pub mod judge;
pub mod ours;
pub mod pipe;
pub mod places;
pub mod recipe;
mod rejudge;
pub mod scenario;
pub mod scorecard;
pub mod shards;
pub mod story;
pub mod stream;
pub mod traffic;
pub mod trial;
pub mod world;

pub use dice::Dice;
pub use judge::{Decided, Judge};
pub use ours::Ours;
pub use places::{Density, Places};
pub mod summary;
pub use pipe::{Pipe, Told};
pub use rejudge::{Recorded, Rejudged, rejudge};
pub use scenario::Scenario;
pub use scorecard::{Figures, Scorecard};
pub use story::{Actor, Planned, Truth};
pub use stream::{AttemptEvent, Became, Event, OutcomeEvent};
pub use summary::Summary;
pub use trial::{Trial, Who};
pub use world::World;
