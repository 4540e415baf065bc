//! Identifiers: a noun of three letters, then time and chance in an alphabet that sorts.
//!
//! 48 bits of Unix milliseconds and 112 random bits, as 32 characters of lower-case base 32 in
//! alphabetical order, so that text order is time order and nobody guesses another's.

use crate::clock::Dice;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What an identifier is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Noun {
    Verification,
    Attempt,
    Assessment,
    ListEntry,
    Block,
    Key,
    Profile,
    Tenant,
    Policy,
    Event,
    OutboxMessage,
    Audit,
    Request,
}

impl Noun {
    /// The three letters.
    pub fn letters(self) -> &'static str {
        match self {
            Self::Verification => "ver",
            Self::Attempt => "att",
            Self::Assessment => "asm",
            Self::ListEntry => "lst",
            Self::Block => "blk",
            Self::Key => "key",
            Self::Profile => "prf",
            Self::Tenant => "ten",
            Self::Policy => "pol",
            Self::Event => "evt",
            Self::OutboxMessage => "out",
            Self::Audit => "aud",
            Self::Request => "req",
        }
    }
}

/// A new identifier.
pub fn new(noun: Noun, at_ms: i64, dice: &dyn Dice) -> String {
    let mut bytes = [0_u8; 20];
    let (time, chance) = bytes.split_at_mut(6);
    time.copy_from_slice(at_ms.to_be_bytes().get(2..).unwrap_or(&[0; 6]));
    dice.fill(chance);
    let mut text = String::with_capacity(36);
    text.push_str(noun.letters());
    text.push('_');
    push_letters(&bytes, &mut text);
    text
}

/// Bytes in the identifiers' alphabet, five bits a letter; for secrets that people copy. The number of
/// bytes is a multiple of five.
pub fn letters(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_letters(bytes, &mut text);
    text
}

fn push_letters(bytes: &[u8], text: &mut String) {
    for five in bytes.chunks_exact(5) {
        let n = five.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        let mut eight = [b'0'; 8];
        for (letter, shift) in eight.iter_mut().zip((0..8).rev()) {
            let five_bits = (n >> (shift * 5)) as usize & 31;
            *letter = ALPHABET.get(five_bits).copied().unwrap_or(b'0');
        }
        // The alphabet is ASCII, so this is always text.
        text.push_str(std::str::from_utf8(&eight).unwrap_or_default());
    }
}

/// Whether `text` could be an identifier of this noun. Others are answered like unknown ones.
pub fn is(noun: Noun, text: &str) -> bool {
    text.strip_prefix(noun.letters())
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| ALPHABET.contains(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetDice;

    #[test]
    fn later_identifiers_sort_later_and_are_known_by_their_noun() {
        let dice = SetDice::seeded(1);
        let a = new(Noun::Verification, 1_700_000_000_000, &*dice);
        let b = new(Noun::Verification, 1_700_000_000_001, &*dice);
        assert!(a < b);
        assert!(is(Noun::Verification, &a) && !is(Noun::Attempt, &a));
        assert!(!is(Noun::Verification, "ver_short"));
        assert_ne!(new(Noun::Attempt, 0, &*dice), new(Noun::Attempt, 0, &*dice));
    }
}
