//! A kind of line that the channel seldom or never reaches.
//!
//! Example: a text to `+44 20 7946 0018`, a landline → `number.kind`, key `fixed`.
//! A call to the same number → nothing.

use super::{Case, Question, Signals, tell};
use crate::attempt::Channel;
use crate::need::Needs;
use crate::signal::{Code, Evidence, EvidenceKey};
use cofferdam_atlas::Kind;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    let channel = case.attempt.channel;
    let odd = match case.kind {
        // WhatsApp serves landlines of companies, and a voice call reaches every landline.
        Kind::Fixed => channel == Channel::Sms,
        Kind::Pager | Kind::Uan | Kind::Voicemail | Kind::Isp => channel != Channel::Email,
        Kind::Mobile | Kind::FixedOrMobile | Kind::Voip | Kind::Personal | Kind::Unknown => false,
    };
    if odd {
        let key = EvidenceKey::Kind(case.kind);
        tell(signals, Code::NumberKind, Evidence { key, seen: 1.0, ..Evidence::default() });
    }
}
