//! Limits: how often something may happen in a window. Codes `limit.<name>`.
//!
//! Example: device limit 10 in 600 s, the eleventh message within it → `limit.device`,
//! seen 10, expected 10, window 600. The tenth → nothing.
//!
//! Number and tenant are counted in the records, with the intent: they are asked for by an effect
//! and answered by [`crate::Assessment::refused`], not here.

use super::{Case, Question, Signals, tell};
use crate::attempt::Attempt;
use crate::judge::key;
use crate::known::{Blind, SeenWindow};
use crate::limit::{Limit, LimitScope};
use crate::need::{Need, Needs};
use crate::signal::{Code, Evidence, EvidenceKey};
use cofferdam_atlas::Country;

/// At most this many limits are told at once; the rest would say nothing new.
const TOLD: usize = 6;

pub(super) fn need(question: &Question<'_>, needs: &mut Needs) {
    for scope in LimitScope::ALL {
        let add = match scope {
            LimitScope::Number | LimitScope::Tenant => continue,
            LimitScope::NumberChecks => false,
            _ => true,
        };
        let windows_s = question.terms.windows_of(scope);
        if windows_s.iter().all(|w| *w == 0) || !question.standing.counts(scope) {
            continue;
        }
        if let Some(key) = key_of(question.attempt, scope) {
            // More scopes than records do not compile: see the assertion below.
            let _ = needs.try_push(Need { scope, key, windows_s, add });
        }
    }
}

const _: () = assert!(LimitScope::ALL.len() <= crate::need::RECORDS, "each scope must find room");

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    for hit in hits(case).take(TOLD) {
        tell(signals, Code::Limit(hit.scope), evidence(&hit));
    }
}

/// A limit that this attempt would pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub scope: LimitScope,
    pub limit: Limit,
    /// What stood before this attempt.
    pub stood: u32,
    pub frees_in_s: u32,
}

/// The figures of a limit that was met.
pub(crate) fn evidence(hit: &Hit) -> Evidence {
    Evidence {
        key: EvidenceKey::Scope(hit.scope),
        window_s: hit.limit.window_s,
        seen: f64::from(hit.stood),
        expected: f64::from(hit.limit.max),
        converted: None,
    }
}

/// For each scope, the limit that holds longest among those that this attempt would pass.
pub(crate) fn hits<'a>(case: &Case<'a>) -> impl Iterator<Item = Hit> + 'a {
    let (known, terms, standing) = (case.known, case.terms, case.standing);
    known.seen.iter().filter(move |seen| standing.counts(seen.scope)).filter_map(move |seen| {
        let passed = terms.limits.of(seen.scope).iter().filter_map(|limit| {
            let window = seen.windows.iter().find(|w| w.window_s == limit.window_s)?;
            passed(seen.scope, *limit, window, known.blind)
        });
        passed.max_by_key(|hit| hit.frees_in_s)
    })
}

fn passed(scope: LimitScope, limit: Limit, window: &SeenWindow, blind: Option<Blind>) -> Option<Hit> {
    // Each of several machines that cannot see each other's counts holds its share, rounded up so
    // that nobody's share is nought. What the records count is exact without any sharing.
    let max = match blind {
        Some(Blind::Tallies { nodes }) if !scope.exact() => limit.max.div_ceil(nodes.max(1)),
        _ => limit.max,
    };
    // Wrong guesses are read and not added, so reaching the limit is enough.
    let stood = if scope == LimitScope::NumberChecks { window.seen } else { window.seen.saturating_sub(1) };
    let limit = Limit { max, window_s: limit.window_s };
    (stood >= max).then_some(Hit { scope, limit, stood, frees_in_s: window.frees_in_s })
}

/// The key under which an attempt counts in a scope, if it has what the scope is about.
pub(crate) fn key_of(attempt: &Attempt, scope: LimitScope) -> Option<u64> {
    let (place, source) = (&attempt.place, &attempt.source);
    let value = match scope {
        LimitScope::Number | LimitScope::NumberChecks => Some(key::fold(place.number)),
        LimitScope::Ip => source.address,
        LimitScope::Ipv4_24 => source.neighbourhood.filter(|_| !source.v6),
        LimitScope::Ipv6_64 => source.address.filter(|_| source.v6),
        LimitScope::Ipv6_48 => source.neighbourhood.filter(|_| source.v6),
        LimitScope::Device => source.device,
        LimitScope::Session => source.session,
        LimitScope::User => source.user,
        LimitScope::UserAgent => source.user_agent,
        LimitScope::Prefix => {
            let [_, _, last] = place.prefixes;
            Some(last)
        }
        LimitScope::Network => place.network.map(u64::from),
        LimitScope::Country => place.country.map(letters),
        LimitScope::Profile => Some(attempt.profile),
        LimitScope::Tenant => Some(0),
    }?;
    Some(key::limit(attempt.realm, scope, value))
}

/// A country by its two letters, which stay the same from edition to edition.
fn letters(country: Country) -> u64 {
    country.iso2().bytes().fold(0, |word, letter| word << 8 | u64::from(letter))
}
