//! Names under which things are counted and kept, that cannot be turned back without the key.
//!
//! A phone number, an address or a device id is personal data, and a plain hash of a number hides
//! nothing (there are too few numbers). So everything that is counted or journalled stands under a
//! keyed name: SipHash-2-4 with a key of the installation. The shell owns the key and hands over a
//! [`Keyer`]; the engine never sees where it comes from.

use core::hash::Hasher as _;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher24};

/// A tenant's live or test world. What belongs to a tenant alone is counted under its realm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Realm(pub u64);

/// A number's keyed name: the same number in the same realm always has the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pseudonym(pub u128);

/// Makes keyed names.
#[derive(Clone)]
pub struct Keyer {
    key: [u8; 16],
}

impl core::fmt::Debug for Keyer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Keyer(…)")
    }
}

impl Keyer {
    /// A keyer over the installation's pseudonym key.
    pub fn new(key: [u8; 16]) -> Self {
        Self { key }
    }

    /// The keyed name of some bytes, for one purpose; purposes never collide by construction of `what`.
    pub fn name(&self, realm: Realm, what: u8, bytes: &[u8]) -> Pseudonym {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write_u64(realm.0);
        hasher.write_u8(what);
        hasher.write(bytes);
        Pseudonym(hasher.finish128().as_u128())
    }

    /// The short form of [`Keyer::name`], under which a tally is kept.
    pub fn short(&self, realm: Realm, what: u8, bytes: &[u8]) -> u64 {
        self.name(realm, what, bytes).0 as u64
    }
}
