//! The picture: the attack's money over time, what it would have come to against what was spent. As SVG, and in
//! blocks for a terminal. Both are drawn from the same sums.

use cofferdam_sim::trial::Beat;
use std::fmt::{self, Write as _};

/// Sums of money until the end of each column of time.
pub struct Curve {
    pub from_ms: i64,
    pub to_ms: i64,
    /// Would have been spent, was spent.
    pub columns: Vec<(i64, i64)>,
    /// When the first message was stopped.
    pub first_stop_ms: Option<i64>,
}

impl Curve {
    /// Of an attack; `None` where there was none, or no prices.
    pub fn of(beats: &[Beat], columns: usize) -> Option<Self> {
        let from_ms = beats.iter().map(|beat| beat.at_ms).min()?;
        let to_ms = beats.iter().map(|beat| beat.at_ms).max()? + 1;
        let mut sums = vec![(0_i64, 0_i64); columns.max(1)];
        for beat in beats {
            let at = (beat.at_ms - from_ms) as f64 / (to_ms - from_ms) as f64 * columns as f64;
            if let Some((would, spent)) = sums.get_mut(at as usize) {
                *would += beat.price_micros;
                *spent += if beat.sent { beat.price_micros } else { 0 };
            }
        }
        let mut so_far = (0, 0);
        for sum in &mut sums {
            so_far = (so_far.0 + sum.0, so_far.1 + sum.1);
            *sum = so_far;
        }
        let first_stop_ms = beats.iter().find(|beat| !beat.sent).map(|beat| beat.at_ms);
        (so_far.0 > 0).then_some(Self { from_ms, to_ms, columns: sums, first_stop_ms })
    }

    /// What all would have come to, and what did.
    pub fn whole(&self) -> (i64, i64) {
        self.columns.last().copied().unwrap_or_default()
    }
}

/// Dollars of micros.
pub fn dollars(micros: i64) -> String {
    let value = micros as f64 / 1e6;
    if value >= 1000.0 { format!("${value:.0}") } else { format!("${value:.2}") }
}

/// Hours and minutes, or days.
pub fn long(ms: i64) -> String {
    let minutes = ms / 60_000;
    match minutes {
        0 => format!("{} s", ms / 1000),
        1..=119 => format!("{minutes} min"),
        120..=2879 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

const RED: &str = "\u{1b}[31m";
const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// In blocks: `height` lines of as many columns as the curve has.
pub fn blocks(curve: &Curve, height: usize, colours: bool) -> String {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (most, spent_most) = curve.whole();
    let eighths = |micros: i64| ((micros as f64 / most.max(1) as f64) * (height * 8) as f64).round() as usize;
    let (red, dim, plain) = if colours { (RED, DIM, PLAIN) } else { ("", "", "") };
    let mut text = String::new();
    for row in (0..height).rev() {
        let label = if row + 1 == height {
            dollars(most)
        } else if row == 0 {
            dollars(0)
        } else {
            String::new()
        };
        let _ = write!(text, "{label:>9} │");
        for (would, spent) in &curve.columns {
            // What was spent is never drawn as nothing, unless it was.
            let spent = eighths(*spent).max(usize::from(*spent > 0)).saturating_sub(row * 8).min(8);
            let would = eighths(*would).saturating_sub(row * 8);
            match (spent, would) {
                (0, 4..) => {
                    let _ = write!(text, "{dim}░{plain}");
                }
                (0, _) => text.push(' '),
                (spent, _) => {
                    let block = EIGHTHS.get(spent).copied().unwrap_or('█');
                    let _ = write!(text, "{red}{block}{plain}");
                }
            }
        }
        text.push('\n');
    }
    let width = curve.columns.len();
    let _ = writeln!(text, "          └{}", "─".repeat(width));
    let lasts = long(curve.to_ms - curve.from_ms);
    let _ = writeln!(text, "           0{lasts:>rest$}", rest = width.saturating_sub(1));
    let _ = write!(
        text,
        "           {dim}░{plain} would have been spent: {}   {red}█{plain} was spent: {}",
        dollars(most),
        dollars(spent_most)
    );
    text
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 48.0;

/// As SVG, by itself: colours for light and dark.
pub fn svg(curve: &Curve, title: &str) -> Result<String, fmt::Error> {
    let (most, spent) = curve.whole();
    let y = |micros: i64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - micros as f64 / most.max(1) as f64);
    let x = |at: usize| LEFT + (WIDTH - LEFT - RIGHT) * at as f64 / curve.columns.len().max(1) as f64;
    let mut out = String::new();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Money spent on the attack against what would have been spent\">\n\
         <style>text{{font:14px system-ui,sans-serif;fill:#333}}.t{{font-size:17px;font-weight:600}}.g{{stroke:#ddd}}.would{{fill:#c9ced6}}.spent{{fill:#c0392b}}.stop{{stroke:#2c6e49;stroke-dasharray:4 3}}.bg{{fill:#fff}}\
         @media (prefers-color-scheme:dark){{text{{fill:#ddd}}.g{{stroke:#444}}.would{{fill:#4a5260}}.spent{{fill:#e05a47}}.stop{{stroke:#7bc49a}}.bg{{fill:#16181d}}}}</style>\n\
         <rect class=\"bg\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n<text class=\"t\" x=\"{LEFT}\" y=\"26\">{}</text>",
        safe(title)
    )?;
    writeln!(
        out,
        "<rect class=\"would\" x=\"{LEFT}\" y=\"40\" width=\"12\" height=\"12\"/><text x=\"{}\" y=\"51\">would have been spent: {}</text>\
         <rect class=\"spent\" x=\"{}\" y=\"40\" width=\"12\" height=\"12\"/><text x=\"{}\" y=\"51\">was spent: {}</text>",
        LEFT + 18.0,
        dollars(most),
        LEFT + 300.0,
        LEFT + 318.0,
        dollars(spent)
    )?;
    for part in 0..=4_i64 {
        let level = most / 4 * part;
        writeln!(
            out,
            "<line class=\"g\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{:.1}\" y2=\"{:.1}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            y(level),
            y(level),
            LEFT - 8.0,
            y(level) + 5.0,
            dollars(level)
        )?;
    }
    for (class, of) in [("would", 0), ("spent", 1)] {
        write!(out, "<path class=\"{class}\" d=\"M{LEFT} {:.1}", y(0))?;
        for (at, (would, spent)) in curve.columns.iter().enumerate() {
            write!(out, " L{:.1} {:.1}", x(at + 1), y(if of == 0 { *would } else { *spent }))?;
        }
        writeln!(out, " L{:.1} {:.1} Z\"/>", x(curve.columns.len()), y(0))?;
    }
    if let Some(at_ms) = curve.first_stop_ms {
        let share = (at_ms - curve.from_ms) as f64 / (curve.to_ms - curve.from_ms) as f64;
        let at = LEFT + (WIDTH - LEFT - RIGHT) * share;
        let (anchor, dx) = if share > 0.8 { ("end", -6.0) } else { ("start", 6.0) };
        writeln!(
            out,
            "<line class=\"stop\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">first stop</text>",
            y(0),
            at + dx,
            TOP + 14.0
        )?;
    }
    writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"{:.1}\">the attack begins</text><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{} later</text>\n</svg>",
        HEIGHT - 16.0,
        WIDTH - RIGHT,
        HEIGHT - 16.0,
        long(curve.to_ms - curve.from_ms)
    )?;
    Ok(out)
}

/// Text that cannot end an element.
pub fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cofferdam_engine::Decision;

    fn beats() -> Vec<Beat> {
        let beat = |at: i64| Beat {
            at_ms: at * 60_000,
            price_micros: 100_000,
            decision: if at < 10 { Decision::Allow } else { Decision::Block },
            sent: at < 10,
        };
        (0..100).map(beat).collect()
    }

    #[test]
    fn sums_grow_and_end_at_what_it_came_to() {
        let curve = Curve::of(&beats(), 50).unwrap();
        assert_eq!((curve.whole(), curve.first_stop_ms), ((10_000_000, 1_000_000), Some(600_000)));
        assert!(curve.columns.is_sorted() && curve.columns.len() == 50);
        assert!(Curve::of(&[], 50).is_none());
        let picture = blocks(&curve, 8, false);
        assert!(picture.contains('░') && picture.contains("$10.00") && picture.contains("was spent: $1.00"));
        assert!(picture.lines().count() == 11 && !picture.contains('\u{1b}'), "{picture}");
        let drawn = svg(&curve, "<an attack>").unwrap();
        assert!(
            drawn.contains("&lt;an attack&gt;")
                && drawn.ends_with("</svg>\n")
                && drawn.contains("first stop")
        );
    }

    #[test]
    fn lengths_are_told_as_people_do() {
        let told: Vec<String> = [5_000, 90_000, 7_200_000, 259_200_000].into_iter().map(long).collect();
        assert_eq!(told, ["5 s", "1 min", "2 h", "3 days"]);
    }
}
