//! Plivo's records of messages, as the console exports them or sends them by e-mail (a shorter header).

use super::twilio_messages::REPORT_AFTER_MS;
use super::{Format, ImportError, Named, Row, at_ms, delivery, outbound, phone, price};

pub(super) static FORMAT: Format = Format {
    name: "plivo-mdr",
    about: "Plivo, message detail records, CSV of the console or by e-mail",
    must: &["message uuid", "to", "status"],
    row,
};

fn row(named: Named<'_>) -> Result<Option<Row>, ImportError> {
    if !outbound(named) {
        return Ok(None);
    }
    let at_ms = at_ms(named, &["message time", "time"])?;
    let paid = match price(named, "total charge (usd)")? {
        Some(paid) => Some(paid),
        None => price(named, "message charge")?.or(price(named, "amount")?),
    };
    Ok(Some(Row {
        id: named.must("message uuid")?.into(),
        at_ms,
        phone: phone(named.must("to")?),
        price_micros: paid,
        // The currency stands in the names of the columns.
        currency: Some("USD".into()),
        delivery: named.get("status").and_then(delivery).map(|status| (status, at_ms + REPORT_AFTER_MS)),
        ..Row::default()
    }))
}
