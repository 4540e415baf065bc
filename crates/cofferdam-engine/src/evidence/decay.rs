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

    /// What the sum of an epoch comes to, read at this moment.
    #[inline]
    pub fn share(&self, horizon: usize, epoch_of_sum: u32) -> f64 {
        let Some(of) = self.of.get(horizon) else { return 0.0 };
        // What a clock ahead of ours wrote counts as of this moment.
        let behind = of.epoch.saturating_sub(epoch_of_sum);
        of.shares.get(behind as usize).copied().unwrap_or(0.0)
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

/// Empties what a step from one moment to a later one leaves behind.
#[inline]
pub fn roll(pair: &mut Pair, horizon: usize, from_s: u32, to_s: u32) {
    let (old, new) = (epoch(horizon, from_s), epoch(horizon, to_s));
    match new.saturating_sub(old) {
        0 => {}
        1 => set(pair, new, 0),
        _ => *pair = [0; 2],
    }
}

/// Adds units to the epoch of `moment`, unless the record is past it. `touched_s` is the record's newest
/// moment.
#[inline]
pub fn add(pair: &mut Pair, horizon: usize, touched_s: u32, moment: &Moment, units: i32) {
    let newest = epoch(horizon, touched_s);
    let own = moment.of.get(horizon).map_or(0, |of| of.epoch);
    if newest.saturating_sub(own) < 2 {
        let sum = if own & 1 == 0 { &mut pair[0] } else { &mut pair[1] };
        *sum = sum.saturating_add(units);
    }
}

/// What the two come to at a moment, in a record that was counted at that very moment.
#[inline]
pub fn read_fresh(pair: Pair, horizon: usize, at: &Moment) -> f64 {
    let [even, odd] = at.of.get(horizon).map_or([0.0; 2], |of| of.fresh);
    (f64::from(pair[0]) * even + f64::from(pair[1]) * odd).max(0.0)
}

/// What the two come to at a moment.
#[inline]
pub fn read(pair: Pair, horizon: usize, touched_s: u32, at: &Moment) -> f64 {
    let newest = epoch(horizon, touched_s);
    let of = |e: u32| f64::from(if e & 1 == 0 { pair[0] } else { pair[1] });
    let newer = of(newest) * at.share(horizon, newest);
    let older = of(newest.wrapping_sub(1)) * at.share(horizon, newest.wrapping_sub(1));
    (newer + older).max(0.0)
}

fn set(pair: &mut Pair, epoch: u32, to: i32) {
    if epoch & 1 == 0 {
        pair[0] = to;
    } else {
        pair[1] = to;
    }
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
            add(&mut pair, horizon, start, &at, at.units(horizon, 64));
            let now = read(pair, horizon, start, &Moment::new(start));
            assert!((now - 1.0).abs() < 0.01, "{now}");
            let later = read(pair, horizon, start, &Moment::new(start + tau));
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
                    roll(&mut pair, 0, touched, at_s);
                    touched = at_s;
                }
                let at = Moment::new(at_s);
                add(&mut pair, 0, touched, &at, at.units(0, 64));
            }
            (pair, touched)
        };
        let first = fold(&[0, 1, 2, 3, 4]);
        for order in [[4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [3, 0, 1, 2, 4]] {
            assert_eq!(fold(&order), first);
        }
    }
}
