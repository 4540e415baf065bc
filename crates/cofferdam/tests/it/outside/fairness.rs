//! Limits count messages: nobody is kept out by what is asked for in vain, or by what others do.

use super::api::Api;
use super::dice::fictional;
use super::kill_9::only;
use super::server::{Place, TEST};
use serde_json::{Value, json};

async fn begin(api: &Api, to: &str, client: Value) -> (u16, String) {
    let answer =
        api.post("/v1/verifications", json!({ "to": to, "profile": "fair", "client": client })).await;
    (answer.status, if answer.status == 201 { answer.text("status") } else { answer.code() })
}

async fn profile(api: &Api, limits: Value) {
    api.post("/v1/profiles", json!({ "name": "fair", "limits": only(&limits) })).await.want(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_counts_against_nobody() {
    let place = Place::new("vain", "");
    let server = place.start().await;
    let api = server.api(TEST);
    let two = json!([{ "max": 2, "window_s": 3600 }]);
    profile(&api, json!({ "device": two, "number": two })).await;
    let (denied, good) = (fictional(1), fictional(2));
    api.post("/v1/lists/deny/entries", json!({ "value": denied })).await.want(201);
    let device = json!({ "device_id": "one" });
    for _ in 0..6 {
        assert_eq!(begin(&api, &denied, device.clone()).await, (201, "blocked".to_owned()));
    }
    for _ in 0..2 {
        assert_eq!(
            begin(&api, &good, device.clone()).await,
            (201, "pending".to_owned()),
            "kept out by what was blocked"
        );
    }
    // Refused by the device's limit, it counts against no number.
    let third = fictional(3);
    for _ in 0..6 {
        assert_eq!(begin(&api, &third, device.clone()).await, (429, "limited".to_owned()));
    }
    for _ in 0..2 {
        assert_eq!(
            begin(&api, &third, json!({})).await,
            (201, "pending".to_owned()),
            "kept out by what was limited"
        );
    }
    assert_eq!(begin(&api, &third, json!({})).await.0, 429);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_number_still_counts_against_the_address_it_came_from() {
    let place = Place::new("invalid", "");
    let server = place.start().await;
    let api = server.api(TEST);
    profile(&api, json!({ "ip": [{ "max": 3, "window_s": 3600 }] })).await;
    let from = json!({ "ip": "203.0.113.99" });
    for _ in 0..3 {
        assert_eq!(begin(&api, "+4477009", from.clone()).await, (422, "invalid_number".to_owned()));
    }
    assert_eq!(begin(&api, &fictional(4), from).await.0, 429);
    assert_eq!(begin(&api, &fictional(4), json!({ "ip": "203.0.113.98" })).await.0, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_proved_a_number_is_not_kept_out_by_others_who_use_it_up() {
    let place = Place::new("proved", "");
    let server = place.start().await;
    let api = server.api(TEST);
    profile(&api, json!({ "number": [{ "max": 3, "window_s": 3600 }] })).await;
    let (to, owner) = (fictional(5), json!({ "device_id": "hers", "user_id": "her" }));
    let started = api
        .post("/v1/verifications", json!({ "to": to, "profile": "fair", "client": owner }))
        .await
        .want(201);
    let code = api.code_of(&to).await;
    let check = format!("/v1/verifications/{}/check", started.text("id"));
    assert_eq!(api.post(&check, json!({ "code": code })).await.want(200).text("status"), "approved");
    // Somebody else asks for her number until it is used up.
    let mut sent = 0;
    while begin(&api, &to, json!({ "device_id": "another" })).await.0 == 201 {
        sent += 1;
        assert!(sent <= 3, "no limit");
    }
    assert_eq!(
        begin(&api, &to, owner.clone()).await,
        (201, "pending".to_owned()),
        "the owner is kept out of her own number"
    );
    // Hers is an allowance, not a way around the limit.
    let mut more = 0;
    while begin(&api, &to, owner.clone()).await.0 == 201 {
        more += 1;
        assert!(more <= 3, "who proved a number has no limit at all");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_guesses_of_a_stranger_do_not_end_the_owners_verification() {
    let place = Place::new("stranger", "");
    let server = place.start().await;
    let api = server.api(TEST);
    profile(&api, json!({ "number_checks": [{ "max": 8, "window_s": 3600 }] })).await;
    let to = fictional(6);
    let hers =
        api.post("/v1/verifications", json!({ "to": to, "profile": "fair" })).await.want(201).text("id");
    let code = api.code_of(&to).await;
    let mut guesses = 0;
    loop {
        let body = json!({ "to": to, "profile": "fair", "client": { "device_id": "stranger" } });
        let answer = api.post("/v1/verifications", body).await;
        if answer.status == 429 {
            break;
        }
        let check = format!("/v1/verifications/{}/check", answer.want(201).text("id"));
        for _ in 0..5 {
            api.post(&check, json!({ "code": "00000" })).await.want(200);
            guesses += 1;
        }
        assert!(guesses <= 15, "guesses over all verifications of a number are not limited");
    }
    let checked =
        api.post(&format!("/v1/verifications/{hers}/check"), json!({ "code": code })).await.want(200);
    assert_eq!(checked.text("status"), "approved", "{}", checked.text);
}
