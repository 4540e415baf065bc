//! Telnyx's records of verifications.

use super::{
    CheckResult, Format, ImportError, Named, Row, at_ms, at_ms_if, delivery, line, owned, phone, price,
};

pub(super) static FORMAT: Format = Format {
    name: "telnyx-verify",
    about: "Telnyx, verify detail records, CSV or one JSON object a line",
    must: &["id", "destination_phone_number", "created_at", "verification_status"],
    row,
};

fn row(named: Named<'_>) -> Result<Option<Row>, ImportError> {
    let at_ms = at_ms(named, &["created_at"])?;
    let updated = at_ms_if(named, &["updated_at"])?.unwrap_or(at_ms);
    let status = named.get("verification_status").unwrap_or("").to_ascii_lowercase();
    let check = match status.as_str() {
        "accepted" => Some((CheckResult::Ok, updated)),
        "rejected" | "invalid" => Some((CheckResult::Wrong, updated)),
        _ => None,
    };
    Ok(Some(Row {
        id: named.must("id")?.into(),
        at_ms,
        phone: phone(named.must("destination_phone_number")?),
        channel: named.get("verify_channel_type").map(line::channel),
        // The price of the message; what a success is charged on top is not what an attacker earns.
        price_micros: price(named, "rate")?,
        currency: owned(named.get("currency")),
        profile: owned(named.get("verify_profile_id")),
        delivery: named.get("delivery_status").and_then(delivery).map(|status| (status, at_ms)),
        check,
        ..Row::default()
    }))
}
