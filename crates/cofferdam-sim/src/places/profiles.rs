//! The sending applications of a world: what their people want, and which facts they tell us.

use crate::Dice;
use crate::stream::AttemptEvent;
use alloc::vec::Vec;

/// What the people of a profile want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// To have an account: nearly all are newcomers.
    SignUp,
    /// To come in again: most are known.
    LogIn,
}

/// A sending application.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// As it stands in the stream.
    pub name: &'static str,
    /// Its share of the sittings.
    pub share: f64,
    /// What its people want.
    pub flow: Flow,
    /// Which facts it tells, each with the chance that it does so in one attempt.
    pub tells: Tells,
}

/// The chances that a fact is told.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "named as the event format names them")]
pub struct Tells {
    pub ip: f64,
    pub asn: f64,
    pub device_id: f64,
    pub session_id: f64,
    pub user_id: f64,
    pub user_agent: f64,
    pub price: f64,
}

const NAMES: &[&str] = &["signup", "login", "shop", "wallet", "partner", "loyalty", "driver"];

/// The profiles of a world; their shares sum to 1.
pub(super) fn choose(dice: &mut Dice) -> Vec<Profile> {
    let count = 3 + dice.below(NAMES.len() as u64 - 2) as usize;
    let mut profiles: Vec<Profile> = NAMES
        .iter()
        .take(count)
        .enumerate()
        .map(|(rank, name)| {
            let flow =
                if *name == "login" || dice.chance(0.35) && rank > 0 { Flow::LogIn } else { Flow::SignUp };
            Profile { name, share: libm::pow(rank as f64 + 1.0, -0.8), flow, tells: tells(flow, dice) }
        })
        .collect();
    let whole: f64 = profiles.iter().map(|profile| profile.share).sum();
    for profile in &mut profiles {
        profile.share /= whole;
    }
    profiles
}

/// Callers either pass a fact on or do not; where they do, a few attempts still lack it.
fn tells(flow: Flow, dice: &mut Dice) -> Tells {
    let mut mostly = |chance: f64| if dice.chance(chance) { dice.between(0.93, 1.0) } else { 0.0 };
    Tells {
        ip: mostly(0.97),
        asn: mostly(0.6),
        device_id: mostly(0.7),
        session_id: mostly(0.75),
        user_id: if flow == Flow::LogIn { mostly(0.8) } else { mostly(0.15) },
        user_agent: mostly(0.75),
        price: mostly(0.85),
    }
}

impl Tells {
    /// Takes out of an attempt what its caller does not tell. Genuine attempts and others go the same way, so that
    /// a missing field says nothing.
    pub fn keep(&self, attempt: &mut AttemptEvent, dice: &mut Dice) {
        let mut told = |chance: f64| dice.chance(chance);
        if !told(self.ip) {
            (attempt.ip, attempt.ip_country) = (None, None);
        }
        if !told(self.asn) || attempt.ip.is_none() {
            (attempt.asn, attempt.ip_country) = (None, None);
        }
        if !told(self.device_id) {
            attempt.device_id = None;
        }
        if !told(self.session_id) {
            attempt.session_id = None;
        }
        if !told(self.user_id) {
            attempt.user_id = None;
        }
        if !told(self.user_agent) {
            attempt.user_agent = None;
        }
        if !told(self.price) {
            attempt.price_micros = None;
        }
    }
}
