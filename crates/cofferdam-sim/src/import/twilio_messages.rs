//! Twilio's log of messages, as the console exports it.

use super::{Format, ImportError, Named, Row, at_ms, delivery, outbound, owned, phone, price};

pub(super) static FORMAT: Format = Format {
    name: "twilio-messages",
    about: "Twilio, Programmable Messaging log, CSV of the console",
    must: &["to", "status", "sentdate", "sid"],
    row,
};

/// Nothing says when a message was delivered: a status is taken to come a few seconds later.
pub(super) const REPORT_AFTER_MS: i64 = 5_000;

fn row(named: Named<'_>) -> Result<Option<Row>, ImportError> {
    if !outbound(named) {
        return Ok(None);
    }
    let at_ms = at_ms(named, &["sentdate"])?;
    Ok(Some(Row {
        id: named.must("sid")?.into(),
        at_ms,
        phone: phone(named.must("to")?.trim_start_matches("whatsapp:")),
        channel: named.get("to").filter(|to| to.starts_with("whatsapp:")).map(|_| super::Channel::Whatsapp),
        price_micros: price(named, "price")?,
        currency: owned(named.get("priceunit")),
        delivery: named.get("status").and_then(delivery).map(|status| (status, at_ms + REPORT_AFTER_MS)),
        ..Row::default()
    }))
}
