//! An attack through the API is stopped and honest traffic beside it is not, also after a restart; and
//! whoever asks why is told.

use crate::outside::folder::Folder;
use crate::support::{Client, NOW_MS, Program};
use cofferdam::clock::Clock as _;
use serde_json::{Value, json};

/// Somebody of the United States, with a telephone and an address of his own.
fn person(n: u64) -> Value {
    const AREAS: [u64; 16] = [205, 212, 213, 303, 305, 312, 404, 415, 503, 512, 602, 615, 617, 702, 713, 808];
    // The last two digits of a number for fiction may ask for magic: these don't.
    let number = format!("+1{}55501{}", AREAS[n as usize % 16], 41 + n / 16 % 58);
    json!({"to": number, "client": {
        "ip": format!("198.51.{}.{}", n % 100, n * 7 % 250), "ip_country": "US",
        "device_id": format!("telephone {n}"), "user_agent": format!("app {}", n % 3),
    }})
}

/// The nth message of somebody who is paid for messages to numbers that he holds.
fn pumped(n: u64) -> Value {
    let number = format!("+4477009{:05}", 100 * (n / 50) + 41 + n % 50);
    json!({"to": number, "client": {"ip": format!("203.0.113.{}", n % 200), "ip_country": "GB"}})
}

async fn ask(client: &mut Client, what: &Value) -> Value {
    client.post("/v1/assessments", what).await.expect(201)
}

/// A person asks, and enters the code if it was sent; whether it was.
async fn comes(program: &Program, client: &mut Client, n: u64) -> bool {
    let asked = ask(client, &person(n)).await;
    program.clock.step(9_000);
    let event = json!({"type": "check", "attempt": asked["attempt"], "result": "ok"});
    if asked["decision"] == "allow" && !n.is_multiple_of(5) {
        client.post("/v1/events", &json!({"events": [event]})).await.expect(202);
    }
    asked["decision"] == "allow"
}

#[tokio::test]
async fn an_attack_is_stopped_and_honest_people_are_not_also_after_a_restart() {
    let folder = Folder::new("evidence");
    let file = folder.join("cofferdam.db");
    let program = Program::on(&file, NOW_MS, None).await;
    let mut client = program.tester();
    for n in 0..250 {
        assert!(comes(&program, &mut client, n).await, "a quiet day, person {n}");
        program.clock.step(90_000);
    }
    let (mut sent, mut turned_away, mut last) = (0, 0, Value::Null);
    for n in 0..120 {
        last = ask(&mut client, &pumped(n)).await;
        sent += u32::from(last["decision"] == "allow");
        program.clock.step(2_000);
        if n % 4 == 0 {
            turned_away += u32::from(!comes(&program, &mut client, 250 + n).await);
        }
    }
    assert!(sent <= 15, "{sent} of 120 were sent");
    assert_eq!(turned_away, 0, "of 30 people during it");
    assert_ne!(last["decision"], "allow");
    explained(&mut client, &last).await;

    drop(client);
    let now_ms = program.clock.now_ms();
    let keys = program.end().await;
    let again = Program::on(&file, now_ms + 5_000, Some(keys)).await;
    let mut client = again.tester();
    for n in 120..125 {
        assert_ne!(ask(&mut client, &pumped(n)).await["decision"], "allow", "it knows after a restart");
    }
    for n in 400..405 {
        assert!(comes(&again, &mut client, n).await, "person {n}");
    }
}

/// The explanation of what was stopped.
async fn explained(client: &mut Client, stopped: &Value) {
    let path = format!("/v1/assessments/{}", stopped["id"].as_str().unwrap());
    let detail = client.get(&path).await.expect(200);
    let readings = detail["readings"].as_array().unwrap();
    let prefix = readings.iter().find(|reading| reading["scope"] == "prefix4").expect("a reading of the run");
    assert_eq!(prefix["rounded"], true);
    assert!(prefix["text"].as_str().unwrap().contains("ore than"), "{prefix}");
    assert!(detail["score"].as_f64().unwrap() > detail["threshold"].as_f64().unwrap());
    assert!(detail["closest_change"].is_string());
    assert!(detail.get("known").is_none());
}

#[tokio::test]
async fn outcomes_of_every_kind_teach_and_each_once() {
    let program = Program::start().await;
    let mut client = program.tester();
    let mut told = Vec::new();
    for (n, event) in [
        json!({"type": "check", "result": "ok"}),
        json!({"type": "challenge", "result": "passed"}),
        json!({"type": "delivery", "status": "undelivered"}),
        json!({"type": "not_sent"}),
        json!({"type": "sent"}),
        json!({"type": "label", "label": "fraud"}),
        json!({"type": "activity", "kind": "login"}),
    ]
    .into_iter()
    .enumerate()
    {
        let asked = ask(&mut client, &person(n as u64)).await;
        let mut event = event;
        event["attempt"] = asked["attempt"].clone();
        told.push(event);
    }
    let both = [&told[..], &told[..]].concat();
    let answer = client.post("/v1/events", &json!({"events": both})).await.expect(202);
    let statuses: Vec<&str> =
        answer["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!(statuses[..7], ["accepted"; 7]);
    assert_eq!(statuses[7..13], ["duplicate"; 6]);
}
