//! The engine from outside: what it promises, over examples and over random inputs.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod attempts;
mod blocks;
mod decisions;
mod lists;
mod make;
mod policies;
mod promises;
mod tables;
mod tallies;
