//! The engine from outside: what it promises, over examples and over random inputs.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod attempts;
mod blocks;
mod decisions;
mod evasions;
mod evidence;
mod examples;
mod lists;
mod make;
mod policies;
mod promises;
mod streams;
mod tables;
mod tallies;
mod words;
mod world;
