//! What each reason means, and what an operator or caller may do about it.

use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::signal::Code;

/// What it means, and what to do.
pub fn about(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::NumberInvalid => (
            "No numbering plan gives this number out, so no message can reach it.",
            "Ask the person for the number again. If you know that it works, tell us with its country: plans change.",
        ),
        Code::NumberKind => (
            "Lines of this kind seldom or never take messages of this channel: landlines, pagers, internet lines.",
            "Offer another number. If such lines are usual among your people, put their prefix on the safe list.",
        ),
        Code::NumberTariff => (
            "Somebody earns money when this number is called or written to: premium, shared-cost or toll-free.",
            "No person receives login codes there. Leave it blocked; a wrong case goes on the safe list.",
        ),
        Code::DestinationNotAllowed => (
            "The profile's `destinations` do not name the number's country for this channel.",
            "Add the country to the profile, if you have people there.",
        ),
        Code::DestinationLocked => (
            "The profile's `locked_country` is another country.",
            "Unlock the profile, or use another one for these people.",
        ),
        Code::ListDeny => (
            "The number, its prefix or the address stands on the deny list.",
            "Remove the entry with `DELETE /v1/lists/deny/entries/{id}`, if it should not.",
        ),
        Code::ListSafe => (
            "The number, its prefix or the address stands on the safe list, so nothing that others do stops it.",
            "Nothing. Remove the entry if it should not stand there.",
        ),
        Code::NumberProved => {
            ("A right code came back from this number before: it speaks for the attempt.", "Nothing.")
        }
        Code::BlockStanding => (
            "A standing block covers the number's prefix, its network, its country, or where the attempt came from.",
            "It ends by itself at `until`.",
        ),
        Code::BudgetExhausted => (
            "The money that was set aside for this period has been spent.",
            "Raise the budget, or wait for the next period.",
        ),
        Code::BreakerOpen => (
            "No provider can carry the message just now.",
            "Look at your providers; nothing was sent and nothing was charged.",
        ),
        Code::Waiver => {
            ("The caller waived the judgement for this one attempt.", "Nothing; the audit has who and why.")
        }
        Code::Blind => (
            "Some counts did not answer in time, so this was judged from what one machine knows, with limits divided among the machines.",
            "Look at the store that holds the tallies. Money and exact limits were not affected.",
        ),
        Code::Limit(scope) => limit(scope),
    }
}

fn limit(scope: LimitScope) -> (&'static str, &'static str) {
    match scope {
        LimitScope::NumberChecks => (
            "Too many wrong codes were entered for this number, over all of its verifications.",
            "Wait until `retry_after_s`. Who proved the number from this device or user before is not stopped by it.",
        ),
        LimitScope::Number => (
            "As many messages as the profile allows went to this number in the window.",
            "Wait until `retry_after_s`, or change `limits.number` of the profile.",
        ),
        LimitScope::Ip | LimitScope::Ipv4_24 | LimitScope::Ipv6_64 | LimitScope::Ipv6_48 => (
            "As many messages as the profile allows were asked for from this address, or its neighbourhood.",
            "Wait until `retry_after_s`. An office or a mobile network shares addresses: raise the limit if your people sit there.",
        ),
        LimitScope::Device | LimitScope::Session | LimitScope::User | LimitScope::UserAgent => (
            "As many messages as the profile allows were asked for by this device, session, user or browser.",
            "Wait until `retry_after_s`, or change this limit of the profile.",
        ),
        LimitScope::Prefix | LimitScope::Network | LimitScope::Country => (
            "As many messages as the profile allows went to numbers of this prefix, network or country.",
            "Wait until `retry_after_s`, or change this limit of the profile. It is off unless you set it.",
        ),
        LimitScope::Profile | LimitScope::Tenant => (
            "As many messages as are allowed in all were sent under this profile or tenant.",
            "Wait until `retry_after_s`, or change this limit of the profile. It is off unless you set it.",
        ),
    }
}
