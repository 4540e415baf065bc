//! What a judgement costs in the process, against the same number of random updates of a bare hash table
//! in the same run; the longest pause while the tables grow; bytes a key.
//!
//! `cargo run --release` in this folder; an argument sets the most live keys (default 10000000).

use cofferdam_atlas::{Country, Kind, Tariff};
use cofferdam_engine::attempt::{Attempt, Channel, Edition, Place, Source};
use cofferdam_engine::key::{Pseudonym, Realm};
use cofferdam_engine::known::{Identity, Known};
use cofferdam_engine::limit::{Limit, Limits};
use cofferdam_engine::policy::{Destinations, Level, Mode, Policy, Terms, WindowPlan};
use cofferdam_engine::table::Table;
use cofferdam_engine::tally::{LimitRecord, ProofRecord};
use cofferdam_engine::{Assessment, assess, identify, needs};
use cpu_time::ThreadTime;
use hashbrown::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

const NOW_S: u32 = 1_795_261_200;
const ROUNDS: usize = 25;

/// A count and a time: the least that a store of tallies keeps.
type Bare = HashMap<u64, (u64, u64), foldhash::fast::FixedState>;
/// As many bytes as a table keeps of a limit record: what the same would take without its index.
type Whole = HashMap<u64, [u64; 7], foldhash::fast::FixedState>;

fn main() {
    let most: u64 = std::env::args().nth(1).map_or(10_000_000, |n| n.parse().expect("a number of keys"));
    println!(
        "CPU ns an assessment (proofs, needs, counts, judgement), median of {ROUNDS} rounds in turn with"
    );
    println!(
        "the same number of random updates of hashbrown + foldhash, u64 to a count and a time, at the same number of keys,"
    );
    println!(
        "and, for comparison, of the same with values of 56 bytes, as much as is kept under a key here\n"
    );
    for (name, terms) in [("default limits", profile(false)), ("every limit on", profile(true))] {
        println!("{name}");
        println!(
            "{:>10} {:>9} {:>12} {:>12} {:>8} {:>12} {:>10}",
            "live keys", "touches", "assessment", "updates", "ratio", "of 56 bytes", "bytes/key"
        );
        let (mut first, mut keys) = (None, 10_000);
        while keys <= most {
            let row = row(&terms, keys);
            println!(
                "{:>10} {:>9} {:>12.0} {:>12.0} {:>8.2} {:>12.0} {:>10}",
                row.keys, row.touches, row.ours, row.bare, row.ratio, row.whole, row.bytes
            );
            let (ours, bare, whole) = *first.get_or_insert((row.ours, row.bare, row.whole));
            if keys >= most {
                println!(
                    "added from 10000 to {keys} keys: {:.2} of what the updates add, {:.2} of what those of 56 bytes add\n",
                    (row.ours - ours) / (row.bare - bare),
                    (row.ours - ours) / (row.whole - whole)
                );
            }
            keys *= 10;
        }
    }
    for keys in [10_000, 1_000_000.min(most)] {
        sharded(keys);
    }
    growth(most);
}

/// The default profile at standard, or one with a limit in every scope.
fn profile(every: bool) -> Terms {
    let mut limits = Limits::builtin(Level::Standard);
    if every {
        let high = vec![Limit { max: 1_000_000, window_s: 600 }, Limit { max: 10_000_000, window_s: 86_400 }];
        limits.user_agent = high.clone();
        limits.prefix = high.clone();
        limits.network = high.clone();
        limits.country = high.clone();
        limits.profile = high;
    }
    Terms {
        mode: Mode::Enforce,
        windows: WindowPlan::union([&limits]).expect("few windows"),
        limits,
        destinations: Destinations::All,
        locked_country: None,
        can_challenge: false,
        magic: None,
        evidence: true,
    }
}

/// Numbers that look drawn at random, the same ones in each run.
fn stir(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The `n`th attempt: its own number, address, device, session, user and so on.
fn attempt(n: u64) -> Attempt {
    let name = |what: u64| stir(n.wrapping_mul(16) + what);
    Attempt {
        at_ms: i64::from(NOW_S) * 1000,
        dice: n,
        realm: Realm(1),
        commons: Realm(2),
        profile: name(1),
        channel: Channel::Sms,
        price_micros: Some(50_000),
        place: Place {
            number: Pseudonym(u128::from(name(2)) << 64 | u128::from(name(3))),
            country: Country::from_iso2("GB"),
            network: Some(name(4) as u32),
            kind: Kind::Mobile,
            tariff: Tariff::Standard,
            fictional: true,
            shown: "+44770090".parse().expect("a prefix"),
            prefixes: [name(5), name(6), name(7)],
            last4: (n % 10_000) as u16,
        },
        source: Source {
            address: Some(name(8)),
            neighbourhood: Some(name(9)),
            device: Some(name(10)),
            session: Some(name(11)),
            user: Some(name(12)),
            user_agent: Some(name(13)),
            ..Source::default()
        },
        challenge_passed: false,
        edition: Edition::from("2026-11-20").expect("short"),
    }
}

struct Store {
    limits: Table<LimitRecord>,
    proofs: Table<ProofRecord>,
    policy: Policy,
}

impl Store {
    fn new() -> Self {
        Self {
            limits: Table::new(1 << 27),
            proofs: Table::new(1 << 27),
            policy: Policy::builtin(Level::Standard),
        }
    }

    fn judge(&mut self, attempt: &Attempt, terms: &Terms) -> Assessment {
        let asked = identify(attempt);
        let [number, device, user, number_device, number_user] = self.proofs.proved_all(&asked);
        let identity = Identity {
            number_proved_s: number,
            device_proved_s: device,
            user_proved_s: user,
            number_device_proved_s: number_device,
            number_user_proved_s: number_user,
            ..Identity::default()
        };
        let needs = needs(attempt, &identity, &self.policy, terms);
        let seen = self.limits.count_all(&needs, NOW_S);
        // Limits and proofs alone; evidence is in the benchmark of replay.
        let known = Known { identity, seen, ..Known::default() };
        assess(attempt, &known, &self.policy, terms)
    }
}

struct Row {
    keys: usize,
    touches: usize,
    ours: f64,
    bare: f64,
    ratio: f64,
    whole: f64,
    bytes: usize,
}

fn row(terms: &Terms, keys: u64) -> Row {
    let policy = Policy::builtin(Level::Standard);
    let one = needs(&attempt(0), &Identity::default(), &policy, terms);
    let (adds, touches) = (one.iter().filter(|need| need.add).count() as u64, one.len() + 5);
    let attempts = keys / adds;
    let mut store = Store::new();
    let (mut bare, mut whole) = (Bare::default(), Whole::default());
    for n in 0..attempts {
        let attempt = attempt(n);
        let asked = identify(&attempt);
        // Every second one proved a number before, though not this one with this device.
        if n % 2 == 0 {
            for key in [Some(asked.number), asked.device, asked.user].into_iter().flatten() {
                store.proofs.prove(key, NOW_S - 1000);
            }
        }
        for need in needs(&attempt, &Identity::default(), &policy, terms).iter().filter(|need| need.add) {
            store.limits.add(need.key, NOW_S, &need.windows_s, 1);
        }
    }
    let live = store.limits.len();
    for n in 0..live as u64 {
        bare.insert(stir(n), (n, n));
        whole.insert(stir(n), [n; 7]);
    }
    let calls = 20_000;
    let (mut turn, mut rounds) = (0u64, Vec::new());
    for round in 0..=ROUNDS {
        let drawn: Vec<Attempt> = (0..calls).map(|n| attempt(stir(turn + n) % attempts)).collect();
        turn += calls;
        let ours = timed(|| {
            for attempt in &drawn {
                black_box(store.judge(black_box(attempt), terms));
            }
        });
        let keys: Vec<u64> =
            (0..calls * touches as u64).map(|n| stir(stir(turn + n) % live as u64)).collect();
        let theirs = timed(|| {
            for key in &keys {
                let value = bare.entry(*black_box(key)).or_default();
                value.0 += 1;
                value.1 = value.1.max(turn);
            }
        });
        let wholly = timed(|| {
            for key in &keys {
                let value = whole.entry(*black_box(key)).or_default();
                value[0] += 1;
                value[6] = value[6].max(turn);
            }
        });
        // The first round only warms.
        if round > 0 {
            rounds.push((ours / calls as f64, theirs / calls as f64, wholly / calls as f64));
        }
    }
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Row {
        keys: live,
        touches,
        ours: middle(rounds.iter().map(|r| r.0).collect()),
        bare: middle(rounds.iter().map(|r| r.1).collect()),
        ratio: middle(rounds.iter().map(|r| r.0 / r.1).collect()),
        whole: middle(rounds.iter().map(|r| r.2).collect()),
        bytes: store.limits.bytes() / live,
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = ThreadTime::now();
    work();
    start.elapsed().as_nanos() as f64
}

/// The same tables as many shards behind plain locks: an attempt holds all of its locks at once.
fn sharded(keys: u64) {
    const SHARDS: usize = 512;
    let (terms, policy) = (profile(false), Policy::builtin(Level::Standard));
    let each = (1 << 27) / SHARDS;
    let shards: Vec<std::sync::Mutex<(Table<LimitRecord>, Table<ProofRecord>)>> =
        (0..SHARDS).map(|_| std::sync::Mutex::new((Table::new(each), Table::new(each)))).collect();
    let at = |key: u64| key as usize % SHARDS;
    let shard = |key: u64| shards[at(key)].lock().expect("no panic");
    // Locks are taken in one order, so that two attempts never wait for each other; once all are held, the
    // records of an attempt are looked for side by side.
    let lock = |keys: &[u64]| {
        let mut order: Vec<usize> = keys.iter().map(|key| at(*key)).collect();
        order.sort_unstable();
        order.dedup();
        let held: Vec<_> = order.iter().map(|at| shards[*at].lock().expect("no panic")).collect();
        let of: Vec<usize> = keys.iter().map(|key| order.binary_search(&at(*key)).expect("locked")).collect();
        (held, of)
    };
    let attempts = keys / 5;
    let judge = |attempt: &Attempt| {
        let asked = identify(attempt);
        let keys = [Some(asked.number), asked.device, asked.user, asked.number_device, asked.number_user]
            .map(Option::unwrap_or_default);
        let (held, of) = lock(&keys);
        let mut places = [None; 5];
        for n in 0..5 {
            places[n] = Some(held[of[n]].1.home_of(keys[n]));
        }
        for n in 0..5 {
            places[n] = places[n].map(|home| held[of[n]].1.look(home, keys[n]));
        }
        for n in 0..5 {
            places[n] = places[n].map(|place| held[of[n]].1.bring(keys[n], place));
        }
        let proved = |n: usize| places[n].and_then(|place| held[of[n]].1.proved_at(place, keys[n]));
        let identity = Identity {
            number_proved_s: proved(0),
            device_proved_s: proved(1),
            user_proved_s: proved(2),
            number_device_proved_s: proved(3),
            number_user_proved_s: proved(4),
            ..Identity::default()
        };
        drop(held);
        let needs = needs(attempt, &identity, &policy, &terms);
        let mut known = Known { identity, ..Known::default() };
        let keys: Vec<u64> = needs.iter().map(|need| need.key).collect();
        let (mut held, of) = lock(&keys);
        let homes: Vec<_> = keys.iter().zip(&of).map(|(key, of)| held[*of].0.home_of(*key)).collect();
        let guesses: Vec<_> =
            keys.iter().zip(&of).zip(homes).map(|((key, of), home)| held[*of].0.look(home, *key)).collect();
        let places: Vec<_> = keys
            .iter()
            .zip(&of)
            .zip(guesses)
            .map(|((key, of), guess)| held[*of].0.bring(*key, guess))
            .collect();
        for ((need, of), place) in needs.iter().zip(&of).zip(places) {
            known.seen.push(held[*of].0.count_at(place, need, NOW_S));
        }
        drop(held);
        assess(attempt, &known, &policy, &terms)
    };
    for n in 0..attempts {
        black_box(judge(&attempt(n)));
        if n % 2 == 0 {
            let key = identify(&attempt(n)).number;
            shard(key).1.prove(key, NOW_S);
        }
    }
    let mut rounds = Vec::new();
    for round in 0..ROUNDS as u64 {
        let drawn: Vec<Attempt> = (0..20_000).map(|n| attempt(stir(round * 20_000 + n) % attempts)).collect();
        rounds.push(timed(|| {
            for attempt in &drawn {
                black_box(judge(attempt));
            }
        }));
    }
    rounds.sort_by(f64::total_cmp);
    println!("{SHARDS} locked shards, default limits, {keys} keys: {:.0} ns", rounds[ROUNDS / 2] / 20_000.0);
}

/// Every assessment brings new keys: the longest one by this thread's CPU time, and by the clock.
fn growth(most: u64) {
    let (terms, mut store) = (profile(false), Store::new());
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    let mut n = 1 << 40;
    while (store.limits.len() as u64) < most {
        let attempt = attempt(n);
        let (c, w) = (ThreadTime::now(), Instant::now());
        black_box(store.judge(&attempt, &terms));
        keep(&mut cpu, c.elapsed());
        keep(&mut wall, w.elapsed());
        for key in [Some(identify(&attempt).number)].into_iter().flatten() {
            store.proofs.prove(key, NOW_S);
        }
        n += 1;
    }
    println!("longest assessments while growing to {} keys", store.limits.len());
    println!("  by this thread's CPU time: {cpu:?}");
    println!("  by the clock, with what else the machine did: {wall:?}");
    let (limits, proofs) = (&store.limits, &store.proofs);
    println!(
        "  bytes a key: limits {}, proofs {}",
        limits.bytes() / limits.len(),
        proofs.bytes() / proofs.len()
    );
    let resident = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = resident.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("").to_owned();
    println!("  {resident}");
    let mut longest = Vec::new();
    let (mut cursor, mut bytes) = (Some(cofferdam_engine::table::Cursor::default()), Vec::new());
    while let Some(from) = cursor {
        bytes.clear();
        let start = ThreadTime::now();
        cursor = store.limits.save(from, NOW_S, &mut bytes);
        keep(&mut longest, start.elapsed());
    }
    println!("longest steps of a save: {longest:?}");
}

/// Keeps the five longest.
fn keep(longest: &mut Vec<Duration>, one: Duration) {
    if longest.len() < 5 || longest.last().is_some_and(|least| one > *least) {
        longest.push(one);
        longest.sort_by(|a, b| b.cmp(a));
        longest.truncate(5);
    }
}
