//! All metrics of the program, in one list. Label values are closed sets: enums of ours, routes of
//! the router, names of providers from the settings – never text of a tenant or a caller.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError, RwLock};

/// A metric's name, its labels, and what it tells.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    /// As it is scraped, without the library's suffixes.
    pub name: &'static str,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

const fn name(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Name {
    Name { name, labels, help }
}

const BUILD: Name =
    name("cofferdam_build", &["version", "edition"], "Version of the program and edition of its data");
const STARTED: Name = name("cofferdam_start_time_seconds", &[], "When the program started, in Unix seconds");
const REQUESTS: Name = name("cofferdam_http_requests", &["method", "route", "status"], "Answered requests");
const REQUEST_SECONDS: Name =
    name("cofferdam_http_request_seconds", &["route"], "Time from the head of a request to its answer");
const CONNECTIONS: Name = name("cofferdam_http_connections", &[], "Open connections");
const SHED: Name = name("cofferdam_http_shed", &[], "Requests refused because too many were under way");
const ASSESSED: Name = name("cofferdam_assessments", &["world", "decision"], "Judged attempts");
const REASONS: Name = name("cofferdam_assessment_reasons", &["code"], "Reasons that stood in assessments");
const BLIND: Name = name("cofferdam_assessments_blind", &[], "Attempts judged without tallies");
const BLOCKS: Name = name("cofferdam_blocks", &["world"], "Standing blocks");
const BLOCK_CHANGES: Name = name(
    "cofferdam_block_changes",
    &["world", "change"],
    "Blocks that were opened, extended, ended or lifted",
);
const STARTED_VERIFICATIONS: Name =
    name("cofferdam_verifications", &["world", "status"], "Verifications, by the status of their start");
const CHECKS: Name = name("cofferdam_checks", &["world", "result"], "Checked codes");
const SENDS: Name =
    name("cofferdam_sends", &["provider", "result"], "Messages handed over, by what the provider said");
const SEND_SECONDS: Name = name("cofferdam_send_seconds", &["provider"], "Time that handing over took");
const SENDING: Name = name("cofferdam_sends_under_way", &[], "Messages that are being handed over");
const DELIVERIES: Name =
    name("cofferdam_deliveries", &["provider", "status"], "Deliveries that providers reported");
const JOURNAL_LOST: Name =
    name("cofferdam_journal_lost", &[], "Assessments that the journal lost because its queue was full");
const TALLY_KEYS: Name = name("cofferdam_tally_keys", &[], "Live keys of the tallies");
const TALLY_BYTES: Name = name("cofferdam_tally_bytes", &[], "Memory that the tallies hold");
const TALLY_FULL: Name = name(
    "cofferdam_tally_full_ratio",
    &[],
    "Share of `store.tally_keys_max` in use; at 1, newcomers share records",
);
const CLOCK_APART: Name =
    name("cofferdam_clock_apart_seconds", &[], "How far this machine's clock is ahead of the records'");
const PART_UP: Name = name("cofferdam_part_up", &["part"], "Whether a part of the store answers: 1 or 0");
const PART_SINCE: Name =
    name("cofferdam_part_since_seconds", &["part"], "Since when it does or does not, in Unix seconds");
const SWEPT: Name = name("cofferdam_swept_rows", &["kind"], "Rows that retention removed");

/// All of them.
pub const NAMES: &[Name] = &[
    BUILD,
    STARTED,
    REQUESTS,
    REQUEST_SECONDS,
    CONNECTIONS,
    SHED,
    ASSESSED,
    REASONS,
    BLIND,
    BLOCKS,
    BLOCK_CHANGES,
    STARTED_VERIFICATIONS,
    CHECKS,
    SENDS,
    SEND_SECONDS,
    SENDING,
    DELIVERIES,
    JOURNAL_LOST,
    TALLY_KEYS,
    TALLY_BYTES,
    TALLY_FULL,
    CLOCK_APART,
    PART_UP,
    PART_SINCE,
    SWEPT,
];

type Label = (&'static str, &'static str);
type OwnLabel = (&'static str, String);

/// Buckets of seconds from 50 µs to 30 s: an assessment takes microseconds, a provider seconds.
const SECONDS: [f64; 16] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 3.0, 10.0,
    30.0,
];

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// Metrics of families by where their labels stand in the program: a family hashes every letter of its
/// labels, which costs more than to count. One text that stands in two places is only held twice.
struct AtHand<const N: usize, M>(RwLock<HashMap<[Place; N], M, foldhash::fast::FixedState>>);

/// Address and length of a text.
type Place = (usize, usize);

impl<const N: usize, M> AtHand<N, M> {
    fn new() -> Self {
        Self(RwLock::default())
    }

    /// Does something with the metric of some labels; `find` asks the family for it, once.
    fn with(&self, labels: [&'static str; N], find: impl FnOnce() -> M, then: impl FnOnce(&M)) {
        let place = labels.map(|label| (label.as_ptr().addr(), label.len()));
        if let Some(metric) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&place) {
            return then(metric);
        }
        let metric = find();
        then(&metric);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(place, metric);
    }
}

/// What is counted about ourselves.
pub struct Metrics {
    registry: Mutex<Registry>,
    answered: AtHand<3, (Counter, Histogram)>,
    assessed_at_hand: AtHand<2, Counter>,
    reasons_at_hand: AtHand<1, Counter>,
    started: Gauge,
    requests: Family<[Label; 3], Counter>,
    request_seconds: Family<[Label; 1], Histogram, fn() -> Histogram>,
    /// Open connections.
    pub connections: Gauge,
    /// Requests refused because too many were under way.
    pub shed: Counter,
    assessed: Family<[Label; 2], Counter>,
    reasons: Family<[Label; 1], Counter>,
    /// Attempts judged without tallies.
    pub blind: Counter,
    blocks: Family<[Label; 1], Gauge>,
    block_changes: Family<[Label; 2], Counter>,
    verifications: Family<[Label; 2], Counter>,
    checks: Family<[Label; 2], Counter>,
    sends: Family<[OwnLabel; 2], Counter>,
    send_seconds: Family<[OwnLabel; 1], Histogram, fn() -> Histogram>,
    /// Messages that are being handed over.
    pub sending: Gauge,
    deliveries: Family<[OwnLabel; 2], Counter>,
    journal_lost: Gauge,
    tally_keys: Gauge,
    tally_bytes: Gauge,
    tally_full: Gauge<f64, AtomicU64>,
    clock_apart: Gauge,
    part_up: Family<[Label; 1], Gauge>,
    part_since: Family<[Label; 1], Gauge>,
    swept: Family<[Label; 1], Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// All metrics, at nothing.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let build: Family<[OwnLabel; 2], Gauge> = add(&mut registry, BUILD, Family::default());
        let labels = [
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("edition", cofferdam_atlas::edition().data().to_owned()),
        ];
        build.get_or_create(&labels).set(1);
        let r = &mut registry;
        Self {
            started: add(r, STARTED, Gauge::default()),
            requests: add(r, REQUESTS, Family::default()),
            request_seconds: add(
                r,
                REQUEST_SECONDS,
                Family::new_with_constructor(seconds as fn() -> Histogram),
            ),
            connections: add(r, CONNECTIONS, Gauge::default()),
            shed: add(r, SHED, Counter::default()),
            assessed: add(r, ASSESSED, Family::default()),
            reasons: add(r, REASONS, Family::default()),
            blind: add(r, BLIND, Counter::default()),
            blocks: add(r, BLOCKS, Family::default()),
            block_changes: add(r, BLOCK_CHANGES, Family::default()),
            verifications: add(r, STARTED_VERIFICATIONS, Family::default()),
            checks: add(r, CHECKS, Family::default()),
            sends: add(r, SENDS, Family::default()),
            send_seconds: add(r, SEND_SECONDS, Family::new_with_constructor(seconds as fn() -> Histogram)),
            sending: add(r, SENDING, Gauge::default()),
            deliveries: add(r, DELIVERIES, Family::default()),
            journal_lost: add(r, JOURNAL_LOST, Gauge::default()),
            tally_keys: add(r, TALLY_KEYS, Gauge::default()),
            tally_bytes: add(r, TALLY_BYTES, Gauge::default()),
            tally_full: add(r, TALLY_FULL, Gauge::default()),
            clock_apart: add(r, CLOCK_APART, Gauge::default()),
            part_up: add(r, PART_UP, Family::default()),
            part_since: add(r, PART_SINCE, Family::default()),
            swept: add(r, SWEPT, Family::default()),
            registry: Mutex::new(registry),
            answered: AtHand::new(),
            assessed_at_hand: AtHand::new(),
            reasons_at_hand: AtHand::new(),
        }
    }

    /// As they are scraped (OpenMetrics text).
    pub fn scrape(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing into a string does not fail; if it did, half a page is better than none.
        let _ = encode(&mut text, &registry);
        text
    }

    /// For parts that keep metrics of their own; their names stand in `NAMES` all the same.
    pub fn with_registry<T>(&self, add: impl FnOnce(&mut Registry) -> T) -> T {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The program began.
    pub fn started_at(&self, at_ms: i64) {
        self.started.set(at_ms / 1000);
    }

    /// A request was answered. `route` is the router's template, never the path that was asked for.
    pub fn answered(&self, method: &'static str, route: &'static str, status: &'static str, took_s: f64) {
        let find = || {
            let labels = [("method", method), ("route", route), ("status", status)];
            let seconds = self.request_seconds.get_or_create(&[("route", route)]).clone();
            (self.requests.get_or_create(&labels).clone(), seconds)
        };
        self.answered.with([method, route, status], find, |(count, seconds)| {
            count.inc();
            seconds.observe(took_s);
        });
    }

    /// An attempt was judged.
    pub fn assessed(&self, world: &'static str, decision: &'static str) {
        let find = || self.assessed.get_or_create(&[("world", world), ("decision", decision)]).clone();
        self.assessed_at_hand.with([world, decision], find, |count| {
            count.inc();
        });
    }

    /// A reason stood in an assessment.
    pub fn reason(&self, code: &'static str) {
        let find = || self.reasons.get_or_create(&[("code", code)]).clone();
        self.reasons_at_hand.with([code], find, |count| {
            count.inc();
        });
    }

    /// So many blocks stand.
    pub fn blocks(&self, world: &'static str, standing: u64) {
        self.blocks.get_or_create(&[("world", world)]).set(standing as i64);
    }

    /// A block changed.
    pub fn block_changed(&self, world: &'static str, change: &'static str) {
        self.block_changes.get_or_create(&[("world", world), ("change", change)]).inc();
    }

    /// A verification began, with this status.
    pub fn verification(&self, world: &'static str, status: &'static str) {
        self.verifications.get_or_create(&[("world", world), ("status", status)]).inc();
    }

    /// A code was checked.
    pub fn checked(&self, world: &'static str, result: &'static str) {
        self.checks.get_or_create(&[("world", world), ("result", result)]).inc();
    }

    /// A provider answered. `provider` is a name of the settings.
    pub fn sent(&self, provider: &str, result: &'static str, took_s: f64) {
        self.sends.get_or_create(&[("provider", provider.to_owned()), ("result", result.to_owned())]).inc();
        self.send_seconds.get_or_create(&[("provider", provider.to_owned())]).observe(took_s);
    }

    /// A provider reported a delivery. `provider` is a name of the settings.
    pub fn delivered(&self, provider: &str, status: &'static str) {
        self.deliveries
            .get_or_create(&[("provider", provider.to_owned()), ("status", status.to_owned())])
            .inc();
    }

    /// How much the tallies hold, and what the journal lost: asked for at each scrape.
    pub fn state(&self, keys: u64, bytes: u64, full: f64, journal_lost: u64) {
        let to = |gauge: &Gauge, n: u64| gauge.set(i64::try_from(n).unwrap_or(i64::MAX));
        to(&self.tally_keys, keys);
        to(&self.tally_bytes, bytes);
        self.tally_full.set(full);
        to(&self.journal_lost, journal_lost);
    }

    /// How far this machine's clock is ahead of the records': asked for at each scrape.
    pub fn clock_apart(&self, apart_ms: i64) {
        self.clock_apart.set(apart_ms / 1_000);
    }

    /// How a part of the store is, and since when: asked for at each scrape.
    pub fn part(&self, part: &'static str, ok: bool, since_ms: i64) {
        self.part_up.get_or_create(&[("part", part)]).set(i64::from(ok));
        self.part_since.get_or_create(&[("part", part)]).set(since_ms / 1_000);
    }

    /// Retention removed rows.
    pub fn swept(&self, kind: &'static str, rows: u64) {
        self.swept.get_or_create(&[("kind", kind)]).inc_by(rows);
    }
}

fn add<M: Metric + Clone>(registry: &mut Registry, name: Name, metric: M) -> M {
    registry.register(name.name, name.help, metric.clone());
    metric
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_scraped_is_the_list_and_nothing_else() {
        let metrics = Metrics::new();
        metrics.answered("GET", "/healthz", "200", 0.001);
        metrics.assessed("live", "allow");
        metrics.blocks("live", 1);
        metrics.block_changed("live", "open");
        metrics.reason("number.kind");
        metrics.verification("live", "pending");
        metrics.checked("live", "ok");
        metrics.sent("main", "accepted", 0.2);
        metrics.delivered("main", "delivered");
        metrics.swept("journal", 3);
        metrics.state(1, 2, 0.25, 4);
        metrics.part("tallies", true, 5_000);
        let page = metrics.scrape();
        let scraped: BTreeSet<&str> =
            page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let listed: BTreeSet<&str> = NAMES.iter().map(|name| name.name).collect();
        assert_eq!(scraped, listed);
        for name in NAMES {
            for label in name.labels {
                assert!(page.contains(&format!("{label}=\"")), "{} has {label}", name.name);
            }
        }
        assert!(page.contains("cofferdam_sends_total{provider=\"main\",result=\"accepted\"} 1"), "{page}");
    }
}
