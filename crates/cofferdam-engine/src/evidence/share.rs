//! What is expected of a part of a place, and how far conversions explain what is seen. Figures by
//! horizon in, figures by horizon out. Called by the reader alone.

use super::decay::{HORIZONS, LONG, Moment, TAU_S};
use super::plain::{Counts, Field};
use super::reading::Figures;
use super::rich::RichRecord;
use super::scope::Scope;

/// Of what converts now, so much is expected to go on. Guess: below 1, or accomplices could raise
/// the expectation as fast as they like.
const GOES_ON: f64 = 0.7;

pub(super) fn at_of(values: &[f64; HORIZONS], horizon: usize) -> f64 {
    values.get(horizon).copied().unwrap_or(0.0)
}

pub(super) fn raise(expected: &mut [f64; HORIZONS], horizon: usize, factor: f64) {
    if let Some(expected) = expected.get_mut(horizon)
        && factor > 1.0
    {
        *expected *= factor;
    }
}

pub(super) fn greater(mut a: [f64; HORIZONS], b: [f64; HORIZONS]) -> [f64; HORIZONS] {
    for (a, b) in a.iter_mut().zip(b) {
        *a = a.max(b);
    }
    a
}

/// What is expected of a part that has a share of a place: its share of what the place expects, or
/// of what the rest of the place has seen now. A surge of the whole place is the place's to explain.
pub(super) fn beside(
    whole: [f64; HORIZONS],
    seen: &[f64; HORIZONS],
    part: &Counts,
    share: f64,
) -> [f64; HORIZONS] {
    let own = part.of(Field::Newcomers);
    let odds = (share / (1.0 - share).max(0.05)).min(4.0);
    [0, 1, 2].map(|h| {
        let others = (at_of(seen, h) - at_of(&own, h)).max(0.0);
        (at_of(&whole, h) * share).max(others * odds)
    })
}

pub(super) fn is_part(scope: Scope) -> bool {
    use Scope::{ClientNetwork, Prefix2, Prefix3, Prefix4, ProfileNetwork, WhenceNetwork};
    matches!(scope, ProfileNetwork | ClientNetwork | WhenceNetwork | Prefix4 | Prefix3 | Prefix2)
}

/// Whether it holds people of all kinds of a place, so that it matters whom an attempt is like.
pub(super) fn in_place(scope: Scope) -> bool {
    use Scope::{ClientNetwork, Country, Network, ProfileNetwork, WhenceNetwork};
    matches!(scope, Country | Network | ProfileNetwork | ClientNetwork | WhenceNetwork)
}

/// Whether a part expects most of what the whole does.
pub(super) fn nearly(part: &[f64; HORIZONS], whole: &[f64; HORIZONS]) -> bool {
    part.iter().zip(whole).all(|(part, whole)| *part > 0.6 * whole)
}

/// How many times more than expected the others of a place are, `whole` and `part` being what is expected of
/// it and of the part that asks. A part that is nearly the whole has no others to go by.
pub(super) fn lift(seen: f64, whole: f64, part: f64) -> f64 {
    let others = whole - part;
    if others < 0.2 * whole { 1.0 } else { ((seen.max(0.0) + 4.0) / (others + 4.0)).clamp(1.0, 10.0) }
}

/// How far the rest of a place converts as people there do: what does not is no honest surge. What is not
/// old enough to be judged is taken for honest.
pub(super) fn honest(whole: &Counts, part: &Counts, horizon: usize, rate: f64) -> f64 {
    let rest = |field: Field| (at_of(&whole.of(field), horizon) - at_of(&part.of(field), horizon)).max(0.0);
    let v = rest(Field::Converted);
    let m = rest(Field::Matured).max(v);
    ((v + 4.0 * rate) / ((m + 4.0) * rate)).min(1.0)
}

/// Newcomers that converted over the next longer horizon are expected to go on coming.
pub(super) fn goes_on(
    counts: &Counts,
    rate: f64,
    pipe: Figures,
    mut expected: [f64; HORIZONS],
) -> [f64; HORIZONS] {
    let converted = counts.of(Field::Converted);
    for h in 0..LONG {
        let (short, long) = (TAU_S.get(h).copied().unwrap_or(1), TAU_S.get(h + 1).copied().unwrap_or(1));
        let arrives = pipe.get(h + 1).copied().map_or(1.0, f64::from);
        let come = GOES_ON * at_of(&converted, h + 1) / (rate * arrives) * f64::from(short) / f64::from(long);
        if let Some(e) = expected.get_mut(h) {
            *e = e.max(come);
        }
    }
    // Who converts as people here do is expected, however many they are; what is not old enough to be
    // judged is taken to be like the rest.
    let (seen, matured) = (counts.of(Field::Newcomers), counts.of(Field::Matured));
    for h in 0..HORIZONS {
        let (n, v) = (at_of(&seen, h), at_of(&converted, h));
        let m = at_of(&matured, h).max(v);
        if m >= ENOUGH
            && let Some(e) = expected.get_mut(h)
        {
            let arrives = pipe.get(h).copied().map_or(1.0, f64::from);
            *e = e.max((EXPLAINED * v / (rate * arrives) * n / m).min(n));
        }
    }
    expected
}

/// From so many outcomes on conversions explain what is seen. Guess.
const ENOUGH: f64 = 8.0;
/// So much of what converts as usual. Guess.
const EXPLAINED: f64 = 0.9;

/// The share of outcomes that arrives: less when fewer convert everywhere, the trusted included. An
/// attack lowers the share of newcomers alone; a broken pipe lowers both. Nor does an attack lower how
/// many convert: where few of the trusted came lately, it is the number that tells. `usual` is how many
/// newcomers there would be, by horizon.
pub(super) fn pipe(
    all: &RichRecord,
    at: &Moment,
    (rate, lately): (f64, f64),
    usual: &[f64; HORIZONS],
) -> [f64; HORIZONS] {
    let [_, trusted_m, trusted_v] = all.control(at);
    let (m, v) = (all.plain.read(Field::Matured, at), all.plain.read(Field::Converted, at));
    let share = |v: f64, m: f64, usual: f64, weight: f64| (v + weight * usual) / (m.max(v) + weight) / usual;
    let long = ((at_of(&trusted_v, LONG) + 8.0) / (at_of(&trusted_m, LONG) + 10.0)).clamp(0.1, 1.0);
    [0, 1, 2].map(|h| {
        let new = share(at_of(&v, h), at_of(&m, h), rate, 5.0);
        if h == LONG {
            return lately.clamp(0.05, 1.0);
        }
        let known = share(at_of(&trusted_v, h), at_of(&trusted_m, h), long, 3.0);
        let number = QUIET * (at_of(&v, h) + 2.0) / (rate * at_of(usual, h) + 2.0);
        new.max(known.min(number)).clamp(0.05, 1.0)
    })
}

/// A quiet hour has so many times fewer people than the season has it. Guess.
const QUIET: f64 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// So many newcomers of the last minutes, of whom so many converted; a tenth of an hour's usual 40.
    fn pipe_of(newcomers: i32, converted: i32) -> f64 {
        let at = Moment::new(1_790_000_000);
        let mut all = RichRecord::NONE;
        all.plain.add(Field::Newcomers, &at, 64 * newcomers);
        all.plain.add(Field::Matured, &at, 64 * newcomers);
        all.plain.add(Field::Converted, &at, 64 * converted);
        let [now, ..] = pipe(&all, &at, (0.7, 1.0), &[40.0, 400.0, 4_000.0]);
        now
    }

    #[test]
    fn a_silent_pipe_is_known_without_the_trusted_and_an_attack_is_no_silence() {
        assert!(pipe_of(40, 0) < 0.2, "nobody's outcomes arrive: {}", pipe_of(40, 0));
        assert!(pipe_of(40, 28) > 0.9, "{}", pipe_of(40, 28));
        // Three of four are attack: as many convert as ever.
        assert!(pipe_of(160, 28) > 0.9, "{}", pipe_of(160, 28));
        // A quiet hour.
        assert!(pipe_of(4, 3) > 0.9, "{}", pipe_of(4, 3));
        assert!(pipe_of(0, 0) > 0.9, "{}", pipe_of(0, 0));
    }
}
