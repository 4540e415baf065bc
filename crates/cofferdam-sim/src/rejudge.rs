//! A recorded attempt, judged again.
//!
//! The promise behind the journal: an attempt with its recorded answers gives its recorded
//! assessment. Where it does not, either the engine is another (its version stands in both) or the
//! record was changed.

use cofferdam_engine::policy::Terms;
use cofferdam_engine::{Assessment, Attempt, Known, Policy, assess};

/// What the journal holds of one judgement.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// What was judged.
    pub attempt: &'a Attempt,
    /// What was known.
    pub known: &'a Known,
    /// Under which policy.
    pub policy: &'a Policy,
    /// Under which profile's terms.
    pub terms: &'a Terms,
    /// What came of it.
    pub assessment: &'a Assessment,
}

/// What comes of it now.
#[derive(Debug, Clone, PartialEq)]
pub enum Rejudged {
    /// The same, to the last point.
    Same,
    /// Something else, by the same engine: the record was changed, or a promise is broken.
    Differs(Assessment),
    /// Another engine judges today; this is what it says.
    OtherEngine(Assessment),
}

/// Judges a recorded attempt again, from what was known then.
pub fn rejudge(recorded: &Recorded<'_>) -> Rejudged {
    let now = assess(recorded.attempt, recorded.known, recorded.policy, recorded.terms);
    if now == *recorded.assessment {
        Rejudged::Same
    } else if now.engine == recorded.assessment.engine {
        Rejudged::Differs(now)
    } else {
        Rejudged::OtherEngine(now)
    }
}
