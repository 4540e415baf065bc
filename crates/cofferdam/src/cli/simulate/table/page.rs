//! The page's head, the recipes beside the engine, levels and calibration; and how figures are written.

use super::{DENSITIES, Runs, SEED, Shows, Tables};
use crate::cli::simulate::show::seen;
use cofferdam_sim::recipe::RECIPES;
use cofferdam_sim::scorecard::Share;
use std::fmt::Write as _;

/// A share in per cent, two digits that count.
pub fn percent(share: f64) -> String {
    let hundredths = share * 100.0;
    if hundredths >= 10.0 { format!("{hundredths:.0} %") } else { format!("{hundredths:.2} %") }
}

/// With its interval.
pub fn spread(found: Option<(f64, f64, f64)>) -> String {
    let Some((seen, low, high)) = found else { return "–".to_owned() };
    if percent(low) == percent(high) {
        // One campaign alone has no spread, and pretends none.
        return percent(seen);
    }
    format!("{} ({}–{})", percent(seen), percent(low).trim_end_matches(" %"), percent(high))
}

/// A share of counts with its interval.
pub fn counted(share: &Share) -> String {
    let (low, high) = share.interval();
    spread((share.of > 0).then(|| (share.share(), low, high)))
}

/// Leaked money of visible families.
pub fn leaked(runs: &Runs) -> Option<(f64, f64, f64)> {
    runs.pooled.leaked(|name| seen(&runs.pooled.figures, name))
}

/// Mean over visible families.
pub fn mean(runs: &Runs) -> Option<(f64, f64, f64)> {
    runs.pooled.mean_leaked(|name| seen(&runs.pooled.figures, name))
}

/// The head.
pub fn head(tables: &Tables) -> String {
    let last = tables.seed + u64::from(tables.seeds) - 1;
    let seeds = if last == tables.seed {
        format!("Seed {last}")
    } else {
        format!("Seeds {} to {last}, pooled", tables.seed)
    };
    let unseen = if tables.seed >= SEED { "nobody tunes on it" } else { "of your choice" };
    format!(
        "# Detection figures\n\n\
         Written by `cofferdam simulate --table docs` in one run (engine {}); do not edit. The worlds are our own and made up \
         (`scenarios/`): these figures are for finding mistakes, not for boasting. Traffic that nobody here wrote will \
         come out otherwise. {seeds} ({unseen}); quiet days, lost outcomes and ablation on the first seed alone. Level standard where none is named. In brackets: 95 % intervals – Wilson's for shares of attempts, campaigns drawn anew \
         (bootstrap) for money; none where there is one campaign. Definitions stand in `crates/cofferdam-sim/src/scorecard.rs`.\n",
        cofferdam_engine::ENGINE,
    )
}

/// The recipes beside the engine.
pub fn recipes(tables: &Tables) -> String {
    let mut text = String::from("## Published recipes beside the engine\n");
    for (at, density) in DENSITIES.into_iter().enumerate() {
        let _ = write!(
            text,
            "\nScenario `mixed-{density}`, the same streams for each:\n\n\
             | | leaked money | mean over families | good stopped for good | good challenged | first stop | campaigns missed | combined loss |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        );
        let engine = tables.engine(at).map(|runs| ("**engine**".to_owned(), runs));
        let recipes = RECIPES.iter().filter_map(|recipe| {
            Some((format!("`{}`", recipe.name), tables.of(&Shows::Recipe(at, recipe.name))?))
        });
        for (name, runs) in engine.into_iter().chain(recipes) {
            let _ = writeln!(text, "| {name} {}", row(runs));
        }
        if let (Some(engine), Some((best, runs))) = (tables.engine(at), tables.best(at)) {
            let of = |runs: &Runs| runs.pooled.figures.mean_leaked().unwrap_or(0.0);
            let good = |runs: &Runs| runs.pooled.figures.good_stopped.share();
            let _ = writeln!(
                text,
                "\nThe best recipe (least leak of those that stop under 5 % of good attempts) is `{}`: the engine leaks {:.1} times less \
                 (goal: {} times), and stops {} of its stopped good users (goal: 10 %).",
                best.name,
                of(runs) / of(engine).max(1e-9),
                if at == 0 { 8 } else { 5 },
                percent(good(engine) / good(runs).max(1e-9)),
            );
        }
    }
    text.push_str("\nWhat they do: ");
    let what: Vec<String> =
        RECIPES.iter().map(|recipe| format!("`{}`: {}", recipe.name, recipe.what)).collect();
    text.push_str(&what.join("; "));
    text.push_str(".\n");
    text
}

/// The measures of a run in a row, without its first cell.
fn row(runs: &Runs) -> String {
    let figures = &runs.pooled.figures;
    let campaigns = figures.campaigns.iter().filter(|campaign| seen(figures, &campaign.family)).count();
    format!(
        "| {} | {} | {} | {} | {} | {} of {campaigns} | {} |",
        spread(leaked(runs)),
        spread(mean(runs)),
        counted(&figures.good_stopped),
        counted(&figures.good_challenged),
        figures.first_stop().map_or("–".to_owned(), |found| format!("{found:.1}")),
        figures.missed(),
        figures.combined_loss().map_or("–".to_owned(), |loss| format!("{loss:.3}")),
    )
}

/// Levels as a curve.
pub fn levels(tables: &Tables, picture: &str) -> String {
    let mut text = format!(
        "## Levels\n\nWhat leaks against whom it stops, by level: ![levels]({picture})\n\n\
         | | leaked money | mean over families | good stopped for good | good challenged | first stop | campaigns missed | combined loss |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for (at, density) in DENSITIES.into_iter().enumerate() {
        let found = [
            ("basic", tables.of(&Shows::Level(at, "basic"))),
            ("standard", tables.engine(at)),
            ("max", tables.of(&Shows::Level(at, "max"))),
        ];
        for (level, runs) in found {
            if let Some(runs) = runs {
                let _ = writeln!(text, "| {density}, {level} {}", row(runs));
            }
        }
    }
    text
}

/// Stated against observed.
pub fn calibration(tables: &Tables, picture: &str) -> String {
    let mut text = format!(
        "## Calibration\n\nThe score is the probability that an attempt is pumped. Of attempts with a stated score within a tenth, \
         how many were? Families that nobody can see are left out; *off* is how many times too high or too low, where there are 200 \
         attempts (goal: within 2).\n\n![calibration]({picture})\n\n\
         | score | thin: attempts | stated | observed | off | busy: attempts | stated | observed | off |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for tenth in 0..10_usize {
        let _ = write!(text, "| {:.1}–{:.1} ", tenth as f64 / 10.0, (tenth + 1) as f64 / 10.0);
        for at in 0..DENSITIES.len() {
            let found = tables.engine(at).and_then(|runs| runs.pooled.figures.calibration.get(tenth));
            let Some(found) = found else { continue };
            let off = found.off().map_or("–".to_owned(), |off| format!("{off:.1}"));
            let _ = write!(
                text,
                "| {} | {} | {} | {off} ",
                found.attacks.of,
                percent(found.mean()),
                counted(&found.attacks)
            );
        }
        text.push_str("|\n");
    }
    text
}
