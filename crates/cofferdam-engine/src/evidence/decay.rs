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
pub fn epoch(horizon: usize, at_s: u32) -> u32 {
    TAU_S.get(horizon).map_or(0, |tau| at_s / (tau * EPOCH_TAUS))
}

/// A moment's factors, computed once for all the records that are touched at it.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub at_s: u32,
    grown: [f64; HORIZONS],
}

impl Moment {
    pub fn new(at_s: u32) -> Self {
        let mut grown = [1.0; HORIZONS];
        for (grown, tau) in grown.iter_mut().zip(TAU_S) {
            let since = at_s % (tau * EPOCH_TAUS);
            *grown = exp(f64::from(since) / f64::from(tau));
        }
        Self { at_s, grown }
    }

    /// What `amount` 64ths add at this moment.
    pub fn units(&self, horizon: usize, amount: i32) -> i32 {
        let grown = self.grown.get(horizon).copied().unwrap_or(1.0);
        libm::round(f64::from(amount) * grown) as i32
    }

    /// What the sum of an epoch comes to, read at this moment.
    pub fn share(&self, horizon: usize, epoch_of_sum: u32) -> f64 {
        let grown = self.grown.get(horizon).copied().unwrap_or(1.0);
        let behind = epoch(horizon, self.at_s) as i64 - i64::from(epoch_of_sum);
        let faded = match behind {
            // A clock ahead of ours wrote it: it counts as of this moment.
            i64::MIN..=0 => 1.0,
            1 => EPOCH_FADE,
            2 => EPOCH_FADE * EPOCH_FADE,
            _ => 0.0,
        };
        faded / (UNIT * grown)
    }
}

/// exp(-4)
const EPOCH_FADE: f64 = 0.018_315_638_888_734_18;

/// The sums of two neighbouring epochs, by the parity of the epoch.
pub type Pair = [i32; 2];

/// Empties what a step from one moment to a later one leaves behind.
pub fn roll(pair: &mut Pair, horizon: usize, from_s: u32, to_s: u32) {
    let (old, new) = (epoch(horizon, from_s), epoch(horizon, to_s));
    match new.saturating_sub(old) {
        0 => {}
        1 => set(pair, new, 0),
        _ => *pair = [0; 2],
    }
}

/// Adds to the epoch of `moment`, unless the record is past it. `touched_s` is the record's newest moment.
pub fn add(pair: &mut Pair, horizon: usize, touched_s: u32, moment: &Moment, amount: i32) {
    let (newest, own) = (epoch(horizon, touched_s), epoch(horizon, moment.at_s));
    if newest.saturating_sub(own) < 2 {
        let sum = if own & 1 == 0 { &mut pair[0] } else { &mut pair[1] };
        *sum = sum.saturating_add(moment.units(horizon, amount));
    }
}

/// What the two come to at a moment.
pub fn read(pair: &Pair, horizon: usize, touched_s: u32, at: &Moment) -> f64 {
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
            add(&mut pair, horizon, start, &Moment::new(start), 64);
            let now = read(&pair, horizon, start, &Moment::new(start));
            assert!((now - 1.0).abs() < 0.01, "{now}");
            let later = read(&pair, horizon, start, &Moment::new(start + tau));
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
                add(&mut pair, 0, touched, &Moment::new(at_s), 64);
            }
            (pair, touched)
        };
        let first = fold(&[0, 1, 2, 3, 4]);
        for order in [[4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [3, 0, 1, 2, 4]] {
            assert_eq!(fold(&order), first);
        }
    }
}
