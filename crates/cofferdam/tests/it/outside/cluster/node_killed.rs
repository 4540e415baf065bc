//! One of three nodes is killed: what it had in its hands is taken up by the others.

use super::case::{Case, Expect};
use crate::outside::api::Api;
use crate::outside::dice::live;
use crate::outside::server::{alone, until};
use crate::outside::simulator::Behaviour;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// How soon what a dead node held is open to others: five seconds of silence, and their next look.
const SOON: Duration = Duration::from_secs(10);

/// A start under a key; none where no answer came.
async fn under_key(api: &Api, to: &str) -> Option<crate::outside::api::Answer> {
    let body = json!({ "to": to, "profile": "plain" });
    api.send("POST", "/v1/verifications", &[("Idempotency-Key", &format!("once-{to}"))], Some(&body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_is_killed_and_the_others_go_on_with_what_it_had() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("one node of three killed", Expect::Any).await else { return };
    case.dead = 1;
    let apis = case.cluster.apis(&case.cluster.keys.live);
    // Sent by the node that dies, and acknowledged.
    let mut sent = Vec::new();
    for n in 0..4 {
        sent.push(under_key(&apis[0], &live(62_000 + n)).await.expect("an answer").want(201));
    }
    // In its hands when it dies: with the provider, and not answered.
    case.cluster.provider.set(Behaviour::AcceptAfter(Duration::from_millis(1_500)));
    let held: Vec<String> = (0..4).map(|n| live(62_100 + n)).collect();
    let mut calls = Vec::new();
    for to in &held {
        let (api, to) = (apis[0].clone(), to.clone());
        calls.push(tokio::spawn(async move { under_key(&api, &to).await }));
    }
    until("all are with the provider", Duration::from_secs(5), || async {
        held.iter().all(|to| !case.cluster.provider.taken_for(to).is_empty())
    })
    .await;
    case.now();
    case.cluster.kill(0);
    case.cluster.provider.set(Behaviour::Accept);
    for call in calls {
        assert!(call.await.unwrap().is_none(), "a dead node answered");
    }
    for (n, answer) in sent.iter().enumerate() {
        let api = &apis[1 + n % 2];
        let path = format!("/v1/verifications/{}", answer.text("id"));
        let again = under_key(api, &live(62_000 + n)).await.unwrap().want(201);
        assert_eq!(again.text("id"), answer.text("id"), "one key, two verifications");
        let code = case.cluster.provider.code_of(&answer.text("attempts.0.id"), 6);
        let checked = api.post(&format!("{path}/check"), json!({ "code": code })).await.want(200);
        assert_eq!(checked.text("status"), "approved", "{}", checked.text);
    }
    // What it held is durable: the code that it sent is right at any node.
    for (n, to) in held.iter().enumerate() {
        let api = &apis[1 + n % 2];
        let sent = case.cluster.provider.taken_for(to);
        assert_eq!(sent.len(), 1, "{to}");
        let found = api.get(&format!("/v1/verifications?to=%2B{}", &to[1..])).await.want(200);
        let id = found.text("data.0.id");
        let checked =
            api.post(&format!("/v1/verifications/{id}/check"), json!({ "code": sent[0].code(6) })).await;
        assert_eq!(checked.want(200).text("status"), "approved", "the code that the dead node sent");
    }
    // Its calls' keys are free as soon as the others hold it for dead; then they tell what was made: perhaps it was
    // sent, and nothing is sent again.
    for to in &held {
        until("the key of a dead node's call answers again", SOON, || async {
            let again = under_key(&apis[1], to).await.unwrap();
            assert!(matches!(again.status, 201 | 409), "{}", again.text);
            if again.status == 201 {
                assert_eq!(again.text("attempts.0.status"), "unknown", "{}", again.text);
            }
            again.status == 201
        })
        .await;
        assert_eq!(case.cluster.provider.taken_for(to).len(), 1, "{to}");
    }
    let open = case.began().elapsed();
    println!("the keys of the dead node's calls answer again after {open:?}");
    case.lasts().await;
    let mended = Instant::now();
    case.cluster.begin(0).await;
    case.mended(mended).await;
}
