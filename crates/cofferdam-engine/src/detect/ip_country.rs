//! Address and number are from different countries. Travellers and expatriates are, too.
//!
//! Example: a number of the United Kingdom asked for from the United States → `ip.country`.
//! Both from one country, or no address known → nothing.

use super::{Case, Question, Signals, nats};
use crate::need::Needs;
use crate::signal::{Code, Evidence, EvidenceKey};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    if let (Some(number), Some(address)) = (case.attempt.place.country, case.attempt.source.country)
        && number != address
    {
        let evidence = Evidence { key: EvidenceKey::Country(number), ..Evidence::default() };
        // One and a half times as likely an attack. Source: detection paper, 3.8.
        nats(signals, Code::IpCountry, evidence, 0.4);
    }
}
