//! This process among all nodes: its life in the records, and what becomes of what a dead one held.
//!
//! A life is a row that its process renews every second, by the clock of the database. One that was silent for
//! too long is marked as dead by another, in the same statement that settles its attempts; its idempotency keys
//! and jobs are free from then on. Dead is for good: a process that was only paused finds that out before it
//! hands anything over ([`Postgres::is_ours`]), and begins another life.
//!
//! Nobody is judged by who may have been deaf himself: a judge must have renewed his own life without a gap
//! for as long as the other was silent. So all outlive a database that was away. Called by `listen`, whose
//! connection carries the renewals, and by `Records`.

use super::checks::APART_WARN_MS;
use super::conn::again;
use super::failure::{self, Failed};
use super::{Postgres, nothing};
use crate::clock::Stopwatch;
use crate::store::StoreError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_postgres::{Client, Row};

/// How long after a life was lost each hand-over is asked about: no attempt of that life is still on its way then.
const DOUBTFUL: Duration = Duration::from_mins(10);
/// How often a hand-over is asked about while the machine keeps pausing in between.
const TIMES: u32 = 5;

const BEGIN: &str = "INSERT INTO nodes (name, process, renewed, steady) \
     VALUES ($1, $2, clock_timestamp(), clock_timestamp()) RETURNING life";

/// Renews, and answers whether this node may judge others, whether there is anybody to judge, and what time it is.
const RENEW: &str = "WITH me AS (UPDATE nodes SET renewed = clock_timestamp(), steady = CASE \
     WHEN renewed < clock_timestamp() - $3::bigint * interval '1 ms' THEN clock_timestamp() ELSE steady END \
     WHERE life = $1 AND NOT dead RETURNING renewed - steady >= $2::bigint * interval '1 ms' AS steady) \
     SELECT me.steady, EXISTS (SELECT FROM nodes WHERE NOT dead AND life <> $1 \
     AND renewed < clock_timestamp() - $2::bigint * interval '1 ms'), \
     (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM (VALUES (1)) AS one LEFT JOIN me ON true";

/// Marks who was silent for too long, and settles what he had queued: perhaps it was sent, so it is unknown.
const JUDGE: &str = "WITH silent AS (SELECT life FROM nodes WHERE NOT dead AND life <> $1 \
     AND renewed < clock_timestamp() - $2::bigint * interval '1 ms' FOR UPDATE SKIP LOCKED), \
     buried AS (UPDATE nodes AS n SET dead = true FROM silent WHERE n.life = silent.life \
     AND EXISTS (SELECT FROM nodes AS me WHERE me.life = $1 AND NOT me.dead \
     AND me.renewed > clock_timestamp() - $3::bigint * interval '1 ms' \
     AND me.renewed - me.steady >= $2::bigint * interval '1 ms') RETURNING n.life, n.name), \
     theirs AS (SELECT id FROM attempts WHERE status = 0 AND life IN (SELECT life FROM buried) \
     FOR UPDATE SKIP LOCKED), \
     settled AS (UPDATE attempts AS a SET status = 6 FROM theirs WHERE a.id = theirs.id RETURNING 1) \
     SELECT name, (SELECT count(*) FROM settled) FROM buried";

/// An earlier process of the same name is over when the next one begins: names are one node's.
const SUCCEED: &str =
    "UPDATE nodes SET dead = true WHERE name = $1 AND life <> $2 AND NOT dead RETURNING life";

/// What is queued by the dead. Lives are named, since what was just claimed by a new life must not be settled.
pub(super) const UNANSWERED: &str = "WITH theirs AS (SELECT id FROM attempts WHERE status = 0 \
     AND life = ANY (SELECT life FROM nodes WHERE dead) LIMIT $1 FOR UPDATE SKIP LOCKED) \
     UPDATE attempts AS a SET status = 6 FROM theirs WHERE a.id = theirs.id RETURNING 1";

/// Takes an attempt that others have not settled along into the life of now.
const CLAIM: &str = "UPDATE attempts SET life = $2 WHERE id = $1 AND status = 0 RETURNING 1";

/// A life that its process gives up is silent from now on.
const LEAVE: &str = "UPDATE nodes SET renewed = 'epoch' WHERE life = $1 AND NOT dead";

/// Who this process is.
pub(super) struct Life {
    name: String,
    process: String,
    /// How long it may be silent.
    span: Duration,
    /// Whether clocks are compared.
    clocks: bool,
    state: Mutex<State>,
    /// As if the process stood still: nothing is renewed.
    #[cfg(test)]
    pub(super) paused: std::sync::atomic::AtomicBool,
}

#[derive(Default)]
struct State {
    /// All lives of this process, the one of now last.
    mine: Vec<i64>,
    /// When the last renewal that was answered was sent.
    renewed: Option<Stopwatch>,
    /// When a life was found to be lost.
    lost: Option<Stopwatch>,
    /// How far this machine's clock is ahead of the database's, and whether that was told.
    apart_ms: Option<i64>,
    astray: bool,
}

/// What a renewal found.
enum Found {
    /// It stands; and whether somebody is silent whom this node may judge.
    Alive { judge: bool },
    /// Others hold it for dead.
    Lost,
}

impl Life {
    pub(super) fn new(name: String, process: String, span: Duration, clocks: bool) -> Self {
        Self {
            name,
            process,
            span,
            clocks,
            state: Mutex::default(),
            #[cfg(test)]
            paused: false.into(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of now.
    pub(super) fn current(&self) -> Option<i64> {
        self.state().mine.last().copied()
    }

    /// All of this process.
    pub(super) fn mine(&self) -> Vec<i64> {
        self.state().mine.clone()
    }

    /// Whether nobody else can hold it for dead yet, and since when a lost one may matter.
    fn stands(&self) -> (bool, bool) {
        let state = self.state();
        let surely = state.renewed.is_some_and(|renewed| renewed.elapsed() < self.span * 4 / 5);
        (surely, state.lost.is_some_and(|lost| lost.elapsed() < DOUBTFUL))
    }

    fn every(&self) -> Duration {
        self.span / 5
    }

    fn span_ms(&self) -> i64 {
        self.span.as_millis() as i64
    }

    /// How long a node may be silent and still count as one that heard everything.
    fn gap_ms(&self) -> i64 {
        self.span_ms() / 2
    }

    fn begun(&self, sent: Stopwatch, life: i64) {
        let mut state = self.state();
        if !state.mine.is_empty() {
            state.lost = Some(Stopwatch::start());
            drop(state);
            tracing::warn!(
                node = self.name,
                "this node was silent for so long that others have settled what it held: it begins anew"
            );
            state = self.state();
        }
        state.mine.push(life);
        state.renewed = Some(sent);
    }

    /// Takes in what a renewal answered.
    fn renewed(&self, sent: Stopwatch, now_ms: i64, rows: &[Row]) -> Result<Found, Failed> {
        let Some(row) = rows.first() else { return Err(nothing().into()) };
        // The database looked at its clock while the answer was on its way: halfway, for want of better.
        let looked_ms = now_ms.saturating_sub((sent.elapsed() / 2).as_millis() as i64);
        self.compared(looked_ms.saturating_sub(row.get(2)));
        let Some(steady) = row.get::<_, Option<bool>>(0) else { return Ok(Found::Lost) };
        self.state().renewed = Some(sent);
        Ok(Found::Alive { judge: steady && row.get::<_, bool>(1) })
    }

    /// How far this machine's clock is ahead of the database's; none where it is not compared.
    pub(super) fn apart_ms(&self) -> Option<i64> {
        self.state().apart_ms
    }

    /// Tells of a clock that goes astray while it is served by, and of one that was set right.
    fn compared(&self, apart_ms: i64) {
        if !self.clocks {
            return;
        }
        let mut state = self.state();
        let astray = apart_ms.abs() > APART_WARN_MS;
        let changed = std::mem::replace(&mut state.astray, astray) != astray;
        state.apart_ms = Some(apart_ms);
        drop(state);
        let (seconds, which) = (apart_ms.abs() / 1_000, if apart_ms > 0 { "ahead of" } else { "behind" });
        if changed && astray {
            tracing::error!(
                seconds,
                "this machine's clock went astray, {which} the database's: set both by NTP"
            );
        } else if changed {
            tracing::info!("this machine's clock agrees with the database's again");
        }
    }

    /// Says who was held for dead.
    fn tell(buried: &[Row]) {
        for row in buried {
            let (name, settled): (String, i64) = (row.get(0), row.get(1));
            tracing::warn!(
                node = name,
                attempts = settled,
                "a node is dead: its keys are free, and what it had queued is unknown"
            );
        }
    }
}

impl Postgres {
    /// Begins a life, before anything is written under it.
    pub(super) async fn begin_life(&self) -> Result<(), StoreError> {
        again!(self, async {
            let sent = Stopwatch::start();
            let conn = self.connections.get().await?;
            let rows = conn.change(BEGIN, &[&self.life.name, &self.life.process]).await?;
            let Some(row) = rows.first() else { return Err(nothing().into()) };
            self.life.begun(sent, row.get(0));
            Ok(())
        })
    }

    /// Renews over a connection of its own until that is lost: one of the pool may have to be waited for.
    pub(super) async fn stay_alive(&self, client: &Client) {
        loop {
            #[cfg(test)]
            while self.life.paused.load(std::sync::atomic::Ordering::SeqCst) {
                tokio::time::sleep(self.life.every()).await;
            }
            let turn = tokio::time::timeout(
                self.connections.answer.min(self.life.span / 2),
                self.renew_over(client),
            );
            match turn.await {
                Ok(Ok(())) => tokio::time::sleep(self.life.every()).await,
                // The connection is made anew.
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    async fn renew_over(&self, client: &Client) -> Result<(), Failed> {
        let (life, [span, gap]) = (self.life.current(), [self.life.span_ms(), self.life.gap_ms()]);
        let sent = Stopwatch::start();
        let ask = async |text: &str, values: &[&(dyn tokio_postgres::types::ToSql + Sync)]| {
            client.query(text, values).await.map_err(|error| failure::of(&error))
        };
        let renewed = ask(RENEW, &[&life, &span, &gap]).await?;
        match self.life.renewed(sent, self.clock.now_ms(), &renewed)? {
            Found::Alive { judge: false } => {}
            Found::Alive { judge: true } => Life::tell(&ask(JUDGE, &[&life, &span, &gap]).await?),
            Found::Lost => {
                let sent = Stopwatch::start();
                let rows = ask(BEGIN, &[&self.life.name, &self.life.process]).await?;
                let Some(row) = rows.first() else { return Err(nothing().into()) };
                self.life.begun(sent, row.get(0));
            }
        }
        Ok(())
    }

    /// Whether an attempt may be handed over by this process: mostly known without asking, since nobody can
    /// have held its life for dead yet. Otherwise the records say whether others have settled it.
    pub(super) async fn is_ours(&self, attempt: &str) -> Result<bool, StoreError> {
        let mut claimed = None;
        for _ in 0..TIMES {
            let (surely, doubtful) = self.life.stands();
            if surely && (!doubtful || (claimed.is_some() && claimed == self.life.current())) {
                return Ok(true);
            }
            claimed = again!(self, self.claim(attempt))?;
            if claimed.is_none() {
                return Ok(false);
            }
        }
        Err(StoreError::Away("this machine pauses for longer than the database may wait for it".into()))
    }

    /// Under which life it stands now; none: others have settled it.
    async fn claim(&self, attempt: &str) -> Result<Option<i64>, Failed> {
        let (life, [span, gap]) = (self.life.current(), [self.life.span_ms(), self.life.gap_ms()]);
        let conn = self.connections.get().await?;
        let sent = Stopwatch::start();
        let rows = conn.change(RENEW, &[&life, &span, &gap]).await?;
        if matches!(self.life.renewed(sent, self.clock.now_ms(), &rows)?, Found::Lost) {
            drop(conn);
            self.begin_life().await?;
            return Err(Failed::Again(StoreError::Away("this node begins its life anew".into())));
        }
        let claimed = conn.change(CLAIM, &[&attempt, &life]).await?;
        Ok(life.filter(|_| !claimed.is_empty()))
    }

    /// This node begins to serve: what an earlier process of its name held is settled.
    pub(super) async fn succeed(&self) -> Result<(), StoreError> {
        let life = self.life.current();
        let dead = again!(self, async {
            self.connections.get().await?.change(SUCCEED, &[&self.life.name, &life]).await
        })?;
        while !dead.is_empty() && self.settle_dead().await? >= AT_ONCE as u64 {}
        Ok(())
    }

    /// Attempts that the dead had queued.
    async fn settle_dead(&self) -> Result<u64, StoreError> {
        let settled =
            again!(self, async { self.connections.get().await?.change(UNANSWERED, &[&AT_ONCE]).await })?;
        Ok(settled.len() as u64)
    }

    /// Others may have at once what this process held.
    pub(super) async fn go(&self) -> Result<(), StoreError> {
        let life = self.life.current();
        self.life.state().renewed = None;
        again!(self, async { self.connections.get().await?.change(LEAVE, &[&life]).await }).map(|_| ())
    }
}

/// Rows that one change settles.
const AT_ONCE: i64 = 500;
