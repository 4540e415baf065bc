//! A reason in a sentence for a person who answers the phone, not for one who wrote the detector.
//! It shows no number and no address. Called by the API, the console and the command line.

use super::{Code, Evidence, EvidenceKey};
use crate::assessment::Reason;
use crate::evidence::Scope;
use crate::limit::LimitScope;
use cofferdam_atlas::{Kind, Tariff};
use core::fmt;

impl Reason {
    /// The reason in one plain sentence, with its figures; nothing is allocated.
    pub fn sentence(&self) -> impl fmt::Display + '_ {
        Sentence(self, false)
    }

    /// The same with counts rounded, for whoever shares them with others.
    pub fn sentence_rounded(&self) -> impl fmt::Display + '_ {
        Sentence(self, true)
    }
}

/// Of what several tenants make up together each is told no more than this: the steps 10, 20, 50, 100 and
/// so on that lie below; 0 up to 10.
pub fn more_than(count: f64) -> f64 {
    let (mut step, mut below) = (10.0, 0.0);
    for factor in [2.0, 2.5, 2.0].into_iter().cycle().take(40) {
        if step >= count {
            break;
        }
        below = step;
        step *= factor;
    }
    below
}

/// A reason, and whether its counts are rounded.
struct Sentence<'a>(&'a Reason, bool);

impl fmt::Display for Sentence<'_> {
    #[expect(clippy::too_many_lines, reason = "a table: one entry a line says most")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let evidence = &self.0.evidence;
        match self.0.code {
            Code::NumberInvalid => {
                f.write_str("No numbering plan has this number, so no message can reach it.")
            }
            Code::NumberKind => match evidence.key {
                EvidenceKey::Kind(kind) => write!(
                    f,
                    "The number is {}, which this channel seldom or never reaches.",
                    kind_text(kind)
                ),
                _ => f.write_str("The number is of a kind that this channel seldom or never reaches."),
            },
            Code::NumberTariff => match evidence.key {
                EvidenceKey::Tariff(tariff) => {
                    write!(f, "The number is {}: {}.", tariff_text(tariff), tariff_why(tariff))
                }
                _ => f.write_str("Somebody earns money when this number is called or written to."),
            },
            Code::DestinationNotAllowed => match evidence.key {
                EvidenceKey::Country(country) => {
                    write!(f, "The profile does not send to {} on this channel.", country.name())
                }
                _ => f.write_str(
                    "The number belongs to no country, and the profile sends only to named countries.",
                ),
            },
            Code::DestinationLocked => match evidence.key {
                EvidenceKey::Country(country) => {
                    write!(f, "The profile is locked to another country than {}.", country.name())
                }
                _ => f.write_str("The profile is locked to one country, and the number belongs to none."),
            },
            Code::ListDeny => listed(f, "deny", evidence.key),
            Code::ListSafe => listed(f, "safe", evidence.key),
            Code::NumberProved => {
                write!(f, "A right code came back from this number {} ago.", Span(evidence.seen as u64))
            }
            code if surge(code).is_some() => {
                seen(f, surge(code).unwrap_or_default(), evidence, self.1 && code.is_shared())
            }
            Code::IpHosting => f.write_str("The address belongs to a data centre or a VPN."),
            Code::IpCountry => f.write_str("The address and the number are from different countries."),
            Code::IpProved => f.write_str("People at this address entered right codes lately."),
            Code::PersonProved => {
                f.write_str("This device or user entered a right code for another number before.")
            }
            Code::NumberSittings => write!(
                f,
                "The number was asked for on {:.0} of the last 28 days, and a right code came back on {:.0} of them.",
                evidence.seen,
                evidence.converted.unwrap_or_default()
            ),
            Code::BlockStanding => match evidence.key {
                EvidenceKey::Prefix(prefix) => write!(f, "Numbers that begin with {prefix} are blocked."),
                EvidenceKey::Country(country) => write!(f, "Numbers of {} are blocked.", country.name()),
                EvidenceKey::Network(_) => f.write_str("Numbers of this telephone network are blocked."),
                EvidenceKey::Evidence(Scope::Address) => f.write_str("The address is blocked."),
                EvidenceKey::Evidence(Scope::Neighbourhood) => {
                    f.write_str("The addresses around this one are blocked.")
                }
                EvidenceKey::Evidence(Scope::Device) => f.write_str("The device is blocked."),
                EvidenceKey::Evidence(Scope::User) => f.write_str("The user is blocked."),
                EvidenceKey::Evidence(Scope::WhenceNetwork) => f.write_str(
                    "What comes from this network of addresses to this telephone network is blocked.",
                ),
                EvidenceKey::Evidence(Scope::ProfileNetwork) => {
                    f.write_str("What this profile sends to this telephone network is blocked.")
                }
                EvidenceKey::Evidence(Scope::ClientNetwork) => {
                    f.write_str("What this browser or app sends to this telephone network is blocked.")
                }
                _ => f.write_str("A block stands against this destination or its source."),
            },
            Code::BudgetExhausted => f.write_str("The money set aside for this has been spent."),
            Code::BreakerOpen => f.write_str("No provider can carry the message at present."),
            Code::Waiver => f.write_str("The caller waived the judgement for this attempt."),
            Code::Holdout => f.write_str("It would have been blocked, and was not: a few are drawn by lot to learn whether blocking is right."),
            Code::Blind => write!(
                f,
                "Some counts did not answer in time: this was judged from what one of {} machines knows, with limits divided among them.",
                evidence.expected
            ),
            Code::Limit(LimitScope::NumberChecks) => write!(
                f,
                "{} wrong codes were entered for this number within {}; after {} nothing is sent to it.",
                evidence.seen,
                Span(u64::from(evidence.window_s)),
                evidence.expected
            ),
            Code::Limit(scope) => write!(
                f,
                "{} {} within {}, and {} are allowed.",
                evidence.seen,
                scope_text(scope),
                Span(u64::from(evidence.window_s)),
                evidence.expected
            ),
            _ => f.write_str("Something about it is unusual."),
        }
    }
}

/// What was seen more of than usual, in words.
fn surge(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::PrefixDensity | Code::PrefixConversion => "to numbers that lie close together",
        Code::NumberSequence => "to numbers in a regular order",
        Code::NetworkVolume | Code::NetworkConversion => "to this telephone network",
        Code::CountryVolume | Code::CountryConversion => "to this country",
        Code::ProfileUnusual => "from this application to this telephone network",
        Code::ClientUnusual => "from this browser or app to this telephone network",
        Code::WhenceUnusual => "from this internet network or country to this telephone network",
        Code::ChannelUnusual => "over this channel to this telephone network",
        Code::IpVelocity => "from this internet address or its neighbours",
        Code::DeviceReuse => "from this device",
        Code::UserReuse => "by this user",
        _ => return None,
    })
}

fn seen(f: &mut fmt::Formatter<'_>, what: &str, evidence: &Evidence, rounded: bool) -> fmt::Result {
    let window = Span(u64::from(evidence.window_s));
    match more_than(evidence.seen) {
        0.0 if rounded => f.write_str("Up to 10")?,
        below if rounded => write!(f, "More than {}", Whole(below))?,
        _ => write!(f, "{}", Whole(evidence.seen.max(1.0)))?,
    }
    write!(f, " new people asked for messages {what} within about {window}")?;
    if rounded && evidence.expected >= 0.5 {
        f.write_str(", which is more than usual")?;
    } else if evidence.expected >= 0.5 {
        write!(f, ", where {} are usual", Whole(evidence.expected))?;
    } else {
        f.write_str(", where hardly any are usual")?;
    }
    match evidence.converted {
        Some(share) if rounded => {
            write!(f, "; about {} in ten of those whose code should be back entered it.", Whole(share * 10.0))
        }
        Some(share) => {
            write!(
                f,
                "; {} in a hundred of those whose code should be back entered it.",
                Whole(share * 100.0)
            )
        }
        None => f.write_str("."),
    }
}

/// A count without its fraction, as `{:.0}` writes it and several times as quickly.
struct Whole(f64);

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if (0.0..9e15).contains(&self.0) {
            // Halves go to the even one.
            fmt::Display::fmt(&(libm::rint(self.0) as u64), f)
        } else {
            write!(f, "{:.0}", self.0)
        }
    }
}

fn listed(f: &mut fmt::Formatter<'_>, list: &str, key: EvidenceKey) -> fmt::Result {
    match key {
        EvidenceKey::Prefix(prefix) => {
            write!(f, "Numbers that begin with {prefix} stand on the {list} list.")
        }
        _ => write!(f, "The number or the address stands on the {list} list."),
    }
}

fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Mobile => "a mobile line",
        Kind::Fixed => "a landline",
        Kind::FixedOrMobile => "a landline or a mobile line",
        Kind::Voip => "an internet line",
        Kind::Personal => "a personal number that is passed on to other lines",
        Kind::Pager => "a pager",
        Kind::Uan => "a company's number",
        Kind::Voicemail => "a voice mailbox",
        Kind::Isp => "a dial-up access number",
        Kind::Unknown => "of an unknown kind",
    }
}

fn tariff_text(tariff: Tariff) -> &'static str {
    match tariff {
        Tariff::Standard => "an ordinary one",
        Tariff::Premium => "a premium one",
        Tariff::SharedCost => "a shared-cost one",
        Tariff::TollFree => "a toll-free one",
    }
}

fn tariff_why(tariff: Tariff) -> &'static str {
    match tariff {
        Tariff::Standard => "nobody earns by it",
        Tariff::Premium => "its owner earns by each message or call, and no person receives codes on it",
        Tariff::SharedCost => {
            "its owner may earn by each message or call, and hardly any person receives codes on it"
        }
        Tariff::TollFree => {
            "its owner pays or shares for each call, and hardly any person receives codes on it"
        }
    }
}

fn scope_text(scope: LimitScope) -> &'static str {
    match scope {
        LimitScope::Number => "messages went to this number",
        LimitScope::NumberChecks => "wrong codes were entered for this number",
        LimitScope::Ip => "messages were asked for from this address",
        LimitScope::Ipv4_24 => "messages were asked for from this address's neighbourhood (its /24)",
        LimitScope::Ipv6_64 => "messages were asked for from this address's /64",
        LimitScope::Ipv6_48 => "messages were asked for from this address's neighbourhood (its /48)",
        LimitScope::Device => "messages were asked for from this device",
        LimitScope::Session => "messages were asked for in this session",
        LimitScope::User => "messages were asked for by this user",
        LimitScope::UserAgent => "messages were asked for by browsers or apps of this description",
        LimitScope::Prefix => {
            "messages went to numbers that differ from this one in the last four digits only"
        }
        LimitScope::Network => "messages went to this number's network",
        LimitScope::Country => "messages went to this country",
        LimitScope::Profile => "messages went out under this profile",
        LimitScope::Tenant => "messages went out for this tenant",
    }
}

/// A span of time in its largest unit that leaves no rest, or in the largest that fits.
pub(crate) struct Span(pub u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
        let whole = UNITS.iter().find(|(s, _)| self.0 > 0 && self.0.is_multiple_of(*s) && self.0 / s < 120);
        let fits = || UNITS.iter().find(|(s, _)| self.0 >= *s);
        let (length, unit) = whole.or_else(fits).copied().unwrap_or((1, "second"));
        let n = self.0 / length;
        write!(f, "{n} {unit}{}", if n == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::Whole;
    use alloc::format;

    #[test]
    fn a_whole_count_is_written_as_the_library_writes_it() {
        let mut n = 0.004_f64;
        while n < 1e20 {
            for n in [n, n.floor(), n.floor() + 0.5, -n] {
                assert_eq!(format!("{}", Whole(n)), format!("{n:.0}"), "{n}");
            }
            n *= 1.037;
        }
        for n in [0.0, 0.5, 1.5, 2.5, 8_999_999_999_999_999.0, f64::INFINITY, f64::NAN] {
            assert_eq!(format!("{}", Whole(n)), format!("{n:.0}"), "{n}");
        }
    }
}
