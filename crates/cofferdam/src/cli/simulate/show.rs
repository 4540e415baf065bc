//! What is shown at the end: the picture, the scorecard, and what a scenario expected and did not get.

use super::chart::{Curve, blocks, dollars, svg};
use super::{Args, CliError, Done, Out, Plan};
use cofferdam_sim::scorecard::{Figures, Share};
use cofferdam_sim::trial::Pooled;
use comfy_table::{CellAlignment, LineStyle, Table, presets};
use serde_json::{Value, json};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

const COLUMNS: usize = 64;
const LINES: usize = 9;
/// Where the picture goes if nobody says.
const PICTURE: &str = "cofferdam-simulate.svg";

/// Shows all.
pub fn all(args: &Args, plan: &Plan, done: &[Done], out: &Out) -> Result<(), CliError> {
    let Some(engine) = done.first() else { return Ok(()) };
    let curve = Curve::of(&engine.runs.beats, COLUMNS);
    let picture = curve.as_ref().map(|curve| draw(args, plan, curve, out)).transpose()?.flatten();
    let unmet = plan.scenario.unmet(|measure| engine.runs.pooled.figures.measure(measure));
    let json = json!({
        "about": plan.scenario.about,
        "density": plan.scenario.density.as_str(),
        "days": plan.scenario.days,
        "seeds": plan.seeds,
        "judges": done.iter().map(of).collect::<Vec<_>>(),
        "unmet": unmet,
        "picture": picture.as_ref().map(|path| path.display().to_string()),
    });
    out.data(&json, || text(plan, done, curve.as_ref(), &unmet, picture.as_deref()))
}

/// Writes the picture. Where nobody asked for it and the folder cannot be written, a word says so.
fn draw(args: &Args, plan: &Plan, curve: &Curve, out: &Out) -> Result<Option<PathBuf>, CliError> {
    if args.svg.is_none() && out.json {
        return Ok(None);
    }
    let path = args.svg.clone().unwrap_or_else(|| PathBuf::from(PICTURE));
    let drawn = svg(curve, &plan.scenario.about).map_err(|error| CliError::failed(error.to_string()))?;
    match std::fs::write(&path, drawn) {
        Ok(()) => Ok(Some(path)),
        Err(error) if args.svg.is_none() => {
            out.say(&format!("the picture `{}` was not written: {error}", path.display()));
            Ok(None)
        }
        Err(error) => Err(CliError::failed(format!("--svg `{}` cannot be written: {error}", path.display()))),
    }
}

/// One judge's figures.
fn of(done: &Done) -> Value {
    let pooled = &done.runs.pooled;
    let share = |share: &Share| {
        let (low, high) = share.interval();
        json!({ "hit": share.hit, "of": share.of, "share": share.share(), "interval": [low, high] })
    };
    let three = |found: Option<(f64, f64, f64)>| {
        found.map(|(seen, low, high)| json!({ "share": seen, "interval": [low, high] }))
    };
    let figures = &pooled.figures;
    let (leaked, price) = figures.money();
    json!({
        "name": done.name,
        "what": done.what,
        "attempts": pooled.attempts,
        "would_have_been_spent_micros": price,
        "spent_micros": leaked,
        "leaked": three(pooled.leaked(|name| seen(figures, name))),
        "mean_leaked": three(pooled.mean_leaked(|name| seen(figures, name))),
        "first_stop": figures.first_stop(),
        "campaigns": figures.campaigns.len(),
        "missed": figures.missed(),
        "loss": figures.combined_loss(),
        "good_stopped": share(&figures.good_stopped),
        "good_challenged": share(&figures.good_challenged),
        "outside": share(&figures.outside),
        "attacked_country": share(&figures.attacked_country),
        "attacked_network": share(&figures.attacked_network),
        "sittings_lost": share(&figures.sittings_lost),
        "families": figures.families.iter().map(|(name, family)| json!({
            "name": name,
            "visible": family.visible,
            "messages": family.messages.of,
            "sent": family.messages.hit,
            "would_have_been_spent_micros": family.price_micros,
            "spent_micros": family.leaked_micros,
            "leaked": family.leaked(),
        })).collect::<Vec<_>>(),
        "cases": figures.cases.iter().map(|(name, stopped)| json!({ "name": name, "stopped": share(stopped) })).collect::<Vec<_>>(),
    })
}

/// Whether a family can be seen at all.
pub fn seen(figures: &Figures, family: &str) -> bool {
    figures.families.get(family).is_some_and(|family| family.visible)
}

fn text(
    plan: &Plan,
    done: &[Done],
    curve: Option<&Curve>,
    unmet: &[String],
    picture: Option<&Path>,
) -> String {
    let mut parts = vec![head(plan, done)];
    if let Some(curve) = curve {
        let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        parts.push(blocks(curve, LINES, colours));
    }
    parts.push(judges(done));
    if let Some(engine) = done.first() {
        let figures = &engine.runs.pooled.figures;
        if figures.families.len() > 1 {
            parts.push(families(figures));
        }
        if !figures.cases.is_empty() {
            parts.push(cases(figures));
        }
    }
    if !unmet.is_empty() {
        parts.push(format!("The scenario expects more than was reached:\n  {}", unmet.join("\n  ")));
    }
    if let Some(path) = picture {
        parts.push(format!("The picture is in {}", path.display()));
    }
    parts.join("\n\n")
}

fn head(plan: &Plan, done: &[Done]) -> String {
    let attempts = done.first().map_or(0, |done| done.runs.pooled.attempts);
    let seeds = match plan.seeds.as_slice() {
        [seed] => format!("seed {seed}"),
        [first, .., last] => format!("seeds {first} to {last}"),
        [] => String::new(),
    };
    format!("{}\n{attempts} attempts, {seeds}", plan.scenario.about)
}

/// A share in per cent, with its interval.
fn percent(share: &Share) -> String {
    if share.of == 0 {
        return "–".to_owned();
    }
    let (low, high) = share.interval();
    format!("{} ({} to {})", of_hundred(share.share()), bare(low), bare(high))
}

/// Per cent, as few digits as tell it.
pub fn of_hundred(share: f64) -> String {
    format!("{} %", bare(share))
}

fn bare(share: f64) -> String {
    let hundredths = share * 100.0;
    // Nearly all is not all.
    if (10.0..99.0).contains(&hundredths) { format!("{hundredths:.0}") } else { format!("{hundredths:.2}") }
}

fn grid(head: &[&str]) -> Table {
    let mut table = Table::new();
    let lines = presets::UTF8_HORIZONTAL_ONLY
        .row_separator(LineStyle::none())
        .header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(lines).set_header(head.iter().copied());
    for at in 1..head.len() {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn judges(done: &[Done]) -> String {
    let mut table =
        grid(&["judge", "attack", "spent", "saved", "1st stop", "good stopped", "good challenged"]);
    for done in done {
        let figures = &done.runs.pooled.figures;
        let (would, spent) = all_money(&done.runs.pooled);
        let saved = if would > 0 { of_hundred(1.0 - spent as f64 / would as f64) } else { "–".to_owned() };
        table.add_row([
            done.name.clone(),
            dollars(would),
            dollars(spent),
            saved,
            first_stop(figures),
            percent(&figures.good_stopped),
            percent(&figures.good_challenged),
        ]);
    }
    format!(
        "{table}\n1st stop: messages that were sent before one was stopped, in the median; in brackets: 95 % intervals"
    )
}

/// Of all families, also those that nobody can see.
fn all_money(pooled: &Pooled) -> (i64, i64) {
    pooled
        .purses
        .iter()
        .fold((0, 0), |(would, spent), purse| (would + purse.price_micros, spent + purse.leaked_micros))
}

fn first_stop(figures: &Figures) -> String {
    figures.first_stop().map_or("–".to_owned(), |messages| format!("{messages:.0}"))
}

fn families(figures: &Figures) -> String {
    let mut table = grid(&["attack", "messages", "would cost", "was spent", "leaked", "campaigns missed"]);
    for (name, family) in &figures.families {
        let of = || figures.campaigns.iter().filter(|campaign| &campaign.family == name);
        let missed = of().filter(|campaign| !campaign.detected).count();
        let shown = if family.visible { name.clone() } else { format!("{name} (nobody can see it)") };
        table.add_row([
            shown,
            family.messages.of.to_string(),
            dollars(family.price_micros),
            dollars(family.leaked_micros),
            of_hundred(family.leaked()),
            format!("{missed} of {}", of().count()),
        ]);
    }
    table.to_string()
}

fn cases(figures: &Figures) -> String {
    let mut all: Vec<(&String, &Share)> = figures.cases.iter().collect();
    all.sort_by(|one, other| other.1.share().total_cmp(&one.1.share()));
    let mut table = grid(&["honest case, worst first", "attempts", "stopped"]);
    for (name, share) in all.into_iter().take(8) {
        table.add_row([name.clone(), share.of.to_string(), percent(share)]);
    }
    table.to_string()
}
