//! Weighs rival explanations of what a scope has seen lately – normal, growth, campaign, outage, a shared
//! source, attack – and says how likely the *next* newcomer there is part of an attack.
//!
//! Nothing here is a threshold. The figures are the policy's ([`Rivals`]); the mathematics is that of the
//! detection paper, 3.5 to 3.7. The chance is never above the share of the traffic that is not expected:
//! a place full of people under a thin attack never has one near 1.

mod attack;
mod company;
mod open;
mod stated;
mod vouch;

pub(crate) use stated::points;
pub(crate) use vouch::Vouch;

use crate::evidence::{Climate, Company, HORIZONS, Reading, Scope, TAU_S};
use crate::math::{BbOf14, dispersion_at, exp, ln, logit, rise_per_count, sigma};
use arrayvec::ArrayVec;
use attack::{ENTERED, STEP, Surges, attack, challenge, order};
use company::alike;
use open::Open;
use serde::{Deserialize, Serialize};
use stated::{stated, unstated};

mod memo;
mod sums;

use memo::Belief;
pub(crate) use memo::Memo;
use sums::Terms;

/// Prior masses and strengths of the explanations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs, reason = "each default in `policy/levels.rs` states its meaning and source")]
pub struct Rivals {
    pub attack_country: f64,
    pub attack_network: f64,
    pub attack_flow: f64,
    pub attack_crossing: f64,
    pub attack_prefix: f64,
    pub attack_source: f64,
    pub attack_person: f64,
    pub growth: f64,
    pub campaign: f64,
    pub part: f64,
    pub outage: f64,
    pub batch: f64,
    pub shared: f64,
    pub mistyped: f64,
    pub growth_off: bool,
    pub outage_off: bool,
    pub control_off: bool,
}

impl Default for Rivals {
    fn default() -> Self {
        Self {
            attack_country: 0.000_2,
            attack_network: 0.004,
            attack_flow: 0.008,
            attack_crossing: 0.001,
            attack_prefix: 0.004,
            attack_source: 0.002,
            attack_person: 0.004,
            growth: 0.006,
            campaign: 0.002,
            part: 0.5,
            outage: 0.004,
            batch: 0.004,
            shared: 0.06,
            mistyped: 0.03,
            growth_off: false,
            outage_off: false,
            control_off: false,
        }
    }
}

/// What speaks for or against attack from outside the counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around {
    pub climate: Climate,
    /// Dollars, or whatever the currency is.
    pub price: f64,
    /// Factor of the destination's own prior.
    pub risky: f64,
}

/// What came of a scope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Suspicion {
    /// Chance that the next newcomer of the scope is pumped.
    pub p: f64,
    /// Chance that this attempt is, by whom it has company of.
    pub own: f64,
    /// Its prior.
    pub prior: f64,
    /// Share of the traffic that is not expected, if it is an attack.
    pub excess: f64,
    pub horizon: usize,
    /// Whether conversions said more than counts.
    pub by_conversion: bool,
    /// Whether anything but counts spoke: outcomes, challenges. A surge alone may be growth.
    pub seen: bool,
    /// ln likelihood of the excess: of two scopes the greater explains more.
    pub weight: f64,
}

/// A chance below this is below the base rate and tells nothing, see [`points`].
const TELLS: f64 = 0.0019;

/// How likely the next newcomer of a scope is pumped; `None` where there is nothing to look at, or to tell.
pub(crate) fn suspect(
    reading: &Reading,
    company: &[Company],
    around: &Around,
    rivals: &Rivals,
    memo: &mut Memo,
) -> Option<Suspicion> {
    let horizons = (0..HORIZONS).filter_map(|horizon| Open::of(reading, horizon, around, rivals, memo));
    let mut open: ArrayVec<Open, HORIZONS> = horizons.collect();
    // What could come to most goes first: most of the others need no look then.
    open.sort_unstable_by(|a, b| b.at_most.total_cmp(&a.at_most));
    let (mut worst, mut least): (Option<Suspicion>, f64) = (None, TELLS);
    for open in &open {
        let Some(needed) = open.least(least) else { continue };
        let Some(found) = at_horizon(open, reading, company, around, rivals, needed, memo) else { continue };
        // Of two that say the same the shorter one is told.
        let more = |worst: &Suspicion| {
            found.own.total_cmp(&worst.own).then(worst.horizon.cmp(&found.horizon)).is_gt()
        };
        if worst.as_ref().is_none_or(more) {
            worst = Some(found);
            least = unstated(found.own).max(TELLS);
        }
    }
    worst
}

/// The figures of one horizon.
struct Figures {
    n: f64,
    m: f64,
    v: f64,
    e: f64,
    p: f64,
    kappa: f64,
    ln_n: f64,
    ln_e: f64,
    /// What every surge's likelihood shares.
    rise_n: f64,
}

/// How firmly a surge of any size is believed in.
const SURGE: f64 = 4.0;
/// ln gamma(SURGE) = ln 6
const LN_GAMMA_SURGE: f64 = 1.791_759_469_228_055;

fn f(values: &[f32; HORIZONS], horizon: usize) -> f64 {
    f64::from(values.get(horizon).copied().unwrap_or(0.0))
}

impl Figures {
    /// How likely the count is if the mean were so many times what was seen.
    fn surge(&self, factor: f64, ln_factor: f64) -> f64 {
        let sum = ln(SURGE + self.n * factor);
        let constant = SURGE * (2.0 * core::f64::consts::LN_2 - sum) - LN_GAMMA_SURGE;
        self.rise_n + constant + self.n * (self.ln_n + ln_factor - sum)
    }

    /// No belief about shares makes what converted likelier than this.
    fn best(&self) -> f64 {
        let (v, m) = (self.v.min(self.m), self.m);
        // All of all is certain, as is none of none.
        let times = |n: f64| if n > 0.0 && n < m { n * ln(n / m) } else { 0.0 };
        times(v) + times(m - v)
    }

    fn of(reading: &Reading, horizon: usize, pipe: f64) -> Self {
        let seen = f(&reading.seen, horizon);
        // Others' crossings and runs explain part of it: what is left is this attempt's company.
        let left = (seen - f(&reading.explained, horizon)).max(seen.min(1.0));
        let left = if is_wide(reading.scope) { left } else { seen };
        let kept = if seen > 0.0 { left / seen } else { 1.0 };
        let v = f(&reading.converted, horizon);
        let m = (f(&reading.matured, horizon) * kept).max(v);
        let e = f(&reading.expected, horizon).max(1e-4);
        // A rate that was learned from few outcomes is held less firmly.
        // A rate that belongs to a wider place holds less firmly in a part of it.
        let firm = match reading.scope {
            Scope::Country | Scope::Network | Scope::ProfileNetwork => f64::INFINITY,
            _ => 7.0,
        };
        let kappa = firmness(f64::from(reading.rate_of)).min(firm);
        // ln gamma(n + 4) - ln gamma(n + 1)
        let rise_n = ln((left + 1.0) * (left + 2.0) * (left + 3.0));
        let (ln_n, ln_e) = (ln(left.max(1e-9)), ln(e));
        let rate = (f64::from(reading.rate) * pipe).clamp(0.005, 0.995);
        Self { n: left, m, v, e, p: rate, kappa, ln_n, ln_e, rise_n }
    }

    /// How much the place wanders.
    fn size(&self, scope: Scope) -> f64 {
        let narrow = !is_wide(scope) && scope != Scope::ProfileNetwork;
        dispersion_at(self.ln_e) * if narrow { 0.5 } else { 1.0 }
    }
}

/// How firmly a rate is held that is worth so many outcomes.
fn firmness(outcomes: f64) -> f64 {
    4.0 + outcomes * 0.1
}

/// So many outcomes is a rate worth that is held so firmly.
pub(crate) fn worth(firm: f64) -> f64 {
    ((firm - 4.0) * 10.0).max(0.0)
}

/// Whether it holds people of all kinds: a place, or what a place and one thing in common make up.
fn is_place(scope: Scope) -> bool {
    use Scope::{ChannelNetwork, ClientNetwork, Country, Network, ProfileNetwork, WhenceNetwork};
    matches!(scope, Country | Network | ProfileNetwork | ClientNetwork | ChannelNetwork | WhenceNetwork)
}

pub(crate) fn is_wide(scope: Scope) -> bool {
    matches!(scope, Scope::All | Scope::Country | Scope::Network)
}

/// Where people ask from, not whom they ask for.
fn is_source(scope: Scope) -> bool {
    use Scope::{Address, Asn, Client, Device, Neighbourhood, Profile, User};
    matches!(scope, Address | Asn | Client | Device | Neighbourhood | Profile | User)
}

/// A wide place within the shortest horizon is under attack so many times more seldom. Guess.
const BRIEF: f64 = 0.1;
/// While attacks go on elsewhere, places are under attack so many times more often. Who is stopped looks for
/// the next network of its kind; most of an installation's days have no attack at all. Guess; source: 3.10
/// has five times for all of them.
const HEAT_PLACE: f64 = 6.0;
/// And runs of numbers, addresses, devices. Guess.
const HEAT_NARROW: f64 = 4.0;
/// The most that a prior comes to.
const PRIOR_MOST: f64 = 0.25;

/// The prior mass of attack in a kind of scope.
fn prior(reading: &Reading, horizon: usize, around: &Around, rivals: &Rivals) -> f64 {
    let kind = match reading.scope {
        Scope::Country | Scope::All => rivals.attack_country,
        Scope::Network | Scope::ChannelNetwork => rivals.attack_network,
        Scope::ProfileNetwork => rivals.attack_flow,
        Scope::ClientNetwork | Scope::WhenceNetwork => rivals.attack_crossing,
        Scope::Prefix2 | Scope::Prefix3 | Scope::Prefix4 => rivals.attack_prefix,
        Scope::Address | Scope::Neighbourhood | Scope::Asn | Scope::Profile | Scope::Client => {
            rivals.attack_source
        }
        Scope::Device | Scope::User => rivals.attack_person,
    };
    let price = (0.3 + 7.0 * around.price).min(3.0);
    // Within a quarter of an hour a wide place wanders more than its dispersion says: news, a queue that clears.
    let brief =
        if horizon == 0 && matches!(reading.scope, Scope::Country | Scope::Network) { BRIEF } else { 1.0 };
    let hot = f64::from(around.climate.heat).clamp(0.0, 1.0);
    let heat = 1.0 + hot * if is_place(reading.scope) { HEAT_PLACE } else { HEAT_NARROW };
    (kind * price * around.risky * heat * brief).min(PRIOR_MOST)
}

/// Strikes are remembered: who comes back is met at the first messages.
fn remembered(prior: f64, reading: &Reading) -> f64 {
    if reading.strikes <= 0.0 {
        return prior.min(0.25);
    }
    // Conversions wear the memory off.
    let [.., converted] = reading.converted;
    let left = f64::from(reading.strikes).min(2.5) * exp(-0.2 * f64::from(converted));
    (prior + 0.1 * left).min(0.25)
}

/// How likely a count is where so many are expected, as far as a place wanders.
struct Counted {
    n: f64,
    r: f64,
    ln_r: f64,
    ln_gamma_r: f64,
    /// What does not depend on how many are expected.
    rest: f64,
}

impl Counted {
    fn of(figures: &Figures, scope: Scope, memo: &mut Memo) -> Self {
        let (n, r) = (figures.n, figures.size(scope));
        let (ln_r, ln_gamma_r) = memo.size(r);
        Self { n, r, ln_r, ln_gamma_r, rest: rise_per_count(n, r) - ln_gamma_r }
    }

    /// The same of other counts of people of whom so many are expected.
    fn people(&self, mean: f64, ln_mean: f64) -> People<'_> {
        let sum = ln(self.r + mean);
        People { counted: self, constant: self.r * (self.ln_r - sum) - self.ln_gamma_r, each: ln_mean - sum }
    }

    fn ln(&self, mean: f64, ln_mean: f64) -> f64 {
        let sum = ln(self.r + mean);
        self.rest + self.r * (self.ln_r - sum) + self.n * (ln_mean - sum)
    }
}

/// How likely any count of people is where some are expected.
struct People<'a> {
    counted: &'a Counted,
    constant: f64,
    each: f64,
}

impl People<'_> {
    fn ln(&self, n: f64) -> f64 {
        rise_per_count(n, self.counted.r) + self.constant + n * self.each
    }
}

/// About the chance that a suspicion would have if its scope had never been struck.
pub(crate) fn without_memory(reading: &Reading, found: &Suspicion) -> f64 {
    let p = found.p.clamp(1e-9, 1.0 - 1e-9);
    let odds = p / (1.0 - p) * found.prior / remembered(found.prior, reading);
    odds / (1.0 + odds)
}

/// `None` as well where the chance cannot come to `least`: then most of the work is spared.
fn at_horizon(
    open: &Open,
    reading: &Reading,
    company: &[Company],
    around: &Around,
    rivals: &Rivals,
    least: f64,
    memo: &mut Memo,
) -> Option<Suspicion> {
    let Open { horizon, figures, counted, prior, as_usual, normal, .. } = open;
    let (horizon, as_usual) = (*horizon, *as_usual);
    let Figures { n, m, v, e, .. } = *figures;
    let mut terms = Terms::new();
    let control = Control::of(reading, horizon, rivals, memo);
    terms.add(1.0, *normal + control.well);
    if !rivals.outage_off {
        let count = counted.ln(1.15 * e, figures.ln_e + LN_MORE);
        terms.add(rivals.outage, count + memo.ln(horizon, Belief::Outage) + control.ill);
    }
    let surges = Surges::of(reading, horizon, figures, *prior, (control.well, as_usual), counted);
    if surges.at_most(&terms) < least {
        return None;
    }
    honest(&mut terms, reading, open, &surges, around, rivals, memo);
    if surges.at_most(&terms) < least {
        return None;
    }
    let outcomes = BbOf14::new(v, m);
    attack(&mut terms, figures, &surges, &outcomes, least)?;
    let (certain, share) = terms.chance();
    let told = stated(open.counts(certain));
    let odds = logit(share.clamp(1e-6, SHARE_MOST)) + alike(reading.scope, company, horizon, share * n);
    let outcomes = if m >= 2.0 { outcomes.ln(0.05) - as_usual } else { 0.0 };
    Some(Suspicion {
        p: told * share,
        own: told * sigma(odds),
        prior: open.base,
        excess: (1.0 - e / n.max(e)).max(0.0),
        horizon,
        by_conversion: outcomes > TOLD,
        // An order alone shuts nobody out: a company's new cards are counted up, too.
        seen: outcomes > TOLD
            // Fewer failures never come to so much.
            || (f(&reading.failures(), horizon) >= 0.8 && ln(challenge(reading, horizon, share)) > TOLD)
            || matches!(reading.scope, Scope::Device | Scope::User),
        weight: if n > e { n * (figures.ln_n - figures.ln_e) - (n - e) } else { 0.0 },
    })
}

/// From so many nats on outcomes or challenges have said something, that a surge is no growth. Guess.
const TOLD: f64 = 2.0;
/// However alike, nobody is surely of an attack.
const SHARE_MOST: f64 = 0.999;

/// ln 1.15: a route that is out makes people ask again.
const LN_MORE: f64 = 0.139_761_942_375_158_63;

/// The trusted of a place: what happens to them happens to the place, not to an attack.
struct Control {
    /// How likely what they do is if all is well.
    well: f64,
    /// And if nobody's outcomes arrive.
    ill: f64,
}

impl Control {
    fn of(reading: &Reading, horizon: usize, rivals: &Rivals, memo: &mut Memo) -> Self {
        let [_, matured, converted] = reading.trusted.filter(|_| !rivals.control_off).unwrap_or_default();
        let converted = f(&converted, horizon);
        let matured = f(&matured, horizon).max(converted);
        if matured < 1.0 {
            return Self { well: 0.0, ill: 0.0 };
        }
        let (well, ill) = memo.control(converted, matured);
        Self { well, ill }
    }
}

/// Growth, campaign, batch and sharing: honest reasons for more.
fn honest(
    terms: &mut Terms,
    reading: &Reading,
    open: &Open,
    surges: &Surges,
    around: &Around,
    rivals: &Rivals,
    memo: &mut Memo,
) {
    if rivals.growth_off {
        return;
    }
    let mut ln = |belief: Belief| memo.ln(open.horizon, belief);
    if !is_wide(reading.scope) {
        // Somebody mistypes and then types right, or asks for the other number he has.
        terms.add(rivals.mistyped, mistyped(open.figures.n) + ln(Belief::Mistyped));
    }
    let young = if around.climate.age_h < 48.0 { 3.0 } else { 1.0 };
    let Surges { well, as_usual, .. } = *surges;
    let once = young * STEP;
    let each = |terms: &mut Terms, weight: f64, ln: f64| terms.add(weight * surges.sum, surges.count + ln);
    match reading.scope {
        Scope::Prefix4 | Scope::Prefix3 | Scope::Prefix2 => {
            each(terms, rivals.batch * once, as_usual + order(reading));
        }
        Scope::Address | Scope::Neighbourhood | Scope::Asn | Scope::Client | Scope::Profile => {
            each(terms, rivals.shared * once, as_usual);
            // A company's list, or a counter in a shop: not all of them wanted to sign up.
            each(terms, 0.3 * rivals.shared * once, ln(Belief::Cold));
        }
        Scope::Device | Scope::User => each(terms, 0.02 * rivals.shared * once, as_usual),
        _ => {
            // What lifts a whole country is in the expectation of its parts.
            let part = match reading.scope {
                Scope::Country => 1.0,
                Scope::Network | Scope::ProfileNetwork => rivals.part,
                _ => 0.3 * rivals.part,
            };
            each(terms, part * rivals.growth * once, ln(Belief::Growth) + well);
            let part = if reading.scope == Scope::Country { 1.0 } else { 0.4 * part };
            each(terms, part * rivals.campaign * once, ln(Belief::Campaign) + well);
        }
    }
}

/// How likely a count is of somebody who mistypes: the negative binomial of 1.6 and size 8.
fn mistyped(n: f64) -> f64 {
    /// 8 ln(8 / 9.6) - ln gamma(8)
    const CONSTANT: f64 = -9.983_733_815_417_052;
    /// ln(1.6 / 9.6)
    const EACH: f64 = -1.791_759_469_228_055;
    let rise = ((n + 1.0) * (n + 2.0)) * ((n + 3.0) * (n + 4.0)) * ((n + 5.0) * (n + 6.0) * (n + 7.0));
    ln(rise) + CONSTANT + n * EACH
}

/// The length that a horizon is shown as, in seconds.
pub(crate) fn window_s(horizon: usize) -> u32 {
    TAU_S.get(horizon).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
