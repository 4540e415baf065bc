//! Checks the signature of a callback, in a time that does not depend on it.

use crate::config::provider::{Algorithm, SignatureSettings};
use crate::provider::Callback;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{hmac, signature};
use secrecy::ExposeSecret;

/// Whether the callback is signed with the key of the settings, and not too old.
pub fn is_right(
    settings: &SignatureSettings,
    callback: &Callback<'_>,
    form: Option<&[(String, String)]>,
) -> bool {
    let Some(given) = callback.headers.get(&settings.header) else { return false };
    let Some(given) = given.trim().strip_prefix(settings.prefix.as_str()) else { return false };
    let given = if settings.hex { hex(given) } else { STANDARD.decode(given).ok() };
    let (Some(given), Some(signed)) = (given, signed(settings, callback, form)) else { return false };
    let key = settings.key.expose_secret();
    if key.is_empty() {
        return false;
    }
    let hmac = |algorithm| hmac::verify(&hmac::Key::new(algorithm, key.as_bytes()), &signed, &given).is_ok();
    match settings.algorithm {
        Algorithm::HmacSha256 => hmac(hmac::HMAC_SHA256),
        Algorithm::HmacSha1 => hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        Algorithm::Ed25519 => STANDARD.decode(key).is_ok_and(|key| {
            signature::UnparsedPublicKey::new(&signature::ED25519, key).verify(&signed, &given).is_ok()
        }),
    }
}

/// The bytes that are signed; `None` if the time is missing or too far off.
fn signed(
    settings: &SignatureSettings,
    callback: &Callback<'_>,
    form: Option<&[(String, String)]>,
) -> Option<Vec<u8>> {
    let stamp = match &settings.timestamp_header {
        Some(header) => {
            let stamp = callback.headers.get(header)?;
            let at_ms = stamp.trim().parse::<i64>().ok()?.checked_mul(1000)?;
            let off = callback.at_ms.abs_diff(at_ms);
            (off <= settings.tolerance.as_millis().try_into().unwrap_or(u64::MAX)).then_some(())?;
            stamp.trim()
        }
        None => "",
    };
    let mut bytes = Vec::new();
    for part in &settings.signed {
        match part.as_str() {
            "body" => bytes.extend_from_slice(callback.body),
            "url" => bytes.extend_from_slice(callback.url.as_bytes()),
            "timestamp" => bytes.extend_from_slice(stamp.as_bytes()),
            "form" => {
                let mut fields = form?.to_vec();
                fields.sort();
                for (name, value) in fields {
                    bytes.extend_from_slice(name.as_bytes());
                    bytes.extend_from_slice(value.as_bytes());
                }
            }
            other => bytes.extend_from_slice(other.as_bytes()),
        }
    }
    Some(bytes)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
