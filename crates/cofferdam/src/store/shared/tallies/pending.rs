//! What is still to be sent: counts of limits, and additions merged a record and hour, the oldest first, bounded.
//!
//! What does not fit any more goes, of evidence the oldest first, and is counted: evidence may lose a moment, and a
//! store that is away must not fill this process's memory. It sends nothing.

use super::args::Args;
use super::call::{Act, Call, Step, adds, part};
use super::counting::{PLAIN_S, RICH_S, SEEN_S};
use super::limits::{PROOF_S, limit_args, limit_expires_s};
use super::name::{Holds, Name};
use super::quiet::Quiet;
use super::sums::{Held, Sums};
use cofferdam_engine::evidence::{Add, EvidenceChange, Raised};
use cofferdam_engine::limit::WINDOWS;
use cofferdam_engine::tally::{Change, LimitRecord};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Steps that wait at most, and counts of limits as many again: some minutes of a busy node, about 100 MB if all were rich.
const MOST: usize = 200_000;
/// Entries of a list that go together.
const ENTRIES: usize = 500;
/// Records of which it is kept what was noted since the last batch: while the servers answer it is a few milliseconds'.
const NOTED: usize = 20_000;
/// Batches of which it is kept: more are not begun while an attempt waits for its answer.
const BATCHES: usize = 64;
/// Doubtful counts that are remembered: more than calls are ever on their way.
const DOUBTS: usize = 4_096;
const HOUR_S: u32 = 3_600;

/// What is added to a record, or done with it.
#[derive(Debug, Clone)]
pub struct Waiting {
    name: Name,
    act: Act,
    parts: u8,
    at_s: u32,
    expires_s: u32,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Adds(Vec<Add>),
    Limit([u32; WINDOWS], i32),
    Args(Vec<Vec<u8>>),
}

/// What may be merged: the same is done to one record within an hour, and not to its control group as well, whose
/// newest moment is another.
type Like = (Name, Act, u32, bool);

/// A limit's record, when it was counted there, and its windows.
type Counted = (u64, u32, [u32; WINDOWS]);

/// What waits.
#[derive(Debug, Default)]
pub struct Pending {
    /// In order.
    waiting: VecDeque<Waiting>,
    /// In no order: counts commute.
    limits: BTreeMap<Counted, i32>,
    /// The number of the first.
    first: u64,
    by_like: HashMap<Like, u64>,
    /// What evidence noted since the last batch, by record.
    noted: Held,
    /// How many batches were begun, and what was noted for the last of them: an attempt that was sent before one of these
    /// has nothing of it in its answer.
    begun: u64,
    batches: VecDeque<(u64, Held)>,
    /// What goes a few times a second.
    pub sums: Sums,
    /// What goes minutes later.
    pub quiet: Quiet,
    /// Counts of which nobody knows whether the servers took them: key and moment.
    doubtful: VecDeque<(u64, u32)>,
    /// How many were given up.
    pub lost: u64,
}

impl Pending {
    /// With records summed from some heat on, if from any.
    pub fn summing(from: Option<u32>) -> Self {
        Self { sums: Sums::from(from.unwrap_or(u32::MAX)), ..Self::default() }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.waiting.len() + self.limits.len()
    }

    fn push(&mut self, waiting: Waiting, like: Option<Like>) {
        if self.waiting.len() >= MOST {
            self.waiting.pop_front();
            self.first += 1;
            self.lost += 1;
        }
        if let Some(like) = like {
            self.by_like.insert(like, self.first + self.waiting.len() as u64);
        }
        self.waiting.push_back(waiting);
    }

    fn known(&mut self, like: &Like) -> Option<&mut Waiting> {
        let number = self.by_like.get(like)?.checked_sub(self.first)?;
        let waiting = self.waiting.get_mut(usize::try_from(number).ok()?)?;
        (waiting.name == like.0 && waiting.act == like.1).then_some(waiting)
    }

    /// Adds integers to a record.
    pub fn add(&mut self, name: Name, act: Act, parts: u8, at_s: u32, more: impl IntoIterator<Item = Add>) {
        const TOUCH: u8 = part::OWN | part::TRUSTED;
        let like = (name, act, at_s / HOUR_S, parts & part::TRUSTED != 0);
        if let Some(known) = self.known(&like) {
            // Buckets and eras are the hour's; the newest moment is that of the sums alone.
            known.at_s = match (known.parts & TOUCH != 0, parts & TOUCH != 0) {
                (_, false) => known.at_s,
                (false, true) => at_s,
                (true, true) => known.at_s.max(at_s),
            };
            known.parts |= parts;
            if let What::Adds(adds) = &mut known.what {
                for add in more {
                    match adds.iter_mut().find(|own| own.at == add.at) {
                        Some(own) => own.amount = own.amount.saturating_add(add.amount),
                        None => adds.push(add),
                    }
                }
            }
            return;
        }
        let expires_s = if act == Act::Rich { RICH_S } else { PLAIN_S };
        let what = What::Adds(more.into_iter().collect());
        self.push(Waiting { name, act, parts, at_s, expires_s, what }, Some(like));
    }

    /// A change that evidence noted.
    pub fn evidence(&mut self, change: &EvidenceChange) {
        if self.sums.is_hot(change.key) {
            return self.sums.hold(*change);
        }
        if self.noted.len() < NOTED {
            self.noted.entry(change.key).or_default().push(*change);
        }
        self.raise(change, 0);
    }

    /// A change that evidence noted in a record that hardly anybody was counted in.
    pub fn quietly(&mut self, change: &EvidenceChange, now_s: u32) {
        if let Some(change) = self.quiet.hold(*change, now_s) {
            self.evidence(&change);
        }
    }

    /// What was kept back for its time goes, as far as there is room. Whether more would.
    pub fn pass(&mut self, now_s: u32) -> bool {
        while self.waiting.len() < MOST / 2 {
            let Some(change) = self.quiet.due(now_s) else { return false };
            self.evidence(&change);
        }
        true
    }

    /// What was kept back for a record goes, for it is quiet no more.
    pub fn stir(&mut self, key: u64) {
        if let Some(change) = self.quiet.release(key) {
            self.evidence(&change);
        }
    }

    /// The step of a change.
    fn raise(&mut self, change: &EvidenceChange, more: u8) {
        let EvidenceChange { key, at_s, what } = *change;
        let seen = Name::new(Holds::Seen, key);
        let parts = match what {
            Raised::Plain(..) | Raised::Own(..) => part::OWN,
            Raised::Trusted(..) => part::TRUSTED,
            Raised::Usual(..) => part::WEEK | part::MAKE,
            Raised::Live(..) | Raised::Delay(..) | Raised::Meet(..) => part::ERAS,
            Raised::Convert => return self.seen(seen, part::CONVERTED, at_s),
            Raised::Forget => return self.gone(seen),
        };
        let (holds, act) = match what {
            Raised::Plain(..) => (Holds::Plain, Act::Plain),
            _ => (Holds::Rich, Act::Rich),
        };
        self.add(Name::new(holds, key), act, parts | more, at_s, change.adds());
    }

    /// How many batches were begun.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// What evidence noted of a record that was not sent when so many batches were begun.
    pub fn noted(&self, key: u64, begun: u64) -> impl Iterator<Item = &EvidenceChange> {
        let later = self.batches.iter().filter(move |(batch, _)| *batch > begun).map(|(_, noted)| noted);
        later
            .chain([&self.noted])
            .filter_map(move |noted| noted.get(&key))
            .flatten()
            .chain(self.sums.held(key))
            .chain(self.quiet.held(key))
    }

    /// Takes what was summed, as a batch of its own.
    pub fn take_sums(&mut self) -> Held {
        let held = self.sums.turn();
        if !held.is_empty() {
            self.begin(held.clone());
        }
        held
    }

    /// Puts back sums that could not be sent: the batch that was begun last.
    pub fn put_back_sums(&mut self, held: Held) {
        if !held.is_empty() {
            self.batches.pop_back();
        }
        self.sums.put_back(held);
    }

    fn begin(&mut self, noted: Held) {
        self.begun += 1;
        if self.batches.len() >= BATCHES {
            self.batches.pop_front();
        }
        self.batches.push_back((self.begun, noted));
    }

    /// The servers are empty: gives up what waits for some records of evidence, since it came there another way.
    pub fn drop_for(&mut self, names: &HashSet<Name>) {
        self.waiting.retain(|waiting| !names.contains(&waiting.name));
        (self.first, self.by_like) = (0, HashMap::new());
        (self.noted, self.batches) = (HashMap::new(), VecDeque::new());
        let is_gone = |key| {
            names.contains(&Name::new(Holds::Plain, key)) || names.contains(&Name::new(Holds::Rich, key))
        };
        self.sums.forget(is_gone);
    }

    /// Takes out of limits what waits to be added to them.
    pub fn without_waiting(&self, records: &mut [(u64, LimitRecord)]) {
        for (key, record) in records {
            let own = (*key, 0, [0; WINDOWS])..=(*key, u32::MAX, [u32::MAX; WINDOWS]);
            for ((_, at_s, windows_s), by) in self.limits.range(own) {
                record.add(*at_s, windows_s, by.wrapping_neg());
            }
        }
    }

    /// The servers are empty, and got some limits: to others nothing is given back, since what it gives back was counted
    /// where nothing stands any more.
    pub fn give_back_only(&mut self, brought: &HashSet<u64>) {
        self.limits.retain(|(key, ..), by| *by > 0 || brought.contains(key));
    }

    /// Marks days of a number or session.
    pub fn seen(&mut self, name: Name, parts: u8, at_s: u32) {
        let what = What::Args(Vec::new());
        self.push(Waiting { name, act: Act::Seen, parts, at_s, expires_s: SEEN_S, what }, None);
    }

    /// A count was sent, and its answer never came.
    pub fn doubt(&mut self, key: u64, at_s: u32) {
        if self.doubtful.len() >= DOUBTS {
            self.doubtful.pop_front();
        }
        self.doubtful.push_back((key, at_s));
    }

    fn was_doubtful(&mut self, key: u64, at_s: u32) -> bool {
        let found = self.doubtful.iter().position(|doubtful| *doubtful == (key, at_s));
        found.is_some_and(|at| self.doubtful.remove(at).is_some())
    }

    fn count(&mut self, counted: Counted, by: i32) {
        if self.limits.len() >= MOST && !self.limits.contains_key(&counted) {
            self.lost += 1;
            return;
        }
        let own = self.limits.entry(counted).or_default();
        *own = own.wrapping_add(by);
        if *own == 0 {
            // Counted and given back.
            self.limits.remove(&counted);
        }
    }

    /// A change of a limit or a proof.
    pub fn change(&mut self, change: &Change) {
        match *change {
            Change::Count { key, at_s, windows_s, by } => {
                if by < 0 && self.was_doubtful(key, at_s) {
                    // Given back where it may never have been taken, it would be a message more than is allowed.
                    return;
                }
                self.count((key, at_s, windows_s), by);
            }
            Change::Prove { key, at_s } => {
                let (name, what) = (Name::new(Holds::Proof, key), What::Args(Vec::new()));
                self.push(Waiting { name, act: Act::Prove, parts: 0, at_s, expires_s: PROOF_S, what }, None);
            }
            Change::Unprove { key } => self.gone(Name::new(Holds::Proof, key)),
        }
    }

    /// A record is to be forgotten; what waits for it goes with it.
    fn gone(&mut self, name: Name) {
        self.by_like.retain(|like, _| like.0 != name);
        let what = What::Args(Vec::new());
        self.push(Waiting { name, act: Act::Gone, parts: 0, at_s: 0, expires_s: 0, what }, None);
    }

    /// Sets a key.
    pub fn set(&mut self, name: Name, expires_s: u32, value: Vec<u8>) {
        let like = (name, Act::Set, 0, false);
        if let Some(known) = self.known(&like) {
            known.what = What::Args(vec![value]);
            return;
        }
        let what = What::Args(vec![value]);
        self.push(Waiting { name, act: Act::Set, parts: 0, at_s: 0, expires_s, what }, Some(like));
    }

    /// Appends to a list that keeps so many thousands; none: all.
    pub fn append(&mut self, name: Name, thousands: u8, expires_s: u32, entry: Vec<u8>) {
        let like = (name, Act::Append, 0, false);
        if let Some(Waiting { what: What::Args(entries), .. }) = self.known(&like)
            && entries.len() < ENTRIES
        {
            entries.push(entry);
            return;
        }
        let what = What::Args(vec![entry]);
        let parts = thousands;
        self.push(Waiting { name, act: Act::Append, parts, at_s: 0, expires_s, what }, Some(like));
    }

    /// A step of a call that could not be made.
    pub fn step(&mut self, call: &Call, step: &Step) {
        let Step { name, act, parts, at_s, expires_s, args } = *step;
        let args = call.args_of(args).into_iter().flat_map(Args::iter);
        let what = What::Args(args.map(<[u8]>::to_vec).collect());
        self.push(Waiting { name, act, parts, at_s, expires_s, what }, None);
    }

    /// Takes the oldest, so many at most; counts of limits before all else.
    pub fn take(&mut self, most: usize) -> Vec<Waiting> {
        let mut taken = self.take_limits(most);
        let many = most.saturating_sub(taken.len()).min(self.waiting.len());
        if many == 0 {
            return taken;
        }
        let noted = std::mem::take(&mut self.noted);
        self.begin(noted);
        self.first += many as u64;
        taken.extend(self.waiting.drain(..many));
        if self.waiting.is_empty() {
            self.by_like.clear();
        } else if self.by_like.len() > 2 * MOST {
            self.by_like.retain(|_, number| *number >= self.first);
        }
        taken
    }

    /// How many counts of limits wait.
    pub fn limits_len(&self) -> usize {
        self.limits.len()
    }

    /// Takes counts of limits, so many at most.
    pub fn take_limits(&mut self, most: usize) -> Vec<Waiting> {
        let next = core::iter::from_fn(|| self.limits.pop_first());
        let waiting = |((key, at_s, windows_s), by)| {
            let (name, expires_s) = (Name::new(Holds::Limit, key), limit_expires_s(&windows_s));
            Waiting { name, act: Act::Limit, parts: 0, at_s, expires_s, what: What::Limit(windows_s, by) }
        };
        next.take(most).map(waiting).collect()
    }

    /// Puts back what could not be sent.
    pub fn put_back(&mut self, taken: Vec<Waiting>) {
        let (limits, rest): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|waiting| matches!(waiting.what, What::Limit(..)));
        for waiting in limits {
            if let What::Limit(windows_s, by) = waiting.what {
                self.count((waiting.name.key, waiting.at_s, windows_s), by);
            }
        }
        let room = MOST.saturating_sub(self.waiting.len());
        let over = rest.len().saturating_sub(room);
        self.lost += over as u64;
        // Numbers of those that wait stay as they are: what is put back is before them.
        for waiting in rest.into_iter().skip(over).rev() {
            self.waiting.push_front(waiting);
            self.first = self.first.wrapping_sub(1);
        }
    }
}

/// The call that sends sums. Their records are made where there are none: attempts were counted in them.
pub fn sums_call(held: &Held) -> Call {
    let mut sums = Pending::default();
    held.values().flatten().for_each(|change| sums.raise(change, part::MAKE));
    call(&sums.take(usize::MAX))
}

/// The call that sends them.
pub fn call(taken: &[Waiting]) -> Call {
    let mut call = Call::new();
    let (sums, mut rest): (Vec<&Waiting>, Vec<&Waiting>) =
        taken.iter().partition(|waiting| matches!(waiting.what, What::Adds(_)));
    add_alike(&mut call, sums);
    // Those of one record side by side, each record's in its order.
    rest.sort_by_key(|waiting| waiting.name);
    for waiting in rest {
        let args = match &waiting.what {
            What::Adds(_) => 0,
            What::Limit(windows_s, by) => call.args(limit_args(windows_s, waiting.at_s, *by)),
            What::Args(args) if args.is_empty() => 0,
            What::Args(args) => call.args(args.clone()),
        };
        let Waiting { name, act, parts, at_s, expires_s, .. } = *waiting;
        call.steps.push(Step { name, act, parts, at_s, expires_s, args });
    }
    call
}

impl Waiting {
    fn adds(&self) -> &[Add] {
        match &self.what {
            What::Adds(adds) => adds,
            What::Limit(..) | What::Args(_) => &[],
        }
    }
}

/// Additions, which are the same in any order: those that add the same side by side, so that it is said once. A
/// message that comes of age adds the same to all of its narrow records.
fn add_alike(call: &mut Call, mut sums: Vec<&Waiting>) {
    let like = |waiting: &Waiting| (waiting.act, waiting.at_s, waiting.parts);
    sums.sort_by(|a, b| {
        let by_like = like(a).cmp(&like(b));
        by_like.then_with(|| a.adds().cmp(b.adds())).then_with(|| a.name.cmp(&b.name))
    });
    let mut before: Option<(&Waiting, usize)> = None;
    for waiting in sums {
        let same = before.filter(|(own, _)| like(own) == like(waiting) && own.adds() == waiting.adds());
        let args = match same {
            Some((_, args)) => args,
            None => call.args(adds(waiting.adds().iter().copied())),
        };
        before = Some((waiting, args));
        let Waiting { name, act, parts, at_s, expires_s, .. } = *waiting;
        call.steps.push(Step { name, act, parts, at_s, expires_s, args });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cofferdam_engine::evidence::Width;

    fn add(at: usize, amount: i64) -> Add {
        Add { at, width: Width::Signed, amount }
    }

    #[test]
    fn what_is_alike_is_merged_and_the_oldest_goes_when_there_is_no_room() {
        let mut pending = Pending::default();
        let name = |key| Name::new(Holds::Plain, key);
        for (at_s, amount) in [(3_600, 1), (3_700, 2), (7_200, 4)] {
            pending.add(name(1), Act::Plain, part::OWN, at_s, [add(4, amount)]);
        }
        assert_eq!(pending.len(), 2, "one an hour");
        let taken = pending.take(1);
        assert!(matches!(&taken[0].what, What::Adds(adds) if adds[..] == [add(4, 3)]));
        assert_eq!(taken[0].at_s, 3_700);
        pending.put_back(taken);
        pending.add(name(1), Act::Plain, part::OWN, 7_300, [add(8, 5)]);
        assert_eq!(pending.len(), 2);
        for key in 2..2 + MOST as u64 {
            pending.add(name(key), Act::Plain, part::OWN, 3_600, [add(4, 1)]);
        }
        assert_eq!((pending.len(), pending.lost), (MOST, 2));
    }

    #[test]
    fn what_was_perhaps_taken_is_not_given_back() {
        let mut pending = Pending::default();
        let count = |key, by| Change::Count { key, at_s: 100, windows_s: [600, 0, 0], by };
        pending.doubt(7, 100);
        pending.change(&count(7, -1));
        assert_eq!(pending.len(), 0, "nobody knows whether it was taken");
        pending.change(&count(7, -1));
        pending.change(&count(8, -1));
        assert_eq!(pending.len(), 2, "others are");
    }

    #[test]
    fn what_is_counted_and_given_back_comes_to_nothing_and_what_is_not_sent_waits_on() {
        let mut pending = Pending::default();
        let count = |key, by| Change::Count { key, at_s: 100, windows_s: [600, 0, 0], by };
        for change in [count(7, -1), count(8, 1), count(9, 1), count(9, -1), count(8, 1)] {
            pending.change(&change);
        }
        assert_eq!(pending.len(), 2);
        let taken = pending.take(9);
        assert_eq!((taken.len(), pending.len()), (2, 0));
        pending.change(&count(7, 1));
        pending.put_back(taken);
        assert!(matches!(pending.take(9)[..], [Waiting { what: What::Limit(_, 2), .. }]));
    }

    #[test]
    fn a_limit_is_told_without_what_waits_for_it() {
        let mut pending = Pending::default();
        let count = |key, at_s, by| Change::Count { key, at_s, windows_s: [600, 0, 0], by };
        for change in [count(7, 100, 2), count(7, 250, 1), count(7, 300, -1), count(8, 100, 1)] {
            pending.change(&change);
        }
        let mut record = LimitRecord::default();
        record.add(100, &[600, 0, 0], 5);
        record.add(300, &[600, 0, 0], 5);
        let mut records = [(7, record), (9, record)];
        pending.without_waiting(&mut records);
        let stands = |n: usize| records[n].1.read(300, &[600, 0, 0])[0].seen;
        assert_eq!((stands(0), stands(1)), (8, 10));
    }

    #[test]
    fn where_the_servers_are_empty_nothing_is_given_back_to_what_nobody_brings() {
        let mut pending = Pending::default();
        let count = |key, by| Change::Count { key, at_s: 100, windows_s: [600, 0, 0], by };
        for change in [count(6, -1), count(7, -1), count(8, 1)] {
            pending.change(&change);
        }
        pending.give_back_only(&HashSet::from([6]));
        assert_eq!(pending.take(9).iter().map(|waiting| waiting.name.key).collect::<Vec<_>>(), [6, 8]);
    }

    #[test]
    fn what_is_forgotten_takes_what_waits_for_it_with_it() {
        let mut pending = Pending::default();
        pending.change(&Change::Prove { key: 7, at_s: 100 });
        pending.change(&Change::Unprove { key: 7 });
        let steps = call(&pending.take(9)).steps;
        assert_eq!(steps.iter().map(|step| step.act).collect::<Vec<_>>(), [Act::Prove, Act::Gone]);
    }
}
