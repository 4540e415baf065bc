//! The table of detectors: one file a kind of evidence, each saying what it needs and what it sees.
//!
//! Detectors find, the policy weighs (`weigh.rs`), the judge decides (`judge.rs`). A detector gives
//! no points and refuses nothing. Its reason's code is its file's name with one dot.

mod channel_unusual;
mod client_unusual;
mod country_conversion;
mod country_volume;
mod destination_locked;
mod destination_not_allowed;
mod device_reuse;
mod ip_country;
mod ip_hosting;
mod ip_proved;
mod ip_velocity;
pub(crate) mod limit;
mod list_deny;
mod list_safe;
mod network_conversion;
mod network_volume;
mod number_invalid;
mod number_kind;
mod number_proved;
mod number_sequence;
mod number_sittings;
mod number_tariff;
mod person_proved;
mod prefix_conversion;
mod prefix_density;
mod profile_unusual;
mod user_reuse;
mod whence_unusual;

use crate::attempt::Attempt;
use crate::block::Stood;
use crate::evidence::{Reading, SCOPES, Scope};
use crate::judge::Standing;
use crate::known::Known;
use crate::need::Needs;
use crate::policy::{Policy, Terms};
use crate::rival::{self, Suspicion};
use crate::signal::{Code, Evidence, EvidenceKey, Signal};
use arrayvec::ArrayVec;
use cofferdam_atlas::{Kind, Tariff};

/// What a detector may look at.
#[derive(Debug, Clone)]
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
    /// What the rival explanations came to, by place in the readings.
    pub suspected: Suspected,
    /// The standing block that holds against it.
    pub block: Option<Stood>,
}

/// Suspicions by the place of their reading.
pub(crate) type Suspected = ArrayVec<(u8, Suspicion), SCOPES>;

/// What a detector may ask by, before anything is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub attempt: &'a Attempt,
    pub terms: &'a Terms,
    pub standing: Standing,
}

/// Room for one signal a detector, one a limit that was met, and a few beside.
pub(crate) const SIGNALS: usize = 56;

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
pub(crate) const DETECTORS: [Detector; 28] = [
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
    Detector {
        file: "number_sequence",
        code: Some(Code::NumberSequence),
        need: number_sequence::need,
        see: number_sequence::see,
    },
    Detector {
        file: "prefix_density",
        code: Some(Code::PrefixDensity),
        need: prefix_density::need,
        see: prefix_density::see,
    },
    Detector {
        file: "prefix_conversion",
        code: Some(Code::PrefixConversion),
        need: prefix_conversion::need,
        see: prefix_conversion::see,
    },
    Detector {
        file: "channel_unusual",
        code: Some(Code::ChannelUnusual),
        need: channel_unusual::need,
        see: channel_unusual::see,
    },
    Detector {
        file: "profile_unusual",
        code: Some(Code::ProfileUnusual),
        need: profile_unusual::need,
        see: profile_unusual::see,
    },
    Detector {
        file: "client_unusual",
        code: Some(Code::ClientUnusual),
        need: client_unusual::need,
        see: client_unusual::see,
    },
    Detector {
        file: "whence_unusual",
        code: Some(Code::WhenceUnusual),
        need: whence_unusual::need,
        see: whence_unusual::see,
    },
    Detector {
        file: "network_volume",
        code: Some(Code::NetworkVolume),
        need: network_volume::need,
        see: network_volume::see,
    },
    Detector {
        file: "network_conversion",
        code: Some(Code::NetworkConversion),
        need: network_conversion::need,
        see: network_conversion::see,
    },
    Detector {
        file: "country_volume",
        code: Some(Code::CountryVolume),
        need: country_volume::need,
        see: country_volume::see,
    },
    Detector {
        file: "country_conversion",
        code: Some(Code::CountryConversion),
        need: country_conversion::need,
        see: country_conversion::see,
    },
    Detector {
        file: "ip_velocity",
        code: Some(Code::IpVelocity),
        need: ip_velocity::need,
        see: ip_velocity::see,
    },
    Detector {
        file: "ip_hosting",
        code: Some(Code::IpHosting),
        need: ip_hosting::need,
        see: ip_hosting::see,
    },
    Detector {
        file: "ip_country",
        code: Some(Code::IpCountry),
        need: ip_country::need,
        see: ip_country::see,
    },
    Detector { file: "ip_proved", code: Some(Code::IpProved), need: ip_proved::need, see: ip_proved::see },
    Detector {
        file: "device_reuse",
        code: Some(Code::DeviceReuse),
        need: device_reuse::need,
        see: device_reuse::see,
    },
    Detector {
        file: "user_reuse",
        code: Some(Code::UserReuse),
        need: user_reuse::need,
        see: user_reuse::see,
    },
    Detector {
        file: "person_proved",
        code: Some(Code::PersonProved),
        need: person_proved::need,
        see: person_proved::see,
    },
    Detector {
        file: "number_sittings",
        code: Some(Code::NumberSittings),
        need: number_sittings::need,
        see: number_sittings::see,
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
    let told = signals.try_push(Signal { code, evidence, nats: 0.0 });
    debug_assert!(told.is_ok(), "more signals than there are detectors and limits");
}

/// Tells the worst suspicion among the readings that a detector looks at.
fn worst(case: &Case<'_>, signals: &mut Signals, code: Code, mine: impl Fn(&Reading, &Suspicion) -> bool) {
    let readings = &case.known.evidence.readings;
    let found =
        case.suspected.iter().filter_map(|(at, found)| Some((readings.get(usize::from(*at))?, found)));
    let found = found.filter(|(reading, found)| mine(reading, found) && rival::points(found) > 0);
    let Some((reading, found)) = found.max_by(|(_, a), (_, b)| a.own.total_cmp(&b.own)) else { return };
    let of = |values: &[f32; 3]| values.get(found.horizon).copied().map_or(0.0, f64::from);
    let matured = of(&reading.matured);
    let evidence = Evidence {
        key: shown(case, reading.scope),
        window_s: rival::window_s(found.horizon),
        seen: of(&reading.seen),
        expected: of(&reading.expected),
        converted: (matured >= 1.0).then(|| of(&reading.converted) / matured),
    };
    nats(signals, code, evidence, f64::from(rival::points(found)) / 1000.0);
}

/// What may be shown of a scope.
pub(crate) fn shown(case: &Case<'_>, scope: Scope) -> EvidenceKey {
    let place = &case.attempt.place;
    match scope {
        Scope::Prefix2 | Scope::Prefix3 | Scope::Prefix4 => EvidenceKey::Prefix(place.shown),
        Scope::Network => place.network.map_or(EvidenceKey::Evidence(scope), EvidenceKey::Network),
        Scope::Country => place.country.map_or(EvidenceKey::Evidence(scope), EvidenceKey::Country),
        other => EvidenceKey::Evidence(other),
    }
}

/// Adds a signal that says itself how much it moves.
fn nats(signals: &mut Signals, code: Code, evidence: Evidence, nats: f64) {
    let told = signals.try_push(Signal { code, evidence, nats });
    debug_assert!(told.is_ok(), "more signals than there are detectors and limits");
}
