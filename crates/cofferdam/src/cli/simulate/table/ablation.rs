//! The engine without one of its parts, on the same streams: each detector and each rival explanation off once.

use super::{DENSITIES, Runs, STILL, Shows, Tables};
use std::fmt::Write as _;

/// What a part moves, in points of a per cent: leaked mean, good stopped.
fn moves(tables: &Tables, at: usize, part: &'static str) -> Option<[f64; 2]> {
    let figures = |runs: &Runs| {
        let figures = &runs.pooled.figures;
        [figures.mean_leaked().unwrap_or(0.0), figures.good_stopped.share()]
    };
    let all = figures(tables.of(&Shows::Without(at, None))?);
    let without = figures(tables.of(&Shows::Without(at, Some(part)))?);
    let [all_leaked, all_stopped] = all;
    let [leaked, stopped] = without;
    Some([100.0 * (leaked - all_leaked), 100.0 * (stopped - all_stopped)])
}

/// Below this, in points of a per cent, nothing was moved.
const NOTHING: f64 = 0.0005;
/// Below these, leaked and stopped, next to nothing was: chance moves as much.
const HARDLY: [f64; 2] = [0.1, 0.02];

/// Why parts stay that move next to nothing here.
const STAYS: [(&str, &str); 10] = [
    (
        "number_tariff",
        "Premium lines are refused at the first message by their tariff alone. The worlds' few have a country and a \
         network that are stopped as well, so the sum over days does not show it.",
    ),
    (
        "number_kind",
        "Landlines and pagers, which a text does not reach, are hardly asked for in these worlds; in a history of \
         one's own they are typing errors and cheap probes.",
    ),
    (
        "number_proved",
        "It tells a reason. That the number was proved is weighed before: such an attempt is counted apart and judged \
         by no suspicion.",
    ),
    (
        "person_proved",
        "It speaks for a known person's new number, which is rare in six days, and for few of them.",
    ),
    (
        "user_reuse",
        "Attackers of these worlds have one account a number, or none. One account with many numbers is the cheapest \
         attack there is; it would be everybody's if nothing looked.",
    ),
    (
        "number_sittings",
        "It needs a number on several days. From the fourth time on one day that nothing comes back each ask counts as a \
         newcomer, and the scopes see those first.",
    ),
    (
        "number_sequence",
        "The order of a run's numbers weighs in the rivals of the run (`prefix_density`); this tells it, with its \
         step, and counts once with it.",
    ),
    (
        "channel_unusual",
        "Calls that are pumped here are seen by their profile and network first. A call costs some ten texts, so \
         the channel is watched apart.",
    ),
    (
        "control",
        "What happens to the trusted of a place tells an outage from an attack. It needs many trusted people there: \
         days of outages for all (below `Other days`) need it more than these.",
    ),
    ("client_unusual", "One browser's traffic to a network: most of such attacks share a profile too."),
];

/// The table.
pub fn table(tables: &Tables) -> String {
    let mut text = String::from(
        "## Ablation\n\nSix days of each mixed scenario with 2,000 sittings a day, the first seed, one part off at a time. In points of a per cent: `+1.00` leaked is one per cent of the mean family's \
         money more; `+0.10` stopped is one good attempt in a thousand more. What moves nothing on its own may still be carried by another part that sees the same.\n\n",
    );
    for (at, density) in DENSITIES.into_iter().enumerate() {
        if let Some(all) = tables.of(&Shows::Without(at, None)) {
            let figures = &all.pooled.figures;
            let _ = writeln!(
                text,
                "With all parts, {density}: {:.2} % leaked (mean), {:.3} % of good attempts stopped.",
                100.0 * figures.mean_leaked().unwrap_or(0.0),
                100.0 * figures.good_stopped.share()
            );
        }
    }
    text.push_str(
        "\n| without | thin: leaked | good stopped | busy: leaked | good stopped |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    let nothing = [0.0, 0.0];
    let moved = |part: &'static str| {
        [moves(tables, 0, part).unwrap_or(nothing), moves(tables, 1, part).unwrap_or(nothing)]
    };
    let size = |part: &'static str| {
        moved(part).iter().map(|[leaked, stopped]| leaked.abs() + 10.0 * stopped.abs()).sum::<f64>()
    };
    let mut parts = tables.parts.clone();
    parts.sort_by(|one, other| size(other).total_cmp(&size(one)));
    let (some, none): (Vec<&'static str>, Vec<&'static str>) =
        parts.iter().partition(|part| size(part) > NOTHING);
    for part in some {
        let [[thin, thin_stopped], [busy, busy_stopped]] = moved(part);
        let _ = writeln!(
            text,
            "| `{part}` | {thin:+.2} | {thin_stopped:+.3} | {busy:+.2} | {busy_stopped:+.3} |"
        );
    }
    let listed = |parts: &[&str]| parts.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(", ");
    if !none.is_empty() {
        let _ = writeln!(text, "\nMoved nothing in these days: {}.", listed(&none));
    }
    let hardly = |part: &&&'static str| {
        moved(part).iter().flatten().zip(HARDLY.iter().cycle()).all(|(moved, least)| moved.abs() < *least)
    };
    text.push_str(&stays(parts.iter().filter(hardly)));
    let _ = writeln!(
        text,
        "\nNot tried, because no made-up world can move them (no lists, no rules about destinations, no numbers without a plan): {}.",
        listed(&STILL)
    );
    text
}

/// What moves next to nothing is explained, or asks for it.
fn stays<'a>(parts: impl Iterator<Item = &'a &'static str>) -> String {
    let mut text = String::from(
        "\nWhat moves next to nothing (less than a tenth of a point leaked and two hundredths stopped, either density), and why it stays:\n\n",
    );
    for part in parts {
        let why = STAYS.iter().find(|(name, _)| name == part).map(|(_, why)| *why);
        let why = why.unwrap_or("**No reason is written down: it should be explained, or taken out.**");
        let _ = writeln!(text, "- `{part}`: {why}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use cofferdam_engine::detectors;
    use cofferdam_engine::policy::EXPLANATIONS;

    #[test]
    fn what_is_explained_exists() {
        for (part, _) in STAYS {
            let is_there = EXPLANATIONS.contains(&part) || detectors().any(|(file, _)| file == part);
            assert!(is_there, "{part} is no part of the engine");
        }
    }

    #[test]
    fn what_nobody_explains_is_told() {
        let text = stays(["control", "device_reuse"].iter());
        assert!(text.contains("- `control`: What happens to the trusted"), "{text}");
        assert!(text.contains("- `device_reuse`: **No reason is written down"), "{text}");
    }
}
