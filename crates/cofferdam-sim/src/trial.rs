//! One run of a scenario with a judge: the figures of it, and the course of the attack's money.
//!
//! It draws nothing and knows no clock but the world's; the program runs many of them, each on its own thread, and
//! pools their figures.

use crate::attack::Family;
use crate::recipe::Recipe;
use crate::scenario::{Scenario, ScenarioError};
use crate::scorecard::{Figures, Scorecard, Scored};
use crate::world::Posed;
use crate::{Decided, Dice, Judge, Ours, World};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use cofferdam_engine::{Decision, Policy};

/// Who judges.
#[derive(Debug, Clone)]
pub enum Who {
    /// The engine, by a policy, with nothing learned yet.
    Engine(Box<Policy>),
    /// A recipe.
    Recipe(&'static Recipe),
}

impl Who {
    /// As tables name it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Engine(_) => "engine",
            Self::Recipe(recipe) => recipe.name,
        }
    }

    /// One who has seen nothing of this world.
    pub fn judge(&self, world: &World) -> Box<dyn Judge> {
        match self {
            Self::Engine(policy) => Box::new(Ours::new(policy.as_ref().clone())),
            Self::Recipe(recipe) => recipe.judge(&world.places),
        }
    }
}

/// One message of an attack, as it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// When.
    pub at_ms: i64,
    /// What it would have cost.
    pub price_micros: i64,
    /// What was decided.
    pub decision: Decision,
    /// Whether it was sent.
    pub sent: bool,
}

/// The money of one campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purse {
    /// Its family.
    pub family: &'static str,
    /// Its messages.
    pub messages: u64,
    /// What all would have cost.
    pub price_micros: i64,
    /// What those sent did.
    pub leaked_micros: i64,
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    /// The scorecard.
    pub figures: Figures,
    /// The attack, message by message.
    pub beats: Vec<Beat>,
    /// By campaign.
    pub purses: BTreeMap<u32, Purse>,
    /// Attempts in all, good ones too.
    pub attempts: u64,
    /// What all that was sent cost, good and bad.
    pub spent_micros: i64,
}

impl Trial {
    /// Runs a scenario to its end. `went` is told after each attempt what share of the world's time is over.
    pub fn run(
        scenario: &Scenario,
        seed: u64,
        who: &Who,
        went: impl FnMut(f64),
    ) -> Result<Self, ScenarioError> {
        let mut world = World::of(scenario, seed)?;
        let mut judge = who.judge(&world);
        Ok(Self::drive(&mut world, judge.as_mut(), went))
    }

    /// Runs a world to its end with a judge.
    pub fn drive(world: &mut World, judge: &mut dyn Judge, mut went: impl FnMut(f64)) -> Self {
        let (from_ms, long_ms) = (world.from_ms, (world.to_ms - world.from_ms).max(1));
        let mut taken = Taken::default();
        world.run(judge, |posed, decided, sent| {
            taken.take(posed, decided, sent);
            went((posed.attempt.at_ms - from_ms) as f64 / long_ms as f64);
        });
        taken.close()
    }
}

/// A run that goes on, for whoever drives a world by himself.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    card: Scorecard,
    trial: Trial,
}

impl Taken {
    /// Takes in what was decided about an attempt, and whether it was sent.
    pub fn take(&mut self, posed: &Posed, decided: &Decided, sent: bool) {
        let visible = posed
            .truth
            .family
            .is_none_or(|family| Family::named(family).is_some_and(|family| family.visible));
        let scored = Scored { posed, decision: decided.decision, score: decided.score, sent };
        self.card.add(&scored, visible);
        self.trial.attempts += 1;
        if sent {
            self.trial.spent_micros += posed.price_micros;
        }
        if let Some(family) = posed.truth.family {
            let fresh = Purse { family, messages: 0, price_micros: 0, leaked_micros: 0 };
            let purse = self.trial.purses.entry(posed.truth.campaign).or_insert(fresh);
            purse.messages += 1;
            purse.price_micros += posed.price_micros;
            purse.leaked_micros += if sent { posed.price_micros } else { 0 };
            self.trial.beats.push(Beat {
                at_ms: posed.attempt.at_ms,
                price_micros: posed.price_micros,
                decision: decided.decision,
                sent,
            });
        }
    }

    /// Closes it.
    pub fn close(self) -> Trial {
        Trial { figures: self.card.figures(), ..self.trial }
    }
}

/// Runs of one judge on several seeds, pooled.
#[derive(Debug, Clone, Default)]
pub struct Pooled {
    /// Their figures.
    pub figures: Figures,
    /// All their campaigns.
    pub purses: Vec<Purse>,
    /// Attempts in all.
    pub attempts: u64,
}

/// So often campaigns are drawn anew for an interval.
const DRAWN: usize = 400;

impl Pooled {
    /// Adds a run.
    pub fn add(&mut self, trial: Trial) {
        self.figures.merge(trial.figures);
        self.purses.extend(trial.purses.into_values());
        self.attempts += trial.attempts;
    }

    /// The leaked share of the money of families that `of` picks, and its 95 % interval: campaigns drawn anew with
    /// replacement (bootstrap). `None` where there is no such campaign.
    pub fn leaked(&self, of: impl Fn(&str) -> bool) -> Option<(f64, f64, f64)> {
        let purses: Vec<&Purse> = self.purses.iter().filter(|purse| of(purse.family)).collect();
        let mut drawn = Vec::with_capacity(DRAWN);
        let mut dice = Dice::new(7);
        for _ in 0..DRAWN {
            let again = (0..purses.len()).filter_map(|_| dice.pick(&purses).copied());
            drawn.extend(share(again));
        }
        within(share(purses.iter().copied())?, drawn)
    }

    /// The mean over families of their leaked shares, each counting the same, with its interval: campaigns drawn
    /// anew within each family.
    pub fn mean_leaked(&self, of: impl Fn(&str) -> bool) -> Option<(f64, f64, f64)> {
        let mut families: BTreeMap<&str, Vec<&Purse>> = BTreeMap::new();
        for purse in self.purses.iter().filter(|purse| of(purse.family)) {
            families.entry(purse.family).or_default().push(purse);
        }
        let mean = |draw: &mut dyn FnMut(&[&Purse]) -> Option<f64>| {
            let shares: Vec<f64> = families.values().filter_map(|purses| draw(purses)).collect();
            (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
        };
        let seen = mean(&mut |purses| share(purses.iter().copied()))?;
        let mut dice = Dice::new(8);
        let drawn = (0..DRAWN)
            .filter_map(|_| {
                mean(&mut |purses| share((0..purses.len()).filter_map(|_| dice.pick(purses).copied())))
            })
            .collect();
        within(seen, drawn)
    }

    /// The median of messages sent before the first stop, over the campaigns of visible families, with its interval.
    pub fn first_stop(&self) -> Option<(f64, f64, f64)> {
        let seen = self.figures.first_stop()?;
        let visible = |name: &str| self.figures.families.get(name).is_some_and(|family| family.visible);
        let campaigns = self.figures.campaigns.iter().filter(|campaign| visible(&campaign.family));
        let all: Vec<u32> =
            campaigns.map(|campaign| campaign.first_stop.unwrap_or(campaign.messages)).collect();
        let mut dice = Dice::new(9);
        let drawn = (0..DRAWN)
            .filter_map(|_| {
                let mut again: Vec<u32> = (0..all.len()).filter_map(|_| dice.pick(&all).copied()).collect();
                again.sort_unstable();
                again.get(again.len() / 2).copied().map(f64::from)
            })
            .collect();
        within(seen, drawn)
    }
}

/// The leaked share of some campaigns' money.
fn share<'a>(purses: impl Iterator<Item = &'a Purse>) -> Option<f64> {
    let (leaked, price) =
        purses.fold((0, 0), |(leaked, price), one| (leaked + one.leaked_micros, price + one.price_micros));
    (price > 0).then(|| leaked as f64 / price as f64)
}

/// What was seen between the 2.5th and the 97.5th of a hundred drawn.
fn within(seen: f64, mut drawn: Vec<f64>) -> Option<(f64, f64, f64)> {
    drawn.sort_by(f64::total_cmp);
    let at = |part: f64| drawn.get((drawn.len().saturating_sub(1) as f64 * part) as usize).copied();
    Some((seen, at(0.025)?, at(0.975)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled(leaked: &[(&'static str, i64)]) -> Pooled {
        let purse = |(family, leaked_micros): &(&'static str, i64)| Purse {
            family,
            messages: 10,
            price_micros: 1000,
            leaked_micros: *leaked_micros,
        };
        Pooled { purses: leaked.iter().map(purse).collect(), ..Pooled::default() }
    }

    #[test]
    fn money_counts_by_campaign_and_families_count_the_same() {
        let pooled = pooled(&[("flood", 0), ("flood", 0), ("flood", 300), ("drip", 1000)]);
        let (leaked, low, high) = pooled.leaked(|_| true).unwrap();
        assert!((leaked - 0.325).abs() < 1e-12 && low < leaked && leaked < high, "{low} {high}");
        let (mean, low, high) = pooled.mean_leaked(|_| true).unwrap();
        assert!((mean - 0.55).abs() < 1e-12 && low >= 0.5 && high <= 0.65 + 1e-9, "{low} {high}");
        assert_eq!(pooled.leaked(|name| name == "drip"), Some((1.0, 1.0, 1.0)));
        assert_eq!(pooled.leaked(|name| name == "mover"), None);
    }
}
