//! What live keys add to an assessment in the process, evidence, limits and proofs together.

use crate::timed;
use cofferdam_engine::Channel;
use cofferdam_engine::policy::{Level, Policy};
use cofferdam_sim::{AttemptEvent, Judge as _, Ours};
use hashbrown::HashMap;
use std::hint::black_box;

const ROUNDS: usize = 9;
const CALLS: u64 = 20_000;
/// Records that an attempt of this kind touches, counted by hand: five proofs, eleven limits, its number and
/// session (asked, then marked), the run's last numbers, ten plain records and five rich ones; and
/// the plain ones once more at each of four steps of an older attempt's maturity.
const TOUCHES: u64 = 5 + 11 + 2 * 2 + 1 + 10 + 5 + 4 * 10;
/// So many attempts a second pass, so that old ones mature and end as they do in life.
const A_SECOND: u64 = 10;

type Bare = HashMap<u64, (u64, u64), foldhash::fast::FixedState>;

fn stir(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The `n`th person: own number, address, device, session and user.
fn attempt(n: u64, turn: u64) -> AttemptEvent {
    let name = |what: &str| Some(format!("{what}{:x}", stir(n)));
    let [_, a, b, c, ..] = stir(n ^ 77).to_be_bytes();
    AttemptEvent {
        id: format!("{turn:x}"),
        at_ms: 1_795_261_200_000 + (turn / A_SECOND * 1000) as i64,
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
    println!("CPU ns an assessment of somebody who came before, reading of names included; {TOUCHES} records touched");
    println!("{:>10} {:>10} {:>12} {:>12} {:>8} {:>10}", "live keys", "people", "assessment", "updates", "ratio", "bytes/key");
    let (mut first, mut keys) = (None, 10_000);
    while keys <= most {
        let mut ours = Ours::new(Policy::builtin(Level::Standard));
        let (mut people, mut turn) = (0u64, 0u64);
        while (ours.size().keys as u64) < keys {
            black_box(decide(&mut ours, people, turn));
            (people, turn) = (people + 1, turn + 1);
        }
        let live = ours.size().keys as u64;
        let mut bare = Bare::default();
        (0..live).for_each(|n| drop(bare.insert(stir(n), (n, n))));
        let mut rounds = Vec::new();
        for round in 0..=ROUNDS {
            let drawn: Vec<AttemptEvent> =
                (0..CALLS).map(|n| attempt(stir(turn + n) % people, turn + n)).collect();
            turn += CALLS;
            let own = timed(|| drawn.iter().for_each(|attempt| drop(black_box(ours.decide(attempt, attempt.at_ms)))));
            let names: Vec<u64> = (0..CALLS * TOUCHES).map(|n| stir(stir(turn ^ n) % live)).collect();
            let theirs = timed(|| {
                for key in &names {
                    let value = bare.entry(*black_box(key)).or_default();
                    *value = (value.0 + 1, value.1.max(turn));
                }
            });
            // The first only warms.
            if round > 0 {
                rounds.push((own * 1e9 / CALLS as f64, theirs * 1e9 / CALLS as f64));
            }
        }
        let middle = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let own = middle(rounds.iter().map(|round| round.0).collect());
        let theirs = middle(rounds.iter().map(|round| round.1).collect());
        let size = ours.size();
        println!("{live:>10} {people:>10} {own:>12.0} {theirs:>12.0} {:>8.2} {:>10}", own / theirs, size.bytes / size.keys);
        let (own_first, theirs_first) = *first.get_or_insert((own, theirs));
        if keys * 10 > most {
            println!("added from 10000 to {keys} keys: {:.2} of what the updates add", (own - own_first) / (theirs - theirs_first));
        }
        keys *= 10;
    }
}

fn decide(ours: &mut Ours, person: u64, turn: u64) -> cofferdam_sim::Decided {
    let attempt = attempt(person, turn);
    ours.decide(&attempt, attempt.at_ms)
}
