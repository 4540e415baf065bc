//! What the parts of a judgement's mathematics cost: CPU ns a call, median of rounds.
//!
//! `cargo run --release --bin mathematics` in this folder.

use cofferdam_engine::math::{
    Bb, Nb, bb, beta_above, dispersion, ln_binomial, ln_gamma, log_sum_exp, nb, rise, rise_per_count,
};
use cofferdam_engine::pattern::challenge::Challenges;
use cofferdam_engine::pattern::distinct::Distinct;
use cofferdam_engine::pattern::early::delays;
use cofferdam_engine::pattern::order::order;
use cofferdam_engine::pattern::pace::pace;
use cofferdam_engine::pattern::sameness::{sameness, too_even};
use cpu_time::ThreadTime;
use std::hint::black_box;

const ROUNDS: usize = 31;
const CALLS: u32 = 4_000;

fn main() {
    counts_and_shares();
    posterior();
    patterns();
}

/// Calls `one` with 0, 1, 2 … and prints what one call costs.
fn cost<T>(name: &str, mut one: impl FnMut(f64) -> T) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = ThreadTime::now();
            for n in 0..CALLS {
                black_box(one(black_box(f64::from(n % 97) + 0.25)));
            }
            start.elapsed().as_nanos() as f64 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{name:<56} {:>8.0} ns", rounds[ROUNDS / 2]);
}

fn counts_and_shares() {
    cost("ln_gamma", |n| ln_gamma(n + 0.1));
    cost("rise", |n| rise(1.5, n));
    cost("dispersion", |n| dispersion(n * 3.0));
    cost("nb, all of it", |n| nb(n, 40.0, 4.0));
    let (nb, rise_4) = (Nb::new(40.0, 4.0), rise_per_count(30.0, 4.0));
    cost("  Nb::ln_at", |n| nb.ln_at(n));
    cost("  Nb::ln_given", |n| nb.ln_given(n, rise_4));
    cost("  Nb::with, constants of one expectation", |n| Nb::with(n, 4.0, 1.79));
    cost("bb, all of it", |n| bb(n / 3.0, n, 0.6, 14.0));
    cost("bb, nothing converted", |n| bb(0.0, n, 0.6, 14.0));
    let (belief, rise_14) = (Bb::new(0.6, 14.0), rise(14.0, 30.0));
    cost("  Bb::ln_given", |n| belief.ln_given(n / 4.0, 30.0, rise_14));
    cost("  Bb::ln_given, nothing converted", |_| belief.ln_given(0.0, 30.0, rise_14));
    cost("ln_binomial", |n| ln_binomial(n / 3.0, n, 0.3));
    let terms: Vec<(f64, f64)> = (0..60).map(|n| (-f64::from(n), -3.0 * f64::from(n % 7))).collect();
    cost("log_sum_exp of 60 terms", |_| log_sum_exp(&terms));
    cost("beta_above", |n| beta_above(0.35, 1.0 + n / 3.0, 2.0 + n));
}

/// Nine expectations with five rates each, and the rivals: what one suspicious scope and horizon costs.
fn posterior() {
    cost("posterior of one horizon: 9 expectations × 5 rates", |n| {
        let (m, v, p) = (n, n / 5.0, 0.6);
        let (rise_4, rise_14) = (rise_per_count(n, 4.0), rise(14.0, m));
        let challenges = Challenges::new(12.0, 4.0, 0.08);
        let mut terms = [(0.0, 0.0); 56];
        let mut at = 0;
        let mut keep = |term| {
            terms[at] = term;
            at += 1;
        };
        keep((0.0, nb(n, 10.0, dispersion(10.0)) + bb(v, m, p, 15.0)));
        keep((-5.5, nb(n, 11.5, 5.0) + bb(v, m, 0.1, 3.0)));
        for x in [1.4, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 300.0, 1000.0] {
            let count = Nb::with(10.0 * x, 4.0, 1.791_759).ln_given(n, rise_4);
            let f = 1.0 - 1.0 / x;
            let challenged = challenges.lr(f);
            keep((-7.0, count + bb(v, m, 0.95 * p, 12.0)));
            for q in [0.02, 0.2, 0.4, 0.6, 0.8] {
                let belief = Bb::new((1.0 - f) * p + f * q, 14.0);
                keep((-9.0, count + belief.ln_given(v, m, rise_14) + challenged));
            }
        }
        log_sum_exp(&terms)
    });
}

fn patterns() {
    let anywhere: Vec<u16> =
        (0..32u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 17) as u16 % 10_000).collect();
    let block: Vec<u16> = anywhere.iter().map(|n| 4_200 + n % 100).collect();
    let run: Vec<u16> = (0..32).map(|n| 4_200 + 7 * n).collect();
    let up: Vec<u16> = (0..32).map(|n| 4_200 + n).collect();
    cost("order, 32 people anywhere", |_| order(black_box(&anywhere)));
    cost("order, 8 people anywhere", |_| order(black_box(&anywhere[..8])));
    cost("order, 32 people in a block of 100", |_| order(black_box(&block)));
    cost("order, a run of 32 at step 7", |_| order(black_box(&run)));
    cost("order, a run of 32 at step 1 (the dearest)", |_| order(black_box(&up)));
    let mut distinct = Distinct::default();
    let mut n = 0u64;
    cost("distinct, add", |_| {
        n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
        distinct.add(n ^ (n >> 29));
    });
    cost("distinct, estimate", |_| black_box(&distinct).estimate());
    let shares = [0.4, 0.15, 0.1, 0.08, 0.06, 0.04, 0.03, 0.02, 0.12];
    cost("sameness", |n| sameness(&shares.map(|share| share * n), &shares));
    cost("too_even", |n| too_even(n, 1.0, 0.01));
    let eight = [0.01, 0.1, 0.32, 0.3, 0.14, 0.07, 0.04, 0.02];
    cost("delays", |n| delays(&eight.map(|share| share * n), &eight));
    let gaps: Vec<f64> = (0..16).map(|n| f64::from(n * 37 % 61) + 3.0).collect();
    cost("pace", |_| pace(black_box(&gaps), 1.0));
    let challenges = Challenges::new(40.0, 14.0, 0.08);
    cost("challenge, each share", |n| challenges.lr(n / 100.0));
}
