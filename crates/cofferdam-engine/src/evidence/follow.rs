//! What a judgement says of evidence: a narrower scope explains what a wider one has seen, or was found guilty.
//! Called by the evidence of a process alone, and by tests.

use super::change::Raised;
use super::count::Ask;
use super::decay::{HORIZONS, Moment};
use super::plain::Field;
use super::scope::{Keys, Scope};
use super::store::EvidenceTallies;
use crate::effect::Effect;

impl EvidenceTallies {
    /// Carries out what a judgement says of evidence.
    pub(super) fn follow(&mut self, ask: &Ask, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Explain { scope, key, share } => {
                    let wide = ask.keys.iter().filter(|(scope, _)| crate::rival::is_wide(*scope));
                    let wide: Keys = wide.copied().collect();
                    self.explain(ask.at_s, (*scope, *key), &wide, f64::from(*share) / 1000.0);
                }
                Effect::Strike { scope, key } => {
                    // Of the whole installation it is heat alone: see below.
                    if *scope != Scope::All {
                        self.strike(ask.at_s, *scope, *key, 0.25);
                    }
                    self.warm(ask);
                }
                _ => {}
            }
        }
    }

    /// A narrower scope explains what a wider one has seen: its newcomers are credited, once.
    pub fn explain(
        &mut self,
        at_s: u32,
        (narrow_scope, narrow): (Scope, u64),
        wide: &[(Scope, u64)],
        share: f64,
    ) {
        let at = self.moments.get(at_s);
        let Some(record) = self.record(narrow_scope, narrow) else { return };
        let (seen, credited) = (record.read(Field::Newcomers, &at), record.read(Field::Explained, &at));
        let mut owed = [0; HORIZONS];
        for ((owed, seen), credited) in owed.iter_mut().zip(seen).zip(credited) {
            *owed = libm::round((share * seen - credited).max(0.0) * 64.0) as i32;
        }
        if owed.iter().all(|owed| *owed == 0) {
            return;
        }
        let units = at.all_units(owed);
        for (scope, key) in core::iter::once(&(narrow_scope, narrow)).chain(wide) {
            self.raise_own(*scope, *key, Field::Explained, &at, units);
        }
    }

    /// A scope was found guilty once more.
    pub fn strike(&mut self, at_s: u32, scope: Scope, key: u64, amount: f64) {
        let at = self.moments.get(at_s);
        let amount = libm::round(amount * 64.0) as i32;
        let units = at.all_units([amount; HORIZONS]);
        self.raise_own(scope, key, Field::Strikes, &at, units);
    }

    /// Adds to a field of a record, if there is one.
    fn raise_own(&mut self, scope: Scope, key: u64, field: Field, at: &Moment, units: [i32; HORIZONS]) {
        if scope.is_rich() {
            if let Some(record) = self.rich.get_mut(key) {
                record.plain.add_units(field, at, units);
                self.note(key, at.at_s, Raised::Own(field, units));
            }
        } else if self.plain.change_own(key, |record| record.add_units(field, at, units)) {
            self.note(key, at.at_s, Raised::Plain(field, units));
        }
    }
}
