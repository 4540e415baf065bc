//! The figures of one or several runs: counts that add up, and what is computed from them.

use super::{Campaign, Share};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What a good sitting lost is worth, in micros of a dollar.
const SITTING_MICROS: f64 = 1_000_000.0;
/// What a challenge put to a good person is worth.
const CHALLENGE_MICROS: f64 = 20_000.0;
/// A case with fewer attempts shows nothing by itself.
const CASE_MIN: u64 = 300;

/// What a judge did, in counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How many runs are in it.
    pub runs: u32,
    /// By the attack's family.
    pub families: BTreeMap<String, Family>,
    /// One by one.
    pub campaigns: Vec<Campaign>,
    /// Good attempts stopped for good: all.
    pub good_stopped: Share,
    /// Those outside countries under attack at the time.
    pub outside: Share,
    /// Those in countries under attack, the attacked networks included.
    pub attacked_country: Share,
    /// Those on networks under attack.
    pub attacked_network: Share,
    /// Those in countries that were attacked, 72 hours and more after the last attempt of any campaign there.
    pub after_attack: Share,
    /// Good attempts challenged.
    pub good_challenged: Share,
    /// Good sittings none of whose attempts was sent.
    pub sittings_lost: Share,
    /// Good attempts stopped for good, by hard case.
    pub cases: BTreeMap<String, Share>,
    /// Good attempts stopped for good on a world's first day.
    pub first_day_stopped: Share,
    /// Attack messages sent on a world's first day.
    pub first_day_leaked: Share,
    /// Stated against observed, families left out that nobody can see.
    pub calibration: [Tenth; 10],
}

/// What became of a family's messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Whether it can be seen at all.
    pub visible: bool,
    /// Sent, of all.
    pub messages: Share,
    /// Challenged, of all.
    pub challenged: Share,
    /// What all would have cost.
    pub price_micros: i64,
    /// What those sent did.
    pub leaked_micros: i64,
}

impl Family {
    /// The leaked share of its money.
    pub fn leaked(&self) -> f64 {
        if self.price_micros == 0 { 0.0 } else { self.leaked_micros as f64 / self.price_micros as f64 }
    }
}

/// Attempts whose stated score lies in a tenth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Tenth {
    /// Attacks, of all.
    pub attacks: Share,
    /// The sum of what was stated.
    pub stated: f64,
}

impl Tenth {
    /// What was stated in the mean.
    pub fn mean(&self) -> f64 {
        if self.attacks.of == 0 { 0.0 } else { self.stated / self.attacks.of as f64 }
    }

    /// How many times too high or too low, 1 or above; `None` for fewer than 200 attempts.
    pub fn off(&self) -> Option<f64> {
        if self.attacks.of < 200 {
            return None;
        }
        // Half an attack more and less, so that none at all is no infinite error.
        let (stated, seen) =
            (self.mean().max(1e-6), (self.attacks.hit as f64 + 0.5) / (self.attacks.of as f64 + 1.0));
        Some((stated / seen).max(seen / stated))
    }
}

impl Figures {
    pub(super) fn stated(&mut self, score: f64, attack: bool) {
        let tenth = ((score.clamp(0.0, 1.0) * 10.0) as usize).min(9);
        if let Some(tenth) = self.calibration.get_mut(tenth) {
            tenth.attacks.count(attack);
            tenth.stated += score;
        }
    }

    fn visible(&self) -> impl Iterator<Item = (&String, &Family)> {
        self.families.iter().filter(|(_, family)| family.visible)
    }

    /// The leaked share of all visible families' money.
    pub fn leaked(&self) -> Option<f64> {
        let (leaked, price) = self.money();
        (price > 0).then(|| leaked as f64 / price as f64)
    }

    /// What leaked of visible families, and what all of theirs would have cost, in micros.
    pub fn money(&self) -> (i64, i64) {
        self.visible().fold((0, 0), |(leaked, price), (_, family)| {
            (leaked + family.leaked_micros, price + family.price_micros)
        })
    }

    /// The mean of the visible families' leaked shares: each counts the same.
    pub fn mean_leaked(&self) -> Option<f64> {
        let count = self.visible().count();
        (count > 0).then(|| self.visible().map(|(_, family)| family.leaked()).sum::<f64>() / count as f64)
    }

    /// Visible families by their leaked share, the worst first.
    pub fn worst_families(&self) -> Vec<(&str, f64)> {
        let mut all: Vec<_> = self.visible().map(|(name, family)| (name.as_str(), family.leaked())).collect();
        all.sort_by(|one, other| other.1.total_cmp(&one.1));
        all
    }

    fn seen_campaigns(&self) -> impl Iterator<Item = &Campaign> {
        let visible =
            |campaign: &&Campaign| self.families.get(&campaign.family).is_some_and(|family| family.visible);
        self.campaigns.iter().filter(visible)
    }

    /// The median over visible campaigns of messages sent before the first was stopped; where none was, all.
    pub fn first_stop(&self) -> Option<f64> {
        let mut all: Vec<u32> =
            self.seen_campaigns().map(|campaign| campaign.first_stop.unwrap_or(campaign.messages)).collect();
        all.sort_unstable();
        let upper = *all.get(all.len() / 2)?;
        let lower = *all.get((all.len() - 1) / 2)?;
        Some(f64::from(lower).midpoint(f64::from(upper)))
    }

    /// Visible campaigns that were never detected.
    pub fn missed(&self) -> usize {
        self.seen_campaigns().filter(|campaign| !campaign.detected).count()
    }

    /// Leaked money, a dollar for each good sitting lost and two cents for each good attempt challenged, over the
    /// attack's money: no threshold can game it.
    pub fn combined_loss(&self) -> Option<f64> {
        let (leaked, price) = self.money();
        let good = self.sittings_lost.hit as f64 * SITTING_MICROS
            + self.good_challenged.hit as f64 * CHALLENGE_MICROS;
        (price > 0).then(|| (leaked as f64 + good) / price as f64)
    }

    /// The hard case with the largest share of stopped attempts, of those with enough of them.
    pub fn worst_case(&self) -> Option<(&str, Share)> {
        let enough = self.cases.iter().filter(|(_, share)| share.of >= CASE_MIN);
        let worst = enough.max_by(|one, other| one.1.share().total_cmp(&other.1.share()));
        worst.map(|(name, share)| (name.as_str(), *share))
    }

    /// Pools another run's figures with these.
    pub fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        for (name, family) in other.families {
            let into = self.families.entry(name).or_default();
            into.visible = family.visible;
            into.messages.merge(family.messages);
            into.challenged.merge(family.challenged);
            into.price_micros += family.price_micros;
            into.leaked_micros += family.leaked_micros;
        }
        self.campaigns.extend(other.campaigns);
        self.good_stopped.merge(other.good_stopped);
        self.outside.merge(other.outside);
        self.attacked_country.merge(other.attacked_country);
        self.attacked_network.merge(other.attacked_network);
        self.after_attack.merge(other.after_attack);
        self.good_challenged.merge(other.good_challenged);
        self.sittings_lost.merge(other.sittings_lost);
        for (name, share) in other.cases {
            self.cases.entry(name).or_default().merge(share);
        }
        self.first_day_stopped.merge(other.first_day_stopped);
        self.first_day_leaked.merge(other.first_day_leaked);
        for (into, tenth) in self.calibration.iter_mut().zip(other.calibration) {
            into.attacks.merge(tenth.attacks);
            into.stated += tenth.stated;
        }
    }
}
