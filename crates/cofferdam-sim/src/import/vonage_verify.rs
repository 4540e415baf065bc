//! Vonage's report of verifications: a row is a verification, which may be several messages and calls.

use super::{CheckResult, Format, ImportError, Named, Row, at_ms, at_ms_if, owned, phone, price};

pub(super) static FORMAT: Format = Format {
    name: "vonage-verify",
    about: "Vonage, Reports API, VERIFY-API, CSV",
    must: &["request_id", "to", "date_received", "verify_status"],
    row,
};

fn row(named: Named<'_>) -> Result<Option<Row>, ImportError> {
    let at_ms = at_ms(named, &["first_event_date", "date_received"])?;
    let ended = at_ms_if(named, &["date_finalized", "last_event_date"])?.unwrap_or(at_ms);
    let count = |name| named.get(name).and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
    let (texts, calls) = (count("sms_event_count"), count("tts_event_count"));
    let sends = texts.saturating_add(calls).clamp(1, super::SENDS_MAX);
    let status = named.get("verify_status").unwrap_or("").to_ascii_uppercase();
    let check = match status.as_str() {
        "SUCCESS" => Some((CheckResult::Ok, ended)),
        // Failed: wrong codes until there were no more tries.
        "FAILED" => Some((CheckResult::Wrong, ended)),
        _ => None,
    };
    // What the messages came to is for all of them; `price` is for the success.
    let messages = price(named, "estimated_price")?.or(price(named, "price")?);
    Ok(Some(Row {
        id: named.must("request_id")?.into(),
        at_ms,
        phone: phone(named.must("to")?),
        voice: texts == 0 && calls > 0,
        price_micros: messages.map(|micros| micros / i64::from(sends)),
        currency: owned(named.get("currency")),
        session: owned(named.get("request_id")),
        profile: owned(named.get("account_id")),
        network_code: owned(named.get("network")),
        check,
        sends,
        ..Row::default()
    }))
}
