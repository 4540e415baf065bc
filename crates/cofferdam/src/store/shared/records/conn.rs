//! A connection out of the pool, and rounds over it.
//!
//! What belongs together goes in one round: [`Conn::together`] prepares all statements first, sends
//! BEGIN, the statements and COMMIT behind one another without waiting, and then waits for all answers.
//! Every round has its time; a connection whose round failed in between is thrown away.

use super::failure::{self, Failed};
use super::health::Health;
use crate::store::StoreError;
use deadpool_postgres::{Object, Pool, PoolError, TimeoutType};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

/// A statement with its values.
#[derive(Clone)]
pub(super) struct Step<'a> {
    text: &'static str,
    values: Vec<&'a (dyn ToSql + Sync)>,
}

impl<'a> Step<'a> {
    pub(super) fn new(text: &'static str, values: &[&'a (dyn ToSql + Sync)]) -> Self {
        Self { text, values: values.to_vec() }
    }
}

/// What stands around the statements of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// Nothing: each is a transaction by itself, or within the one that is open.
    Plain,
    /// A transaction begins with them.
    Begin,
    /// The open transaction ends with them.
    Commit,
    /// They are one transaction.
    Whole,
}

/// A connection.
pub(super) struct Conn {
    object: Option<Object>,
    /// A transaction is open, or the state of the connection is not known.
    spoiled: AtomicBool,
    answer: Duration,
    health: Arc<Health>,
}

/// The pool with its bounds.
pub(super) struct Connections {
    pub(super) pool: Pool,
    pub(super) answer: Duration,
    pub(super) health: Arc<Health>,
}

impl Connections {
    /// A connection; away at once where the breaker is open.
    pub(super) async fn get(&self) -> Result<Conn, Failed> {
        if !self.health.may_ask() {
            return Err(StoreError::Away("the database did not answer a moment ago".into()).into());
        }
        match self.pool.get().await {
            Ok(object) => Ok(Conn {
                object: Some(object),
                spoiled: AtomicBool::new(false),
                answer: self.answer,
                health: Arc::clone(&self.health),
            }),
            Err(error) => {
                // A pool that is merely busy says nothing about the server.
                if !matches!(error, PoolError::Timeout(TimeoutType::Wait)) {
                    self.health.failed();
                }
                Err(StoreError::Away(refused(&error)).into())
            }
        }
    }
}

/// Why there is no connection, without the address.
fn refused(error: &PoolError) -> String {
    match error {
        PoolError::Timeout(TimeoutType::Wait) => {
            "all connections to the database are in use: raise `store.postgres_connections`, or find what is slow"
                .into()
        }
        PoolError::Timeout(_) => "the database does not answer in time".into(),
        PoolError::Backend(error) => format!("no connection to the database: {}", failure::words(error)),
        other => format!("no connection to the database: {other}"),
    }
}

type Asked<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Error>> + Send + 'a>>;

impl Conn {
    fn object(&self) -> Result<&Object, Failed> {
        self.object.as_ref().ok_or_else(|| StoreError::Away("the connection is gone".into()).into())
    }

    /// One statement.
    pub(super) async fn query(
        &self,
        text: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Failed> {
        let mut rows = self.together(Round::Plain, &[Step::new(text, values)]).await?;
        Ok(rows.pop().unwrap_or_default())
    }

    /// One statement that is a transaction by itself and changes something.
    pub(super) async fn change(
        &self,
        text: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Failed> {
        let steps = [Step::new(text, values)];
        let done = self.round(Round::Plain, &steps).await;
        let mut rows = self.judged(done, true)?;
        Ok(rows.pop().unwrap_or_default())
    }

    /// Several statements in one round, answered in their order.
    pub(super) async fn together(&self, round: Round, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, Failed> {
        let commits = matches!(round, Round::Commit | Round::Whole);
        let done = self.round(round, steps).await;
        self.judged(done, commits)
    }

    /// Undoes what the open transaction did.
    pub(super) async fn undo(&self) -> Result<(), Failed> {
        let object = self.object()?;
        let done = tokio::time::timeout(self.answer, object.batch_execute("ROLLBACK")).await;
        if matches!(done, Ok(Ok(()))) {
            self.spoiled.store(false, Ordering::Relaxed);
        }
        // Where it failed the connection goes, and the server undoes it by itself.
        Ok(())
    }

    /// One number, asked for by a text that is made on the spot.
    pub(super) async fn text(&self, text: &str) -> Result<u64, Failed> {
        let object = self.object()?;
        self.spoiled.store(true, Ordering::Relaxed);
        match tokio::time::timeout(self.answer, object.query_one(text, &[])).await {
            Err(_) => Err(StoreError::Away("the database does not answer in time".into()).into()),
            Ok(Err(error)) => Err(self.before_commit(&error)),
            Ok(Ok(row)) => {
                self.spoiled.store(false, Ordering::Relaxed);
                Ok(row.get::<_, i64>(0) as u64)
            }
        }
    }

    /// Statements without values, as one transaction.
    pub(super) async fn bare(&self, text: &str) -> Result<(), Failed> {
        let object = self.object()?;
        self.spoiled.store(true, Ordering::Relaxed);
        match tokio::time::timeout(self.answer, object.batch_execute(text)).await {
            Err(_) => Err(StoreError::Away("the database does not answer in time".into()).into()),
            Ok(Err(error)) => Err(self.before_commit(&error)),
            Ok(Ok(())) => {
                self.spoiled.store(false, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    async fn round(&self, round: Round, steps: &[Step<'_>]) -> Result<Result<Vec<Vec<Row>>, Error>, Failed> {
        let object = self.object()?;
        // Whatever happens from here on, only a round that went well makes the connection whole again.
        let open = self.spoiled.swap(true, Ordering::Relaxed);
        let work = async {
            let mut statements = Vec::with_capacity(steps.len());
            for step in steps {
                // All before any is sent: a statement that is prepared late would come behind COMMIT.
                match object.prepare_cached(step.text).await {
                    Ok(statement) => statements.push(statement),
                    Err(error) => return (false, Err(error)),
                }
            }
            let mut asked: Vec<Asked<'_>> = Vec::with_capacity(steps.len() + 2);
            let bare = |text: &'static str| -> Asked<'_> {
                Box::pin(async move { object.batch_execute(text).await.map(|()| Vec::new()) })
            };
            if matches!(round, Round::Begin | Round::Whole) {
                asked.push(bare("BEGIN"));
            }
            for (step, statement) in steps.iter().zip(&statements) {
                asked.push(Box::pin(object.query(statement, &step.values)));
            }
            if matches!(round, Round::Commit | Round::Whole) {
                asked.push(bare("COMMIT"));
            }
            (true, all(asked, matches!(round, Round::Begin | Round::Whole), steps.len()).await)
        };
        let Ok((sent, done)) = tokio::time::timeout(self.answer, work).await else {
            self.health.failed();
            let late = "the database does not answer in time".to_owned();
            let commits = matches!(round, Round::Commit | Round::Whole);
            return Err(Failed::Told(if commits {
                StoreError::Unknown(late)
            } else {
                StoreError::Away(late)
            }));
        };
        if done.is_ok() {
            let left_open = round == Round::Begin || (round == Round::Plain && open);
            self.spoiled.store(left_open, Ordering::Relaxed);
        }
        match done {
            Err(error) if !sent => Err(self.before_commit(&error)),
            other => Ok(other),
        }
    }

    /// An error of the library as what it means.
    fn judged<T>(&self, done: Result<Result<T, Error>, Failed>, commits: bool) -> Result<T, Failed> {
        match done? {
            Ok(rows) => {
                self.health.answered();
                Ok(rows)
            }
            Err(error) if commits => {
                self.note(&error);
                Err(failure::of_commit(&error))
            }
            Err(error) => Err(self.before_commit(&error)),
        }
    }

    fn before_commit(&self, error: &Error) -> Failed {
        self.note(error);
        failure::of(error)
    }

    fn note(&self, error: &Error) {
        if failure::is_fatal(error) {
            self.health.failed();
        } else {
            self.health.answered();
        }
    }
}

impl Drop for Conn {
    /// One in the midst of something is of no use to the next caller.
    fn drop(&mut self) {
        if self.spoiled.load(Ordering::Relaxed)
            && let Some(object) = self.object.take()
        {
            drop(Object::take(object));
        }
    }
}

/// Asks all in their order without waiting in between, and waits for all. The first that failed is what
/// is told; COMMIT answers well even where a statement before it failed, and undid everything. Where one
/// can't even be sent nothing behind it is, COMMIT least of all.
async fn all(mut asked: Vec<Asked<'_>>, skip_first: bool, wanted: usize) -> Result<Vec<Vec<Row>>, Error> {
    let mut answers: Vec<Option<Result<Vec<Row>, Error>>> = asked.iter().map(|_| None).collect();
    let mut sent = false;
    poll_fn(|cx| {
        let mut waits = false;
        for (future, answer) in asked.iter_mut().zip(&mut answers) {
            if answer.is_none() {
                match future.as_mut().poll(cx) {
                    Poll::Ready(Err(error)) if !sent => return Poll::Ready(Err(error)),
                    Poll::Ready(done) => *answer = Some(done),
                    Poll::Pending => waits = true,
                }
            }
        }
        sent = true;
        if waits { Poll::Pending } else { Poll::Ready(Ok(())) }
    })
    .await?;
    let rows = answers.into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().skip(usize::from(skip_first)).take(wanted).collect())
}

/// Does a transaction again where another was in its way, a few times.
macro_rules! again {
    (raw $self:ident, $work:expr) => {{
        let mut left = $crate::store::shared::records::AGAIN;
        loop {
            match $work.await {
                Err($crate::store::shared::records::failure::Failed::Again(_)) if left > 0 => {
                    left -= 1;
                    $self.breathe(left).await;
                }
                done => break done,
            }
        }
    }};
    ($self:ident, $work:expr) => {
        $crate::store::shared::records::conn::again!(raw $self, $work)
            .map_err($crate::store::shared::records::failure::Failed::told)
    };
}

pub(super) use again;
