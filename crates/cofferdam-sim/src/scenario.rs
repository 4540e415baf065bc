//! Scenarios as text: which world, which hard cases and attacks, what is wrong with the pipe, and what is expected.
//!
//! One thing a line, `#` begins a comment:
//!
//! ```text
//! about two weeks of a small shop
//! density thin
//! days 14
//! quiet 4                       # days before cases and attacks
//! people 6000                   # sittings a day; without it, drawn from the seed
//! seed 7                        # the first of the seeds it is run with
//! case office size=2            # or: case all
//! attack flood campaigns=2 messages=400   # or: attack all; from=2d to=4d says when they begin
//! pipe lost from=6d for=3h      # or late by=10m, bulk, missing share=0.33
//! expect good_stopped <= 0.5%
//! ```
//!
//! The program hands the text in; nothing here reads a file. Knobs are checked when the world is made, for a
//! family draws the others first.

use crate::attack::Family;
use crate::places::Density;
use crate::traffic::DAY_MS;
use crate::traffic::cases::{CASES, Case, case};
use crate::world::{Fault, FaultKind};
use alloc::string::{String, ToString as _};
use alloc::{borrow::ToOwned as _, format, vec::Vec};
use core::fmt;

/// The longest world: a year.
const DAYS_MAX: u32 = 366;

/// A made-up stretch of days.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is about, in a line.
    pub about: String,
    /// How many people a network has.
    pub density: Density,
    /// How long.
    pub days: u32,
    /// Days before any case or attack.
    pub quiet: u32,
    /// Sittings a day.
    pub people: Option<f64>,
    /// The first of the seeds that it is run with.
    pub seed: u64,
    /// Honest hard cases.
    pub cases: Vec<CaseLine>,
    /// Attacks.
    pub attacks: Vec<AttackLine>,
    /// What is wrong with the pipe of outcomes.
    pub pipe: Vec<Fault>,
    /// What the scorecard must say.
    pub expect: Vec<Expect>,
}

/// A hard case and its size.
#[derive(Debug, Clone, Copy)]
pub struct CaseLine {
    /// Which.
    pub case: &'static Case,
    /// Times what the seed gives.
    pub size: f64,
}

/// An attack, by the name of its family; `all` is all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct AttackLine {
    /// Where it stands.
    pub line: usize,
    /// The family's name.
    pub family: String,
    /// How many of each family; without it, one.
    pub campaigns: u32,
    /// When they begin, counted from the world's beginning; without it, from the last quiet day on.
    pub from_ms: Option<i64>,
    /// By when they begin.
    pub to_ms: Option<i64>,
    /// Knobs and what they are set to, as written.
    pub knobs: Vec<(String, String)>,
}

/// What a measure must not pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    /// As the scorecard names it.
    pub measure: String,
    /// The bound: at most, or at least.
    pub bound: Bound,
}

/// A bound of a measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// It may be so large.
    AtMost(f64),
    /// It must be so large.
    AtLeast(f64),
}

/// A line is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    /// Which line, from 1; 0 where something is missing from the whole.
    pub line: usize,
    /// Which word of it.
    pub field: String,
    /// What is wrong.
    pub problem: &'static str,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: `{}`: {}", self.line, self.field, self.problem)
    }
}

impl core::error::Error for ScenarioError {}

impl Scenario {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let mut made = Self {
            about: String::new(),
            density: Density::Thin,
            days: 0,
            quiet: 0,
            people: None,
            seed: 1,
            cases: Vec::new(),
            attacks: Vec::new(),
            pipe: Vec::new(),
            expect: Vec::new(),
        };
        for (at, line) in text.lines().enumerate() {
            let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
            if !line.is_empty() {
                let (field, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
                let failed = |(field, problem): Wrong| ScenarioError { line: at + 1, field, problem };
                made.read(at + 1, field, rest.trim()).map_err(failed)?;
            }
        }
        if made.days == 0 || made.quiet > made.days {
            let problem = "there must be at least one day, and no more quiet days than days";
            return Err(ScenarioError { line: 0, field: "days".into(), problem });
        }
        Ok(made)
    }

    fn read(&mut self, line: usize, field: &str, rest: &str) -> Result<(), Wrong> {
        match field {
            "about" => rest.clone_into(&mut self.about),
            "density" => {
                let both = [Density::Thin, Density::Busy];
                let found = both.into_iter().find(|density| density.as_str() == rest);
                self.density = found.ok_or_else(|| wrong(rest, "not `thin` or `busy`"))?;
            }
            "days" => self.days = whole(rest, DAYS_MAX.into())? as u32,
            "quiet" => self.quiet = whole(rest, DAYS_MAX.into())? as u32,
            "seed" => self.seed = whole(rest, u64::MAX)?,
            "people" => self.people = Some(number(rest, 1.0, 1e7)?),
            "case" => self.read_case(rest)?,
            "attack" => self.attacks.push(attack(line, rest)?),
            "pipe" => self.pipe.push(fault(rest)?),
            "expect" => self.expect.push(expect(rest)?),
            _ => return Err(wrong(field, "not a field of a scenario")),
        }
        Ok(())
    }

    fn read_case(&mut self, rest: &str) -> Result<(), Wrong> {
        let (name, knobs) = words(rest)?;
        let mut size = 1.0;
        for (knob, value) in knobs {
            match knob {
                "size" => size = number(value, 0.01, 100.0)?,
                _ => return Err(wrong(knob, "a case has only `size`")),
            }
        }
        if name == "all" {
            self.cases.extend(CASES.iter().map(|case| CaseLine { case, size }));
            return Ok(());
        }
        let case = case(name).ok_or_else(|| wrong(name, "no honest case has this name"))?;
        self.cases.push(CaseLine { case, size });
        Ok(())
    }

    /// Which expectations a scorecard does not meet, each in a sentence. A measure that the run has no figure for
    /// is not met.
    pub fn unmet(&self, figure: impl Fn(&str) -> Option<f64>) -> Vec<String> {
        let mut unmet = Vec::new();
        for expect in &self.expect {
            let (met, asked) = match (figure(&expect.measure), expect.bound) {
                (None, _) => {
                    unmet.push(format!("`{}` has no figure in this run", expect.measure));
                    continue;
                }
                (Some(found), Bound::AtMost(most)) => ((found <= most), format!("{found:.5} > {most}")),
                (Some(found), Bound::AtLeast(least)) => ((found >= least), format!("{found:.5} < {least}")),
            };
            if !met {
                unmet.push(format!("`{}`: {asked}", expect.measure));
            }
        }
        unmet
    }
}

type Wrong = (String, &'static str);

fn wrong(field: &str, problem: &'static str) -> Wrong {
    (field.to_string(), problem)
}

/// A word and what it is set to.
type Knob<'a> = (&'a str, &'a str);

/// A name, then `word=value`.
fn words(rest: &str) -> Result<(&str, Vec<Knob<'_>>), Wrong> {
    let mut words = rest.split_whitespace();
    let name = words.next().ok_or_else(|| wrong(rest, "a name is missing"))?;
    let pair = |word| str::split_once(word, '=').ok_or_else(|| wrong(word, "not written as `word=value`"));
    Ok((name, words.map(pair).collect::<Result<_, Wrong>>()?))
}

fn whole(text: &str, most: u64) -> Result<u64, Wrong> {
    let found = text.parse().ok().filter(|value| *value <= most);
    found.ok_or_else(|| wrong(text, "not a whole number, or too large"))
}

/// A number, a share written in per cent, or a time in `d`, `h` or `m` (then in milliseconds).
fn number(text: &str, least: f64, most: f64) -> Result<f64, Wrong> {
    let units = [("%", 0.01), ("d", DAY_MS as f64), ("h", 3_600_000.0), ("m", 60_000.0)];
    let of = units.iter().find_map(|(unit, worth)| Some((text.strip_suffix(unit)?, *worth)));
    let (figure, worth) = of.unwrap_or((text, 1.0));
    let found = figure.trim().parse::<f64>().ok().map(|found| found * worth);
    let found = found.filter(|found| found.is_finite() && (least..=most).contains(found));
    found.ok_or_else(|| wrong(text, "not a number, or out of bounds"))
}

fn attack(line: usize, rest: &str) -> Result<AttackLine, Wrong> {
    let (family, knobs) = words(rest)?;
    if family != "all" && Family::named(family).is_none() {
        return Err(wrong(family, "no family of attacks has this name"));
    }
    let mut made = AttackLine {
        line,
        family: family.into(),
        campaigns: 1,
        from_ms: None,
        to_ms: None,
        knobs: Vec::new(),
    };
    for (knob, value) in knobs {
        match knob {
            "campaigns" => made.campaigns = whole(value, 1000)? as u32,
            "from" => made.from_ms = Some(number(value, 0.0, 4e10)? as i64),
            "to" => made.to_ms = Some(number(value, 0.0, 4e10)? as i64),
            _ => made.knobs.push((knob.to_owned(), value.to_owned())),
        }
    }
    Ok(made)
}

fn fault(rest: &str) -> Result<Fault, Wrong> {
    let (name, knobs) = words(rest)?;
    let (mut from, mut long, mut by, mut share) = (0.0, f64::MAX, None, None);
    for (knob, value) in knobs {
        match knob {
            "from" => from = number(value, 0.0, 4e10)?,
            "for" => long = number(value, 1.0, 4e10)?,
            "by" => by = Some(number(value, 1.0, 4e10)? as i64),
            "share" => share = Some(number(value, 0.0, 1.0)?),
            _ => return Err(wrong(knob, "the pipe has `from`, `for`, `by` and `share`")),
        }
    }
    let kind = match (name, by, share) {
        ("lost", None, None) => FaultKind::Lost,
        ("bulk", None, None) if long < 4e10 => FaultKind::Bulk,
        ("bulk", None, None) => return Err(wrong(name, "`for` is missing: when does all come at once?")),
        ("late", Some(by), None) => FaultKind::Late(by),
        ("missing", None, Some(share)) => FaultKind::Missing(share),
        _ => return Err(wrong(name, "not `lost`, `bulk`, `late by=…` or `missing share=…`")),
    };
    let to_ms = (from + long.min(4e10)) as i64;
    Ok(Fault { kind, from_ms: from as i64, to_ms })
}

fn expect(rest: &str) -> Result<Expect, Wrong> {
    let split =
        |sign| rest.split_once(sign).map(|(measure, bound): (&str, &str)| (measure.trim(), bound.trim()));
    let (measure, bound) = match (split("<="), split(">=")) {
        (Some((measure, most)), _) => (measure, Bound::AtMost(number(most, 0.0, 1e12)?)),
        (_, Some((measure, least))) => (measure, Bound::AtLeast(number(least, 0.0, 1e12)?)),
        _ => return Err(wrong(rest, "not written as `measure <= bound` or `measure >= bound`")),
    };
    Ok(Expect { measure: measure.into(), bound })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "about a shop # a comment\ndensity busy\ndays 14\nquiet 4\npeople 6000\nseed 7\n\n\
        case office size=2\nattack flood campaigns=2 messages=400 from=5d solves=0.3\npipe lost from=6d for=3h\n\
        pipe late from=1h for=2h by=10m\npipe missing share=0.33\nexpect good_stopped <= 0.5%\nexpect leaked >= 0.1\n";

    #[test]
    fn all_of_it_is_read() {
        let read = Scenario::parse(WHOLE).unwrap();
        assert_eq!((read.about.as_str(), read.density, read.days), ("a shop", Density::Busy, 14));
        assert_eq!((read.quiet, read.people, read.seed), (4, Some(6000.0), 7));
        assert_eq!((read.cases[0].case.name, read.cases[0].size), ("office", 2.0));
        let attack = &read.attacks[0];
        assert_eq!((attack.campaigns, attack.from_ms, attack.to_ms), (2, Some(5 * DAY_MS), None));
        assert_eq!(attack.knobs[1], ("solves".to_owned(), "0.3".to_owned()));
        assert_eq!(read.pipe[0].to_ms, 6 * DAY_MS + 3 * 3_600_000);
        assert_eq!(read.pipe[1].kind, FaultKind::Late(600_000));
        assert_eq!(read.pipe[2].kind, FaultKind::Missing(0.33));
        assert_eq!(read.expect[0].bound, Bound::AtMost(0.005));
        assert_eq!(Scenario::parse("days 2\ncase all").unwrap().cases.len(), CASES.len());
    }

    #[test]
    fn errors_name_the_line_and_the_word() {
        for (text, line, field) in [
            ("days 3\ndensity middling", 2, "middling"),
            ("days x", 1, "x"),
            ("days 400", 1, "400"),
            ("days 3\ncase offices", 2, "offices"),
            ("days 3\ncase office large", 2, "large"),
            ("days 3\ncase office depth=2", 2, "depth"),
            ("days 3\nattack", 2, ""),
            ("days 3\nattack floods", 2, "floods"),
            ("days 3\nattack flood from=noon", 2, "noon"),
            ("days 3\npipe lost by=3m", 2, "lost"),
            ("days 3\npipe bulk", 2, "bulk"),
            ("days 3\nexpect leaked 3", 2, "leaked 3"),
            ("days 3\nsize 3", 2, "size"),
            ("quiet 3", 0, "days"),
        ] {
            let error = Scenario::parse(text).unwrap_err();
            assert_eq!((error.line, error.field.as_str()), (line, field), "{text}");
        }
    }

    #[test]
    fn what_is_not_met_is_said() {
        let read = Scenario::parse(WHOLE).unwrap();
        assert_eq!(read.unmet(|_| Some(0.004)).len(), 1);
        assert!(read.unmet(|measure| (measure != "leaked").then_some(0.0))[0].contains("no figure"));
        assert_eq!(
            read.unmet(|measure| Some(if measure == "leaked" { 0.2 } else { 0.0 })),
            Vec::<String>::new()
        );
    }
}
