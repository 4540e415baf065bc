//! The page on scale: its tables are worked out here, from figures that were measured, and the page is
//! held to them. `COFFERDAM_WRITE=1 cargo test -p cofferdam-sim --test it scale -- --test-threads=1` writes
//! them anew.

use cofferdam_engine::evidence::{PlainRecord, RecentRecord, RichRecord};
use cofferdam_sim::shards::{Asked, Common, Load, Plan, Summed, Takes, play};
use std::fmt::Write as _;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/concepts/scale.md");
const SEED: u64 = 5;

/// What one core of Redis takes for calls of this shape, 16 deep: the anchors that the page shows. The script that ships takes
/// about as much ([`the_script_that_ships_takes_what_the_anchors_say`]).
const ANCHORS: Takes = Takes { call_us: 2.1, touch_us: 3.1, raise_us: 2.0, batch: BATCH };
/// What Redis takes of an attempt in `cargo xtask bench shared recipe` (`docs/benchmarks.md`): those in common are summed, and of
/// the four steps two fall into the rounds.
const MEASURED_US: f64 = 107.0;
const MEASURED_STEPS: f64 = 2.0;
/// Sums in one batch of a node.
const BATCH: u32 = 500;
/// Tags of keys: in a cluster each is a slot of its own.
const GROUPS: u32 = 32;
/// Shards are filled up to here, so that one that dies leaves room.
const FILL: f64 = 0.6;
const SHARDS: [u32; 6] = [1, 2, 4, 8, 16, 32];

/// A text message to a person nobody knows, from an address, with device, user and session.
fn asked() -> Asked {
    let common = |names, slope, weight| Common { names, slope, weight };
    Asked {
        common: vec![
            common(1, 0.0, 2.0),     // all
            common(200, 1.2, 2.0),   // country
            common(1_500, 1.1, 2.0), // network
            common(300, 1.1, 2.0),   // profile
            common(5_000, 1.1, 2.0), // profile and network
            common(500, 1.1, 1.0),   // browser or app
            common(3_000, 1.1, 1.0), // network of addresses
            common(5_000, 1.1, 1.0), // browser and network
            common(5_000, 1.1, 1.0), // whence and network
        ],
        // Proofs first; then seven scopes, number and session, newest numbers, and six limits.
        first: 5,
        second: 16,
        // The seven scopes become older four times.
        raised: 7,
        steps: 4,
    }
}

fn plan(takes: Takes, attempts_s: f64, shards: u32, summed: bool) -> Plan {
    // Alone, a server takes an attempt's keys in one call.
    let groups = if shards == 1 { 1 } else { GROUPS };
    let summed = summed.then_some(Summed { nodes: nodes(attempts_s), every_us: 50_000.0 });
    let takes = Takes { batch: BATCH / groups, ..takes };
    Plan { attempts_s, shards, groups, asked: asked(), takes, summed }
}

/// Processor time of a node for one assessment over Redis, of the same measurement.
const NODE_US: f64 = 100.0;

/// Nodes of two cores.
fn nodes(attempts_s: f64) -> u32 {
    (attempts_s * NODE_US / 1e6 / FILL / 2.0).ceil().max(3.0) as u32
}

fn cell(load: &Load, what: impl Fn(&Load) -> String) -> String {
    if load.busiest < 1.0 { what(load) } else { "falls behind".to_owned() }
}

fn simulated(takes: Takes, rates: &[f64]) -> String {
    let mut table = String::from(
        "| attempts/s | shards | common keys | calls an attempt | mean load | busiest shard | p50 | p99 |\n\
         | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for attempts_s in rates.iter().copied() {
        for shards in SHARDS {
            for summed in [false, true] {
                let load = play(&plan(takes, attempts_s, shards, summed), SEED);
                let time = |us: f64| format!("{:.2} ms", us / 1e3);
                let _ = writeln!(
                    table,
                    "| {} | {shards} | {} | {:.1} | {:.0} % | {:.0} % | {} | {} |",
                    thousands(attempts_s),
                    if summed { "summed" } else { "touched" },
                    load.calls,
                    load.mean * 100.0,
                    load.busiest * 100.0,
                    cell(&load, |load| time(load.p50_us)),
                    cell(&load, |load| time(load.p99_us)),
                );
            }
        }
    }
    table
}

/// Bytes that Redis answers an attempt with: records as they stood before, each with a head of some ten bytes.
fn answered(summed: bool) -> usize {
    let (plain, rich) = (PlainRecord::WORDS * 4 + 10, RichRecord::WORDS * 4 + 10);
    let common = if summed { 0 } else { 5 * rich + 4 * plain };
    let (recent, seen, limit, proof) = (RecentRecord::WORDS * 4 + 10, 20 + 10, 3 * 9 * 4 + 10, 4 + 10);
    common + 7 * plain + 2 * seen + recent + 6 * limit + 5 * proof
}

/// The fewest shards of which none is busier than `FILL`.
fn shards(takes: Takes, attempts_s: f64, summed: bool) -> String {
    // What nobody has in common is the least: fewer shards need not be played.
    let own_us = 21.0 * takes.touch_us + 28.0 * takes.raise_us;
    let enough = |shards: &u32| {
        attempts_s * own_us / 1e6 / f64::from(*shards) <= FILL
            && play(&plan(takes, attempts_s, *shards, summed), SEED).busiest <= FILL
    };
    SHARDS.into_iter().find(enough).map_or("more than 32".to_owned(), |shards| shards.to_string())
}

/// Of one assessment in the journal, among many; of a verification in PostgreSQL's log; of what stays of it.
const JOURNAL_B: f64 = 570.0;
const LOG_B: f64 = 7_600.0;
const KEPT_B: f64 = 4_200.0;
/// Rows a second that PostgreSQL wrote on two cores, eight in a statement, 64 callers: worst and best round.
const ROWS_S: [f64; 2] = [101_000.0, 62_000.0];

fn needed() -> String {
    let mut table = String::from("| | 10⁴ attempts/s | 10⁵ attempts/s |\n| --- | ---: | ---: |\n");
    let mut row = |what: &str, of: &dyn Fn(f64) -> String| {
        let _ = writeln!(table, "| {what} | {} | {} |", of(1e4), of(1e5));
    };
    let gbit = |rate: f64, summed| format!("{:.1} Gbit/s", rate * answered(summed) as f64 * 8.0 / 1e9);
    let day = |rate: f64, bytes: f64| format!("{:.2} TB", rate * bytes * 86_400.0 / 1e12);
    row("nodes of two cores", &|rate| nodes(rate).to_string());
    row("shards, common keys touched", &|rate| shards(ANCHORS, rate, false));
    row("shards, common keys summed", &|rate| shards(ANCHORS, rate, true));
    row("what Redis answers, common keys touched", &|rate| gbit(rate, false));
    row("what Redis answers, common keys summed", &|rate| gbit(rate, true));
    row("assessments alone: journal a second", &|rate| format!("{:.0} MB", rate * JOURNAL_B / 1e6));
    row("assessments alone: journal a day", &|rate| day(rate, JOURNAL_B));
    row("each a verification: rows a second, five each", &|rate| thousands(rate * 5.0));
    row("each a verification: PostgreSQL servers of two cores", &|rate| {
        let [few, many] = ROWS_S.map(|rows_s| (rate * 5.0 / rows_s / FILL).ceil());
        format!("{few:.0} to {many:.0}")
    });
    row("each a verification: PostgreSQL's log a second", &|rate| format!("{:.0} MB", rate * LOG_B / 1e6));
    row("each a verification: kept a day", &|rate| day(rate, KEPT_B));
    table
}

fn thousands(n: f64) -> String {
    format!("{:.0},{:03.0}", (n / 1e3).floor(), n % 1e3)
}

/// The part of the page between two marks.
fn held_to(name: &str, table: &str) {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let from = page.find(&open).unwrap_or_else(|| panic!("no `{open}`")) + open.len();
    let to = page.find(&close).unwrap_or_else(|| panic!("no `{close}`"));
    println!("{table}");
    if std::env::var_os("COFFERDAM_WRITE").is_some() {
        std::fs::write(PAGE, format!("{}{table}{}", &page[..from], &page[to..])).unwrap();
    } else {
        assert_eq!(
            &page[from..to],
            table,
            "the page is old: the head of this file says how it is written anew"
        );
    }
}

#[test]
fn the_page_tells_what_the_simulation_plays() {
    held_to("played", &simulated(ANCHORS, &[1e3, 1e4, 1e5]));
}

#[test]
fn the_script_that_ships_takes_what_the_anchors_say() {
    let Asked { first, second, raised, .. } = asked();
    let touched = f64::from(first + second) * ANCHORS.touch_us;
    let computed = 2.0 * ANCHORS.call_us + touched + f64::from(raised) * MEASURED_STEPS * ANCHORS.raise_us;
    println!("computed {computed:.0} µs, measured {MEASURED_US:.0}");
    assert!((computed / MEASURED_US - 1.0).abs() < 0.25, "the page's figures are not the program's any more");
}

#[test]
fn the_page_tells_what_is_needed() {
    held_to("needed", &needed());
}

#[test]
fn one_server_queues_as_theory_says() {
    // Calls that take 100 µs each, and fill half of its time.
    let asked = Asked { common: Vec::new(), first: 1, second: 0, raised: 0, steps: 0 };
    let takes = Takes { call_us: 90.0, touch_us: 10.0, raise_us: 1.0, batch: 1 };
    let plan = Plan { attempts_s: 5_000.0, shards: 1, groups: 1, asked, takes, summed: None };
    let load = play(&plan, SEED);
    assert!((load.busiest - 0.5).abs() < 0.02 && (load.mean - load.busiest).abs() < 1e-9, "{load:?}");
    assert!((load.calls - 1.0).abs() < 1e-9, "{load:?}");
    // Half find it idle. Of a queue with equal calls at a load of one half the tail falls by e^1.2564 a call, from 0.661:
    // one in a hundred waits 3.34 calls.
    assert!((100.0..103.0).contains(&load.p50_us) && (420.0..448.0).contains(&load.p99_us), "{load:?}");
    let full = play(&Plan { attempts_s: 12_000.0, ..plan }, SEED);
    assert!(full.busiest > 1.0 && full.p99_us > 100.0 * 100.0, "its queue only grows: {full:?}");
}

#[test]
fn a_hot_key_is_not_spread_by_shards_and_is_by_sums() {
    assert_eq!(
        play(&plan(ANCHORS, 1e4, 8, false), SEED),
        play(&plan(ANCHORS, 1e4, 8, false), SEED),
        "the same to the bit"
    );
    let busiest = |shards, summed| play(&plan(ANCHORS, 1e5, shards, summed), SEED).busiest;
    let hot = 1e5 * ANCHORS.touch_us * 2.0 / 1e6;
    assert!(busiest(32, false) > hot, "whoever holds `all` has at least that");
    assert!(busiest(32, true) < busiest(32, false) / 2.0);
    // Without common keys twice the shards take twice as much.
    let halved = busiest(16, true) / busiest(32, true);
    assert!((1.7..2.3).contains(&halved), "{halved}");
}
