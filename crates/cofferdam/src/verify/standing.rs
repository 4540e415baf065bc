//! Being written.
/// Standing facts.
pub struct Standing {}
