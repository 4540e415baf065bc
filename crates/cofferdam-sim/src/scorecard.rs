//! What a judge did to a world, in figures that keep their counts, so that runs can be pooled.
//!
//! A `Scorecard` is filled attempt by attempt, in order of time, during one run; `figures` closes it. `Figures`
//! of several runs merge by adding up, and every share keeps what it is a share of, for its interval. It draws no
//! table: the command does. It is the only place that sees the truth.
//!
//! Definitions. An attempt is *sent* if it was allowed, or challenged and passed; else *stopped*. Good attempts
//! that were stopped are *stopped for good*. A sitting is *lost* if none of its attempts was sent. *First stop* is
//! how many messages of a campaign were sent before one was stopped; a campaign is *detected* where, of ten in a
//! row, the first of which was stopped, nine were; else it was *missed*. A country or network counts as *attacked*
//! from the first to one hour after the last attempt of a campaign that reached it with at least ten.

mod campaign;
mod figures;
mod share;

use crate::world::Posed;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use campaign::Course;
use cofferdam_atlas::Country;
use cofferdam_engine::Decision;

pub use campaign::Campaign;
pub use figures::{Family, Figures, Tenth};
pub use share::Share;

/// For so long after its last attempt a place still counts as attacked.
const AFTER_MS: i64 = 3_600_000;
/// A place that a campaign touched less often was not attacked by it.
const ATTACKED_FROM: u32 = 10;
/// By then a place should be as it was before the attack.
const LATER_MS: i64 = 72 * 3_600_000;
/// A world's first hours, which are told apart.
const FIRST_DAY_MS: i64 = 86_400_000;

/// What happened to one attempt.
#[derive(Debug, Clone, Copy)]
pub struct Scored<'a> {
    /// What was asked, and what it truly was.
    pub posed: &'a Posed,
    /// What was decided.
    pub decision: Decision,
    /// The judge's probability that it was pumped.
    pub score: Option<f64>,
    /// Whether it was sent.
    pub sent: bool,
}

/// Figures in the making.
#[derive(Debug, Clone, Default)]
pub struct Scorecard {
    from_ms: Option<i64>,
    figures: Figures,
    courses: BTreeMap<(&'static str, u32), Course>,
    /// Whether any attempt of a good sitting was sent.
    sittings: BTreeMap<u32, bool>,
    good: Vec<Good>,
    attacked: BTreeMap<(u32, Place), Span>,
}

/// A country, or a network within it.
type Place = (Option<Country>, Option<Option<u32>>);

#[derive(Debug, Clone, Copy)]
struct Good {
    at_ms: i64,
    country: Option<Country>,
    network: Option<u32>,
    stopped: bool,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    from_ms: i64,
    to_ms: i64,
    attempts: u32,
}

impl Scorecard {
    /// Takes one attempt in. `visible` says whether its family can be seen at all.
    pub fn add(&mut self, scored: &Scored<'_>, visible: bool) {
        let posed = scored.posed;
        let from_ms = *self.from_ms.get_or_insert(posed.attempt.at_ms);
        let first_day = posed.attempt.at_ms < from_ms + FIRST_DAY_MS;
        match posed.truth.family {
            Some(family) => self.add_attack(family, scored, visible, first_day),
            None => self.add_good(scored, first_day),
        }
        if let Some(score) = scored.score
            && visible
        {
            self.figures.stated(score, posed.truth.family.is_some());
        }
    }

    fn add_attack(&mut self, name: &'static str, scored: &Scored<'_>, visible: bool, first_day: bool) {
        let posed = scored.posed;
        let figures = &mut self.figures;
        let family = figures.families.entry(name.to_string()).or_default();
        family.visible = visible;
        family.messages.count(scored.sent);
        family.challenged.count(scored.decision == Decision::Challenge);
        family.price_micros += posed.price_micros;
        if scored.sent {
            family.leaked_micros += posed.price_micros;
        }
        if first_day {
            figures.first_day_leaked.count(scored.sent);
        }
        self.courses.entry((name, posed.truth.campaign)).or_default().went(scored.sent);
        let at_ms = posed.attempt.at_ms;
        for place in [(posed.country, None), (posed.country, Some(posed.network))] {
            let fresh = Span { from_ms: at_ms, to_ms: at_ms, attempts: 0 };
            let span = self.attacked.entry((posed.truth.campaign, place)).or_insert(fresh);
            span.to_ms = at_ms;
            span.attempts += 1;
        }
    }

    fn add_good(&mut self, scored: &Scored<'_>, first_day: bool) {
        let (posed, stopped) = (scored.posed, !scored.sent);
        let figures = &mut self.figures;
        figures.good_stopped.count(stopped);
        figures.good_challenged.count(scored.decision == Decision::Challenge);
        if first_day {
            figures.first_day_stopped.count(stopped);
        }
        if let Some(case) = posed.truth.case {
            figures.cases.entry(case.to_string()).or_default().count(stopped);
        }
        *self.sittings.entry(posed.truth.sitting).or_default() |= scored.sent;
        let (at_ms, country, network) = (posed.attempt.at_ms, posed.country, posed.network);
        self.good.push(Good { at_ms, country, network, stopped });
    }

    /// Closes it.
    pub fn figures(self) -> Figures {
        let mut figures = self.figures;
        figures.runs = 1;
        for ((family, _), course) in self.courses {
            figures.campaigns.push(course.end(family.to_string()));
        }
        for sent in self.sittings.values() {
            figures.sittings_lost.count(!sent);
        }
        let mut spans: BTreeMap<Place, Vec<Span>> = BTreeMap::new();
        for ((_, place), span) in self.attacked {
            if span.attempts >= ATTACKED_FROM {
                spans.entry(place).or_default().push(span);
            }
        }
        let under = |place: Place, at_ms: i64| {
            let within = |span: &Span| (span.from_ms..=span.to_ms + AFTER_MS).contains(&at_ms);
            spans.get(&place).is_some_and(|spans| spans.iter().any(within))
        };
        let long_past = |place: Place, at_ms: i64| {
            spans.get(&place).is_some_and(|spans| spans.iter().all(|span| span.to_ms + LATER_MS <= at_ms))
        };
        for good in self.good {
            if long_past((good.country, None), good.at_ms) {
                figures.after_attack.count(good.stopped);
            }
            let country = under((good.country, None), good.at_ms);
            if country {
                figures.attacked_country.count(good.stopped);
            } else {
                figures.outside.count(good.stopped);
            }
            if country && under((good.country, Some(good.network)), good.at_ms) {
                figures.attacked_network.count(good.stopped);
            }
        }
        figures
    }

    /// What `World::run` calls for each attempt; `visible` says which families can be seen at all.
    pub fn taking(&mut self, visible: impl Fn(&str) -> bool) -> impl FnMut(&Posed, &crate::Decided, bool) {
        move |posed, decided, sent| {
            let seen = posed.truth.family.is_none_or(&visible);
            self.add(&Scored { posed, decision: decided.decision, score: decided.score, sent }, seen);
        }
    }
}

/// The measures that a scenario can expect something of, besides `family.<name>` and `case.<name>`.
pub const MEASURES: &[&str] = &[
    "leaked",
    "mean_leaked",
    "good_stopped",
    "outside",
    "attacked_country",
    "attacked_network",
    "after_attack",
    "good_challenged",
    "sittings_lost",
    "first_stop",
    "missed",
    "loss",
    "worst_case",
    "first_day_stopped",
    "first_day_leaked",
];

impl Figures {
    /// A measure by the name that scenarios use; `None` where the runs had nothing to measure it by.
    pub fn measure(&self, name: &str) -> Option<f64> {
        let share = |share: &Share| (share.of > 0).then(|| share.share());
        match name {
            "leaked" => self.leaked(),
            "mean_leaked" => self.mean_leaked(),
            "good_stopped" => share(&self.good_stopped),
            "outside" => share(&self.outside),
            "attacked_country" => share(&self.attacked_country),
            "attacked_network" => share(&self.attacked_network),
            "after_attack" => share(&self.after_attack),
            "good_challenged" => share(&self.good_challenged),
            "sittings_lost" => share(&self.sittings_lost),
            "first_stop" => self.first_stop(),
            "missed" => Some(self.missed() as f64),
            "loss" => self.combined_loss(),
            "worst_case" => self.worst_case().map(|(_, share)| share.share()),
            "first_day_stopped" => share(&self.first_day_stopped),
            "first_day_leaked" => share(&self.first_day_leaked),
            _ => {
                let (kind, of): (&str, &str) = name.split_once('.')?;
                let of: String = of.into();
                match kind {
                    "family" => self.families.get(&of).map(Family::leaked),
                    "case" => self.cases.get(&of).and_then(share),
                    _ => None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
