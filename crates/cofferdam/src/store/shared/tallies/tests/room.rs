//! A server that is nearly full: what is new is kept for shorter, what stands is not.

use super::nodes::count;
use super::*;
use crate::store::contract::make::{attempt_facts, number};
use crate::store::servers::redis::Server;

/// How long the keys that hold `letter` are kept still, in seconds.
fn kept(server: &Server, letter: char) -> Vec<i64> {
    let all = server.say(&["keys", "*"]);
    let of = |name: &&str| name.split('}').nth(1).is_some_and(|rest| rest.starts_with(letter));
    all.lines().filter(of).map(|name| server.say(&["ttl", name]).parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_strangers_does_not_fill_the_server_for_days() {
    let Some(server) = Server::start() else { return };
    let node = node(&server.url(), 1).await.unwrap();
    count(&node, &attempt_facts(number(), NOW_MS), 1).await;
    node.inner.look_for_room().await.unwrap();
    assert!(kept(&server, 'p').iter().all(|ttl| *ttl > 4 * 86_400), "there is room");
    // As if it held so much that a tenth is left: tens of megabytes, or a few keys would be that tenth.
    server.say(&["setrange", "ballast", "50000000", "x"]);
    let used = server.say(&["info", "memory"]);
    let used = used.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    let most = used.trim().parse::<u64>().unwrap() * 100 / 92;
    assert_eq!(server.say(&["config", "set", "maxmemory", &most.to_string()]), "OK");
    let before = kept(&server, 'p').len();
    node.inner.look_for_room().await.unwrap();
    let mut stranger = attempt_facts(number(), NOW_MS);
    stranger.source.device = Some(key());
    count(&node, &stranger, 2).await;
    let plain = kept(&server, 'p');
    let short = plain.iter().filter(|ttl| **ttl < 900).count();
    assert!(short > 0 && plain.len() - short == before, "{plain:?}");
    assert!(kept(&server, 's').iter().any(|ttl| *ttl < 6_000), "numbers too");
    // Places and profiles are few and remembered.
    assert!(kept(&server, 'r').iter().all(|ttl| *ttl > 50 * 86_400));
    server.say(&["del", "ballast"]);
    node.inner.look_for_room().await.unwrap();
    assert_eq!(node.inner.full().bits(), 0);
}
