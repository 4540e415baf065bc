//! The judge's learned state as bytes: limits, proofs and evidence behind a head with a version.
//!
//! Whoever goes on with a saved stream calls it. It knows no file.

use super::{KEYS_MAX, Ours};
use alloc::vec::Vec;
use cofferdam_engine::Policy;
use cofferdam_engine::block::Blocks;
use cofferdam_engine::evidence::{BadEvidence, EvidenceTallies};
use cofferdam_engine::table::{Cursor, Record, Table};
use core::fmt;

const MAGIC: &[u8; 8] = b"CFDREPLY";
const VERSION: u32 = 2;

/// Why bytes are no saved judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadState {
    /// Another version wrote it.
    Version(u32),
    /// Nothing that was saved.
    Damaged,
    /// Its evidence can't be read.
    Evidence(BadEvidence),
}

impl fmt::Display for BadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(other) => {
                write!(f, "the saved state is of version {other}, and this program reads version {VERSION}")
            }
            Self::Damaged => f.write_str("the saved state is damaged"),
            Self::Evidence(bad) => bad.fmt(f),
        }
    }
}

impl core::error::Error for BadState {}

impl From<BadEvidence> for BadState {
    fn from(bad: BadEvidence) -> Self {
        Self::Evidence(bad)
    }
}

impl Ours {
    /// All it learned, as bytes that [`Ours::restore`] takes back.
    pub fn save(&self) -> Vec<u8> {
        let evidence = self.tallies.evidence.save();
        let at_s = self.tallies.evidence.now_s();
        let mut bytes = Vec::with_capacity(evidence.len() + 64);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&at_s.to_le_bytes());
        for part in [
            saved(&self.tallies.limits, at_s),
            saved(&self.tallies.proofs, at_s),
            evidence,
            self.blocks.save(),
        ] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&part);
        }
        bytes
    }

    /// The judge as it stood when it was saved, under a policy of today.
    pub fn restore(policy: Policy, from: &[u8]) -> Result<Self, BadState> {
        let mut rest = from;
        if array::<8>(&mut rest)? != *MAGIC {
            return Err(BadState::Damaged);
        }
        match u32::from_le_bytes(array(&mut rest)?) {
            VERSION => {}
            other => return Err(BadState::Version(other)),
        }
        let at_s = u32::from_le_bytes(array(&mut rest)?);
        let mut ours = Self::new(policy);
        ours.tallies.limits.restore(part(&mut rest)?, at_s).map_err(|_| BadState::Damaged)?;
        ours.tallies.proofs.restore(part(&mut rest)?, at_s).map_err(|_| BadState::Damaged)?;
        ours.tallies.evidence = EvidenceTallies::restore(KEYS_MAX, part(&mut rest)?)?;
        ours.blocks = Blocks::restore(part(&mut rest)?).ok_or(BadState::Damaged)?;
        if rest.is_empty() { Ok(ours) } else { Err(BadState::Damaged) }
    }
}

fn saved<R: Record>(table: &Table<R>, at_s: u32) -> Vec<u8> {
    let (mut bytes, mut at) = (Vec::new(), Some(Cursor::default()));
    while let Some(from) = at {
        at = table.save(from, at_s, &mut bytes);
    }
    bytes
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], BadState> {
    let (front, later) = rest.split_first_chunk::<N>().ok_or(BadState::Damaged)?;
    *rest = later;
    Ok(*front)
}

fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BadState> {
    let length = usize::try_from(u64::from_le_bytes(array(rest)?)).map_err(|_| BadState::Damaged)?;
    let (part, later) = rest.split_at_checked(length).ok_or(BadState::Damaged)?;
    *rest = later;
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Judge;
    use crate::stream::{AttemptEvent, Became};
    use cofferdam_engine::outcome::CheckResult;
    use cofferdam_engine::{Channel, Level};

    fn event(n: u64) -> AttemptEvent {
        AttemptEvent {
            id: alloc::format!("att_{n}"),
            at_ms: 1_795_200_000_000 + n as i64 * 3_000,
            phone: alloc::format!(
                "+1{}55501{:02}",
                [212, 213, 312, 415, 512, 617, 702, 808][n as usize % 8],
                n / 8
            ),
            channel: Channel::Sms,
            price_micros: Some(50_000),
            ip: Some(alloc::format!("192.0.2.{}", n % 200)),
            asn: None,
            ip_country: None,
            device_id: Some(alloc::format!("device {}", n % 40)),
            session_id: None,
            user_id: None,
            user_agent: None,
            profile: None,
        }
    }

    fn judge(ours: &mut Ours, ns: core::ops::Range<u64>) -> Vec<crate::Decided> {
        let decide = |n: u64| {
            let event = event(n);
            let decided = ours.decide(&event, event.at_ms);
            if !n.is_multiple_of(3) {
                ours.learn(&event.id, Became::Check(CheckResult::Ok), event.at_ms + 2_000);
            }
            decided
        };
        ns.map(decide).collect()
    }

    #[test]
    fn a_judge_goes_on_where_it_was_saved() {
        let policy = || Policy::builtin(Level::Standard);
        let mut whole = Ours::new(policy());
        judge(&mut whole, 0..400);
        let mut back = Ours::restore(policy(), &whole.save()).unwrap();
        let mut fresh = Ours::new(policy());
        let rest = judge(&mut whole, 400..800);
        assert!(judge(&mut back, 400..800) == rest);
        assert!(judge(&mut fresh, 400..800) != rest, "there was something to know");
        assert_eq!(back.save(), whole.save());
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let mut bytes = Ours::new(Policy::builtin(Level::Standard)).save();
        assert!(Ours::restore(Policy::builtin(Level::Max), &bytes).is_ok());
        bytes[8] = 9;
        let refused = Ours::restore(Policy::builtin(Level::Max), &bytes).err().unwrap();
        assert_eq!(refused, BadState::Version(9));
        assert!(alloc::string::ToString::to_string(&refused).contains("version 9"));
        assert!(Ours::restore(Policy::builtin(Level::Max), &bytes[..7]).is_err());
    }
}
