//! What do we **do** about it? The shell around the engine: HTTP, stores, providers, command line.
//!
//! Modules may use those above them in this list, and not one another within a line:
//! 1. `clock`, `id`, `secrets`, `telemetry`, `config`
//! 2. `store`
//! 3. `provider`
//! 4. `app`, `verify`
//! 5. `http`, `jobs`, `cli`

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod http;
pub mod id;
pub mod jobs;
pub mod provider;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod verify;
