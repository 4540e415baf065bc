//! What was added to records of evidence, for a store that several machines share: each addition by
//! key, in the order in which it was made here, though the order does not matter there.
//!
//! Nothing is noted unless somebody asked for it ([`EvidenceTallies::note_changes`]), so a process that
//! keeps its evidence to itself pays a comparison. It sends nothing and knows no store.

use super::count::Ask;
use super::decay::{HORIZONS, Moment, epoch};
use super::image::{self, TRUSTED_AT};
use super::plain::Field;
use super::rich::{BUCKET_S, ERA_S, Local, Meets, RichRecord, Usual};
use super::store::{EvidenceTallies, ONE};
use alloc::vec::Vec;
use arrayvec::ArrayVec;

/// A change of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceChange {
    /// The record.
    pub key: u64,
    /// The moment to which it is added.
    pub at_s: u32,
    /// What.
    pub what: Raised,
}

/// What is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// Units of a field, to a plain record.
    Plain(Field, [i32; HORIZONS]),
    /// The same to a rich one.
    Own(Field, [i32; HORIZONS]),
    /// The same to a rich one's control group.
    Trusted(Field, [i32; HORIZONS]),
    /// To a baseline. Of these alone the record is made if there is none.
    Usual(Usual, u32),
    /// To the hours and days of people's lives.
    Live(Local, u32),
    /// To a bin of delays.
    Delay(usize, u32),
    /// Pairs of people who met.
    Meet(Meets, u64),
    /// A code of that moment came back from a number.
    Convert,
    /// A number was never seen.
    Forget,
}

/// How wide a figure is, and what becomes of it at its end: none is ever passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// A sum of 32 bits with a sign.
    Signed,
    /// A count of 32 bits.
    Count,
    /// Two words.
    Long,
}

/// An integer that is added at a place of a record's image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Add {
    /// The place, in bytes.
    pub at: usize,
    /// How wide it is.
    pub width: Width,
    /// What is added.
    pub amount: i64,
}

/// The additions of one change.
pub type Adds = ArrayVec<Add, 12>;

fn units_at(begin: usize, at_s: u32, field: Field, units: [i32; HORIZONS], to: &mut Adds) {
    for (horizon, units) in units.into_iter().enumerate() {
        if let Some(at) = image::field_at(field, horizon, epoch(horizon, at_s)).filter(|_| units != 0) {
            let _ = to.try_push(Add { at: begin + at, width: Width::Signed, amount: i64::from(units) });
        }
    }
}

impl EvidenceChange {
    /// What it adds where.
    pub fn adds(&self) -> Adds {
        let mut adds = Adds::new();
        let at_s = self.at_s;
        let era = at_s / ERA_S;
        let mut count = |at: usize, amount: u32| {
            let _ = adds.try_push(Add { at, width: Width::Count, amount: i64::from(amount) });
        };
        match self.what {
            Raised::Usual(what, amount) => count(image::usual_at(what, at_s / BUCKET_S), amount),
            Raised::Live(local, amount) => {
                count(image::hour_at(era, local.hour), amount);
                count(image::day_at(era, local.day), amount);
            }
            Raised::Delay(bin, amount) => count(image::delay_at(era, bin), amount),
            Raised::Meet(what, amount) => {
                let amount = i64::try_from(amount).unwrap_or(i64::MAX);
                let _ = adds.try_push(Add { at: image::meets_at(era, what), width: Width::Long, amount });
            }
            Raised::Plain(field, units) | Raised::Own(field, units) => {
                units_at(0, at_s, field, units, &mut adds);
            }
            Raised::Trusted(field, units) => units_at(TRUSTED_AT, at_s, field, units, &mut adds),
            Raised::Convert | Raised::Forget => {}
        }
        adds
    }
}

/// What the count of an attempt adds to each of its records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountAdds {
    /// To plain ones; nothing of the trusted.
    pub plain: Adds,
    /// To rich ones.
    pub rich: Adds,
    /// Whether those of a rich one are the control group's.
    pub trusted: bool,
    /// Whether a baseline is among them.
    pub usual: bool,
}

impl CountAdds {
    /// Of an attempt: what [`EvidenceTallies::count`] does.
    pub fn of(ask: &Ask) -> Self {
        let mut adds = Self { trusted: ask.trusted, ..Self::default() };
        let all = |rich| count_changes(ask, rich, 0);
        adds.plain = all(false).iter().flat_map(EvidenceChange::adds).collect();
        adds.rich = all(true).iter().flat_map(EvidenceChange::adds).collect();
        adds.usual = ask.newcomer;
        adds
    }
}

/// What the count of an attempt changes in one of its records, rich or plain.
pub fn count_changes(ask: &Ask, rich: bool, key: u64) -> ArrayVec<EvidenceChange, 3> {
    let one = Moment::new(ask.at_s).all_units([ONE; HORIZONS]);
    let mut changes = ArrayVec::new();
    let mut change = |what| changes.push(EvidenceChange { key, at_s: ask.at_s, what });
    match (ask.trusted, rich) {
        (true, true) if ask.newcomer => {
            change(Raised::Trusted(Field::Newcomers, one));
            change(Raised::Usual(Usual::Trusted, ONE as u32));
        }
        (true, _) => {}
        (false, _) => {
            let own = if rich { Raised::Own } else { Raised::Plain };
            change(own(Field::Asked, one));
            if ask.newcomer {
                change(own(Field::Newcomers, one));
            }
            if ask.newcomer && rich {
                change(Raised::Usual(Usual::Asked, ONE as u32));
            }
        }
    }
    changes
}

impl EvidenceChange {
    /// Takes in another change of the same record, made within the same hour, where both raise the same figure. Whatever
    /// is emptied with time is emptied at full hours.
    pub fn merge(&mut self, other: &Self) -> bool {
        if !self.what.merge(&other.what) {
            return false;
        }
        self.at_s = self.at_s.max(other.at_s);
        true
    }
}

impl Raised {
    fn merge(&mut self, other: &Self) -> bool {
        let sum = |own: &mut [i32; HORIZONS], more: &[i32; HORIZONS]| {
            own.iter_mut().zip(more).for_each(|(own, more)| *own = own.saturating_add(*more));
            true
        };
        match (self, other) {
            (Self::Plain(own, units), Self::Plain(field, more))
            | (Self::Own(own, units), Self::Own(field, more))
            | (Self::Trusted(own, units), Self::Trusted(field, more))
                if own == field =>
            {
                sum(units, more)
            }
            (Self::Usual(own, amount), Self::Usual(what, more)) if own == what => {
                *amount = amount.saturating_add(*more);
                true
            }
            (Self::Live(own, amount), Self::Live(local, more)) if own == local => {
                *amount = amount.saturating_add(*more);
                true
            }
            (Self::Delay(own, amount), Self::Delay(bin, more)) if own == bin => {
                *amount = amount.saturating_add(*more);
                true
            }
            (Self::Meet(own, amount), Self::Meet(what, more)) if own == what => {
                *amount = amount.saturating_add(*more);
                true
            }
            _ => false,
        }
    }
}

impl EvidenceTallies {
    /// From now on everything that changes after an attempt was counted is noted.
    pub fn note_changes(&mut self) {
        self.noted.get_or_insert_with(Vec::new);
    }

    /// What was noted since it was last taken.
    pub fn take_changes(&mut self) -> Vec<EvidenceChange> {
        self.noted.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Makes a change that was noted once more: its record was taken in from elsewhere, where it is not known yet.
    pub fn make_again(&mut self, change: &EvidenceChange) {
        let EvidenceChange { key, at_s, what } = *change;
        let at = self.moments.get(at_s);
        match what {
            Raised::Plain(field, units) => {
                self.plain.change_own(key, |record| record.add_units(field, &at, units));
            }
            Raised::Convert => {
                self.seen.change_own(key, |seen| seen.convert(at_s));
            }
            Raised::Forget => self.seen.forget(key),
            _ => {
                if let Some(record) = self.rich.get_mut(key) {
                    record.make_again(what, &at);
                }
            }
        }
    }

    #[inline]
    pub(super) fn note(&mut self, key: u64, at_s: u32, what: Raised) {
        if let Some(noted) = &mut self.noted {
            noted.push(EvidenceChange { key, at_s, what });
        }
    }
}

impl RichRecord {
    fn make_again(&mut self, what: Raised, at: &Moment) {
        match what {
            Raised::Own(field, units) => self.plain.add_units(field, at, units),
            Raised::Trusted(field, units) => self.trusted.add_units(field, at, units),
            Raised::Usual(what, amount) => self.usual(what, at.at_s, amount),
            Raised::Live(local, amount) => self.live(at.at_s, local, amount),
            Raised::Delay(bin, amount) => self.delay_in(bin, at.at_s, amount),
            Raised::Meet(what, amount) => self.meet(what, at.at_s, amount),
            Raised::Plain(..) | Raised::Convert | Raised::Forget => {}
        }
    }
}
