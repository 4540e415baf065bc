//! What do shards take? Calls that queue at the servers of shared tallies.
//!
//! Attempts arrive at random. Each touches some keys that many attempts have in common (the whole, its
//! country, its network …, drawn by Zipf's law) and some that are nearly its own; keys lie in groups,
//! groups on shards, and each round of an attempt is one call a group, all at once. A shard is one core
//! that serves call after call. It knows nothing of what is counted: figures go in, figures come out.
//! Called by the tests, which write the tables of `docs/concepts/scale.md`.

use crate::dice::Dice;
use alloc::collections::BinaryHeap;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use libm::pow;

/// A kind of key that many attempts have in common.
#[derive(Debug, Clone, Copy)]
pub struct Common {
    /// How many there are.
    pub names: u32,
    /// Zipf's exponent: how unevenly attempts fall on them.
    pub slope: f64,
    /// Touches of a plain record that one of its record is worth.
    pub weight: f64,
}

/// What an attempt asks of the shards.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Keys that it has in common with many.
    pub common: Vec<Common>,
    /// Keys nearly its own that the first round reads.
    pub first: u32,
    /// Those that the second counts in.
    pub second: u32,
    /// Those whose sums are raised afterwards, each time that the attempt becomes older.
    pub raised: u32,
    /// How often it does.
    pub steps: u32,
}

/// What a shard's core takes, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    /// A call, whatever it asks.
    pub call_us: f64,
    /// A record read and counted in.
    pub touch_us: f64,
    /// A sum raised in a batch.
    pub raise_us: f64,
    /// Sums in one call of a batch.
    pub batch: u32,
}

/// Common keys that nodes sum up for themselves, and send now and then: those that a node meets more than
/// once in between. The others are touched by each attempt.
#[derive(Debug, Clone, Copy)]
pub struct Summed {
    /// How many nodes.
    pub nodes: u32,
    /// Between two calls of one, in microseconds.
    pub every_us: f64,
}

impl Summed {
    /// Whether a name with this share of the traffic is summed.
    fn takes(self, share: f64, attempts_s: f64) -> bool {
        share * attempts_s * self.every_us / 1e6 > f64::from(self.nodes)
    }
}

/// What is played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Attempts a second.
    pub attempts_s: f64,
    /// How many shards.
    pub shards: u32,
    /// How many groups the keys lie in.
    pub groups: u32,
    /// What an attempt asks.
    pub asked: Asked,
    /// What a shard takes.
    pub takes: Takes,
    /// What is summed in the node instead of being touched by each attempt.
    pub summed: Option<Summed>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Share of its time that the busiest shard worked; above 1 its queue grows for ever.
    pub busiest: f64,
    /// The mean of all.
    pub mean: f64,
    /// Calls an attempt waited for, in both rounds.
    pub calls: f64,
    /// Half of the attempts had both rounds within this time, the way there and back left out.
    pub p50_us: f64,
    /// 99 of 100 had.
    pub p99_us: f64,
}

/// Arrivals that are played, and those of them that only fill the queues.
const PLAYED: usize = 40_000;
const WARM: usize = 8_000;

/// Groups of keys, and how many touches each is worth.
type Keys = Vec<(u32, f64)>;

/// A round that waits its turn: when, whose, and what comes after it.
struct Round {
    at_us: f64,
    /// The attempt's number; nobody waits for a batch.
    attempt: Option<usize>,
    keys: Keys,
    next: Option<Keys>,
}

impl PartialEq for Round {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Round {}

impl PartialOrd for Round {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Round {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.at_us.total_cmp(&other.at_us).then(self.attempt.cmp(&other.attempt))
    }
}

/// The servers.
struct Shards<'a> {
    plan: &'a Plan,
    free_at_us: Vec<f64>,
    worked_us: Vec<f64>,
    waited_for: u64,
}

impl Shards<'_> {
    fn of_group(&self, group: u32) -> usize {
        (group as usize * self.free_at_us.len()) / self.plan.groups.max(1) as usize
    }

    /// One call; when it is answered.
    fn call(&mut self, group: u32, at_us: f64, work_us: f64) -> f64 {
        let shard = self.of_group(group);
        let (Some(free), Some(worked)) = (self.free_at_us.get_mut(shard), self.worked_us.get_mut(shard))
        else {
            return at_us;
        };
        *free = free.max(at_us) + work_us;
        *worked += work_us;
        *free
    }

    /// All calls of a round at once; when the last is answered.
    fn round(&mut self, round: &Round) -> f64 {
        let mut groups = vec![0.0; self.plan.groups as usize];
        for (group, weight) in &round.keys {
            if let Some(work_us) = groups.get_mut(*group as usize) {
                *work_us += weight * self.plan.takes.touch_us;
            }
        }
        let mut last_us = round.at_us;
        for (group, work_us) in (0..).zip(groups).filter(|(_, work_us)| *work_us > 0.0) {
            self.waited_for += u64::from(round.attempt.is_some());
            last_us = last_us.max(self.call(group, round.at_us, self.plan.takes.call_us + work_us));
        }
        last_us
    }

    /// Serves round after round in the order of their times; how long each attempt took.
    fn serve(&mut self, mut waiting: BinaryHeap<Reverse<Round>>, began_us: &[f64]) -> Vec<f64> {
        let mut took_us = Vec::with_capacity(PLAYED);
        while let Some(Reverse(mut round)) = waiting.pop() {
            let done_us = self.round(&round);
            if let Some(keys) = round.next.take() {
                waiting.push(Reverse(Round { at_us: done_us, keys, ..round }));
            } else if let Some(attempt) = round.attempt.filter(|attempt| *attempt >= WARM) {
                took_us.extend(began_us.get(attempt).map(|began_us| done_us - began_us));
            }
        }
        took_us
    }
}

/// A kind of common keys: each name's share of the traffic, summed up, and its group.
struct Kind {
    shares: Vec<f64>,
    groups: Vec<u32>,
    weight: f64,
    /// How many names are summed, the busiest.
    summed: usize,
}

impl Kind {
    fn new(common: &Common, plan: &Plan, dice: &mut Dice) -> Self {
        let mut sum = 0.0;
        let mut shares: Vec<f64> = (1..=common.names)
            .map(|n| {
                sum += pow(f64::from(n), -common.slope);
                sum
            })
            .collect();
        for share in &mut shares {
            *share /= sum;
        }
        let each = |n: usize| {
            let before = n.checked_sub(1).and_then(|n| shares.get(n)).copied().unwrap_or(0.0);
            shares.get(n).map_or(0.0, |share| share - before)
        };
        let summed = plan.summed.map_or(0, |summed| {
            (0..shares.len()).take_while(|n| summed.takes(each(*n), plan.attempts_s)).count()
        });
        let groups = (0..common.names).map(|_| dice.below(plan.groups.into()) as u32).collect();
        Self { shares, groups, weight: common.weight, summed }
    }
}

/// The traffic.
struct Traffic<'a> {
    plan: &'a Plan,
    dice: Dice,
    kinds: Vec<Kind>,
    /// Touches' worth of sums that wait in each group until they make a batch.
    raised: Vec<u32>,
    waiting: BinaryHeap<Reverse<Round>>,
}

impl<'a> Traffic<'a> {
    fn new(plan: &'a Plan, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let kinds = plan.asked.common.iter().map(|common| Kind::new(common, plan, &mut dice)).collect();
        let raised = vec![0; plan.groups as usize];
        Self { plan, dice, kinds, raised, waiting: BinaryHeap::new() }
    }

    fn group(&mut self) -> u32 {
        self.dice.below(self.plan.groups.into()) as u32
    }

    fn own(&mut self, many: u32) -> Keys {
        (0..many).map(|_| (self.group(), 1.0)).collect()
    }

    fn attempt(&mut self, attempt: usize, at_us: f64) {
        let first = self.own(self.plan.asked.first);
        let mut second = self.own(self.plan.asked.second);
        for kind in &self.kinds {
            let roll = self.dice.unit();
            let name = kind.shares.partition_point(|share| *share <= roll);
            if name >= kind.summed {
                second.extend(kind.groups.get(name).map(|group| (*group, kind.weight)));
            }
        }
        self.waiting.push(Reverse(Round { at_us, attempt: Some(attempt), keys: first, next: Some(second) }));
        self.raise(at_us);
    }

    /// What becomes of attempts raises sums of keys that are nearly their own: as many of earlier ones come due
    /// with each attempt, in batches.
    fn raise(&mut self, at_us: f64) {
        let takes = self.plan.takes;
        for _ in 0..self.plan.asked.raised * self.plan.asked.steps {
            let group = self.group();
            let Some(raised) = self.raised.get_mut(group as usize) else { continue };
            *raised += 1;
            if *raised >= takes.batch {
                let weight = f64::from(*raised) * takes.raise_us / takes.touch_us;
                *raised = 0;
                self.waiting.push(Reverse(Round {
                    at_us,
                    attempt: None,
                    keys: vec![(group, weight)],
                    next: None,
                }));
            }
        }
    }

    /// What nodes summed: from time to time all of it, one node after the other.
    fn sums(&mut self, summed: Summed, until_us: f64) {
        let each = |kind: &Kind| -> Keys {
            kind.groups.iter().take(kind.summed).map(|group| (*group, kind.weight)).collect()
        };
        let keys: Keys = self.kinds.iter().flat_map(each).collect();
        for node in 0..summed.nodes {
            let mut at_us = summed.every_us * f64::from(node + 1) / f64::from(summed.nodes);
            while at_us < until_us {
                self.waiting.push(Reverse(Round { at_us, attempt: None, keys: keys.clone(), next: None }));
                at_us += summed.every_us;
            }
        }
    }
}

/// Plays one plan. The same seed gives the same load to the bit.
pub fn play(plan: &Plan, seed: u64) -> Load {
    let mut traffic = Traffic::new(plan, seed);
    let gap_us = 1e6 / plan.attempts_s.max(f64::MIN_POSITIVE);
    let mut at_us = 0.0;
    let mut began_us = Vec::with_capacity(PLAYED);
    for attempt in 0..PLAYED {
        at_us += traffic.dice.gap(gap_us);
        began_us.push(at_us);
        traffic.attempt(attempt, at_us);
    }
    if let Some(summed) = plan.summed {
        traffic.sums(summed, at_us);
    }
    let count = plan.shards.max(1) as usize;
    let mut shards =
        Shards { plan, free_at_us: vec![0.0; count], worked_us: vec![0.0; count], waited_for: 0 };
    let mut took_us = shards.serve(traffic.waiting, &began_us);
    took_us.sort_unstable_by(f64::total_cmp);
    let quantile = |q: f64| took_us.get((took_us.len() as f64 * q) as usize).copied().unwrap_or(0.0);
    let busy = || shards.worked_us.iter().map(|worked_us| worked_us / at_us);
    Load {
        busiest: busy().fold(0.0, f64::max),
        mean: busy().sum::<f64>() / count as f64,
        calls: shards.waited_for as f64 / PLAYED as f64,
        p50_us: quantile(0.5),
        p99_us: quantile(0.99),
    }
}
