//! Tallies: evidence and limits to a bucket.

use super::StoreError;
use async_trait::async_trait;
use cofferdam_engine::evidence::{Ask, Faces, Fate, Glimpse, Kept};
use cofferdam_engine::known::Seen;
use cofferdam_engine::need::{Inquiry, RECORDS};
use cofferdam_engine::table::{Record, Table};
use cofferdam_engine::tally::Change;
use cofferdam_engine::{Effect, Known, Needs};

/// When the keys of an inquiry were last proved, in Unix seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Proofs {
    pub number_s: Option<u32>,
    pub device_s: Option<u32>,
    pub user_s: Option<u32>,
    pub number_device_s: Option<u32>,
    pub number_user_s: Option<u32>,
}

/// What was changed and in which order, so that the journal can bring it back after a crash:
/// opaque bytes of the home that made them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(pub Vec<u8>);

impl Marks {
    /// Both, in order.
    pub fn and(&mut self, more: &Marks) {
        self.0.extend_from_slice(&more.0);
    }
}

/// The answer to round one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Identified {
    /// What was proved, and when.
    pub proofs: Proofs,
    /// The last days of the number and the session.
    pub glimpse: Glimpse,
}

/// The answer to a count, in the order of the needs.
pub struct Counted {
    /// What was seen, this attempt included where it was added.
    pub seen: arrayvec::ArrayVec<Seen, RECORDS>,
    /// What was changed.
    pub marks: Marks,
}

/// The answer to both rounds in one.
pub struct CountedAlone {
    /// What was proved, and when.
    pub proofs: Proofs,
    /// What was counted; `None` if nothing was.
    pub counted: Option<Counted>,
}

impl Proofs {
    /// From when a number, a device, a user, and the number with each were proved. Whoever proves the number with
    /// something proves the number: where that stands no more it was forgotten, and what was proved with it says nothing.
    pub fn of([number_s, device_s, user_s, number_device_s, number_user_s]: [Option<u32>; 5]) -> Self {
        let heeded = |pair_s: Option<u32>| number_s.and(pair_s);
        let (number_device_s, number_user_s) = (heeded(number_device_s), heeded(number_user_s));
        Self { number_s, device_s, user_s, number_device_s, number_user_s }
    }

    /// Whether this device or this user proved this very number, however long ago.
    pub fn of_pair(&self) -> bool {
        self.number_device_s.or(self.number_user_s).is_some()
    }
}

/// What was decided of an attempt that was counted.
#[derive(Debug, Clone, Copy)]
pub struct Followed<'a> {
    /// The name under which its outcomes come.
    pub name: u64,
    /// What was counted.
    pub ask: &'a Ask,
    /// Sent, challenged, or stopped.
    pub fate: Fate,
    /// The chance that it is pumped.
    pub score: f64,
    /// What the judgement says of evidence.
    pub effects: &'a [Effect],
    /// What else changes: what is given back.
    pub changes: &'a [Change],
}

/// What became of an attempt, as far as evidence is concerned. Told twice, it counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lesson {
    /// A right code came back, at this Unix second.
    Converted(u32),
    /// The person passed or failed the challenge.
    Challenged {
        /// Passed.
        passed: bool,
    },
    /// The provider says that it did not arrive.
    Undelivered,
    /// It was not sent after all.
    NotSent,
}

/// What is to be known of lessons that were taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Learned {
    /// Right codes came back, and all of those whose attempts are known were more likely pumped than
    /// not: they prove nothing.
    pub doubted: bool,
}

/// What a record of the tallies is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tallied {
    /// The rings of a limit.
    Limit,
    /// When something was proved.
    Proof,
    /// Evidence, of this kind.
    Evidence(Kept),
    /// An attempt whose outcomes are awaited.
    Open,
}

impl Tallied {
    /// All of them, in the order in which they are moved.
    pub const ALL: [Self; 7] = [
        Self::Limit,
        Self::Proof,
        Self::Evidence(Kept::Seen),
        Self::Evidence(Kept::Plain),
        Self::Evidence(Kept::Recent),
        Self::Evidence(Kept::Rich),
        // Outcomes are added to records that stand.
        Self::Open,
    ];
}

/// A record on its way from one home to another: its image, as it stands in shared tallies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct MovedTally {
    pub of: Tallied,
    pub key: u64,
    pub image: Vec<u8>,
}

/// Some of them, and where the next begin.
#[derive(Debug, Default)]
pub struct MovedTallies {
    /// In no order.
    pub rows: Vec<MovedTally>,
    /// To go on from; none where all were given.
    pub next: Option<String>,
}

/// Evidence and limits to a bucket. One trip a call, however many keys.
#[async_trait]
pub trait Tallies: Send + Sync {
    /// Round one: reads, and changes nothing.
    async fn proofs(&self, inquiry: &Inquiry) -> Result<Proofs, StoreError>;

    /// Round two: adds the attempt where the need says so, and answers with what then stands.
    /// Atomic a key, so that two attempts never see the same count.
    async fn count(&self, needs: &Needs, at_s: u32) -> Result<Counted, StoreError>;

    /// Both rounds in one where evidence is off: looks up what was proved and counts, unless the number was
    /// proved with this device or by this user. Then nothing is counted, for something else may have to be.
    async fn count_alone(
        &self,
        inquiry: &Inquiry,
        needs: &Needs,
        at_s: u32,
    ) -> Result<CountedAlone, StoreError> {
        let proofs = self.proofs(inquiry).await?;
        let counted = if proofs.of_pair() { None } else { Some(self.count(needs, at_s).await?) };
        Ok(CountedAlone { proofs, counted })
    }

    /// Round one of it from what this process knows by itself, while the shared store is away.
    fn proofs_blind(&self, _inquiry: &Inquiry) -> Option<Proofs> {
        None
    }

    /// Round two of it from there, after the store failed for this reason, and says so in [`Known::blind`].
    /// Whether a home can.
    fn count_alone_blind(&self, _needs: &Needs, _at_s: u32, _why: &StoreError, _known: &mut Known) -> bool {
        false
    }

    /// As [`Tallies::raise`]; where the store is shared, with the next batch that goes there.
    async fn raise_soon(&self, changes: &[Change]) -> Result<Marks, StoreError> {
        self.raise(changes).await
    }

    /// Whether an attempt that was decided is known to evidence, as far as a home needs to be asked: after a crash.
    fn knows(&self, _name: u64) -> bool {
        true
    }

    /// Round one with evidence: as [`Tallies::proofs`], and what is known of the last days.
    async fn identify(&self, inquiry: &Inquiry, faces: &Faces, at_s: u32) -> Result<Identified, StoreError>;

    /// Round two with evidence: as [`Tallies::count`], and counts the attempt in its scopes. What then
    /// stands is put where it is to be known, for it is kilobytes; where it fails, nothing is.
    async fn count_with(&self, needs: &Needs, ask: &Ask, known: &mut Known) -> Result<Marks, StoreError>;

    /// Round one from what this process knows by itself, while the shared store is away; `None` where a home
    /// has no such copy.
    async fn identify_blind(&self, _inquiry: &Inquiry, _faces: &Faces, _at_s: u32) -> Option<Identified> {
        None
    }

    /// Round two from it, after [`Tallies::count_with`] failed for this reason, and says so in [`Known::blind`].
    /// The others learn of the attempt when the store is back, unless it may know it already. Whether a home can.
    async fn count_blind(&self, _needs: &Needs, _ask: &Ask, _why: &StoreError, _known: &mut Known) -> bool {
        false
    }

    /// Takes what was decided of an attempt that [`Tallies::count_with`] counted.
    async fn follow(&self, followed: &Followed<'_>) -> Result<Marks, StoreError>;

    /// Forgets when these numbers were asked for.
    async fn forget(&self, faces: &[Faces]) -> Result<(), StoreError>;

    /// Takes what became of attempts, by their names. Nothing is proved by it: who proves what is said
    /// in changes.
    async fn learn(&self, lessons: &[(u64, Lesson)]) -> Result<Learned, StoreError>;

    /// Lets time pass for evidence: messages come of age, challenges are abandoned.
    async fn advance(&self, now_s: u32) -> Result<(), StoreError>;

    /// What follows afterwards: giving back, proofs. Commutes with everything else.
    async fn raise(&self, changes: &[Change]) -> Result<Marks, StoreError>;

    /// Brings changes back that a journal remembers; those that already stand are not done twice.
    async fn recover(&self, marks: &Marks) -> Result<(), StoreError>;

    /// Records from a place on, some at a time, for another home; what is over is left out.
    async fn hand_out(&self, _after: Option<&str>, _at_s: u32) -> Result<MovedTallies, StoreError> {
        Err(StoreError::Unreadable("these tallies cannot be moved".into()))
    }

    /// Takes records in; what stands already is left in shared tallies, and replaced in those of a process.
    async fn take_in(&self, _rows: Vec<MovedTally>, _at_s: u32) -> Result<u64, StoreError> {
        Err(StoreError::Unreadable("these tallies cannot be moved".into()))
    }

    /// Sends what is kept back: before an orderly stop.
    async fn settle(&self) {}

    /// Whether it answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Live keys and bytes, for metrics.
    fn size(&self) -> TallySize;
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TallySize {
    /// Live keys.
    pub keys: u64,
    /// Bytes held for them.
    pub bytes: u64,
    /// The share of its ceiling (`store.tally_keys_max`) that the fullest table of limits or proofs uses. At 1,
    /// newcomers share records and are refused early.
    pub full: f64,
}

impl TallySize {
    /// Adds a table that has a ceiling.
    pub(crate) fn with<R: Record>(mut self, table: &Table<R>) -> Self {
        self.keys += table.len() as u64;
        self.bytes += table.bytes() as u64;
        self.full = self.full.max(table.len() as f64 / table.keys_max() as f64);
        self
    }
}
