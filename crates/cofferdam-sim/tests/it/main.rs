//! The simulation from outside: the scenarios of the repository, and whether made-up traffic is hard enough.

#![expect(clippy::print_stdout, reason = "the figures are the point")]

mod hard;
mod peers;
mod scenarios;
