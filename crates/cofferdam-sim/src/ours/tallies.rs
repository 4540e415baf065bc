//! Where the engine's judge of a stream counts: in values of its own, or in a store that it is handed.

use super::KEYS_MAX;
use arrayvec::ArrayVec;
use cofferdam_engine::effect::Effect;
use cofferdam_engine::evidence::{Ask, EvidenceSize, EvidenceTallies, Faces, Fate, Glimpse};
use cofferdam_engine::need::{Inquiry, RECORDS};
use cofferdam_engine::table::Table;
use cofferdam_engine::tally::{Change, LimitRecord, ProofRecord};
use cofferdam_engine::{Known, Needs};

/// When the keys of an inquiry were last proved, in its order, and what is known of number and session.
pub type Identified = ([Option<u32>; 5], Glimpse);

/// What is counted of attempts, and what is learned.
pub trait Tallies {
    /// Lets time pass.
    fn advance(&mut self, at_s: u32);

    /// Round one.
    fn identify(&mut self, inquiry: &Inquiry, faces: &Faces, at_s: u32) -> Identified;

    /// Round two: adds to what is known.
    fn count(&mut self, needs: &Needs, ask: &Ask, known: &mut Known);

    /// What was decided, and what is given back by it.
    fn decided(&mut self, id: u64, ask: &Ask, decided: (Fate, f64, &[Effect]), back: &[Change]);

    /// The person passed or failed the challenge.
    fn challenged(&mut self, id: u64, passed: bool);

    /// It did not arrive.
    fn undelivered(&mut self, id: u64);

    /// A right code came back: what it proves is proved.
    fn converted(&mut self, id: u64, at_s: u32);

    /// How much is kept.
    fn size(&self) -> EvidenceSize;
}

/// In values of its own.
pub struct Own {
    pub(super) limits: Table<LimitRecord>,
    pub(super) proofs: Table<ProofRecord>,
    pub(super) evidence: EvidenceTallies,
}

impl Own {
    pub(super) fn new() -> Self {
        Self {
            limits: Table::new(KEYS_MAX),
            proofs: Table::new(KEYS_MAX),
            evidence: EvidenceTallies::new(KEYS_MAX),
        }
    }
}

impl Tallies for Own {
    fn advance(&mut self, at_s: u32) {
        self.evidence.advance(at_s);
    }

    fn identify(&mut self, inquiry: &Inquiry, faces: &Faces, at_s: u32) -> Identified {
        (self.proofs.proved_all(inquiry), self.evidence.glimpse(faces, at_s))
    }

    fn count(&mut self, needs: &Needs, ask: &Ask, known: &mut Known) {
        // A step for all keys of both, then the next: memory answers them side by side.
        self.evidence.find_homes(ask);
        let mut places: ArrayVec<_, RECORDS> =
            needs.iter().map(|need| self.limits.home_of(need.key)).collect();
        self.evidence.look(ask);
        for (place, need) in places.iter_mut().zip(needs) {
            *place = self.limits.look(*place, need.key);
        }
        self.evidence.bring(ask);
        for (place, need) in places.iter_mut().zip(needs) {
            *place = self.limits.bring(need.key, *place);
        }
        known.seen = self.limits.count_each(needs, &places, ask.at_s);
        self.evidence.count_into(ask, &mut known.evidence);
    }

    fn decided(
        &mut self,
        id: u64,
        ask: &Ask,
        (fate, score, effects): (Fate, f64, &[Effect]),
        back: &[Change],
    ) {
        for change in back {
            if let Change::Count { key, at_s, windows_s, by } = *change {
                self.limits.add(key, at_s, &windows_s, by);
            }
        }
        self.evidence.decided(id, ask, fate, score, effects);
    }

    fn challenged(&mut self, id: u64, passed: bool) {
        self.evidence.challenged(id, passed);
    }

    fn undelivered(&mut self, id: u64) {
        self.evidence.undelivered(id);
    }

    fn converted(&mut self, id: u64, at_s: u32) {
        for key in self.evidence.converted(id, at_s) {
            self.proofs.prove(key, at_s);
        }
    }

    fn size(&self) -> EvidenceSize {
        let evidence = self.evidence.size();
        EvidenceSize {
            keys: evidence.keys + self.limits.len() + self.proofs.len(),
            bytes: evidence.bytes + self.limits.bytes() + self.proofs.bytes(),
            open: evidence.open,
        }
    }
}
