//! The engine as the judge of a stream: the same verbs that the live server calls, over tallies in one value.

use crate::judge::{Decided, Judge};
use crate::stream::{AttemptEvent, Became};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use arrayvec::ArrayVec;
use cofferdam_atlas::{Country, Destination};
use cofferdam_engine::block::{Blocks, Followed};
use cofferdam_engine::evidence::{EvidenceSize, Fate, faces};
use cofferdam_engine::key::{Keyer, Realm};
use cofferdam_engine::limit::{LimitScope, Limits, WINDOWS};
use cofferdam_engine::need::RECORDS;
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};
use cofferdam_engine::policy::{Destinations, Mode, Terms, WindowPlan};
use cofferdam_engine::tally::Change;
use cofferdam_engine::{
    Asked, Assessment, Attempt, Decision, Identity, Known, Policy, Reason, ask, assess, give_back, identify,
    needs,
};
use core::net::IpAddr;
use core::str::FromStr as _;

mod state;
mod tallies;

pub use state::BadState;
pub use tallies::{Identified, Own, Tallies};

/// Keys of each kind that are kept.
const KEYS_MAX: usize = 1 << 24;
const REALM: Realm = Realm(1);
const COMMONS: Realm = Realm(2);

/// The engine with its tallies.
pub struct Ours<T = Own> {
    policy: Policy,
    terms: Terms,
    keyer: Keyer,
    tallies: T,
    blocks: Blocks,
}

impl Ours {
    /// With nothing learned yet.
    pub fn new(policy: Policy) -> Self {
        Self::over(policy, Own::new())
    }
}

impl<T: Tallies> Ours<T> {
    /// Over tallies that stand somewhere else.
    pub fn over(policy: Policy, tallies: T) -> Self {
        let limits = Limits::builtin(policy.level);
        let terms = Terms {
            mode: Mode::Enforce,
            windows: plan(&limits),
            limits,
            destinations: Destinations::All,
            locked_country: None,
            can_challenge: true,
            magic: None,
            evidence: true,
        };
        Self {
            policy,
            terms,
            // A replay keeps nothing that could be turned back: its names need no secret.
            keyer: Keyer::new([0; 16]),
            tallies,
            blocks: Blocks::new(),
        }
    }

    /// What stands.
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// How much is kept: evidence, limits and proofs together.
    pub fn size(&self) -> EvidenceSize {
        self.tallies.size()
    }

    /// Where it counts.
    pub fn tallies(&self) -> &T {
        &self.tallies
    }

    /// Judges an attempt whose number is one.
    pub fn judge(&mut self, event: &AttemptEvent, to: &Destination, at_ms: i64) -> Assessment {
        let attempt = self.attempt(event, to, at_ms);
        let at_s = seconds(at_ms);
        self.tallies.advance(at_s);
        let _ = self.blocks.advance(at_s);
        let price_micros = attempt.price_micros.unwrap_or(self.policy.weights.default_price_micros);
        let ([number_s, device_s, user_s, number_device_s, number_user_s], glimpse) =
            self.tallies.identify(&identify(&attempt), &faces(&attempt), at_s);
        let identity = Identity {
            number_proved_s: number_s,
            device_proved_s: device_s,
            user_proved_s: user_s,
            number_device_proved_s: number_device_s,
            number_user_proved_s: number_user_s,
            glimpse,
            blocks: self.blocks.met(&attempt, &self.policy.blocks, price_micros),
            ..Identity::default()
        };
        let mut needs = needs(&attempt, &identity, &self.policy, &self.terms);
        needs.retain(|need| need.scope != LimitScope::NumberChecks);
        let mut ask = ask(&attempt, &identity, &self.policy);
        ask.word = self.blocks.word(&attempt, &identity, &ask, &self.policy, &self.terms);
        let mut known = Known { identity, ..Known::default() };
        self.tallies.count(&needs, &ask, &mut known);
        let assessment = assess(&attempt, &known, &self.policy, &self.terms);
        let back = give_back(&needs, at_s).filter(|_| assessment.decision == Decision::Block);
        let back: ArrayVec<Change, RECORDS> = back.collect();
        let fate = match assessment.followed() {
            Decision::Allow => Fate::Sent,
            Decision::Challenge => Fate::Challenged,
            Decision::Block => Fate::Stopped,
        };
        let decided = (fate, assessment.score, &assessment.effects[..]);
        self.tallies.decided(name(&event.id), &ask, decided, &back);
        let (id, channel, effects) = (name(&event.id), attempt.channel, &assessment.effects[..]);
        let (points, evidence) = (assessment.points, &known.evidence);
        let followed = Followed { id, ask: &ask, channel, price_micros, effects, points, evidence };
        let _ = self.blocks.follow(&followed, &self.policy.blocks);
        assessment
    }

    fn attempt(&self, event: &AttemptEvent, to: &Destination, at_ms: i64) -> Attempt {
        let ip = event.ip.as_deref().and_then(|ip| IpAddr::from_str(ip).ok());
        let asked = Asked {
            at_ms,
            dice: name(&event.id),
            realm: REALM,
            commons: COMMONS,
            profile: event.profile.as_deref().unwrap_or_default(),
            channel: event.channel,
            destination: to,
            price_micros: event.price_micros.or_else(|| cofferdam_atlas::reference_price_micros(*to)),
            ip,
            ip_facts: ip.map(cofferdam_atlas::ip_facts).unwrap_or_default(),
            asn: event.asn,
            ip_country: event.ip_country.as_deref().and_then(Country::from_iso2),
            device_id: event.device_id.as_deref(),
            session_id: event.session_id.as_deref(),
            user_id: event.user_id.as_deref(),
            user_agent: event.user_agent.as_deref(),
        };
        Attempt::of(&asked, &self.keyer)
    }
}

impl<T: Tallies> Judge for Ours<T> {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        let Ok(to) = cofferdam_atlas::parse_e164(&attempt.phone) else {
            return Decided {
                decision: Decision::Block,
                score: Some(1.0),
                reasons: [Reason::number_invalid().code.text().to_string()].into(),
                evidence: None,
            };
        };
        let assessment = self.judge(attempt, &to, at_ms);
        let reasons = assessment.reasons.iter().filter(|reason| reason.points > 0 || reason.code.refuses());
        Decided {
            decision: assessment.decision,
            score: Some(assessment.score),
            reasons: reasons.map(|reason| String::from(reason.code.text())).collect::<Vec<_>>(),
            evidence: None,
        }
    }

    fn learn(&mut self, attempt_id: &str, became: Became, at_ms: i64) {
        let (id, at_s) = (name(attempt_id), seconds(at_ms));
        self.tallies.advance(at_s);
        match became {
            Became::Challenge { passed } => self.tallies.challenged(id, passed),
            Became::Delivery(
                DeliveryStatus::Undelivered | DeliveryStatus::Failed | DeliveryStatus::Expired,
            ) => {
                self.tallies.undelivered(id);
            }
            Became::Check(CheckResult::Ok) => {
                self.blocks.converted(id);
                self.tallies.converted(id, at_s);
            }
            Became::Delivery(_) | Became::Check(_) => {}
        }
    }
}

/// The windows of a profile's limits, as a send raises them.
fn plan(limits: &Limits) -> WindowPlan {
    let mut plan = WindowPlan::default();
    for (windows, scope) in plan.0.iter_mut().zip(LimitScope::ALL) {
        let of: Vec<u32> = limits.of(scope).iter().map(|limit| limit.window_s).take(WINDOWS).collect();
        for (window, own) in windows.iter_mut().zip(of) {
            *window = own;
        }
    }
    plan
}

/// Unix seconds of Unix milliseconds.
fn seconds(at_ms: i64) -> u32 {
    u32::try_from(at_ms.max(0) / 1000).unwrap_or(u32::MAX)
}

/// An identifier as one word. Whoever makes two of them collide in a stream of his own fools himself.
fn name(id: &str) -> u64 {
    let mut name = 0xcbf2_9ce4_8422_2325_u64;
    for byte in id.bytes() {
        name = (name ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    name ^ (name >> 29)
}
