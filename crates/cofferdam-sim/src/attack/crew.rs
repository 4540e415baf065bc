//! A campaign at work: takes a number, puts on a mask, asks, and knows what would become of it. Families that are
//! planned ahead and those that adapt are made of it alike.

use super::aim::Aim;
use super::knobs::{Among, Knobs, Numbers, Pace};
use super::mask::Mask;
use super::{fate, pace};
use crate::Dice;
use crate::places::Places;
use crate::story::{Planned, Truth};
use crate::stream::{AttemptEvent, OutcomeEvent};
use alloc::{string::String, vec::Vec};
use cofferdam_engine::Channel;

/// A campaign at work.
#[derive(Debug, Clone)]
pub(super) struct Crew {
    pub(super) knobs: Knobs,
    pub(super) aim: Aim,
    pub(super) mask: Mask,
    pub(super) dice: Dice,
    sitting: u32,
    /// The network that was asked for last, and its normal rate.
    net: usize,
    normal: f64,
    /// Whether the challenge of the attempt made last would be solved.
    pub(super) solved: bool,
}

impl Crew {
    /// Gets ready.
    pub(super) fn new(knobs: &Knobs, places: &Places, dice: &Dice) -> Self {
        let dice = dice.apart(knobs.family);
        Self {
            knobs: knobs.clone(),
            aim: Aim::choose(knobs, places, &mut dice.apart("aim")),
            mask: Mask::gather(knobs, places, &mut dice.apart("mask")),
            dice: dice.apart("crew"),
            sitting: 0,
            net: 0,
            normal: 0.0,
            solved: false,
        }
    }

    /// The next number, asked for as a person of their own would.
    pub(super) fn fresh(&mut self, places: &Places, at_ms: i64) -> Planned {
        let (net, phone) = self.aim.next(&self.knobs, places, &mut self.dice);
        let channel = if self.dice.chance(self.knobs.voice) { Channel::Voice } else { Channel::Sms };
        self.ask(places, (net, phone, channel), at_ms)
    }

    fn ask(
        &mut self,
        places: &Places,
        (net, phone, channel): (usize, String, Channel),
        at_ms: i64,
    ) -> Planned {
        self.sitting += 1;
        let Some(place) = places.nets.get(net) else { return self.nobody(at_ms) };
        let to = (place.country, phone, channel);
        let attempt = self.mask.ask((&self.knobs, places), to, at_ms, &mut self.dice);
        (self.net, self.normal) = (net, place.converts);
        let outcomes = self.fate(at_ms);
        Planned { attempt, outcomes, truth: self.truth() }
    }

    /// The same again a little later, as somebody would who waits for a message.
    pub(super) fn again(&mut self, before: &Planned, at_ms: i64) -> Planned {
        let mut attempt = before.attempt.clone();
        attempt.at_ms = at_ms;
        Planned { attempt, outcomes: self.fate(at_ms), truth: before.truth.clone() }
    }

    fn fate(&mut self, at_ms: i64) -> Vec<OutcomeEvent> {
        let converts = (self.knobs.converts * self.normal).min(0.99);
        let (outcomes, solved) = fate::of(&self.knobs, (self.net, converts), at_ms, &mut self.dice);
        self.solved = solved;
        outcomes
    }

    fn truth(&self) -> Truth {
        Truth {
            family: Some(self.knobs.family),
            campaign: self.knobs.campaign,
            case: None,
            sitting: self.sitting,
        }
    }

    /// A world without networks has nobody to ask for.
    fn nobody(&mut self, at_ms: i64) -> Planned {
        let attempt = AttemptEvent {
            id: String::new(),
            at_ms,
            phone: String::new(),
            channel: Channel::Sms,
            price_micros: None,
            ip: None,
            asn: None,
            ip_country: None,
            device_id: None,
            session_id: None,
            user_id: None,
            user_agent: None,
            profile: None,
        };
        Planned { attempt, outcomes: Vec::new(), truth: self.truth() }
    }
}

/// A campaign that does what it planned, whatever is decided: preparation, tests, visits.
pub(super) fn plan(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Vec<Planned> {
    let mut crew = Crew::new(knobs, places, dice);
    let mut planned = Vec::new();
    let start = quiet(&mut crew, places, &mut planned);
    let start = tests(&mut crew, places, start, &mut planned);
    let nets = crew.aim.nets();
    let country = nets.first().and_then(|net| places.nets.get(*net)).map(|net| net.country);
    let volume = pace::volume(knobs, places, &nets);
    for visit in 0..knobs.visits.max(1) {
        let from = start + (visit as f64 * (knobs.hours + knobs.rest_hours) * pace::HOUR_MS) as i64;
        let numbers = (volume as f64 / (1.0 + knobs.resends)) as u64;
        for at in pace::moments(knobs, country, (from, knobs.hours), numbers.max(1), &mut crew.dice) {
            let first = crew.fresh(places, at);
            resend(&mut crew, &first, &mut planned);
            planned.push(first);
        }
    }
    planned.sort_by_key(|planned| planned.attempt.at_ms);
    planned
}

/// Further messages of the same sitting, a person's half minute or more apart.
fn resend(crew: &mut Crew, first: &Planned, planned: &mut Vec<Planned>) {
    let mut at = first.attempt.at_ms;
    for _ in 0..crew.dice.count(crew.knobs.resends) {
        at += (crew.dice.log_normal(55.0, 0.5).max(20.0) * 1000.0) as i64;
        let again = crew.again(first, at);
        planned.push(again);
    }
}

/// The preparation: few messages that look like people's; gives the moment when the visits begin.
fn quiet(crew: &mut Crew, places: &Places, planned: &mut Vec<Planned>) -> i64 {
    let knobs = crew.knobs.clone();
    if knobs.quiet_messages == 0 {
        return knobs.start_ms;
    }
    crew.knobs.converts = knobs.quiet_converts;
    let country = crew.aim.nets().first().and_then(|net| places.nets.get(*net)).map(|net| net.country);
    let by_day = Knobs { pace: Pace::Local, ..knobs.clone() };
    let span = (knobs.start_ms, knobs.quiet_hours);
    for at in pace::moments(&by_day, country, span, knobs.quiet_messages, &mut crew.dice) {
        let one = crew.fresh(places, at);
        planned.push(one);
    }
    crew.knobs.converts = knobs.converts;
    knobs.start_ms + (knobs.quiet_hours * pace::HOUR_MS) as i64
}

/// A few messages to many places, half an hour to a day before; gives the moment when the visits begin.
fn tests(crew: &mut Crew, places: &Places, from_ms: i64, planned: &mut Vec<Planned>) -> i64 {
    if crew.knobs.tests == 0 {
        return from_ms;
    }
    let start = from_ms + 24 * 3_600_000;
    let wide = Knobs {
        networks: crew.knobs.tests.min(places.nets.len() as u64),
        numbers: Numbers::Whole,
        among: Among::Any,
        price: super::knobs::PriceClass::Any,
        ..crew.knobs.clone()
    };
    let mut aim = Aim::choose(&wide, places, &mut crew.dice);
    for _ in 0..crew.knobs.tests {
        let (net, phone) = aim.next(&wide, places, &mut crew.dice);
        let at = start - (crew.dice.between(0.5, 24.0) * pace::HOUR_MS) as i64;
        let one = crew.ask(places, (net, phone, Channel::Sms), at);
        planned.push(one);
    }
    start
}
