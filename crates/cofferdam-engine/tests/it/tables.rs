//! The table against a plain map, and at its ceiling.

use cofferdam_engine::table::{AT_REST, Cursor, KEPT, Record, Table, Touch};
use cofferdam_engine::tally::{LimitRecord, ProofRecord};
use std::collections::HashMap;

const WINDOWS_S: [u32; 3] = [600, 86_400, 0];
const START: u32 = 1_795_261_200;

/// Keys that look drawn at random, the same ones in each run.
fn key(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn seen(table: &Table<LimitRecord>, key: u64, at_s: u32) -> u32 {
    table.get(key).unwrap_or_default().read(at_s, &WINDOWS_S)[0].seen
}

#[test]
fn agrees_with_a_plain_map_over_many_splits() {
    let mut table = Table::<LimitRecord>::new(1 << 20);
    let mut plain = HashMap::<u64, u32>::new();
    for n in 0..200_000u64 {
        let key = key(n % 70_000 * (n % 3 + 1));
        table.add(key, START, &WINDOWS_S, 1);
        *plain.entry(key).or_default() += 1;
        let bytes = table.bytes() / table.len();
        assert!(bytes <= 200 || n < 200, "{bytes} bytes a key at {}", table.len());
    }
    assert_eq!(table.len(), plain.len());
    for (key, count) in &plain {
        assert_eq!(seen(&table, *key, START), *count);
    }
    assert_eq!(table.get(key(999_999_999)), None);
}

#[test]
fn a_batch_of_touches_is_each_touch_alone() {
    let (mut table, mut alone) = (Table::<LimitRecord>::new(3000), Table::<LimitRecord>::new(3000));
    for turn in 0..2000u64 {
        // More than fit a batch, some of them twice, and in the end more keys than there is room for.
        let touches: Vec<Touch> =
            (0..30).map(|n| Touch::sure(key(key(turn * 30 + n) % (100 + turn * 2)))).collect();
        let mut told = [0; 30];
        table.for_each_mut(&touches, START, |n, record| {
            record.add(START, &WINDOWS_S, 1);
            told[n] = record.read(START, &WINDOWS_S)[0].seen;
        });
        for (touch, told) in touches.iter().zip(told) {
            alone.add(touch.key, START, &WINDOWS_S, 1);
            assert!(told > 0 && told <= seen(&alone, touch.key, START), "turn {turn}");
        }
        let keys: Vec<u64> = touches.iter().map(|touch| touch.key).collect();
        table.for_each(&keys, |n, record| assert_eq!(record, alone.get(keys[n]), "turn {turn}"));
    }
    assert!(table.crowded() && table.len() == alone.len());
}

#[test]
fn a_doubtful_key_is_counted_from_its_second_touch() {
    let mut table = Table::<LimitRecord>::new(100_000);
    let mut add = |keys: std::ops::Range<u64>| {
        let touches: Vec<Touch> = keys.map(|n| Touch::doubtful(key(n))).collect();
        let mut called = 0;
        table.for_each_mut(&touches, START, |_, record| {
            record.add(START, &WINDOWS_S, 1);
            called += 1;
        });
        (called, table.len())
    };
    let (called, records) = add(0..10_000);
    assert!(called < 200 && records == called, "{called} of 10,000 were taken for others");
    assert_eq!(add(0..10_000).1, 10_000, "all came again");
    assert_eq!(add(0..10_000).0, 10_000);
    // A flood in which nobody comes twice takes hardly any room.
    let (called, records) = add(1_000_000..2_000_000);
    assert!(called < 30_000 && records == 10_000 + called, "{called} of a million");
}

/// A record that says itself what it is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Worthy(u32);

impl Record for Worthy {
    const SHARED: bool = false;
    const BYTES: usize = 4;
    type Packed = Self;
    type Line = ();
    const FREE: Self = Self(0);
    const WIDE: Self = Self(0);

    fn at_rest(&self, _: u32) -> bool {
        self.0 == AT_REST
    }
    fn worth(&self, _: u32) -> u32 {
        self.0
    }
    fn forget_ahead(&mut self, _: u32) {}
    fn pack(&self) -> Option<Self> {
        Some(*self)
    }
    fn unpack(from: &Self) -> Option<Self> {
        Some(*from)
    }
    fn weight(&self) -> u64 {
        u64::from(self.0)
    }
    fn save(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.0.to_le_bytes());
    }
    fn restore(from: &[u8]) -> Option<Self> {
        from.try_into().ok().map(|bytes| Self(u32::from_le_bytes(bytes)))
    }
}

#[test]
fn who_is_worth_least_leaves_first() {
    let mut table = Table::<Worthy>::new(4000);
    let mut put = |keys: std::ops::Range<u64>, worth: u32| {
        let touches: Vec<Touch> = keys.clone().map(|n| Touch::sure(key(n))).collect();
        table.for_each_mut(&touches, START, |_, record| record.0 = worth);
        let of = |keys: std::ops::Range<u64>| keys.filter(|n| table.get(key(*n)).is_some()).count();
        [of(0..1000), of(1000..2000), of(2000..4000), table.len()]
    };
    assert_eq!(put(0..1000, KEPT)[0], 1000);
    assert_eq!(put(1000..2000, 900)[1], 1000);
    put(2000..4000, 5);
    let [kept, worthy, cheap, all] = put(10_000..11_000, 7);
    assert_eq!([kept, all], [1000, 4000], "newcomers push out none that must be kept");
    assert!(worthy > 980, "{worthy} of a thousand");
    assert!((950..1050).contains(&cheap), "{cheap} of two thousand: those made room");
    // Where all must be kept, and none may be shared, a newcomer has to wait.
    let [kept, _, _, all] = put(20_000..40_000, KEPT);
    assert!(kept == 1000 && all == 4000);
    assert_eq!(put(50_000..60_000, 7), put(60_000..70_000, 7));
}

/// Some counts are too large for how a table keeps nearly all records.
#[test]
fn large_counts_are_kept_whole_until_they_are_at_rest() {
    let mut table = Table::<LimitRecord>::new(1000);
    let mut plain = LimitRecord::default();
    let adds = [32_767, 1, 1, 40_000, -80_000, -70_000, 1 << 30, -5];
    for (n, by) in adds.into_iter().enumerate() {
        let at = START + n as u32 * 50;
        table.add(key(1), at, &WINDOWS_S, by);
        table.add(key(2), at, &WINDOWS_S, 1);
        plain.add(at, &WINDOWS_S, by);
        assert_eq!(table.get(key(1)), Some(plain), "after {by}");
    }
    assert_eq!(seen(&table, key(2), START + 400), 8);
    let (mut bytes, mut again) = (Vec::new(), Table::<LimitRecord>::new(1000));
    table.save(Cursor::default(), START + 400, &mut bytes);
    again.restore(&bytes, START + 400).expect("what was saved");
    assert_eq!(again.get(key(1)), Some(plain));
    let later = START + 2 * 86_400;
    for n in 1000..1200 {
        again.add(key(n), later, &WINDOWS_S, 1);
    }
    assert_eq!(again.get(key(1)), None, "it was at rest and made room");
    again.add(key(1), later, &WINDOWS_S, 1);
    assert_eq!(seen(&again, key(1), later), 1);
}

#[test]
fn what_is_at_rest_makes_room() {
    let mut table = Table::<LimitRecord>::new(1000);
    for n in 0..1000 {
        table.add(key(n), START, &WINDOWS_S, 1);
    }
    let later = START + 2 * 86_400;
    for n in 1000..2000 {
        table.add(key(n), later, &WINDOWS_S, 1);
    }
    assert!(table.len() <= 1000);
    assert!(!table.crowded(), "the old ones were at rest");
    for n in 1000..2000 {
        assert_eq!(seen(&table, key(n), later), 1);
    }
    assert_eq!(table.get(key(5)), None);
}

/// While nothing is at rest the hand goes seldom; once something is, it goes as it always did.
#[test]
fn what_comes_to_rest_after_a_long_calm_leaves_as_soon() {
    let mut table = Table::<LimitRecord>::new(40_000);
    for n in 0..4_000 {
        table.add(key(n), START, &WINDOWS_S, 1);
    }
    let later = START + 2 * 86_400;
    for n in 4_000..10_000 {
        table.add(key(n), later, &WINDOWS_S, 1);
    }
    let old = (0..4_000).filter(|n| table.get(key(*n)).is_some()).count();
    assert_eq!((old, table.len()), (0, 6_000));
}

#[test]
fn a_flood_gives_nobody_a_limit_back() {
    let mut table = Table::<LimitRecord>::new(10_000);
    // A hundred keys at their limit of 10, fifty of them only once the table is full.
    for n in 0..50 {
        table.add(key(n), START, &WINDOWS_S, 10);
    }
    for n in 1_000_000..1_020_000 {
        table.add(key(n), START + 1, &WINDOWS_S, 1);
    }
    for n in 50..100 {
        table.add(key(n), START + 2, &WINDOWS_S, 10);
    }
    for n in 2_000_000..2_300_000 {
        table.add(key(n), START + 3, &WINDOWS_S, 1);
    }
    assert_eq!(table.len(), 10_000);
    assert!(table.crowded());
    for n in 0..100 {
        assert!(seen(&table, key(n), START + 4) >= 10, "key {n}");
    }
    for n in 0..50 {
        assert_eq!(seen(&table, key(n), START + 4), 10, "who was there first is counted exactly");
    }
    let bytes = table.bytes() / table.len();
    assert!(bytes <= 256, "{bytes} bytes a key");
}

#[test]
fn leaving_the_crowd_gives_nothing_back() {
    let mut table = Table::<LimitRecord>::new(1000);
    for n in 0..1000 {
        table.add(key(n), START, &[600, 0, 0], 1);
    }
    table.add(key(5000), START, &[86_400, 0, 0], 7);
    assert!(table.crowded());
    // The thousand are at rest; the newcomer gets a record of its own and keeps what it had.
    let later = START + 3600;
    table.add(key(5000), later, &[86_400, 0, 0], 1);
    let now = table.get(key(5000)).expect("counted").read(later, &[86_400, 0, 0]);
    assert_eq!(now[0].seen, 8);
}

#[test]
fn a_proof_is_never_shared() {
    let mut table = Table::<ProofRecord>::new(1000);
    for n in 0..2000 {
        table.prove(key(n), START);
    }
    assert_eq!(table.len(), 1000);
    let known = (0..100_000).filter(|n| table.proved_s(key(*n)).is_some()).count();
    assert_eq!(known, 1000, "strangers are not trusted for others' sake");
    table.prove(key(1), START - 10);
    assert_eq!(table.proved_s(key(1)), Some(START), "the later time stays");
}

#[test]
fn a_table_is_saved_in_steps_and_read_back() {
    let mut table = Table::<LimitRecord>::new(20_000);
    for n in 0..40_000 {
        table.add(key(n), START, &WINDOWS_S, (n % 7) as i32 + 1);
    }
    let (mut steps, mut cursor, mut most) = (Vec::new(), Some(Cursor::default()), 0);
    let mut below = 0;
    while let Some(from) = cursor {
        assert!(from.key >= below, "keys ascend");
        below = from.key;
        let mut bytes = Vec::new();
        cursor = table.save(from, START, &mut bytes);
        most = most.max(bytes.len());
        steps.push(bytes);
    }
    assert!(steps.len() > 8, "{} steps", steps.len());
    assert!(most < 256 * 1024, "a step of {most} bytes");
    let mut again = Table::<LimitRecord>::new(20_000);
    for step in &steps {
        again.restore(step, START).expect("what was saved");
    }
    assert_eq!(again.len(), table.len());
    let bytes = again.bytes() / again.len();
    assert!(bytes <= 256, "keys came in order: {bytes} bytes a key");
    for n in 0..40_000 {
        assert_eq!(seen(&again, key(n), START), seen(&table, key(n), START), "key {n}");
    }
    assert!(again.restore(&steps[0][..steps[0].len() - 1], START).is_err());
    assert!(again.restore(&[9; 117], START).is_err());
}

#[test]
fn a_change_while_saving_is_above_the_cursor_or_not_in_it() {
    let mut table = Table::<LimitRecord>::new(100_000);
    for n in 0..20_000 {
        table.add(key(n), START, &WINDOWS_S, 1);
    }
    let (mut bytes, mut cursor, mut late, mut turn) =
        (Vec::new(), Some(Cursor::default()), Vec::new(), 20_000u64);
    while let Some(from) = cursor {
        cursor = table.save(from, START, &mut bytes);
        for _ in 0..500 {
            let key = key(turn);
            table.add(key, START, &WINDOWS_S, 1);
            if cursor.is_some_and(|c| key < c.key) || cursor.is_none_or(|c| c.crowd.is_some()) {
                late.push(key);
            }
            turn += 1;
        }
    }
    let mut again = Table::<LimitRecord>::new(100_000);
    again.restore(&bytes, START).expect("what was saved");
    for key in late {
        again.add(key, START, &WINDOWS_S, 1);
    }
    assert_eq!(again.len(), table.len());
    for n in 0..turn {
        assert_eq!(seen(&again, key(n), START), 1, "key {n}");
    }
}

#[test]
fn keys_that_all_look_alike_are_bounded_and_still_counted() {
    let mut table = Table::<LimitRecord>::new(100_000);
    for n in 0..5_000u64 {
        table.add(n, START, &WINDOWS_S, 1);
    }
    assert!(table.bytes() < 200 << 20, "{}", table.bytes());
    for n in 0..5_000u64 {
        assert!(seen(&table, n, START) >= 1, "key {n}");
    }
}

#[test]
fn a_clock_set_back_over_a_restart_locks_nobody_out() {
    let mut table = Table::<LimitRecord>::new(1000);
    table.add(key(1), START, &WINDOWS_S, 9);
    let mut bytes = Vec::new();
    table.save(Cursor::default(), START, &mut bytes);
    let mut again = Table::<LimitRecord>::new(1000);
    let before = START - 3600;
    again.restore(&bytes, before).expect("what was saved");
    let seen = again.get(key(1)).expect("kept").read(before, &WINDOWS_S);
    assert_eq!(
        [seen[0].seen, seen[1].seen],
        [0, 9],
        "an hour is six windows of the one and none of the other"
    );
}

/// What is evicted was at rest: reading the table is reading records that were never evicted.
#[test]
fn eviction_is_never_seen() {
    let windows_s = [60, 600, 0];
    let mut table = Table::<LimitRecord>::new(20_000);
    let mut plain = HashMap::<u64, LimitRecord>::new();
    let (mut at, mut least) = (START, usize::MAX);
    for n in 0..120_000u64 {
        at += u32::from(n % 5 == 0);
        // Mostly newcomers, some of whom come again much later.
        let key = if n % 3 == 0 { key(key(n) % 20_000) } else { key(1_000_000 + n) };
        // Some are refused and given back, to the moment in which they were counted.
        for by in if n % 11 == 0 { vec![1, -1] } else { vec![1] } {
            table.add(key, at, &windows_s, by);
            plain.entry(key).or_default().add(at, &windows_s, by);
        }
        if n % 7 == 0 {
            let asked = self::key(key % 20_000);
            let expected = plain.get(&asked).copied().unwrap_or_default().read(at, &windows_s);
            assert_eq!(table.get(asked).unwrap_or_default().read(at, &windows_s), expected, "turn {n}");
        }
        if n > 60_000 {
            least = least.min(table.len());
        }
    }
    assert!(!table.crowded(), "the ceiling was not reached");
    assert!(table.len() < 10_000 && least > 500, "{} and {least} of {}", table.len(), plain.len());
    for (key, record) in &plain {
        let expected = record.read(at, &windows_s).map(|window| window.seen);
        let seen = table.get(*key).unwrap_or_default().read(at, &windows_s).map(|window| window.seen);
        assert_eq!(seen, expected);
    }
}
