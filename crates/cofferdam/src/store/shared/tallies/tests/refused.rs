//! What will not do is refused at the start, by name and with what mends it, and no secret is told.

use super::*;
use crate::store::servers::redis::Server;

async fn refused(url: &str) -> String {
    let error = node(url, 1).await.err().expect("it is refused").to_string();
    assert!(!error.contains("horse"), "{error}");
    error
}

#[tokio::test]
async fn what_will_not_do_is_refused_by_name() {
    let Some(server) = Server::start_with(&["--requirepass", "right-horse"]) else { return };
    let at = |password: &str| format!("redis://:{password}@127.0.0.1:{}", server.port);
    assert!(node(&at("right-horse"), 1).await.is_ok());
    assert!(refused(&at("wrong-horse")).await.contains("password is wrong"));
    assert!(refused(&server.url()).await.contains("password is wrong"));
    drop(server);

    let evicts = Server::start_with(&["--maxmemory-policy", "allkeys-lru"]).unwrap();
    let error = refused(&evicts.url()).await;
    assert!(error.contains("`allkeys-lru`") && error.contains("set it to `noeviction`"), "{error}");
    evicts.say(&["config", "set", "maxmemory-policy", "noeviction"]);
    evicts.say(&["config", "set", "maxmemory", "1"]);
    assert!(refused(&evicts.url()).await.contains("raise its `maxmemory`"));
    evicts.say(&["config", "set", "maxmemory", "0"]);
    let follows = ["--replicaof", "127.0.0.1", &evicts.port.to_string()];
    let replica = Server::start_with(&follows).unwrap();
    assert!(refused(&replica.url()).await.contains("name the master"));

    let strict =
        RedisSettings { clock_apart_max: Some(std::time::Duration::from_mins(1)), ..settings(&evicts.url()) };
    let error = open(strict, SetClock::at(NOW_MS), SetDice::seeded(1)).await.err().unwrap().to_string();
    assert!(error.contains("seconds apart"), "{error}");
    let nobody = format!("redis://127.0.0.1:{}", evicts.port);
    drop((replica, evicts));
    assert!(refused(&nobody).await.contains("nobody listens there"));
}
