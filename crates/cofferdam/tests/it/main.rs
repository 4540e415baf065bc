//! The one test program of the top crate: one file a resource or journey.

#[cfg(test)]
mod outside;
