//! More strangers than there is room for: what was used up stays used up, and memory stays where it is.

use super::api::Api;
use super::dice::live;
use super::kill_9::only;
use super::server::{ADMIN, Place, alone};
use serde_json::{Value, json};

/// Room for so many keys of each kind.
const KEYS: usize = 2_000;
const CALLERS: usize = 8;
/// Each with a number, an address and a device of his own.
const STRANGERS: usize = 16_000;

async fn judged(api: &Api, profile: &str, to: &str, ip: &str, device: &str) -> Value {
    let client = json!({ "ip": ip, "device_id": device });
    let body = json!({ "to": to, "profile": profile, "client": client });
    api.post("/v1/assessments", body).await.want(201).json
}

fn address(n: usize) -> String {
    format!("2001:db8:{:x}:{:x}::1", n >> 8, n)
}

/// Half are judged by limits alone, half with evidence that stops nobody.
async fn pass(api: &Api, strangers: std::ops::Range<usize>) {
    let mut tasks = Vec::new();
    for own in 0..CALLERS {
        let (api, strangers) = (api.clone(), strangers.clone());
        tasks.push(tokio::spawn(async move {
            for n in strangers.filter(|n| n % CALLERS == own) {
                let profile = if n % 2 == 0 { "alone" } else { "seen" };
                judged(&api, profile, &live(n), &address(n), &format!("stranger-{n}")).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// Takes about twenty seconds in a debug build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_times_as_many_as_there_is_room_for_reopen_no_limit_and_take_no_more_memory() {
    let _alone = alone().await;
    let place = Place::new("strangers", "[log]\nlevel = \"warn\"\n")
        .with("COFFERDAM_STORE__TALLY_KEYS_MAX", &KEYS.to_string());
    let server = place.start().await;
    let keys = server.tenant("flooded").await;
    let (api, manage) = (server.api(&keys.live), server.api(&keys.manage));
    let three = json!([{ "max": 3, "window_s": 3600 }]);
    let limits = only(&json!({ "number": three, "ip": three, "device": three }));
    let alone = |name: &str, limits: Value| json!({ "name": name, "evidence": false, "limits": limits });
    for profile in [
        alone("alone", limits.clone()),
        json!({ "name": "seen", "mode": "shadow", "limits": limits }),
        // One limit each: whoever comes new to a full house shares records, and may be refused by any.
        alone("number", only(&json!({ "number": three }))),
        alone("ip", only(&json!({ "ip": three }))),
        alone("device", only(&json!({ "device": three }))),
    ] {
        manage.post("/v1/profiles", profile).await.want(201);
    }
    let (number, ip, device) = (live(STRANGERS + 1), address(STRANGERS + 1), "used-up");
    for _ in 0..3 {
        let answer = judged(&api, "alone", &number, &ip, device).await;
        assert_eq!(answer["decision"], "allow", "{answer}");
    }
    pass(&api, 0..STRANGERS / 2).await;
    let memory = server.memory();
    pass(&api, STRANGERS / 2..STRANGERS).await;
    let grown = server.memory().saturating_sub(memory);
    // The database's pages in memory and attempts whose outcome is awaited have bounds of their own, not reached here.
    assert!(grown < 32 << 20, "{} more strangers took {} KiB", STRANGERS / 2, grown >> 10);

    let (fresh, elsewhere) = (live(STRANGERS + 2), address(STRANGERS + 2));
    for (scope, to, ip, device) in [
        ("number", &number, &elsewhere, "another"),
        ("ip", &fresh, &ip, "another"),
        ("device", &fresh, &elsewhere, device),
    ] {
        let answer = judged(&api, scope, to, ip, device).await;
        let reason = &answer["reasons"][0]["code"];
        assert!(
            *reason == format!("limit.{scope}") && answer["decision"] == "block",
            "{scope} was reopened: {answer}"
        );
    }
    let status = server.api(ADMIN).get("/v1/status").await.want(200);
    let (kept, full) = (status.at("tallies.keys").as_u64().unwrap(), status.at("tallies.full").as_f64());
    println!("strangers: {kept} keys are kept, full {full:?}, memory grew by {} KiB", grown >> 10);
    assert!(full.is_some_and(|full| full >= 0.9), "there was room for all: {}", status.text);
}
