//! A small installation for tests: the engine's verbs in the order that its header names, over tallies
//! in one value, with people and attackers made up from a seed.

use cofferdam_atlas::{Country, Destination, IpFacts, Run, mobile_runs, parse_e164, reference_price_micros};
use cofferdam_engine::block::{Blocks, Followed};
use cofferdam_engine::evidence::{EvidenceTallies, Fate, faces};
use cofferdam_engine::key::{Keyer, Realm};
use cofferdam_engine::limit::Limits;
use cofferdam_engine::list::{List, ListEntry, ListIndex, ListValue};
use cofferdam_engine::policy::{Level, Policy, Terms};
use cofferdam_engine::table::Table;
use cofferdam_engine::tally::{Change, LimitRecord, ProofRecord};
use cofferdam_engine::{
    Asked, Assessment, Attempt, Channel, Decision, Identity, Known, ask, assess, give_back, identify, needs,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Chance for tests: SplitMix64.
pub struct Rolls(pub u64);

impl Rolls {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, below: u64) -> u64 {
        if below == 0 { 0 } else { self.roll() % below }
    }

    pub fn digit(&mut self) -> char {
        char::from(b'0' + self.below(10) as u8)
    }

    pub fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }
}

/// A network's numbers, made up in memory.
#[derive(Clone)]
pub struct Net(Vec<Run>);

impl Net {
    /// A country's networks, the largest first.
    pub fn of(iso2: &str) -> Vec<Self> {
        let country = Country::from_iso2(iso2).expect("a country");
        let mut nets: BTreeMap<u32, Vec<Run>> = BTreeMap::new();
        for run in mobile_runs(country).into_iter().filter(|run| run.numbers() >= 10_000) {
            if let Some(network) = run.network {
                nets.entry(network.id()).or_default().push(run);
            }
        }
        let mut nets: Vec<Self> = nets.into_values().map(Self).collect();
        nets.sort_by_key(|net| std::cmp::Reverse(net.numbers()));
        nets
    }

    fn numbers(&self) -> u64 {
        self.0.iter().map(Run::numbers).sum()
    }

    /// The number at a place among all of them.
    pub fn nth(&self, at: u64) -> String {
        let mut at = at % self.numbers();
        for run in &self.0 {
            if at < run.numbers() {
                return format!("+{}", run.nth(at));
            }
            at -= run.numbers();
        }
        unreachable!("the place is below the sum")
    }

    /// Whether a number is one of them.
    pub fn has(&self, number: u64) -> bool {
        self.0.iter().any(|run| (run.nth(0)..=run.nth(run.numbers() - 1)).contains(&number))
    }

    pub fn any(&self, rolls: &mut Rolls) -> String {
        self.nth(rolls.below(self.numbers()))
    }
}

/// Who asks.
#[derive(Clone)]
pub struct Who {
    pub number: String,
    pub channel: Channel,
    pub profile: String,
    pub price_micros: Option<i64>,
    pub ip: Option<IpAddr>,
    pub from: Option<Country>,
    pub asn: Option<u32>,
    pub facts: IpFacts,
    pub device: Option<String>,
    pub session: Option<String>,
    pub user: Option<String>,
    pub agent: Option<String>,
}

impl Who {
    /// Somebody with an address, a device and a session of his own.
    pub fn new(number: String, rolls: &mut Rolls) -> Self {
        // The addresses that are set apart for measuring networks belong to nobody.
        let ip = [198, 18 + rolls.below(2) as u8, rolls.below(256) as u8, rolls.below(256) as u8];
        Self {
            number,
            channel: Channel::Sms,
            profile: "app".into(),
            price_micros: None,
            ip: Some(IpAddr::from(ip)),
            from: None,
            asn: None,
            facts: IpFacts::default(),
            device: Some(format!("device {}", rolls.roll())),
            session: Some(format!("session {}", rolls.roll())),
            user: None,
            agent: Some(format!("browser {}", rolls.below(5))),
        }
    }
}

/// What somebody does later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Then {
    Passes,
    Fails,
    Undelivered,
    Enters,
}

/// What came of an attempt.
pub struct Judged {
    pub id: u64,
    pub attempt: Attempt,
    pub known: Known,
    pub assessment: Assessment,
}

impl Judged {
    pub fn sent(&self) -> bool {
        self.assessment.decision == Decision::Allow
    }

    pub fn blocked(&self) -> bool {
        self.assessment.decision == Decision::Block
    }
}

/// The installation.
pub struct World {
    pub now_s: u32,
    pub rolls: Rolls,
    pub policy: Policy,
    pub terms: Terms,
    pub tallies: EvidenceTallies,
    pub lists: Vec<ListEntry>,
    pub proofs: Table<ProofRecord>,
    /// Standing blocks, where the test is about them.
    pub blocks: Option<Blocks>,
    limits: Table<LimitRecord>,
    keyer: Keyer,
    later: BTreeSet<(u32, u64, Then)>,
    /// While shut, no outcome arrives.
    pub outcomes_stop: bool,
    next: u64,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self::with_keys(seed, 1 << 20)
    }

    pub fn with_keys(seed: u64, keys_max: usize) -> Self {
        let terms = crate::make::with(Limits::builtin(Level::Standard));
        Self {
            now_s: crate::make::NOW_S,
            rolls: Rolls(seed),
            policy: Policy::builtin(Level::Standard),
            terms,
            tallies: EvidenceTallies::new(keys_max),
            lists: Vec::new(),
            proofs: Table::new(keys_max),
            blocks: None,
            limits: Table::new(keys_max),
            keyer: Keyer::new([7; 16]),
            later: BTreeSet::new(),
            outcomes_stop: false,
            next: 0,
        }
    }

    /// Lets time pass, with what people do in it.
    pub fn wait(&mut self, seconds: u32) {
        let until_s = self.now_s.saturating_add(seconds);
        while let Some((at_s, id, then)) = self.later.first().copied().filter(|(at_s, ..)| *at_s <= until_s) {
            self.later.pop_first();
            self.now_s = at_s;
            self.happens(id, then);
        }
        self.now_s = until_s;
        self.tallies.advance(until_s);
    }

    pub fn happens(&mut self, id: u64, then: Then) {
        if self.outcomes_stop {
            return;
        }
        self.tallies.advance(self.now_s);
        match then {
            Then::Passes => self.tallies.challenged(id, true),
            Then::Fails => self.tallies.challenged(id, false),
            Then::Undelivered => self.tallies.undelivered(id),
            Then::Enters => {
                for key in self.tallies.converted(id, self.now_s) {
                    self.proofs.prove(key, self.now_s);
                }
            }
        }
    }

    /// So much later somebody does something about an attempt.
    pub fn plan(&mut self, after_s: u32, id: u64, then: Then) {
        self.later.insert((self.now_s + after_s, id, then));
    }

    pub fn attempt(&mut self, who: &Who) -> (Attempt, Destination) {
        let to = parse_e164(&who.number).unwrap_or_else(|why| panic!("{}: {why:?}", who.number));
        self.next += 1;
        let asked = Asked {
            at_ms: i64::from(self.now_s) * 1000,
            dice: self.next,
            realm: Realm(1),
            commons: Realm(2),
            profile: &who.profile,
            channel: who.channel,
            destination: &to,
            price_micros: who.price_micros.or_else(|| reference_price_micros(to)),
            ip: who.ip,
            ip_facts: who.facts,
            asn: who.asn,
            ip_country: who.from,
            device_id: who.device.as_deref(),
            session_id: who.session.as_deref(),
            user_id: who.user.as_deref(),
            user_agent: who.agent.as_deref(),
        };
        (Attempt::of(&asked, &self.keyer), to)
    }

    /// Who is known to ask.
    pub fn identity(&self, attempt: &Attempt, to: &Destination, ip: Option<IpAddr>) -> Identity {
        let [number, device, user, number_device, number_user] = self.proofs.proved_all(&identify(attempt));
        let lists = ListIndex::build(self.lists.clone());
        let found = lists.find(attempt.place.number, to.number, ip, attempt.at_ms);
        Identity {
            number_proved_s: number,
            device_proved_s: device,
            user_proved_s: user,
            number_device_proved_s: number_device,
            number_user_proved_s: number_user,
            glimpse: self.tallies.glimpse(&faces(attempt), self.now_s),
            safe: found.safe,
            deny: found.deny,
            ..Identity::default()
        }
    }

    /// Puts a number or prefix on a list.
    pub fn list(&mut self, list: List, text: &str) {
        let value = ListValue::parse(text, None).expect("a list value");
        let key = value.key(&self.keyer, Realm(1));
        self.lists.push(ListEntry { id: format!("lst_{}", self.lists.len()), list, key, until_ms: None });
    }

    /// One attempt, judged and followed.
    pub fn ask(&mut self, who: &Who) -> Judged {
        let (attempt, to) = self.attempt(who);
        self.tallies.advance(self.now_s);
        let mut identity = self.identity(&attempt, &to, who.ip);
        let price_micros = attempt.price_micros.unwrap_or(self.policy.weights.default_price_micros);
        if let Some(blocks) = &mut self.blocks {
            blocks.advance(self.now_s);
            identity.blocks = blocks.met(&attempt, &self.policy.blocks, price_micros);
        }
        let needs = needs(&attempt, &identity, &self.policy, &self.terms);
        let mut ask = ask(&attempt, &identity, &self.policy);
        let blocks = self.blocks.as_ref();
        ask.word =
            blocks.and_then(|blocks| blocks.word(&attempt, &identity, &ask, &self.policy, &self.terms));
        let seen = self.limits.count_all(&needs, self.now_s);
        let evidence = self.tallies.count(&ask);
        let known = Known { identity, seen, evidence, blind: None };
        let assessment = assess(&attempt, &known, &self.policy, &self.terms);
        if assessment.decision == Decision::Block {
            for change in give_back(&needs, self.now_s) {
                if let Change::Count { key, at_s, windows_s, by } = change {
                    self.limits.add(key, at_s, &windows_s, by);
                }
            }
        }
        let id = attempt.dice;
        let fate = match assessment.decision {
            Decision::Allow => Fate::Sent,
            Decision::Challenge => Fate::Challenged,
            Decision::Block => Fate::Stopped,
        };
        self.tallies.decided(id, &ask, fate, assessment.score, &assessment.effects);
        if let Some(blocks) = &mut self.blocks {
            let (channel, effects) = (attempt.channel, &assessment.effects[..]);
            let (points, evidence) = (assessment.points, &known.evidence);
            let ask = &ask;
            let followed = Followed { id, ask, channel, price_micros, effects, points, evidence };
            blocks.follow(&followed, &self.policy.blocks);
        }
        Judged { id, attempt, known, assessment }
    }

    /// One attempt of somebody who enters the code with a chance, and passes challenges as people do.
    pub fn person(&mut self, who: &Who, enters: f64) -> Judged {
        let judged = self.ask(who);
        let enters = self.rolls.chance(enters);
        let after_s = 8 + self.rolls.below(60) as u32;
        match judged.assessment.decision {
            Decision::Challenge => {
                let passes = self.rolls.chance(0.92);
                self.plan(10, judged.id, if passes { Then::Passes } else { Then::Fails });
                if passes && enters {
                    self.plan(10 + after_s, judged.id, Then::Enters);
                }
            }
            Decision::Allow if enters => self.plan(after_s, judged.id, Then::Enters),
            Decision::Allow | Decision::Block => {}
        }
        judged
    }
}
