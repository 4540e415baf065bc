//! Being written.
pub mod standing;
