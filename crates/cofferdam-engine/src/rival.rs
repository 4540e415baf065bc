//! Weighs rival explanations of what a scope has seen lately – normal, growth, campaign, outage, a shared
//! source, attack – and says how likely the *next* newcomer there is part of an attack.
//!
//! Nothing here is a threshold. The figures are the policy's ([`Rivals`]); the mathematics is that of the
//! detection paper, 3.5 to 3.7. The chance is never above the share of the traffic that is not expected:
//! a place full of people under a thin attack never has one near 1.

mod attack;
mod company;
mod stated;

pub(crate) use stated::points;

use crate::evidence::{Climate, Company, HORIZONS, Reading, Scope, TAU_S};
use crate::math::{Nb, bb, dispersion, exp, ln, ln_gamma, logit, nb, rise_per_count, sigma};
use arrayvec::ArrayVec;
use attack::{CHALLENGE_MOST, LEAST_SHARE, SIZES, STEP, Surges, attack, challenge, order};
use company::alike;
use serde::{Deserialize, Serialize};
use stated::stated;

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
            attack_flow: 0.012,
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
    /// Whether anything but counts spoke: outcomes, challenges, an order. A surge alone may be growth.
    pub seen: bool,
    /// ln likelihood of the excess: of two scopes the greater explains more.
    pub weight: f64,
}

#[derive(Debug, Clone, Copy)]
struct Term {
    weight: f64,
    ln: f64,
    /// Share of the newcomers that are attack if this holds.
    attack: f64,
}

struct Terms {
    all: ArrayVec<Term, 48>,
    /// The greatest likelihood among them.
    most: f64,
}

/// What lies so far below the greatest, in nats, changes no figure that is told.
const FAR_BELOW: f64 = 40.0;
/// A chance below this is below the base rate and tells nothing, see [`points`].
const TELLS: f64 = 0.0019;

impl Terms {
    fn add(&mut self, weight: f64, ln: f64, attack: f64) {
        if weight > 0.0 {
            self.most = self.most.max(ln);
            let _ = self.all.try_push(Term { weight, ln, attack });
        }
    }

    /// All of them, those that are attack, and what of their newcomers is, as parts of `exp(most)`.
    fn sums(&self) -> [f64; 3] {
        let [mut whole, mut attack, mut pumped] = [0.0; 3];
        for term in self.all.iter().filter(|term| term.ln > self.most - FAR_BELOW) {
            let weight = term.weight * exp(term.ln - self.most);
            whole += weight;
            if term.attack > 0.0 {
                attack += weight;
                pumped += weight * term.attack;
            }
        }
        [whole, attack, pumped]
    }

    /// The chance that there is an attack, and the share of the newcomers that is its own then.
    fn chance(&self) -> (f64, f64) {
        let [whole, attack, pumped] = self.sums();
        if attack > 0.0 { (attack / whole, pumped / attack) } else { (0.0, 0.0) }
    }

    /// The greatest chance that there could be if attacks came to `weight`, of likelihood `ln`.
    fn at_most(&self, weight: f64, ln: f64) -> f64 {
        let [whole, ..] = self.sums();
        let attack = weight * exp((ln - self.most).min(300.0));
        attack / (whole + attack)
    }
}

/// How likely the next newcomer of a scope is pumped; `None` where there is nothing to look at, or to tell.
pub(crate) fn suspect(
    reading: &Reading,
    company: &[Company],
    around: &Around,
    rivals: &Rivals,
) -> Option<Suspicion> {
    let mut worst: Option<Suspicion> = None;
    for horizon in 0..HORIZONS {
        let least = worst.map_or(TELLS, |worst| worst.own.max(TELLS));
        if let Some(found) = at_horizon(reading, company, horizon, around, rivals, least)
            && worst.is_none_or(|worst| found.own > worst.own)
        {
            worst = Some(found);
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
    r: f64,
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
    /// How likely the count is if the mean were `x`.
    fn surge(&self, x: f64) -> f64 {
        Nb::known(x, SURGE, 2.0 * core::f64::consts::LN_2, LN_GAMMA_SURGE).ln_given(self.n, self.rise_n)
    }

    /// No belief about shares makes what converted likelier than this.
    fn best(&self) -> f64 {
        let (v, m) = (self.v.min(self.m), self.m);
        let times = |n: f64| if n > 0.0 && m > 0.0 { n * ln(n / m) } else { 0.0 };
        times(v) + times(m - v)
    }

    /// The odds of attack against what is usual are at most this: surges are likeliest that are as large
    /// as what was seen. What the trusted do speaks for both alike.
    fn odds_at_most(&self, reading: &Reading, horizon: usize, prior: f64, normal: f64) -> f64 {
        let tried = if f(&reading.challenges, horizon) < 5.0 { 0.0 } else { CHALLENGE_MOST };
        let attack = -ln(SIZES * LEAST_SHARE * self.n.max(1.0)) + self.best() + order(reading) + tried;
        prior * exp((attack - normal).min(300.0))
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
        let narrow = !is_wide(reading.scope) && reading.scope != Scope::ProfileNetwork;
        let r = dispersion(e) * if narrow { 0.5 } else { 1.0 };
        // A rate that was learned from few outcomes is held less firmly.
        // A rate that belongs to a wider place holds less firmly in a part of it.
        let firm = match reading.scope {
            Scope::Country | Scope::Network | Scope::ProfileNetwork => 30.0,
            _ => 7.0,
        };
        let kappa = (4.0 + f64::from(reading.rate_of) * 0.1).min(firm);
        let rise_n = rise_per_count(left, SURGE);
        let rate = (f64::from(reading.rate) * pipe).clamp(0.005, 0.995);
        Self { n: left, m, v, e, rise_n, p: rate, kappa, r }
    }
}

/// Whether it holds people of all kinds: a place, or what a place and one thing in common make up.
fn is_place(scope: Scope) -> bool {
    use Scope::{ChannelNetwork, ClientNetwork, Country, Network, ProfileNetwork, WhenceNetwork};
    matches!(scope, Country | Network | ProfileNetwork | ClientNetwork | ChannelNetwork | WhenceNetwork)
}

pub(crate) fn is_wide(scope: Scope) -> bool {
    matches!(scope, Scope::All | Scope::Country | Scope::Network)
}

/// A wide place within the shortest horizon is under attack so many times more seldom. Guess.
const BRIEF: f64 = 0.1;
/// While attacks go on elsewhere, places are under attack so many times more often. Who is stopped looks for
/// the next network; most of an installation's days have no attack at all. Source: 3.10 has five.
const HEAT_PLACE: f64 = 6.0;
/// And runs of numbers, addresses, devices.
const HEAT_NARROW: f64 = 1.0;
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
    let hot = 1.0 - exp(-f64::from(around.climate.heat) / 20.0);
    let heat = 1.0 + hot * if is_place(reading.scope) { HEAT_PLACE } else { HEAT_NARROW };
    (kind * price * around.risky * heat * brief).min(PRIOR_MOST)
}

/// Strikes are remembered: who comes back is met at the first messages.
fn remembered(prior: f64, reading: &Reading) -> f64 {
    // Conversions wear the memory off.
    let [.., converted] = reading.converted;
    let left = f64::from(reading.strikes).min(2.5) * exp(-0.2 * f64::from(converted));
    (prior + 0.1 * left).min(0.25)
}

/// `None` as well where the chance cannot come to `least`: then most of the work is spared.
fn at_horizon(
    reading: &Reading,
    company: &[Company],
    horizon: usize,
    around: &Around,
    rivals: &Rivals,
    least: f64,
) -> Option<Suspicion> {
    let figures = Figures::of(reading, horizon, f(&around.climate.pipe, horizon));
    let Figures { n, m, v, e, p, kappa, r, .. } = figures;
    let strikes = f64::from(reading.strikes);
    if n < 1.3 * e && m < 6.0 && strikes < 0.2 {
        return None;
    }
    let base = prior(reading, horizon, around, rivals);
    let prior = remembered(base, reading);
    // Both say how much a place wanders: they share what of it is the same.
    let (rise_r, ln_gamma_r) = (rise_per_count(n, r), ln_gamma(r));
    let count = |mean: f64| Nb::with(mean, r, ln_gamma_r).ln_given(n, rise_r);
    let as_usual = bb(v, m, p, kappa);
    let normal = count(e) + as_usual;
    if figures.odds_at_most(reading, horizon, prior, normal) < least {
        return None;
    }
    let mut terms = Terms { all: ArrayVec::new(), most: f64::NEG_INFINITY };
    let control = Control::of(reading, horizon, rivals);
    terms.add(1.0, normal + control.well, 0.0);
    if !rivals.outage_off {
        terms.add(rivals.outage, count(1.15 * e) + bb(v, m, 0.1 * p / 0.7, 3.0) + control.ill, 0.0);
    }
    let surges = Surges::of(reading, horizon, &figures, prior, (control.well, as_usual));
    if surges.at_most(&terms) < least {
        return None;
    }
    honest(&mut terms, reading, &figures, &surges, around, rivals);
    if surges.at_most(&terms) < least {
        return None;
    }
    attack(&mut terms, &figures, &surges);
    let (mut certain, share) = terms.chance();
    if horizon + 1 == HORIZONS && !matches!(reading.scope, Scope::Device | Scope::User) {
        // The long one counts only while it is still going on.
        let (now, usual) = (f(&reading.seen, 1), f(&reading.expected, 1));
        certain *= (now / (1.5 * usual).max(1e-6)).clamp(0.2, 1.0);
    }
    if n < 2.5 && strikes < 0.2 {
        certain = certain.min(0.5);
    }
    let told = stated(certain);
    let odds = logit(share.clamp(1e-6, SHARE_MOST)) + alike(reading.scope, company, horizon, share * n);
    let outcomes = if m >= 2.0 { bb(v, m, 0.05, 14.0) - as_usual } else { 0.0 };
    let by_conversion = outcomes > 2.0;
    Some(Suspicion {
        p: told * share,
        own: told * sigma(odds),
        prior: base,
        excess: (1.0 - e / n.max(e)).max(0.0),
        horizon,
        by_conversion,
        seen: outcomes > TOLD
            || challenge(reading, horizon, share) > TOLD
            || order(reading) > 2.0
            || matches!(reading.scope, Scope::Device | Scope::User),
        weight: if n > e { n * ln(n / e) - (n - e) } else { 0.0 },
    })
}

/// From so many nats on outcomes or challenges have said something, that a surge is no growth. Guess.
const TOLD: f64 = 2.0;
/// However alike, nobody is surely of an attack.
const SHARE_MOST: f64 = 0.999;

/// The trusted of a place: what happens to them happens to the place, not to an attack.
struct Control {
    /// How likely what they do is if all is well.
    well: f64,
    /// And if nobody's outcomes arrive.
    ill: f64,
}

impl Control {
    fn of(reading: &Reading, horizon: usize, rivals: &Rivals) -> Self {
        let [_, matured, converted] = reading.trusted.filter(|_| !rivals.control_off).unwrap_or_default();
        let converted = f(&converted, horizon);
        let matured = f(&matured, horizon).max(converted);
        if matured < 1.0 {
            return Self { well: 0.0, ill: 0.0 };
        }
        Self { well: bb(converted, matured, 0.88, 10.0), ill: bb(converted, matured, 0.12, 3.0) }
    }
}

/// Growth, campaign, batch and sharing: honest reasons for more.
fn honest(
    terms: &mut Terms,
    reading: &Reading,
    figures: &Figures,
    surges: &Surges,
    around: &Around,
    rivals: &Rivals,
) {
    if rivals.growth_off {
        return;
    }
    let Figures { n, m, v, p, kappa, .. } = *figures;
    if !is_wide(reading.scope) {
        // Somebody mistypes and then types right, or asks for the other number he has.
        terms.add(rivals.mistyped, nb(n, 1.6, 8.0) + bb(v, m, 0.6 * p, 3.0), 0.0);
    }
    let young = if around.climate.age_h < 48.0 { 3.0 } else { 1.0 };
    let Surges { well, as_usual, .. } = *surges;
    let once = young * STEP;
    let each = |terms: &mut Terms, weight: f64, ln: f64| {
        for surge in &surges.honest {
            terms.add(weight, surge + ln, 0.0);
        }
    };
    match reading.scope {
        Scope::Prefix4 | Scope::Prefix3 | Scope::Prefix2 => {
            each(terms, rivals.batch * once, as_usual + order(reading));
        }
        Scope::Address | Scope::Neighbourhood | Scope::Asn | Scope::Client | Scope::Profile => {
            each(terms, rivals.shared * once, as_usual);
        }
        Scope::Device | Scope::User => each(terms, 0.02 * rivals.shared * once, as_usual),
        _ => {
            // What lifts a whole country is in the expectation of its parts.
            let part = match reading.scope {
                Scope::Country => 1.0,
                Scope::Network | Scope::ProfileNetwork => rivals.part,
                _ => 0.3 * rivals.part,
            };
            each(terms, part * rivals.growth * once, bb(v, m, 0.95 * p, kappa) + well);
            let part = if reading.scope == Scope::Country { 1.0 } else { 0.4 * part };
            each(terms, part * rivals.campaign * once, bb(v, m, 0.6 * p, 10.0) + well);
        }
    }
}

/// The length that a horizon is shown as, in seconds.
pub(crate) fn window_s(horizon: usize) -> u32 {
    TAU_S.get(horizon).copied().unwrap_or(0)
}
