//! What was counted under the names of the first layout goes on, and a machine that still counts so is refused by name.

use super::super::name::{Holds, Name, Names};
use super::*;
use crate::store::contract::make::NOW_S;
use crate::store::tallies::Tallies as _;
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::need::Need;
use cofferdam_engine::{Needs, tally::Change};

fn needs() -> Needs {
    Needs::from_iter([Need { scope: LimitScope::Ip, key: 77, windows_s: [3_600, 0, 0], add: true }])
}

fn text(name: &[u8]) -> &str {
    std::str::from_utf8(name).unwrap()
}

#[tokio::test]
async fn what_was_counted_under_first_names_goes_on() {
    let Some(server) = Server::start() else { return };
    let before = node(&server.url(), 1).await.unwrap();
    for _ in 0..5 {
        before.count(&needs(), NOW_S).await.unwrap();
    }
    before.raise(&[Change::Prove { key: 9, at_s: NOW_S }]).await.unwrap();
    drop(before);
    // As a version of the first layout would have left it.
    let names = Names::of("cofferdam");
    let all =
        [(Holds::Mark, 0), (Holds::Limit, 77), (Holds::Proof, 9)].map(|(holds, key)| Name::new(holds, key));
    for name in all {
        server.say(&["rename", text(&names.text(name)), text(&names.first(name))]);
    }
    server.say(&["set", "cofferdam1:somebody else's", "stays"]);
    let ttl = |key: &[u8]| server.say(&["ttl", text(key)]).trim().parse::<i64>().unwrap();
    let left = ttl(&names.first(all[1]));
    assert!(left > 60);
    let after = node(&server.url(), 2).await.unwrap();
    let counted = after.count(&needs(), NOW_S).await.unwrap();
    assert_eq!(counted.seen[0].windows[0].seen, 6);
    let asked = cofferdam_engine::need::Inquiry { number: 9, ..Default::default() };
    assert_eq!(after.proofs(&asked).await.unwrap().number_s, Some(NOW_S));
    assert!((1..=left).contains(&ttl(&names.text(all[1]))), "it still ends");
    let first = server.say(&["--raw", "keys", "cofferdam1:*"]);
    assert_eq!(first.trim(), "cofferdam1:somebody else's");
}

#[tokio::test]
async fn a_machine_that_counts_under_first_names_is_refused_by_name() {
    let Some(server) = Server::start() else { return };
    let names = Names::of("cofferdam");
    let of = |holds, key| String::from_utf8(names.first(Name::new(holds, key))).unwrap();
    server.say(&["hset", &of(Holds::Nodes, 0), "12345", &NOW_S.to_string()]);
    server.say(&["set", &of(Holds::Lease, 12_345), "1", "EX", "100"]);
    let refused = node(&server.url(), 1).await.err().unwrap().to_string();
    assert!(refused.contains("earlier version") && refused.contains("stop all"), "{refused}");
    server.say(&["del", &of(Holds::Lease, 12_345)]);
    node(&server.url(), 1).await.unwrap();
}
