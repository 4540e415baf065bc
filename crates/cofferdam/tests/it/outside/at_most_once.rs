//! A message is handed over at most once: doubt never goes to the next provider, certainty does.

use super::api::{Answer, Api};
use super::dice::live;
use super::kill_9::only;
use super::server::{Place, Server, until};
use super::simulator::{Behaviour, Simulator};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// The provider's time-out in these tests, T.
const TIMEOUT: Duration = Duration::from_secs(1);

struct House {
    a: Simulator,
    b: Simulator,
    server: Server,
    api: Api,
    next: usize,
    _place: Place,
}

/// Two providers, `a` first, and a limit of one message a number.
async fn house(name: &str) -> House {
    let (a, b) = (Simulator::start(Behaviour::Accept).await, Simulator::start(Behaviour::Accept).await);
    let settings = format!("routes = [\"a\", \"b\"]\n{}{}", a.settings("a", 1), b.settings("b", 1));
    let place = Place::new(name, &settings);
    let server = place.start().await;
    let keys = server.tenant("sender").await;
    let limits = only(&json!({ "number": [{ "max": 1, "window_s": 3600 }] }));
    let profile = json!({ "name": "once", "send_wait_s": 10, "limits": limits });
    server.api(&keys.manage).post("/v1/profiles", profile).await.want(201);
    let api = server.api(&keys.live);
    House { a, b, server, api, next: 0, _place: place }
}

impl House {
    async fn begin(&mut self) -> (String, Answer) {
        self.next += 1;
        let to = live(self.next);
        let began = Instant::now();
        let answer = self.again(&to).await.want(201);
        let took = began.elapsed();
        assert!(took <= 2 * TIMEOUT + Duration::from_millis(1500), "the answer took {took:?}");
        (to, answer)
    }

    async fn again(&self, to: &str) -> Answer {
        self.api.post("/v1/verifications", json!({ "to": to, "profile": "once" })).await
    }

    /// Nobody got anything twice, and what went out has the form of a number.
    fn nothing_twice(&self) {
        assert_eq!(self.a.repeated(), Vec::<String>::new());
        assert_eq!(self.b.repeated(), Vec::<String>::new());
        for taken in self.a.taken().iter().chain(&self.b.taken()) {
            let to = taken.body["to"].as_str().unwrap_or_default();
            assert!(
                to.starts_with('+') && to[1..].bytes().all(|b| b.is_ascii_digit()),
                "{to:?} reached a provider"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_accepted_is_sent_by_the_first_route_with_the_attempt_as_its_token() {
    let mut house = house("accept").await;
    let (to, answer) = house.begin().await;
    assert_eq!(
        (answer.text("status"), answer.text("attempts.0.status")),
        ("pending".into(), "sent".into()),
        "{}",
        answer.text
    );
    let taken = house.a.taken_for(&to);
    assert_eq!((taken.len(), house.b.taken().len()), (1, 0));
    assert_eq!(taken[0].attempt, answer.text("attempts.0.id"));
    assert_eq!(taken[0].body["channel"], "sms");
    assert!(taken[0].body["ref"].as_str().is_some_and(|name| !name.is_empty()), "{}", taken[0].body);
    let code = taken[0].code(6);
    assert!(!answer.text.contains(&code) || code.is_empty(), "the answer shows the code");
    let check = format!("/v1/verifications/{}/check", answer.text("id"));
    assert_eq!(house.api.post(&check, json!({ "code": code })).await.want(200).text("status"), "approved");
    house.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_certainly_not_taken_goes_to_the_next_route_in_the_same_request() {
    let mut house = house("certain").await;
    for status in [429, 503] {
        house.a.set(Behaviour::Status(status));
        let (to, answer) = house.begin().await;
        let shown = (answer.text("status"), answer.text("attempts.0.status"));
        assert_eq!(shown, ("pending".into(), "sent".into()), "{status}: {}", answer.text);
        assert_eq!((house.a.taken_for(&to).len(), house.b.taken_for(&to).len()), (0, 1), "{status}");
    }
    house.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_connection_is_certain_and_the_next_route_sends() {
    let b = Simulator::start(Behaviour::Accept).await;
    let nobody = super::server::free_port();
    let settings = format!(
        "routes = [\"a\", \"b\"]\n[provider.a]\nkind = \"http\"\nurl = \"http://127.0.0.1:{nobody}/\"\ntimeout_s = 1\n{}",
        b.settings("b", 1)
    );
    let place = Place::new("refused", &settings);
    let server = place.start().await;
    let keys = server.tenant("sender").await;
    let to = live(400);
    let answer = server.api(&keys.live).post("/v1/verifications", json!({ "to": to })).await.want(201);
    assert_eq!(answer.text("attempts.0.status"), "sent", "{}", answer.text);
    assert_eq!(b.taken_for(&to).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certain_failure_is_charged_to_no_limit() {
    let mut house = house("failed").await;
    // Rejected: any other provider would refuse it too, so no other is asked.
    house.a.set(Behaviour::Status(400));
    let (rejected, answer) = house.begin().await;
    assert_eq!(
        (answer.text("status"), answer.text("attempts.0.status")),
        ("failed".into(), "failed".into()),
        "{}",
        answer.text
    );
    assert_eq!(house.b.taken().len(), 0, "a rejected message went to the next provider");
    // Every route is away.
    house.a.set(Behaviour::Status(503));
    house.b.set(Behaviour::Status(503));
    let (away, answer) = house.begin().await;
    assert_eq!(answer.text("status"), "failed", "{}", answer.text);
    house.a.set(Behaviour::Accept);
    for to in [rejected, away] {
        let second = house.again(&to).await.want(201);
        assert_eq!(second.text("status"), "pending", "the failure was charged: {}", second.text);
        let third = house.again(&to).await;
        assert_eq!(
            (third.status, third.code().as_str()),
            (429, "limited"),
            "the sent one was not: {}",
            third.text
        );
        assert_eq!(house.a.taken_for(&to).len(), 1);
    }
    house.nothing_twice();
}

/// Takes about ten seconds: five of the faults wait for the time-out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_doubtful_is_unknown_goes_nowhere_else_and_is_charged() {
    let mut house = house("doubtful").await;
    let faults = [
        Behaviour::AcceptThenReset,
        Behaviour::AcceptThenClose,
        Behaviour::Garbage,
        Behaviour::Status(500),
        Behaviour::Status(502),
        Behaviour::Redirect,
        Behaviour::AcceptThenHang,
        Behaviour::Drip,
        Behaviour::Deaf,
    ];
    for fault in faults {
        // Over a connection that was good a moment ago: the very place where clients repeat by themselves.
        house.a.set(Behaviour::Accept);
        house.begin().await;
        house.a.set(fault);
        let (to, answer) = house.begin().await;
        assert_eq!(answer.text("status"), "pending", "{fault:?}: {}", answer.text);
        assert_eq!(answer.text("attempts.0.status"), "unknown", "{fault:?}: {}", answer.text);
        assert_eq!(house.b.taken_for(&to).len(), 0, "{fault:?}: doubtful, and sent by the next provider too");
        let second = house.again(&to).await;
        assert_eq!(
            (second.status, second.code().as_str()),
            (429, "limited"),
            "{fault:?} was not charged: {}",
            second.text
        );
        let taken = house.a.taken_for(&to);
        assert!(taken.len() <= 1, "{fault:?}: repeated to the same provider");
        if let Some(taken) = taken.first() {
            // It may have arrived: then its code is good.
            let check = format!("/v1/verifications/{}/check", answer.text("id"));
            let checked = house.api.post(&check, json!({ "code": taken.code(6) })).await.want(200);
            assert_eq!(checked.text("status"), "approved", "{fault:?}: {}", checked.text);
        }
    }
    house.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accepting_answer_that_cannot_be_read_is_never_sent_again() {
    let mut house = house("unread").await;
    let before = house.server.memory();
    for fault in [Behaviour::AcceptWithGarbageBody, Behaviour::Flood] {
        house.a.set(fault);
        let (to, answer) = house.begin().await;
        let status = answer.text("attempts.0.status");
        assert!(status == "sent" || status == "unknown", "{fault:?}: {}", answer.text);
        assert_eq!((house.a.taken_for(&to).len(), house.b.taken_for(&to).len()), (1, 0), "{fault:?}");
        assert_eq!(house.again(&to).await.status, 429, "{fault:?} was not charged");
    }
    let grown = house.server.memory().saturating_sub(before);
    assert!(grown < 80 << 20, "an endless answer took {} MiB", grown >> 20);
    house.nothing_twice();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_hangs_up_neither_stops_nor_repeats_the_message() {
    let house = house("hung-up").await;
    house.a.set(Behaviour::AcceptAfter(Duration::from_millis(600)));
    let to = live(500);
    let (api, body) = (house.api.clone(), json!({ "to": to, "profile": "once" }));
    let call = tokio::spawn(async move { api.send("POST", "/v1/verifications", &[], Some(&body)).await });
    until("the provider has the message", Duration::from_secs(5), || async {
        !house.a.taken_for(&to).is_empty()
    })
    .await;
    // The connection is cut while the provider thinks.
    call.abort();
    let path = format!("/v1/verifications?to=%2B{}", &to[1..]);
    until("the send is finished and written down", Duration::from_secs(5), || async {
        let found = house.api.get(&path).await.want(200);
        found.text("data.0.attempts.0.status") == "sent"
    })
    .await;
    let found = house.api.get(&path).await.want(200);
    assert_eq!(found.at("data").as_array().map(Vec::len), Some(1), "{}", found.text);
    assert_eq!((house.a.taken_for(&to).len(), house.b.taken_for(&to).len()), (1, 0));
    assert_eq!(house.again(&to).await.status, 429, "it counts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_provider_is_not_waited_for_longer_than_the_profile_says() {
    let a = Simulator::start(Behaviour::AcceptAfter(Duration::from_millis(3500))).await;
    let place = Place::new("slow", &a.settings("a", 10));
    let server = place.start().await;
    let keys = server.tenant("sender").await;
    let profile = json!({ "name": "short-wait", "send_wait_s": 1 });
    server.api(&keys.manage).post("/v1/profiles", profile).await.want(201);
    let api = server.api(&keys.live);
    let to = live(600);
    let began = Instant::now();
    let answer = api.post("/v1/verifications", json!({ "to": to, "profile": "short-wait" })).await.want(201);
    let took = began.elapsed();
    assert!(took < Duration::from_millis(2500), "it took {took:?}");
    assert_eq!(
        (answer.text("status"), answer.text("attempts.0.status")),
        ("pending".into(), "queued".into()),
        "{}",
        answer.text
    );
    let path = format!("/v1/verifications/{}", answer.text("id"));
    until("the send goes on by itself", Duration::from_secs(8), || async {
        api.get(&path).await.want(200).text("attempts.0.status") == "sent"
    })
    .await;
    assert_eq!(a.taken_for(&to).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_flight_at_a_crash_becomes_unknown_and_is_never_sent_again() {
    let a = Simulator::start(Behaviour::AcceptThenHang).await;
    let place = Place::new("in-flight", &a.settings("a", 20));
    let server = place.start().await;
    let keys = server.tenant("sender").await;
    let limits = only(&json!({ "number": [{ "max": 1, "window_s": 3600 }] }));
    let profile = json!({ "name": "short-wait", "send_wait_s": 1, "limits": limits });
    server.api(&keys.manage).post("/v1/profiles", profile).await.want(201);
    let to = live(700);
    let body = json!({ "to": to, "profile": "short-wait" });
    let answer = server.api(&keys.live).post("/v1/verifications", body.clone()).await.want(201);
    assert_eq!(answer.text("attempts.0.status"), "queued", "{}", answer.text);
    server.kill();
    a.set(Behaviour::Accept);
    let server = place.start().await;
    let api = server.api(&keys.live);
    let path = format!("/v1/verifications/{}", answer.text("id"));
    until("it is unknown", Duration::from_secs(5), || async {
        api.get(&path).await.want(200).text("attempts.0.status") == "unknown"
    })
    .await;
    assert_eq!(api.post("/v1/verifications", body).await.status, 429, "it still counts");
    assert_eq!(a.taken_for(&to).len(), 1, "sent again after the crash");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resend_in_flight_at_a_crash_is_not_sent_once_more_under_its_key() {
    let a = Simulator::start(Behaviour::Accept).await;
    let place = Place::new("resend-in-flight", &a.settings("a", 20));
    let server = place.start().await;
    let keys = server.tenant("sender").await;
    let profile =
        json!({ "name": "again", "send_wait_s": 10, "resend_after_s": 1, "limits": only(&json!({})) });
    server.api(&keys.manage).post("/v1/profiles", profile).await.want(201);
    let (to, api) = (live(710), server.api(&keys.live));
    let started = api.post("/v1/verifications", json!({ "to": to, "profile": "again" })).await.want(201);
    let path = format!("/v1/verifications/{}/resend", started.text("id"));
    let once = [("Idempotency-Key", "again-17")];
    a.set(Behaviour::AcceptThenHang);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let call = tokio::spawn({
        let (api, path) = (api.clone(), path.clone());
        async move { api.send("POST", &path, &once, Some(&json!({}))).await }
    });
    until("the provider has it twice", Duration::from_secs(5), || async { a.taken_for(&to).len() == 2 })
        .await;
    server.kill();
    let _ = call.await;
    a.set(Behaviour::Accept);
    let server = place.start().await;
    // Long enough for another to be due.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let again = server.api(&keys.live).send("POST", &path, &once, Some(&json!({}))).await.unwrap().want(200);
    assert_eq!(again.header("idempotent-replayed"), "true", "{}", again.text);
    assert_eq!(again.at("attempts").as_array().map(Vec::len), Some(2), "{}", again.text);
    assert_eq!(a.taken_for(&to).len(), 2, "sent again after the crash");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_hung_up_gets_his_answer_under_the_same_key() {
    let house = house("asked-again").await;
    house.a.set(Behaviour::AcceptAfter(Duration::from_millis(700)));
    let to = live(510);
    let body = json!({ "to": to, "profile": "once" });
    let once = [("Idempotency-Key", "asked-again")];
    let (api, sent) = (house.api.clone(), body.clone());
    let call = tokio::spawn(async move { api.send("POST", "/v1/verifications", &once, Some(&sent)).await });
    until("the provider has the message", Duration::from_secs(5), || async {
        !house.a.taken_for(&to).is_empty()
    })
    .await;
    call.abort();
    let mut answers = Vec::new();
    until("the answer is there", Duration::from_secs(15), || async {
        let answer = house.api.send("POST", "/v1/verifications", &once, Some(&body)).await.unwrap();
        assert!(matches!(answer.status, 201 | 409), "{}", answer.text);
        answer.status == 201
    })
    .await;
    for _ in 0..2 {
        let answer = house.api.send("POST", "/v1/verifications", &once, Some(&body)).await.unwrap().want(201);
        assert_eq!(answer.header("idempotent-replayed"), "true");
        assert_eq!(answer.text("attempts.0.status"), "sent", "{}", answer.text);
        answers.push(answer.text);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!((house.a.taken_for(&to).len(), house.b.taken_for(&to).len()), (1, 0));
}
