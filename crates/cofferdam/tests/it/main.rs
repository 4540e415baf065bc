//! The one test program of the crate: whole program, real store, real connections. One file a resource
//! or journey.

mod access;
mod assessments;
mod cli;
mod hostile;
mod idempotency;
#[cfg(test)]
mod outside;
mod server;
mod standing;
mod support;
mod surface;
mod verifications;
