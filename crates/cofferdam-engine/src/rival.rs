//! Weighs rival explanations of what a scope has seen lately – normal, growth, campaign, outage, a shared
//! source, attack – and says how likely the *next* newcomer there is part of an attack.
//!
//! Nothing here is a threshold. The figures are the policy's ([`Rivals`]); the mathematics is that of the
//! detection paper, 3.5 to 3.7. The chance is never above the share of the traffic that is not expected:
//! a place full of people under a thin attack never has one near 1.

use crate::evidence::{Climate, HORIZONS, Reading, Scope, TAU_S};
use crate::math::{BELIEF, Nb, bb, bb_of_14, dispersion, exp, ln, ln_gamma, logit, nb, rise, rise_per_count};
use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

/// Prior masses and strengths of the explanations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each default in `policy/levels.rs` states its meaning and source")]
pub struct Rivals {
    pub attack_country: f64,
    pub attack_network: f64,
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
            attack_country: 0.002,
            attack_network: 0.004,
            attack_crossing: 0.003,
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
    /// Chance that the next newcomer is pumped.
    pub p: f64,
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

/// Shares of codes that accomplices enter, with their weights.
const ENTERED: [(f64, f64); 5] = [(0.02, 0.70), (0.2, 0.12), (0.4, 0.08), (0.6, 0.06), (0.8, 0.04)];
/// Means tried around what was seen, as factors.
const AROUND: [f64; 5] = [0.55, 0.75, 1.0, 1.3, 1.75];
/// A surge could have been anything up to e^7 times the expected, alike in its logarithm; a step of
/// `AROUND` covers 0.29 of those seven.
const STEP: f64 = 0.29 / 7.0;

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

    /// All of them and their attacks, as parts of `exp(most)`.
    fn sums(&self) -> (f64, f64) {
        let (mut whole, mut attack) = (0.0, 0.0);
        for term in self.all.iter().filter(|term| term.ln > self.most - FAR_BELOW) {
            let weight = term.weight * exp(term.ln - self.most);
            whole += weight;
            attack += weight * term.attack;
        }
        (whole, attack)
    }

    fn chance(&self) -> f64 {
        let (whole, attack) = self.sums();
        if whole > 0.0 { attack / whole } else { 0.0 }
    }

    /// The greatest chance that there could be if attacks came to `weight`, of likelihood `ln`.
    fn at_most(&self, weight: f64, ln: f64) -> f64 {
        let (whole, _) = self.sums();
        let attack = weight * exp((ln - self.most).min(300.0));
        attack / (whole + attack)
    }
}

/// How likely the next newcomer of a scope is pumped; `None` where there is nothing to look at, or to tell.
pub(crate) fn suspect(reading: &Reading, around: &Around, rivals: &Rivals) -> Option<Suspicion> {
    let mut worst: Option<Suspicion> = None;
    for horizon in 0..HORIZONS {
        let least = worst.map_or(TELLS, |worst| worst.p.max(TELLS));
        if let Some(found) = at_horizon(reading, horizon, around, rivals, least)
            && worst.is_none_or(|worst| found.p > worst.p)
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
/// How firmly an attack's mixed rate is.
const MIXED: f64 = BELIEF;

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
    fn odds_at_most(&self, reading: &Reading, prior: f64, normal: f64) -> f64 {
        let tried = if reading.challenged < 5.0 { 0.0 } else { CHALLENGE_MOST };
        let attack = self.surge(self.n) + self.best() + order(reading) + tried;
        prior * STEP * AROUND.len() as f64 * exp((attack - normal).min(300.0))
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

pub(crate) fn is_wide(scope: Scope) -> bool {
    matches!(scope, Scope::All | Scope::Country | Scope::Network)
}

/// The prior mass of attack in a kind of scope.
fn prior(reading: &Reading, around: &Around, rivals: &Rivals) -> f64 {
    let kind = match reading.scope {
        Scope::Country | Scope::All => rivals.attack_country,
        Scope::Network | Scope::ChannelNetwork => rivals.attack_network,
        Scope::ProfileNetwork | Scope::ClientNetwork | Scope::WhenceNetwork => rivals.attack_crossing,
        Scope::Prefix2 | Scope::Prefix3 | Scope::Prefix4 => rivals.attack_prefix,
        Scope::Address | Scope::Neighbourhood | Scope::Asn | Scope::Profile | Scope::Client => {
            rivals.attack_source
        }
        Scope::Device | Scope::User => rivals.attack_person,
    };
    let price = (0.3 + 7.0 * around.price).min(3.0);
    let heat = 2.0 - exp(-f64::from(around.climate.heat) / 20.0);
    (kind * price * around.risky * heat).min(0.1)
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
    let base = prior(reading, around, rivals);
    let prior = remembered(base, reading);
    // Both say how much a place wanders: they share what of it is the same.
    let (rise_r, ln_gamma_r) = (rise_per_count(n, r), ln_gamma(r));
    let count = |mean: f64| Nb::with(mean, r, ln_gamma_r).ln_given(n, rise_r);
    let as_usual = bb(v, m, p, kappa);
    let normal = count(e) + as_usual;
    if figures.odds_at_most(reading, prior, normal) < least {
        return None;
    }
    let mut terms = Terms { all: ArrayVec::new(), most: f64::NEG_INFINITY };
    let control = Control::of(reading, horizon, rivals);
    terms.add(1.0, normal + control.well, 0.0);
    if !rivals.outage_off {
        terms.add(rivals.outage, count(1.15 * e) + bb(v, m, 0.1 * p / 0.7, 3.0) + control.ill, 0.0);
    }
    let surges = Surges::of(reading, &figures, control.well, as_usual, prior);
    if surges.at_most(&terms) < least {
        return None;
    }
    honest(&mut terms, reading, &figures, &surges, around, rivals);
    if surges.at_most(&terms) < least {
        return None;
    }
    attack(&mut terms, &figures, &surges);
    let mut chance = terms.chance();
    if horizon + 1 == HORIZONS && !matches!(reading.scope, Scope::Device | Scope::User) {
        // The long one counts only while it is still going on.
        let (now, usual) = (f(&reading.seen, 1), f(&reading.expected, 1));
        chance *= (now / (1.5 * usual).max(1e-6)).clamp(0.2, 1.0);
    }
    if n < 2.5 && strikes < 0.2 {
        chance = chance.min(0.5);
    }
    let excess = (1.0 - e / n.max(e)).max(0.0);
    let weight = if n > e { n * ln(n / e) - (n - e) } else { 0.0 };
    let by_conversion = m >= 2.0 && bb(v, m, 0.05, 14.0) - as_usual > 2.0;
    let seen = m >= 2.0
        || reading.challenged >= 5.0
        || order(reading) > 2.0
        || matches!(reading.scope, Scope::Device | Scope::User);
    Some(Suspicion { p: chance, prior: base, excess, horizon, by_conversion, seen, weight })
}

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

/// What surges of several sizes and attacks of that size have in common.
struct Surges {
    all: ArrayVec<Surge, { AROUND.len() }>,
    /// The weight of attacks of one size.
    prior: f64,
    /// No belief about shares makes what converted likelier than this.
    best: f64,
    /// How likely what the trusted do is if all is well.
    well: f64,
    /// How likely what converted is if people convert as ever.
    as_usual: f64,
}

struct Surge {
    /// How likely the count is.
    count: f64,
    /// The same and what else speaks, if it is attack.
    attack: f64,
    /// Share that is not expected.
    share: f64,
}

impl Surges {
    fn of(reading: &Reading, figures: &Figures, well: f64, as_usual: f64, prior: f64) -> Self {
        let Figures { n, e, .. } = *figures;
        let ordered = order(reading);
        let mut all = ArrayVec::new();
        for factor in AROUND {
            let x = n * factor;
            if x <= e {
                continue;
            }
            let (count, share) = (figures.surge(x), 1.0 - e / x);
            let attack = if share <= 0.05 {
                f64::NEG_INFINITY
            } else {
                count + well + (challenge(reading, share) + ordered)
            };
            all.push(Surge { count, attack, share });
        }
        Self { all, prior: prior * STEP, best: figures.best(), well, as_usual }
    }

    /// What is told of the place is at most this, whatever share of the attack's codes is entered.
    fn at_most(&self, terms: &Terms) -> f64 {
        let most = self.all.iter().fold(f64::NEG_INFINITY, |most, surge| most.max(surge.attack));
        if most == f64::NEG_INFINITY {
            return 0.0;
        }
        let sum: f64 = self.all.iter().map(|surge| surge.share * exp(surge.attack - most)).sum();
        terms.at_most(self.prior * sum, most + self.best)
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
        for surge in &surges.all {
            terms.add(weight, surge.count + ln, 0.0);
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

fn attack(terms: &mut Terms, figures: &Figures, surges: &Surges) {
    let Figures { m, v, p, .. } = *figures;
    let rise_m = rise(MIXED, m);
    for Surge { attack, share, .. } in surges.all.iter().rev() {
        if attack + surges.best < terms.most - FAR_BELOW {
            continue;
        }
        if m <= 0.0 {
            // Nothing came of it yet, whatever share is entered.
            terms.add(surges.prior, *attack, *share);
            continue;
        }
        for (entered, weight) in ENTERED {
            let mixed = (1.0 - share) * p + share * entered * p.max(0.5);
            terms.add(surges.prior * weight, attack + bb_of_14(v, m, mixed, rise_m), *share);
        }
    }
}

/// Good people fail a challenge so often. Guess: between the published 8 % and one in eight.
const GOOD_FAIL: f64 = 0.10;
/// Shares of challenges that attackers pass, with their weights. Who buys solving passes most, and pays more
/// for it than many a message costs. Guess.
const PASSES: [(f64, f64); 4] = [(0.05, 0.4), (0.35, 0.3), (0.65, 0.2), (0.9, 0.1)];
/// The most that challenges say.
const CHALLENGE_MOST: f64 = 8.0;

/// Who fails challenges, and how often: outcomes that arrive in seconds.
fn challenge(reading: &Reading, share: f64) -> f64 {
    let (asked, failed) = (f64::from(reading.challenged), f64::from(reading.failed));
    if asked < 5.0 {
        return 0.0;
    }
    let failed = failed.min(asked);
    let mut mean = 0.0;
    for (passes, weight) in PASSES {
        let fails = (1.0 - share) * GOOD_FAIL + share * (1.0 - passes);
        // In how many ways so many fail is the same for both.
        let passed = asked - failed;
        let ln = failed * ln(fails / GOOD_FAIL) + passed * ln((1.0 - fails) / (1.0 - GOOD_FAIL));
        mean += weight * exp(ln);
    }
    ln(mean.max(1e-9)).clamp(-4.0, CHALLENGE_MOST)
}

fn order(reading: &Reading) -> f64 {
    reading.order.map_or(0.0, |(nats, _)| f64::from(nats)).clamp(-1.0, 6.0)
}

/// Points of a suspicion: how far it is from the base rate, in thousandths of log-odds, so that alone
/// it comes to its own chance.
pub(crate) fn points(found: &Suspicion) -> i32 {
    let moved = calibrated(logit(found.p.clamp(1e-6, 1.0 - 1e-6))) - BASE;
    libm::round(1000.0 * moved) as i32
}

/// What a chance was found to be worth, in log-odds: middle ones are said too high by the rivals, since a
/// place under a thin attack is mostly full of people. From made-up worlds of both densities; monotone.
const CALIBRATION: [(f64, f64); 10] = [
    (-6.0, -6.0),
    (-2.2, -2.4),
    (-1.1, -1.8),
    (-0.2, -1.15),
    (0.6, -0.6),
    (1.1, 0.2),
    (1.8, 1.1),
    (3.4, 2.8),
    (4.6, 4.6),
    (14.0, 14.0),
];

fn calibrated(raw: f64) -> f64 {
    let mut below = (-14.0, -14.0);
    for above in CALIBRATION {
        if raw <= above.0 {
            return below.1 + (raw - below.0) * (above.1 - below.1) / (above.0 - below.0);
        }
        below = above;
    }
    below.1
}

/// ln(0.002 / 0.998): the base rate of the policy.
const BASE: f64 = -6.213;

/// The length that a horizon is shown as, in seconds.
pub(crate) fn window_s(horizon: usize) -> u32 {
    TAU_S.get(horizon).copied().unwrap_or(0)
}
