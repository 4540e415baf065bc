//! The engine from outside: what it promises, over examples and over random inputs.

mod decisions;
mod lists;
mod make;
mod promises;
mod tables;
mod tallies;
