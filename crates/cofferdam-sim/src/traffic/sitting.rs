//! One person's sitting: the first attempt, the asking again, the typing errors, and the code that is entered.

use super::Person;
use crate::Dice;
use crate::places::Places;
use crate::story::{Planned, Truth};
use crate::stream::{AttemptEvent, Became, OutcomeEvent};
use alloc::{format, string::String, vec::Vec};
use cofferdam_atlas::parse_e164;
use cofferdam_engine::Channel;
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};

/// Shares of sittings, each a guess within what is published: numbers typed wrongly, codes typed wrongly, codes
/// entered too late, and people who ask again although they will not go on.
const MISTYPED: f64 = 0.012;
const WRONG_CODE: f64 = 0.04;
const EXPIRED: f64 = 0.006;
const ASKS_AGAIN_IDLY: f64 = 0.16;
/// The share of people waiting for a code that does not come who ask again, and of those who then want a call.
const ASKS_AGAIN: f64 = 0.78;
const WANTS_CALL: f64 = 0.3;
const ATTEMPTS_MAX: u32 = 4;

/// What is about to happen.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "named as they are")]
pub struct Sitting<'a> {
    pub at_ms: i64,
    pub person: &'a Person,
    /// The share of such sittings that end with the code entered.
    pub converts: f64,
    /// The share of messages that arrive.
    pub arrives: f64,
    /// How many times slower than usual the messages are.
    pub slow: f64,
    pub case: Option<&'static str>,
    /// Unlike that of any other sitting.
    pub number: u32,
}

impl Sitting<'_> {
    /// Plans it all; whether the code will be entered.
    pub fn plan(&self, places: &Places, dice: &mut Dice, out: &mut Vec<Planned>) -> bool {
        // What does not arrive the first time usually does the second, so most of the loss is people's.
        let finishes = dice.chance((self.converts / 0.98).min(1.0));
        let mut at = self.at_ms;
        if dice.chance(MISTYPED)
            && let Some(wrong) = neighbour(&self.person.phone, dice)
        {
            let planned = self.attempt(at, &wrong, Channel::Sms, places, dice);
            out.push(planned);
            at += dice.log_normal(40_000.0, 0.5) as i64;
        }
        for turn in 0..ATTEMPTS_MAX {
            let channel = if turn >= 2 && dice.chance(WANTS_CALL) { Channel::Voice } else { Channel::Sms };
            let mut planned = self.attempt(at, &self.person.phone, channel, places, dice);
            let arrives = dice.chance(self.arrives);
            self.deliver(&mut planned, arrives, dice);
            if finishes && arrives {
                self.enter(&mut planned, dice);
                out.push(planned);
                return true;
            }
            out.push(planned);
            let again = if finishes { ASKS_AGAIN } else { ASKS_AGAIN_IDLY };
            if !dice.chance(again) {
                break;
            }
            at += dice.log_normal(65_000.0, 0.55) as i64;
        }
        false
    }

    fn attempt(
        &self,
        at_ms: i64,
        phone: &str,
        channel: Channel,
        places: &Places,
        dice: &mut Dice,
    ) -> Planned {
        let person = self.person;
        let (ip, asn) = person.home.address(dice);
        let mut outcomes = Vec::new();
        // Those who do not pass fail it or, somewhat more often, go away.
        let passed = dice.chance(person.solves);
        if passed || dice.chance(0.4) {
            let at_ms = at_ms + dice.log_normal(5500.0, 0.6) as i64;
            outcomes.push(outcome(at_ms, Became::Challenge { passed }));
        }
        let attempt = AttemptEvent {
            id: String::new(),
            at_ms,
            phone: phone.into(),
            channel,
            price_micros: Some(places.price_of(phone, channel)),
            ip: Some(ip),
            asn,
            ip_country: None,
            device_id: Some(format!("d{:x}", person.device)),
            session_id: Some(format!("s{:x}", self.number)),
            user_id: Some(format!("u{:x}", person.user)),
            user_agent: Some(person.agent.clone()),
            profile: Some(person.profile.into()),
        };
        let truth =
            Truth { family: None, campaign: 0, case: self.case.or(person.case), sitting: self.number };
        Planned { attempt, outcomes, truth }
    }

    /// The provider's word: some networks never give one, and some call everything delivered.
    fn deliver(&self, planned: &mut Planned, arrives: bool, dice: &mut Dice) {
        let habit = self.person.net % 5;
        let at_ms = ready(planned) + self.delay(dice);
        let status = match (habit, arrives) {
            (0 | 1, _) => return,
            (2, _) | (_, true) => DeliveryStatus::Delivered,
            (_, false) if dice.chance(0.5) => return,
            (_, false) => DeliveryStatus::Undelivered,
        };
        if dice.chance(0.9) {
            planned.outcomes.push(outcome(at_ms, Became::Delivery(status)));
        }
    }

    fn enter(&self, planned: &mut Planned, dice: &mut Dice) {
        let delivered = planned.outcomes.last().filter(|last| matches!(last.what, Became::Delivery(_)));
        let arrived = delivered.map_or_else(|| ready(planned) + self.delay(dice), |last| last.at_ms);
        let mut at_ms = arrived + 2500 + dice.log_normal(15_000.0, 0.65) as i64;
        if dice.chance(WRONG_CODE) {
            planned.outcomes.push(outcome(at_ms, Became::Check(CheckResult::Wrong)));
            at_ms += dice.log_normal(12_000.0, 0.5) as i64;
        }
        let late = dice.chance(EXPIRED);
        let result = if late { CheckResult::Expired } else { CheckResult::Ok };
        planned.outcomes.push(outcome(at_ms, Became::Check(result)));
    }

    /// Seconds, with a tail of minutes.
    fn delay(&self, dice: &mut Dice) -> i64 {
        let tail = if dice.chance(0.03) { 9.0 } else { 1.0 };
        (1200.0 + dice.log_normal(4500.0, 0.6) * tail * self.slow) as i64
    }
}

fn outcome(at_ms: i64, what: Became) -> OutcomeEvent {
    OutcomeEvent { attempt_id: String::new(), at_ms, what }
}

/// When it is sent: after the challenge, in whose record its outcome stands.
fn ready(planned: &Planned) -> i64 {
    planned.outcomes.last().map_or(planned.attempt.at_ms, |last| last.at_ms)
}

/// The number with one digit wrong, or two changed over.
pub(super) fn neighbour(phone: &str, dice: &mut Dice) -> Option<String> {
    for _ in 0..8 {
        let mut digits: Vec<u8> = phone.bytes().collect();
        let at = digits.len().checked_sub(1 + dice.below(6) as usize)?;
        if dice.chance(0.3) && at > 6 {
            digits.swap(at, at - 1);
        } else {
            *digits.get_mut(at)? = b'0' + dice.below(10) as u8;
        }
        let text = String::from_utf8(digits).ok()?;
        if text != phone && parse_e164(&text).is_ok() {
            return Some(text);
        }
    }
    None
}
