//! Being written.
/// What is counted about ourselves.
pub struct Metrics {}
