//! Who asks from an address whose people solve their challenges is challenged, where evidence would block.
//!
//! A company's server signs up its people, an office comes back from holiday: the surge is there, few codes are back,
//! and of twenty who were challenged at that address twenty solved it. Machines that solve every challenge
//! are rare, and what they send is known by its outcomes before long. Asked by the judge alone, when what it would say is
//! block; it weighs nothing.

use super::STRONG;
use crate::detect::Case;
use crate::evidence::{HORIZONS, Scope};

/// Of fewer challenges nobody can say that they are solved. Source: detection paper, 3.11.
const ASKED: f32 = 5.0;
/// At most this share of them may have failed: people fail one in ten, machines half. Guess.
const FAILED: f32 = 0.25;
/// Once so many messages are old enough it is their codes that speak. Guess.
const MESSAGES: f32 = 30.0;
/// Then so much of the usual share of codes must have come back. Guess.
const OF_USUAL: f32 = 0.5;
/// The address must make up so much of whatever is suspected. Guess.
const MAKES_UP: f32 = 0.5;

/// Whether the people at the attempt's address solve their challenges, and make up what is suspected.
pub(super) fn at_the_address(case: &Case<'_>) -> bool {
    if !case.terms.can_challenge || case.attempt.challenge_passed {
        return false;
    }
    let readings = &case.known.evidence.readings;
    let Some(own) = readings.iter().find(|reading| reading.scope == Scope::Address) else { return false };
    let (asked, failed) = (hours(own.challenges()), hours(own.failures()));
    let (matured, converted) = (hours(own.matured), hours(own.converted));
    let solved = asked >= ASKED && failed <= FAILED * asked;
    let codes = matured < MESSAGES || converted >= OF_USUAL * own.rate * matured;
    let makes_up = |at: u8| {
        let suspected = readings.get(usize::from(at));
        suspected.is_some_and(|reading| hours(own.seen) >= MAKES_UP * hours(reading.seen))
    };
    solved
        && codes
        && case.suspected.iter().filter(|(_, found)| found.own >= STRONG).all(|(at, _)| makes_up(*at))
}

/// Within the middle horizon.
fn hours([_, hours, _]: [f32; HORIZONS]) -> f32 {
    hours
}
