//! What a source's own people say for it: an address whose newcomers convert makes up most of what a place
//! or crossing has seen, so what came of them is what came of the place.
//!
//! A company signs its people up, a server walks through its customers' numbers: place after place sees
//! a surge from one address, and none of them has outcomes yet. Asked by the judge once the rivals of every
//! scope are weighed.

use super::{Around, ENTERED, Suspicion, challenge, f, is_source};
use crate::evidence::{HORIZONS, Reading, Scope};
use crate::math::{BbOf14, bb, exp, ln, logit, sigma};

/// Fewer outcomes vouch for nobody.
const LEAST: f64 = 3.0;
/// Nor do more of them vouch without end: who buys outcomes buys as many as it takes. In nats.
const MOST: f64 = -3.0;
/// A source that makes up less of a place than this says nothing of the place.
const MAKES_UP: f32 = 0.5;
/// An honest source's people are colder than others with this chance: a company's whole list was not asked whether
/// it wants to sign up. Guess.
const COLD: f64 = 0.3;

/// What an address says of those who ask from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vouch {
    seen: [f32; HORIZONS],
    /// How much less likely they are an attack, in nats: below nought.
    nats: f64,
}

impl Vouch {
    /// The word of the attempt's address; `None` where it has none to give.
    pub fn of(readings: &[Reading], around: &Around) -> Option<Self> {
        let own = readings.iter().find(|reading| reading.scope == Scope::Address)?;
        // Yesterday's outcomes do not speak for who comes today: the horizon that says least for it counts.
        let said = (0..HORIZONS).filter_map(|horizon| says(own, horizon, around));
        let nats = said.reduce(f64::max)?.clamp(MOST, 0.0);
        (nats < 0.0).then_some(Self { seen: own.seen, nats })
    }

    /// The suspicion of a place, now that the source has spoken.
    pub fn lighten(&self, reading: &Reading, found: Suspicion) -> Suspicion {
        let at = |values: &[f32; HORIZONS]| values.get(found.horizon).copied().unwrap_or(0.0);
        if is_source(reading.scope) || at(&self.seen) < MAKES_UP * at(&reading.seen) {
            return found;
        }
        let lighter = |p: f64| sigma(logit(p.clamp(1e-9, 1.0 - 1e-9)) + self.nats);
        Suspicion { p: lighter(found.p), own: lighter(found.own), ..found }
    }
}

fn says(own: &Reading, horizon: usize, around: &Around) -> Option<f64> {
    let converted = f(&own.converted, horizon);
    let matured = f(&own.matured, horizon).max(converted);
    if matured < LEAST {
        return None;
    }
    let p = (f64::from(own.rate) * f(&around.climate.pipe, horizon)).clamp(0.005, 0.995);
    let warm = bb(converted, matured, p, 7.0);
    let cold = bb(converted, matured, 0.6 * p, 20.0);
    let honest = warm + ln(1.0 - COLD + COLD * exp((cold - warm).min(300.0)));
    let outcomes = BbOf14::new(converted, matured);
    let bought: f64 = ENTERED
        .into_iter()
        .map(|(entered, weight)| weight * outcomes.over(entered * p.max(0.5), honest))
        .sum();
    Some(ln(bought.max(1e-9)) + challenge(own, horizon, 1.0))
}
