//! What the small script makes of limits is what the engine makes of them, byte for byte; attempts that go together
//! see one another, an attempt that is guarded counts nowhere, and all goes on where the servers are away.

use super::super::call::{Call, Step, Want};
use super::super::limits::limit_image;
use super::super::name::{Holds, Name};
use super::*;
use crate::clock::Dice as _;
use crate::store::contract::make::NOW_S;
use crate::store::servers::redis::moment;
use crate::store::tallies::Tallies as _;
use cofferdam_engine::known::Blind;
use cofferdam_engine::limit::{LimitScope, WINDOWS};
use cofferdam_engine::need::{Inquiry, Need};
use cofferdam_engine::tally::{Change, LimitRecord};
use cofferdam_engine::{Known, Needs};
use std::collections::BTreeMap;
use std::time::Duration;

fn of(key: u64) -> Inquiry {
    Inquiry { number: key, number_device: Some(key ^ 0xff00), ..Inquiry::default() }
}

fn need(key: u64, windows_s: [u32; WINDOWS]) -> Need {
    Need { scope: LimitScope::Ip, key, windows_s, add: true }
}

/// That the number was proved with the device.
fn proof(inquiry: &Inquiry) -> [Change; 2] {
    [inquiry.number, inquiry.number_device.unwrap()].map(|key| Change::Prove { key, at_s: NOW_S })
}

/// What the server has of a limit.
async fn stands(node: &SharedTallies, key: u64) -> Option<Vec<u8>> {
    let mut call = Call::new();
    call.steps.push(Step::look(Name::new(Holds::Limit, key)));
    node.inner.link.run(&call, Want::Olds).await.unwrap().pop().flatten()
}

#[tokio::test]
async fn limits_stand_as_the_engine_has_them_whatever_the_order_of_times() {
    let Some(server) = Server::start() else { return };
    let node = node(&server.url(), 1).await.unwrap();
    let plans = [[60, 3_600, 0], [3_600, 86_400, 60], [600, 600, 7], [0, 60, 0], [600, 0, 86_400]];
    let dice = SetDice::seeded(5);
    let roll = |most: u64| dice.roll() % most;
    let mut engine = BTreeMap::<u64, LimitRecord>::new();
    let mut at_s = NOW_S;
    for n in 0..3_000_u64 {
        at_s = match roll(40) {
            0 => at_s + 3_700,
            1 => at_s + 90_000,
            2 => at_s - 40,
            3 => at_s - 5_000,
            _ => at_s + roll(30) as u32,
        };
        let windows_s = plans[if n % 5 == 0 { roll(5) as usize } else { n as usize / 700 % 5 }];
        let (key, other) = (roll(6), 100 + roll(900));
        // Two limits may share a record, and a look comes before what is added.
        let look = Need { add: false, ..need(key ^ 1, windows_s) };
        let needs =
            Needs::from_iter([need(key, windows_s), look, need(other, windows_s), need(key, windows_s)]);
        let counted = node.count_alone(&of(1 << 40 | n), &needs, at_s).await.unwrap().counted.unwrap();
        let looked = engine.get(&(key ^ 1)).copied().unwrap_or_default();
        let mut seen = Vec::new();
        for need in &needs {
            let record = engine.entry(need.key).or_default();
            if need.add {
                record.add(at_s, &windows_s, 1);
            }
            seen.push(record.read(at_s, &windows_s));
        }
        assert_eq!(looked.read(at_s, &windows_s), seen[1]);
        let found: Vec<_> = counted.seen.iter().map(|seen| seen.windows).collect();
        assert_eq!(found, seen, "attempt {n} at {at_s}");
    }
    for (key, record) in &engine {
        let found = stands(&node, *key).await.unwrap_or_else(|| vec![0; 108]);
        assert_eq!(found, limit_image(record), "limit {key}");
    }
    // Each of them ends by itself.
    let lasting: Vec<String> = server.say(&["--raw", "keys", "*"]).lines().map(str::to_owned).collect();
    for key in lasting.iter().filter(|key| key.contains("}l")) {
        let left: i64 = server.say(&["ttl", key]).trim().parse().unwrap();
        assert!((1..=200_000).contains(&left), "{key} {left}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_go_together_see_one_another_and_the_guarded_count_nowhere() {
    let Some(server) = Server::start() else { return };
    let node = Arc::new(node(&server.url(), 1).await.unwrap());
    // Of every fourth the number was proved with the device.
    let proved: Vec<Change> = (0..400).step_by(4).flat_map(|n| proof(&of(n))).collect();
    node.raise(&proved).await.unwrap();
    // Of others the number was proved and with nothing they have, or the device's proof is left over from one forgotten.
    let apart = |n| Change::Prove { key: of(n).number, at_s: NOW_S };
    let left = |n| Change::Prove { key: of(n).number_device.unwrap(), at_s: NOW_S };
    node.raise(&[apart(1), apart(5), left(2), left(6)]).await.unwrap();
    let before = calls(&server);
    let all = (0..400).map(|n| {
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            let needs = Needs::from_iter([need(1 << 50, [600, 0, 0]), need(1 << 51 | n, [600, 0, 0])]);
            let alone = node.count_alone(&of(n), &needs, NOW_S).await.unwrap();
            assert_eq!(alone.counted.is_none(), n % 4 == 0);
            assert_eq!(alone.proofs.of_pair(), n % 4 == 0);
            let both = |counted: crate::store::tallies::Counted| {
                (counted.seen[0].windows[0].seen, counted.seen[1].windows[0].seen)
            };
            alone.counted.map(both)
        })
    });
    let mut seen = Vec::new();
    for one in all.collect::<Vec<_>>() {
        seen.extend(one.await.unwrap());
    }
    seen.sort_unstable();
    let expected: Vec<_> = (1..=300).map(|n| (n, 1)).collect();
    assert_eq!(seen, expected, "no two see the same of what they share, and each is the first of its own");
    assert_eq!(stands(&node, 1 << 51).await, None, "a guarded one leaves nothing");
    let calls = calls(&server) - before;
    assert!(calls < 200, "{calls} calls for four hundred at once");
}

/// How often scripts were called.
fn calls(server: &Server) -> u64 {
    let stats = server.say(&["info", "commandstats"]);
    let of = |name: &str| -> u64 {
        let line =
            stats.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:"))).unwrap_or_default();
        line.split(['=', ',']).nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    of("evalsha") + of("eval")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn away_it_counts_in_the_copy_and_back_the_servers_hear_of_it() {
    let Some(server) = Server::start() else { return };
    let settings = RedisSettings { timeout: Duration::from_millis(250), ..settings(&server.url()) };
    let node = open(settings, SetClock::at(NOW_MS), SetDice::seeded(key())).await.unwrap();
    let needs = Needs::from_iter([need(77, [3_600, 0, 0])]);
    node.raise(&proof(&of(1))).await.unwrap();
    for n in 0..5 {
        node.count_alone(&of(2 + n), &needs, NOW_S).await.unwrap();
    }
    assert!(node.count_alone(&of(1), &needs, NOW_S).await.unwrap().counted.is_none());
    server.pause();
    let mut told = 0;
    for n in 0..20 {
        let Err(why) = node.count_alone(&of(20 + n), &needs, NOW_S).await else {
            panic!("the server is paused")
        };
        told += u32::from(matches!(why, StoreError::Unknown(_)));
        assert_eq!(node.proofs_blind(&of(1)).unwrap().number_device_s, Some(NOW_S));
        let mut known = Known::default();
        assert!(node.count_alone_blind(&needs, NOW_S, &why, &mut known));
        assert_eq!(known.blind, Some(Blind::Tallies { nodes: 1 }));
        assert_eq!(known.seen[0].windows[0].seen, 6 + n as u32);
        assert!(known.evidence.readings.is_empty());
    }
    assert!(told <= 3, "{told} may have been taken");
    server.resume();
    for _ in 0..1_000 {
        if node.inner.link.away().is_none() {
            break;
        }
        tokio::task::spawn_blocking(moment).await.unwrap();
    }
    node.inner.flush().await;
    let counted = node.count_alone(&of(50), &needs, NOW_S).await.unwrap().counted.unwrap();
    // What may have been taken is not sent again.
    let seen = counted.seen[0].windows[0].seen;
    assert!((26 - told..=26).contains(&seen), "{seen} of 26, {told} unknown");
}
