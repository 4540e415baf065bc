//! The call that counts an attempt in all its records, and what its answer is made of.

use super::call::{Act, Call, Step, adds, part};
use super::limits;
use super::name::{Holds, Name};
use super::room::Full;
use super::sums::Summed;
use cofferdam_engine::Needs;
use cofferdam_engine::evidence::{Ask, CountAdds, EvidenceTallies, Kept, Scope};

const DAY_S: u32 = 86_400;
/// After three of its longest paces nothing of a plain record is left to speak of; an hour passes before a
/// record's expiry is set anew.
pub const PLAIN_S: u32 = 3 * cofferdam_engine::evidence::TAU_S[2] + 3_600;
/// Two eras and a little.
pub const RICH_S: u32 = 60 * DAY_S;
/// The days that a number's record has, and a little.
pub const SEEN_S: u32 = 34 * DAY_S;
/// Numbers of a run are looked at for two days.
pub const RECENT_S: u32 = 4 * DAY_S;

/// Which record of evidence each step after the limits is.
pub type Records = Vec<(Kept, u64)>;

/// The records of an attempt that it counts in, places and profiles first.
pub fn counted(ask: &Ask) -> impl Iterator<Item = (Kept, u64)> {
    let kind = |scope: Scope| if scope.is_rich() { Kept::Rich } else { Kept::Plain };
    let rich = ask.keys.iter().filter(|(scope, _)| scope.is_rich());
    let plain = ask.keys.iter().filter(|(scope, _)| !scope.is_rich() && !ask.trusted);
    rich.chain(plain).map(move |(scope, key)| (kind(*scope), *key))
}

/// The records of an attempt, each with its step, but those that are summed.
pub fn call(
    needs: &Needs,
    ask: &Ask,
    copy: &EvidenceTallies,
    full: Full,
    summed: &Summed,
) -> (Call, Records) {
    let mut call = Call::new();
    let mut records = Records::with_capacity(24);
    limits::steps(&mut call, needs, ask.at_s);
    faces(&mut call, &mut records, ask, full);
    scopes(&mut call, &mut records, ask, full, |key| {
        (copy.may_keep(key), summed.iter().any(|(_, summed)| *summed == key))
    });
    (call, records)
}

fn faces(call: &mut Call, records: &mut Records, ask: &Ask, full: Full) {
    let parts = full.bits() | part::ASKED | if ask.newcomer { part::NEWCOMER } else { 0 };
    for key in core::iter::once(ask.faces.number).chain(ask.faces.session) {
        let name = Name::new(Holds::Seen, key);
        let step = Step { name, act: Act::Seen, parts, at_s: ask.at_s, expires_s: SEEN_S, args: 0 };
        call.steps.push(step);
        records.push((Kept::Seen, key));
    }
}

/// `is` says whether a place's record may be made, and whether a record is summed.
fn scopes(call: &mut Call, records: &mut Records, ask: &Ask, full: Full, is: impl Fn(u64) -> (bool, bool)) {
    let CountAdds { plain, rich, trusted, usual } = CountAdds::of(ask);
    let (plain, rich) = (call.args(adds(plain)), call.args(adds(rich)));
    let counted = !ask.trusted || ask.newcomer;
    let own = if trusted { part::TRUSTED } else { part::OWN };
    let parts = part::FIRST | part::MAKE | if counted { own } else { 0 } | if usual { part::WEEK } else { 0 };
    let at_s = ask.at_s;
    for (scope, key) in ask.keys.iter().filter(|(scope, key)| scope.is_rich() && is(*key) == (true, false)) {
        let (name, _) = (Name::new(Holds::Rich, *key), scope);
        call.steps.push(Step { name, act: Act::Rich, parts, at_s, expires_s: RICH_S, args: rich });
        records.push((Kept::Rich, *key));
    }
    for (scope, key) in ask.keys.iter().filter(|(scope, key)| !scope.is_rich() && !is(*key).1) {
        let name = Name::new(Holds::Plain, *key);
        if !ask.trusted {
            let parts = full.bits() | part::OWN | part::MAKE;
            call.steps.push(Step { name, act: Act::Plain, parts, at_s, expires_s: PLAIN_S, args: plain });
        } else if *scope == Scope::Address {
            // Who is trusted is counted apart, but has neighbours.
            call.steps.push(Step::look(name));
        } else {
            continue;
        }
        records.push((Kept::Plain, *key));
    }
    if ask.trusted {
        return;
    }
    if let Some((_, key)) = ask.keys.iter().find(|(scope, _)| *scope == Scope::Prefix4) {
        let name = Name::new(Holds::Recent, *key);
        let step = if ask.newcomer {
            let entry: Vec<u8> = at_s.to_be_bytes().into_iter().chain(ask.last4.to_be_bytes()).collect();
            let args = call.args(vec![entry]);
            Step { name, act: Act::Recent, parts: 0, at_s, expires_s: RECENT_S, args }
        } else {
            Step::look(name)
        };
        call.steps.push(step);
        records.push((Kept::Recent, *key));
    }
}
