//! Twilio's messages, as the interface and the daily bulk export have them: one JSON object a line.

use super::{Format, ImportError, Named, Row, at_ms, at_ms_if, delivery, outbound, owned, phone, price};

pub(super) static FORMAT: Format = Format {
    name: "twilio-messages-api",
    about: "Twilio, message resource or bulk export, one JSON object a line",
    must: &["to", "status", "date_created", "sid"],
    row,
};

fn row(named: Named<'_>) -> Result<Option<Row>, ImportError> {
    if !outbound(named) {
        return Ok(None);
    }
    let at_ms = at_ms(named, &["date_sent", "date_created"])?;
    let reported = at_ms_if(named, &["date_updated"])?.unwrap_or(at_ms);
    Ok(Some(Row {
        id: named.must("sid")?.into(),
        at_ms,
        phone: phone(named.must("to")?.trim_start_matches("whatsapp:")),
        channel: named.get("to").filter(|to| to.starts_with("whatsapp:")).map(|_| super::Channel::Whatsapp),
        price_micros: price(named, "price")?,
        currency: owned(named.get("price_unit")),
        delivery: named.get("status").and_then(delivery).map(|status| (status, reported)),
        ..Row::default()
    }))
}
