//! How long codes have lived by a clock that nobody sets: a step back of the machine's clock must not
//! make an old code young again.

/// Since when this process runs, and which verifications it began when.
#[derive(Default)]
pub struct Lives {}

impl Lives {
    /// Starts now.
    pub fn new() -> Self {
        Self {}
    }
}
