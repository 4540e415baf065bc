//! Counts that fade, from integers that commute.
//!
//! An event at moment `s` adds `round(64 · exp((s - L) / tau))`, where the landmark `L` is the begin
//! of its epoch of four `tau`; a reader at `t` multiplies what stands in an epoch by
//! `exp((L - t) / tau) / 64` (forward decay, Cormode and others, 2009). An outcome adds at the weight of
//! its send whenever it comes, so counts of sends and of conversions forget at the same pace. Two epochs
//! are kept; what is older weighs less than a fiftieth.

use libm::exp;

/// Bursts, hours, trickles.
pub const HORIZONS: usize = 3;
/// The pace at which each forgets, in seconds: a quarter of an hour, three hours, a day and a half.
pub const TAU_S: [u32; HORIZONS] = [900, 10_800, 129_600];
/// The longest.
pub const LONG: usize = HORIZONS - 1;

/// What lies further ahead than this was written by a clock that has been set back since. Outcomes are counted at
/// most six hours back.
pub const AHEAD_S: u32 = 86_400;

/// Length of an epoch in `tau`.
const EPOCH_TAUS: u32 = 4;
/// What one event weighs at its landmark.
pub const UNIT: f64 = 64.0;

/// The epoch of a moment.
#[inline]
pub fn epoch(horizon: usize, at_s: u32) -> u32 {
    // By figures that the compiler knows: a division by them is a multiplication.
    match horizon {
        0 => at_s / (TAU_S[0] * EPOCH_TAUS),
        1 => at_s / (TAU_S[1] * EPOCH_TAUS),
        _ => at_s / (TAU_S[2] * EPOCH_TAUS),
    }
}

/// A moment's factors, computed once for all the records that are touched at it.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub at_s: u32,
    of: [Factors; HORIZONS],
}

/// What holds of a moment in one horizon.
#[derive(Debug, Clone, Copy)]
struct Factors {
    epoch: u32,
    /// What one whole event adds.
    one: i32,
    grown: f64,
    /// What a unit of its epoch, of the one before and of the one before that comes to.
    shares: [f64; 3],
    /// What a unit of either sum comes to in a record that was counted at this very moment.
    fresh: [f64; 2],
}

/// Moments by their lowest bits, so that those that are asked for again need not be worked out again:
/// an attempt comes back four times while its message grows old, and others share its second.
#[derive(Debug)]
pub struct Moments(alloc::boxed::Box<[Moment]>);
const MOMENTS: usize = 1_024;

impl Default for Moments {
    fn default() -> Self {
        Self(alloc::vec![Moment::new(0); MOMENTS].into_boxed_slice())
    }
}

impl Moments {
    pub fn get(&mut self, at_s: u32) -> Moment {
        match self.0.get_mut(at_s as usize % MOMENTS) {
            Some(known) => {
                if known.at_s != at_s {
                    *known = Moment::new(at_s);
                }
                *known
            }
            None => Moment::new(at_s),
        }
    }
}

impl Moment {
    pub fn new(at_s: u32) -> Self {
        let of = [0, 1, 2].map(|horizon| {
            let tau = TAU_S.get(horizon).copied().unwrap_or(1);
            let grown = exp(f64::from(at_s % (tau * EPOCH_TAUS)) / f64::from(tau));
            let shares = [1.0, EPOCH_FADE, EPOCH_FADE * EPOCH_FADE].map(|faded| faded / (UNIT * grown));
            let one = nearest(UNIT * grown);
            let (epoch, [newer, older, _]) = (epoch(horizon, at_s), shares);
            let fresh = if epoch & 1 == 0 { [newer, older] } else { [older, newer] };
            Factors { epoch, one, grown, shares, fresh }
        });
        Self { at_s, of }
    }

    /// What `amount` 64ths add at this moment.
    #[inline]
    pub fn units(&self, horizon: usize, amount: i32) -> i32 {
        let Some(of) = self.of.get(horizon) else { return amount };
        if amount == UNIT as i32 { of.one } else { nearest(f64::from(amount) * of.grown) }
    }

    /// The same in every horizon, worked out once for all records to which it is added.
    #[inline]
    pub fn all_units(&self, amounts: [i32; HORIZONS]) -> [i32; HORIZONS] {
        let [short, middle, long] = amounts;
        [self.units(0, short), self.units(1, middle), self.units(LONG, long)]
    }

    /// What a unit of either sum comes to at this moment, in each horizon of a record that was counted last at
    /// `touched_s`.
    #[inline]
    pub fn weights(&self, touched_s: u32) -> Weights {
        let [short, middle, long] = &self.of;
        // Nearly all are read right after they were counted.
        if touched_s == self.at_s {
            return [short.fresh, middle.fresh, long.fresh];
        }
        [
            short.weights(epoch(0, touched_s)),
            middle.weights(epoch(1, touched_s)),
            long.weights(epoch(LONG, touched_s)),
        ]
    }

    /// What units of this moment add to either sum in each horizon: worked out once for all records.
    #[inline]
    pub fn sums(&self, units: [i32; HORIZONS]) -> [Addend; HORIZONS] {
        let ([short, middle, long], [of_short, of_middle, of_long]) = (&self.of, units);
        [short.adds(of_short), middle.adds(of_middle), long.adds(of_long)]
    }

    /// Whether a record that was counted last at `touched_s` still counts this moment in all horizons.
    #[inline]
    pub fn is_kept(&self, touched_s: u32) -> bool {
        let [short, ..] = &self.of;
        // An epoch of a longer horizon holds whole ones of the shorter, so none is further back there.
        epoch(0, touched_s).saturating_sub(short.epoch) < 2
    }

    /// What of [`Moment::sums`] is added to a record that may be past the moment in some horizons.
    pub fn kept(&self, touched_s: u32, sums: &[Addend; HORIZONS]) -> [Addend; HORIZONS] {
        let mut kept = *sums;
        for ((horizon, of), sum) in self.of.iter().enumerate().zip(&mut kept) {
            if epoch(horizon, touched_s).saturating_sub(of.epoch) >= 2 {
                sum.units = 0;
            }
        }
        kept
    }
}

impl Factors {
    #[inline]
    fn adds(&self, units: i32) -> Addend {
        Addend { odd: self.epoch & 1 == 1, units }
    }

    fn weights(&self, newest: u32) -> [f64; 2] {
        let (newer, older) = (self.share(newest), self.share(newest.wrapping_sub(1)));
        if newest & 1 == 0 { [newer, older] } else { [older, newer] }
    }

    /// What a unit of an epoch comes to.
    fn share(&self, epoch_of_sum: u32) -> f64 {
        // What a clock ahead of ours wrote counts as of this moment.
        let behind = self.epoch.saturating_sub(epoch_of_sum);
        self.shares.get(behind as usize).copied().unwrap_or(0.0)
    }
}

/// The nearest whole number; of two, the one further from nought.
fn nearest(x: f64) -> i32 {
    if x < 0.0 { -((0.5 - x) as i32) } else { (x + 0.5) as i32 }
}

/// exp(-4)
const EPOCH_FADE: f64 = 0.018_315_638_888_734_18;

/// The sums of two neighbouring epochs, by the parity of the epoch.
pub type Pair = [i32; 2];

/// What is added to one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addend {
    odd: bool,
    units: i32,
}

/// What a unit of either sum comes to, by horizon.
pub type Weights = [[f64; 2]; HORIZONS];

/// What a step from one moment to a later one leaves behind, in one horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Nothing,
    Even,
    Odd,
    Both,
}

/// See [`Left`].
#[inline]
pub fn left(horizon: usize, from_s: u32, to_s: u32) -> Left {
    let (old, new) = (epoch(horizon, from_s), epoch(horizon, to_s));
    match new.saturating_sub(old) {
        0 => Left::Nothing,
        1 if new & 1 == 0 => Left::Even,
        1 => Left::Odd,
        _ => Left::Both,
    }
}

/// Empties what was left behind.
#[inline]
pub fn roll(pair: &mut Pair, left: Left) {
    match left {
        Left::Nothing => {}
        Left::Even => pair[0] = 0,
        Left::Odd => pair[1] = 0,
        Left::Both => *pair = [0; 2],
    }
}

/// Adds to the sum of its epoch.
#[inline]
pub fn add([even, odd]: &mut Pair, to: Addend) {
    let sum = if to.odd { odd } else { even };
    *sum = sum.saturating_add(to.units);
}

/// What the two come to.
#[inline]
pub fn read([even, odd]: Pair, weights: [f64; 2]) -> f64 {
    (f64::from(even) * weights[0] + f64::from(odd) * weights[1]).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_fades_at_its_pace() {
        for (horizon, tau) in TAU_S.into_iter().enumerate() {
            let start = 1_700_000_123;
            let mut pair = [0; 2];
            let at = Moment::new(start);
            add(&mut pair, at.sums(at.all_units([64; HORIZONS]))[horizon]);
            let now = read(pair, at.weights(start)[horizon]);
            assert!((now - 1.0).abs() < 0.01, "{now}");
            let later = read(pair, Moment::new(start + tau).weights(start)[horizon]);
            assert!((later - 0.3679).abs() < 0.01, "{later}");
        }
    }

    #[test]
    fn the_order_of_additions_does_not_matter() {
        let moments = [1_700_000_000u32, 1_700_003_000, 1_700_004_100, 1_700_010_000, 1_700_001_000];
        let fold = |order: &[usize]| {
            let (mut pair, mut touched) = ([0; 2], 0);
            for at in order {
                let at_s = moments[*at];
                if at_s > touched {
                    roll(&mut pair, left(0, touched, at_s));
                    touched = at_s;
                }
                let at = Moment::new(at_s);
                let sums = at.sums(at.all_units([64; HORIZONS]));
                assert_eq!(at.is_kept(touched), at.kept(touched, &sums) == sums);
                add(&mut pair, at.kept(touched, &sums)[0]);
            }
            (pair, touched)
        };
        let first = fold(&[0, 1, 2, 3, 4]);
        for order in [[4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [3, 0, 1, 2, 4]] {
            assert_eq!(fold(&order), first);
        }
    }
}
