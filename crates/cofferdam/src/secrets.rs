//! The installation's secret key and all that is derived from it.
//!
//! One master key, versioned so that rotation keeps old codes until they end; every purpose gets a
//! key of its own by HMAC-SHA256 over its name, so that no two purposes share one. The key comes
//! from a setting or from a file of mode 0600 beside the store, is never part of a backup, and is
//! never printed.

pub mod file;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use cofferdam_engine::Keyer;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A version of the master key.
pub type Version = u32;

/// The installation's secrets.
pub struct Secrets {
    masters: BTreeMap<Version, Zeroizing<[u8; 32]>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} versions)", self.masters.len())
    }
}

/// What a derived key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Codes.
    Code,
    /// Keyed names. Always from the first version: they must not change when the key is rotated.
    Pseudonym,
    /// Numbers, own codes and stored answers that must be read again.
    Seal,
    /// Fingerprints of idempotent requests.
    Fingerprint,
    /// Hashes of API keys.
    ApiKey,
    /// List cursors.
    Cursor,
    /// Tokens of delivery callbacks.
    Delivery,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Pseudonym => "pseudonym",
            Self::Seal => "seal",
            Self::Fingerprint => "fingerprint",
            Self::ApiKey => "api key",
            Self::Cursor => "cursor",
            Self::Delivery => "delivery",
        }
    }

    /// Purposes whose products are compared across rotations are bound to the first version.
    fn rotates(self) -> bool {
        matches!(self, Self::Code | Self::Seal)
    }
}

/// HMAC-SHA256 over parts, each with its length before it, so that no two lists of parts are alike.
pub fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    MacKey::new(key).map_or([0; 32], |key| key.mac(parts))
}

/// A key that many are made under: what it takes to begin with it is done once.
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// HMAC takes a key of any length, so there always is one; an empty key would still make a valid MAC.
    pub fn new(key: &[u8]) -> Option<Self> {
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).ok().map(Self)
    }

    /// As [`mac`] makes it.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl Secrets {
    /// Secrets from their versions; `None` if there is none.
    pub fn new(masters: BTreeMap<Version, Zeroizing<[u8; 32]>>) -> Option<Self> {
        (!masters.is_empty()).then_some(Self { masters })
    }

    /// The newest version: what new codes and seals are made under.
    pub fn current(&self) -> Version {
        self.masters.last_key_value().map_or(0, |(version, _)| *version)
    }

    /// The key for a purpose, of a version; `None` if that version is gone.
    pub fn key(&self, purpose: Purpose, version: Version) -> Option<Zeroizing<[u8; 32]>> {
        let version = if purpose.rotates() { version } else { *self.masters.first_key_value()?.0 };
        let master = self.masters.get(&version)?;
        Some(Zeroizing::new(mac(&master[..], &[b"cofferdam", purpose.name().as_bytes()])))
    }

    /// HMAC under the key for a purpose that never rotates.
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        self.key(purpose, self.current()).map_or([0; 32], |key| mac(&key[..], parts))
    }

    /// A name for the key that tells nothing of it: two keys never have the same. Of the oldest version, which
    /// stays when the key is rotated.
    pub fn name(&self) -> String {
        let name = self.mac(Purpose::Pseudonym, &[b"the name of the key"]);
        name.first_chunk().map_or_else(String::new, |half| format!("{:032x}", u128::from_be_bytes(*half)))
    }

    /// Makes keyed names.
    pub fn keyer(&self) -> Keyer {
        let mut key = [0; 16];
        for (to, from) in key.iter_mut().zip(self.mac(Purpose::Pseudonym, &[b"names"])) {
            *to = from;
        }
        Keyer::new(key)
    }

    /// Seals `clear`; it opens only with the same `context`, so a sealed value can't be moved elsewhere.
    pub fn seal(&self, dice: &dyn crate::clock::Dice, context: &[u8], clear: &[u8]) -> Vec<u8> {
        let version = self.current();
        let mut nonce = [0; 24];
        dice.fill(&mut nonce);
        let sealed = self.key(Purpose::Seal, version).and_then(|key| {
            let cipher = XChaCha20Poly1305::new_from_slice(&key[..]).ok()?;
            cipher.encrypt(&XNonce::from(nonce), Payload { msg: clear, aad: context }).ok()
        });
        let mut out = version.to_le_bytes().to_vec();
        out.extend_from_slice(&nonce);
        out.extend(sealed.unwrap_or_default());
        out
    }

    /// Opens what [`Secrets::seal`] made; `None` if it was changed, moved, or its version is gone.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (version, rest) = sealed.split_first_chunk::<4>()?;
        let (nonce, rest) = rest.split_first_chunk::<24>()?;
        let key = self.key(Purpose::Seal, Version::from_le_bytes(*version))?;
        let cipher = XChaCha20Poly1305::new_from_slice(&key[..]).ok()?;
        let clear = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: rest, aad: context }).ok()?;
        Some(Zeroizing::new(clear))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetDice;

    fn secrets(versions: &[(u32, u8)]) -> Secrets {
        Secrets::new(versions.iter().map(|(v, b)| (*v, Zeroizing::new([*b; 32]))).collect()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_only_in_its_place_and_also_after_a_rotation() {
        let dice = SetDice::seeded(7);
        let sealed = secrets(&[(1, 1)]).seal(&*dice, b"ver_a", b"+12125550100");
        let rotated = secrets(&[(1, 1), (2, 2)]);
        assert_eq!(rotated.open(b"ver_a", &sealed).unwrap().as_slice(), b"+12125550100");
        assert!(rotated.open(b"ver_b", &sealed).is_none());
        assert!(secrets(&[(2, 2)]).open(b"ver_a", &sealed).is_none());
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(rotated.open(b"ver_a", &changed).is_none());
        assert!(rotated.open(b"ver_a", &sealed[..10]).is_none());
    }

    #[test]
    fn purposes_never_share_a_key_and_only_codes_and_seals_rotate() {
        let one = secrets(&[(1, 1)]);
        let two = secrets(&[(1, 1), (2, 2)]);
        assert_ne!(one.mac(Purpose::Cursor, &[b"a"]), one.mac(Purpose::Delivery, &[b"a"]));
        assert_eq!(one.mac(Purpose::Fingerprint, &[b"a"]), two.mac(Purpose::Fingerprint, &[b"a"]));
        assert_ne!(one.key(Purpose::Code, 1), two.key(Purpose::Code, 2));
        assert_eq!(one.key(Purpose::Code, 1), two.key(Purpose::Code, 1));
        assert_ne!(mac(b"k", &[b"ab", b"c"]), mac(b"k", &[b"a", b"bc"]));
    }
}
