//! Twilio's attempts of Verify: the one source of Twilio's that says of each message whether its code came back.

use super::{
    CheckResult, Format, ImportError, Named, Row, at_ms, at_ms_if, delivery, line, owned, phone, price,
};

pub(super) static FORMAT: Format = Format {
    name: "twilio-verify-attempts",
    about: "Twilio, list of Verify attempts, one JSON object a line",
    must: &["sid", "date_created", "conversion_status", "channel_data.to"],
    row,
};

fn row(named: Named<'_>) -> Result<Option<Row>, ImportError> {
    let at_ms = at_ms(named, &["date_created"])?;
    let updated = at_ms_if(named, &["date_updated"])?.unwrap_or(at_ms);
    let converted =
        named.get("conversion_status").is_some_and(|status| status.eq_ignore_ascii_case("converted"));
    let report = named.get("channel_data.message_status").or_else(|| named.get("channel_data.call_status"));
    Ok(Some(Row {
        id: named.must("sid")?.into(),
        at_ms,
        phone: phone(named.must("channel_data.to")?),
        channel: named.get("channel").map(line::channel),
        price_micros: price(named, "price.value")?,
        currency: named.get("price.currency").map(str::to_uppercase),
        session: owned(named.get("verification_sid")),
        profile: owned(named.get("service_sid")),
        network_code: code(named),
        // The last change of a converted one is the check; the delivery lies somewhere before it.
        delivery: report.and_then(delivery).map(|status| (status, if converted { at_ms } else { updated })),
        check: converted.then_some((CheckResult::Ok, updated)),
        ..Row::default()
    }))
}

fn code(named: Named<'_>) -> Option<super::String> {
    Some([named.get("channel_data.mcc")?, named.get("channel_data.mnc")?].concat())
}
