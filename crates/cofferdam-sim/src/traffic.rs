//! Honest people: when they ask, from where, how often again, and when they convert.
//!
//! `Crowd` is the everyday: every network of the world at its own pace by day and week, newcomers and people who
//! come back. The hard cases are in `cases`, one file each; a case adds people of its own or a `Spell` that
//! changes the everyday. Nothing here attacks. The world asks for one day after the other.

pub mod cases;
mod crowd;
mod person;
mod sitting;
mod spell;

pub use crowd::{Crowd, DAY_MS, HOUR_MS};
pub use person::Person;
pub use sitting::Sitting;
pub use spell::{Reach, Spell, Spells};

#[cfg(test)]
mod tests;
