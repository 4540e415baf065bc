//! Families one by one, those held out beside those tuned on, and honest hard cases.

use super::page::{counted, spread};
use super::{DENSITIES, Runs, Tables};
use cofferdam_sim::attack::{FAMILIES, Family};
use cofferdam_sim::scorecard::Share;
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn half(name: &str, held_out: bool) -> bool {
    Family::named(name).is_some_and(|family| family.visible && family.held_out == held_out)
}

/// By family.
pub fn table(tables: &Tables) -> String {
    let mut text = String::from(
        "## Families\n\nHalf of the families were held out by the toss of a coin before anything was measured: nobody tunes on them.\n\n\
         | mean over families, leaked | thin | busy |\n| --- | ---: | ---: |\n",
    );
    for (name, held_out) in [("tuned on", false), ("held out", true)] {
        let _ = write!(text, "| {name} ");
        for at in 0..DENSITIES.len() {
            let mean =
                tables.engine(at).and_then(|runs| runs.pooled.mean_leaked(|family| half(family, held_out)));
            let _ = write!(text, "| {} ", spread(mean));
        }
        text.push_str("|\n");
    }
    text.push_str(
        "\nLeaked money by family; in how many campaigns it was missed; and how many messages were sent before the first stop (median).\n\n\
         | family | | thin: leaked | missed | first stop | busy: leaked | missed | first stop |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut order: Vec<&Family> = FAMILIES.iter().filter(|family| family.visible).collect();
    let leak = |family: &Family| {
        let of = |at| Some(tables.engine(at)?.pooled.figures.families.get(family.name)?.leaked());
        of(0).unwrap_or(0.0) + of(1).unwrap_or(0.0)
    };
    order.sort_by(|one, other| leak(other).total_cmp(&leak(one)));
    for family in order {
        let _ =
            write!(text, "| `{}` | {} ", family.name, if family.held_out { "held out" } else { "tuned on" });
        for at in 0..DENSITIES.len() {
            let _ = write!(
                text,
                "| {} ",
                tables.engine(at).map_or("– | – | –".to_owned(), |runs| cells(runs, family.name))
            );
        }
        text.push_str("|\n");
    }
    text
}

fn cells(runs: &Runs, family: &str) -> String {
    let campaigns = || runs.pooled.figures.campaigns.iter().filter(|campaign| campaign.family == family);
    let missed = campaigns().filter(|campaign| !campaign.detected).count();
    let mut stops: Vec<u32> =
        campaigns().map(|campaign| campaign.first_stop.unwrap_or(campaign.messages)).collect();
    stops.sort_unstable();
    let median = stops.get(stops.len() / 2).map_or("–".to_owned(), u32::to_string);
    let leaked = spread(runs.pooled.leaked(|name| name == family));
    format!("{leaked} | {missed} of {} | {median}", campaigns().count())
}

/// Good attempts by hard case.
pub fn cases(tables: &Tables) -> String {
    let mut all: BTreeMap<&str, [Share; 2]> = BTreeMap::new();
    for at in 0..DENSITIES.len() {
        for (name, share) in tables.engine(at).iter().flat_map(|runs| &runs.pooled.figures.cases) {
            if let Some(into) = all.entry(name).or_default().get_mut(at) {
                into.merge(*share);
            }
        }
    }
    let mut text = String::from(
        "## Honest hard cases\n\nGood attempts of each that were stopped for good (goal: 1 % each, where there are 300 attempts).\n\n\
         | case | thin: attempts | stopped | busy: attempts | stopped |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    for (name, [thin, busy]) in all {
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} |",
            thin.of,
            counted(&thin),
            busy.of,
            counted(&busy)
        );
    }
    text
}
