//! The keys under which proofs and limits are kept: a purpose, a realm and keyed names, mixed.
//! The names are keyed already, so nobody outside can choose where a key falls and a fast mixer
//! is enough. Two purposes never share a key by their making. Called by the verbs alone.

use crate::key::{Pseudonym, Realm};
use crate::limit::LimitScope;

const PROVED_NUMBER: u64 = 1;
const PROVED_DEVICE: u64 = 2;
const PROVED_USER: u64 = 3;
const PROVED_NUMBER_DEVICE: u64 = 4;
const PROVED_NUMBER_USER: u64 = 5;
const PAIR_DEVICE: u64 = 6;
const PAIR_USER: u64 = 7;
const LIMIT: u64 = 0x100;

pub fn proved_number(realm: Realm, number: Pseudonym) -> u64 {
    mix(PROVED_NUMBER, realm, fold(number), 0)
}

pub fn proved_device(realm: Realm, device: u64) -> u64 {
    mix(PROVED_DEVICE, realm, device, 0)
}

pub fn proved_user(realm: Realm, user: u64) -> u64 {
    mix(PROVED_USER, realm, user, 0)
}

pub fn number_device(realm: Realm, number: Pseudonym, device: u64) -> u64 {
    mix(PROVED_NUMBER_DEVICE, realm, fold(number), device)
}

pub fn number_user(realm: Realm, number: Pseudonym, user: u64) -> u64 {
    mix(PROVED_NUMBER_USER, realm, fold(number), user)
}

/// The allowance of a number and the device that proved it.
pub fn pair_device(realm: Realm, number: Pseudonym, device: u64) -> u64 {
    mix(PAIR_DEVICE, realm, fold(number), device)
}

/// The allowance of a number and the user who proved it.
pub fn pair_user(realm: Realm, number: Pseudonym, user: u64) -> u64 {
    mix(PAIR_USER, realm, fold(number), user)
}

pub fn limit(realm: Realm, scope: LimitScope, value: u64) -> u64 {
    mix(LIMIT + scope as u64, realm, value, 0)
}

/// A number as one word, to be mixed.
pub fn fold(number: Pseudonym) -> u64 {
    (number.0 >> 64) as u64 ^ number.0 as u64
}

fn mix(purpose: u64, realm: Realm, a: u64, b: u64) -> u64 {
    stir(stir(stir(stir(purpose) ^ realm.0) ^ a) ^ b)
}

/// David Stafford's thirteenth variant of the 64-bit finisher: a bijection in which each bit of the
/// input moves each bit of the output with a chance near one half.
fn stir(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const EVIDENCE: u64 = 0x200;
const SEEN_NUMBER: u64 = 8;
const SEEN_SESSION: u64 = 9;

/// The record of a scope of evidence.
pub fn evidence(realm: Realm, scope: u64, a: u64, b: u64) -> u64 {
    mix(EVIDENCE + scope, realm, a, b)
}

/// When a number was last counted.
pub fn seen_number(realm: Realm, number: Pseudonym) -> u64 {
    mix(SEEN_NUMBER, realm, fold(number), 0)
}

/// When a session was last counted.
pub fn seen_session(realm: Realm, session: u64) -> u64 {
    mix(SEEN_SESSION, realm, session, 0)
}
