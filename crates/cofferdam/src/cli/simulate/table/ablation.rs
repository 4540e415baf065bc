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
        parts.into_iter().partition(|part| size(part) > NOTHING);
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
    let _ = writeln!(
        text,
        "\nNot tried, because no made-up world can move them (no lists, no rules about destinations, no numbers without a plan): {}.",
        listed(&STILL)
    );
    text
}
