//! Scenarios beside the mixed ones: no attack, an empty start, failing outcomes, after an attack, attackers who move.

use super::page::{counted, leaked, spread};
use super::{OTHERS, Shows, Tables};
use crate::cli::simulate::plan;
use std::fmt::Write as _;

/// The table.
pub fn table(tables: &Tables) -> String {
    let mut text = String::from(
        "## Other days\n\n*First day*: good attempts stopped within the first 24 hours of an empty installation. *72 h later*: in countries that were \
         attacked, three days and more after the last message of any campaign there.\n\n\
         | scenario | attempts | good stopped for good | good challenged | sittings lost | first day | 72 h later | leaked money |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for name in OTHERS {
        let Some(runs) = tables.of(&Shows::Other(name)) else { continue };
        let figures = &runs.pooled.figures;
        let first =
            if name.starts_with("cold") { counted(&figures.first_day_stopped) } else { "–".to_owned() };
        let later = if name == "after-attack" { counted(&figures.after_attack) } else { "–".to_owned() };
        let _ = writeln!(
            text,
            "| `{name}` | {} | {} | {} | {} | {first} | {later} | {} |",
            runs.pooled.attempts,
            counted(&figures.good_stopped),
            counted(&figures.good_challenged),
            counted(&figures.sittings_lost),
            spread(leaked(runs)),
        );
    }
    text.push_str("\nWhat the scenarios expect (the goals, as bounds) and did not get:\n\n");
    let before = text.len();
    for name in OTHERS {
        let (Some(runs), Some(scenario)) = (tables.of(&Shows::Other(name)), plan::named(name)) else {
            continue;
        };
        for unmet in scenario.unmet(|measure| runs.pooled.figures.measure(measure)) {
            let _ = writeln!(text, "- `{name}`: {unmet}");
        }
    }
    if text.len() == before {
        text.push_str("- nothing: all were met\n");
    }
    text
}
