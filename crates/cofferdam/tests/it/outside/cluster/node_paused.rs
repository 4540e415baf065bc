//! A node is paused between its intent and its message: others settle what it held, and it sends nothing of it
//! when it goes on.

use super::nodes::{Home, place};
use crate::outside::api::Api;
use crate::outside::dice::live;
use crate::outside::kill_9::only;
use crate::outside::server::{Server, alone, until};
use crate::outside::simulator::{Behaviour, Simulator};
use serde_json::json;
use std::process::Command;
use std::time::Duration;
use tokio_postgres::NoTls;

/// How soon others take over what a silent node held.
const SOON: Duration = Duration::from_secs(10);
/// How long a node may wait for PostgreSQL here: it is paused for longer than it usually would.
const PATIENT: &str = "60000";
/// What inserts of attempts wait for, once told to.
const GATE: i64 = 4_242;

fn signal(node: &Server, how: &str) {
    let sent = Command::new("kill").args([how, &node.pid().to_string()]).status().unwrap();
    assert!(sent.success(), "{how} was not sent");
}

async fn start(api: &Api, to: &str) -> crate::outside::api::Answer {
    let body = json!({ "to": to, "profile": "plain" });
    let key = format!("once-{to}");
    api.send("POST", "/v1/verifications", &[("Idempotency-Key", &key)], Some(&body)).await.expect("an answer")
}

/// A session at the database which closes the gate, and opens it when told to.
async fn keeper(home: &Home) -> tokio_postgres::Client {
    home.postgres.sql(
        "cofferdam",
        &format!(
            "CREATE FUNCTION cofferdam.wait() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NEW; END $$; \
             CREATE TRIGGER wait BEFORE INSERT ON cofferdam.attempts FOR EACH ROW EXECUTE FUNCTION cofferdam.wait()"
        ),
    );
    let (client, connection) = tokio_postgres::connect(&home.postgres.url("cofferdam"), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn count(client: &tokio_postgres::Client, of: &str) -> i64 {
    client.query_one(&format!("SELECT count(*) FROM {of}"), &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_was_paused_sends_nothing_that_others_settled() {
    let _alone = alone().await;
    let Some(home) = Home::start().await else { return };
    let provider = Simulator::start(Behaviour::Accept).await;
    let settings = format!("routes = [\"a\"]\n{}", provider.settings("a", 5));
    let at = |n| place(n, &settings, &home.postgres_url(), &home.redis_url());
    let (paused, lives) = (at(0).with("COFFERDAM_STORE__POSTGRES_TIMEOUT_MS", PATIENT), at(1));
    let (paused, lives) = tokio::join!(paused.start(), lives.start());
    let keys = paused.tenant("paused").await;
    let profile =
        json!({ "name": "plain", "mode": "shadow", "resend_after_s": 1, "limits": only(&json!({})) });
    paused.api(&keys.manage).post("/v1/profiles", profile).await.want(201);
    let (here, there) = (paused.api(&keys.live), lives.api(&keys.live));
    until("the tenant and its profile are known at both", SOON, || async {
        lives.api(&keys.manage).get("/v1/profiles").await.text.contains("\"plain\"")
    })
    .await;
    start(&here, &live(63_000)).await.want(201);
    // The insert of the attempt waits; COMMIT stands behind it on the same wire.
    let keeper = keeper(&home).await;
    keeper.execute("SELECT pg_advisory_lock($1)", &[&GATE]).await.unwrap();
    let to = live(63_001);
    let call = tokio::spawn({
        let (here, to) = (here.clone(), to.clone());
        async move { start(&here, &to).await }
    });
    until("the intent waits at the gate", SOON, || async {
        count(&keeper, "pg_locks WHERE NOT granted AND locktype = 'advisory'").await == 1
    })
    .await;
    signal(&paused, "-STOP");
    keeper.execute("SELECT pg_advisory_unlock($1)", &[&GATE]).await.unwrap();
    let took = until("what the paused node held is settled by the other", SOON, || async {
        count(&keeper, "cofferdam.attempts WHERE status = 6").await == 1
    })
    .await;
    println!("settled {took:?} after the pause began");
    let settled = start(&there, &to).await.want(201);
    assert_eq!(settled.text("attempts.0.status"), "unknown", "{}", settled.text);
    assert!(provider.taken_for(&to).is_empty(), "who sent it?");
    signal(&paused, "-CONT");
    let answer = call.await.unwrap().want(201);
    assert_eq!(answer.text("id"), settled.text("id"), "one key, two verifications");
    assert_eq!(answer.text("attempts.0.status"), "failed", "not sent, and it says so: {}", answer.text);
    assert_eq!(answer.text("status"), "pending", "{}", answer.text);
    assert!(provider.taken_for(&to).is_empty(), "sent after others had settled it");
    let path = format!("/v1/verifications/{}", answer.text("id"));
    let known = there.get(&path).await.want(200);
    assert_eq!(known.text("attempts.0.status"), "failed", "and everybody learns it: {}", known.text);
    there.post(&format!("{path}/resend"), json!({})).await.want(200);
    let sent = provider.taken_for(&to);
    assert_eq!(sent.len(), 1, "the one that was asked for again");
    let checked = here.post(&format!("{path}/check"), json!({ "code": sent[0].code(6) })).await.want(200);
    assert_eq!(checked.text("status"), "approved", "and the paused node goes on: {}", checked.text);
}
