//! Looks, after a repair, for all that was acknowledged, and for what must not have happened.

use super::load::{CALLERS, Flow, Kept, fill_up};
use super::nodes::{Cluster, GUESSES, NODES};
use crate::outside::api::{Answer, Api};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// What was found.
#[derive(Default)]
pub struct Findings {
    /// Acknowledged, and not there any more.
    pub lost: Vec<String>,
    /// Happened, and should not have.
    pub wrong: Vec<String>,
    /// By scope: what is allowed, and the most that was sent in one name.
    pub most: BTreeMap<&'static str, (usize, usize)>,
    /// Messages that limits of tallies refused although there was room.
    pub strict: usize,
    /// Judgements alone whose assessment was not found; they promise no disk.
    pub unfound: usize,
}

/// A call that died with its node holds its key for so long at most.
const LEASE: Duration = Duration::from_secs(50);

type Shared = Arc<Mutex<Findings>>;

/// Everything, at every node in turn.
pub async fn look(cluster: &Cluster, mut kept: Kept) -> Findings {
    let found: Shared = Arc::default();
    let (live, manage) = (cluster.apis(&cluster.keys.live), cluster.apis(&cluster.keys.manage));
    let sent = sends(cluster);
    for attempt in cluster.provider.repeated() {
        found.lock().unwrap().wrong.push(format!("{attempt} was handed over twice"));
    }
    for to in &kept.refused {
        if sent.contains_key(to) {
            found.lock().unwrap().wrong.push(format!("answered 503, and sent to {to}"));
        }
    }
    for (to, key, body) in std::mem::take(&mut kept.unanswered) {
        repeated_elsewhere(cluster, &live, &to, &key, &body, &found).await;
    }
    let flows = Arc::new(std::mem::take(&mut kept.flows));
    let mut tasks = Vec::new();
    for n in 0..CALLERS {
        let (flows, found, live) = (Arc::clone(&flows), Arc::clone(&found), live.clone());
        tasks.push(tokio::spawn(async move {
            for (at, flow) in flows.iter().enumerate().filter(|(at, _)| at % CALLERS == n) {
                look_at(&live[at % live.len()], flow, &found).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for (at, (list, value)) in kept.entries.iter().enumerate() {
        let api = &manage[at % manage.len()];
        let again = api.post(&format!("/v1/lists/{list}/entries"), json!({ "value": value })).await;
        if again.status != 409 {
            found.lock().unwrap().lost.push(format!("{value} from the {list} list: {}", again.text));
        }
    }
    for (at, id) in kept.assessments.iter().enumerate() {
        let answer = live[at % live.len()].get(&format!("/v1/assessments/{id}")).await;
        found.lock().unwrap().unfound += usize::from(answer.status != 200);
    }
    guesses(cluster, &live, &kept, &found).await;
    limits(cluster, &mut kept, &found).await;
    let mut findings = std::mem::take(&mut *found.lock().unwrap());
    findings.wrong.append(&mut kept.wrongs);
    findings
}

/// Messages by number.
fn sends(cluster: &Cluster) -> BTreeMap<String, usize> {
    let mut sent = BTreeMap::new();
    for taken in cluster.provider.taken() {
        *sent.entry(taken.body["to"].as_str().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
    sent
}

/// A start under a key whose answer was lost or was a 503, asked again at another node: it is made once.
async fn repeated_elsewhere(
    cluster: &Cluster,
    live: &[Api],
    to: &str,
    key: &str,
    body: &serde_json::Value,
    found: &Shared,
) {
    let deadline = Instant::now() + LEASE;
    for n in 0.. {
        let api = &live[n % live.len()];
        let answer =
            api.send("POST", "/v1/verifications", &[("Idempotency-Key", key)], Some(body)).await.unwrap();
        // A dead node's key is free when its lease is over: until then 409.
        if answer.status == 409 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        }
        if answer.status != 201 {
            found.lock().unwrap().wrong.push(format!("asked again under {key}: {}", answer.text));
        }
        break;
    }
    let sent = cluster.provider.taken_for(to).len();
    if sent > 1 {
        found.lock().unwrap().wrong.push(format!("{sent} messages to {to}, asked for under one key"));
    }
}

/// A verification, with what was done to it.
async fn look_at(api: &Api, flow: &Flow, found: &Shared) {
    let path = format!("/v1/verifications/{}", flow.id);
    let now = api.get(&path).await;
    let tell_lost = |what: &str, answer: &Answer| {
        found.lock().unwrap().lost.push(format!("{what} of {}: {}", flow.id, answer.text));
    };
    if now.status != 200 || now.text("to") != flow.to {
        return tell_lost("all", &now);
    }
    let status = now.text("attempts.0.status");
    if !matches!(status.as_str(), "sent" | "delivered" | "unknown") {
        found.lock().unwrap().wrong.push(format!("an attempt is {status}: {}", now.text));
    }
    if let Some((key, body)) = &flow.key {
        let deadline = Instant::now() + LEASE;
        let again = loop {
            let again =
                api.send("POST", "/v1/verifications", &[("Idempotency-Key", key)], Some(body)).await.unwrap();
            // Whoever made it was cut off before he could keep the answer.
            if again.status != 409 || Instant::now() > deadline {
                break again;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        if again.status != 201 || again.text("id") != flow.id {
            tell_lost("the answer under its key", &again);
        }
    }
    if flow.approved {
        let again = api.post(&format!("{path}/check"), json!({ "code": "00000" })).await;
        if (again.status, again.code().as_str()) != (409, "already_finished") {
            tell_lost("the approval", &again);
        }
    } else if !flow.approval_doubtful {
        let left: u32 = now.text("checks_left").parse().unwrap();
        let all = GUESSES as u32;
        if left + flow.wrong > all {
            tell_lost(&format!("{} wrong guesses", flow.wrong), &now);
        }
        if left + flow.wrong + flow.doubtful < all {
            found.lock().unwrap().wrong.push(format!("guesses nobody made: {}", now.text));
        }
    }
}

/// Where all guessed: no more were compared than allowed, and the right code comes too late then.
async fn guesses(cluster: &Cluster, live: &[Api], kept: &Kept, found: &Shared) {
    let mut most = 0;
    for (at, (flow, compared)) in kept.guessed.iter().enumerate() {
        let path = format!("/v1/verifications/{}/check", flow.id);
        let mut compared = *compared;
        for n in 0..=GUESSES {
            let api = &live[(at + n) % live.len()];
            let answer = api.post(&path, json!({ "code": "00000" })).await.want(200);
            match answer.text("status").as_str() {
                "pending" => compared += 1,
                "too_many_checks" => break,
                _ => found.lock().unwrap().wrong.push(answer.text.clone()),
            }
        }
        let code = cluster.provider.code_of(&flow.attempt, 6);
        let late = live[at % live.len()].post(&path, json!({ "code": code })).await;
        if late.text("status") != "too_many_checks" {
            found.lock().unwrap().wrong.push(format!("after all guesses: {}", late.text));
        }
        // The one that used them up answered `too_many_checks`.
        most = most.max(compared + 1);
    }
    found.lock().unwrap().most.insert("guesses", (GUESSES, most));
}

/// How many messages each limit let through, after all were filled up.
async fn limits(cluster: &Cluster, kept: &mut Kept, found: &Shared) {
    for (cell, sent) in fill_up(cluster, kept).await {
        let mut found = found.lock().unwrap();
        // Limits of tallies may err on the strict side when the servers of them come and go.
        if cell.scope == "device" {
            found.strict += cell.max.saturating_sub(sent + cell.doubtful);
        } else if sent + cell.doubtful < cell.max {
            let doubtful = cell.doubtful;
            found
                .wrong
                .push(format!("{} `{}`: {sent} sent (+{doubtful}?) of {}", cell.scope, cell.name, cell.max));
        }
        let (_, most) = found.most.entry(cell.scope).or_insert((cell.max, 0));
        *most = sent.max(*most);
    }
}

/// The most that a limit kept in tallies may let through when they go away: what was counted before,
/// and a share of each node that knew nothing of it.
pub fn bound(max: usize) -> usize {
    max + (NODES - 1) * max.div_ceil(NODES)
}
