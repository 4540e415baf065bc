//! Verification starts on PostgreSQL with 64 callers, beside pgbench writing the same rows, of the same lengths, to
//! tables made by the same migrations, in one prepared statement a start, with 64 clients and the same guarantee:
//! both commit before they answer, with the server's default durability.
//!
//! Ours also looks whether the limit allows it and whether the key was used, which pgbench does not.

use crate::machine::{self, Core, Meter, Running, Used, spread};
use crate::servers::{Postgres, Redis};
use crate::{Rounds, program};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Stdio};

/// Of both.
const CALLERS: usize = 64;

const TABLES: &str = include_str!("../../../crates/cofferdam/migrations/V1__records.sql");

/// The rows of a start, all in one statement. Names fall anywhere, as keyed ones do; identifiers begin with the time.
const START: &str = r"
\set k random(1, 9000000000000000000)
\set m random(1, 9000000000000000000)
WITH own AS MATERIALIZED (
    SELECT now_ms, lpad(to_hex(now_ms), 12, '0') || lpad(to_hex(:k::bigint), 20, '0') AS id
    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms) AS t),
v AS (INSERT INTO verifications (id, tenant, world, number, profile, status, created_ms, expires_ms, checks_left,
        resend_at_ms, sealed_to, fixed)
    SELECT 'ver_' || id, 'ten_00000000000000000000000000000001', 1, int8send(:k::bigint) || int8send(:m::bigint),
        'prf_00000000000000000000000000000001', 0, now_ms, now_ms + 600000, 5, now_ms + 30000,
        repeat('7', 56)::bytea, repeat('7', :fixed::int)::bytea FROM own),
a AS (INSERT INTO attempts (id, verification, ordinal, tenant, world, channel, status, at_ms, assessment, reserved)
    SELECT 'att_' || id, 'ver_' || id, 1, 'ten_00000000000000000000000000000001', 1, 0, 0, now_ms, 'asm_' || id,
        repeat('7', :reserved::int)::bytea FROM own),
j AS (INSERT INTO journal (from_ms, to_ms, bytes, n, format, marks, body)
    SELECT now_ms, now_ms, :line::int, 1, 1, ''::bytea, repeat('7', :line::int)::bytea FROM own),
e AS (INSERT INTO exact (name, until_s, buckets)
    SELECT int8send(:m::bigint) || int8send(:k::bigint), now_ms / 1000 + 86400, repeat('7', :buckets::int)::bytea FROM own
    ON CONFLICT (name) DO UPDATE SET until_s = excluded.until_s, buckets = excluded.buckets)
INSERT INTO idempotency (name, subject, made_ms, fingerprint, lease_until_ms)
SELECT int8send(:m::bigint) || int8send(:k::bigint) || int8send(:k::bigint) || int8send(:m::bigint), 'ver_' || id,
    now_ms, repeat('7', 32)::bytea, 0 FROM own ON CONFLICT (name) DO UPDATE SET subject = excluded.subject
";

pub fn run(rounds: &Rounds) {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    let mut starts = Starts::over(&redis, &postgres);
    starts.run(rounds.ms.min(2_000));
    let sizes = sizes(&postgres);
    println!("bytes a start, from ours: {sizes:?}");
    tables(&postgres);
    bench(&postgres, &sizes, 1);
    println!(
        "round  ours/s  pgbench/s  ratio  postgres us: ours, pgbench  flushes a start: ours, pgbench  others"
    );
    let mut ratios = Vec::new();
    for round in 1..=rounds.rounds {
        let (ours, us, flushes, others) = measured(&postgres, || starts.run(rounds.ms));
        let (theirs, their_us, their_flushes, their_others) =
            measured(&postgres, || bench(&postgres, &sizes, rounds.ms.div_ceil(1_000)));
        ratios.push(ours / theirs);
        println!(
            "{round:5} {ours:7.0} {theirs:10.0} {:6.2} {us:18.1} {their_us:8.1} {flushes:22.3} {their_flushes:8.3} {others:7.2}, {their_others:.2}",
            ours / theirs
        );
    }
    println!("starts, ours / pgbench: {} (line 0.5, aim 1.0)", spread(&ratios, 2));
}

/// The records of a node's store, in a process of their own; the Redis beside them is not asked anything here.
struct Starts {
    _running: Running,
    say: ChildStdin,
    hear: BufReader<ChildStdout>,
}

impl Starts {
    fn over(redis: &Redis, postgres: &Postgres) -> Self {
        let mut child = machine::on(Core::Any, program())
            .arg("starts")
            .env("COFFERDAM_STORE__POSTGRES_URL", postgres.url())
            .env("COFFERDAM_STORE__REDIS_URL", redis.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (say, hear) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { _running: Running(child), say, hear }
    }

    /// Starts made, and the seconds that it took.
    fn run(&mut self, ms: u64) -> (f64, f64) {
        writeln!(self.say, "{ms}").unwrap();
        let mut line = String::new();
        self.hear.read_line(&mut line).unwrap();
        let (done, seconds) = line.trim().split_once(' ').expect("it reports");
        (done.parse().unwrap(), seconds.parse().unwrap())
    }
}

/// Starts a second, and PostgreSQL's processor time and flushes a start.
fn measured(postgres: &Postgres, work: impl FnOnce() -> (f64, f64)) -> (f64, f64, f64, f64) {
    let flushed = || postgres.sql("SELECT wal_sync FROM pg_stat_wal").parse::<f64>().unwrap();
    let before = flushed();
    let meter = Meter::of(&[postgres.running.id()]);
    let (done, seconds) = work();
    let Used { each, others } = meter.read();
    (done / seconds, each[0] * 1e6 / done, (flushed() - before) / done, others)
}

/// The lengths of what ours wrote.
fn sizes(postgres: &Postgres) -> Vec<(&'static str, u64)> {
    let figure = |sql: &str| postgres.sql(sql).parse::<f64>().unwrap().round() as u64;
    vec![
        ("fixed", figure("SELECT avg(length(fixed)) FROM cofferdam.verifications")),
        ("reserved", figure("SELECT coalesce(avg(length(reserved)), 0) FROM cofferdam.attempts")),
        ("buckets", figure("SELECT avg(length(buckets)) FROM cofferdam.exact")),
        ("line", figure("SELECT sum(length(body) + length(marks)) / sum(n) FROM cofferdam.journal")),
    ]
}

fn tables(postgres: &Postgres) {
    let file = postgres.folder.0.join("tables.sql");
    let begin = "CREATE SCHEMA anchor; SET search_path = anchor;";
    let end = "CREATE TABLE journal_all PARTITION OF journal DEFAULT;";
    std::fs::write(&file, [begin, TABLES, end].join("\n")).unwrap();
    let done = postgres
        .program("psql")
        .args(["-d", "postgres", "-Xq", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(&file)
        .status()
        .expect("psql runs");
    assert!(done.success(), "the tables are made");
    std::fs::write(postgres.folder.0.join("start.sql"), START).unwrap();
}

/// Starts made by pgbench, and the seconds that it took.
fn bench(postgres: &Postgres, sizes: &[(&str, u64)], seconds: u64) -> (f64, f64) {
    let callers = CALLERS.to_string();
    let mut pgbench = postgres.program("pgbench");
    pgbench
        .env("PGOPTIONS", "-c search_path=anchor")
        .args(["-n", "-M", "prepared", "-j", "2", "-c", &callers]);
    pgbench.args(["-T", &seconds.to_string(), "-f"]).arg(postgres.folder.0.join("start.sql"));
    for (name, size) in sizes {
        pgbench.args(["-D", &format!("{name}={size}")]);
    }
    let out = pgbench.arg("postgres").output().expect("pgbench runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let figure = |begin: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(begin));
        line.and_then(|line| line.trim().split([' ', '/']).next()?.parse::<f64>().ok())
            .expect("pgbench reports")
    };
    let done = figure("number of transactions actually processed:");
    (done, done / figure("tps ="))
}
