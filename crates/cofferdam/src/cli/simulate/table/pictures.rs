//! The plots: stated against observed, and levels as a curve.

use super::{DENSITIES, Shows, Tables};
use std::fmt::{self, Write as _};

const SIDE: f64 = 460.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 52.0;
const STYLE: &str = "<style>text{font:13px system-ui,sans-serif;fill:#333}.g{stroke:#ddd}.l{stroke:#888;stroke-dasharray:4 3}.thin{fill:#2c6e9b;stroke:#2c6e9b}.busy{fill:#b8621b;stroke:#b8621b}.n{fill:none;stroke-width:2}.bg{fill:#fff}.x{opacity:.12;fill:#2c6e49}\
@media (prefers-color-scheme:dark){text{fill:#ddd}.g{stroke:#444}.l{stroke:#999}.thin{fill:#6cb4e4;stroke:#6cb4e4}.busy{fill:#f0a050;stroke:#f0a050}.bg{fill:#16181d}}</style>";

/// A square frame: a point of the unit square, in pixels.
fn at(x: f64, y: f64) -> (f64, f64) {
    (LEFT + SIDE * x, TOP + SIDE * (1.0 - y))
}

fn open(out: &mut String, label: &str, across: &str, up: &str) -> fmt::Result {
    let (width, height) = (LEFT + SIDE + 150.0, TOP + SIDE + BOTTOM);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">\n{STYLE}\n<rect class=\"bg\" width=\"{width}\" height=\"{height}\"/>"
    )?;
    let ((x, y), (_, end)) = (at(0.5, 0.0), at(0.0, 0.5));
    writeln!(out, "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{across}</text>", y + 42.0)?;
    writeln!(out, "<text transform=\"translate(16 {end}) rotate(-90)\" text-anchor=\"middle\">{up}</text>")?;
    for (row, density) in DENSITIES.into_iter().enumerate() {
        let y = TOP + 16.0 + 22.0 * row as f64;
        writeln!(
            out,
            "<circle class=\"{density}\" cx=\"{}\" cy=\"{}\" r=\"5\"/><text x=\"{}\" y=\"{y}\">{density} world</text>",
            LEFT + SIDE + 24.0,
            y - 4.0,
            LEFT + SIDE + 36.0
        )?;
    }
    Ok(())
}

fn grid(out: &mut String, label: impl Fn(usize, bool) -> String) -> fmt::Result {
    for step in 0..=4_usize {
        let part = step as f64 / 4.0;
        let ((x, bottom), (left, y)) = (at(part, 0.0), at(0.0, part));
        writeln!(
            out,
            "<line class=\"g\" x1=\"{x}\" x2=\"{x}\" y1=\"{TOP}\" y2=\"{bottom}\"/><line class=\"g\" x1=\"{left}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/>\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT + SIDE,
            bottom + 18.0,
            label(step, true),
            left - 8.0,
            y + 4.0,
            label(step, false)
        )?;
    }
    Ok(())
}

/// Stated against observed; the band is a factor of two.
pub fn calibration(tables: &Tables) -> Result<String, fmt::Error> {
    let mut out = String::new();
    open(&mut out, "Stated score against observed share of attacks, by tenths", "stated", "observed")?;
    grid(&mut out, |step, _| format!("{:.2}", step as f64 / 4.0))?;
    let corners = [(0.0, 0.0), (0.5, 1.0), (1.0, 1.0), (1.0, 0.5)].map(|(x, y)| {
        let (x, y) = at(x, y);
        format!("{x},{y}")
    });
    writeln!(out, "<polygon class=\"x\" points=\"{}\"/>", corners.join(" "))?;
    let ((x1, y1), (x2, y2)) = (at(0.0, 0.0), at(1.0, 1.0));
    writeln!(out, "<line class=\"l\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>")?;
    for (which, density) in DENSITIES.into_iter().enumerate() {
        let Some(runs) = tables.engine(which) else { continue };
        for tenth in runs.pooled.figures.calibration.iter().filter(|tenth| tenth.attacks.of > 0) {
            let (low, high) = tenth.attacks.interval();
            let (x, y) = at(tenth.mean(), tenth.attacks.share());
            let ((_, low), (_, high)) = (at(0.0, low), at(0.0, high));
            // Tenths with few attempts are drawn small.
            let radius = if tenth.attacks.of >= 200 { 5.0 } else { 2.5 };
            writeln!(
                out,
                "<line class=\"{density}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{low:.1}\" y2=\"{high:.1}\"/><circle class=\"{density}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"/>"
            )?;
        }
    }
    out.push_str("</svg>\n");
    Ok(out)
}

/// Good stopped across, leaked upwards: basic, standard, max.
pub fn levels(tables: &Tables) -> Result<String, fmt::Error> {
    let found: Vec<Vec<(&str, f64, f64)>> = (0..DENSITIES.len())
        .map(|at| {
            let runs = [
                ("basic", tables.of(&Shows::Level(at, "basic"))),
                ("standard", tables.engine(at)),
                ("max", tables.of(&Shows::Level(at, "max"))),
            ];
            let figures = runs.into_iter().filter_map(|(level, runs)| {
                let figures = &runs?.pooled.figures;
                Some((level, figures.good_stopped.share(), figures.mean_leaked()?))
            });
            figures.collect()
        })
        .collect();
    let most = |of: fn(&(&str, f64, f64)) -> f64| found.iter().flatten().map(of).fold(1e-6, f64::max) * 1.1;
    let (wide, high) = (most(|point| point.1), most(|point| point.2));
    let mut out = String::new();
    open(
        &mut out,
        "Leaked share against good attempts stopped, by level",
        "good attempts stopped for good",
        "leaked, mean over families",
    )?;
    grid(&mut out, |step, across| {
        let part = step as f64 / 4.0;
        if across { format!("{:.2} %", 100.0 * wide * part) } else { format!("{:.0} %", 100.0 * high * part) }
    })?;
    for (density, points) in DENSITIES.into_iter().zip(&found) {
        let placed: Vec<(&str, f64, f64)> = points
            .iter()
            .map(|(level, stopped, leaked)| {
                let (x, y) = at(stopped / wide, leaked / high);
                (*level, x, y)
            })
            .collect();
        let line: Vec<String> = placed.iter().map(|(_, x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(out, "<polyline class=\"{density} n\" style=\"fill:none\" points=\"{}\"/>", line.join(" "))?;
        for (level, x, y) in placed {
            writeln!(
                out,
                "<circle class=\"{density}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/><text x=\"{:.1}\" y=\"{:.1}\">{level}</text>",
                x + 9.0,
                y - 7.0
            )?;
        }
    }
    out.push_str("</svg>\n");
    Ok(out)
}
