//! Telnyx's records of messages.

use super::{Format, ImportError, Named, Row, at_ms, at_ms_if, delivery, outbound, owned, phone, price};

pub(super) static FORMAT: Format = Format {
    name: "telnyx-mdr",
    about: "Telnyx, messaging detail records, CSV or one JSON object a line",
    must: &["uuid", "cld", "status", "created_at"],
    row,
};

fn row(named: Named<'_>) -> Result<Option<Row>, ImportError> {
    if !outbound(named) {
        return Ok(None);
    }
    let at_ms = at_ms(named, &["sent_at", "created_at"])?;
    let reported = at_ms_if(named, &["completed_at", "updated_at"])?.unwrap_or(at_ms);
    let status = named.any(&["delivery_status", "status"]);
    let code = named.get("mcc").and_then(|mcc| Some([mcc, named.get("mnc")?].concat()));
    Ok(Some(Row {
        id: named.must("uuid")?.into(),
        at_ms,
        phone: phone(named.must("cld")?),
        price_micros: price(named, "cost")?,
        currency: owned(named.get("currency")),
        profile: owned(named.any(&["profile_name", "profile_id"])),
        network_code: code,
        delivery: status.and_then(delivery).map(|status| (status, reported)),
        ..Row::default()
    }))
}
