//! Starts a second against one prepared statement that writes the same rows, on the same server with the
//! same promise. Not a test but a figure: it runs when it is asked for, and means something only in a
//! build that was optimised.

use super::super::*;
use super::Shared;
use crate::clock::{SetClock, Stopwatch};
use crate::store::contract::make::*;
use cofferdam_engine::limit::LimitScope;
use std::sync::atomic::{AtomicU64, Ordering};

const CALLERS: usize = 64;
const ROUND: Duration = Duration::from_secs(4);

/// The same tables with the same indexes but for none that only we need.
const TABLES: &str = "
CREATE TABLE verifications (id text PRIMARY KEY, number bytea NOT NULL, profile text NOT NULL, status int NOT NULL,
    expires_ms bigint NOT NULL, checks_left int NOT NULL, fixed bytea NOT NULL);
CREATE INDEX ON verifications (number);
CREATE INDEX ON verifications (expires_ms) WHERE status = 0;
CREATE TABLE attempts (id text PRIMARY KEY, verification text NOT NULL, status int NOT NULL, at_ms bigint NOT NULL,
    reserved bytea);
CREATE INDEX ON attempts (verification);
CREATE TABLE journal (seq bigserial PRIMARY KEY, at_ms bigint NOT NULL, body bytea NOT NULL);
CREATE INDEX ON journal (at_ms);
CREATE TABLE exact (name bytea PRIMARY KEY, n int NOT NULL);
CREATE TABLE idempotency (name bytea PRIMARY KEY, subject text NOT NULL);
";
const STATEMENT: &str = "
WITH v AS (INSERT INTO verifications VALUES ($1, $2, 'prf', 0, $3, 5, $4)),
     a AS (INSERT INTO attempts VALUES ($5, $1, 0, $3, $2)),
     j AS (INSERT INTO journal (at_ms, body) VALUES ($3, $6)),
     e AS (INSERT INTO exact VALUES ($2, 1) ON CONFLICT (name) DO UPDATE SET n = exact.n + 1)
INSERT INTO idempotency VALUES ($7, $1)";

static N: AtomicU64 = AtomicU64::new(0);

async fn plain_statement(url: &str) -> f64 {
    let mut callers = tokio::task::JoinSet::new();
    let since = Stopwatch::start();
    for _ in 0..CALLERS {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        callers.spawn(async move {
            let statement = client.prepare(STATEMENT).await.unwrap();
            let (fixed, body) = (vec![7_u8; 500], vec![7_u8; 900]);
            let (mut done, begun) = (0_u64, Stopwatch::start());
            while begun.elapsed() < ROUND {
                let n = N.fetch_add(1, Ordering::Relaxed);
                let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let number = [mixed.to_be_bytes(), n.to_be_bytes()].concat();
                let key = [mixed.to_le_bytes(), n.to_le_bytes(), [1; 8], [2; 8]].concat();
                let (id, attempt) = (format!("ver_{n:032}"), format!("att_{n:032}"));
                let at = n as i64;
                client
                    .execute(&statement, &[&id, &number, &at, &fixed, &attempt, &body, &key])
                    .await
                    .unwrap();
                done += 1;
            }
            done
        });
    }
    let mut done = 0;
    while let Some(one) = callers.join_next().await {
        done += one.unwrap();
    }
    done as f64 / since.elapsed().as_secs_f64()
}

async fn starts(records: &Arc<PostgresRecords>) -> f64 {
    let mut callers = tokio::task::JoinSet::new();
    let since = Stopwatch::start();
    for _ in 0..CALLERS {
        let records = Arc::clone(records);
        callers.spawn(async move {
            let (mut done, begun) = (0_u64, Stopwatch::start());
            while begun.elapsed() < ROUND {
                let n = N.fetch_add(1, Ordering::Relaxed);
                let mut start = start(&owner(), number(), NOW_MS + n as i64 / 4);
                start.reservations = vec![limit(LimitScope::Number, key(), 5, 600)];
                start.idempotency =
                    Some(IdempotencyKey { owner: owner(), scopes: "verify".into(), key: format!("key {n}") });
                assert_eq!(records.start(start).await.unwrap(), Started::Made);
                done += 1;
            }
            done
        });
    }
    let mut done = 0;
    while let Some(one) = callers.join_next().await {
        done += one.unwrap();
    }
    done as f64 / since.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a figure, not a test"]
async fn starts_against_one_statement_with_the_same_rows() {
    let Some(shared) = Shared::alone() else { return };
    shared.server.sql("postgres", "CREATE DATABASE plain");
    shared.server.sql("plain", TABLES);
    let records = Arc::new(shared.open(SetClock::at(NOW_MS), 1).await.unwrap());
    for _ in 0..3 {
        let one = plain_statement(&shared.server.url("plain")).await;
        let ours = starts(&records).await;
        println!("one statement {one:.0}/s, starts {ours:.0}/s: {:.2}", ours / one);
    }
}
