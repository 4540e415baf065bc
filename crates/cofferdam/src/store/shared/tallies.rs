//! Tallies in Redis or Valkey, shared by several machines.
//!
//! The servers hold the records that all share, and a script there knows rings of absolute time and nothing
//! else ([`call`]). This process keeps a copy: an attempt is counted there in one call, which answers with what
//! stood before; that is taken into the copy, and the copy counts the attempt in the same way. So what is
//! judged is computed by the very code of a single process, to the bit, and while the servers are away the copy
//! goes on ([`SharedTallies`]). What follows decisions is sent in batches ([`pending`]). It knows no records.

use super::super::StoreError;
use super::super::tallies::{
    Counted, CountedAlone, Followed, Identified, Learned, Lesson, Marks, MovedTallies, MovedTally, Proofs,
    Tallies, TallySize,
};
use crate::clock::{Clock, Dice};
use arrayvec::ArrayVec;
use async_trait::async_trait;
use call::{Act, Call, Step};
use cofferdam_engine::evidence::image::Image as _;
use cofferdam_engine::evidence::{Ask, EvidenceTallies, Faces, Fate, Glimpse, Kept, SeenRecord};
use cofferdam_engine::known::Blind;
use cofferdam_engine::need::{Inquiry, RECORDS};
use cofferdam_engine::table::{Place, Table, Touch};
use cofferdam_engine::tally::{Change, LimitRecord, ProofRecord};
use cofferdam_engine::{Known, Needs};
use counting::Records;
use link::Link;
use name::{Holds, Name, Names};
use nodes::Node;
use pending::Pending;
use queue::Queue;
use quiet::{FEW, Quiet};
pub use replay::ReplayTallies;
pub use settings::RedisSettings;
use std::sync::atomic::{AtomicU8, AtomicU32};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sums::Summed;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

mod alone;
mod args;
mod call;
mod counting;
mod fill;
mod flush;
pub(in crate::store) mod limits;
mod link;
mod mend;
mod moving;
mod name;
mod nodes;
mod older;
mod pending;
mod queue;
mod quiet;
mod replay;
mod room;
mod settings;
mod start;
mod sums;
#[cfg(test)]
pub(in crate::store) mod tests;
mod together;

/// Tallies that several machines share.
pub struct SharedTallies {
    inner: Arc<Inner>,
    /// What runs beside, ended with it.
    tasks: Vec<AbortHandle>,
}

/// What the tasks hold too.
struct Inner {
    link: Arc<Link>,
    copy: Mutex<Copy>,
    pending: Mutex<Pending>,
    /// Told when there is something to send.
    waiting: Notify,
    /// One batch at a time, so that changes of one record keep their order.
    sending: tokio::sync::Mutex<()>,
    node: Node,
    /// How many nodes live, this one among them.
    nodes: AtomicU32,
    /// How full the servers are.
    full: AtomicU8,
    /// Under which name the servers were filled; another, or none, and they were emptied since.
    mark: Mutex<Option<Vec<u8>>>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    settings: RedisSettings,
    /// Attempts without evidence that wait for their call.
    alone: alone::Gather,
    /// Calls of others that wait.
    together: Queue<Call, together::Answer>,
}

/// This process's copy of what it asked for lately.
struct Copy {
    evidence: EvidenceTallies,
    limits: Table<LimitRecord>,
    proofs: Table<ProofRecord>,
}

impl Copy {
    fn new(keys_max: usize) -> Self {
        let mut evidence = EvidenceTallies::new(keys_max);
        evidence.note_changes();
        Self { evidence, limits: Table::new(keys_max), proofs: Table::new(keys_max) }
    }

    /// When the keys of an inquiry were last proved, as far as is known here.
    fn proofs(&self, inquiry: &Inquiry) -> Proofs {
        Proofs::of(self.proofs.proved_all(inquiry))
    }
}

/// What was only read was not done by halves, whatever became of the answer.
fn only_read(error: StoreError) -> StoreError {
    match error {
        StoreError::Unknown(why) => StoreError::Away(why),
        other => other,
    }
}

/// Opens the tallies: reaches the servers, looks whether they will do, and keeps the connection from then on.
pub(in crate::store) async fn open(
    settings: RedisSettings,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
) -> Result<SharedTallies, StoreError> {
    let target = settings::target(&settings.url)?;
    let link = Link::new(target, settings.timeout, Names::of(&settings.prefix));
    let mut conn = start::reach(&link, &settings, &*clock).await?;
    older::bring_over(&link, &mut conn).await?;
    let inner = Arc::new(Inner {
        copy: Mutex::new(Copy::new(settings.keys_max)),
        pending: Mutex::new(Pending::summing(settings.summed_from)),
        waiting: Notify::new(),
        sending: tokio::sync::Mutex::new(()),
        node: Node::new(dice.roll()),
        nodes: AtomicU32::new(1),
        full: AtomicU8::new(0),
        mark: Mutex::new(None),
        link,
        clock,
        dice,
        settings,
        alone: alone::Gather::new(),
        together: Queue::new(),
    });
    inner.admit(conn).await?;
    let tasks = vec![
        tokio::spawn(flush::run(Arc::clone(&inner))).abort_handle(),
        tokio::spawn(flush::turns(Arc::clone(&inner))).abort_handle(),
        tokio::spawn(mend::run(Arc::clone(&inner))).abort_handle(),
        tokio::spawn(nodes::run(Arc::clone(&inner))).abort_handle(),
        tokio::spawn(alone::run(Arc::clone(&inner))).abort_handle(),
        tokio::spawn(together::run(Arc::clone(&inner))).abort_handle(),
    ];
    Ok(SharedTallies { inner, tasks })
}

/// Looks whether the tallies could be opened. Writes a key that ends by itself, to see whether writes are taken.
pub(in crate::store) async fn look(settings: &RedisSettings, clock: &dyn Clock) -> Result<(), StoreError> {
    let target = settings::target(&settings.url)?;
    let link = Link::new(target, settings.timeout, Names::of(&settings.prefix));
    start::reach(&link, settings, clock).await.map(|_| ())
}

impl Drop for SharedTallies {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Inner {
    fn copy(&self) -> MutexGuard<'_, Copy> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the evidence of the copy; what changes by that is to be sent.
    fn evidence<T>(&self, work: impl FnOnce(&mut EvidenceTallies) -> T) -> T {
        let mut copy = self.copy();
        let answer = work(&mut copy.evidence);
        let changes = copy.evidence.take_changes();
        // While the copy is held: what is taken into it meanwhile would lack them.
        let mut pending = self.pending();
        let now_s = copy.evidence.now_s();
        for change in &changes {
            let waits = self.settings.summed_from.is_some() && Quiet::may_wait(change);
            if waits && copy.evidence.newcomers(change.key).is_some_and(|many| many < FEW) {
                pending.quietly(change, now_s);
            } else {
                pending.evidence(change);
            }
        }
        pending.pass(now_s);
        answer
    }

    /// The call that counts an attempt, and which of its records are summed instead.
    fn plan(&self, needs: &Needs, ask: &Ask) -> (Call, Records, Summed) {
        let copy = self.copy();
        let mut summed = Summed::new();
        if self.settings.summed_from.is_some() {
            let mut pending = self.pending();
            let is_summed = |(kind, key): &(Kept, u64)| {
                pending.sums.touch(*kind, *key) && copy.evidence.stands(*kind, *key, ask.at_s)
            };
            summed.extend(counting::counted(ask).filter(is_summed));
        }
        let (call, records) = counting::call(needs, ask, &copy.evidence, self.full(), &summed);
        (call, records, summed)
    }

    /// Takes what stood in an attempt's records before into the copy, and counts it there.
    fn take(
        &self,
        (needs, ask): (&Needs, &Ask),
        (records, summed): (&Records, &Summed),
        begun: u64,
        olds: &[Option<Vec<u8>>],
        known: &mut Known,
    ) -> Result<(), StoreError> {
        let mut copy = self.copy();
        // Memory brings the records that are about to be taken in side by side.
        copy.evidence.find_homes(ask);
        copy.evidence.look(ask);
        known.seen = Self::take_limits(&mut copy, needs, ask.at_s, olds.iter().map(Option::as_deref));
        for ((kind, key), old) in records.iter().zip(olds.iter().skip(needs.len())) {
            if !copy.evidence.load(*kind, *key, ask.at_s, old.as_deref()) {
                return Err(StoreError::Unreadable(format!(
                    "a record in Redis under `{}` is none of this version's ({kind:?}, {} bytes): give this \
                     installation a `redis_prefix` of its own",
                    self.link.names.begin(),
                    old.as_ref().map_or(0, Vec::len)
                )));
            }
        }
        let mut pending = self.pending();
        // What follows earlier decisions of this process and was not sent yet stands in no answer.
        // The newest numbers of a run have the key of its sums.
        for (_, key) in records.iter().filter(|(kind, _)| *kind != Kept::Recent) {
            pending.noted(*key, begun).for_each(|change| copy.evidence.make_again(change));
        }
        known.evidence = copy.evidence.count(ask);
        for (_, key) in records.iter().filter(|(kind, _)| *kind == Kept::Plain) {
            if pending.quiet.held(*key).is_some()
                && copy.evidence.newcomers(*key).is_none_or(|many| many >= FEW)
            {
                pending.stir(*key);
            }
        }
        pending.sums.count(ask, summed);
        copy.evidence.take_changes().iter().for_each(|change| pending.evidence(change));
        Ok(())
    }

    /// Before an attempt is counted: what came due, and with whoever wants it exactly, all that is to be sent.
    async fn before(&self, at_s: u32) {
        self.evidence(|evidence| evidence.advance(at_s));
        if self.settings.at_once {
            self.flush().await;
        } else {
            self.waiting.notify_one();
        }
    }

    /// Takes what was proved when into the copy.
    fn take_proofs(&self, keys: &[u64], olds: &[Option<Vec<u8>>]) {
        let mut copy = self.copy();
        for (key, old) in keys.iter().zip(olds) {
            match old.as_deref().and_then(limits::proof_of) {
                Some(proof) => copy.proofs.prove(*key, proof.at_s),
                None => copy.proofs.unprove(*key),
            }
        }
    }

    async fn identified(
        &self,
        inquiry: &Inquiry,
        faces: Option<&Faces>,
        at_s: u32,
    ) -> Result<Identified, StoreError> {
        if self.settings.at_once {
            self.flush().await;
        }
        let asked =
            [Some(inquiry.number), inquiry.device, inquiry.user, inquiry.number_device, inquiry.number_user];
        let keys: Vec<u64> = asked.into_iter().flatten().collect();
        let seen: Vec<u64> =
            faces.into_iter().flat_map(|f| core::iter::once(f.number).chain(f.session)).collect();
        let mut call = Call::new();
        let names = keys.iter().map(|key| Name::new(Holds::Proof, *key));
        let names = names.chain(seen.iter().map(|key| Name::new(Holds::Seen, *key)));
        call.steps.extend(names.map(Step::look));
        let (olds, _) = self.together.send(call).await.map_err(only_read)?;
        let (proved, faces_olds) = olds.split_at(keys.len().min(olds.len()));
        self.take_proofs(&keys, proved);
        let mut times = proved.iter().map(|old| old.as_deref().and_then(limits::proof_of)?.proved_s());
        let times = asked.map(|key| key.and_then(|_| times.next().flatten()));
        let record = |n: usize| faces_olds.get(n)?.as_deref().and_then(SeenRecord::of_image);
        let session = faces.and_then(|faces| faces.session).map(|_| record(1).unwrap_or_default());
        let glimpse = match faces {
            Some(_) => Glimpse::of(&record(0).unwrap_or_default(), session.as_ref(), at_s),
            None => Glimpse::default(),
        };
        let mut copy = self.copy();
        for (key, old) in seen.iter().zip(faces_olds) {
            copy.evidence.load(Kept::Seen, *key, at_s, old.as_deref());
        }
        Ok(Identified { proofs: Proofs::of(times), glimpse })
    }

    async fn count(&self, needs: &Needs, at_s: u32) -> Result<Counted, StoreError> {
        if self.settings.at_once {
            self.flush().await;
        }
        let mut call = Call::new();
        limits::steps(&mut call, needs, at_s);
        let (olds, _) = self.together.send(call).await?;
        let mut copy = self.copy();
        let seen = Self::take_limits(&mut copy, needs, at_s, olds.iter().map(Option::as_deref));
        Ok(Counted { seen, marks: Marks::default() })
    }

    /// Takes what stood before into the copy, counts there in the same way, and answers with what then stands.
    fn take_limits<'a>(
        copy: &mut Copy,
        needs: &Needs,
        at_s: u32,
        olds: impl IntoIterator<Item = Option<&'a [u8]>>,
    ) -> ArrayVec<cofferdam_engine::known::Seen, RECORDS> {
        let each = needs.iter().zip(olds.into_iter().chain(core::iter::repeat(None)));
        let mut done: ArrayVec<(u64, LimitRecord), RECORDS> = ArrayVec::new();
        // Memory brings them side by side.
        let mut places: ArrayVec<Place, RECORDS> = needs.iter().map(|_| Place::UNKNOWN).collect();
        copy.limits.locate_again(needs.iter().map(|need| need.key).zip(&mut places));
        each.zip(places)
            .map(|((need, old), place)| {
                // Two limits may be counted in one record: the second finds what the first made of it.
                let before = done.iter().rev().find(|(key, _)| *key == need.key).map(|(_, record)| *record);
                let before = before.or_else(|| old.and_then(limits::limit_of)).unwrap_or_default();
                let (record, seen) = limits::counted(need, at_s, before);
                let _ = done.try_push((need.key, record));
                if old.is_some() || need.add {
                    let _ = copy.limits.change_at(
                        place,
                        Touch::sure(need.key),
                        at_s,
                        |own| *own = record,
                        |(), ()| (),
                    );
                }
                seen
            })
            .collect()
    }

    /// Limits that were counted in the copy alone go to the servers when they are back. `told`: they may have them
    /// already, and whoever sends them again counts twice.
    fn limits_wait(&self, needs: &Needs, at_s: u32, told: bool) {
        let mut pending = self.pending();
        for change in cofferdam_engine::changes(needs, at_s) {
            match change {
                Change::Count { key, .. } if told => pending.doubt(key, at_s),
                _ => pending.change(&change),
            }
        }
    }

    /// Counts in the copy alone what nobody else will know of until the servers are back.
    fn count_in_copy(&self, needs: &Needs, ask: &Ask, known: &mut Known, told: bool) {
        {
            let mut copy = self.copy();
            known.seen = copy.limits.count_all(needs, ask.at_s);
        }
        known.evidence = self.evidence(|evidence| evidence.count(ask));
        known.blind = Some(Blind::Tallies { nodes: self.living() });
        self.limits_wait(needs, ask.at_s, told);
        if told {
            return;
        }
        let nothing = Needs::new();
        let (call, _) = counting::call(&nothing, ask, &self.copy().evidence, self.full(), &Summed::new());
        let mut pending = self.pending();
        call.steps.iter().filter(|step| step.act != Act::Look).for_each(|step| pending.step(&call, step));
    }
}

#[async_trait]
impl Tallies for SharedTallies {
    async fn proofs(&self, inquiry: &Inquiry) -> Result<Proofs, StoreError> {
        Ok(self.inner.identified(inquiry, None, 0).await?.proofs)
    }

    async fn count(&self, needs: &Needs, at_s: u32) -> Result<Counted, StoreError> {
        self.inner.count(needs, at_s).await
    }

    async fn count_alone(
        &self,
        inquiry: &Inquiry,
        needs: &Needs,
        at_s: u32,
    ) -> Result<CountedAlone, StoreError> {
        self.inner.count_alone(inquiry, needs, at_s).await
    }

    fn proofs_blind(&self, inquiry: &Inquiry) -> Option<Proofs> {
        Some(self.inner.copy().proofs(inquiry))
    }

    fn count_alone_blind(&self, needs: &Needs, at_s: u32, why: &StoreError, known: &mut Known) -> bool {
        self.inner.count_alone_in_copy(needs, at_s, known, matches!(why, StoreError::Unknown(_)));
        true
    }

    async fn raise_soon(&self, changes: &[Change]) -> Result<Marks, StoreError> {
        self.raise_later(changes);
        Ok(Marks::default())
    }

    async fn identify(&self, inquiry: &Inquiry, faces: &Faces, at_s: u32) -> Result<Identified, StoreError> {
        self.inner.identified(inquiry, Some(faces), at_s).await
    }

    async fn count_with(&self, needs: &Needs, ask: &Ask, known: &mut Known) -> Result<Marks, StoreError> {
        self.inner.before(ask.at_s).await;
        let (call, records, summed) = self.inner.plan(needs, ask);
        let (olds, begun) = match self.inner.together.send(call).await {
            Ok(answer) => answer,
            Err(error) => {
                if matches!(error, StoreError::Unknown(_)) {
                    // What was in the call was perhaps counted; what is summed was not.
                    self.inner.pending().sums.count(ask, &summed);
                }
                return Err(error);
            }
        };
        self.inner.take((needs, ask), (&records, &summed), begun, &olds, known)?;
        Ok(Marks::default())
    }

    async fn identify_blind(&self, inquiry: &Inquiry, faces: &Faces, at_s: u32) -> Option<Identified> {
        let copy = self.inner.copy();
        Some(Identified { proofs: copy.proofs(inquiry), glimpse: copy.evidence.glimpse(faces, at_s) })
    }

    async fn count_blind(&self, needs: &Needs, ask: &Ask, why: &StoreError, known: &mut Known) -> bool {
        self.inner.count_in_copy(needs, ask, known, matches!(why, StoreError::Unknown(_)));
        true
    }

    async fn follow(&self, followed: &Followed<'_>) -> Result<Marks, StoreError> {
        let Followed { name, ask, fate, score, effects, changes } = *followed;
        self.inner.evidence(|evidence| evidence.decided(name, ask, fate, score, effects));
        if fate != Fate::Stopped {
            self.inner.enter(name, ask.at_s);
        }
        self.raise_later(changes);
        Ok(Marks::default())
    }

    async fn forget(&self, faces: &[Faces]) -> Result<(), StoreError> {
        self.inner.evidence(|evidence| faces.iter().for_each(|faces| evidence.forget(faces)));
        self.inner.flush().await;
        Ok(())
    }

    async fn learn(&self, lessons: &[(u64, Lesson)]) -> Result<Learned, StoreError> {
        self.inner.learn(lessons).await
    }

    async fn advance(&self, now_s: u32) -> Result<(), StoreError> {
        self.inner.evidence(|evidence| evidence.advance(now_s));
        self.inner.waiting.notify_one();
        Ok(())
    }

    async fn raise(&self, changes: &[Change]) -> Result<Marks, StoreError> {
        if !changes.is_empty() {
            self.raise_later(changes);
            self.inner.flush().await;
        }
        Ok(Marks::default())
    }

    async fn recover(&self, marks: &Marks) -> Result<(), StoreError> {
        // What was counted stands in the servers, whatever became of this process.
        if marks.0.is_empty() {
            return Ok(());
        }
        Err(StoreError::Unreadable("these marks were made by tallies of another kind".to_owned()))
    }

    async fn hand_out(&self, after: Option<&str>, _: u32) -> Result<MovedTallies, StoreError> {
        self.inner.give(after).await
    }

    async fn take_in(&self, rows: Vec<MovedTally>, at_s: u32) -> Result<u64, StoreError> {
        self.inner.put(rows, at_s).await
    }

    async fn settle(&self) {
        loop {
            let more = self.inner.pending().pass(u32::MAX);
            self.inner.flush().await;
            if !more || self.inner.link.away().is_some() {
                break;
            }
        }
        self.inner.turn().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.link.send(&redis::cmd("PING")).await.map(|_| ())
    }

    fn size(&self) -> TallySize {
        let copy = self.inner.copy();
        let evidence = copy.evidence.size();
        let size = TallySize { keys: evidence.keys as u64, bytes: evidence.bytes as u64, full: 0.0 };
        size.with(&copy.limits).with(&copy.proofs)
    }
}

impl SharedTallies {
    /// Changes limits and proofs in the copy now, and at the servers with the next batch.
    fn raise_later(&self, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        {
            let mut copy = self.inner.copy();
            for change in changes {
                match *change {
                    Change::Count { key, at_s, windows_s, by } => copy.limits.add(key, at_s, &windows_s, by),
                    Change::Prove { key, at_s } => copy.proofs.prove(key, at_s),
                    Change::Unprove { key } => copy.proofs.unprove(key),
                }
            }
        }
        let mut pending = self.inner.pending();
        for change in changes {
            pending.change(change);
        }
        drop(pending);
        self.inner.waiting.notify_one();
    }
}
