// Written by `cargo xtask metadata`.

pub(crate) const DATA: &str = "2026-11-20";
pub(crate) const PLANS: &str = "9.0.42";
