//! Families that nobody can see, apart, with what cannot be helped by anybody who loses least.
//!
//! The best certainty about one of their messages is bounded. In a thin layer it is the layer's share of the place's
//! newcomers. Where all codes are entered as people enter them, only the surge is left, and growth explains that as
//! well: the certainty is then the odds of both priors. With it, challenging loses less than allowing only above a
//! price; what costs less than that leaks whoever judges.

use super::page::{percent, spread};
use super::{DENSITIES, Tables};
use cofferdam_engine::{Level, Policy};
use cofferdam_sim::attack::FAMILIES;
use std::fmt::Write as _;

/// A thin layer's share of a place's newcomers.
const LAYER: f64 = 0.1;
/// Of attacks, how many enter nearly all codes.
const ENTER_ALL: f64 = 0.1;

/// The best certainty about one message.
fn certainty(family: &str, policy: &Policy) -> f64 {
    if family == "thin_layer" {
        return LAYER;
    }
    let rivals = &policy.rivals;
    let attack = ENTER_ALL * rivals.attack_network;
    attack / (attack + rivals.part * (rivals.growth + rivals.campaign))
}

/// From which price, in micros, challenging loses less than allowing at a certainty.
fn from_price(certainty: f64, policy: &Policy) -> f64 {
    let weights = &policy.weights;
    let share = |ppm: u32| f64::from(ppm) / 1e6;
    let good = weights.friction_micros as f64
        + (1.0 - share(weights.challenge_pass_good_ppm)) * weights.user_worth_micros as f64;
    let saved =
        certainty * (1.0 - share(weights.challenge_pass_bad_ppm)) * f64::from(weights.invites_percent)
            / 100.0;
    (1.0 - certainty) * good / saved.max(1e-9)
}

/// The table.
pub fn table(tables: &Tables) -> String {
    let policy = Policy::builtin(Level::Standard);
    let mut text = String::from(
        "## Families that nobody can see\n\nNo goal. *Bound*: the share of their money in campaigns whose messages are too cheap to act on at the best certainty \
         that anybody can have: in a thin layer, its share of the newcomers (0.1); where every code is entered, the odds of an attack against growth \
         before anything is seen. Acting below that price loses more in good users than it saves.\n\n\
         | family | certainty at best | acts from a price of | thin: bound | leaked | busy: bound | leaked |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for family in FAMILIES.iter().filter(|family| !family.visible) {
        let sure = certainty(family.name, &policy);
        let price = from_price(sure, &policy);
        let _ = write!(text, "| `{}` | {} | {:.2} ", family.name, percent(sure), price / 1e6);
        for at in 0..DENSITIES.len() {
            let Some(runs) = tables.engine(at) else { continue };
            let purses = || runs.pooled.purses.iter().filter(|purse| purse.family == family.name);
            let whole: i64 = purses().map(|purse| purse.price_micros).sum();
            let cheap = |purse: &&cofferdam_sim::trial::Purse| {
                (purse.price_micros as f64) < price * purse.messages as f64
            };
            let lost: i64 = purses().filter(cheap).map(|purse| purse.price_micros).sum();
            let bound = if whole > 0 { percent(lost as f64 / whole as f64) } else { "–".to_owned() };
            let _ = write!(text, "| {bound} | {} ", spread(runs.pooled.leaked(|name| name == family.name)));
        }
        text.push_str("|\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thin_layer_is_acted_on_only_where_messages_are_dear() {
        let policy = Policy::builtin(Level::Standard);
        // 0.9 of a good user's tenth of a dollar against a twentieth of four messages.
        assert!((from_price(LAYER, &policy) - 450_000.0).abs() < 1.0);
        assert!(certainty("faked_all", &policy) < 0.5);
    }
}
