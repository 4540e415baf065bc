//! Callers behind a load balancer, and their memory of what was acknowledged to them.

use super::case::reasons;
use super::nodes::{Cluster, GUESSES, NODES, PER_DEVICE, PER_NUMBER, PER_TENANT};
use crate::outside::api::{Answer, Api};
use crate::outside::dice::{Dice, live};
use crate::outside::simulator::Simulator;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// How many ask at once, and how often each.
pub const CALLERS: usize = 5;
const PACE: Duration = Duration::from_millis(40);
/// Cells of limits that all callers fill together.
const CELLS: usize = 4;
/// Verifications at which all callers guess together.
const GUESSED: usize = 3;

/// An answer, as its caller met it.
#[derive(Clone)]
pub struct Heard {
    pub at: Instant,
    pub took: Duration,
    pub what: &'static str,
    /// 0 where none came.
    pub status: u16,
    pub blind: bool,
}

/// A verification as its caller last heard of it.
#[derive(Clone)]
pub struct Flow {
    pub id: String,
    pub to: String,
    pub attempt: String,
    pub wrong: u32,
    /// Guesses whose answer was lost, or which were refused because a part was away.
    pub doubtful: u32,
    pub approved: bool,
    pub approval_doubtful: bool,
    /// The key it was started under, and the body.
    pub key: Option<(String, Value)>,
}

/// Messages of one limit.
#[derive(Clone, Debug)]
pub struct Cell {
    pub scope: &'static str,
    pub max: usize,
    /// The number, or the device; empty for the tenant.
    pub name: String,
    /// Numbers that were written to in its name.
    pub numbers: Vec<String>,
    pub acknowledged: usize,
    pub doubtful: usize,
}

/// All that was acknowledged.
#[derive(Default)]
pub struct Kept {
    pub flows: Vec<Flow>,
    /// List, value.
    pub entries: Vec<(&'static str, String)>,
    pub assessments: Vec<String>,
    /// Numbers of starts that were answered 503: nothing may have been sent to them.
    pub refused: Vec<String>,
    /// Starts under a key that were answered by no 2xx: number, key, body.
    pub unanswered: Vec<(String, String, Value)>,
    pub cells: Vec<Cell>,
    /// Verifications that all guess at: wrong guesses that were compared.
    pub guessed: Vec<(Flow, usize)>,
    pub heard: Vec<Heard>,
    /// Answers that break the contract.
    pub wrongs: Vec<String>,
}

/// What all callers share.
pub struct Load {
    pub kept: Mutex<Kept>,
    provider: Arc<Simulator>,
    live: Vec<Api>,
    manage: Vec<Api>,
    capped: Vec<Api>,
    stop: AtomicBool,
}

/// A running load.
pub struct Running {
    pub load: Arc<Load>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    /// Begins to call at all nodes in turn.
    pub async fn begin(cluster: &Cluster) -> Running {
        let mut dice = Dice::new("cluster");
        let load = Arc::new(Self {
            kept: Mutex::default(),
            provider: Arc::clone(&cluster.provider),
            live: cluster.apis(&cluster.keys.live),
            manage: cluster.apis(&cluster.keys.manage),
            capped: cluster.apis(&cluster.capped.live),
            stop: AtomicBool::new(false),
        });
        load.prepare().await;
        let tasks = (0..CALLERS)
            .map(|n| {
                let mut caller =
                    Caller { n, next: 0, dice: Dice::seeded(dice.next()), load: Arc::clone(&load) };
                tokio::spawn(async move { caller.work().await })
            })
            .collect();
        Running { load, tasks }
    }

    /// The cells, and the verifications at which all guess.
    async fn prepare(&self) {
        let cell = |scope, max, name: String| Cell {
            scope,
            max,
            name,
            numbers: Vec::new(),
            acknowledged: 0,
            doubtful: 0,
        };
        let mut cells = vec![cell("tenant", PER_TENANT, String::new())];
        for n in 0..CELLS {
            cells.push(cell("number", PER_NUMBER, live(80_000 + n)));
            cells.push(cell("device", PER_DEVICE, format!("one-device-{n}")));
        }
        self.kept.lock().unwrap().cells = cells;
        for n in 0..GUESSED {
            let to = live(81_000 + n);
            let body = json!({ "to": to, "profile": "plain" });
            let answer = self.live[n % NODES].post("/v1/verifications", body).await.want(201);
            let flow = flow_of(&answer, &to, None).expect("it was sent");
            self.kept.lock().unwrap().guessed.push((flow, 0));
        }
    }
}

impl Running {
    /// Ends the load; what was kept of it.
    pub async fn end(self) -> Kept {
        self.load.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
        std::mem::take(&mut *self.load.kept.lock().unwrap())
    }
}

/// A start that was acknowledged with a message.
pub fn flow_of(answer: &Answer, to: &str, key: Option<(String, Value)>) -> Option<Flow> {
    let attempt = answer.text("attempts.0.id");
    (answer.status == 201 && answer.text("status") == "pending" && !attempt.is_empty()).then(|| Flow {
        id: answer.text("id"),
        to: to.to_owned(),
        attempt,
        wrong: 0,
        doubtful: 0,
        approved: false,
        approval_doubtful: false,
        key,
    })
}

/// What is wrong with an answer, whatever was asked: nothing but 2xx, 4xx, and a 503 that says when to come again.
fn wrong(answer: &Answer) -> Option<String> {
    let told = || format!("{} {}", answer.status, answer.text);
    match answer.status {
        200..=299 | 400..=499 => None,
        503 => {
            let again = answer.header("retry-after").parse::<u32>();
            let named = matches!(answer.code().as_str(), "store_away" | "overloaded");
            (again.is_err() || !named).then(told)
        }
        _ => Some(told()),
    }
}

/// One who calls.
struct Caller {
    n: usize,
    next: usize,
    dice: Dice,
    load: Arc<Load>,
}

impl Caller {
    async fn work(&mut self) {
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !self.load.stop.load(Ordering::SeqCst) {
            pace.tick().await;
            match self.dice.below(16) {
                0..=3 => self.start().await,
                4 => self.start_under_a_key().await,
                5..=6 => self.check_rightly().await,
                7 => self.check_wrongly().await,
                8..=9 => self.assess().await,
                10 => self.list().await,
                11 => self.guess_with_others().await,
                _ => self.fill().await,
            }
        }
    }

    /// A number of his own that he has not used.
    fn number(&mut self) -> String {
        self.next += 1;
        live(self.next * CALLERS + self.n)
    }

    fn keep<T>(&self, with: impl FnOnce(&mut Kept) -> T) -> T {
        with(&mut self.load.kept.lock().unwrap())
    }

    /// Asks any node, as a load balancer would.
    async fn ask(
        &mut self,
        what: &'static str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Option<Answer> {
        let apis = match what {
            "list" => &self.load.manage,
            "tenant" => &self.load.capped,
            _ => &self.load.live,
        };
        let api = apis[self.dice.below(apis.len())].clone();
        let at = Instant::now();
        let answer = api.send("POST", path, headers, Some(body)).await;
        let heard = Heard {
            at,
            took: at.elapsed(),
            what,
            status: answer.as_ref().map_or(0, |answer| answer.status),
            blind: answer.as_ref().is_some_and(|answer| answer.text.contains("\"blind\"")),
        };
        self.keep(|kept| {
            kept.heard.push(heard);
            kept.wrongs.extend(answer.as_ref().and_then(wrong).map(|wrong| format!("{path}: {wrong}")));
        });
        answer
    }

    async fn start(&mut self) {
        let to = self.number();
        let body = json!({ "to": to, "profile": "plain", "client": { "device_id": format!("dev-{to}") } });
        let answer = self.ask("start", "/v1/verifications", &[], &body).await;
        self.started(answer.as_ref(), &to, None);
    }

    async fn start_under_a_key(&mut self) {
        let to = self.number();
        let body = json!({ "to": to, "profile": "plain", "client": { "device_id": format!("dev-{to}") } });
        let key = format!("once-{to}");
        let answer = self.ask("start", "/v1/verifications", &[("Idempotency-Key", &key)], &body).await;
        if answer.as_ref().is_none_or(|answer| answer.status != 201) {
            self.keep(|kept| kept.unanswered.push((to.clone(), key.clone(), body.clone())));
        }
        self.started(answer.as_ref(), &to, Some((key, body)));
    }

    fn started(&self, answer: Option<&Answer>, to: &str, key: Option<(String, Value)>) {
        let Some(answer) = answer else { return };
        self.keep(|kept| match flow_of(answer, to, key) {
            Some(flow) => kept.flows.push(flow),
            None if answer.status == 503 => kept.refused.push(to.to_owned()),
            None => {}
        });
    }

    /// One of the newest that is open; which node started it is no matter.
    fn open(&mut self) -> Option<usize> {
        let chosen = self.dice.next();
        self.keep(|kept| {
            let newest = kept.flows.len().saturating_sub(40);
            let open =
                |flow: &Flow| !flow.approved && !flow.approval_doubtful && flow.wrong + flow.doubtful < 3;
            let open: Vec<usize> = (newest..kept.flows.len()).filter(|at| open(&kept.flows[*at])).collect();
            open.get(chosen as usize % open.len().max(1)).copied()
        })
    }

    async fn check_wrongly(&mut self) {
        let Some(at) = self.open() else { return };
        let id = self.keep(|kept| {
            kept.flows[at].doubtful += 1;
            kept.flows[at].id.clone()
        });
        // Five digits are never right, and are paid for like any guess.
        let answer = self
            .ask("check", &format!("/v1/verifications/{id}/check"), &[], &json!({ "code": "00000" }))
            .await;
        if answer.is_some_and(|answer| answer.status == 200) {
            self.keep(|kept| {
                kept.flows[at].doubtful -= 1;
                kept.flows[at].wrong += 1;
            });
        }
    }

    async fn check_rightly(&mut self) {
        let Some(at) = self.open() else { return };
        let (id, attempt) = self.keep(|kept| {
            kept.flows[at].approval_doubtful = true;
            (kept.flows[at].id.clone(), kept.flows[at].attempt.clone())
        });
        let code = self.load.provider.code_of(&attempt, 6);
        let answer =
            self.ask("check", &format!("/v1/verifications/{id}/check"), &[], &json!({ "code": code })).await;
        if let Some(answer) = answer.filter(|answer| answer.status == 200) {
            self.keep(|kept| {
                kept.flows[at].approval_doubtful = false;
                kept.flows[at].approved = answer.text("status") == "approved";
                if !kept.flows[at].approved {
                    kept.wrongs.push(format!("the right code, and {}", answer.text));
                }
            });
        }
    }

    async fn assess(&mut self) {
        let to = self.number();
        let body = json!({ "to": to, "profile": "plain", "client": { "device_id": format!("dev-{to}") } });
        let answer = self.ask("assess", "/v1/assessments", &[], &body).await;
        if let Some(answer) = answer.filter(|answer| answer.status == 201) {
            self.keep(|kept| kept.assessments.push(answer.text("id")));
        }
    }

    async fn list(&mut self) {
        let list = if self.dice.chance(50) { "safe" } else { "deny" };
        let value = self.number();
        let path = format!("/v1/lists/{list}/entries");
        let answer = self.ask("list", &path, &[], &json!({ "value": value })).await;
        if answer.is_some_and(|answer| answer.status == 201) {
            self.keep(|kept| kept.entries.push((list, value)));
        }
    }

    /// A wrong guess at a verification at which all guess, at any node.
    async fn guess_with_others(&mut self) {
        let chosen = self.dice.next() as usize;
        let (at, id) = self.keep(|kept| {
            let at = chosen % kept.guessed.len();
            (at, kept.guessed[at].0.id.clone())
        });
        let path = format!("/v1/verifications/{id}/check");
        let answer = self.ask("check", &path, &[], &json!({ "code": "00000" })).await;
        match answer.filter(|answer| answer.status == 200).map(|answer| answer.text("status")) {
            Some(status) if status == "pending" => self.keep(|kept| kept.guessed[at].1 += 1),
            // Used up: another one, so that some are open whenever a fault comes.
            Some(_) => self.guess_at_another().await,
            None => {}
        }
    }

    async fn guess_at_another(&mut self) {
        if self.keep(|kept| kept.guessed.iter().filter(|(_, compared)| *compared + 1 < GUESSES).count())
            >= GUESSED
        {
            return;
        }
        let to = self.number();
        let body = json!({ "to": to, "profile": "plain" });
        let answer = self.ask("start", "/v1/verifications", &[], &body).await;
        if let Some(flow) = answer.and_then(|answer| flow_of(&answer, &to, None)) {
            self.keep(|kept| kept.guessed.push((flow, 0)));
        }
    }

    /// One more message under a limit that all fill: an old one that was full before, or a new one.
    async fn fill(&mut self) {
        let (chosen, newest) = (self.dice.next() as usize, self.dice.chance(60));
        let at = self.keep(|kept| {
            let from = if newest { kept.cells.len() - 2 * CELLS } else { 0 };
            from + chosen % (kept.cells.len() - from)
        });
        let status = self.ask_for(at).await;
        if status == Some(429) && newest {
            self.keep(|kept| {
                let mut fresh = kept.cells[at].clone();
                if fresh.scope == "tenant" || kept.cells.len() > 60 {
                    return;
                }
                fresh.name = match fresh.scope {
                    "number" => live(80_100 + kept.cells.len()),
                    _ => format!("one-device-{}", kept.cells.len()),
                };
                (fresh.acknowledged, fresh.doubtful, fresh.numbers) = (0, 0, Vec::new());
                kept.cells.push(fresh);
            });
        }
    }

    /// A start under the limit of a cell.
    async fn ask_for(&mut self, at: usize) -> Option<u16> {
        let fresh = self.number();
        let (scope, name) = self.keep(|kept| (kept.cells[at].scope, kept.cells[at].name.clone()));
        let (to, device) = match scope {
            "number" => (name, format!("dev-{fresh}")),
            "device" => (fresh, name),
            _ => (fresh.clone(), format!("dev-{fresh}")),
        };
        self.keep(|kept| {
            kept.cells[at].doubtful += 1;
            kept.cells[at].numbers.push(to.clone());
        });
        let body = json!({ "to": to, "profile": "plain", "client": { "device_id": device } });
        let what = if scope == "tenant" { "tenant" } else { "start" };
        let answer = self.ask(what, "/v1/verifications", &[], &body).await?;
        self.keep(|kept| {
            let sent = answer.status == 201 && answer.text("status") == "pending";
            kept.cells[at].acknowledged += usize::from(sent);
            kept.cells[at].doubtful -= usize::from(matches!(answer.status, 201 | 429));
        });
        Some(answer.status)
    }
}

/// Fills every cell until it refuses, one after another at all nodes in turn; how many messages each
/// got after all, as the provider counts them.
pub async fn fill_up(cluster: &Cluster, kept: &mut Kept) -> Vec<(Cell, usize)> {
    let (many, capped) = (cluster.apis(&cluster.keys.live), cluster.apis(&cluster.capped.live));
    let mut counted = Vec::new();
    let mut fresh = 0;
    for mut cell in kept.cells.drain(..) {
        // Three refusals, one from each node, and it is full.
        let (mut refused, mut node, mut by) = (0, 0, [0; NODES]);
        while refused < NODES {
            fresh += 1;
            node += 1;
            let new = live(70_000 + fresh);
            let (to, device) = match cell.scope {
                "number" => (cell.name.clone(), format!("dev-{new}")),
                "device" => (new, cell.name.clone()),
                _ => (new.clone(), format!("dev-{new}")),
            };
            let apis = if cell.scope == "tenant" { &capped } else { &many };
            let body = json!({ "to": to, "profile": "plain", "client": { "device_id": device } });
            let answer = apis[node % apis.len()].post("/v1/verifications", body).await;
            refused = if answer.status == 429 { refused + 1 } else { 0 };
            if answer.status != 429 {
                assert_eq!(answer.status, 201, "{}", answer.text);
                by[node % apis.len()] += 1;
                let told = format!("{cell:?}, and at each node {by:?} more");
                let why = reasons(&answer, "assessment.reasons");
                assert!(answer.text("status") == "pending", "{told}: {} for {why:?}", answer.text("status"));
                assert!(cell.acknowledged <= 3 * cell.max, "no limit at all: {told}");
                cell.acknowledged += 1;
                cell.numbers.push(to);
            }
        }
        cell.numbers.sort_unstable();
        cell.numbers.dedup();
        let sent = cell.numbers.iter().map(|to| cluster.provider.taken_for(to).len()).sum();
        counted.push((cell, sent));
    }
    counted
}
