//! A horizon before most of the work is done: its figures, how likely what was seen is if all is as ever, and
//! the most that the chance of attack could come to. Most horizons cannot come to what another of the same scope
//! says, or to anything that is told, and that is seen here. It weighs no rival but the usual. Called by the rivals
//! alone.

use super::attack::{CHALLENGE_MOST, LEAST_SHARE, SIZES, STEP, order};
use super::{Around, Belief, Counted, Figures, Memo, Rivals, f, is_place, prior, remembered};
use crate::evidence::{HORIZONS, Reading, Scope};
use crate::math::exp;

/// Fewer newcomers are never surely an attack, unless the place was struck before.
const FEW: f64 = 2.5;
/// The most that their chance comes to.
const FEW_MOST: f64 = 0.5;

/// A horizon that is worth a look.
pub(super) struct Open {
    pub horizon: usize,
    pub figures: Figures,
    pub counted: Counted,
    /// The prior of the kind of scope.
    pub base: f64,
    /// With what is remembered of this one.
    pub prior: f64,
    /// How likely what converted is if people convert as ever.
    pub as_usual: f64,
    /// How likely all of it is, in logarithms, if all is as ever.
    pub normal: f64,
    /// The chance is at most this, before it fades.
    pub at_most: f64,
    /// How far it has faded: the long horizon counts only while it is still going on.
    fades: f64,
    few: bool,
}

impl Open {
    /// `None` where nothing is to be seen.
    pub fn of(
        reading: &Reading,
        horizon: usize,
        around: &Around,
        rivals: &Rivals,
        memo: &mut Memo,
    ) -> Option<Self> {
        let (n, e) = (f(&reading.seen, horizon), f(&reading.expected, horizon).max(1e-4));
        let strikes = f64::from(reading.strikes);
        let matured = f(&reading.matured, horizon).max(f(&reading.converted, horizon));
        if n < 1.3 * e && matured < 6.0 && strikes < 0.2 {
            return None;
        }
        let figures = Figures::of(reading, horizon, f(&around.climate.pipe, horizon));
        let Figures { n, m, v, e, p, kappa, .. } = figures;
        if n < 1.3 * e && m < 6.0 && strikes < 0.2 {
            return None;
        }
        let base = prior(reading, horizon, around, rivals);
        let prior = remembered(base, reading);
        let counted = Counted::of(&figures, reading.scope, memo);
        memo.outcomes(horizon, (v, m), p, kappa);
        let as_usual = memo.ln(horizon, Belief::AsUsual);
        let normal = counted.ln(e, figures.ln_e) + as_usual;
        let odds = prior * figures.odds_at_most(reading, horizon, normal);
        let fades = if horizon + 1 == HORIZONS && !matches!(reading.scope, Scope::Device | Scope::User) {
            let (now, usual) = (f(&reading.seen, 1), f(&reading.expected, 1));
            (now / (1.5 * usual).max(1e-6)).clamp(0.2, 1.0)
        } else {
            1.0
        };
        let few = n < FEW && strikes < 0.2;
        let at_most = odds / (1.0 + odds);
        Some(Self { horizon, figures, counted, base, prior, as_usual, normal, at_most, fades, few })
    }

    /// The chance that counts, of one that was worked out.
    pub fn counts(&self, certain: f64) -> f64 {
        let faded = certain * self.fades;
        if self.few { faded.min(FEW_MOST) } else { faded }
    }

    /// What must be worked out at least, for `least` to count; `None` where it cannot be.
    pub fn least(&self, least: f64) -> Option<f64> {
        let out = least / self.fades;
        (self.at_most >= out && !(self.few && least > FEW_MOST)).then_some(out)
    }
}

impl Figures {
    /// The odds of attack against what is usual are at most so many times the prior: surges are likeliest that are
    /// as large as what was seen. What the trusted do speaks for both alike.
    fn odds_at_most(&self, reading: &Reading, horizon: usize, normal: f64) -> f64 {
        let tried = if f(&reading.challenges(), horizon) < 5.0 { 0.0 } else { CHALLENGE_MOST };
        let beside = self.best() + order(reading) + tried - normal;
        if is_place(reading.scope) {
            // Any size alike, and all of the newcomers but the fewest that an attack may be.
            return exp(beside.min(300.0)) / (SIZES * (LEAST_SHARE * self.n).max(PLACE_LEAST));
        }
        // None of the sizes that are tried is likelier than just what was seen.
        TRIED * STEP * exp((self.surge(1.0, 0.0) + beside).min(300.0))
    }
}

/// So many sizes are tried around what was seen.
const TRIED: f64 = 5.0;
/// Of few newcomers the shares that may be attack lie close together, and together they come to no more than
/// an attack of so many.
const PLACE_LEAST: f64 = 0.44;
