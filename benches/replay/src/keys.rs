//! What live keys add to an assessment in the process, evidence, limits and proofs together.

use crate::timed;
use cofferdam_engine::Channel;
use cofferdam_engine::policy::{Level, Policy};
use cofferdam_sim::{AttemptEvent, Judge as _, Ours};
use hashbrown::HashMap;
use std::hint::black_box;

const ROUNDS: usize = 9;
/// Calls of a round, at most; and never so many that people come again and again, which would be an attack.
const CALLS_MAX: u64 = 20_000;
/// An attempt leaves about so many keys of its own.
const KEYS_EACH: u64 = 16;
/// Records that an attempt of this kind touches, counted by hand: five proofs, eleven limits, its number and
/// session (asked, then marked), the run's last numbers, ten plain records and five rich ones; and
/// the plain ones once more at each of four steps of an older attempt's maturity.
const TOUCHES: u64 = 5 + 11 + 2 * 2 + 1 + 10 + 5 + 4 * 10;
/// How often people come, whatever their number: so busy an hour is the same share of all keys.
const EVERY_MS: u64 = 2 * 3_600_000;

type Bare = HashMap<u64, (u64, u64), foldhash::fast::FixedState>;

fn stir(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The `n`th person: own number, address, device, session and user.
fn attempt(n: u64, turn: u64, people: u64) -> AttemptEvent {
    let name = |what: &str| Some(format!("{what}{:x}", stir(n)));
    let [_, a, b, c, ..] = stir(n ^ 77).to_be_bytes();
    AttemptEvent {
        id: format!("{turn:x}"),
        at_ms: 1_795_261_200_000 + (turn * EVERY_MS / people) as i64,
        phone: format!("+4479{:08}", stir(n ^ 5) % 100_000_000),
        channel: Channel::Sms,
        price_micros: Some(40_000),
        ip: Some(format!("{}.{a}.{b}.{c}", 20 + stir(n ^ 9) % 100)),
        asn: Some((stir(n ^ 3) % 3_000) as u32),
        ip_country: Some("GB".into()),
        device_id: name("d"),
        session_id: name("s"),
        user_id: name("u"),
        user_agent: Some(format!("browser {}", stir(n ^ 4) % 40)),
        profile: Some("login".into()),
    }
}

pub fn added(most: u64) {
    println!(
        "CPU ns an assessment of somebody who came before, reading of names included; {TOUCHES} records touched"
    );
    println!(
        "{:>10} {:>10} {:>12} {:>12} {:>8} {:>10}",
        "live keys", "people", "assessment", "updates", "ratio", "bytes/key"
    );
    let (mut first, mut keys) = (None, 10_000);
    while keys <= most {
        let mut ours = Ours::new(Policy::builtin(Level::Standard));
        let (mut people, mut turn, about) = (0u64, 0u64, keys / KEYS_EACH);
        while (ours.size().keys as u64) < keys {
            let attempt = attempt(people, turn, about);
            black_box(ours.decide(&attempt, attempt.at_ms));
            (people, turn) = (people + 1, turn + 1);
        }
        let live = ours.size().keys as u64;
        let mut bare = Bare::default();
        for n in 0..live {
            bare.insert(stir(n), (n, n));
        }
        let calls = (people / 4).clamp(100, CALLS_MAX);
        let mut rounds = Vec::new();
        for round in 0..=ROUNDS {
            let drawn: Vec<AttemptEvent> =
                (0..calls).map(|n| attempt(stir(turn + n) % people, turn + n, about)).collect();
            turn += calls;
            let own = timed(|| {
                for attempt in &drawn {
                    black_box(ours.decide(attempt, attempt.at_ms));
                }
            });
            let names: Vec<u64> = (0..calls * TOUCHES).map(|n| stir(stir(turn ^ n) % live)).collect();
            let theirs = timed(|| {
                for key in &names {
                    let value = bare.entry(*black_box(key)).or_default();
                    *value = (value.0 + 1, value.1.max(turn));
                }
            });
            // The first only warms.
            if round > 0 {
                rounds.push((own * 1e9 / calls as f64, theirs * 1e9 / calls as f64));
            }
        }
        let middle = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let own = middle(rounds.iter().map(|round| round.0).collect());
        let theirs = middle(rounds.iter().map(|round| round.1).collect());
        let size = ours.size();
        println!(
            "{live:>10} {people:>10} {own:>12.0} {theirs:>12.0} {:>8.2} {:>10}",
            own / theirs,
            size.bytes / size.keys
        );
        let (own_first, theirs_first) = *first.get_or_insert((own, theirs));
        if keys * 10 > most {
            println!(
                "added from 10000 to {keys} keys: {:.2} of what the updates add",
                (own - own_first) / (theirs - theirs_first)
            );
        }
        keys *= 10;
    }
}
