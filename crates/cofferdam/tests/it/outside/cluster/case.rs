//! One fault from beginning to end: load, fault, what the nodes tell of it, repair, and the looking afterwards.

use super::found::{Findings, bound, look};
use super::load::{Heard, Load, Running};
use super::nodes::{Cluster, NODES};
use super::report::Row;
use crate::outside::api::{Answer, Api};
use crate::outside::dice::live;
use crate::outside::server::until;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long the load runs before the fault, and after the repair.
const CALM: Duration = Duration::from_millis(1_500);
/// How long a fault lasts, at least.
pub const FAULT: Duration = Duration::from_secs(4);
/// How soon all must be normal after the repair.
const NORMAL: Duration = Duration::from_secs(5);

/// What holds while a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Judged without the shared tallies, and said so.
    Blind,
    /// Nothing is sent: 503.
    Away,
    /// Something in between: only the answers are looked at.
    Any,
}

/// A fault under way.
pub struct Case {
    pub cluster: Cluster,
    running: Running,
    fault: &'static str,
    expect: Expect,
    /// When the fault began, and when it was mended.
    began: Instant,
    /// Nodes that are dead, and answer nothing.
    pub dead: usize,
    p99_max: Duration,
}

impl Case {
    /// A cluster under load; none where a server's program is missing.
    pub async fn begin(fault: &'static str, expect: Expect) -> Option<Self> {
        let cluster = Cluster::start().await?;
        Some(Self::over(cluster, fault, expect).await)
    }

    pub async fn over(cluster: Cluster, fault: &'static str, expect: Expect) -> Self {
        let running = Load::begin(&cluster).await;
        tokio::time::sleep(CALM).await;
        // Where nothing is away all waits for what is slow, several trips a call.
        let p99_max = Duration::from_secs(match expect {
            Expect::Blind => 1,
            Expect::Away => 3,
            Expect::Any => 5,
        });
        Self { cluster, running, fault, expect, began: Instant::now(), dead: 0, p99_max }
    }

    /// The fault is there: waits until it is told, and until it has lasted.
    pub async fn lasts(&mut self) {
        match self.expect {
            Expect::Blind => self.blind_is_told().await,
            Expect::Away => self.away_is_told().await,
            Expect::Any => {}
        }
        tokio::time::sleep_until(self.began + FAULT).await;
    }

    /// When the fault was made.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// The fault is made now.
    pub fn now(&mut self) {
        self.began = Instant::now();
    }

    async fn blind_is_told(&self) {
        until("every node says that the tallies are away", Duration::from_secs(4), || async {
            let ready = self.cluster.ready().await;
            ready.iter().all(|answer| answer.status == 200 && answer.text("tallies.ok") == "false")
        })
        .await;
        for answer in self.cluster.ready().await {
            assert_eq!(
                (answer.text("status").as_str(), answer.text("records.ok").as_str()),
                ("blind", "true")
            );
            let since: jiff::Timestamp = answer.text("tallies.since").parse().expect("since when");
            let ago = crate::outside::time::now_ms() - since.as_millisecond();
            assert!((0..=6_000).contains(&ago), "away for {ago} ms: {}", answer.text);
        }
        assert_eq!(self.cluster.part_up("tallies").await, [false; NODES]);
        assert_eq!(self.cluster.part_up("records").await, [true; NODES]);
        for (n, api) in self.cluster.apis(&self.cluster.keys.live).iter().enumerate() {
            let judged = api.post("/v1/assessments", json!({ "to": live(60_000 + n) })).await.want(201);
            assert!(reasons(&judged, "reasons").contains(&"blind".to_owned()), "{}", judged.text);
            let made = start(api, &live(60_010 + n)).await.want(201);
            assert!(reasons(&made, "assessment.reasons").contains(&"blind".to_owned()), "{}", made.text);
        }
    }

    async fn away_is_told(&self) {
        until("every node says that the records are away", Duration::from_secs(6), || async {
            self.cluster.ready().await.iter().all(|answer| answer.status == 503)
        })
        .await;
        assert_eq!(self.cluster.part_up("records").await, [false; NODES]);
        for (n, api) in self.cluster.apis(&self.cluster.keys.live).iter().enumerate() {
            let to = live(60_000 + n);
            let refused = start(api, &to).await.want(503);
            assert_eq!(refused.code(), "store_away", "{}", refused.text);
            let again: u32 = refused.header("retry-after").parse().expect("when to come again");
            assert!((1..=60).contains(&again), "{again}");
            assert!(self.cluster.provider.taken_for(&to).is_empty(), "sent all the same");
        }
    }

    /// It was mended at this moment: waits until all is normal, ends the load, looks, and tells.
    pub async fn mended(self, at: Instant) -> Findings {
        let normal = self.normal(at).await;
        tokio::time::sleep(CALM).await;
        let Self { cluster, running, fault, began, dead, p99_max, .. } = self;
        let kept = running.end().await;
        let heard: Vec<Heard> =
            kept.heard.iter().filter(|heard| heard.at >= began && heard.at <= at + normal).cloned().collect();
        let acknowledged = kept.flows.len() + kept.entries.len();
        let findings = look(&cluster, kept).await;
        let p99 = p99(&heard);
        let row = Row {
            fault,
            seen: seen(&heard),
            p99_ms: p99.as_millis(),
            lost: lost(&findings, acknowledged),
            passed: passed(&findings),
            normal_s: normal.as_secs_f64(),
        };
        row.tell();
        let told = format!("{:#?}\n{:#?}", findings.lost, findings.wrong);
        assert!(findings.lost.is_empty() && findings.wrong.is_empty(), "{told}\n{}", ends(&cluster));
        for (scope, (max, most)) in &findings.most {
            let allowed = if *scope == "device" { bound(*max) } else { *max };
            assert!(*most <= allowed, "{scope}: {most} of {max}, and at most {allowed} were to pass");
        }
        assert!(dead > 0 || heard.iter().all(|heard| heard.status != 0), "a node did not answer");
        // How quick it was is a figure of the page; on a machine that is busy with something else it says nothing.
        for (slow, what) in [
            (p99 > p99_max, format!("p99 {p99:?}, and {p99_max:?} is meant")),
            (normal > NORMAL, format!("normal after {normal:?}, and {NORMAL:?} is meant")),
            (heard.len() <= 10, format!("{} calls are too little load to mean much", heard.len())),
        ] {
            if slow {
                println!("slower than meant, on this machine at this time: {what}");
            }
        }
        findings
    }

    /// How long after the repair every node that lives is well and does everything.
    async fn normal(&self, at: Instant) -> Duration {
        let mut n = 61_000;
        for api in self.cluster.apis(&self.cluster.keys.live) {
            loop {
                let ready = api.send("GET", "/readyz", &[], None).await;
                n += 1;
                let made = start(&api, &live(n)).await;
                let well = ready.is_some_and(|r| r.status == 200 && r.text("tallies.ok") == "true");
                let does = made.status == 201 && made.text("attempts.0.status") == "sent";
                if well && does && !made.text.contains("\"blind\"") {
                    break;
                }
                assert!(at.elapsed() < 6 * NORMAL, "not normal: {}\n{}", made.text, ends(&self.cluster));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        at.elapsed()
    }
}

/// The last that the nodes have said, but for the answers that they gave.
fn ends(cluster: &Cluster) -> String {
    let said = cluster.said();
    let lines: Vec<&str> = said.lines().filter(|line| !line.contains("cofferdam::request")).collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

pub async fn start(api: &Api, to: &str) -> Answer {
    api.post("/v1/verifications", json!({ "to": to, "profile": "plain" })).await
}

/// Codes of the reasons of an assessment.
pub fn reasons(answer: &Answer, path: &str) -> Vec<String> {
    let all = answer.at(path).as_array().cloned().unwrap_or_default();
    all.iter().filter_map(|reason| reason["code"].as_str()).map(ToOwned::to_owned).collect()
}

fn p99(heard: &[Heard]) -> Duration {
    let mut took: Vec<Duration> = heard.iter().map(|heard| heard.took).collect();
    took.sort_unstable();
    took.get(took.len() * 99 / 100).copied().unwrap_or_default()
}

/// What callers saw while the fault lasted, in words.
fn seen(heard: &[Heard]) -> String {
    let all = heard.len().max(1);
    let percent = |n: usize| format!("{:.0} %", 100.0 * n as f64 / all as f64);
    let mut by = BTreeMap::new();
    for heard in heard {
        *by.entry(heard.status).or_insert(0_usize) += 1;
    }
    let of = |statuses: &[u16]| statuses.iter().filter_map(|status| by.get(status)).sum::<usize>();
    let mut words = vec![format!("{} served", percent(of(&[200, 201, 202, 204, 409, 429])))];
    let judged: Vec<&Heard> =
        heard.iter().filter(|h| matches!(h.what, "start" | "assess") && h.status == 201).collect();
    let blind = judged.iter().filter(|heard| heard.blind).count();
    if blind > 0 {
        words.push(format!("{:.0} % of judgements `blind`", 100.0 * blind as f64 / judged.len() as f64));
    }
    for (status, word) in [(503, "503"), (0, "no answer")] {
        if of(&[status]) > 0 {
            words.push(format!("{} {word}", percent(of(&[status]))));
        }
    }
    let known = [200, 201, 202, 204, 409, 429, 503, 0];
    let other: Vec<String> =
        by.iter().filter(|(status, _)| !known.contains(status)).map(|(s, n)| format!("{n} × {s}")).collect();
    words.extend(other);
    words.join(", ")
}

fn lost(findings: &Findings, acknowledged: usize) -> String {
    let mut words = match findings.lost.len() {
        0 => format!("nothing of {acknowledged}"),
        n => format!("{n} of {acknowledged}"),
    };
    if findings.unfound > 0 {
        words.push_str(&format!("; {} assessments of the journal", findings.unfound));
    }
    words
}

fn passed(findings: &Findings) -> String {
    let over: Vec<String> = findings
        .most
        .iter()
        .filter(|(_, (max, most))| most > max)
        .map(|(scope, (max, most))| format!("{scope}: {most} of {max}"))
        .collect();
    let mut words = if over.is_empty() { "none".to_owned() } else { over.join(", ") };
    if findings.strict > 0 {
        words.push_str(&format!("; device: {} refused early", findings.strict));
    }
    words
}
