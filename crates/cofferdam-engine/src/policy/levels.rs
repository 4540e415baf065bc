//! The ready-made policies. Every figure has its source beside it, or the word *guess*: published
//! figures disagree, so a reader must see whence ours came. Called by the shell at its first start,
//! by replay and by simulation.

use super::{Level, Policy, Weights};
use crate::limit::{Limit, Limits};
use alloc::{vec, vec::Vec};

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

impl Level {
    /// Its name in settings and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Standard => "standard",
            Self::Max => "max",
        }
    }
}

impl Policy {
    /// The policy that a fresh installation judges by, at a level.
    pub fn builtin(level: Level) -> Self {
        Self {
            id: ["pol_", level.name()].concat(),
            // Counts editions of this document and weighs nothing. Source: our own.
            version: 1,
            level,
            weights: Weights::builtin(level),
            rivals: crate::Rivals::default(),
            // Figures and their sources stand in `block.rs`. Source: detection paper, 3.14 and 3.15.
            blocks: crate::block::BlockTerms::default(),
            off: super::Off::default(),
        }
    }
}

impl Weights {
    /// Points are thousandths of log-odds: 2303 make something ten times as likely.
    pub fn builtin(level: Level) -> Self {
        Self {
            // Two attempts in a thousand are pumped where nothing is known: ln(0.002 / 0.998) = -6.213.
            // Source: detection paper, section 3.12.
            base_points: -6_213,
            // Nobody receives codes on a premium line: odds of 1461 to 1 after the base. Such a
            // message is blocked down to a price of 0.0007 at standard and 0.0021 at basic. Guess.
            premium_points: 13_500,
            // Odds of 326 to 1: blocked from a price of 0.0031 at standard. Guess.
            shared_cost_points: 12_000,
            // Some companies do receive texts on toll-free numbers. Odds of 27 to 1: blocked from a
            // price of 0.037 at standard, at basic only where dear. Guess.
            toll_free_points: 9_500,
            // Pagers take no codes from people who sign up today, yet are cheap: 72 to 1. Guess.
            pager_points: 10_500,
            // A landline shows no text, so a code sent there is wasted whoever asked; but some
            // networks read texts aloud, and lines that look fixed may have been ported. Odds of
            // 33 to 1: blocked from a price of 0.031 at standard, 0.092 at basic. Guess.
            fixed_sms_points: 9_700,
            // Company numbers, voice mailboxes and dial-up numbers: as a landline. Guess.
            unlikely_kind_points: 9_700,
            // A right code came back once: a landline that proved itself can be reached, and is
            // allowed (9700 - 6213 - 6000 is below nought). Guess.
            proved_points: -6_000,
            // What a good user is worth, in micros: 1.00 at standard, so that blocking pays only
            // where the expected waste passes it; basic 3 times that, max 0.3 times.
            // Source: detection paper, section 3.13.
            user_worth_micros: match level {
                Level::Basic => 3_000_000,
                Level::Standard => 1_000_000,
                Level::Max => 300_000,
            },
            // What it costs a good user to be challenged: 0.02. Source: as above.
            friction_micros: 20_000,
            // Of good users, 92 % pass. Source: as above; to be learned.
            challenge_pass_good_ppm: 920_000,
            // Of machines, half pass. Source: as above; to be learned.
            challenge_pass_bad_ppm: 500_000,
            // 0.05 a message where nobody says what it costs: between a text to the United States
            // (below 0.01) and one to a dear country (0.30). Guess.
            default_price_micros: 50_000,
            // A message that goes out pays for the search as well: none is judged as cheaper than 0.05. Guess.
            least_price_micros: 50_000,
            // A success invites further messages: one that is pumped stands for four. Source: detection
            // paper, section 3.13 (1 alone, 2 to 5 during an incident).
            invites_percent: 400,
            // A proof speaks for somebody for 180 days. Source: detection paper, section 3.8.
            proof_lasts_s: 180 * DAY,
        }
    }
}

impl Limits {
    /// The limits of the default profile, alike at each level but for the address fuses: they
    /// stop machines that nobody watches, not people, and a level says how suspicious to be of people.
    pub fn builtin(level: Level) -> Self {
        // Fuses: an office, a campus or a telephone network's shared address holds hundreds of
        // people (detection paper, section 2), so these only stop what no crowd does. Guess.
        let fuse = match level {
            Level::Basic => 4,
            Level::Standard => 2,
            Level::Max => 1,
        };
        Self {
            // A person types the number, waits, asks again twice or thrice. Twilio's own ceiling is
            // 5 sends in 10 minutes. The day leaves room for a monitor that asks every half hour: stubborn
            // asking in vain is evidence's to stop. Guess.
            number: limits(&[(5, 10 * MINUTE), (10, HOUR), (60, DAY)]),
            // 25 guesses a day at a code of six digits succeed once in 40,000 days; NIST SP 800-63B
            // allows up to 100 in a row.
            number_checks: limits(&[(25, DAY)]),
            ip: limits(&[(100 * fuse, 10 * MINUTE), (1_000 * fuse, DAY)]),
            ipv4_24: limits(&[(400 * fuse, 10 * MINUTE), (4_000 * fuse, DAY)]),
            // A /64 is one household, not a crowd; offices have one too. Guess.
            ipv6_64: limits(&[(50 * fuse, 10 * MINUTE), (500 * fuse, DAY)]),
            ipv6_48: limits(&[(400 * fuse, 10 * MINUTE), (4_000 * fuse, DAY)]),
            // A family shares a device, a shop's tablet signs up its guests. Guess.
            device: limits(&[(10, 10 * MINUTE), (20, HOUR), (40, DAY)]),
            // One sign-up or login: a few numbers mistyped, each sent twice. Guess.
            session: limits(&[(10, 10 * MINUTE), (20, DAY)]),
            // As a device. Guess.
            user: limits(&[(10, 10 * MINUTE), (20, HOUR), (40, DAY)]),
            // Off: growth is not an attack, and only an operator knows how much is too much.
            user_agent: Vec::new(),
            prefix: Vec::new(),
            network: Vec::new(),
            country: Vec::new(),
            profile: Vec::new(),
            tenant: Vec::new(),
        }
    }
}

fn limits(of: &[(u32, u32)]) -> Vec<Limit> {
    let mut all = vec![];
    all.extend(of.iter().map(|(max, window_s)| Limit { max: *max, window_s: *window_s }));
    all
}
