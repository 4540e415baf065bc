//! What a store is asked to count for an attempt, and what becomes of it afterwards.

use super::scope::{Keys, keys};
use super::seen::SeenRecord;
use crate::attempt::Attempt;
use crate::block::Spoken;
use crate::judge::key;
use arrayvec::ArrayVec;
use cofferdam_atlas::Country;
use serde::{Deserialize, Serialize};

const DAY_S: u32 = 86_400;
/// From so many attempts in a day that came to nothing, each counts as somebody new. An honest person
/// whose message does not arrive asks twice or thrice. Guess.
const STUBBORN: u32 = 4;

/// What the records of number and session said before this attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glimpse {
    /// When the number was last counted, in Unix seconds; 0: never.
    pub number_s: u32,
    /// When the session was; 0: never, or it asked too often today to be one person's.
    pub session_s: u32,
    /// On how many of the last 28 days the number was asked for, and on how many it converted.
    pub days: (u32, u32),
    /// How often today without a right code.
    pub today: u32,
}

/// Under which keys a number and a session are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faces {
    /// The number's.
    pub number: u64,
    /// The session's.
    pub session: Option<u64>,
}

/// The keys of an attempt's number and session.
pub fn faces(attempt: &Attempt) -> Faces {
    Faces {
        number: key::seen_number(attempt.realm, attempt.place.number),
        session: attempt.source.session.map(|session| key::seen_session(attempt.realm, session)),
    }
}

impl Glimpse {
    /// What the two records say at a moment.
    pub fn of(number: &SeenRecord, session: Option<&SeenRecord>, at_s: u32) -> Self {
        Self {
            number_s: number.last_s,
            // Who mistypes asks for two or three numbers in one session. One that asks for number after number
            // hides none of them.
            session_s: session.filter(|session| session.today(at_s) < STUBBORN).map_or(0, |own| own.last_s),
            days: number.days(at_s),
            today: number.today(at_s),
        }
    }

    /// Whether the number was asked for again and again today, and no code came back.
    pub fn stubborn(&self) -> bool {
        self.today >= STUBBORN
    }

    /// Whether this attempt is somebody new: not a resend, a retry, or a number that was asked for
    /// within a day.
    fn newcomer(&self, at_s: u32) -> bool {
        let fresh = |last_s: u32| last_s == 0 || at_s.abs_diff(last_s) >= DAY_S;
        (fresh(self.number_s) && fresh(self.session_s)) || self.stubborn()
    }
}

/// What to count for an attempt.
#[derive(Debug, Clone)]
pub struct Ask {
    /// When, in Unix seconds.
    pub at_s: u32,
    /// Its number and session.
    pub faces: Faces,
    /// Its records.
    pub keys: Keys,
    /// Counted as somebody new.
    pub newcomer: bool,
    /// Who proved this number: counted apart, as a control group.
    pub trusted: bool,
    /// What the glimpse said.
    pub glimpse: Glimpse,
    /// The number's country, for hours and runs.
    pub country: Option<Country>,
    /// Its network's stable identifier.
    pub network: Option<u32>,
    /// The number's last four digits.
    pub last4: u16,
    /// What a right code would prove.
    pub proofs: ArrayVec<u64, 5>,
    /// A block answers for it: it is counted, and its evidence is not read.
    pub word: Option<Spoken>,
}

impl Ask {
    /// What to count, now that it is known who asks.
    pub fn of(attempt: &Attempt, glimpse: Glimpse, trusted: bool) -> Self {
        let at_s = u32::try_from(attempt.at_ms.max(0) / 1000).unwrap_or(u32::MAX);
        Self {
            at_s,
            faces: faces(attempt),
            keys: keys(attempt),
            newcomer: glimpse.newcomer(at_s),
            trusted,
            glimpse,
            country: attempt.place.country,
            network: attempt.place.network,
            last4: attempt.place.last4,
            proofs: proofs(attempt),
            word: None,
        }
    }

    /// Hours east of Greenwich at the number's country, from where it lies.
    pub fn east_h(&self) -> i8 {
        let place = self.country.and_then(Country::place);
        place.map_or(0, |(_, east)| libm::round(f64::from(east) / 15.0) as i8)
    }
}

fn proofs(attempt: &Attempt) -> ArrayVec<u64, 5> {
    let asked = crate::judge::identify(attempt);
    let keys = [Some(asked.number), asked.device, asked.user, asked.number_device, asked.number_user];
    keys.into_iter().flatten().collect()
}

/// What became of an attempt, as far as evidence is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Handed over to a provider.
    Sent,
    /// Asked to solve a challenge first.
    Challenged,
    /// Not sent.
    Stopped,
}
