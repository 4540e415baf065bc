//! A standing block.

use super::plain::{self, Money, Time};
use crate::verify::blocks::{self, BlockView as Block};
use cofferdam_engine::block::State;
use cofferdam_engine::evidence::Scope;
use cofferdam_engine::signal::EvidenceKey;
use serde::Serialize;
use utoipa::ToSchema;

/// A standing block.
#[derive(Serialize, ToSchema)]
#[schema(as = Block)]
pub struct BlockView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    scope: BlockScope,
    /// `shut`: it stops what it covers. `half_open`: its time is over, and one guilty newcomer shuts it
    /// again. `ended`: it is over, and remembered for a while.
    #[schema(value_type = String)]
    state: &'static str,
    /// Channels that it stops; others pass.
    #[schema(value_type = Vec<String>)]
    channels: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Time,
    /// When its state last changed.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
    /// When the state ends by itself; none if it doesn't.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
    /// Lifted for sure until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    trusted_until: Option<Time>,
    /// How often it was opened; one fades a week.
    strikes: f64,
    evidence: BlockEvidence,
    /// Attempts that it stopped.
    stopped: u64,
    /// What they would have cost.
    spared: Money<'a>,
    /// How many good users are likely among those stopped, from those that were let through; none if
    /// nobody was.
    good_stopped: Option<f64>,
}

/// What is shut.
#[derive(Serialize, ToSchema)]
pub struct BlockScope {
    /// `prefix`, `network`, `ip`, `neighbourhood`, `device`, `user`, or a crossing such as `profile_network`.
    #[schema(value_type = String)]
    kind: &'static str,
    /// A run of numbers, or a network's identifier. What is personal is not shown.
    value: Option<String>,
    /// It covers only a part of the value: further digits are fixed, and not kept in clear.
    part: bool,
}

/// Why it was opened.
#[derive(Serialize, ToSchema)]
pub struct BlockEvidence {
    /// Newcomers in about a quarter of an hour when it was opened.
    pace: f64,
    /// How many are usual.
    usual: f64,
    /// How many ask now.
    now: f64,
    /// The share that usually converts.
    normal_conversion: f64,
    /// Messages that were let through to learn and whose outcome is known.
    let_through: u32,
    /// Of them, those whose code was entered.
    converted: u32,
}

impl<'a> BlockView<'a> {
    /// As written.
    pub fn of(view: &'a Block) -> Self {
        let Block { id, block, at_s } = view;
        let time = |s: u32| Time(i64::from(s) * 1_000);
        Self {
            id,
            scope: BlockScope::of(block.scope, block.shown),
            state: match block.state {
                State::Shut => "shut",
                State::Trial => "half_open",
                State::Ended => "ended",
            },
            channels: block.channels.iter().map(|channel| plain::channel(*channel)).collect(),
            opened_at: time(block.opened_s),
            since: time(block.since_s),
            until: block.until_s.map(time),
            trusted_until: block.is_kept_open(*at_s).then(|| time(block.kept_open_s)),
            strikes: tenths(block.strikes_at(*at_s)),
            evidence: BlockEvidence {
                pace: tenths(block.pace),
                usual: tenths(block.usual),
                now: tenths(block.pace_at(*at_s)),
                normal_conversion: f64::from((block.rate * 100.0).round()) / 100.0,
                let_through: block.held.matured,
                converted: block.held.converted,
            },
            stopped: block.stopped,
            spared: Money::of(block.spared_micros),
            good_stopped: (block.held.matured > 0).then(|| block.good_stopped().round()),
        }
    }
}

impl BlockScope {
    fn of(scope: Scope, shown: EvidenceKey) -> Self {
        let value = match shown {
            EvidenceKey::Prefix(prefix) => Some(prefix.to_string()),
            EvidenceKey::Network(network) => Some(network.to_string()),
            EvidenceKey::Country(country) => Some(country.iso2().to_owned()),
            _ => None,
        };
        Self { kind: blocks::kind(scope), value, part: matches!(scope, Scope::Prefix2 | Scope::Prefix3) }
    }
}

fn tenths(n: f32) -> f64 {
    f64::from((n * 10.0).round()) / 10.0
}
