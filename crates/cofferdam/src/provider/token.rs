//! The secret token in the address of delivery callbacks: derived, so that nothing is stored, and
//! bound to the provider, so that one provider cannot report for another.

use crate::secrets::{Purpose, Secrets};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

/// The token of a provider.
pub fn token(secrets: &Secrets, provider: &str) -> String {
    URL_SAFE_NO_PAD.encode(secrets.mac(Purpose::Delivery, &[b"callback", provider.as_bytes()]))
}

/// Whether a token is the provider's, in a time that does not depend on it.
pub fn is_right(secrets: &Secrets, provider: &str, given: &str) -> bool {
    token(secrets, provider).as_bytes().ct_eq(given.as_bytes()).into()
}

/// The address at which a provider may report, below the one under which it reaches us.
pub fn delivery_url(secrets: &Secrets, public_url: &str, provider: &str) -> String {
    format!("{}/v1/deliveries/{provider}/{}", public_url.trim_end_matches('/'), token(secrets, provider))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use zeroize::Zeroizing;

    #[test]
    fn a_token_is_right_for_its_provider_alone() {
        let secrets = Secrets::new(BTreeMap::from([(1, Zeroizing::new([7; 32]))])).unwrap();
        let main = token(&secrets, "main");
        assert!(
            main.len() >= 43 && main.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert!(is_right(&secrets, "main", &main));
        assert!(!is_right(&secrets, "backup", &main));
        for wrong in ["", "x", &main[1..], &format!("{main}x")] {
            assert!(!is_right(&secrets, "main", wrong), "{wrong}");
        }
        assert_eq!(
            delivery_url(&secrets, "https://sms.example/", "main"),
            format!("https://sms.example/v1/deliveries/main/{main}")
        );
    }
}
