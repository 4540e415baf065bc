//! A made-up world in motion: honest people, hard cases and attacks by time, each attempt with an identifier that
//! carries no meaning, and of what became of it only what may be known.
//!
//! It streams: one day of the everyday is made at a time, and what is blocked is forgotten at once. A judge is
//! driven by `run`; without one, the world is a recorded stream with labels. It scores nothing: `scorecard` does.

mod fault;
mod pending;

use crate::attack::{Campaign, FAMILIES};
use crate::places::Places;
use crate::scenario::{AttackLine, Scenario, ScenarioError};
use crate::story::{Actor, Planned, Truth};
use crate::stream::{AttemptEvent, Became, Event, OutcomeEvent};
use crate::traffic::cases::Scene;
use crate::traffic::{Crowd, DAY_MS, Spells};
use crate::{Decided, Dice, Judge};
use alloc::{boxed::Box, format, string::String, vec::Vec};
use cofferdam_atlas::{Country, Network, ip_facts, parse_e164};
use cofferdam_engine::Decision;
use core::net::IpAddr;

pub use fault::{Fault, FaultKind};
use pending::{Item, Queue};

/// A Monday in March 2025; the seed moves it by weeks.
const FROM_MS: i64 = 1_741_564_800_000;
const WEEK_MS: i64 = 7 * DAY_MS;
/// Sittings that a case or a campaign may have.
const SITTINGS_EACH: u32 = 1 << 18;

/// What a world shows next.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// Somebody asks.
    Attempt(Box<Posed>),
    /// Something became of an attempt that was sent or challenged.
    Outcome(OutcomeEvent),
}

/// An attempt as a judge sees it, and beside it what only the scorecard does.
#[derive(Debug, Clone, PartialEq)]
pub struct Posed {
    /// As the judge sees it.
    pub attempt: AttemptEvent,
    /// What sending it would cost, told or not.
    pub price_micros: i64,
    /// Where the number is.
    pub country: Option<Country>,
    /// Whose run the number is in.
    pub network: Option<u32>,
    /// What it truly is.
    pub truth: Truth,
    /// Whether a challenge would be passed.
    pub passes: bool,
}

/// A world in motion.
pub struct World {
    /// Its map.
    pub places: Places,
    /// When it begins.
    pub from_ms: i64,
    /// When its last day ends.
    pub to_ms: i64,
    /// When attacks and cases may begin.
    pub quiet_until_ms: i64,
    crowd: Crowd,
    spells: Spells,
    faults: Vec<Fault>,
    queue: Queue,
    actors: Vec<(Box<dyn Actor>, u32)>,
    campaigns: u32,
    days_made: u32,
    now_ms: i64,
    /// Outcomes of the attempt shown last, until it is decided; and which actor made it.
    open: Option<(Vec<OutcomeEvent>, Option<usize>)>,
    seed: Dice,
    names: u64,
    chance: Dice,
}

impl World {
    /// A scenario's world. It fails where an attack's knob cannot be set so.
    pub fn of(scenario: &Scenario, seed: u64) -> Result<Self, ScenarioError> {
        let dice = Dice::new(seed);
        let mut places = Places::of(scenario.density, &mut dice.apart("places"));
        if let Some(people) = scenario.people {
            places.per_day = people;
        }
        let from_ms = FROM_MS + dice.apart("calendar").below(40) as i64 * WEEK_MS;
        let to_ms = from_ms + i64::from(scenario.days) * DAY_MS;
        let quiet_until_ms = from_ms + i64::from(scenario.quiet) * DAY_MS;
        let faults = scenario.pipe.iter().map(|fault| fault.after(from_ms)).collect();
        let crowd = Crowd::new(&places, &dice);
        let mut world = Self {
            places,
            from_ms,
            to_ms,
            quiet_until_ms,
            crowd,
            spells: Spells::default(),
            faults,
            queue: Queue::default(),
            actors: Vec::new(),
            campaigns: 0,
            days_made: 0,
            now_ms: from_ms,
            open: None,
            names: dice.apart("names").roll(),
            chance: dice.apart("pipe"),
            seed: dice,
        };
        for (at, line) in scenario.cases.iter().enumerate() {
            world.case(at as u32, line.case, line.size);
        }
        for (at, line) in scenario.attacks.iter().enumerate() {
            world.campaigns_of(at, line)?;
        }
        Ok(world)
    }

    fn campaigns_of(&mut self, at: usize, line: &AttackLine) -> Result<(), ScenarioError> {
        let after = |ms: i64| ms + self.from_ms;
        let from_ms = line.from_ms.map_or(self.quiet_until_ms, after);
        // The last quarter of the days is left for campaigns to end in.
        let room = (self.to_ms - from_ms).max(4) / 4 * 3;
        let to_ms = line.to_ms.map_or(from_ms + room, after).max(from_ms + 1);
        for family in FAMILIES.iter().filter(|family| line.family == "all" || line.family == family.name) {
            for which in 0..line.campaigns {
                let dice = self.seed.apart(&format!("attack {at} {} {which}", family.name));
                let mut knobs = family.knobs(&self.places, &mut dice.apart("knobs"));
                knobs.campaign = self.campaigns + 1;
                knobs.start_ms = from_ms + dice.apart("start").below((to_ms - from_ms) as u64) as i64;
                for (name, value) in &line.knobs {
                    knobs.set(name, value).map_err(|_| ScenarioError {
                        line: line.line,
                        field: format!("{name}={value}"),
                        problem: "no attack has this knob, or it cannot be set so",
                    })?;
                }
                match family.campaign(&knobs, &self.places, &mut dice.apart("campaign")) {
                    Campaign::Planned(planned) => self.attack(planned),
                    Campaign::Adaptive(actor) => self.act(actor),
                };
            }
        }
        Ok(())
    }

    fn case(&mut self, at: u32, case: &crate::traffic::cases::Case, size: f64) {
        let mut scene = Scene {
            places: &self.places,
            from_ms: self.quiet_until_ms,
            to_ms: self.to_ms,
            size,
            dice: self.seed.apart(&format!("case {} {at}", case.name)),
            sittings: at * SITTINGS_EACH,
            planned: Vec::new(),
            spells: Vec::new(),
            faults: Vec::new(),
        };
        (case.make)(&mut scene);
        let (planned, spells, faults) = (scene.planned, scene.spells, scene.faults);
        self.spells.0.extend(spells);
        self.faults.extend(faults);
        for planned in planned {
            self.queue.push(planned.attempt.at_ms, Item::Attempt(Box::new(planned)));
        }
    }

    /// The chance of a part of the world, for those who make attacks.
    pub fn dice(&self, part: &str) -> Dice {
        self.seed.apart(part)
    }

    /// Adds a campaign that follows its plan, whatever is decided. Returns its number.
    pub fn attack(&mut self, planned: Vec<Planned>) -> u32 {
        self.campaigns += 1;
        for mut planned in planned {
            planned.truth.campaign = self.campaigns;
            self.queue.push(planned.attempt.at_ms, Item::Attempt(Box::new(planned)));
        }
        self.campaigns
    }

    /// Adds a campaign that goes on as it is answered. Returns its number.
    pub fn act(&mut self, actor: Box<dyn Actor>) -> u32 {
        self.campaigns += 1;
        self.actors.push((actor, self.campaigns));
        self.campaigns
    }

    /// What happens next; `None` at the end. If the attempt before was not `decided`, it counts as recorded: all that
    /// would have become of it is shown.
    pub fn happen(&mut self) -> Option<Happening> {
        if let Some((outcomes, actor)) = self.open.take() {
            self.tell(actor, Decision::Allow);
            self.show(outcomes);
        }
        self.make_days();
        let acting = self.next_actor();
        let queued = self.queue.next_at_ms();
        if let Some((at_ms, which)) = acting
            && queued.is_none_or(|queued| at_ms < queued)
        {
            let (actor, campaign) = self.actors.get_mut(which)?;
            let mut planned = actor.act();
            planned.truth.campaign = *campaign;
            self.now_ms = self.now_ms.max(planned.attempt.at_ms);
            planned.attempt.at_ms = self.now_ms;
            return Some(self.pose(planned, Some(which)));
        }
        let (at_ms, item) = self.queue.pop()?;
        self.now_ms = self.now_ms.max(at_ms);
        Some(match item {
            Item::Attempt(planned) => self.pose(*planned, None),
            Item::Outcome(outcome) => Happening::Outcome(outcome),
        })
    }

    /// Says what was decided about the attempt shown last, so that the world goes on as it must.
    pub fn decided(&mut self, decision: Decision) {
        let Some((mut outcomes, actor)) = self.open.take() else { return };
        let passed =
            matches!(outcomes.first().map(|first| first.what), Some(Became::Challenge { passed: true }));
        let challenge = |outcome: &OutcomeEvent| matches!(outcome.what, Became::Challenge { .. });
        match decision {
            Decision::Allow => outcomes.retain(|outcome| !challenge(outcome)),
            Decision::Challenge if passed => {}
            Decision::Challenge => outcomes.retain(challenge),
            Decision::Block => outcomes.clear(),
        }
        self.tell(actor, decision);
        self.show(outcomes);
    }

    /// Runs to the end with a judge; `each` sees every attempt, what was decided, and whether it was sent.
    pub fn run(&mut self, judge: &mut dyn Judge, mut each: impl FnMut(&Posed, &Decided, bool)) {
        while let Some(happening) = self.happen() {
            match happening {
                Happening::Outcome(outcome) => {
                    judge.learn(&outcome.attempt_id, outcome.what, outcome.at_ms);
                }
                Happening::Attempt(posed) => {
                    let decided = judge.decide(&posed.attempt, posed.attempt.at_ms);
                    let sent = match decided.decision {
                        Decision::Allow => true,
                        Decision::Challenge => posed.passes,
                        Decision::Block => false,
                    };
                    self.decided(decided.decision);
                    each(&posed, &decided, sent);
                }
            }
        }
    }

    /// The world as a recorded stream: every event as if everything had been sent, and the truth of attempts.
    pub fn events(self) -> impl Iterator<Item = (Event, Option<Truth>)> {
        let mut world = self;
        core::iter::from_fn(move || {
            Some(match world.happen()? {
                Happening::Attempt(posed) => (Event::Attempt(posed.attempt), Some(posed.truth)),
                Happening::Outcome(outcome) => (Event::Outcome(outcome), None),
            })
        })
    }

    fn tell(&mut self, actor: Option<usize>, decision: Decision) {
        if let Some((actor, _)) = actor.and_then(|which| self.actors.get_mut(which)) {
            actor.told(decision);
        }
    }

    /// Puts outcomes where their time is, as far as the pipe brings them.
    fn show(&mut self, outcomes: Vec<OutcomeEvent>) {
        for mut outcome in outcomes {
            let brought = self.faults.iter().all(|fault| fault.pass(&mut outcome, &mut self.chance));
            if brought {
                self.queue.push(outcome.at_ms.max(self.now_ms), Item::Outcome(outcome));
            }
        }
    }

    /// Makes days of the everyday until the next thing to happen is within them.
    fn make_days(&mut self) {
        loop {
            let begins = self.from_ms + i64::from(self.days_made) * DAY_MS;
            let acting = self.next_actor().map(|(at_ms, _)| at_ms);
            let next = self.queue.next_at_ms().into_iter().chain(acting).min();
            if begins >= self.to_ms || next.is_some_and(|next| next < begins) {
                return;
            }
            let day = self.crowd.day(self.days_made, begins, &self.places, &self.spells);
            for planned in day {
                self.queue.push(planned.attempt.at_ms, Item::Attempt(Box::new(planned)));
            }
            self.days_made += 1;
        }
    }

    /// Attackers end with the world, those too who would go on for ever.
    fn next_actor(&self) -> Option<(i64, usize)> {
        let next = |(which, (actor, _)): (usize, &(Box<dyn Actor>, u32))| Some((actor.next_at_ms()?, which));
        self.actors.iter().enumerate().filter_map(next).filter(|(at_ms, _)| *at_ms < self.to_ms).min()
    }

    /// Dresses an attempt for the judge: names without meaning, and only the facts that its caller tells.
    fn pose(&mut self, planned: Planned, actor: Option<usize>) -> Happening {
        let Planned { mut attempt, mut outcomes, truth } = planned;
        self.names = self.names.wrapping_add(0x9e37_79b9_7f4a_7c15);
        attempt.id = format!("{:016x}", Dice::new(self.names).roll());
        let found = parse_e164(&attempt.phone).ok();
        let price_micros =
            attempt.price_micros.unwrap_or_else(|| self.places.price_of(&attempt.phone, attempt.channel));
        attempt.price_micros = Some(price_micros);
        if attempt.ip_country.is_none() && attempt.asn.is_some() {
            let ip: Option<IpAddr> = attempt.ip.as_ref().and_then(|ip| ip.parse().ok());
            let country = ip.and_then(|ip| ip_facts(ip).country);
            attempt.ip_country = country.map(|country| country.iso2().into());
        }
        // Drawn from the attempt itself, so that no decision before it changes what is told.
        let mut dice = self.seed.apart(&format!("{} {}", attempt.phone, attempt.at_ms));
        if attempt.profile.is_none() {
            attempt.profile = self.places.pick_profile(&mut dice).map(|profile| profile.name.into());
        }
        self.rename(&mut attempt, &truth);
        let profiles = &self.places.profiles;
        let told = profiles.iter().find(|profile| attempt.profile.as_deref() == Some(profile.name));
        if let Some(profile) = told.or(profiles.first()) {
            profile.tells.keep(&mut attempt, &mut dice);
        }
        for outcome in &mut outcomes {
            outcome.attempt_id.clone_from(&attempt.id);
        }
        let passes = outcomes.iter().any(|outcome| outcome.what == Became::Challenge { passed: true });
        self.open = Some((outcomes, actor));
        let country = found.and_then(|found| found.country);
        let network = found.and_then(|found| found.network).map(Network::id);
        Happening::Attempt(Box::new(Posed { attempt, price_micros, country, network, truth, passes }))
    }

    /// Devices, sessions and users of all makers look alike, and no two makers share one by accident.
    fn rename(&self, attempt: &mut AttemptEvent, truth: &Truth) {
        let opaque = |text: &mut Option<String>, kind: &str| {
            if let Some(text) = text {
                let mut dice = self.seed.apart(&format!("{kind} {} {text}", truth.campaign));
                *text = format!("{:012x}", dice.roll() >> 16);
            }
        };
        opaque(&mut attempt.device_id, "device");
        opaque(&mut attempt.session_id, "session");
        opaque(&mut attempt.user_id, "user");
    }
}

#[cfg(test)]
mod tests;
