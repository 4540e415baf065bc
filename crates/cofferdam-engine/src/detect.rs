//! The table of detectors: one file a kind of evidence, each saying what it needs and what it sees.
//!
//! Detectors find, the policy weighs (`weigh.rs`), the judge decides (`judge.rs`). A detector gives
//! no points and refuses nothing. Its reason's code is its file's name with one dot.

mod destination_locked;
mod destination_not_allowed;
pub(crate) mod limit;
mod list_deny;
mod list_safe;
mod number_invalid;
mod number_kind;
mod number_proved;
mod number_tariff;

use crate::attempt::Attempt;
use crate::judge::Standing;
use crate::known::Known;
use crate::need::Needs;
use crate::policy::{Policy, Terms};
use crate::signal::{Code, Evidence, Signal};
use arrayvec::ArrayVec;
use cofferdam_atlas::{Kind, Tariff};

/// What a detector may look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub attempt: &'a Attempt,
    pub known: &'a Known,
    pub policy: &'a Policy,
    pub terms: &'a Terms,
    /// Who speaks for the attempt.
    pub standing: Standing,
    /// The line's kind and tariff, as the atlas or a magic number says.
    pub kind: Kind,
    pub tariff: Tariff,
}

/// What a detector may ask by, before anything is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub attempt: &'a Attempt,
    pub terms: &'a Terms,
    pub standing: Standing,
}

/// Room for one signal a detector, one a limit that was met, and a few beside.
pub(crate) const SIGNALS: usize = 32;

/// What was found.
pub(crate) type Signals = ArrayVec<Signal, SIGNALS>;

/// One line of the table.
pub(crate) struct Detector {
    /// The file in `detect/`.
    pub file: &'static str,
    /// What it tells; the limits have one code a scope.
    pub code: Option<Code>,
    /// What do I need?
    pub need: fn(&Question<'_>, &mut Needs),
    /// What do I see?
    pub see: fn(&Case<'_>, &mut Signals),
}

/// All of them, in the order in which they are asked and, where points are equal, told.
pub(crate) const DETECTORS: [Detector; 9] = [
    Detector {
        file: "number_invalid",
        code: Some(Code::NumberInvalid),
        need: number_invalid::need,
        see: number_invalid::see,
    },
    Detector { file: "list_deny", code: Some(Code::ListDeny), need: list_deny::need, see: list_deny::see },
    Detector {
        file: "destination_not_allowed",
        code: Some(Code::DestinationNotAllowed),
        need: destination_not_allowed::need,
        see: destination_not_allowed::see,
    },
    Detector {
        file: "destination_locked",
        code: Some(Code::DestinationLocked),
        need: destination_locked::need,
        see: destination_locked::see,
    },
    Detector { file: "limit", code: None, need: limit::need, see: limit::see },
    Detector {
        file: "number_tariff",
        code: Some(Code::NumberTariff),
        need: number_tariff::need,
        see: number_tariff::see,
    },
    Detector {
        file: "number_kind",
        code: Some(Code::NumberKind),
        need: number_kind::need,
        see: number_kind::see,
    },
    Detector {
        file: "number_proved",
        code: Some(Code::NumberProved),
        need: number_proved::need,
        see: number_proved::see,
    },
    Detector { file: "list_safe", code: Some(Code::ListSafe), need: list_safe::need, see: list_safe::see },
];

/// The file of each detector in the order of the table, with its reason's code; the limits have a
/// code a scope instead. For the manual, and for the test that compares table and files.
pub fn detectors() -> impl Iterator<Item = (&'static str, Option<Code>)> {
    DETECTORS.iter().map(|detector| (detector.file, detector.code))
}

pub(crate) use number_invalid::reason as number_invalid;

/// Adds a signal; the list is longer than the table can fill it.
fn tell(signals: &mut Signals, code: Code, evidence: Evidence) {
    let told = signals.try_push(Signal { code, evidence });
    debug_assert!(told.is_ok(), "more signals than there are detectors and limits");
}
