//! The code: derived, never stored, never shown by accident.
//!
//! A code is derived from the verification's identifier under a versioned key, so it is the same on
//! every resend and nothing in clear rests anywhere. It is uniform over its whole space, leading
//! zeros included. A caller's own code is sealed under the installation's key until its verification
//! ends. The engine never sees a code. Called by `start`, `check`, `send` and the outbox.

use super::magic;
use crate::secrets::{Purpose, Secrets, Version, mac};
use crate::store::row::Verification;
use std::fmt::Write as _;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Longest code there is.
pub const LONGEST: usize = 10;

/// A code in clear. No `Debug`, no `Display`, not comparable but by [`Code::matches`].
pub struct Code(Zeroizing<String>);

impl Code {
    /// A code as somebody wrote it, without the spaces and hyphens that people add.
    pub fn typed(text: &str) -> Self {
        let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        // One more than the longest is enough to be wrong.
        Self(Zeroizing::new(kept.take(LONGEST + 1).collect()))
    }

    /// The code itself, for the message. Whoever calls this says where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is the same code, in a time that depends on neither.
    pub fn matches(&self, other: &Self) -> bool {
        fixed(self)[..].ct_eq(&fixed(other)[..]).into()
    }
}

/// A code on a fixed length: its bytes, then how many there were.
fn fixed(code: &Code) -> Zeroizing<[u8; 64]> {
    let mut out = Zeroizing::new([0_u8; 64]);
    for (to, from) in out.iter_mut().zip(code.0.bytes().take(63)) {
        *to = from;
    }
    if let Some(last) = out.last_mut() {
        *last = u8::try_from(code.0.len()).unwrap_or(u8::MAX);
    }
    out
}

/// The code of a verification: its own, a magic one, or the derived one. `None` if the secret that it
/// needs is gone, or its own code is.
pub fn of(secrets: &Secrets, verification: &Verification) -> Option<Code> {
    let fixed = &verification.fixed;
    if let Some(sealed) = &fixed.own_code {
        let clear = secrets.open(&own_context(&verification.id), sealed)?;
        return Some(Code(Zeroizing::new(std::str::from_utf8(&clear).ok()?.to_owned())));
    }
    if fixed.magic_ending == Some(magic::DELIVERED) {
        return Some(Code(Zeroizing::new("0".repeat(usize::from(fixed.code_length)))));
    }
    derive(secrets, fixed.code_version, &verification.id, fixed.code_length)
}

/// What a caller's own code is sealed with, so that it can't be moved.
pub fn own_context(verification: &str) -> Vec<u8> {
    [verification.as_bytes(), b"/code"].concat()
}

/// Derives a code of `length` digits.
pub fn derive(secrets: &Secrets, version: Version, verification: &str, length: u8) -> Option<Code> {
    let key = secrets.key(Purpose::Code, version)?;
    derive_under(&key[..], verification, length)
}

fn derive_under(key: &[u8], verification: &str, length: u8) -> Option<Code> {
    let space = 10_u64.checked_pow(u32::from(length))?;
    // The largest multiple of the space: what lies above it would make low codes more likely.
    let fair = u64::MAX - u64::MAX % space;
    for round in 0..64_u8 {
        let drawn = Zeroizing::new(mac(key, &[verification.as_bytes(), &[length, round]]));
        for eight in drawn.chunks_exact(8) {
            let n = u64::from_le_bytes(eight.try_into().ok()?);
            if n < fair {
                let mut text = Zeroizing::new(String::with_capacity(usize::from(length)));
                write!(text, "{:0width$}", n % space, width = usize::from(length)).ok()?;
                return Some(Code(text));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_codes_are_uniform_over_their_space_and_its_digits() {
        // 10^6 codes of six digits: by their first four digits 100 are expected in each of 10,000 cells.
        // Chi-square with 9,999 degrees of freedom has mean 9,999 and deviation 141; five deviations is
        // one in three million.
        let mut cells = vec![0_u32; 10_000];
        let mut digits = [[0_u32; 10]; 6];
        for n in 0..1_000_000_u32 {
            let code = derive_under(&[(n % 251) as u8; 32], &format!("ver_{n:08}"), 6).unwrap();
            assert_eq!(code.expose().len(), 6);
            cells[code.expose()[..4].parse::<usize>().unwrap()] += 1;
            for (place, digit) in code.expose().bytes().enumerate() {
                digits[place][usize::from(digit - b'0')] += 1;
            }
        }
        let chi = |counts: &[u32], expected: f64| -> f64 {
            counts.iter().map(|c| (f64::from(*c) - expected).powi(2) / expected).sum()
        };
        let all = chi(&cells, 100.0);
        assert!((9_999.0 - 705.0..9_999.0 + 705.0).contains(&all), "chi-square {all}");
        for place in &digits {
            let one = chi(place, 100_000.0);
            assert!(one < 40.0, "chi-square {one} with 9 degrees of freedom");
        }
    }

    #[test]
    fn codes_depend_on_the_key_the_verification_and_the_length() {
        let of = |key: u8, id: &str, length| derive_under(&[key; 32], id, length).unwrap();
        assert!(of(1, "ver_a", 10).matches(&of(1, "ver_a", 10)));
        assert!(!of(1, "ver_a", 10).matches(&of(2, "ver_a", 10)));
        assert!(!of(1, "ver_a", 10).matches(&of(1, "ver_b", 10)));
        assert!(!of(1, "ver_a", 10).expose().starts_with(of(1, "ver_a", 9).expose()));
    }

    #[test]
    fn only_the_whole_code_matches_and_people_may_space_it() {
        let code = Code::typed("012345");
        for wrong in ["", "0", "01234", "0123456", "12345", "012346", "\0\0\0\0\0\0", "012345012345"] {
            assert!(!Code::typed(wrong).matches(&code), "{wrong:?}");
        }
        assert!(Code::typed(" 012-345\n").matches(&code));
        assert!(Code::typed(&"9".repeat(1_000_000)).expose().len() == LONGEST + 1);
    }
}
