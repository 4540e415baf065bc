//! Writes `docs/reference` anew. The pages come out of the program itself, so that they cannot
//! disagree with it; a test of the program fails when they are stale.

use crate::run::{Done, run};

/// Writes all pages.
pub fn write() -> Done {
    run(
        "cargo",
        &["run", "--quiet", "--locked", "--package", "cofferdam", "--", "reference", "docs/reference"],
    )
}
