//! Parse, validity, region and type of E.164 numbers: the atlas against `rlibphonenumber` with its fast `regex`
//! flavour, warm, the same mixed list in the same run, rounds in turn, CPU time. Then the atlas on lists made to
//! hurt it, against its own mean. Allocations are counted. Run with `cargo run --release`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicU64, Ordering};

use cofferdam_atlas::parse;
use rlibphonenumber::PHONE_NUMBER_UTIL;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed to the system's allocator as it came; only a number is kept beside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const TABLE: &str = "../../crates/cofferdam-atlas/tests/data/agreement.csv.gz";
const LIST: usize = 20_000;
const ROUNDS: usize = 15;
/// The atlas goes through the list this often a round, so that a round of either is long enough to be timed.
const PASSES: usize = 20;

fn cpu_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// A small generator, so that the lists are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn ours(list: &[String]) -> f64 {
    let start = cpu_ns();
    for _ in 0..PASSES {
        for text in list {
            let found = parse(black_box(text), None);
            black_box(
                found.map(|found| (found.strictly_valid, found.country, found.kind, found.tariff)).ok(),
            );
        }
    }
    (cpu_ns() - start) as f64 / (list.len() * PASSES) as f64
}

fn theirs(list: &[String]) -> f64 {
    let start = cpu_ns();
    for text in list {
        let util = &*PHONE_NUMBER_UTIL;
        let found = util.parse(black_box(text), None).ok().map(|number| {
            (
                util.is_valid_number(&number),
                util.get_region_for_number(&number),
                util.get_number_type(&number),
            )
        });
        black_box(found);
    }
    (cpu_ns() - start) as f64 / list.len() as f64
}

fn shuffled(mut list: Vec<String>, dice: &mut Dice) -> Vec<String> {
    for at in (1..list.len()).rev() {
        list.swap(at, dice.roll(at + 1));
    }
    list.truncate(LIST);
    list
}

fn digits(dice: &mut Dice, count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + dice.roll(10) as u8)).collect()
}

/// Lists that try to be slow: what misses every cache, walks deepest, is rewritten, or is nothing at all.
fn hostile(rows: &[(String, String)], dice: &mut Dice) -> Vec<(&'static str, Vec<String>)> {
    let alternating = |dice: &mut Dice| {
        let plain = rows.iter().filter(|row| row.0 == row.1 && row.0.len() <= 16);
        let list = shuffled(plain.map(|row| row.0.clone()).collect(), dice);
        // Two countries in turn, then the next two: no way through the table is walked twice running.
        let (mut some, mut others): (Vec<String>, Vec<String>) =
            list.into_iter().partition(|text| text.as_bytes()[1] < b'5');
        some.truncate(others.len());
        others.truncate(some.len());
        some.into_iter().zip(others).flat_map(|(one, other)| [one, other]).collect::<Vec<String>>()
    };
    let fiction = |dice: &mut Dice| -> Vec<String> {
        let one = |dice: &mut Dice| match dice.roll(3) {
            0 => format!("+1{}{}55501{}", 2 + dice.roll(8), digits(dice, 2), digits(dice, 2)),
            1 => format!("+447700900{}", digits(dice, 3)),
            _ => format!("+61491570{:03}", [6, 110, 156, 157, 158, 159, 313, 737][dice.roll(8)]),
        };
        (0..LIST).map(|_| one(dice)).collect()
    };
    let longest = |dice: &mut Dice| {
        let mut list: Vec<String> =
            rows.iter().map(|row| row.0.clone()).filter(|text| text.len() >= 14).collect();
        list.retain(|text| text.len() <= 16);
        shuffled(list, dice)
    };
    let rewritten = rows
        .iter()
        .filter(|row| !row.1.is_empty() && row.0 != row.1 && row.0.len() <= 16)
        .map(|row| row.0.clone());
    let invalid = rows.iter().filter(|row| row.1.is_empty() && row.0.len() <= 16).map(|row| row.0.clone());
    let (rewritten, invalid) = (rewritten.collect(), invalid.collect());
    let random = (0..LIST).map(|_| {
        let count = 6 + dice.roll(9);
        format!("+{}{}", 1 + dice.roll(9), digits(dice, count))
    });
    let random = random.collect();
    let area = |dice: &mut Dice| format!("+1{}{}", 2 + dice.roll(8), digits(dice, 9));
    let one = (0..LIST).map(|_| area(dice)).collect();
    vec![
        ("alternating countries", alternating(dice)),
        ("longest numbers", longest(dice)),
        ("national prefix after the calling code", shuffled(rewritten, dice)),
        ("invalid numbers", shuffled(invalid, dice)),
        ("random digits", random),
        ("random numbers of +1", one),
        ("numbers reserved for fiction", fiction(dice)),
    ]
}

fn main() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    let table = BufReader::new(flate2::read::GzDecoder::new(std::fs::File::open(path).expect("the table")));
    let rows: Vec<(String, String)> = table
        .lines()
        .map(|line| line.expect("a line"))
        .map(|line| {
            let mut fields = line.split(',').map(str::to_owned);
            (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
        })
        .collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let valid =
        rows.iter().filter(|row| row.0 == row.1 && row.0.len() <= 16).map(|row| row.0.clone()).collect();
    let mixed = shuffled(valid, &mut dice);
    let lists = hostile(&rows, &mut dice);

    (theirs(&mixed), ours(&mixed));
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    ours(&mixed);
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        own.push(ours(&mixed));
        other.push(theirs(&mixed));
    }
    let ratios = own.iter().zip(&other).map(|(own, other)| other / own).collect();
    let mean = median(own);
    println!(
        "{} valid numbers of all regions and types, E.164; medians of {ROUNDS} rounds in turn, CPU ns a number",
        mixed.len()
    );
    println!(
        "  cofferdam-atlas            {mean:8.1}   ({allocations} allocations in {} numbers)",
        mixed.len() * PASSES
    );
    println!("  rlibphonenumber, regex     {:8.1}", median(other));
    println!("  times faster               {:8.1}", median(ratios));
    println!("lists made to hurt (atlas; against its mean above)");
    for (name, list) in lists {
        measure(name, &list, mean);
    }
    println!(
        "other spellings (atlas; no goal; here the library behind it is its fast flavour, as shipped it is the small one)"
    );
    for (name, list) in spellings(&mixed) {
        measure(name, &list, mean);
    }
}

fn spellings(mixed: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let few = || mixed.iter().take(500);
    let spaced = |text: &String| format!("{} {} {}", &text[..3], &text[3..6], &text[6..]);
    vec![
        ("with spaces", few().map(spaced).collect()),
        ("00 for +", few().map(|text| text.replace('+', "00")).collect()),
        ("an extension", few().map(|text| format!("{text} ext. 12")).collect()),
        ("250 bytes of marks and digits", few().map(|text| format!("{text}{}", "- 7".repeat(78))).collect()),
        ("250 letters", few().map(|_| "a".repeat(250)).collect()),
        ("10 MB of digits", vec!["4".repeat(10_000_000)]),
    ]
}

fn measure(name: &str, list: &[String], mean: f64) {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    ours(list);
    let allocations = (ALLOCATIONS.load(Ordering::Relaxed) - before) / (PASSES * list.len()) as u64;
    let found = median((0..ROUNDS).map(|_| ours(list)).collect());
    let ratio = found / mean;
    println!(
        "  {name:<40} {found:10.1}   x {ratio:8.2}   {allocations} allocations each, {} numbers",
        list.len()
    );
}
