//! The narrowest scope that explains what was seen: among those that are guilty and hold four fifths of
//! the excess, the one in which the fewest good newcomers are expected. Called by the judge.

use crate::evidence::{HORIZONS, Reading, Scope, TAU_S};

/// The share of the excess that a scope must hold.
const EXPLAINS: f32 = 0.8;

/// A scope of an attempt as the rivals weighed it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub reading: &'a Reading,
    /// Chance that its next newcomer is pumped.
    pub p: f64,
    /// ln likelihood of its excess.
    pub weight: f64,
    pub horizon: usize,
    /// Whether anything but counts spoke.
    pub told: bool,
    /// Whether its chance is above what blocks.
    pub blocks: bool,
}

/// The scope to shut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guilty<'a> {
    pub reading: &'a Reading,
    pub p: f64,
}

/// Whether a scope may be shut by the engine alone. What holds people of all kinds may not: whole
/// countries, profiles, apps and networks of addresses have too many bystanders.
fn may_shut(scope: Scope) -> bool {
    !matches!(scope, Scope::All | Scope::Country | Scope::Profile | Scope::Client | Scope::Asn)
}

/// Finds it.
pub(crate) fn narrowest<'a>(seen: impl Iterator<Item = Seen<'a>> + Clone) -> Option<Guilty<'a>> {
    let guilty = seen.filter(|s| s.blocks && s.told);
    let top = guilty.clone().max_by(|a, b| a.weight.total_cmp(&b.weight))?;
    let most = excess(top.reading, top.horizon);
    let holds =
        guilty.filter(|s| may_shut(s.reading.scope) && excess(s.reading, top.horizon) >= EXPLAINS * most);
    let best = holds.min_by(|a, b| {
        let by_people = people(a.reading).total_cmp(&people(b.reading));
        // Of equals the narrower, which comes later in the order of scopes.
        by_people.then(b.reading.scope.cmp(&a.reading.scope))
    })?;
    Some(Guilty { reading: best.reading, p: best.p })
}

/// Newcomers that are not expected, and that no narrower scope explains already.
fn excess(reading: &Reading, horizon: usize) -> f32 {
    let of = |values: &[f32; HORIZONS]| values.get(horizon).copied().unwrap_or(0.0);
    let explained = if crate::rival::is_wide(reading.scope) { of(&reading.explained) } else { 0.0 };
    (of(&reading.seen) - explained - of(&reading.expected)).max(0.0)
}

/// Good newcomers that are expected in an hour.
fn people(reading: &Reading) -> f32 {
    let [short, ..] = reading.expected;
    let [tau, ..] = TAU_S;
    short * 3_600.0 / tau as f32
}
