//! A start with something wrong ends within seconds, with a sentence that names the part and the mend.

use super::nodes::{Home, SECRET, place};
use crate::outside::server::{Place, alone};
use crate::servers::{postgres, redis};
use std::time::Duration;
use tokio::task::block_in_place;
use tokio::time::Instant;

/// How soon a start that is refused must have ended.
const SOON: Duration = Duration::from_secs(10);

/// Starts a place that must not start; all that it and `doctor` said, which must have every one of these words
/// and none of those.
pub async fn refused(what: &str, place: &Place, words: &[&str], never: &[&str]) {
    let mut server = place.launch();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = server.ended() {
            break status;
        }
        assert!(began.elapsed() < SOON, "{what}: it runs. It said:\n{}", server.said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let took = began.elapsed();
    server.kill();
    assert!(!status.success(), "{what}: it ended well");
    let said = String::from_utf8_lossy(&place.log()).into_owned();
    let config = place.settings_file().display().to_string();
    let doctor = block_in_place(|| place.command(&["doctor", "--config", &config]).output().unwrap());
    let told = String::from_utf8_lossy(&[doctor.stdout, doctor.stderr].concat()).into_owned();
    println!("{what}, after {took:?}:\n  serve:  {}\n  doctor: {}", said.trim(), told.trim());
    assert!(!doctor.status.success(), "{what}: doctor finds nothing wrong: {told}");
    for (who, told) in [("serve", &said), ("doctor", &told)] {
        let lower = told.to_lowercase();
        for word in words {
            assert!(lower.contains(&word.to_lowercase()), "{what}: {who} says nothing of `{word}`: {told}");
        }
        for word in never {
            assert!(!told.contains(word), "{what}: {who} shows `{word}`: {told}");
        }
    }
}

/// A port at which nobody listens.
fn nobody() -> u16 {
    crate::outside::server::free_port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_start_with_wrong_records_is_refused_by_name() {
    let _alone = alone().await;
    let Some(home) = Home::start().await else { return };
    let at = |url: &str| place(0, "", url, &home.redis_url());
    let gone = format!("postgresql://cofferdam:secret-horse@127.0.0.1:{}/cofferdam", nobody());
    refused("nobody at the address", &at(&gone), &["postgres"], &["secret-horse"]).await;
    let guarded = home.postgres.guarded_url("wrong-horse", "cofferdam");
    refused("a wrong password", &at(&guarded), &["postgres", "password"], &["wrong-horse"]).await;
    let nowhere = home.postgres.url("nowhere");
    refused("a database that is not there", &at(&nowhere), &["postgres", "nowhere"], &[]).await;
    home.postgres.sql(
        "postgres",
        "CREATE DATABASE strange ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    );
    refused("another encoding", &at(&home.postgres.url("strange")), &["postgres", "utf8"], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_start_with_wrong_tallies_is_refused_by_name() {
    let _alone = alone().await;
    let Some(home) = Home::start().await else { return };
    let at = |url: &str| place(0, "", &home.postgres_url(), url);
    let gone = format!("redis://:secret-horse@127.0.0.1:{}", nobody());
    refused("nobody at the address", &at(&gone), &["redis"], &["secret-horse"]).await;
    let Some(guarded) = block_in_place(|| redis::Server::start_with(&["--requirepass", "right-horse"]))
    else {
        return;
    };
    let wrong = format!("redis://:wrong-horse@127.0.0.1:{}", guarded.port);
    refused("a wrong password", &at(&wrong), &["redis", "password"], &["wrong-horse"]).await;
    refused("no password", &at(&guarded.url()), &["redis", "password"], &[]).await;
    assert_eq!(home.redis.say(&["config", "set", "maxmemory-policy", "allkeys-lru"]), "OK");
    refused(
        "keys that are thrown away",
        &at(&home.redis.url()),
        &["redis", "maxmemory-policy", "noeviction"],
        &[],
    )
    .await;
    assert_eq!(home.redis.say(&["config", "set", "maxmemory-policy", "noeviction"]), "OK");
    let port = home.redis.port.to_string();
    let Some(replica) = block_in_place(|| redis::Server::start_with(&["--replicaof", "127.0.0.1", &port]))
    else {
        return;
    };
    refused("a replica", &at(&replica.url()), &["redis", "replica"], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_node_with_another_key_or_an_older_program_is_refused_by_name() {
    let _alone = alone().await;
    let Some(home) = Home::start().await else { return };
    let first = place(0, "", &home.postgres_url(), &home.redis_url()).start().await;
    let other = SECRET.replace("00112233", "99112233");
    let stranger =
        place(1, "", &home.postgres_url(), &home.redis_url()).with("COFFERDAM_SECRETS__KEY", &other);
    refused("another secret key", &stranger, &["secret", "key"], &[&other[2..], &SECRET[2..]]).await;
    assert!(
        first.api(crate::outside::server::TEST).get("/v1/profiles").await.status == 200,
        "the first one is hurt"
    );
    first.kill();
    newer(&home.postgres);
    let older = place(2, "", &home.postgres_url(), &home.redis_url());
    refused("a newer schema", &older, &["postgres", "newer"], &[]).await;
}

/// Marks the store as one of a version to come, which no program of today may serve.
fn newer(postgres: &postgres::Server) {
    let of = "SELECT table_schema FROM information_schema.tables WHERE table_name = 'migrations'";
    let schema = postgres.sql("cofferdam", of);
    let columns = "(version, name, checksum, beside)";
    let row = format!("INSERT INTO {schema}.migrations {columns} VALUES (99, 'V99__to_come', '\\x00', 99)");
    postgres.sql("cofferdam", &row);
}
