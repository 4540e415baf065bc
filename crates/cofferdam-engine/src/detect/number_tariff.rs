//! A line whose owner earns, or may earn, by what is sent to it.
//!
//! Example: a text to `+44 909 8790 000`, a premium number → `number.tariff`, key `premium`.
//! A WhatsApp message to it → nothing: no telephone company is paid.

use super::{Case, Question, Signals, tell};
use crate::attempt::Channel;
use crate::need::Needs;
use crate::signal::{Code, Evidence, EvidenceKey};
use cofferdam_atlas::Tariff;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    // WhatsApp and e-mail pay no telephone company, so a tariff earns nobody anything there.
    let paid = matches!(case.attempt.channel, Channel::Sms | Channel::Voice);
    if paid && case.tariff != Tariff::Standard {
        let key = EvidenceKey::Tariff(case.tariff);
        tell(signals, Code::NumberTariff, Evidence { key, seen: 1.0, ..Evidence::default() });
    }
}
