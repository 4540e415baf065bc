//! The goals of the detection paper beside what was measured.

use super::page::{counted, leaked, mean, percent, spread};
use super::{DENSITIES, Runs, Shows, Tables};
use cofferdam_sim::scorecard::Share;
use std::fmt::Write as _;

/// A measure: what was found, written, and as a figure to hold against the goal.
struct Measured {
    what: &'static str,
    /// Goal and stretch, thin and busy; `None`: no goal there.
    goals: [Option<(f64, f64)>; 2],
    /// Whether it is written in per cent.
    share: bool,
    found: fn(&Tables, usize) -> Option<(f64, String)>,
}

fn three(found: Option<(f64, f64, f64)>) -> Option<(f64, String)> {
    found.map(|found| (found.0, spread(Some(found))))
}

fn engine(
    tables: &Tables,
    at: usize,
    of: impl Fn(&Runs) -> Option<(f64, f64, f64)>,
) -> Option<(f64, String)> {
    three(of(tables.engine(at)?))
}

fn share(tables: &Tables, at: usize, of: impl Fn(&Runs) -> Share) -> Option<(f64, String)> {
    let share = of(tables.engine(at)?);
    (share.of > 0).then(|| (share.share(), counted(&share)))
}

fn both(goal: f64, stretch: f64) -> [Option<(f64, f64)>; 2] {
    [Some((goal, stretch)); 2]
}

fn shares() -> Vec<Measured> {
    let per = |what, goals, found| Measured { what, goals, share: true, found };
    vec![
        per("leaked money", [Some((0.024, 0.02)), Some((0.15, 0.10))], |tables, at| {
            engine(tables, at, leaked)
        }),
        per(
            "leaked, mean over the families that can be seen",
            [Some((0.028, 0.02)), Some((0.15, 0.10))],
            |tables, at| engine(tables, at, mean),
        ),
        per("good attempts stopped for good: all", both(0.0015, 0.001), |tables, at| {
            share(tables, at, |runs| runs.pooled.figures.good_stopped)
        }),
        per("… outside attacked countries", both(0.0005, 0.0003), |tables, at| {
            share(tables, at, |runs| runs.pooled.figures.outside)
        }),
        per("… in attacked countries", both(0.02, 0.013), |tables, at| {
            share(tables, at, |runs| runs.pooled.figures.attacked_country)
        }),
        per("… in attacked networks", both(0.05, 0.03), |tables, at| {
            share(tables, at, |runs| runs.pooled.figures.attacked_network)
        }),
        per("… worst honest hard case of 300 attempts and more", both(0.01, 0.005), |tables, at| {
            let (name, share) = tables.engine(at)?.pooled.figures.worst_case()?;
            Some((share.share(), format!("{name}: {}", counted(&share))))
        }),
        per("good attempts challenged", both(0.015, 0.01), |tables, at| {
            share(tables, at, |runs| runs.pooled.figures.good_challenged)
        }),
        per(
            "attackers who move when blocked: leaked money",
            [Some((0.06, 0.04)), Some((0.18, 0.12))],
            |tables, at| {
                let name = if at == 0 { "movers" } else { "movers-busy" };
                three(leaked(tables.of(&Shows::Other(name))?))
            },
        ),
    ]
}

fn others() -> Vec<Measured> {
    vec![
        Measured {
            what: "attack messages before the first stop, median",
            goals: both(3.0, 2.0),
            share: false,
            found: |tables, at| {
                let (seen, low, high) = tables.engine(at)?.pooled.first_stop()?;
                Some((seen, format!("{seen:.1} ({low:.0}–{high:.0})")))
            },
        },
        Measured {
            what: "campaigns missed",
            goals: both(0.0, 0.0),
            share: false,
            found: |tables, at| {
                let figures = &tables.engine(at)?.pooled.figures;
                let visible = |name: &str| figures.families.get(name).is_some_and(|family| family.visible);
                let of = figures.campaigns.iter().filter(|campaign| visible(&campaign.family)).count();
                Some((figures.missed() as f64, format!("{} of {of}", figures.missed())))
            },
        },
        Measured {
            what: "calibration: the tenth that is furthest off, times",
            goals: both(2.0, 1.5),
            share: false,
            found: |tables, at| {
                let tenths = &tables.engine(at)?.pooled.figures.calibration;
                let worst =
                    tenths.iter().filter_map(cofferdam_sim::scorecard::Tenth::off).reduce(f64::max)?;
                Some((worst, format!("{worst:.1}")))
            },
        },
        Measured {
            what: "combined loss",
            goals: [Some((0.06, 0.04)), None],
            share: false,
            found: |tables, at| {
                let loss = tables.engine(at)?.pooled.figures.combined_loss()?;
                Some((loss, format!("{loss:.3}")))
            },
        },
    ]
}

/// The table of goals.
pub fn table(tables: &Tables) -> String {
    let mut text = String::from("## The goals\n\n");
    for (at, density) in DENSITIES.into_iter().enumerate() {
        let runs = tables.engine(at).map_or(0, |runs| runs.pooled.attempts);
        let _ = writeln!(text, "`mixed-{density}`: {runs} attempts.");
    }
    text.push_str(
        "\n| measure | thin | goal (stretch) | | busy | goal (stretch) | |\n| --- | ---: | ---: | --- | ---: | ---: | --- |\n",
    );
    for measured in shares().into_iter().chain(others()) {
        let _ = write!(text, "| {} ", measured.what);
        for at in 0..DENSITIES.len() {
            let found = (measured.found)(tables, at);
            let goal = measured.goals.get(at).copied().flatten();
            let written = |figure: f64| if measured.share { percent(figure) } else { format!("{figure}") };
            let aim = goal.map_or("–".to_owned(), |(goal, stretch)| {
                format!("{} ({})", written(goal), written(stretch))
            });
            let verdict = match (&found, goal) {
                (Some((found, _)), Some((_, stretch))) if *found <= stretch => "stretch",
                (Some((found, _)), Some((goal, _))) if *found <= goal => "held",
                (Some(_), Some(_)) => "**missed**",
                _ => "",
            };
            let shown = found.map_or("–".to_owned(), |(_, shown)| shown);
            let _ = write!(text, "| {shown} | {aim} | {verdict} ");
        }
        text.push_str("|\n");
    }
    text
}
