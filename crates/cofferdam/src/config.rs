//! Being written.
/// How this machine runs.
pub struct Settings {}
