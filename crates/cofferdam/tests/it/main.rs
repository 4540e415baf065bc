//! The one test program of the crate: whole program, real store, real connections.

mod access;
mod assessments;
mod hostile;
mod idempotency;
mod server;
mod standing;
mod support;
mod surface;
mod verifications;
