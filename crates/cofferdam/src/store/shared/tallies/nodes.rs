//! The nodes that share the tallies: who lives, whose attempts are open where, and what others are told of them.
//!
//! A node writes each of its open attempts to the servers as well. What another node learns of it goes into the
//! owner's inbox. An owner that renews its lease no more is gone: the others take its attempts over, each once, since
//! names are taken off a list.

use super::Inner;
use super::call::{Call, Step, Want};
use super::link::{Conn, Link};
use super::mend::bytes;
use super::name::{Holds, Name};
use crate::store::StoreError;
use crate::store::tallies::{Learned, Lesson};
use cofferdam_engine::evidence::{EvidenceTallies, Kept, OpenAttempt};
use redis::{Cmd, RedisError, Value};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Outcomes are awaited for six hours, and a little.
pub const OPEN_S: u32 = 6 * 3_600 + 600;
/// Names of open attempts are listed by this much time.
const QUARTER_S: u32 = 900;
/// A node that did not renew its lease for so long is gone.
const LEASE_S: u32 = 5;
/// Nodes that nobody heard of for a day are forgotten.
const NODES_S: u32 = 86_400;
/// The inbox is looked into so often; every tenth time the lease is renewed.
const TURN: Duration = Duration::from_millis(100);
const TURNS: u32 = 10;
/// Entries that are taken off a list together.
const BATCH: usize = 200;
/// Thousands of entries that an inbox keeps.
const INBOX: u8 = 100;
/// What was learned while the servers were away waits to be told; so much at most.
const LATER: usize = 100_000;

/// This node.
pub struct Node {
    id: u64,
    /// What is to be told when the servers are back.
    later: Mutex<Vec<(u64, Lesson)>>,
}

impl Node {
    pub fn new(id: u64) -> Self {
        Self { id, later: Mutex::default() }
    }

    /// Its name among the nodes.
    pub fn id(&self) -> u64 {
        self.id
    }

    fn later(&self, lessons: impl IntoIterator<Item = (u64, Lesson)>) {
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        let room = LATER.saturating_sub(later.len());
        later.extend(lessons.into_iter().take(room));
    }
}

/// The list of what a node opened in a quarter of an hour.
fn opened(node: u64, quarter: u32) -> Name {
    Name::new(Holds::Opened, (node ^ u64::from(quarter)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17))
}

/// A lesson as an inbox has it.
fn written((name, lesson): &(u64, Lesson)) -> Vec<u8> {
    let (kind, at_s) = match *lesson {
        Lesson::Converted(at_s) => (0u8, at_s),
        Lesson::Challenged { passed: true } => (1, 0),
        Lesson::Challenged { passed: false } => (2, 0),
        Lesson::Undelivered => (3, 0),
        Lesson::NotSent => (4, 0),
    };
    name.to_be_bytes().into_iter().chain([kind]).chain(at_s.to_be_bytes()).collect()
}

fn read(bytes: &[u8]) -> Option<(u64, Lesson)> {
    let (name, rest) = bytes.split_first_chunk::<8>()?;
    let (kind, at_s) = rest.split_first()?;
    let lesson = match kind {
        0 => Lesson::Converted(u32::from_be_bytes(at_s.try_into().ok()?)),
        1 => Lesson::Challenged { passed: true },
        2 => Lesson::Challenged { passed: false },
        3 => Lesson::Undelivered,
        4 => Lesson::NotSent,
        _ => return None,
    };
    Some((u64::from_be_bytes(*name), lesson))
}

/// An open attempt as the servers keep it: whose it is, and what it is.
fn open_attempt(bytes: &[u8]) -> Option<(u64, OpenAttempt)> {
    let (owner, attempt) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*owner), OpenAttempt::read(attempt).ok()?))
}

/// Whether right codes were doubted, attempt by attempt.
#[derive(Default)]
struct Doubts {
    good: bool,
    doubtful: bool,
}

impl Doubts {
    fn of(&mut self, doubted: Option<bool>) {
        self.good |= doubted == Some(false);
        self.doubtful |= doubted == Some(true);
    }

    fn learned(&self) -> Learned {
        Learned { doubted: self.doubtful && !self.good }
    }
}

fn apply(evidence: &mut EvidenceTallies, (name, lesson): (u64, Lesson), doubts: &mut Doubts) {
    match lesson {
        Lesson::Converted(at_s) => {
            let _ = evidence.converted(name, at_s);
            doubts.of(evidence.doubts(name));
        }
        Lesson::Challenged { passed } => evidence.challenged(name, passed),
        Lesson::Undelivered => evidence.undelivered(name),
        Lesson::NotSent => evidence.not_sent(name),
    }
}

impl Inner {
    /// Writes an open attempt of this node to the servers, with the next batch.
    pub fn enter(&self, name: u64, at_s: u32) {
        if self.settings.at_once {
            // A replay is the only one there.
            return;
        }
        self.write_open(name);
        let list = opened(self.node.id, at_s / QUARTER_S);
        self.pending().append(list, 0, OPEN_S + QUARTER_S, name.to_be_bytes().to_vec());
    }

    /// The same where it is listed already: it changed.
    fn write_open(&self, name: u64) {
        if self.settings.at_once {
            return;
        }
        let Some(open) = self.copy().evidence.open(name) else { return };
        let value = self.node.id.to_be_bytes().into_iter().chain(open).collect();
        self.pending().set(Name::new(Holds::Open, name), OPEN_S, value);
    }

    /// Takes what became of attempts: of its own at once, of others by their owners' inboxes.
    pub async fn learn(&self, lessons: &[(u64, Lesson)]) -> Result<Learned, StoreError> {
        let mut doubts = Doubts::default();
        let (own, others): (Vec<_>, Vec<_>) =
            lessons.iter().copied().partition(|(name, _)| self.copy().evidence.knows(*name));
        for lesson in own {
            self.evidence(|evidence| apply(evidence, lesson, &mut doubts));
            self.write_open(lesson.0);
        }
        if !others.is_empty() {
            match self.route(&others, &mut doubts).await {
                Ok(()) => {}
                // Reading was all that failed: it is told later.
                Err(StoreError::Away(_) | StoreError::Unknown(_)) => self.node.later(others),
                Err(error) => return Err(error),
            }
        }
        self.waiting.notify_one();
        Ok(doubts.learned())
    }

    async fn route(&self, lessons: &[(u64, Lesson)], doubts: &mut Doubts) -> Result<(), StoreError> {
        let names: Vec<u64> = lessons.iter().map(|(name, _)| *name).collect();
        let known = self.open_attempts(&names).await?;
        for lesson in lessons {
            let Some((owner, attempt)) = known.iter().flatten().find(|(_, own)| own.name() == lesson.0)
            else {
                continue;
            };
            if matches!(lesson.1, Lesson::Converted(_)) {
                doubts.of(Some(attempt.doubts()));
            }
            let inbox = Name::new(Holds::Inbox, *owner);
            self.pending().append(inbox, INBOX, OPEN_S, written(lesson));
        }
        Ok(())
    }

    async fn look(&self, names: impl IntoIterator<Item = Name>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut call = Call::new();
        call.steps.extend(names.into_iter().map(Step::look));
        self.link.run(&call, Want::Olds).await
    }

    async fn open_attempts(&self, names: &[u64]) -> Result<Vec<Option<(u64, OpenAttempt)>>, StoreError> {
        let found = self.look(names.iter().map(|name| Name::new(Holds::Open, *name))).await?;
        Ok(found.iter().map(|bytes| bytes.as_deref().and_then(open_attempt)).collect())
    }

    /// Takes entries off a list.
    async fn pop(&self, list: Name) -> Result<Vec<Vec<u8>>, StoreError> {
        let list = self.link.names.text(list);
        match self.link.send(redis::cmd("LPOP").arg(list).arg(BATCH)).await? {
            Value::Array(entries) => Ok(entries.into_iter().filter_map(bytes).collect()),
            _ => Ok(Vec::new()),
        }
    }

    /// What others learned of this node's attempts, and what could not be told.
    pub async fn read_inbox(&self) -> Result<(), StoreError> {
        let later = std::mem::take(&mut *self.node.later.lock().unwrap_or_else(PoisonError::into_inner));
        if !later.is_empty() {
            self.learn(&later).await?;
        }
        loop {
            let entries = self.pop(Name::new(Holds::Inbox, self.node.id)).await?;
            let lessons: Vec<(u64, Lesson)> = entries.iter().filter_map(|entry| read(entry)).collect();
            if !lessons.is_empty() {
                // Those that this node does not have any more are given up.
                let (own, _): (Vec<_>, Vec<_>) =
                    lessons.into_iter().partition(|(name, _)| self.copy().evidence.knows(*name));
                self.learn(&own).await?;
            }
            if entries.len() < BATCH {
                return Ok(());
            }
        }
    }

    /// How many nodes lived when it was looked last, this one among them.
    pub fn living(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed).max(1)
    }

    /// Says by a connection that calls do not come through yet that this node lives.
    pub async fn tell_life(&self, conn: &mut Conn) -> Result<(), RedisError> {
        for command in self.life() {
            conn.send(&command).await?;
        }
        Ok(())
    }

    /// What says that this node lives.
    fn life(&self) -> [Cmd; 3] {
        let at_s = u32::try_from(self.clock.now_ms() / 1000).unwrap_or(u32::MAX);
        let nodes = self.link.names.text(Name::new(Holds::Nodes, 0));
        [
            redis::cmd("SET").arg(self.lease(self.node.id)).arg(1).arg("EX").arg(LEASE_S).to_owned(),
            redis::cmd("HSET").arg(&nodes[..]).arg(self.node.id).arg(at_s).to_owned(),
            redis::cmd("EXPIRE").arg(&nodes[..]).arg(NODES_S).to_owned(),
        ]
    }

    fn lease(&self, node: u64) -> Vec<u8> {
        self.link.names.text(Name::new(Holds::Lease, node))
    }

    /// Renews this node's lease, and takes over what nodes had open that are gone.
    pub async fn renew(&self) -> Result<(), StoreError> {
        let at_s = u32::try_from(self.clock.now_ms() / 1000).unwrap_or(u32::MAX);
        for command in self.life() {
            self.link.send(&command).await?;
        }
        let nodes = self.link.names.text(Name::new(Holds::Nodes, 0));
        let all = self.link.send(redis::cmd("HGETALL").arg(&nodes[..])).await?;
        let mut living = 1;
        for (id, heard_s) in heard(all).into_iter().filter(|(id, _)| *id != self.node.id) {
            if self.link.send(redis::cmd("EXISTS").arg(self.lease(id))).await? == Value::Int(1) {
                living += 1;
            } else {
                self.take_over(id, heard_s, at_s).await?;
                self.link.send(redis::cmd("HDEL").arg(&nodes[..]).arg(id)).await?;
            }
        }
        self.nodes.store(living, Ordering::Relaxed);
        Ok(())
    }

    /// Takes over what a node that is gone had open, and what it was told and did not read.
    async fn take_over(&self, gone: u64, heard_s: u32, at_s: u32) -> Result<(), StoreError> {
        let now = at_s.max(heard_s) / QUARTER_S;
        let mut many = 0;
        for quarter in (heard_s / QUARTER_S).saturating_sub(OPEN_S / QUARTER_S)..=now {
            loop {
                let entries = self.pop(opened(gone, quarter)).await?;
                let names =
                    entries.iter().filter_map(|entry| entry[..].try_into().ok().map(u64::from_be_bytes));
                many += self.take_some(gone, heard_s, &names.collect::<Vec<_>>()).await?;
                if entries.len() < BATCH {
                    break;
                }
            }
        }
        loop {
            let entries = self.pop(Name::new(Holds::Inbox, gone)).await?;
            // Whose they are now may be known in a moment only, when the others have said what they took.
            self.node.later(entries.iter().filter_map(|entry| read(entry)));
            if entries.len() < BATCH {
                break;
            }
        }
        tracing::info!(attempts = many, "a node is gone, its open attempts were taken over");
        Ok(())
    }

    async fn take_some(&self, gone: u64, heard_s: u32, names: &[u64]) -> Result<usize, StoreError> {
        let found = self.open_attempts(names).await?;
        let attempts: Vec<OpenAttempt> = found
            .into_iter()
            .flatten()
            .filter(|(owner, _)| *owner == gone)
            .map(|(_, attempt)| attempt)
            .collect();
        let mut records = BTreeSet::new();
        for attempt in &attempts {
            records.insert((Kept::Seen, attempt.number()));
            let kind = |rich| if rich { Kept::Rich } else { Kept::Plain };
            records.extend(attempt.keys().iter().map(|(scope, key)| (kind(scope.is_rich()), *key)));
        }
        // Outcomes are added to records that stand in the copy.
        let records: Vec<(Kept, u64)> = records.into_iter().collect();
        for some in records.chunks(BATCH) {
            let olds = self.look(some.iter().map(|(kind, key)| Name::new(holds(*kind), *key))).await?;
            let mut copy = self.copy();
            for ((kind, key), old) in some.iter().zip(olds) {
                copy.evidence.load(*kind, *key, heard_s, old.as_deref());
            }
        }
        let entries: Vec<(u64, u32)> =
            attempts.iter().map(|attempt| (attempt.name(), attempt.at_s())).collect();
        self.evidence(|evidence| evidence.take_over(attempts, heard_s));
        for (name, at_s) in &entries {
            self.enter(*name, *at_s);
        }
        Ok(entries.len())
    }
}

/// What a key holds.
pub fn holds(kind: Kept) -> Holds {
    match kind {
        Kept::Plain => Holds::Plain,
        Kept::Rich => Holds::Rich,
        Kept::Seen => Holds::Seen,
        Kept::Recent => Holds::Recent,
    }
}

/// Whether any node lives, besides this one.
pub async fn any_lives(link: &Link, but: Option<u64>) -> Result<bool, StoreError> {
    let nodes = link.names.text(Name::new(Holds::Nodes, 0));
    let all = heard(link.send(redis::cmd("HGETALL").arg(nodes)).await?);
    for (id, _) in all.into_iter().filter(|(id, _)| Some(*id) != but) {
        let lease = link.names.text(Name::new(Holds::Lease, id));
        if link.send(redis::cmd("EXISTS").arg(lease)).await? == Value::Int(1) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// All nodes and when they were last heard of.
pub fn heard(all: Value) -> Vec<(u64, u32)> {
    let figure = |value: Value| bytes(value).and_then(|bytes| String::from_utf8(bytes).ok());
    let pairs: Vec<(Value, Value)> = match all {
        Value::Map(pairs) => pairs,
        Value::Array(flat) => {
            let mut flat = flat.into_iter();
            core::iter::from_fn(|| Some((flat.next()?, flat.next()?))).collect()
        }
        _ => Vec::new(),
    };
    let read = |(id, at_s)| Some((figure(id)?.parse().ok()?, figure(at_s)?.parse().ok()?));
    pairs.into_iter().filter_map(read).collect()
}

/// Renews the lease and reads the inbox, until it is ended.
pub async fn run(inner: Arc<Inner>) {
    let mut turns = tokio::time::interval(TURN);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for turn in 0u32.. {
        turns.tick().await;
        if inner.link.away().is_some() {
            continue;
        }
        let done = async {
            if turn % TURNS == 0 {
                inner.renew().await?;
                inner.look_for_mark().await?;
                inner.look_for_room().await?;
            }
            inner.read_inbox().await
        };
        if let Err(error) = done.await {
            tracing::debug!(%error, "the inbox could not be read");
        }
    }
}
