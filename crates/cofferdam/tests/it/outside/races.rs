//! What may happen once happens once, however many callers come at the same moment.

use super::api::{Answer, Api};
use super::dice::{Dice, fictional};
use super::kill_9::only;
use super::server::{ADMIN, Place, Server, TEST, alone};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Who asks, where, with which headers, and what.
pub type Question = (Api, String, Vec<(&'static str, String)>, Value);

/// Asks all at once, and hands the answers back in the order of the questions.
pub async fn together(questions: Vec<Question>) -> Vec<Answer> {
    let gate = std::sync::Arc::new(tokio::sync::Barrier::new(questions.len()));
    let mut tasks = Vec::new();
    for (api, path, headers, body) in questions {
        let gate = std::sync::Arc::clone(&gate);
        tasks.push(tokio::spawn(async move {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            gate.wait().await;
            api.send("POST", &path, &headers, Some(&body)).await.expect("an answer")
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

async fn server(place: &Place, limits: &Value) -> Server {
    let server = place.start().await;
    let profile = json!({ "name": "races", "checks": 5, "limits": only(limits) });
    server.api(TEST).post("/v1/profiles", profile).await.want(201);
    server
}

async fn begin(api: &Api, to: &str) -> String {
    let started = api.post("/v1/verifications", json!({ "to": to, "profile": "races" })).await.want(201);
    assert_eq!(started.text("status"), "pending", "{}", started.text);
    started.text("id")
}

fn guesses(api: &Api, id: &str, codes: &[String]) -> Vec<Question> {
    codes
        .iter()
        .map(|code| (api.clone(), format!("/v1/verifications/{id}/check"), vec![], json!({ "code": code })))
        .collect()
}

/// How likely at least `k` of `n` are, each with `p`.
pub fn at_least(k: u32, n: u32, p: f64) -> f64 {
    let below: f64 = (0..k)
        .map(|i| {
            let ways: f64 = (0..i).map(|j| f64::from(n - j) / f64::from(j + 1)).product();
            ways * p.powi(i as i32) * (1.0 - p).powi((n - i) as i32)
        })
        .sum();
    1.0 - below
}

#[test]
fn the_binomial_of_these_tests_is_right() {
    assert!((at_least(1, 2, 0.5) - 0.75).abs() < 1e-12);
    assert!((at_least(2, 3, 0.5) - 0.5).abs() < 1e-12);
    assert!(at_least(8, 30, 5.0 / 120.0) < 1e-4 && at_least(5, 30, 5.0 / 120.0) > 1e-4);
}

/// Takes about fifteen seconds in a debug build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_guesses_opens_no_more_than_the_allowed_guesses_would() {
    let _alone = alone().await;
    let mut dice = Dice::new("bursts");
    let place = Place::new("bursts", "");
    let server = server(&place, &json!({})).await;
    let api = server.api(TEST);
    let mut opened = 0;
    for burst in 0..30 {
        let to = fictional(burst);
        let id = begin(&api, &to).await;
        let right = api.code_of(&to).await;
        let mut codes = dice.wrong_codes(119, &right);
        codes.insert(dice.below(120), right.clone());
        let answers = together(guesses(&api, &id, &codes)).await;
        let with = |status: &str| answers.iter().filter(|answer| answer.text("status") == status).count();
        let approved = answers.iter().filter(|a| a.status == 200 && a.text("status") == "approved").count();
        let finished = answers.iter().filter(|a| a.status == 409 && a.code() == "already_finished").count();
        assert!(approved <= 1, "approved {approved} times");
        assert!(approved + with("pending") <= 5, "{} guesses compared", approved + with("pending"));
        assert_eq!(
            approved + with("pending") + with("too_many_checks") + finished,
            120,
            "other answers among them"
        );
        let after = api.post(&format!("/v1/verifications/{id}/check"), json!({ "code": right })).await;
        if approved == 0 {
            assert_eq!(
                (after.status, after.text("status").as_str()),
                (200, "too_many_checks"),
                "{}",
                after.text
            );
        } else {
            assert_eq!((after.status, after.code().as_str()), (409, "already_finished"), "{}", after.text);
        }
        opened += approved as u32;
    }
    let p = at_least(opened, 30, 5.0 / 120.0);
    println!("bursts: {opened} of 30 opened (p = {p:.3})");
    assert!(p > 1e-4, "{opened} of 30 opened: more guesses are compared than are allowed (p = {p:e})");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_right_answers_at_once_exactly_one_is_approved() {
    let _alone = alone().await;
    let place = Place::new("right", "");
    let server = server(&place, &json!({})).await;
    let api = server.api(TEST);
    let to = fictional(1);
    for _ in 0..3 {
        let id = begin(&api, &to).await;
        let code = api.code_of(&to).await;
        let answers = together(guesses(&api, &id, &vec![code; 100])).await;
        let approved = answers.iter().filter(|a| a.status == 200 && a.text("status") == "approved").count();
        assert_eq!(approved, 1, "{:?}", answers.iter().map(|a| &a.text).collect::<BTreeSet<_>>());
        for other in answers.iter().filter(|a| a.text("status") != "approved") {
            let fine = (other.status == 409 && other.code() == "already_finished")
                || (other.status == 200 && other.text("status") == "too_many_checks");
            assert!(fine, "{}: {}", other.status, other.text);
        }
        let found = api.get(&format!("/v1/verifications/{id}")).await.want(200);
        assert_eq!(found.text("status"), "approved");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_starts_at_once_send_exactly_what_the_limit_allows() {
    let _alone = alone().await;
    let place = Place::new("starts", "");
    let server = server(&place, &json!({ "number": [{ "max": 7, "window_s": 3600 }] })).await;
    let api = server.api(TEST);
    let to = fictional(2);
    let body = json!({ "to": to, "profile": "races" });
    let questions =
        (0..200).map(|_| (api.clone(), "/v1/verifications".to_owned(), vec![], body.clone())).collect();
    let answers = together(questions).await;
    let sent = answers.iter().filter(|a| a.status == 201 && a.text("status") == "pending").count();
    let limited: Vec<&Answer> = answers.iter().filter(|a| a.status == 429).collect();
    assert_eq!(
        (sent, limited.len()),
        (7, 193),
        "{:?}",
        answers.iter().find(|a| !matches!(a.status, 201 | 429))
    );
    for answer in limited {
        assert_eq!(answer.code(), "limited", "{}", answer.text);
        assert!(
            answer.header("retry-after").parse::<u32>().is_ok_and(|s| s > 0 && s <= 3660),
            "{:?}",
            answer.headers
        );
    }
    let outbox = api.get(&format!("/v1/outbox?limit=200&to=%2B{}", &to[1..])).await.want(200);
    assert_eq!(outbox.at("data").as_array().map(Vec::len), Some(7), "{}", outbox.text);
    assert_eq!(one_more_under_another_spelling(&api, &to).await, [429, 429, 429, 429]);
}

/// However it is written, it is the same number, and its limit is met.
async fn one_more_under_another_spelling(api: &Api, to: &str) -> Vec<u16> {
    let national = &to[3..];
    let wide: String =
        to[1..].chars().map(|c| char::from_u32(u32::from(c) - 0x30 + 0xFF10).unwrap()).collect();
    let spellings = [
        format!("00{}", &to[1..]),
        format!("+44 (0){national}"),
        format!("+{wide}"),
        format!("+44-{national}"),
    ];
    let mut answers = Vec::new();
    for to in spellings {
        answers.push(api.post("/v1/verifications", json!({ "to": to, "profile": "races" })).await.status);
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_idempotency_key_a_hundred_times_at_once_is_one_message() {
    let _alone = alone().await;
    let place = Place::new("once", "");
    let server = server(&place, &json!({})).await;
    let api = server.api(TEST);
    let to = fictional(3);
    let body = json!({ "to": to, "profile": "races" });
    let key = || vec![("Idempotency-Key", "the-same".to_owned())];
    let questions =
        (0..100).map(|_| (api.clone(), "/v1/verifications".to_owned(), key(), body.clone())).collect();
    let answers = together(questions).await;
    let ids: BTreeSet<String> = answers.iter().filter(|a| a.status == 201).map(|a| a.text("id")).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    for other in answers.iter().filter(|a| a.status != 201) {
        assert_eq!((other.status, other.code().as_str()), (409, "idempotency_in_progress"), "{}", other.text);
    }
    let outbox = api.get(&format!("/v1/outbox?to=%2B{}", &to[1..])).await.want(200);
    assert_eq!(outbox.at("data").as_array().map(Vec::len), Some(1), "{}", outbox.text);

    let again =
        api.send("POST", "/v1/verifications", &[("Idempotency-Key", "the-same")], Some(&body)).await.unwrap();
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert!(ids.contains(&again.clone().want(201).text("id")));
    let first = answers.iter().find(|a| a.status == 201).unwrap();
    assert_eq!(first.text, again.text, "the same request has the same answer");
    let other = json!({ "to": fictional(4), "profile": "races" });
    let other = api
        .send("POST", "/v1/verifications", &[("Idempotency-Key", "the-same")], Some(&other))
        .await
        .unwrap();
    assert_eq!((other.status, other.code().as_str()), (422, "idempotency_mismatch"), "{}", other.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resend_gives_no_guess_back_and_sends_the_same_code() {
    let place = Place::new("resend", "");
    let server = server(&place, &json!({})).await;
    let api = server.api(TEST);
    let quick = json!({ "name": "quick", "resend_after_s": 1, "limits": only(&json!({})) });
    api.post("/v1/profiles", quick).await.want(201);
    let to = fictional(5);
    let id =
        api.post("/v1/verifications", json!({ "to": to, "profile": "quick" })).await.want(201).text("id");
    let code = api.code_of(&to).await;
    let check = format!("/v1/verifications/{id}/check");
    for left in ["4", "3"] {
        assert_eq!(api.post(&check, json!({ "code": "00000" })).await.want(200).text("checks_left"), left);
    }
    super::server::until("a resend is allowed", std::time::Duration::from_secs(5), || async {
        let answer = api.post(&format!("/v1/verifications/{id}/resend"), json!({})).await;
        assert!(
            answer.status == 200 || (answer.status == 429 && answer.code() == "too_soon"),
            "{}",
            answer.text
        );
        answer.status == 200
    })
    .await;
    let found = api.get(&format!("/v1/verifications/{id}")).await.want(200);
    assert_eq!(
        (found.text("checks_left").as_str(), found.at("attempts").as_array().map(Vec::len)),
        ("3", Some(2))
    );
    assert_eq!(api.code_of(&to).await, code, "the same code while it is valid");
    for left in ["2", "1"] {
        assert_eq!(api.post(&check, json!({ "code": "00000" })).await.want(200).text("checks_left"), left);
    }
    assert_eq!(
        api.post(&check, json!({ "code": "00000" })).await.want(200).text("status"),
        "too_many_checks"
    );
    let late = api.post(&check, json!({ "code": code })).await.want(200);
    assert_eq!(late.text("status"), "too_many_checks");
    let resend = api.post(&format!("/v1/verifications/{id}/resend"), json!({})).await;
    assert_eq!((resend.status, resend.code().as_str()), (409, "already_finished"), "{}", resend.text);
    let cancel = api.post(&format!("/v1/verifications/{id}/cancel"), json!({})).await;
    assert_eq!((cancel.status, cancel.code().as_str()), (409, "already_finished"), "{}", cancel.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_right_answer_and_a_cancel_at_once_exactly_one_wins() {
    let mut dice = Dice::new("cancel");
    let place = Place::new("cancel", "");
    let server = server(&place, &json!({})).await;
    let api = server.api(TEST);
    let (mut approved, mut canceled) = (0, 0);
    for n in 0..25 {
        let to = fictional(30 + n);
        let id = begin(&api, &to).await;
        let code = api.code_of(&to).await;
        let path = format!("/v1/verifications/{id}");
        // A check takes two steps and a cancel one: a head start for the check, or it never wins.
        let (checker, check, code) = (api.clone(), format!("{path}/check"), json!({ "code": code }));
        let checking = tokio::spawn(async move { checker.post(&check, code).await });
        tokio::time::sleep(std::time::Duration::from_micros(dice.next() % 6000)).await;
        let canceled_by = api.post(&format!("{path}/cancel"), json!({})).await;
        let answers = [checking.await.unwrap(), canceled_by];
        let won = (answers[0].status == 200, answers[1].status == 200);
        let found = api.get(&path).await.want(200).text("status");
        let told = (answers[0].text("status"), answers[1].text("status"));
        match won {
            (true, false) => assert_eq!((told.0.as_str(), found.as_str()), ("approved", "approved")),
            (false, true) => assert_eq!((told.1.as_str(), found.as_str()), ("canceled", "canceled")),
            _ => panic!("both or neither: {} {}", answers[0].text, answers[1].text),
        }
        let lost = if won.0 { &answers[1] } else { &answers[0] };
        assert_eq!((lost.status, lost.code().as_str()), (409, "already_finished"), "{}", lost.text);
        approved += usize::from(won.0);
        canceled += usize::from(won.1);
    }
    println!("cancel: {approved} approved, {canceled} canceled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_resends_at_once_are_one_message_more() {
    let place = Place::new("resends", "");
    let server = server(&place, &json!({})).await;
    let api = server.api(TEST);
    let profile = json!({ "name": "again", "resend_after_s": 2, "limits": only(&json!({})) });
    api.post("/v1/profiles", profile).await.want(201);
    let to = fictional(60);
    let id =
        api.post("/v1/verifications", json!({ "to": to, "profile": "again" })).await.want(201).text("id");
    let path = format!("/v1/verifications/{id}/resend");
    let early = api.post(&path, json!({})).await;
    assert_eq!((early.status, early.code().as_str()), (429, "too_soon"), "{}", early.text);
    assert!(
        early.header("retry-after").parse::<u32>().is_ok_and(|s| (1..=2).contains(&s)),
        "{:?}",
        early.headers
    );
    let found = api.get(&format!("/v1/verifications/{id}")).await.want(200);
    let moment: jiff::Timestamp = found.text("next.resend_at").parse().unwrap();
    super::server::until("the moment has come", std::time::Duration::from_secs(5), || {
        std::future::ready(super::time::now_ms() > moment.as_millisecond() + 20)
    })
    .await;
    let answers = together((0..50).map(|_| (api.clone(), path.clone(), vec![], json!({}))).collect()).await;
    let sent = answers.iter().filter(|a| a.status == 200).count();
    assert_eq!(sent, 1, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    assert!(answers.iter().all(|a| a.status == 200 || (a.status == 429 && a.code() == "too_soon")));
    let outbox = api.get(&format!("/v1/outbox?to=%2B{}", &to[1..])).await.want(200);
    assert_eq!(outbox.at("data").as_array().map(Vec::len), Some(2), "{}", outbox.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_be_unique_is_made_once() {
    let place = Place::new("unique", "");
    let server = server(&place, &json!({})).await;
    let (api, admin) = (server.api(TEST), server.api(ADMIN));
    for (api, path, body) in [
        (&api, "/v1/lists/deny/entries", json!({ "value": "203.0.113.0/24" })),
        (&api, "/v1/profiles", json!({ "name": "the-one" })),
        (&admin, "/v1/tenants", json!({ "name": "the-one" })),
    ] {
        let answers =
            together((0..50).map(|_| (api.clone(), path.to_owned(), vec![], body.clone())).collect()).await;
        let made = answers.iter().filter(|a| a.status == 201).count();
        let refused = answers.iter().filter(|a| a.status == 409 && a.code() == "duplicate").count();
        let odd = answers.iter().find(|a| !matches!(a.status, 201 | 409));
        assert_eq!((made, refused), (1, 49), "{path}: {odd:?}");
    }
}
