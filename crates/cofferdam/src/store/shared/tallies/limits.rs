//! Limits and proofs as the server keeps them, and what an attempt's needs ask of it.

use super::call::{Act, Call, Step};
use super::name::{Holds, Name};
use cofferdam_engine::known::Seen;
use cofferdam_engine::limit::WINDOWS;
use cofferdam_engine::need::Need;
use cofferdam_engine::tally::{LimitRecord, ProofRecord, width_of};

/// A limit whose windows are not known is kept for so long: a day is what most have at most.
pub const LIMIT_S: u32 = 2 * 86_400;
/// Proofs are kept for so long, as in a process of its own.
pub const PROOF_S: u32 = 200 * 86_400;

/// What a limit's step adds: by how much, and the widths of its rings; and what it is if there was none.
pub fn limit_args(windows_s: &[u32; WINDOWS], at_s: u32, by: i32) -> Vec<Vec<u8>> {
    let mut arg = by.to_be_bytes().to_vec();
    for window_s in windows_s {
        arg.extend_from_slice(&width_of(*window_s).to_be_bytes());
    }
    let mut new = LimitRecord::default();
    new.add(at_s, windows_s, by);
    vec![arg, limit_image(&new)]
}

/// How long a limit's record is of use: its longest window, and the bucket that is being filled.
pub fn limit_expires_s(windows_s: &[u32; WINDOWS]) -> u32 {
    let longest = windows_s.iter().max().copied().unwrap_or_default();
    longest.saturating_add(2 * width_of(longest)).clamp(60, i32::MAX as u32)
}

/// The step of one need.
pub fn need(call: &mut Call, need: &Need, at_s: u32) {
    let name = Name::new(Holds::Limit, need.key);
    let step = if need.add {
        let args = call.args(limit_args(&need.windows_s, at_s, 1));
        Step { name, act: Act::Limit, parts: 0, at_s, expires_s: limit_expires_s(&need.windows_s), args }
    } else {
        Step::look(name)
    };
    call.steps.push(step);
}

/// What stands after a need was counted, from what stood before.
pub fn counted(need: &Need, at_s: u32, mut record: LimitRecord) -> (LimitRecord, Seen) {
    if need.add {
        record.add(at_s, &need.windows_s, 1);
    }
    (record, Seen { scope: need.scope, windows: record.read(at_s, &need.windows_s) })
}

/// Reads the image of a limit's record.
pub fn limit_of(bytes: &[u8]) -> Option<LimitRecord> {
    let mut words = bytes.chunks_exact(4).filter_map(|four| four.try_into().ok().map(u32::from_be_bytes));
    let mut record = LimitRecord::default();
    for ring in &mut record.rings {
        (ring.width_s, ring.head) = (words.next()?, words.next()?);
        for count in &mut ring.counts {
            *count = words.next()?;
        }
    }
    words.next().is_none().then_some(record)
}

/// The image of a limit's record.
pub fn limit_image(record: &LimitRecord) -> Vec<u8> {
    let words = record.rings.iter().flat_map(|ring| [ring.width_s, ring.head].into_iter().chain(ring.counts));
    words.flat_map(u32::to_be_bytes).collect()
}

/// The image of a proof.
pub fn proof_image(record: ProofRecord) -> Vec<u8> {
    record.at_s.to_be_bytes().to_vec()
}

/// Reads the image of a proof.
pub fn proof_of(bytes: &[u8]) -> Option<ProofRecord> {
    bytes.try_into().ok().map(|word| ProofRecord { at_s: u32::from_be_bytes(word) })
}
