//! The numbering plans: the patterns of the pinned library, the allocations of `number-ranges.csv.gz` and the
//! ranges reserved for fiction become one graph (`graph`), written as small integers.
#![expect(clippy::indexing_slicing, reason = "indices are handed out here; a wrong one must stop the tool")]

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use super::csv::{field, rows};
use super::graph::{
    Allocations, ByLength, Graph, Judged, LONGEST, Places as Patterns, Plan, SHAPE, SHORTEST, Walk,
};
use super::library::{Library, Region};
use super::pack::Bytes;
use super::places::Places;
use super::regex::{ANY, parse};
use super::rewrite::{Rewrite, rewrites};
use super::{Files, Sources};

/// What a number can be, eight bytes in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Class {
    tag: u8,
    country: u8,
    kind: u8,
    tariff: u8,
    network: u16,
    flags: u16,
}

const VALID: u8 = 0;
const INVALID: u8 = 1;
const REWRITE: u8 = 2;

const UNASSIGNED: u8 = 0;
const TOO_SHORT: u8 = 1;
const TOO_LONG: u8 = 2;
const UNKNOWN_CODE: u8 = 3;

const FICTIONAL: u16 = 1;
const STRICT: u16 = 2;

/// The orders of `Kind::ALL` and `Tariff::ALL` in the atlas.
const MOBILE: u8 = 0;
const FIXED: u8 = 1;
const FIXED_OR_MOBILE: u8 = 2;
const UNKNOWN: u8 = 9;
const STANDARD: u8 = 0;

/// The library's types in the order in which it tries them, as (kind, tariff).
const TYPES: [(u8, u8); 8] =
    [(UNKNOWN, 1), (UNKNOWN, 3), (UNKNOWN, 2), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0)];
const GENERAL: u32 = 0;
const FIRST_TYPE: u32 = 1;
const FIXED_LINE: u32 = 9;
const MOBILE_LINE: u32 = 10;
const LEADING: u32 = 11;
const PER_REGION: u32 = 16;
const FICTION: u32 = 1 << 20;

/// Classes and rewrites of all calling codes.
#[derive(Default)]
struct Registry {
    classes: Vec<Class>,
    ids: HashMap<Class, u16>,
    rewrites: Vec<(u8, Rewrite)>,
}

impl Registry {
    fn class(&mut self, class: Class) -> u16 {
        *self.ids.entry(class).or_insert_with(|| {
            self.classes.push(class);
            self.classes.len() as u16 - 1
        })
    }

    fn invalid(&mut self, reason: u8) -> u16 {
        self.class(Class { tag: INVALID, country: 0, kind: reason, tariff: 0, network: 0, flags: 0 })
    }

    fn rewrite(&mut self, code_length: u8, rewrite: &Rewrite) -> u16 {
        // How the digits were told apart does not matter for what is done with them.
        let mut rewrite = rewrite.clone();
        rewrite.sets = vec![ANY; rewrite.sets.len()];
        rewrite.to_the_end = false;
        let key = (code_length, rewrite);
        let at = self.rewrites.iter().position(|found| *found == key).unwrap_or_else(|| {
            self.rewrites.push(key);
            self.rewrites.len() - 1
        });
        self.class(Class { tag: REWRITE, country: 0, kind: 0, tariff: 0, network: at as u16, flags: 0 })
    }
}

/// One region of a calling code: lengths by pattern.
struct Area {
    country: u8,
    same: bool,
    leading: bool,
    lengths: Vec<Vec<i32>>,
}

struct Code<'a> {
    registry: &'a RefCell<Registry>,
    areas: Vec<Area>,
    local_only: Vec<i32>,
    digits: u8,
    fiction: Vec<(u8, u8)>,
    default_country: u8,
}

impl Code<'_> {
    fn matches(&self, tags: &[u32], area: usize, what: u32, length: usize) -> bool {
        let lengths = self.areas.get(area).and_then(|area| area.lengths.get(what as usize));
        tags.binary_search(&(area as u32 * PER_REGION + what)).is_ok()
            && lengths.is_some_and(|all| all.is_empty() || all.contains(&(length as i32)))
    }

    /// The library's one type as our two, or nothing.
    fn line(&self, tags: &[u32], at: usize, length: usize) -> Option<(u8, u8)> {
        let matches = |what| self.matches(tags, at, what, length);
        if !matches(GENERAL) {
            return None;
        }
        for (offset, pair) in TYPES.iter().enumerate() {
            if matches(FIRST_TYPE + offset as u32) {
                return Some(*pair);
            }
        }
        let same = self.areas.get(at).is_some_and(|area| area.same);
        match (matches(FIXED_LINE), same, matches(MOBILE_LINE)) {
            (true, true, _) | (true, false, true) => Some((FIXED_OR_MOBILE, STANDARD)),
            (true, false, false) => Some((FIXED, STANDARD)),
            (false, false, true) => Some((MOBILE, STANDARD)),
            (false, _, _) => None,
        }
    }

    fn area_of(&self, tags: &[u32], length: usize) -> Option<usize> {
        if self.areas.len() == 1 {
            return Some(0);
        }
        (0..self.areas.len()).find(|at| {
            let leads = self.areas.get(*at).is_some_and(|area| area.leading)
                && tags.binary_search(&(*at as u32 * PER_REGION + LEADING)).is_ok();
            leads || self.line(tags, *at, length).is_some()
        })
    }

    fn general_lengths(&self) -> &[i32] {
        self.areas.first().and_then(|area| area.lengths.first()).map_or(&[], Vec::as_slice)
    }
}

impl Plan for Code<'_> {
    fn judge(&self, tags: &[u32], networks: &ByLength, length: usize) -> Judged {
        // The library asks the pattern alone here, not the lengths.
        let viable = tags.binary_search(&GENERAL).is_ok();
        let area = self.area_of(tags, length);
        let line = area.and_then(|area| self.line(tags, area, length));
        let fiction = tags.iter().find(|tag| **tag >= FICTION).map(|tag| tag - FICTION);
        let country = area.and_then(|at| self.areas.get(at)).map(|area| area.country);
        let network = networks.get(length).copied().unwrap_or(0);
        let fictional = if fiction.is_some() { FICTIONAL } else { 0 };
        let class = if let (Some((kind, tariff)), Some(country)) = (line, country) {
            Some(Class { tag: VALID, country, kind, tariff, network, flags: fictional | STRICT })
        } else {
            fiction.map(|at| {
                let (country_of_range, kind) =
                    self.fiction.get(at as usize).copied().unwrap_or((self.default_country, UNKNOWN));
                let country = if country_of_range == 0 {
                    country.filter(|found| *found != 0).unwrap_or(self.default_country)
                } else {
                    country_of_range
                };
                Class { tag: VALID, country, kind, tariff: STANDARD, network, flags: FICTIONAL }
            })
        };
        Judged { class: class.map(|class| self.registry.borrow_mut().class(class)), viable }
    }

    fn may_be_cut_to(&self, length: usize) -> bool {
        let length = length as i32;
        let general = self.general_lengths();
        !self.local_only.contains(&length)
            && (general.contains(&length) || general.iter().max().is_some_and(|most| length > *most))
    }

    fn invalid(&self, length: usize) -> u16 {
        let all = || self.areas.iter().filter_map(|area| area.lengths.first()).flatten();
        let length = length as i32;
        // A length between those that occur is a number cut off.
        let reason = if all().any(|possible| *possible == length) {
            UNASSIGNED
        } else if all().max().is_some_and(|most| length > *most) {
            TOO_LONG
        } else {
            TOO_SHORT
        };
        self.registry.borrow_mut().invalid(reason)
    }

    fn rewritten(&self, rewrite: &Rewrite) -> u16 {
        self.registry.borrow_mut().rewrite(self.digits, rewrite)
    }
}

pub(crate) fn write(
    sources: &Sources,
    library: &Library,
    countries: &Places,
    files: &mut Files,
) -> Result<(), String> {
    let registry = RefCell::new(Registry::default());
    // Class 0 stands where no length is possible; the others are told apart by their rows.
    registry.borrow_mut().invalid(TOO_SHORT);
    let mut graph = Graph::default();
    let mut roots: BTreeMap<String, u32> = BTreeMap::new();
    let allocations = allocations(sources, countries)?;
    let fiction = fiction(sources, countries)?;
    for number in library.calling_codes() {
        let (code, patterns, prefixes) = code(&library.of(number), countries, &registry, &fiction)?;
        let text = number.to_string();
        let owned = allocations.get(&text).cloned().unwrap_or_default();
        let mut allocated = Allocations::new();
        for (prefix, lengths, network) in &owned {
            allocated.add(prefix, lengths, *network);
        }
        allocated.finish();
        let root = Walk::new(code, patterns, allocated, prefixes, text.len(), &mut graph).run();
        roots.insert(text, root);
    }
    let unknown = registry.borrow_mut().invalid(UNKNOWN_CODE);
    let nowhere = graph.shape([unknown; LONGEST - SHORTEST + 1]);
    pack(&graph, &roots, nowhere, &registry.into_inner(), files)
}

type Built<'a> = (Code<'a>, Patterns, Vec<Rewrite>);

fn code<'a>(
    regions: &[&Region],
    countries: &Places,
    registry: &'a RefCell<Registry>,
    fiction: &[Fiction],
) -> Result<Built<'a>, String> {
    let main = regions.first().ok_or("a calling code without regions")?;
    let mut patterns = Patterns::default();
    let mut areas = Vec::new();
    for (at, region) in regions.iter().enumerate() {
        for (what, pattern) in region.patterns.iter().enumerate() {
            if !pattern.text.is_empty() {
                patterns.pattern(&parse(&pattern.text)?, at as u32 * PER_REGION + what as u32, false)?;
            }
        }
        if !region.leading.is_empty() {
            patterns.pattern(&parse(&region.leading)?, at as u32 * PER_REGION + LEADING, true)?;
        }
        areas.push(Area {
            country: countries.country(&region.id),
            same: region.same,
            leading: !region.leading.is_empty(),
            lengths: region.patterns.iter().map(|pattern| pattern.lengths.clone()).collect(),
        });
    }
    let text = main.calling_code.to_string();
    let mut made_up = Vec::new();
    for range in fiction {
        for digits in range.digits.iter().filter_map(|digits| digits.strip_prefix(text.as_str())) {
            let tree = parse(&digits.replace('x', "\\d").replace('n', "[2-9]"))?;
            patterns.pattern(&tree, FICTION + made_up.len() as u32, false)?;
        }
        made_up.push((range.country, range.kind));
    }
    let default_country = areas.first().map_or(0, |area| area.country);
    let digits = text.len() as u8;
    let fiction = made_up;
    let prefixes = rewrites(&main.national_prefix, &main.transform)?;
    let local_only = main.patterns.first().map(|general| general.local_only.clone()).unwrap_or_default();
    Ok((Code { registry, areas, local_only, digits, fiction, default_country }, patterns, prefixes))
}

type Rows = BTreeMap<String, Vec<(Vec<u8>, Vec<usize>, u16)>>;

fn allocations(sources: &Sources, countries: &Places) -> Result<Rows, String> {
    let text = sources.text("number-ranges.csv.gz")?;
    let mut found = Rows::new();
    for row in rows(&text) {
        let mut lengths = Vec::new();
        for part in field(&row, 2).split('/') {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let low: usize = low.parse().map_err(|_| format!("cannot read the lengths of {row:?}"))?;
            let high: usize = high.parse().map_err(|_| format!("cannot read the lengths of {row:?}"))?;
            lengths.extend(low..=high.min(17));
        }
        let operator = field(&row, 5);
        let network = if operator.is_empty() { 0 } else { countries.network(field(&row, 0), operator) };
        let prefix = field(&row, 1).bytes().map(|digit| digit - b'0').collect();
        found.entry(field(&row, 0).to_owned()).or_default().push((prefix, lengths, network));
    }
    Ok(found)
}

/// A range reserved for fiction: whole numbers with `x` for any digit and `n` for 2 to 9.
struct Fiction {
    country: u8,
    kind: u8,
    digits: Vec<String>,
}

fn fiction(sources: &Sources, countries: &Places) -> Result<Vec<Fiction>, String> {
    // Any area code of the North American plan, 555-0100 to 555-0199; the country is the area code's.
    let mut found =
        vec![Fiction { country: 0, kind: FIXED_OR_MOBILE, digits: vec!["1nxx55501xx".to_owned()] }];
    let text = sources.text("test-number-ranges.csv")?;
    for row in rows(&text) {
        let kind = match field(&row, 3) {
            "mobile" | "drama use" => MOBILE,
            kind if kind.starts_with("geographic") => FIXED,
            _ => UNKNOWN,
        };
        let read = |at| {
            let text = field(&row, at).trim_start_matches('+');
            text.parse::<u64>().map_err(|_| format!("cannot read the range of {row:?}"))
        };
        let (start, end) = (read(1)?, read(2)?);
        found.push(Fiction { country: countries.country(field(&row, 0)), kind, digits: cover(start, end) });
    }
    Ok(found)
}

/// The fewest runs of trailing digits that make up a range.
fn cover(mut start: u64, end: u64) -> Vec<String> {
    let mut found = Vec::new();
    while start <= end {
        let mut power = 0;
        while start.is_multiple_of(10_u64.pow(power + 1)) && start + 10_u64.pow(power + 1) - 1 <= end {
            power += 1;
        }
        let size = 10_u64.pow(power);
        found.push(format!("{}{}", start / size, "x".repeat(power as usize)));
        start += size;
    }
    found
}

const ROOT_DIGITS: usize = 4;

fn pack(
    graph: &Graph,
    roots: &BTreeMap<String, u32>,
    nowhere: u32,
    registry: &Registry,
    files: &mut Files,
) -> Result<(), String> {
    crate::say(&format!(
        "{} nodes, {} shapes, {} classes, {} rewrites",
        graph.nodes.len(),
        graph.shapes.len(),
        registry.classes.len(),
        registry.rewrites.len()
    ));
    if graph.nodes.len() > 0x8000 || graph.shapes.len() > 0x8000 || registry.classes.len() > 0xffff {
        return Err("the graph has outgrown its small integers".to_owned());
    }
    let small = |entry: u32| (entry & 0x7fff) as u16 | if entry & SHAPE == 0 { 0 } else { 0x8000 };
    let mut root = Bytes::default();
    for start in 0..10_usize.pow(ROOT_DIGITS as u32) {
        let digits = format!("{start:0ROOT_DIGITS$}");
        let code = (1..=3).find_map(|length| digits.get(..length).and_then(|code| roots.get_key_value(code)));
        let entry = code.map_or(nowhere, |(code, root)| {
            digits.bytes().skip(code.len()).fold(*root, |at, digit| {
                if at & SHAPE == 0 { graph.nodes[at as usize][usize::from(digit - b'0')] } else { at }
            })
        });
        root.u16(small(entry));
    }
    let mut nodes = Bytes::default();
    for entry in graph.nodes.iter().flatten() {
        nodes.u16(small(*entry));
    }
    let mut shapes = Bytes::default();
    for class in graph.shapes.iter().flatten() {
        shapes.u16(*class);
    }
    let mut classes = Bytes::default();
    for class in &registry.classes {
        classes.u8(class.tag);
        classes.u8(class.country);
        classes.u8(class.kind);
        classes.u8(class.tariff);
        classes.u16(class.network);
        classes.u16(class.flags);
    }
    let mut ops = Bytes::default();
    for (code_length, rewrite) in &registry.rewrites {
        ops.u8(*code_length);
        ops.u8(rewrite.kept.0 as u8);
        ops.u8(rewrite.kept.1 as u8);
        ops.u8(rewrite.sets.len() as u8);
        ops.u8(rewrite.insert.len() as u8);
        for at in 0..11 {
            ops.u8(b'0' + rewrite.insert.get(at).copied().unwrap_or(0));
        }
    }
    for (name, bytes) in [
        ("root.bin", root),
        ("nodes.bin", nodes),
        ("shapes.bin", shapes),
        ("classes.bin", classes),
        ("rewrites.bin", ops),
    ] {
        files.insert(name.to_owned(), bytes.0);
    }
    Ok(())
}
