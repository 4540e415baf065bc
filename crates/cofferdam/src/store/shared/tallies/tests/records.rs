//! What the script makes of records is what the engine makes of them, byte for byte, whatever the order of times.

use super::super::call::{Act, Call, Step, Want};
use super::super::limits::{self, limit_image};
use super::super::link::Link;
use super::super::name::{Holds, Name, Names};
use super::super::pending::{self, Pending};
use super::super::{counting, settings, start};
use crate::clock::{Dice as _, SetClock, SetDice};
use crate::store::RedisSettings;
use crate::store::contract::make::attempt_facts;
use crate::store::servers::redis::Server;
use cofferdam_engine::evidence::{Ask, EvidenceTallies, Fate, Kept, Scope, faces};
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::need::Need;
use cofferdam_engine::tally::{Change, LimitRecord};
use cofferdam_engine::{Attempt, Effect, Needs, Pseudonym};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const START_S: u32 = 1_795_200_000;

struct Case {
    dice: Arc<SetDice>,
    link: Arc<Link>,
    evidence: EvidenceTallies,
    keys: BTreeSet<(Kept, u64)>,
    limits: BTreeMap<u64, LimitRecord>,
    at_s: u32,
    /// Weeks pass, not hours.
    long: bool,
}

impl Case {
    async fn new(server: &Server, seed: u64) -> Self {
        server.say(&["flushall"]);
        let settings = RedisSettings { clock_apart_max: None, ..RedisSettings::at(&server.url(), "t") };
        let target = settings::target(&settings.url).unwrap();
        let link = Link::new(target, settings.timeout * 20, Names::of("t"));
        link.open(start::reach(&link, &settings, &*SetClock::at(0)).await.unwrap());
        let mut evidence = EvidenceTallies::new(10_000);
        evidence.note_changes();
        let (keys, limits) = (BTreeSet::new(), BTreeMap::new());
        Self {
            dice: SetDice::seeded(seed),
            link,
            evidence,
            keys,
            limits,
            at_s: START_S + seed as u32 * 977,
            long: seed % 2 == 1,
        }
    }

    fn roll(&self, most: u64) -> u64 {
        self.dice.roll() % most
    }

    /// Time goes on, mostly by a little; sometimes by hours and days, and sometimes back.
    fn pass(&mut self) {
        // A process forgets what is at rest when it happens upon it: with days between attempts the others differ.
        let days = if self.long { self.roll(40) as u32 * 86_400 } else { 70 };
        self.at_s = match self.roll(60) {
            0 => self.at_s + 3_700,
            1 => self.at_s + 20_000,
            2 => self.at_s + days,
            3 => self.at_s - 40,
            4 => self.at_s - 5_000,
            5 if self.long => self.at_s - 90_000,
            6 => self.at_s - days,
            _ => self.at_s + self.roll(30) as u32,
        };
    }

    fn attempt(&self, n: u64) -> Attempt {
        let who = self.roll(n + 3);
        let mut attempt = attempt_facts(Pseudonym(u128::from(who)), i64::from(self.at_s) * 1_000);
        attempt.profile = self.roll(2);
        attempt.place.network = Some(self.roll(3) as u32);
        attempt.place.prefixes = [who + 7, who / 10 + 7, 7];
        attempt.place.last4 = (who % 10_000) as u16;
        attempt.source.address = Some(self.roll(9) + 1);
        attempt.source.session = n.is_multiple_of(2).then_some(who);
        attempt
    }

    async fn count(&mut self, n: u64) -> Ask {
        let attempt = self.attempt(n);
        let glimpse = self.evidence.glimpse(&faces(&attempt), self.at_s);
        let ask = Ask::of(&attempt, glimpse, self.roll(5) == 0);
        let windows_s = [[60, 3_600, 0], [3_600, 86_400, 60], [600, 600, 7]][self.roll(3) as usize];
        let need = Need { scope: LimitScope::Ip, key: self.roll(4), windows_s, add: self.roll(9) != 0 };
        // Two limits may share a record, side by side or not.
        let other = Need { key: need.key ^ 1, add: false, ..need };
        let needs = Needs::from_iter([need, need, other, need]);
        let (call, records) = counting::call(
            &needs,
            &ask,
            &self.evidence,
            super::super::room::Full::default(),
            &super::super::sums::Summed::new(),
        );
        self.link.run(&call, Want::Olds).await.unwrap();
        self.keys.extend(records);
        let record = self.limits.entry(need.key).or_default();
        for _ in 0..if need.add { 3 } else { 0 } {
            record.add(self.at_s, &windows_s, 1);
        }
        let _ = self.evidence.count(&ask);
        ask
    }

    fn follow(&mut self, n: u64, ask: &Ask) {
        let (scope, key) = ask.keys[self.roll(ask.keys.len() as u64) as usize];
        let effects = match self.roll(6) {
            0 => vec![Effect::Strike { scope, key }],
            1 => vec![Effect::Explain {
                scope: Scope::Prefix3,
                key: ask.keys.iter().find(|(s, _)| *s == Scope::Prefix3).unwrap().1,
                share: 700,
            }],
            _ => Vec::new(),
        };
        let fate =
            [Fate::Sent, Fate::Sent, Fate::Sent, Fate::Challenged, Fate::Stopped][self.roll(5) as usize];
        self.evidence.decided(n, ask, fate, self.roll(100) as f64 / 100.0, &effects);
        let past = self.roll(n + 1);
        match self.roll(6) {
            0 => self.evidence.challenged(past, past.is_multiple_of(2)),
            1 => self.evidence.undelivered(past),
            2 => self.evidence.not_sent(past),
            _ => drop(self.evidence.converted(past, self.at_s)),
        }
    }

    /// Sends what changed since, as one batch.
    async fn send(&mut self) {
        let mut pending = Pending::default();
        self.evidence.take_changes().iter().for_each(|change| pending.evidence(change));
        if self.roll(3) == 0 {
            let (key, windows_s) = (self.roll(4), [3_600, 60, 0]);
            pending.change(&Change::Count { key, at_s: self.at_s, windows_s, by: -1 });
            self.limits.entry(key).or_default().add(self.at_s, &windows_s, -1);
        }
        self.link.run(&pending::call(&pending.take(usize::MAX)), Want::Nothing).await.unwrap();
    }

    async fn stands(&self, name: Name) -> Option<Vec<u8>> {
        let mut call = Call::new();
        call.steps.push(Step::look(name));
        self.link.run(&call, Want::Olds).await.unwrap().pop().unwrap()
    }

    async fn compare(&self, seed: u64) {
        for (kind, key) in self.keys.iter().filter(|(kind, _)| !self.long || *kind == Kept::Rich) {
            let holds = [Holds::Plain, Holds::Rich, Holds::Seen, Holds::Recent][*kind as usize];
            let found = self.stands(Name::new(holds, *key)).await;
            let nothing = [164, 1_348, 20, 0][*kind as usize];
            let own = self.evidence.image(*kind, *key).filter(|image| image.iter().any(|byte| *byte != 0));
            let found = found.filter(|image| image.iter().any(|byte| *byte != 0));
            assert!(found.as_ref().is_none_or(|found| nothing == 0 || found.len() == nothing));
            let (own, found) = (words(own), words(found));
            let others: Vec<_> = own.iter().zip(&found).filter(|(own, found)| own != found).collect();
            assert!(
                own.len() == found.len() && others.is_empty(),
                "seed {seed}: {kind:?} {key:x}: {others:?}"
            );
        }
        for (key, record) in &self.limits {
            let found = self.stands(Name::new(Holds::Limit, *key)).await.unwrap_or_else(|| vec![0; 108]);
            assert_eq!(limits::limit_of(&found), Some(*record), "seed {seed}: limit {key}");
            assert_eq!(limit_image(record), found);
        }
    }
}

fn words(bytes: Option<Vec<u8>>) -> Vec<String> {
    bytes.unwrap_or_default().chunks(4).enumerate().map(|(n, word)| format!("{n}:{word:?}")).collect()
}

#[tokio::test]
async fn the_script_adds_as_the_engine_does_whatever_the_order_of_times() {
    let Some(server) = Server::start() else { return };
    for seed in 0..60 {
        let mut case = Case::new(&server, seed).await;
        for n in 0..120 {
            case.pass();
            case.evidence.advance(case.at_s);
            if case.long {
                // What a clock wrote that was set back by a day is dropped when that is noticed: order matters.
                case.send().await;
            }
            let ask = case.count(n).await;
            case.follow(n, &ask);
            if case.long || n % 3 == 0 {
                case.send().await;
            }
        }
        case.send().await;
        case.compare(seed).await;
    }
}

/// A limit that was counted in now and then.
fn counted(dice: &SetDice, windows_s: &[u32; 3]) -> LimitRecord {
    let mut record = LimitRecord::default();
    for _ in 0..dice.roll() % 9 {
        let at_s = START_S + (dice.roll() % 5_000) as u32;
        record.add(at_s, windows_s, (dice.roll() % 7) as i32 - 1);
    }
    record
}

/// What stands in the buckets of a width, by their absolute numbers.
fn buckets(record: &LimitRecord, width_s: u32) -> BTreeMap<u32, i32> {
    let Some(ring) = record.rings.iter().find(|ring| ring.width_s == width_s) else { return BTreeMap::new() };
    (ring.head.saturating_sub(6)..=ring.head).map(|n| (n, ring.counts[n as usize % 7] as i32)).collect()
}

#[tokio::test]
async fn a_limit_is_raised_to_the_larger_of_two_counts_bucket_by_bucket() {
    let Some(server) = Server::start() else { return };
    let Case { dice, link, .. } = Case::new(&server, 5).await;
    let raise = async |key: u64, record: &LimitRecord| {
        let mut call = Call::new();
        let args = call.args(vec![limit_image(record)]);
        let name = Name::new(Holds::Limit, key);
        call.steps.push(Step { name, act: Act::Raise, parts: 0, at_s: 0, expires_s: 60, args });
        link.run(&call, Want::Nothing).await.unwrap();
    };
    for key in 1..=400 {
        // At times one has rings that the other has not, or in another order.
        let windows = [[60, 3_600, 0], [60, 3_600, 86_400], [3_600, 60, 0], [0, 0, 0]];
        let of = || counted(&dice, &windows[(dice.roll() % 4) as usize]);
        let (ours, theirs) = (of(), of());
        raise(key, &ours).await;
        raise(key, &theirs).await;
        let mut look = Call::new();
        look.steps.push(Step::look(Name::new(Holds::Limit, key)));
        let stands =
            limits::limit_of(link.run(&look, Want::Olds).await.unwrap()[0].as_ref().unwrap()).unwrap();
        for width_s in [10, 600, 14_400] {
            let (ours, theirs, stands) =
                (buckets(&ours, width_s), buckets(&theirs, width_s), buckets(&stands, width_s));
            let newest = ours.keys().chain(theirs.keys()).max();
            assert_eq!(stands.keys().max(), newest, "{width_s}: {ours:?} {theirs:?}");
            for (n, count) in &stands {
                let of = |of: &BTreeMap<u32, i32>| of.get(n).copied();
                let most = of(&ours).max(of(&theirs)).unwrap_or_default();
                // Where only one reaches, what it gave back beforehand is left out.
                assert!(*count == most || (*count == 0 && most < 0), "{width_s} {n}: {ours:?} {theirs:?}");
            }
        }
    }
}
