//! The one test program of the top crate: one file a resource or journey.

#[cfg(test)]
mod cli;
#[cfg(test)]
mod outside;
