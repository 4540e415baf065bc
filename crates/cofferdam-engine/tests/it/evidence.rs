//! What the evidence promises as a whole: the same stream the same answers, memory that has an end, places
//! that open again, and honest people who are never locked out.

use crate::make::{attempt, policy};
use crate::world::{Judged, Net, Then, Who, World};
use cofferdam_engine::evidence::{
    EvidenceTallies, Fate, PlainRecord, Reading, RecentRecord, RichRecord, Scope, SeenRecord,
};
use cofferdam_engine::key::Pseudonym;
use cofferdam_engine::{Decision, Effect, Identity};

const HOUR: u32 = 3_600;
const DAY: u32 = 24 * HOUR;

/// People of some networks, and how they are doing.
struct Town {
    world: World,
    nets: Vec<Net>,
    proved: Vec<Who>,
}

/// What came of some attempts.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Score {
    all: usize,
    blocked: usize,
    challenged: usize,
}

impl Score {
    fn add(&mut self, judged: &Judged) {
        self.all += 1;
        self.blocked += usize::from(judged.blocked());
        self.challenged += usize::from(judged.assessment.decision == Decision::Challenge);
    }
}

impl Town {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        world.terms.can_challenge = true;
        let nets = ["GB", "FR", "PL"].iter().flat_map(|iso2| Net::of(iso2).into_iter().take(3)).collect();
        Self { world, nets, proved: Vec::new() }
    }

    /// Somebody of a network; with a chance somebody who proved himself there before.
    fn somebody(&mut self, net: usize, returning: f64) -> Who {
        if !self.proved.is_empty() && self.world.rolls.chance(returning) {
            return self.proved[self.world.rolls.below(self.proved.len() as u64) as usize].clone();
        }
        let number = self.nets[net].any(&mut self.world.rolls);
        Who::new(number, &mut self.world.rolls)
    }

    /// Honest people of all networks, around the clock.
    fn live(&mut self, over_s: u32, a_day: f64, returning: f64) -> Score {
        self.live_with(over_s, a_day, returning, |_, _| 0.7)
    }

    /// The same; who enters a code depends on the network.
    fn live_with(
        &mut self,
        over_s: u32,
        a_day: f64,
        returning: f64,
        enters: impl Fn(&Who, usize) -> f64,
    ) -> Score {
        let mut score = Score::default();
        let end_s = self.world.now_s + over_s;
        loop {
            let gap_s = -f64::from(DAY) / a_day * (1.0 - self.world.rolls.unit()).ln();
            let at_s = self.world.now_s.saturating_add(gap_s as u32 + 1);
            if at_s > end_s {
                break;
            }
            self.world.wait(at_s - self.world.now_s);
            let net = self.world.rolls.below(self.nets.len() as u64) as usize;
            let who = self.somebody(net, returning);
            let enters = enters(&who, net);
            let judged = self.world.person(&who, enters);
            score.add(&judged);
            if judged.sent() && self.proved.len() < 500 {
                self.proved.push(who);
            }
        }
        self.world.wait(end_s - self.world.now_s);
        score
    }

    /// Numbers of one network, as fast as can be sent, nobody of whom enters anything.
    fn attack(&mut self, net: usize, count: usize, gap_s: u32) -> Vec<Judged> {
        let mut all = Vec::new();
        for _ in 0..count {
            self.world.wait(gap_s);
            let who = self.somebody(net, 0.0);
            all.push(self.world.person(&who, 0.0));
        }
        all
    }
}

fn lines(seed: u64) -> Vec<String> {
    let mut town = Town::new(seed);
    let mut lines = Vec::new();
    town.live(2 * DAY, 150.0, 0.3);
    for judged in town.attack(1, 60, 20) {
        let known = serde_json::to_string(&judged.known).expect("written");
        lines.push(format!("{known} {}", serde_json::to_string(&judged.assessment).expect("written")));
    }
    lines
}

#[test]
fn the_same_stream_gives_the_same_bytes() {
    let first = lines(3);
    assert_eq!(first, lines(3));
    assert_ne!(first, lines(4), "the seed matters, or this shows nothing");
}

#[test]
fn outcomes_may_come_in_any_order() {
    let play = |order: fn(&mut Vec<(u64, Then)>)| {
        let mut town = Town::new(5);
        town.live(DAY, 120.0, 0.2);
        town.world.outcomes_stop = true;
        let mut outcomes = Vec::new();
        for n in 0..40u64 {
            town.world.wait(3);
            let who = town.somebody(0, 0.0);
            let judged = town.world.ask(&who);
            match judged.assessment.decision {
                Decision::Challenge => {
                    outcomes.push((judged.id, [Then::Passes, Then::Fails][n as usize % 2]));
                }
                Decision::Allow if n % 5 == 0 => outcomes.push((judged.id, Then::Undelivered)),
                Decision::Allow => outcomes.push((judged.id, Then::Enters)),
                Decision::Block => {}
            }
        }
        town.world.outcomes_stop = false;
        order(&mut outcomes);
        assert!(outcomes.len() > 20, "{}", outcomes.len());
        for (id, then) in outcomes {
            town.world.happens(id, then);
        }
        town.world.wait(HOUR);
        let who = town.somebody(0, 0.0);
        town.world.ask(&who).known.evidence
    };
    let first = play(|_| {});
    for order in [(|all: &mut Vec<(u64, Then)>| all.reverse()) as fn(&mut Vec<(u64, Then)>), |all| {
        all.sort_by_key(|(id, _)| id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }] {
        let other = play(order);
        assert_eq!(other.readings.len(), first.readings.len());
        for (a, b) in first.readings.iter().zip(&other.readings) {
            assert_eq!(
                (a.scope, a.key, a.seen, a.matured, a.converted, a.challenges(), a.failures()),
                (b.scope, b.key, b.seen, b.matured, b.converted, b.challenges(), b.failures()),
            );
        }
    }
}

#[test]
fn a_record_of_a_scope_takes_two_hundred_bytes_at_most() {
    assert!(size_of::<PlainRecord>() <= 164, "{}", size_of::<PlainRecord>());
    assert!(size_of::<SeenRecord>() <= 20, "{}", size_of::<SeenRecord>());
    assert!(size_of::<RecentRecord>() <= 264, "{}", size_of::<RecentRecord>());
    assert!(size_of::<RichRecord>() <= 1_400, "{}", size_of::<RichRecord>());
}

#[test]
fn a_flood_of_names_neither_fills_memory_nor_pushes_out_what_matters() {
    const KEYS: usize = 1 << 16;
    const FLOOD: u64 = 150_000;
    let play = |flood: bool| {
        let mut world = World::with_keys(9, KEYS);
        let nets = Net::of("GB");
        // A device that asks for number after number is found guilty.
        let mut guilty = Who::new(nets[0].any(&mut world.rolls), &mut world.rolls);
        guilty.device = Some("guilty".into());
        let mut blocked = false;
        for _ in 0..30 {
            world.wait(60);
            (guilty.number, guilty.session) = (nets[0].any(&mut world.rolls), None);
            blocked = world.ask(&guilty).blocked();
        }
        assert!(blocked, "thirty numbers of one device");
        // Each with an address, a device, a session, a user and a run of numbers of its own: seven new names.
        for n in 0..FLOOD {
            if n % 50 == 0 {
                world.wait(1);
            }
            if flood {
                one_of_a_flood(&mut world, &nets, n);
            }
        }
        (guilty.number, guilty.session) = (nets[0].nth(77), None);
        let after = world.ask(&guilty);
        let of = |reading: &&Reading| reading.scope == Scope::Device;
        let reading = *after.known.evidence.readings.iter().find(of).expect("the device is remembered");
        (world.tallies.size(), reading)
    };
    let (_, calm) = play(false);
    let (size, flooded) = play(true);
    assert!(calm.seen[2] > 10.0, "{calm:?}");
    let of = |reading: Reading| (reading.seen, reading.matured, reading.strikes, reading.asked);
    assert_eq!(of(flooded), of(calm), "what was found guilty is remembered whatever comes");
    let plain = size_of::<PlainRecord>().max(size_of::<SeenRecord>()).max(size_of::<RecentRecord>()) + 64;
    let most = 2 * KEYS * plain + FLOOD as usize * 1_024 + (8 << 20);
    assert!(size.bytes < most, "{} bytes, at most {most}", size.bytes);
    assert!(size.keys <= 2 * KEYS + KEYS / 16 + 60_000, "{} keys", size.keys);
}

/// Counts an attempt of which nothing was seen before.
fn one_of_a_flood(world: &mut World, nets: &[Net], n: u64) {
    let mut who = Who::new(nets[n as usize % nets.len()].any(&mut world.rolls), &mut world.rolls);
    let address = u128::from(0x2001_0db8_u32) << 96 | u128::from(n) << 64;
    who.ip = Some(std::net::IpAddr::from(address.to_be_bytes()));
    who.user = Some(format!("user {n}"));
    who.agent = None;
    let (attempt, to) = world.attempt(&who);
    let identity = world.identity(&attempt, &to, who.ip);
    let ask = cofferdam_engine::ask(&attempt, &identity, &world.policy);
    let _ = world.tallies.count(&ask);
}

#[test]
fn an_empty_installation_locks_nobody_out() {
    for (seed, a_day) in [(21, 2_000.0), (22, 300.0), (23, 20_000.0)] {
        let mut town = Town::new(seed);
        let score = town.live((2_000.0 / a_day * f64::from(DAY)) as u32, a_day, 0.2);
        assert!(score.all > 1_800, "{score:?}");
        assert_eq!(score.blocked, 0, "{a_day} a day: {score:?}");
        assert!(score.challenged * 50 <= score.all, "{a_day} a day: {score:?}");
    }
}

#[test]
fn an_empty_installation_of_one_network_locks_nobody_out() {
    let mut town = Town::new(24);
    town.nets.truncate(1);
    let score = town.live(DAY, 2_000.0, 0.0);
    assert_eq!(score.blocked, 0, "{score:?}");
    assert!(score.challenged * 50 <= score.all, "{score:?}");
}

#[test]
fn nobody_is_blocked_while_outcomes_stop() {
    for seed in [31, 32] {
        let mut town = Town::new(seed);
        town.live(4 * DAY, 600.0, 0.4);
        town.world.outcomes_stop = true;
        let silent = town.live(3 * HOUR, 600.0, 0.4);
        town.world.outcomes_stop = false;
        let after = town.live(6 * HOUR, 600.0, 0.4);
        assert_eq!((silent.blocked, after.blocked), (0, 0), "{silent:?} {after:?}");
    }
}

#[test]
fn a_networks_outage_is_no_attack() {
    for seed in [41, 42] {
        let mut town = Town::new(seed);
        town.live(4 * DAY, 900.0, 0.4);
        let nets = town.nets.clone();
        // Nothing reaches the first network for four hours: trusted or not, nobody enters a code, and people
        // ask once more.
        let ill = |who: &Who, _: usize| {
            let number: u64 = who.number.trim_start_matches('+').parse().expect("digits");
            if nets[0].has(number) { 0.02 } else { 0.7 }
        };
        let score = town.live_with(4 * HOUR, 900.0, 0.4, ill);
        assert_eq!(score.blocked, 0, "seed {seed}: {score:?}");
    }
}

#[test]
fn a_network_under_attack_is_shut_soon_and_opens_again() {
    for seed in [51, 52, 53] {
        let mut town = Town::new(seed);
        town.world.terms.can_challenge = false;
        town.live(4 * DAY, 400.0, 0.3);
        let attack = town.attack(1, 400, 15);
        let first = attack.iter().position(Judged::blocked);
        let sent = attack.iter().filter(|judged| judged.sent()).count();
        assert!(first.is_some_and(|first| first < 60) && sent < 80, "seed {seed}: {first:?}, {sent} sent");
        // People go on asking for three days; the last hours of them pass.
        town.live(3 * DAY, 400.0, 0.3);
        let after = town.live(DAY, 400.0, 0.3);
        assert_eq!(after.blocked, 0, "seed {seed}: {after:?}");
    }
}

#[test]
fn a_block_does_not_confirm_itself_for_ever() {
    let mut town = Town::new(61);
    town.world.terms.can_challenge = false;
    town.live(4 * DAY, 300.0, 0.0);
    let attack = town.attack(1, 800, 10);
    assert!(attack.last().is_some_and(Judged::blocked), "shut when the attack ends");
    // One new person every two hours wants in, and each is counted whether he is let in or not.
    let mut open_h = None;
    for hour in (2..=96).step_by(2) {
        town.world.wait(2 * HOUR);
        let who = town.somebody(1, 0.0);
        let judged = town.world.person(&who, 0.7);
        if judged.blocked() {
            open_h = None;
        } else if open_h.is_none() {
            open_h = Some(hour);
        }
    }
    assert!(open_h.is_some_and(|hour| hour <= 72), "open since hour {open_h:?}");
}

#[test]
fn hidden_names_are_nobodys() {
    let mut tallies = EvidenceTallies::new(1_000);
    let before = tallies.size();
    assert!(tallies.converted(77, crate::make::NOW_S).is_empty());
    tallies.undelivered(77);
    tallies.challenged(77, true);
    assert_eq!(tallies.size(), before, "outcomes of what was never asked make no record");
}

#[test]
fn where_evidence_is_off_none_of_it_weighs() {
    let mut town = Town::new(41);
    town.live(DAY, 2_000.0, 0.4);
    let mut found = 0;
    let net = town.nets[0].clone();
    for _ in 0..200 {
        let who = Who::new(net.any(&mut town.world.rolls), &mut town.world.rolls);
        let judged = town.world.ask(&who);
        let (policy, on) = (&town.world.policy, &town.world.terms);
        let of_evidence =
            |a: &cofferdam_engine::Assessment| a.reasons.iter().any(|reason| reason.code.is_of_evidence());
        found += usize::from(of_evidence(&judged.assessment));
        // Even if somebody counted it all the same.
        let off = cofferdam_engine::policy::Terms { evidence: false, ..on.clone() };
        let known = cofferdam_engine::Known {
            evidence: cofferdam_engine::evidence::Evidenced::default(),
            ..judged.known.clone()
        };
        let alone = cofferdam_engine::assess(&judged.attempt, &known, policy, &off);
        assert!(!of_evidence(&alone), "{:?}", alone.reasons);
        assert_eq!(alone.points, alone.base_points, "{:?}", alone.reasons);
    }
    assert!(found > 20, "evidence spoke in {found}");
}

#[test]
fn it_grows_hot_for_places_like_those_that_were_struck() {
    let mut tallies = EvidenceTallies::new(10_000);
    let mut id = 0;
    let mut asks = |network: u32, fate: Fate| {
        id += 1;
        let mut attempt = attempt();
        attempt.place.network = Some(network);
        attempt.place.number = Pseudonym(u128::from(id));
        attempt.source.session = None;
        let ask = cofferdam_engine::ask(&attempt, &Identity::default(), &policy());
        let heat = tallies.count(&ask).climate.heat;
        let own = ask.keys.iter().find(|(scope, _)| *scope == Scope::Network);
        let (scope, key) = *own.expect("a network");
        let struck = (fate == Fate::Stopped).then_some(Effect::Strike { scope, key });
        tallies.decided(id, &ask, fate, 0.1, struck.as_slice());
        if fate == Fate::Sent {
            assert!(!tallies.converted(id, ask.at_s).is_empty());
        }
        heat
    };
    let mut all = |networks: core::ops::Range<u32>, fate: Fate| networks.map(|n| asks(n, fate)).last();
    // People live in network 1, and nobody in the others.
    for _ in 0..40 {
        all(1..2, Fate::Sent);
    }
    assert_eq!(all(1..2, Fate::Challenged), Some(0.0));
    all(2..80, Fate::Stopped);
    let (lived_in, empty) = (all(1..2, Fate::Challenged), all(90..91, Fate::Challenged));
    assert!(lived_in < Some(0.1) && empty > Some(0.9), "{lived_in:?} {empty:?}");
    // Who hides among people looks for people.
    for _ in 0..160 {
        all(1..2, Fate::Stopped);
    }
    let lived_in = all(1..2, Fate::Challenged);
    assert!(lived_in > Some(0.9), "{lived_in:?}");
}
