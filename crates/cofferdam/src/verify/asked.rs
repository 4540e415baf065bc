//! What was asked, checked for its meaning; shapes are checked at the edge.

use super::judge::{self, Sought};
use super::profile::{Profile, valid_app_hash};
use super::start::invalid;
use super::{Client, FieldError, StartInput, VerifyError};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::{Owner, World};
use cofferdam_atlas::{Country, Destination, NumberError};
use cofferdam_engine::Channel;
use cofferdam_engine::Identity;
use cofferdam_engine::limit::LimitScope;

/// Pairs of metadata.
const PAIRS: usize = 16;
/// Characters of a key or value of metadata.
const PAIR_CHARS: usize = 500;

/// The error of a profile that is not there.
pub(super) fn no_profile() -> VerifyError {
    invalid("profile", "unknown", "there is no such profile")
}

/// The channel asked for, if it can be used yet.
pub(super) fn channel(asked: Option<Channel>, profile: &Profile) -> Result<Channel, VerifyError> {
    match asked.unwrap_or(profile.channel) {
        Channel::Sms => Ok(Channel::Sms),
        Channel::Voice | Channel::Whatsapp | Channel::Email => {
            Err(VerifyError::NotAvailable { field: "channel" })
        }
    }
}

/// The number asked for. A live key refuses a fictional one, a test key takes every valid one. What is
/// no number still counts against the limits of the address that it was asked from.
pub(super) async fn number(
    app: &App,
    owner: &Owner,
    profile: &Profile,
    text: &str,
    country: Option<Country>,
    client: &Client,
    at_ms: i64,
) -> Result<Destination, VerifyError> {
    let reason = match cofferdam_atlas::parse(text, country) {
        Ok(to) if to.fictional && owner.world == World::Live => "fictional",
        Ok(to) => return Ok(to),
        Err(error) => NumberError::code(error),
    };
    // Hardly anybody comes here, so what it takes does not stand in what everybody waits for.
    Box::pin(count_address(app, owner, profile, client, at_ms)).await?;
    Err(VerifyError::InvalidNumber { reason })
}

/// Counts an attempt that names no number, against its address alone.
async fn count_address(
    app: &App,
    owner: &Owner,
    profile: &Profile,
    client: &Client,
    at_ms: i64,
) -> Result<(), VerifyError> {
    // Any number will do: only what is counted by address is kept of it.
    let (Some(_), Ok(stand_in)) = (client.ip, cofferdam_atlas::parse_e164("+12125550100")) else {
        return Ok(());
    };
    let attempt = judge::attempt(
        app,
        owner,
        profile,
        &Sought { to: &stand_in, client, channel: Channel::Sms, price_micros: None, at_ms },
    );
    let basis = app.standing.basis(owner, profile, Channel::Sms, None);
    let mut needs = cofferdam_engine::needs(&attempt, &Identity::default(), &basis.policy, &basis.terms);
    needs.retain(|need| {
        use LimitScope::{Ip, Ipv4_24, Ipv6_48, Ipv6_64};
        matches!(need.scope, Ip | Ipv4_24 | Ipv6_64 | Ipv6_48)
    });
    // Away: an invalid number is refused anyway.
    let Ok(counted) = app.store.tallies.count(&needs, judge::seconds(at_ms)).await else { return Ok(()) };
    let mut met = None;
    for seen in &counted.seen {
        for limit in basis.terms.limits.of(seen.scope) {
            let window = seen.windows.iter().find(|window| window.window_s == limit.window_s);
            if let Some(window) = window.filter(|window| window.seen > limit.max) {
                met = Some((seen.scope, *limit, window.frees_in_s));
            }
        }
    }
    let Some((scope, limit, frees_in_s)) = met else {
        app.store.records.journal_marks(counted.marks);
        return Ok(());
    };
    // Refused, so it is given back: asking in vain must not lengthen the wait.
    let back: Vec<_> = cofferdam_engine::give_back(&needs, judge::seconds(at_ms)).collect();
    let mut marks = counted.marks;
    marks.and(&app.store.tallies.raise(&back).await.unwrap_or_default());
    app.store.records.journal_marks(marks);
    Err(VerifyError::Limited {
        scope,
        attempt: id::new(Noun::Attempt, at_ms, &*app.dice),
        assessment: id::new(Noun::Assessment, at_ms, &*app.dice),
        retry_after_ms: i64::from(frees_in_s.max(1)) * 1000,
        max: limit.max,
        window_s: limit.window_s,
    })
}

/// What the message will hold.
pub(super) fn texts(input: &StartInput, profile: &Profile) -> Result<(), VerifyError> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, code: &'static str, detail: &str| {
        faults.push(FieldError { field: field.to_owned(), code, detail: detail.to_owned() });
    };
    let plain = |text: &str, max: usize| {
        !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control)
    };
    if input.brand.as_deref().is_some_and(|brand| !plain(brand, 64)) {
        fault("brand", "invalid", "must be 1 to 64 characters, none of them a control character");
    }
    if input.sender_id.as_deref().is_some_and(|id| !plain(id, 16) || !id.is_ascii()) {
        fault("sender_id", "invalid", "must be 1 to 16 visible characters");
    }
    if input.locale.as_deref().is_some_and(|locale| !language_tag(locale)) {
        fault("locale", "invalid", "must be a language tag such as `en` or `pt-BR`");
    }
    if input.app_hash.as_deref().is_some_and(|hash| !valid_app_hash(hash)) {
        fault("app_hash", "invalid", "must be 11 characters of base 64");
    }
    if input.metadata.len() > PAIRS {
        fault("metadata", "too_long", "must be at most 16 pairs");
    }
    let long = |text: &str| text.chars().count() > PAIR_CHARS;
    for (key, value) in input.metadata.iter().take(PAIRS) {
        if long(key) || long(value) {
            fault("metadata", "too_long", "keys and values must be at most 500 characters");
        }
    }
    own_code(input.code.as_deref(), profile, &mut fault);
    if faults.is_empty() { Ok(()) } else { Err(VerifyError::Invalid(faults)) }
}

/// A language of two or three letters (or a longer registered one), then parts such as a script or region.
fn language_tag(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let first = parts.next().unwrap_or_default();
    let language = (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    language && text.len() <= 35 && parts.all(part)
}

/// A caller's own code. Never repeated in an answer.
fn own_code(code: Option<&str>, profile: &Profile, fault: &mut impl FnMut(&str, &'static str, &str)) {
    let Some(code) = code else { return };
    if !profile.own_codes {
        fault("code", "not_allowed", "the profile does not allow own codes");
    } else if !(4..=10).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_digit()) {
        fault("code", "invalid", "must be 4 to 10 digits");
    } else if code.len() < 6 && profile.checks > 3 {
        fault("code", "invalid", "must be at least 6 digits where the profile allows more than 3 checks");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_tag_begins_with_a_language() {
        for tag in ["en", "pt-BR", "zh-Hant-TW", "de_at", "fil"] {
            assert!(language_tag(tag), "{tag}");
        }
        for none in ["", "e", "123456", "en-", "-en", "en--US", "e n", "en-\u{e9}", "en-123456789"] {
            assert!(!language_tag(none), "{none}");
        }
    }
}
