//! Vonage's report of outbound messages.

use super::{Format, ImportError, Named, Row, at_ms, at_ms_if, delivery, outbound, owned, phone, price};

pub(super) static FORMAT: Format = Format {
    name: "vonage-sms-outbound",
    about: "Vonage, Reports API, SMS outbound, CSV",
    must: &["message_id", "to", "date_received", "status"],
    row,
};

fn row(named: Named<'_>) -> Result<Option<Row>, ImportError> {
    if !outbound(named) {
        return Ok(None);
    }
    let at_ms = at_ms(named, &["date_received"])?;
    let reported = at_ms_if(named, &["date_finalized"])?.unwrap_or(at_ms);
    Ok(Some(Row {
        id: named.must("message_id")?.into(),
        at_ms,
        phone: phone(named.must("to")?),
        price_micros: price(named, "total_price")?,
        currency: owned(named.get("currency")),
        profile: owned(named.get("account_id")),
        network_code: owned(named.get("network")),
        delivery: named.get("status").and_then(delivery).map(|status| (status, reported)),
        ..Row::default()
    }))
}
