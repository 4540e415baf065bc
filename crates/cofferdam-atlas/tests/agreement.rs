//! The atlas against libphonenumber: a recorded table of generated numbers, valid and invalid, of every region
//! and type, made by `scripts/agreement.py` with the metadata version of the pinned library. The figures are
//! printed (`--nocapture`).

#![expect(clippy::unwrap_used, reason = "a test stops where its table is not as it should be")]
#![expect(clippy::print_stdout, reason = "the figures are the point")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};

use cofferdam_atlas::{Destination, Kind, Tariff, edition, parse};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/agreement.csv.gz");

fn rows() -> Vec<[String; 4]> {
    let table = BufReader::new(flate2::read::GzDecoder::new(File::open(TABLE).unwrap()));
    let row = |line: Result<String, _>| {
        let fields: Vec<String> = Result::unwrap(line).split(',').map(str::to_owned).collect();
        <[String; 4]>::try_from(fields).unwrap()
    };
    table.lines().map(row).collect()
}

/// The library's one type as it reads from our two.
fn line_type(found: &Destination) -> &'static str {
    match (found.tariff, found.kind) {
        (Tariff::Premium, _) => "PREMIUM_RATE",
        (Tariff::SharedCost, _) => "SHARED_COST",
        (Tariff::TollFree, _) => "TOLL_FREE",
        (Tariff::Standard, Kind::Mobile) => "MOBILE",
        (Tariff::Standard, Kind::Fixed) => "FIXED_LINE",
        (Tariff::Standard, Kind::FixedOrMobile) => "FIXED_LINE_OR_MOBILE",
        (Tariff::Standard, Kind::Voip) => "VOIP",
        (Tariff::Standard, Kind::Personal) => "PERSONAL_NUMBER",
        (Tariff::Standard, Kind::Pager) => "PAGER",
        (Tariff::Standard, Kind::Uan) => "UAN",
        (Tariff::Standard, Kind::Voicemail) => "VOICEMAIL",
        (Tariff::Standard, Kind::Isp | Kind::Unknown) => "UNKNOWN",
    }
}

#[derive(Default)]
struct Tally {
    same: u32,
    of: u32,
    differ: Vec<String>,
}

impl Tally {
    fn count(&mut self, same: bool, what: impl FnOnce() -> String) {
        self.of += 1;
        if same {
            self.same += 1;
        } else if self.differ.len() < 40 {
            self.differ.push(what());
        }
    }

    fn share(&self, name: &str) -> f64 {
        let share = f64::from(self.same) / f64::from(self.of);
        println!("{name}: {} of {} agree, {:.4} %", self.same, self.of, share * 100.0);
        for line in &self.differ {
            println!("  {line}");
        }
        share
    }
}

#[test]
fn agrees_with_libphonenumber_on_the_recorded_table() {
    let [mut valid, mut shaped, mut normal, mut country, mut line] = <[Tally; 5]>::default();
    let (mut regions, mut types) = (BTreeSet::new(), BTreeSet::new());
    let rows = rows();
    for [input, e164, region, kind] in &rows {
        let found = parse(input, None).ok().filter(|found| found.strictly_valid);
        let said = format!("{input}: {e164} {region} {kind}, but {found:?}");
        valid.count(found.is_some() != e164.is_empty(), || said.clone());
        if e164.is_empty() || (8..=16).contains(&e164.len()) {
            shaped.count(found.is_some() != e164.is_empty(), || said.clone());
        }
        regions.insert(region.as_str());
        types.insert(kind.as_str());
        if let Some(found) = found.filter(|_| !e164.is_empty()) {
            let own = found.country.map_or("001", |country| country.iso2());
            normal.count(found.number.to_string() == *e164, || said.clone());
            country.count(own == region, || said.clone());
            line.count(line_type(&found) == kind, || said.clone());
        }
    }
    println!("plans {}, {} numbers", edition().plans(), rows.len());
    assert!(rows.len() >= 50_000);
    assert!(valid.of - country.of > 20_000, "the table must hold invalid numbers too");
    // 245 regions less Western Sahara, whose numbers all go to Morocco, and `001` and none; eleven types and none.
    assert_eq!(regions.len(), 246);
    assert_eq!(types.len(), 12);
    assert!(valid.share("validity") >= 0.995);
    assert!(country.share("country") >= 0.995);
    assert!(line.share("kind and tariff") >= 0.99);
    assert_eq!(normal.same, normal.of, "{:?}", normal.differ);
    // What is left of differences are numbers that E.164 has no room for (fewer than 7 or more than 15 digits),
    // which the atlas refuses, and one form that the library reads as a number that it then does not read itself.
    shaped.share("validity within 7 to 15 digits");
    assert!(shaped.of - shaped.same <= 1, "{:?}", shaped.differ);
}
