//! **What if** the traffic or the policy were different?
//!
//! Today this crate answers the smallest of those questions: what would a recorded attempt get if it
//! were judged again, by today's engine or under another policy? Traffic, attacks, streams and
//! scorecards come with the issue that brings evidence; they will live here. The crate never opens a
//! file and asks no clock: the program and the tests hand it values.
#![no_std]
#![warn(missing_docs)]

mod rejudge;

pub use rejudge::{Recorded, Rejudged, rejudge};
