//! Which data, of which date; stamped on every assessment.

use core::fmt;

use serde::Serialize;

use crate::tables::edition::{DATA, PLANS};

/// The edition of the tables in this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Edition {
    data: &'static str,
    plans: &'static str,
}

impl Edition {
    /// The day on which the data sets were put together, as `2026-11-20`.
    pub const fn data(self) -> &'static str {
        self.data
    }

    /// The version of the numbering plans' metadata.
    pub const fn plans(self) -> &'static str {
        self.plans
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.data)
    }
}

/// The edition that this build carries.
pub const fn edition() -> Edition {
    Edition { data: DATA, plans: PLANS }
}
