//! Attempts and answers for tests, made by hand so that each test shows what it depends on.

use cofferdam_atlas::{Country, Kind, Prefix, Tariff};
use cofferdam_engine::attempt::{Attempt, Channel, Edition, Place, Source};
use cofferdam_engine::key::{Pseudonym, Realm};
use cofferdam_engine::known::{Known, Seen};
use cofferdam_engine::limit::{LimitScope, Limits};
use cofferdam_engine::policy::{Destinations, Level, Mode, Policy, Terms, WindowPlan};
use cofferdam_engine::table::Table;
use cofferdam_engine::tally::LimitRecord;
use cofferdam_engine::{Assessment, Identity, assess, needs};

/// A Saturday in November 2026, in Unix seconds.
pub const NOW_S: u32 = 1_795_261_200;

pub fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

pub fn country(iso2: &str) -> Country {
    Country::from_iso2(iso2).expect("a country")
}

/// A text to a fictional mobile number of Great Britain, from an IPv4 address, with device and user.
pub fn attempt() -> Attempt {
    Attempt {
        at_ms: i64::from(NOW_S) * 1000,
        dice: 7,
        realm: Realm(1),
        commons: Realm(2),
        profile: 0x50f1,
        channel: Channel::Sms,
        price_micros: None,
        place: Place {
            number: Pseudonym(0x1234_5678_9abc_def0_1111_2222_3333_4444),
            country: Some(country("GB")),
            network: Some(4711),
            kind: Kind::Mobile,
            tariff: Tariff::Standard,
            fictional: true,
            shown: prefix("+44770090"),
            prefixes: [0xa2, 0xa3, 0xa4],
            last4: 123,
        },
        source: Source {
            address: Some(0xadd),
            neighbourhood: Some(0x2424),
            v6: false,
            device: Some(0xde5),
            session: Some(0x5e5),
            user: Some(0x05e),
            user_agent: Some(0xa6e),
            ..Source::default()
        },
        challenge_passed: false,
        edition: Edition::from("2026-11-20").expect("short"),
    }
}

/// The default profile at standard.
pub fn terms() -> Terms {
    with(Limits::builtin(Level::Standard))
}

/// A profile with these limits.
pub fn with(limits: Limits) -> Terms {
    Terms {
        mode: Mode::Enforce,
        windows: WindowPlan::union([&limits]).expect("few windows"),
        limits,
        destinations: Destinations::All,
        locked_country: None,
        can_challenge: false,
        magic: None,
        evidence: true,
    }
}

pub fn policy() -> Policy {
    Policy::builtin(Level::Standard)
}

/// A store of tallies, as plain as can be.
pub struct Store(pub Table<LimitRecord>);

impl Store {
    pub fn new() -> Self {
        Self(Table::new(100_000))
    }

    /// Both rounds and the judgement; what is not sent is given back.
    pub fn judge(&mut self, attempt: &Attempt, identity: &Identity, terms: &Terms) -> Assessment {
        let policy = policy();
        let needs = needs(attempt, identity, &policy, terms);
        let at_s = (attempt.at_ms / 1000) as u32;
        let seen: Vec<Seen> = needs.iter().map(|need| self.0.count(need, at_s)).collect();
        let known =
            Known { identity: identity.clone(), seen: seen.into_iter().collect(), ..Known::default() };
        let assessment = assess(attempt, &known, &policy, terms);
        if assessment.effects.contains(&cofferdam_engine::Effect::GiveBack) {
            for need in needs.iter().filter(|need| need.add) {
                self.0.add(need.key, at_s, &need.windows_s, -1);
            }
        }
        assessment
    }
}

/// The codes of an assessment's reasons, in order.
pub fn codes(assessment: &Assessment) -> Vec<&'static str> {
    assessment.reasons.iter().map(|reason| reason.code.text()).collect()
}

/// Scopes that are needed.
pub fn scopes(attempt: &Attempt, identity: &Identity, terms: &Terms) -> Vec<LimitScope> {
    needs(attempt, identity, &policy(), terms).iter().map(|need| need.scope).collect()
}
