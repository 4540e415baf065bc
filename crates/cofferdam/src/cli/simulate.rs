//! `cofferdam simulate`: makes up days of traffic, attacks them, and says what was stopped and who was harmed.
//!
//! The same seed gives the same figures. It needs no server, unless it is run against one; it opens no store and
//! judges nothing by itself.

use super::error::CliError;
use super::out::Out;
use cofferdam_engine::{Level, Policy};
use cofferdam_sim::attack::FAMILIES;
use cofferdam_sim::recipe::RECIPES;
use cofferdam_sim::{Scenario, Who};
use std::fmt::Write as _;
use std::path::PathBuf;

mod against;
mod chart;
mod plan;
mod progress;
mod runs;
mod show;
mod table;

const EXAMPLES: &str = "\
Examples:
  cofferdam simulate                               watch an attack being stopped
  cofferdam simulate flood drip --recipes          two attacks; published recipes judge them too
  cofferdam simulate all --density busy --seeds 2  every family at a large platform
  cofferdam simulate --scenario quiet              sixty days without any attack
  cofferdam simulate --against http://127.0.0.1:8080 --key KEY
  cofferdam simulate --table docs                  write the tables of docs/detection-figures.md
  cofferdam simulate --list                        families, recipes and scenarios";

const ENDS: &str = "\
Good users and attacks are made up from the seed; no message is sent.

Exit codes: 0 it ran, 1 it could not be written, 2 wrong input, 3 the server cannot be reached.";

/// Makes up traffic, attacks it, and shows what would have been spent, what was, and who was harmed.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES, after_help = ENDS)]
pub struct Args {
    /// Attacks, by the name of their family; `all` is all of them
    #[arg(value_name = "FAMILY")]
    families: Vec<String>,
    /// A scenario: a file, or the name of a ready-made one
    #[arg(long, value_name = "FILE|NAME", conflicts_with_all = ["families", "days", "density"])]
    scenario: Option<String>,
    /// The first seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many seeds, pooled
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    seeds: Option<u32>,
    /// How many days
    #[arg(long, value_name = "D", value_parser = clap::value_parser!(u32).range(2..=366))]
    days: Option<u32>,
    /// How many people a network has: a small shop, or a large platform
    #[arg(long, value_name = "thin|busy", value_parser = ["thin", "busy"])]
    density: Option<String>,
    /// Protection level
    #[arg(long, value_name = "basic|standard|max", value_parser = level, default_value = "standard")]
    level: Level,
    /// Judge the same traffic by published recipes too
    #[arg(long)]
    recipes: bool,
    /// The engine in this program, or a running server
    #[arg(long, value_name = "engine|URL", default_value = "engine")]
    against: String,
    /// With a server: at most so many attempts
    #[arg(long, value_name = "N", default_value = "2000", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    attempts: u64,
    /// With a server: its key
    #[arg(long, env = "COFFERDAM_KEY", hide_env_values = true)]
    key: Option<String>,
    /// With a server: tenant to act in, for admin keys
    #[arg(long, env = "COFFERDAM_TENANT")]
    tenant: Option<String>,
    /// Where the picture goes
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
    /// Say which families, recipes and scenarios there are
    #[arg(long)]
    list: bool,
    /// Run what docs/detection-figures.md is made of, and write it to a folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["families", "scenario", "against", "days", "density", "svg", "recipes"])]
    table: Option<PathBuf>,
}

fn level(name: &str) -> Result<Level, String> {
    let known = [Level::Basic, Level::Standard, Level::Max];
    known.into_iter().find(|level| level.name() == name).ok_or_else(|| "basic, standard or max".to_owned())
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    if args.list {
        return list(out);
    }
    if let Some(folder) = &args.table {
        return table::write(folder, args.seed, args.seeds, out);
    }
    let live = args.against != "engine";
    let plan = plan::of(args, live)?;
    let done = if live { against::run(args, &plan, out)? } else { here(args, &plan)? };
    show::all(args, &plan, &done, out)
}

/// What is run.
struct Plan {
    /// What it is called.
    name: String,
    scenario: Scenario,
    seeds: Vec<u64>,
}

/// One judge and what came of it.
struct Done {
    name: String,
    what: String,
    runs: runs::Runs,
}

/// In this program, the engine first.
fn here(args: &Args, plan: &Plan) -> Result<Vec<Done>, CliError> {
    let mut judges = vec![Who::Engine(Box::new(Policy::builtin(args.level)))];
    if args.recipes {
        judges.extend(RECIPES.iter().map(Who::Recipe));
    }
    let mut jobs = Vec::new();
    for (at, who) in judges.iter().enumerate() {
        jobs.extend(plan.seeds.iter().map(|seed| runs::Job {
            group: at,
            scenario: &plan.scenario,
            seed: *seed,
            who: who.clone(),
        }));
    }
    let done = runs::all(&jobs, judges.len()).map_err(|error| plan::wrong(&plan.name, &error))?;
    let named = judges.iter().zip(done).map(|(who, runs)| Done {
        name: who.name().to_owned(),
        what: match who {
            Who::Engine(policy) => format!("the engine, level {}", policy.level.name()),
            Who::Recipe(recipe) => recipe.what.to_owned(),
        },
        runs,
    });
    Ok(named.collect())
}

fn list(out: &Out) -> Result<(), CliError> {
    let json = serde_json::json!({
        "families": FAMILIES.iter().map(|family| serde_json::json!({
            "name": family.name, "what": family.what, "visible": family.visible, "held_out": family.held_out,
            "adapts": family.adapts(),
        })).collect::<Vec<_>>(),
        "recipes": RECIPES.iter().map(|recipe| serde_json::json!({ "name": recipe.name, "what": recipe.what })).collect::<Vec<_>>(),
        "scenarios": plan::READY.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
    });
    out.data(&json, || {
        let mut text = String::from("Attacks\n");
        for family in &FAMILIES {
            let _ = writeln!(text, "  {:<16} {}", family.name, family.what);
        }
        text.push_str("\nRecipes (--recipes)\n");
        for recipe in &RECIPES {
            let _ = writeln!(text, "  {:<16} {}", recipe.name, recipe.what);
        }
        text.push_str("\nScenarios (--scenario)\n");
        for (name, about) in plan::ready() {
            let _ = writeln!(text, "  {name:<20} {about}");
        }
        text.truncate(text.trim_end().len());
        text
    })
}
