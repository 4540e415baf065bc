//! Finds things in what a provider wrote: pointers, texts that may be numbers, prices.

use crate::provider::Money;
use serde_json::Value;

/// Longest name of a message that is kept.
const TEXT_MAX: usize = 200;

/// A text or a number under a pointer, as text.
pub fn text(body: &Value, pointer: Option<&str>) -> Option<String> {
    let text = match body.pointer(pointer?)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(bool) => bool.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= TEXT_MAX && !text.chars().any(char::is_control)).then_some(text)
}

/// A price: text, number, or an object of amount and currency. Some providers write what they charge
/// as a negative figure, so the sign is dropped.
pub fn price(body: &Value, at: Option<&str>, currency: Option<&str>, default: &str) -> Option<Money> {
    let found = body.pointer(at?)?;
    let (amount, own) = match found {
        Value::Object(object) => (object.get("amount")?, object.get("currency").and_then(Value::as_str)),
        other => (other, None),
    };
    let micros = match amount {
        Value::String(text) => micros(text)?,
        Value::Number(number) => micros(&number.to_string())?,
        _ => return None,
    };
    let named = text(body, currency).or_else(|| own.map(str::to_owned));
    let currency = named.unwrap_or_else(|| default.to_owned()).to_ascii_uppercase();
    let good = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    good.then_some(Money { micros, currency })
}

/// Millionths of a decimal text, exactly; what is finer is rounded up, because it is charged.
pub fn micros(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches(['-', '+']);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || digits.len() > 30 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: i128 = digits.parse().ok()?;
    // Millionths: six places more, less those behind the point.
    let shift = exponent.checked_add(6)?.checked_sub(i32::try_from(part.len()).ok()?)?;
    if !(-30..=30).contains(&shift) {
        return (value == 0).then_some(0);
    }
    let power = 10_i128.checked_pow(shift.unsigned_abs())?;
    let micros =
        if shift >= 0 { value.checked_mul(power)? } else { value / power + i128::from(value % power != 0) };
    // A million a message is no price: it is a mistake, and sums of it would overflow.
    i64::try_from(micros).ok().filter(|micros| *micros <= 1_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prices_are_exact_in_every_way_they_are_written() {
        let cases = [
            ("0.0742", Some(74_200)),
            ("-0.00750", Some(7_500)),
            ("1", Some(1_000_000)),
            ("1e-3", Some(1_000)),
            ("0.0000001", Some(1)),
            ("5.1E1", Some(51_000_000)),
            ("0", Some(0)),
            (".5", Some(500_000)),
            ("", None),
            ("abc", None),
            ("1.2.3", None),
            ("9999999999999999999", None),
            ("1e99", None),
            ("1e2147483647", None),
            ("1.5e-2147483648", None),
            ("1000000.1", None),
            ("NaN", None),
        ];
        for (text, expected) in cases {
            assert_eq!(micros(text), expected, "{text}");
        }
    }

    #[test]
    fn a_price_is_text_number_or_object() {
        let usd = |micros| Some(Money { micros, currency: "USD".to_owned() });
        let of = |body: Value| price(&body, Some("/price"), Some("/unit"), "USD");
        assert_eq!(of(json!({"price": "-0.0075"})), usd(7_500));
        assert_eq!(of(json!({"price": 0.0051})), usd(5_100));
        let euro = Some(Money { micros: 74_200, currency: "EUR".to_owned() });
        assert_eq!(of(json!({"price": {"amount": "0.0742", "currency": "eur"}})), euro);
        assert_eq!(of(json!({"price": "0.0742", "unit": "EUR"})), euro);
        assert_eq!(of(json!({"price": null})), None);
        assert_eq!(of(json!({"price": "0.1", "unit": "coins"})), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_price_or_none(text in ".*") {
            if let Some(micros) = micros(&text) {
                proptest::prop_assert!(micros >= 0);
            }
        }
    }
}
