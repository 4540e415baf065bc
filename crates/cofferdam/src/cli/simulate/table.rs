//! The tables of `docs/detection-figures.md`: the engine and the recipes on the project's scenarios, on seeds that
//! nobody tunes on, pooled; and what each part of the engine is worth. One command writes the page and its pictures.

use super::runs::{self, Job, Runs};
use super::{CliError, Out, plan};
use cofferdam_engine::policy::EXPLANATIONS;
use cofferdam_engine::{Level, Policy, detectors};
use cofferdam_sim::recipe::{RECIPES, Recipe};
use cofferdam_sim::{Scenario, Who};
use std::path::Path;

mod ablation;
mod bound;
mod families;
mod goals;
mod others;
mod page;
mod pictures;
mod write;

/// The first seed; scenarios of the repository begin at 1.
const SEED: u64 = 9001;
const SEEDS: u32 = 3;

/// The two densities.
const DENSITIES: [&str; 2] = ["thin", "busy"];

/// Scenarios beside the mixed ones.
const OTHERS: [&str; 11] = [
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
    "outcomes-missing",
];

/// Detectors that no scenario can move: the made-up worlds have no lists, no rules about destinations, and no
/// numbers that no plan has.
const STILL: [&str; 5] =
    ["number_invalid", "list_deny", "list_safe", "destination_not_allowed", "destination_locked"];

/// What a group of runs shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shows {
    Engine(usize),
    Recipe(usize, &'static str),
    Level(usize, &'static str),
    Other(&'static str),
    /// The engine without one part; `None`: with all.
    Without(usize, Option<&'static str>),
}

/// A group: its runs are pooled.
struct Group {
    shows: Shows,
    scenario: Scenario,
    seeds: u32,
    who: Who,
}

/// All groups with what came of them.
pub struct Tables {
    groups: Vec<(Shows, Runs)>,
    seed: u64,
    seeds: u32,
    parts: Vec<&'static str>,
}

impl Tables {
    fn of(&self, shows: &Shows) -> Option<&Runs> {
        self.groups.iter().find(|(found, _)| found == shows).map(|(_, runs)| runs)
    }

    fn engine(&self, density: usize) -> Option<&Runs> {
        self.of(&Shows::Engine(density))
    }

    /// The recipe that leaks least of those that stop under 5 % of good attempts.
    fn best(&self, density: usize) -> Option<(&'static Recipe, &Runs)> {
        let all = RECIPES
            .iter()
            .filter_map(|recipe| Some((recipe, self.of(&Shows::Recipe(density, recipe.name))?)));
        all.filter(|(_, runs)| runs.pooled.figures.good_stopped.share() < 0.05).min_by(
            |(_, one), (_, other)| {
                let mean = |runs: &Runs| runs.pooled.figures.mean_leaked().unwrap_or(1.0);
                mean(one).total_cmp(&mean(other))
            },
        )
    }
}

/// Runs all and writes it.
pub fn write(folder: &Path, seed: Option<u64>, seeds: Option<u32>, out: &Out) -> Result<(), CliError> {
    let (seed, seeds) = (seed.unwrap_or(SEED), seeds.unwrap_or(SEEDS));
    let parts: Vec<&'static str> =
        detectors().map(|(file, _)| file).filter(|file| !STILL.contains(file)).chain(EXPLANATIONS).collect();
    let groups = groups(seeds, &parts)?;
    let mut jobs = Vec::new();
    // Long runs first, so that no core waits for the last of them.
    let mut order: Vec<usize> = (0..groups.len()).collect();
    let long = |at: &usize| groups.get(*at).map_or(0, weight);
    order.sort_by_key(|at| std::cmp::Reverse(long(at)));
    for at in order {
        let Some(group) = groups.get(at) else { continue };
        jobs.extend((0..u64::from(group.seeds)).map(|of| Job {
            group: at,
            scenario: &group.scenario,
            seed: seed.wrapping_add(of),
            who: group.who.clone(),
        }));
    }
    let done = runs::all(&jobs, groups.len()).map_err(|error| plan::wrong("scenario", &error))?;
    let shows = groups.iter().map(|group| group.shows.clone());
    let tables = Tables { groups: shows.zip(done).collect(), seed, seeds, parts };
    write::all(folder, &tables, out)
}

fn weight(group: &Group) -> u32 {
    group.scenario.days * if group.scenario.density == cofferdam_sim::Density::Busy { 2 } else { 1 }
}

fn engine(level: Level) -> Who {
    Who::Engine(Box::new(Policy::builtin(level)))
}

fn groups(seeds: u32, parts: &[&'static str]) -> Result<Vec<Group>, CliError> {
    let ready = |name: &str| {
        plan::named(name).ok_or_else(|| CliError::failed(format!("the scenario `{name}` does not read")))
    };
    let mut groups = Vec::new();
    for (at, density) in DENSITIES.into_iter().enumerate() {
        let mixed = ready(&format!("mixed-{density}"))?;
        let mut add = |shows, who| groups.push(Group { shows, scenario: mixed.clone(), seeds, who });
        add(Shows::Engine(at), engine(Level::Standard));
        for recipe in &RECIPES {
            add(Shows::Recipe(at, recipe.name), Who::Recipe(recipe));
        }
        add(Shows::Level(at, "basic"), engine(Level::Basic));
        add(Shows::Level(at, "max"), engine(Level::Max));
        // Shorter, with fewer people: there are many of them.
        let short = Scenario { days: 6, quiet: 3, people: Some(2000.0), ..mixed.clone() };
        for part in [None].into_iter().chain(parts.iter().copied().map(Some)) {
            let who = Who::Engine(Box::new(without(part)));
            let shows = Shows::Without(at, part);
            groups.push(Group { shows, scenario: short.clone(), seeds: 1, who });
        }
    }
    for name in OTHERS {
        let seeds = if name.starts_with("quiet") || name.starts_with("outcomes") { 1 } else { seeds };
        let (shows, who) = (Shows::Other(name), engine(Level::Standard));
        groups.push(Group { shows, scenario: ready(name)?, seeds, who });
    }
    Ok(groups)
}

fn without(part: Option<&str>) -> Policy {
    let mut policy = Policy::builtin(Level::Standard);
    if let Some(part) = part
        && !policy.off.switch(part)
    {
        policy.rivals.switch_off(part);
    }
    policy
}
