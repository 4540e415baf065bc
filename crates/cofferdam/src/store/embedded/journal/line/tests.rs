//! What stands in the journal stays readable, and what is broken is refused.

use super::*;
use crate::clock::SetDice;
use crate::id::{self, Noun};

#[test]
fn an_identifier_tells_its_time() {
    let dice = SetDice::seeded(3);
    for at in [0, 1, 1_700_000_000_123, (1 << 48) - 1] {
        assert_eq!(time_in(&id::new(Noun::Attempt, at, &*dice)), Some(at));
    }
    assert_eq!(time_in("att_short"), None);
    assert_eq!(time_in("nothing"), None);
}

/// A line with everything in it, as format 2 was first written, and the same as JSON. Whoever moves
/// or takes away a field that is journalled makes lines that were written unreadable, and this fail.
const KEPT: &str = include_str!("kept.hex");
const KEPT_JSON: &str = include_str!("kept.json");

/// The same with evidence, as formats 3, 4 and 5 were first written.
const KEPT_WITH_EVIDENCE: [(Format, &str); 3] = [
    (Format::Folded, include_str!("kept-evidence.hex")),
    (Format::Even, include_str!("kept-even.hex")),
    (Format::Parted, include_str!("kept-parted.hex")),
];

fn kept() -> Vec<u8> {
    bytes_of(KEPT)
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn entry_of(format: Format, line: &[u8]) -> JournalEntry {
    read(format, line).unwrap().entry(crate::store::contract::make::basis())
}

#[test]
fn a_line_that_was_written_stays_readable() {
    let packed = entry_of(Format::Packed, &kept());
    assert_eq!(packed, entry_of(Format::Json, KEPT_JSON.as_bytes()));
    let again = Line::of(&packed, Marks::default()).unwrap();
    assert_eq!(entry_of(TODAY, &again.text), packed);
    assert_eq!(entry_of(Format::Packed, &in_format(&again.text, Format::Packed)), packed);
    for id in [&packed.assessment_id, &packed.attempt_id] {
        assert!(TODAY.may_have(&again.text, id), "both stand at the beginning");
    }
}

/// The kept line with everything of evidence in it that there can be.
fn with_evidence() -> JournalEntry {
    use cofferdam_engine::evidence::{Climate, Evidenced, Glimpse, Reading, Scope};
    let figures = [0.5, 1_234.567, 1e-7];
    let reading = Reading {
        scope: Scope::Prefix4,
        key: u64::MAX - 1,
        seen: figures,
        explained: figures,
        matured: figures,
        converted: figures,
        expected: figures,
        rate: 0.68,
        rate_of: 70_000.0,
        challenged: 0.0,
        failed: 0.0,
        strikes: 0.0,
        asked: 3.0,
        trusted: None,
        order: None,
        tried: [[0.0; 2]; 2],
    };
    let full = Reading {
        scope: Scope::User,
        challenged: 1.0,
        failed: 2.0,
        strikes: 0.25,
        trusted: Some([figures; 3]),
        order: Some((-3.5, 9_999)),
        ..reading
    };
    let mut entry = entry_of(Format::Packed, &kept());
    entry.attempt.commons = cofferdam_engine::Realm(u64::MAX);
    entry.known.identity.glimpse =
        Glimpse { number_s: 1_790_000_000, session_s: 0, days: (28, 1), today: 250 };
    entry.known.evidence = Evidenced {
        newcomer: true,
        climate: Climate { age_h: 1_000.25, heat: 0.3, pipe: [1.0, 0.5, 0.0] },
        days: (28, 1),
        neighbours: 2.5,
        readings: [reading, full].into_iter().collect(),
        company: arrayvec::ArrayVec::new(),
        word: None,
    };
    entry.assessment.effects = [
        Effect::Explain { scope: Scope::Prefix4, key: u64::MAX, share: 1_000 },
        Effect::Strike { scope: Scope::Address, key: 1 },
    ]
    .into_iter()
    .collect();
    entry
}

#[test]
fn evidence_stays_readable() {
    let entry = with_evidence();
    let line = Line::of(&entry, Marks::default()).unwrap();
    assert_eq!(entry_of(TODAY, &line.text), entry);
    for (format, kept) in KEPT_WITH_EVIDENCE {
        let mut hex = String::new();
        let written = if format == TODAY { line.text.clone() } else { in_format(&line.text, format) };
        for byte in written {
            let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
        }
        let kept = read(format, &bytes_of(kept));
        let kept = kept.map(|kept| kept.entry(crate::store::contract::make::basis()));
        assert!(kept.is_ok_and(|kept| kept == entry), "{format:?}: now it is {hex}");
    }
}

#[test]
fn a_broken_line_is_refused() {
    let whole = kept();
    for end in 0..whole.len() {
        assert!(read(Format::Packed, &whole[..end]).is_err(), "torn at {end}");
    }
    // Whatever a byte becomes, reading ends, with an entry or a refusal.
    for at in 4..whole.len() {
        for other in [0, 0x7f, 0xf8, 0xff] {
            let mut broken = whole.clone();
            broken[at] = other;
            let _ = read(Format::Packed, &broken);
        }
    }
    let more = [&whole[..], &[0]].concat();
    assert!(read(Format::Packed, &more).is_err(), "more than a line");
    let parted = Line::of(&with_evidence(), Marks::default()).unwrap().text;
    for end in 0..parted.len() {
        assert!(read(TODAY, &parted[..end]).is_err(), "torn at {end}");
    }
    for at in 4..parted.len() {
        for other in [0, 0x7f, 0xf8, 0xff] {
            let mut broken = parted.clone();
            broken[at] = other;
            let _ = read(TODAY, &broken);
        }
    }
    assert!(Format::of(6).is_err(), "a later format");
}
