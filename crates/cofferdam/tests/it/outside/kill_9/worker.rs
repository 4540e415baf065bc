//! One caller under load, and his memory of what was acknowledged to him.

use crate::outside::api::{Answer, Api};
use crate::outside::dice::{Dice, live};
use crate::outside::server::until;
use crate::outside::simulator::Taken;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A verification as he last heard of it.
struct Flow {
    id: String,
    to: String,
    attempt: String,
    code: String,
    wrong: u32,
    /// Guesses whose answer was lost.
    doubtful: u32,
    approved: bool,
    /// A right answer was given, and the reply to it was lost.
    approval_doubtful: bool,
    event: Told,
    /// Something was done with it since it was last looked for.
    touched: bool,
}

#[derive(PartialEq, Clone, Copy)]
enum Told {
    Not,
    Doubtful,
    Acknowledged,
}

struct Entry {
    list: &'static str,
    id: String,
    value: String,
    removed: Told,
}

struct Revoked {
    key: String,
    acknowledged: bool,
}

struct Posted {
    key: String,
    body: Value,
    id: Option<String>,
}

/// Starts that count under one limit of five.
struct Cell {
    /// `number` or `device`.
    scope: &'static str,
    n: usize,
    acknowledged: usize,
    doubtful: usize,
}

pub struct Worker {
    n: usize,
    dice: Dice,
    next: usize,
    operations: usize,
    flows: Vec<Flow>,
    entries: Vec<Entry>,
    revoked: Vec<Revoked>,
    posted: Vec<Posted>,
    cells: Vec<Cell>,
    /// Numbers of starts whose answer was lost.
    lost: Vec<String>,
    /// People judged from his device: by now, and before the last two kills.
    judged: [usize; 3],
    /// Up to here all was checked after an earlier kill.
    seen: [usize; 3],
}

impl Worker {
    pub fn new(n: usize, seed: u64) -> Self {
        Self {
            n,
            dice: Dice::seeded(seed),
            next: 0,
            operations: 0,
            flows: Vec::new(),
            entries: Vec::new(),
            revoked: Vec::new(),
            posted: Vec::new(),
            cells: Vec::new(),
            lost: Vec::new(),
            judged: [0; 3],
            seen: [0; 3],
        }
    }

    /// A number of his own that he has not used.
    fn number(&mut self) -> String {
        self.next += 1;
        live(self.next * 8 + self.n)
    }

    pub fn take_count(&mut self) -> usize {
        std::mem::take(&mut self.operations)
    }

    pub fn acknowledged(&self) -> usize {
        self.flows.len() + self.entries.len() + self.revoked.len() + self.posted.len() + self.cells.len()
    }

    /// Works until the program is gone.
    pub async fn work(&mut self, api: &Api, manage: &Api) {
        self.cells.push(Cell { scope: "number", n: self.next, acknowledged: 0, doubtful: 0 });
        self.cells.push(Cell { scope: "device", n: self.next, acknowledged: 0, doubtful: 0 });
        loop {
            let done = match self.dice.below(13) {
                0..=3 => self.start(api).await,
                4..=5 => self.guess_wrongly(api).await,
                6 => self.guess_rightly(api).await,
                7 => self.list(manage).await,
                8 => self.revoke(manage).await,
                9 => self.post_under_a_key(api).await,
                10 => self.tell(api).await,
                11 => self.judge(api).await.map(|_| ()),
                _ => self.fill(api).await,
            };
            if done.is_none() {
                return;
            }
            self.operations += 1;
        }
    }

    async fn start(&mut self, api: &Api) -> Option<()> {
        let to = self.number();
        self.lost.push(to.clone());
        let answer = begin(api, &to, &format!("dev-{to}"), &[]).await?.want(201);
        self.lost.pop();
        assert_eq!(answer.text("status"), "pending", "{}", answer.text);
        assert_eq!(answer.text("attempts.0.status"), "sent", "{}", answer.text);
        self.flows.push(Flow {
            id: answer.text("id"),
            to,
            attempt: answer.text("attempts.0.id"),
            code: String::new(),
            wrong: 0,
            doubtful: 0,
            approved: false,
            approval_doubtful: false,
            event: Told::Not,
            touched: true,
        });
        Some(())
    }

    /// One of his newest that is open still, and has guesses to spare.
    fn open(&mut self) -> Option<usize> {
        let newest = self.flows.len().saturating_sub(20);
        let open: Vec<usize> = (newest..self.flows.len())
            .filter(|at| {
                let flow = &self.flows[*at];
                !flow.approved && !flow.approval_doubtful && flow.wrong + flow.doubtful < 3
            })
            .collect();
        (!open.is_empty()).then(|| open[self.dice.below(open.len())])
    }

    async fn guess_wrongly(&mut self, api: &Api) -> Option<()> {
        let Some(at) = self.open() else { return self.start(api).await };
        let flow = &mut self.flows[at];
        flow.doubtful += 1;
        flow.touched = true;
        // Five digits are never right, and are paid for like any guess.
        let answer = check(api, &flow.id, "00000").await?.want(200);
        assert_eq!(answer.text("status"), "pending", "{}", answer.text);
        flow.doubtful -= 1;
        flow.wrong += 1;
        let left: u32 = answer.text("checks_left").parse().unwrap();
        assert!(
            left <= 5 - flow.wrong && left + flow.wrong + flow.doubtful >= 5,
            "{left} left after {}",
            flow.wrong
        );
        Some(())
    }

    async fn guess_rightly(&mut self, api: &Api) -> Option<()> {
        let known = |flow: &Flow| !flow.code.is_empty() && !flow.approved && !flow.approval_doubtful;
        let Some(flow) = self.flows.iter_mut().find(|flow| known(flow) && flow.wrong + flow.doubtful < 4)
        else {
            return self.start(api).await;
        };
        flow.approval_doubtful = true;
        flow.touched = true;
        let answer = check(api, &flow.id, &flow.code).await?.want(200);
        assert_eq!(answer.text("status"), "approved", "{}", answer.text);
        flow.approval_doubtful = false;
        flow.approved = true;
        Some(())
    }

    async fn list(&mut self, manage: &Api) -> Option<()> {
        if let Some(entry) =
            self.entries.iter_mut().find(|entry| entry.removed == Told::Not).filter(|_| self.dice.chance(40))
        {
            entry.removed = Told::Doubtful;
            let path = format!("/v1/lists/{}/entries/{}", entry.list, entry.id);
            manage.send("DELETE", &path, &[], None).await?.want(204);
            entry.removed = Told::Acknowledged;
            return Some(());
        }
        let list = if self.dice.chance(50) { "safe" } else { "deny" };
        let value = self.number();
        let body = json!({ "value": value, "note": "kept" });
        let answer =
            manage.send("POST", &format!("/v1/lists/{list}/entries"), &[], Some(&body)).await?.want(201);
        self.entries.push(Entry { list, id: answer.text("id"), value, removed: Told::Not });
        Some(())
    }

    async fn revoke(&mut self, manage: &Api) -> Option<()> {
        let body = json!({ "name": "short-lived", "world": "live", "scopes": ["read"] });
        let answer = manage.send("POST", "/v1/keys", &[], Some(&body)).await?.want(201);
        let (id, key) = (answer.text("id"), answer.text("secret"));
        assert!(key.starts_with("cfd_live_"), "{}", answer.text);
        self.revoked.push(Revoked { key, acknowledged: false });
        manage.send("DELETE", &format!("/v1/keys/{id}"), &[], None).await?.want(204);
        if let Some(last) = self.revoked.last_mut() {
            last.acknowledged = true;
        }
        Some(())
    }

    async fn post_under_a_key(&mut self, api: &Api) -> Option<()> {
        let to = self.number();
        let key = format!("once-{to}");
        let body = body_of(&to, &format!("dev-{to}"));
        self.posted.push(Posted { key: key.clone(), body: body.clone(), id: None });
        let answer =
            api.send("POST", "/v1/verifications", &[("Idempotency-Key", &key)], Some(&body)).await?.want(201);
        if let Some(last) = self.posted.last_mut() {
            last.id = Some(answer.text("id"));
        }
        Some(())
    }

    async fn tell(&mut self, api: &Api) -> Option<()> {
        let Some(flow) = self.flows.iter_mut().rev().find(|flow| flow.event == Told::Not) else {
            return self.start(api).await;
        };
        flow.event = Told::Doubtful;
        flow.touched = true;
        let answer = tell(api, &flow.attempt).await?;
        assert_eq!(answer.text("results.0.status"), "accepted", "{}", answer.text);
        flow.event = Told::Acknowledged;
        Some(())
    }

    /// Has somebody new judged with evidence. How many such its device is said to have had.
    async fn judge(&mut self, api: &Api) -> Option<f64> {
        let body = json!({
            "to": self.number(),
            "profile": "judged",
            "client": { "device_id": format!("judged-{}", self.n) }
        });
        let answer = api.send("POST", "/v1/assessments", &[], Some(&body)).await?.want(201);
        self.judged[0] += 1;
        let reasons = answer.at("reasons");
        let of = |reason: &&Value| reason["code"] == "device.reuse";
        let told = reasons.as_array().and_then(|reasons| reasons.iter().find(of));
        Some(told.map_or(0.0, |reason| reason["evidence"]["seen"].as_f64().unwrap()))
    }

    /// Evidence is caught up from the journal, of which a judgement alone promises its last moment to nobody.
    async fn verify_evidence(&mut self, api: &Api) {
        let [now, last, before] = self.judged;
        let seen = self.judge(api).await.unwrap();
        // Figures fade from the first second on, and hardly anything is told of a few.
        assert!(
            before < 5 || seen >= before as f64 * 0.95,
            "{seen} of {before} people of a device, {now} in all"
        );
        assert!(seen <= now as f64 + 1.5, "{seen} people of a device that was judged with {now}");
        self.judged = [self.judged[0], now, last];
    }

    /// One more start under this cycle's limits, three at most before the kill.
    async fn fill(&mut self, api: &Api) -> Option<()> {
        let last = self.cells.len() - 1 - self.dice.below(2);
        if self.cells[last].acknowledged + self.cells[last].doubtful >= 3 {
            return self.start(api).await;
        }
        let (to, device) = self.asked(last);
        let cell = &mut self.cells[last];
        cell.doubtful += 1;
        let answer = begin(api, &to, &device, &[]).await?.want(201);
        assert_eq!(answer.text("status"), "pending", "{}", answer.text);
        cell.doubtful -= 1;
        cell.acknowledged += 1;
        Some(())
    }

    /// Number and device of a start that counts in this cell.
    fn asked(&mut self, cell: usize) -> (String, String) {
        let (scope, n) = (self.cells[cell].scope, self.cells[cell].n);
        let fresh = self.number();
        match scope {
            "number" => (live((90_000 / 12 + n) * 8 + self.n), format!("any-{fresh}")),
            _ => (fresh, format!("one-device-{}-{n}", self.n)),
        }
    }

    /// The provider's messages tell the codes.
    pub fn learn_codes(&mut self, taken: &[Taken]) {
        let by: BTreeMap<&str, &Taken> = taken.iter().map(|taken| (taken.attempt.as_str(), taken)).collect();
        for flow in self.flows.iter_mut().filter(|flow| flow.code.is_empty()) {
            let message = by.get(flow.attempt.as_str());
            flow.code = message
                .unwrap_or_else(|| panic!("{} said sent, the provider has nothing", flow.attempt))
                .code(6);
            assert_eq!(flow.code.len(), 6, "no code in {:?}", message.map(|taken| &taken.body));
        }
    }

    pub fn no_number_had_more_than(max: usize, taken: &[Taken]) {
        let mut messages: BTreeMap<&str, usize> = BTreeMap::new();
        for taken in taken {
            *messages.entry(taken.body["to"].as_str().unwrap_or_default()).or_default() += 1;
        }
        for (to, n) in messages {
            assert!(n <= max, "{to} had {n} messages, {max} are allowed");
        }
    }

    /// Everything acknowledged since the last kill is there (everything at all, if `whole`).
    pub async fn verify(&mut self, api: &Api, manage: &Api, taken: &[Taken], whole: bool) {
        for to in std::mem::take(&mut self.lost) {
            verify_lost(api, &to, taken).await;
        }
        let from = if whole { [0; 3] } else { self.seen };
        for at in 0..self.flows.len() {
            if whole || std::mem::take(&mut self.flows[at].touched) {
                self.verify_flow(api, at).await;
            }
        }
        self.verify_lists(manage, from[0].saturating_sub(5)).await;
        for revoked in &self.revoked[from[1]..] {
            let answer = api.with_key(&revoked.key).get("/v1/lists/safe/entries?limit=1").await;
            assert!(!revoked.acknowledged || answer.status == 401, "a revoked key lives: {}", answer.text);
        }
        for at in from[2]..self.posted.len() {
            self.verify_posted(api, at).await;
        }
        for cell in 0..self.cells.len() {
            self.verify_cell(api, cell).await;
        }
        self.verify_evidence(api).await;
        self.cells.clear();
        self.seen = [self.entries.len(), self.revoked.len(), self.posted.len()];
    }

    async fn verify_flow(&mut self, api: &Api, at: usize) {
        let flow = &mut self.flows[at];
        let found = api.get(&format!("/v1/verifications/{}", flow.id)).await.want(200);
        assert_eq!(found.text("to"), flow.to, "{}", found.text);
        let sent = found.text("attempts.0.status");
        assert!(sent == "sent" || (sent == "delivered" && flow.event != Told::Not), "{}", found.text);
        if flow.event != Told::Not {
            let answer = tell(api, &flow.attempt).await.unwrap().text("results.0.status");
            assert!(answer == "duplicate" || flow.event == Told::Doubtful, "told twice, {answer}");
            flow.event = Told::Acknowledged;
        }
        if flow.approval_doubtful {
            if found.text("status") == "pending" {
                let answer = check(api, &flow.id, &flow.code).await.unwrap().want(200);
                assert_eq!(answer.text("status"), "approved", "{}", answer.text);
            }
            flow.approved = true;
            flow.approval_doubtful = false;
        } else if !flow.approved {
            let left: u32 = found.text("checks_left").parse().unwrap();
            assert!(
                left <= 5 - flow.wrong,
                "{}: guesses given back: {left} left after {} wrong",
                flow.id,
                flow.wrong
            );
            assert!(
                left + flow.wrong + flow.doubtful >= 5,
                "{}: {left} left after {} wrong",
                flow.id,
                flow.wrong
            );
            assert_eq!(found.text("status"), "pending", "{}", found.text);
        }
        if flow.approved {
            let again = check(api, &flow.id, &flow.code).await.unwrap();
            assert_eq!(
                (again.status, again.code().as_str()),
                (409, "already_finished"),
                "approved twice: {}",
                again.text
            );
            let found = api.get(&format!("/v1/verifications/{}", flow.id)).await.want(200);
            assert_eq!(found.text("status"), "approved", "{}", found.text);
        }
    }

    async fn verify_lists(&mut self, manage: &Api, from: usize) {
        for entry in &mut self.entries[from..] {
            // The list answers a duplicate with 409: that is how one is found whatever the paging.
            let path = format!("/v1/lists/{}/entries", entry.list);
            if entry.removed == Told::Not {
                let again = manage.post(&path, json!({ "value": entry.value })).await;
                assert_eq!(again.status, 409, "lost from the {} list: {}", entry.list, again.text);
                continue;
            }
            let gone = manage.delete(&format!("{path}/{}", entry.id)).await.status;
            assert!(gone == 404 || entry.removed == Told::Doubtful, "a removed entry is back: {gone}");
            entry.removed = Told::Acknowledged;
        }
    }

    async fn verify_posted(&mut self, api: &Api, at: usize) {
        let posted = &mut self.posted[at];
        let headers = [("Idempotency-Key", posted.key.as_str())];
        // A crashed owner's key is usable again within seconds: until then 409.
        let deadline = tokio::time::Instant::now() + Duration::from_secs(8);
        let answer = loop {
            let answer = api.send("POST", "/v1/verifications", &headers, Some(&posted.body)).await.unwrap();
            if answer.status != 409 {
                break answer.want(201);
            }
            assert!(tokio::time::Instant::now() < deadline, "still in progress: {}", answer.text);
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        if let Some(id) = &posted.id {
            assert_eq!(&answer.text("id"), id, "one key, two verifications");
            assert_eq!(answer.header("idempotent-replayed"), "true");
        }
        posted.id = Some(answer.text("id"));
    }

    /// What was counted before the kill is counted after it: five in all, neither more nor fewer.
    async fn verify_cell(&mut self, api: &Api, cell: usize) {
        let mut more = 0;
        loop {
            let (to, device) = self.asked(cell);
            let answer = begin(api, &to, &device, &[]).await.unwrap();
            if answer.status == 429 {
                assert_eq!(answer.code(), "limited", "{}", answer.text);
                break;
            }
            more += 1;
            assert!(more <= 5, "no limit of {} at all: {}", self.cells[cell].scope, answer.text);
        }
        let Cell { scope, acknowledged, doubtful, .. } = self.cells[cell];
        assert!(acknowledged + more <= 5, "{scope}: {acknowledged} before the kill, {more} after it");
        assert!(
            acknowledged + doubtful + more >= 5,
            "{scope}: {acknowledged} (+{doubtful}?) before, only {more} after"
        );
    }
}

fn body_of(to: &str, device: &str) -> Value {
    json!({ "to": to, "profile": "plain", "client": { "device_id": device } })
}

async fn begin(api: &Api, to: &str, device: &str, headers: &[(&str, &str)]) -> Option<Answer> {
    api.send("POST", "/v1/verifications", headers, Some(&body_of(to, device))).await
}

async fn check(api: &Api, id: &str, code: &str) -> Option<Answer> {
    api.send("POST", &format!("/v1/verifications/{id}/check"), &[], Some(&json!({ "code": code }))).await
}

async fn tell(api: &Api, attempt: &str) -> Option<Answer> {
    let body = json!({ "events": [{ "attempt": attempt, "type": "delivery", "status": "delivered" }] });
    Some(api.send("POST", "/v1/events", &[], Some(&body)).await?.want(202))
}

/// A start whose answer was lost: what reached the provider had been written down before, and nothing
/// stays queued that nobody sends any more.
async fn verify_lost(api: &Api, to: &str, taken: &[Taken]) {
    let path = format!("/v1/verifications?to=%2B{}", &to[1..]);
    until("no attempt is queued for ever", Duration::from_secs(5), || async {
        !api.get(&path).await.want(200).text.contains("\"queued\"")
    })
    .await;
    let found = api.get(&path).await.want(200);
    for taken in taken.iter().filter(|taken| taken.body["to"] == to) {
        assert!(
            found.text.contains(&taken.attempt),
            "sent before it was written down: {} of {}",
            taken.attempt,
            found.text
        );
    }
    let made = found.at("data").as_array().map_or(0, Vec::len);
    assert!(made <= 1, "one start made {made} verifications: {}", found.text);
    if made == 1 {
        let status = found.text("data.0.attempts.0.status");
        assert!(status == "sent" || status == "unknown", "{}", found.text);
    }
}
