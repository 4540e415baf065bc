//! The only thread that writes. Whoever wants a change sends it here and is answered after the
//! commit: as many changes as wait become one transaction and one flush of the disk (group commit).
//! Where there is a disk, [`super::flusher`] waits for it and answers, while the next transaction is
//! made here.
//!
//! A change runs in a savepoint, so one that fails is undone alone, unless it says that it is
//! [`whole`](Writer::change_whole). If the commit itself fails, all of its changes fail. Nothing here
//! waits for anybody but the disk.

use super::flusher::{Committed, Flushed, Flusher};
use super::journal::line::Line;
use super::journal::sheet::Sheet;
use super::late::{Gone, Late};
use super::{journal, sql};
use crate::store::StoreError;
use crate::store::tallies::Marks;
use rusqlite::{CachedStatement, Connection};
use std::cell::RefCell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Changes in one transaction: enough to share a flush widely, few enough to answer soon.
const BATCH: usize = 256;
/// Changes that may wait; whoever comes later waits before the queue instead of in it.
const WAITING: usize = 1024;
/// Pages in the log after which they are brought home to the file: 128 MiB at 4 KiB a page. Each start
/// touches pages of indices at random places; the longer the log, the more often a page is written home
/// once for many changes. It also bounds what an opening after a crash has to read.
const CHECKPOINT_PAGES: i64 = 32_768;

/// What a change works with.
pub(super) struct Tx<'a> {
    /// Within the transaction.
    pub(super) conn: &'a Connection,
    /// Judged attempts of this transaction: written together as it ends.
    lines: Vec<Arc<Line>>,
    /// And many of them together.
    sheets: Vec<Arc<Sheet>>,
    /// What is indexed in memory.
    pub(super) late: &'a Late,
    /// What need not be indexed any more, once this is committed.
    pub(super) gone: Vec<Gone>,
    /// Statements that this transaction ran: it runs the same few for every change.
    ran: RefCell<Vec<(&'static str, CachedStatement<'a>)>>,
    /// Number of this opening of the store: a guess paid in an earlier one has nobody who compares it.
    pub(super) opening: i64,
}

impl Tx<'_> {
    /// A statement, prepared once.
    pub(super) fn prepare(&self, text: &'static str) -> Result<CachedStatement<'_>, StoreError> {
        self.conn.prepare_cached(text).map_err(sql)
    }

    /// Runs a statement, and says how many rows it changed.
    pub(super) fn run(&self, text: &'static str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
        let mut ran = self.ran.borrow_mut();
        if let Some((_, statement)) = ran.iter_mut().find(|(known, _)| std::ptr::eq(*known, text)) {
            return statement.execute(params).map_err(sql);
        }
        let mut statement = self.conn.prepare_cached(text).map_err(sql)?;
        let changed = statement.execute(params).map_err(sql);
        ran.push((text, statement));
        changed
    }

    /// Adds a judged attempt to this transaction.
    pub(super) fn journal(&mut self, line: Arc<Line>) {
        self.lines.push(line);
    }

    /// Adds judged attempts to this transaction, in a change that does nothing else.
    pub(super) fn journal_sheet(&mut self, sheet: Arc<Sheet>) {
        self.sheets.push(sheet);
    }

    /// Adds tally changes that belong to no judged attempt.
    pub(super) fn marks(&mut self, marks: Marks) {
        if !marks.0.is_empty() {
            self.lines.push(Arc::new(Line::of_marks(marks)));
        }
    }
}

/// A change on its way.
trait Change: Send {
    /// Whether it leaves nothing behind where it fails.
    fn is_whole(&self) -> bool;
    /// Runs it; an error if it failed and must be undone.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError>;
    /// Answers whoever waits.
    fn answer(self: Box<Self>, commit: &Result<(), StoreError>);
}

/// Something that must stand outside of a transaction.
type Apart = Box<dyn FnOnce(&Connection) + Send>;

/// What the thread is asked for.
enum Job {
    /// A change, together with others.
    Change(Box<dyn Change>),
    /// Something that must stand outside of a transaction.
    Apart(Apart),
}

struct Typed<F, T> {
    whole: bool,
    work: Option<F>,
    done: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Change for Typed<F, T>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn is_whole(&self) -> bool {
        self.whole
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        // A panic costs this change and not the thread that all others need.
        let done = self.work.take().and_then(|work| catch_unwind(AssertUnwindSafe(|| work(tx))).ok());
        self.done = done;
        match &self.done {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(again(error)),
            None => Err(lost()),
        }
    }

    fn answer(self: Box<Self>, commit: &Result<(), StoreError>) {
        let answer = match (self.done, commit) {
            // A change that was undone alone has its own reason, whatever became of the others.
            (Some(Err(own)), _) => Err(own),
            (_, Err(error)) => Err(again(error)),
            (Some(Ok(done)), Ok(())) => Ok(done),
            (None, Ok(())) => Err(lost()),
        };
        // Whoever asked may be gone by now; the change stands all the same.
        let _ = self.reply.send(answer);
    }
}

/// The same error for one more caller.
pub(super) fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Away(text) => StoreError::Away(text.clone()),
        StoreError::Full => StoreError::Full,
        StoreError::Unknown(text) => StoreError::Unknown(text.clone()),
        StoreError::Unreadable(text) => StoreError::Unreadable(text.clone()),
    }
}

/// The way to the writing thread.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Bytes of the journal, kept up to date by every transaction.
    pub(super) journal_bytes: Arc<AtomicU64>,
    /// How far its transactions are on stable storage.
    pub(super) flushed: Arc<Flushed>,
}

impl Writer {
    /// Starts the thread over its connection, and over the log that is to be flushed where there is one.
    pub(super) fn start(
        conn: Connection,
        opening: i64,
        journal_bytes: u64,
        log: Option<File>,
        late: Arc<Late>,
    ) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel(WAITING);
        let bytes = Arc::new(AtomicU64::new(journal_bytes));
        let flushed = Arc::new(Flushed::default());
        let flusher = log.map(|log| {
            // From here on each commit is flushed by the flusher, before it is answered. SQLite goes on
            // flushing the log before it brings it home, and its head as it begins anew.
            conn.execute_batch("PRAGMA synchronous = NORMAL").map_err(sql)?;
            Flusher::start(move || log.sync_data(), Arc::clone(&flushed))
        });
        let flusher = flusher.transpose()?;
        let worker = Worker {
            conn,
            opening,
            late,
            journal_bytes: Arc::clone(&bytes),
            flusher,
            flushed: Arc::clone(&flushed),
            room: RefCell::default(),
        };
        let thread = std::thread::Builder::new()
            .name("cofferdam-writer".into())
            .spawn(move || worker.work(queue))
            .map_err(|e| StoreError::Away(format!("no thread for the store: {e}")))?;
        Ok(Self { jobs: Some(jobs), thread: Mutex::new(Some(thread)), journal_bytes: bytes, flushed })
    }

    /// One that takes nothing any more.
    pub(super) fn ended() -> Self {
        Self { jobs: None, thread: Mutex::new(None), journal_bytes: Arc::default(), flushed: Arc::default() }
    }

    /// So many bytes of the journal are gone.
    pub(super) fn forget_journal_bytes(&self, gone: u64) {
        let less = |bytes: u64| Some(bytes.saturating_sub(gone));
        // The closure always answers, so there is nothing to look at.
        let _ = self.journal_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Has a change made, and waits until it is on stable storage.
    pub(super) async fn change<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(work, false).await
    }

    /// The same for a change that refuses before its first row and not after. It goes without a
    /// savepoint, which copies each page that a change touches. Should it fail after all with rows
    /// written, the transaction fails with it, and everybody in it is told so.
    pub(super) async fn change_whole<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(work, true).await
    }

    async fn ask<T, F>(&self, work: F, whole: bool) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let change = Job::Change(Box::new(Typed { whole, work: Some(work), done: None, reply }));
        let Some(jobs) = &self.jobs else { return Err(stopped()) };
        jobs.send(change).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// The same from a thread that may wait.
    pub(super) fn change_now<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let change = Job::Change(Box::new(Typed { whole: false, work: Some(work), done: None, reply }));
        let Some(jobs) = &self.jobs else { return Err(stopped()) };
        jobs.blocking_send(change).map_err(|_| stopped())?;
        answer.blocking_recv().map_err(|_| stopped())?
    }

    /// Has something done on the writer's connection, between transactions.
    pub(super) async fn apart<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Job::Apart(Box::new(move |conn| {
            let done = catch_unwind(AssertUnwindSafe(|| work(conn))).unwrap_or_else(|_| Err(lost()));
            // Whoever asked may be gone by now.
            let _ = reply.send(done);
        }));
        let Some(jobs) = &self.jobs else { return Err(stopped()) };
        jobs.send(job).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    /// What is queued is still written: the thread ends when the queue is empty.
    fn drop(&mut self) {
        drop(self.jobs.take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn lost() -> StoreError {
    StoreError::Unreadable("a change could not be carried out".into())
}

fn stopped() -> StoreError {
    StoreError::Away("the store has stopped".into())
}

struct Worker {
    /// None for records in memory. Ends before the connection does.
    flusher: Option<Flusher>,
    conn: Connection,
    opening: i64,
    late: Arc<Late>,
    journal_bytes: Arc<AtomicU64>,
    flushed: Arc<Flushed>,
    /// Where rows of the journal are made.
    room: RefCell<journal::Room>,
}

impl Worker {
    fn work(self, mut queue: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut last = 0;
        while let Some(first) = queue.blocking_recv() {
            let apart = gather(&mut queue, first, &mut batch, last);
            if !batch.is_empty() {
                last = batch.len();
                let commit = self.anew().and_then(|()| self.transaction(&mut batch));
                self.answer(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)), commit);
                self.checkpoint();
            }
            if let Some(apart) = apart {
                apart(&self.conn);
            }
        }
    }

    /// Answers a batch, after its flush where there is one.
    fn answer(&self, batch: Vec<Box<dyn Change>>, commit: Result<(), StoreError>) {
        let answer = |commit: &Result<(), StoreError>| {
            for change in batch {
                change.answer(commit);
            }
        };
        match &self.flusher {
            Some(flusher) => {
                let n = self.flushed.last();
                flusher.hand_over(Committed { n, commit, answer: Box::new(answer) });
            }
            None => answer(&commit),
        }
    }

    /// After a flush that failed nobody knows what the disk has of the log, and a later flush would
    /// not say either: all of it is brought home and the log begun anew before another change.
    fn anew(&self) -> Result<(), StoreError> {
        if !self.flushed.has_failed() {
            return Ok(());
        }
        let busy = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        if busy.map_err(sql)? != 0 {
            return Err(StoreError::Away("the log could not be begun anew yet".into()));
        }
        self.flushed.begun_anew();
        Ok(())
    }

    /// One transaction over a batch.
    fn transaction(&self, batch: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
        self.bare("BEGIN IMMEDIATE")?;
        let late = &*self.late;
        let mut tx = Tx {
            conn: &self.conn,
            lines: Vec::new(),
            sheets: Vec::new(),
            late,
            gone: Vec::new(),
            ran: RefCell::default(),
            opening: self.opening,
        };
        let done = self.run(&mut tx, batch);
        let (lines, sheets) = (std::mem::take(&mut tx.lines), std::mem::take(&mut tx.sheets));
        let done = done.and_then(|()| {
            let own = lines.iter().map(|line| line.view());
            journal::write(
                &tx,
                own.chain(sheets.iter().flat_map(|sheet| sheet.views())),
                &mut self.room.borrow_mut(),
            )
        });
        // Before anybody is answered: whoever filled a sheet takes it back.
        drop((lines, sheets));
        let done = done.and_then(|bytes| late.bring(&tx).map(|()| bytes));
        self.flushed.commits();
        match done.and_then(|bytes| self.commit().map(|()| bytes)) {
            Ok(bytes) => {
                self.journal_bytes.fetch_add(bytes, Ordering::Relaxed);
                late.committed(&tx.gone);
                Ok(())
            }
            Err(error) => {
                // SQLite may have rolled back by itself; then this says so and nothing is lost.
                let _ = self.bare("ROLLBACK");
                Err(error)
            }
        }
    }

    fn run(&self, tx: &mut Tx<'_>, batch: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
        for change in batch {
            if change.is_whole() {
                self.run_whole(tx, change.as_mut())?;
                continue;
            }
            self.bare("SAVEPOINT change")?;
            let (lines, gone) = (tx.lines.len(), tx.gone.len());
            if let Err(error) = change.run(tx) {
                if self.conn.is_autocommit() {
                    // A full or failing disk ends the whole transaction at once.
                    return Err(error);
                }
                tx.lines.truncate(lines);
                tx.gone.truncate(gone);
                self.bare("ROLLBACK TO change")?;
            }
            self.bare("RELEASE change")?;
        }
        Ok(())
    }

    fn run_whole(&self, tx: &mut Tx<'_>, change: &mut dyn Change) -> Result<(), StoreError> {
        let (lines, rows) = (tx.lines.len(), self.conn.total_changes());
        let Err(error) = change.run(tx) else { return Ok(()) };
        tx.lines.truncate(lines);
        if self.conn.is_autocommit() || self.conn.total_changes() != rows {
            return Err(error);
        }
        Ok(())
    }

    /// A failed commit for want of space is certain; one that failed in the flush may stand after a
    /// crash, and so is told as unknown.
    fn commit(&self) -> Result<(), StoreError> {
        self.bare("COMMIT").map_err(|error| match error {
            StoreError::Full => StoreError::Full,
            other => StoreError::Unknown(other.to_string()),
        })
    }

    fn bare(&self, text: &'static str) -> Result<(), StoreError> {
        self.conn.prepare_cached(text).and_then(|mut s| s.execute([])).map(|_| ()).map_err(sql)
    }

    /// Brings the log home once it is long, after everybody was answered: those who are queued wait
    /// for it, those who were answered don't.
    fn checkpoint(&self) {
        let look = self.conn.prepare_cached("PRAGMA wal_checkpoint(NOOP)");
        let pages = look.and_then(|mut look| look.query_row([], |row| row.get::<_, i64>(1)));
        if pages.is_ok_and(|pages| pages >= CHECKPOINT_PAGES) {
            // What could not be brought home now is brought home later; the log holds it durably.
            let _ = self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        }
    }
}

/// Takes whatever waits. Callers who were just answered come back at once: after a batch of many, a
/// few turns are given to them, or batches of one and of many would alternate.
/// What is to be done apart ends the batch, and is returned.
fn gather(
    queue: &mut mpsc::Receiver<Job>,
    first: Job,
    batch: &mut Vec<Box<dyn Change>>,
    last: usize,
) -> Option<Apart> {
    let mut turns = if last > 8 { 16 } else { 0 };
    let mut job = Some(first);
    loop {
        match job.take() {
            Some(Job::Change(change)) => batch.push(change),
            Some(Job::Apart(apart)) => return Some(apart),
            None if turns > 0 && batch.len() < last => {
                turns -= 1;
                std::thread::yield_now();
            }
            None => return None,
        }
        if batch.len() >= BATCH {
            return None;
        }
        job = queue.try_recv().ok();
    }
}
