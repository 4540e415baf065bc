//! Who speaks for an attempt, before anything is counted: who proved the number, and which of two
//! lists wins. It weighs nothing. Called by `needs` and `assess`, which must agree on it.
//!
//! **Lists.** The narrower entry wins: a whole number or one address is narrower than any run;
//! among prefixes more digits, among runs of addresses more bits. On equal width, and between
//! things that cannot be compared (a prefix and a run of addresses), the deny list wins.
//!
//! **A safe number** (or prefix) is stopped by nothing but what the records count exactly: its own
//! number's limit, wrong guesses, the tenant's limit and money. **A safe address** is stopped by no
//! limit of addresses, and counts in none; what it asks for is judged as anybody's.
//!
//! **Who proved this number before**, with this device or as this user, has an allowance of his
//! own, and what others do on his address, prefix, network or country neither stops him nor counts
//! him, nor do the limits of his device, session and user: a monitor with a dozen numbers of its own is
//! no attack, and each pair has its allowance. Limits of the profile and of the tenant hold.

use super::key;
use crate::attempt::Attempt;
use crate::known::{Identity, Listed, ListedKind};
use crate::limit::LimitScope;
use crate::policy::Policy;

/// Which list has the say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    Neither,
    Deny,
    SafeDestination,
    SafeSource,
}

/// Who speaks for an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub lists: Lists,
    /// Seconds since the number was proved by anybody, if that still holds.
    pub number_proved_ago_s: Option<u32>,
    /// The key of the own allowance of who proved this number before.
    pub pair_key: Option<u64>,
}

impl Standing {
    pub fn of(attempt: &Attempt, identity: &Identity, policy: &Policy) -> Self {
        let now_s = u32::try_from(attempt.at_ms.max(0) / 1000).unwrap_or(u32::MAX);
        let lasts_s = policy.weights.proof_lasts_s;
        // A proof from a clock ahead of ours is a proof of this moment.
        let ago =
            |proved: Option<u32>| proved.map(|at| now_s.saturating_sub(at)).filter(|ago| *ago <= lasts_s);
        let (realm, number, source) = (attempt.realm, attempt.place.number, &attempt.source);
        let user = source.user.filter(|_| ago(identity.number_user_proved_s).is_some());
        let device = source.device.filter(|_| ago(identity.number_device_proved_s).is_some());
        let pair_key = user
            .map(|user| key::pair_user(realm, number, user))
            .or_else(|| device.map(|device| key::pair_device(realm, number, device)));
        let proofs = [identity.number_proved_s, identity.number_user_proved_s.filter(|_| user.is_some())];
        let proofs = proofs.into_iter().chain([identity.number_device_proved_s.filter(|_| device.is_some())]);
        Self { lists: lists(identity), number_proved_ago_s: proofs.filter_map(ago).min(), pair_key }
    }

    /// Whether a limit of this scope counts this attempt and may stop it.
    pub fn counts(&self, scope: LimitScope) -> bool {
        if self.lists == Lists::SafeDestination {
            return scope == LimitScope::NumberChecks && self.pair_key.is_none();
        }
        match scope {
            LimitScope::Ip | LimitScope::Ipv4_24 | LimitScope::Ipv6_64 | LimitScope::Ipv6_48 => {
                self.lists != Lists::SafeSource && self.pair_key.is_none()
            }
            LimitScope::NumberChecks
            | LimitScope::UserAgent
            | LimitScope::Prefix
            | LimitScope::Network
            | LimitScope::Country
            | LimitScope::Device
            | LimitScope::Session
            | LimitScope::User => self.pair_key.is_none(),
            LimitScope::Number | LimitScope::Profile | LimitScope::Tenant => true,
        }
    }
}

impl Identity {
    /// The list that decides where both have an entry: `true` for the safe list, `None` for neither.
    pub fn safe_wins(&self) -> Option<bool> {
        match lists(self) {
            Lists::Neither => None,
            Lists::Deny => Some(false),
            Lists::SafeSource | Lists::SafeDestination => Some(true),
        }
    }
}

fn lists(identity: &Identity) -> Lists {
    let safe = identity.safe.as_ref().map(|safe| (width(safe), safe.kind));
    match (safe, identity.deny.as_ref()) {
        (None, None) => Lists::Neither,
        (None, Some(_)) => Lists::Deny,
        (Some((safe, kind)), deny) => match deny {
            Some(deny) if !narrower(safe, kind, deny) => Lists::Deny,
            _ if matches!(kind, ListedKind::Address | ListedKind::Cidr) => Lists::SafeSource,
            _ => Lists::SafeDestination,
        },
    }
}

/// Whether a safe entry is narrower than one of the deny list.
fn narrower(safe: (u8, u8), kind: ListedKind, deny: &Listed) -> bool {
    let deny_width = width(deny);
    if safe.0 != deny_width.0 {
        return safe.0 > deny_width.0;
    }
    kind == deny.kind && safe.1 > deny_width.1
}

/// One value, or a run of them; then how narrow a run.
fn width(listed: &Listed) -> (u8, u8) {
    match listed.kind {
        ListedKind::Number | ListedKind::Address => (1, 0),
        ListedKind::Prefix | ListedKind::Cidr | ListedKind::EmailDomain => (0, listed.narrow),
    }
}
