//! Limits and proofs as the server keeps them, and what an attempt's needs ask of it.

use super::args::Args;
use super::call::{Act, Call, Step};
use super::name::{Holds, Name};
use arrayvec::ArrayVec;
use cofferdam_engine::Needs;
use cofferdam_engine::known::Seen;
use cofferdam_engine::limit::WINDOWS;
use cofferdam_engine::need::{Need, RECORDS};
use cofferdam_engine::tally::{LimitRecord, ProofRecord, width_of};

/// A limit whose windows are not known is kept for so long: a day is what most have at most.
pub const LIMIT_S: u32 = 2 * 86_400;
/// Bytes of the image of a limit's record.
const IMAGE: usize = size_of::<LimitRecord>();
/// Proofs are kept for so long, as in a process of its own.
pub const PROOF_S: u32 = 200 * 86_400;

/// What a limit's step adds: by how much, and the widths of its rings; and what it is if there was none.
pub fn limit_args(windows_s: &[u32; WINDOWS], at_s: u32, by: i32) -> Args {
    let mut args = Args::with_capacity(2, 4 * (1 + WINDOWS) + IMAGE);
    args.push_words(core::iter::once(by.cast_unsigned()).chain(windows_s.map(width_of)));
    let mut new = LimitRecord::default();
    new.add(at_s, windows_s, by);
    args.push_words(words(&new));
    args
}

/// How long a limit's record is of use: its longest window, and the bucket that is being filled.
pub fn limit_expires_s(windows_s: &[u32; WINDOWS]) -> u32 {
    let longest = windows_s.iter().max().copied().unwrap_or_default();
    longest.saturating_add(2 * width_of(longest)).clamp(60, i32::MAX as u32)
}

/// The steps of needs. Limits of the same windows add the same.
pub fn steps(call: &mut Call, needs: &Needs, at_s: u32) {
    let mut alike: ArrayVec<([u32; WINDOWS], usize), RECORDS> = ArrayVec::new();
    for need in needs {
        let name = Name::new(Holds::Limit, need.key);
        if !need.add {
            call.steps.push(Step::look(name));
            continue;
        }
        let known = alike.iter().find(|(windows_s, _)| *windows_s == need.windows_s).map(|(_, args)| *args);
        let args = known.unwrap_or_else(|| {
            let args = call.args(limit_args(&need.windows_s, at_s, 1));
            let _ = alike.try_push((need.windows_s, args));
            args
        });
        let expires_s = limit_expires_s(&need.windows_s);
        call.steps.push(Step { name, act: Act::Limit, parts: 0, at_s, expires_s, args });
    }
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
    let mut image = Vec::with_capacity(IMAGE);
    for word in words(record) {
        image.extend_from_slice(&word.to_be_bytes());
    }
    image
}

fn words(record: &LimitRecord) -> impl Iterator<Item = u32> {
    record.rings.iter().flat_map(|ring| [ring.width_s, ring.head].into_iter().chain(ring.counts))
}

/// The image of a proof.
pub fn proof_image(record: ProofRecord) -> Vec<u8> {
    record.at_s.to_be_bytes().to_vec()
}

/// Reads the image of a proof.
pub fn proof_of(bytes: &[u8]) -> Option<ProofRecord> {
    bytes.try_into().ok().map(|word| ProofRecord { at_s: u32::from_be_bytes(word) })
}
