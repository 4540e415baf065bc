//! What each reason means, and what an operator or caller may do about it.

use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::signal::Code;

/// What it means, and what to do.
#[expect(clippy::too_many_lines, reason = "a table: one entry a line says most")]
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
        Code::PrefixDensity
        | Code::PrefixConversion
        | Code::NumberSequence
        | Code::NetworkVolume
        | Code::NetworkConversion
        | Code::CountryVolume
        | Code::CountryConversion => destination(code),
        Code::ProfileUnusual | Code::ClientUnusual | Code::WhenceUnusual | Code::ChannelUnusual => {
            share(code)
        }
        Code::IpVelocity
        | Code::IpHosting
        | Code::IpCountry
        | Code::IpProved
        | Code::DeviceReuse
        | Code::UserReuse
        | Code::PersonProved
        | Code::NumberSittings => person(code),
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
        Code::Holdout => (
            "The reasons before it would have blocked this attempt. A few are drawn by lot and sent, or asked to solve a challenge, to learn whether blocking is still right.",
            "Nothing: few are drawn, and fewer the more of them fail. Without them a place that was attacked would stay shut for good people.",
        ),
        Code::Blind => (
            "Some counts did not answer in time, so this was judged from what one machine knows, with limits divided among the machines.",
            "Look at the store that holds the tallies. Money and exact limits were not affected.",
        ),
        Code::Limit(scope) => limit(scope),
    }
}

/// What evidence says of where messages go.
fn destination(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::PrefixDensity => (
            "Many new people asked for numbers that lie closer together than chance would put them: somebody works through numbers that he holds.",
            "Nothing, if you don't know them. A company that signs its people up together: put its prefix on the safe list.",
        ),
        Code::PrefixConversion => (
            "Codes sent to numbers that lie close together are not entered, where they usually are: nobody reads them.",
            "Look whether messages arrive there. If they don't, tell your provider; if they do, leave it.",
        ),
        Code::NumberSequence => (
            "The numbers asked for in a run of ten thousand stand in a regular order, whatever its step: people's numbers don't.",
            "Nothing. It ends when the counting ends.",
        ),
        Code::NetworkVolume => (
            "More new people ask for a telephone network than it has at this hour of the week.",
            "If you began to advertise there: it learns it from the codes that are entered. Put the country's prefix on the safe list while it lasts, if that takes too long.",
        ),
        Code::NetworkConversion => (
            "Codes sent to a telephone network are not entered, where they usually are.",
            "Look whether messages arrive there: an outage of the network looks alike, but its proved people are silent too, and then this is not said.",
        ),
        Code::CountryVolume => (
            "More new people ask for a country than it has at this hour of the week.",
            "If you began to offer your service there: it learns it from the codes that are entered.",
        ),
        Code::CountryConversion => (
            "Codes sent to a country are not entered, where they usually are.",
            "Look whether messages arrive there, and whether you have people there at all: `destinations` of the profile can leave the country out.",
        ),
        _ => (
            "Dozens of telephone networks that hardly anybody uses here are asked for, none of them often: somebody spreads his numbers.",
            "Name the countries that you have people in as `destinations` of the profile.",
        ),
    }
}

/// What evidence says of crossings: who or what suddenly has more than its share.
fn share(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::ProfileUnusual => (
            "One profile sends to a telephone network far more than its share of that network's messages.",
            "Look at the page or app behind the profile: it may be open to a script.",
        ),
        Code::ClientUnusual => (
            "One browser or app, by its own description, sends to a telephone network far more than its share.",
            "Nothing. A release of your app that nobody had before does this for some hours, and is learned from the codes that are entered.",
        ),
        Code::WhenceUnusual => (
            "One network of internet addresses, or one country, sends to a telephone network far more than its share.",
            "Nothing, if you don't know it. A partner's servers belong on the safe list.",
        ),
        _ => (
            "Voice or another channel than text is asked for on a telephone network far more than usual.",
            "Look whether texts arrive there: people who get none ask for a call.",
        ),
    }
}

/// What evidence says of who asks, and from where.
fn person(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::IpVelocity => (
            "One internet address, or its neighbourhood, asked for many numbers, and the codes are not entered.",
            "An office, a school or a mobile network shares addresses: people there enter their codes, and that clears it. Else put its addresses on the safe list.",
        ),
        Code::IpHosting => (
            "The address belongs to a data centre or a VPN. Honest people use VPNs too, so it weighs little.",
            "Nothing. If your own servers ask for your people, send the person's address as `client.ip`.",
        ),
        Code::IpCountry => (
            "The address and the number are from different countries. Travellers are, too, so it weighs little.",
            "Nothing.",
        ),
        Code::IpProved => (
            "Others at this address entered right codes lately: it is where people are. It speaks for the attempt.",
            "Nothing.",
        ),
        Code::DeviceReuse => (
            "One device, by the caller's own name for it, asked for many numbers.",
            "Look whether `client.device_id` names one device: a version of your app that sends the same for all does this.",
        ),
        Code::UserReuse => (
            "One user, by the caller's own name, asked for many numbers.",
            "Look whether `client.user_id` names one user, and let one user change his number only so often.",
        ),
        Code::PersonProved => (
            "The device or user entered a right code for another number before. It speaks for a few new numbers, not for many.",
            "Nothing.",
        ),
        _ => (
            "The number was asked for on several days, and no right code ever came back: an attack at any pace, or a number that messages don't reach.",
            "If a person asks: find out whether messages reach the number. A monitor of your own belongs on the safe list.",
        ),
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
