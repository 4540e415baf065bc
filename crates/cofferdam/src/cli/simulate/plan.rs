//! What is run: a ready-made scenario, one of a file, or one put together from the command line.

use super::super::error::CliError;
use super::{Args, Plan};
use cofferdam_sim::attack::{FAMILIES, Family};
use cofferdam_sim::scenario::{Scenario, ScenarioError};
use std::fmt::Write as _;
use std::path::Path;

macro_rules! ready {
    ($($name:literal),+) => {
        &[$(($name, include_str!(concat!("../../../../../scenarios/", $name, ".txt")))),+]
    };
}

/// Scenarios that the program carries.
pub const READY: &[(&str, &str)] = ready![
    "mixed-thin",
    "mixed-busy",
    "movers",
    "movers-busy",
    "quiet",
    "quiet-busy",
    "cold-start",
    "cold-start-attacked",
    "after-attack",
    "outcomes-lost",
    "outcomes-late",
    "outcomes-bulk",
    "outcomes-missing"
];

/// What is seen without arguments: three days of a small shop, and on the third a flood.
const SHORT: &str = "\
about three days of a small shop, and a flood on the third
density thin
days 3
quiet 2
people 1500
seed 3
attack flood from=52h to=56h
";

/// What a server is shown without arguments. Its clock is now, so the days are pressed into a minute or two.
const SHORT_LIVE: &str = "\
about a day of a small shop, and a flood at its end
density thin
days 1
quiet 0
people 800
seed 3
attack flood from=16h to=17h messages=400
";

/// Ready-made scenarios with what they are about.
pub fn ready() -> impl Iterator<Item = (&'static str, &'static str)> {
    READY.iter().map(|(name, text)| {
        let about = text.lines().find_map(|line| line.strip_prefix("about "));
        (*name, about.unwrap_or_default())
    })
}

/// A ready-made scenario.
pub fn named(name: &str) -> Option<Scenario> {
    let (_, text) = READY.iter().find(|(ready, _)| *ready == name)?;
    Scenario::parse(text).ok()
}

/// What a scenario has wrong.
pub fn wrong(name: &str, error: &ScenarioError) -> CliError {
    CliError::input(format!("{name}: {error}"))
}

/// What the arguments ask for.
pub fn of(args: &Args, live: bool) -> Result<Plan, CliError> {
    let (name, text) = match &args.scenario {
        Some(name) => (name.clone(), read(name)?),
        None => ("scenario".to_owned(), made(args, live)?),
    };
    let mut scenario = Scenario::parse(&text).map_err(|error| wrong(&name, &error))?;
    scenario.seed = args.seed.unwrap_or(scenario.seed);
    let seeds = (0..u64::from(args.seeds.unwrap_or(1))).map(|at| scenario.seed.wrapping_add(at)).collect();
    Ok(Plan { name, scenario, seeds })
}

fn read(name: &str) -> Result<String, CliError> {
    if let Some((_, text)) = READY.iter().find(|(ready, _)| *ready == name) {
        return Ok((*text).to_owned());
    }
    std::fs::read_to_string(Path::new(name)).map_err(|error| {
        CliError::input(format!("--scenario `{name}` cannot be read: {error}"))
            .mend("`cofferdam simulate --list` names those that are ready-made")
    })
}

fn made(args: &Args, live: bool) -> Result<String, CliError> {
    if args.families.is_empty() && args.days.is_none() && args.density.is_none() {
        return Ok(if live { SHORT_LIVE } else { SHORT }.to_owned());
    }
    let density = args.density.as_deref().unwrap_or("thin");
    let days = args.days.unwrap_or(8);
    let families: Vec<&str> = args.families.iter().map(String::as_str).collect();
    let families = if families.is_empty() { vec!["flood"] } else { families };
    let mut text = format!(
        "about {days} days, {density}: {}\ndensity {density}\ndays {days}\nquiet {}\n",
        families.join(", "),
        if live { 0 } else { days / 2 }
    );
    for family in families {
        if family != "all" && Family::named(family).is_none() {
            let known: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
            return Err(CliError::input(format!("FAMILY: no attack is called `{family}`"))
                .mend(format!("known are all, {}", known.join(", "))));
        }
        let _ = writeln!(text, "attack {family}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_carries_reads() {
        for (name, text) in READY {
            assert!(Scenario::parse(text).is_ok() && named(name).is_some(), "{name}");
        }
        assert!(ready().all(|(_, about)| !about.is_empty()));
        assert!(Scenario::parse(SHORT).is_ok() && Scenario::parse(SHORT_LIVE).is_ok());
    }
}
