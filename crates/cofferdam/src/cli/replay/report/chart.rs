//! The curve: what was spent against what would have been, added up over time, as SVG; and below it how
//! many were stopped in each span.

use super::super::Source;
use super::super::told::{amount_of, currency, grouped, moment};
use super::Safe;
use cofferdam_sim::summary::{Span, Summary};
use std::fmt::{self, Write as _};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 34.0;
const STRIP: f64 = 70.0;

/// A point of the curve: when, and both sums until then.
struct Point {
    x: f64,
    would: i64,
    spent: i64,
}

/// The curve and the strip below it.
pub fn spent(out: &mut String, summary: &Summary, source: &Source) -> fmt::Result {
    let spans: Vec<Span> = summary.series.spans().collect();
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Ok(()) };
    let width_ms = summary.series.width_ms();
    let (from, to) = (first.at_ms, last.at_ms + width_ms);
    let x = |at_ms: i64| LEFT + (WIDTH - LEFT - RIGHT) * (at_ms - from) as f64 / (to - from).max(1) as f64;
    let points = points(&spans, width_ms, x);
    let most = points.iter().map(|point| point.would.max(point.spent)).max().unwrap_or(0);
    if most == 0 {
        return writeln!(out, "<p class=\"note\">No prices are known, so there is no curve of money.</p>");
    }
    let top = nice(most);
    let y = |micros: i64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - micros as f64 / top as f64);
    let money = currency(summary, source);
    let end = points.last().map_or((0, 0), |point| (point.would, point.spent));
    writeln!(
        out,
        "<section>\n<h2>Money over time</h2>\n<p class=\"key\"><span class=\"k would\"></span>would have been spent: {} {money}<span class=\"k got\"></span>spent: {} {money}</p>",
        amount_of(end.0, end.0),
        amount_of(end.1, end.0),
        money = Safe(&money)
    )?;
    writeln!(
        out,
        "<div class=\"wide\"><svg class=\"chart\" viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"Money spent against what would have been spent, added up over time\">",
        HEIGHT + STRIP
    )?;
    axes(out, top, &y, (from, to), &x)?;
    let floor = y(0);
    area(out, "would", &points, floor, |point| y(point.would))?;
    area(out, "got", &points, floor, |point| y(point.spent))?;
    if let Some((at_ms, _)) = summary.all.first_stop {
        // The moment within its span: where the judge stopped somebody for the first time.
        let at = x(at_ms.clamp(from, to));
        let (anchor, dx) = if at > WIDTH - 140.0 { ("end", -6.0) } else { ("start", 6.0) };
        writeln!(
            out,
            "<line class=\"first\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{floor:.1}\"/><text class=\"first\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">first stop</text>",
            at + dx,
            TOP + 12.0
        )?;
    }
    strip(out, &spans, width_ms, &x)?;
    writeln!(out, "</svg></div>\n</section>")
}

/// Both sums at the end of each span; nothing happens between spans, so the curve stays level there.
fn points(spans: &[Span], width_ms: i64, x: impl Fn(i64) -> f64) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::with_capacity(spans.len() * 2 + 1);
    let (mut would, mut spent) = (0_i64, 0_i64);
    for span in spans {
        points.push(Point { x: x(span.at_ms), would, spent });
        would = would.saturating_add(span.sums.would_micros);
        spent = spent.saturating_add(span.sums.spent_micros);
        points.push(Point { x: x(span.at_ms + width_ms), would, spent });
    }
    points
}

fn area(
    out: &mut String,
    class: &str,
    points: &[Point],
    floor: f64,
    y: impl Fn(&Point) -> f64,
) -> fmt::Result {
    let mut line = String::new();
    for point in points {
        write!(line, "{}{:.1} {:.1}", if line.is_empty() { "M" } else { " L" }, point.x, y(point))?;
    }
    let (first, last) = (points.first().map_or(0.0, |p| p.x), points.last().map_or(0.0, |p| p.x));
    writeln!(
        out,
        "<path class=\"area {class}\" d=\"{line} L{last:.1} {floor:.1} L{first:.1} {floor:.1} Z\"/><path class=\"line {class}\" d=\"{line}\"/>"
    )
}

/// The next of 1, 2, 2.5, 5 and 10 times a power of ten.
fn nice(micros: i64) -> i64 {
    let mut power: i64 = 1;
    while power.saturating_mul(10) < micros {
        power = power.saturating_mul(10);
    }
    let steps = [
        power,
        power.saturating_mul(2),
        power.saturating_mul(5) / 2,
        power.saturating_mul(5),
        power.saturating_mul(10),
    ];
    steps.into_iter().find(|step| *step >= micros && *step > 0).unwrap_or(micros.max(1))
}

fn axes(
    out: &mut String,
    top: i64,
    y: &impl Fn(i64) -> f64,
    (from, to): (i64, i64),
    x: &impl Fn(i64) -> f64,
) -> fmt::Result {
    for quarter in 0..=4 {
        let micros = top / 4 * quarter;
        let at = y(micros);
        writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0,
            amount_of(micros, top)
        )?;
    }
    for sixth in 0..=5 {
        let at_ms = from + (to - from) / 5 * sixth;
        let anchor = match sixth {
            0 => "start",
            5 => "end",
            _ => "middle",
        };
        let text = short(at_ms, to - from);
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{text}</text>",
            x(at_ms),
            HEIGHT - 10.0
        )?;
    }
    Ok(())
}

/// A moment as short as the whole allows.
fn short(at_ms: i64, whole_ms: i64) -> String {
    let form = match whole_ms {
        i64::MIN..172_800_000 => "%b %-d, %H:%M",
        172_800_000..34_560_000_000 => "%b %-d",
        _ => "%b %Y",
    };
    jiff::Timestamp::from_millisecond(at_ms)
        .map_or_else(|_| moment(at_ms), |time| time.strftime(form).to_string())
}

/// Attempts in each span, the stopped ones in their own colour.
fn strip(out: &mut String, spans: &[Span], width_ms: i64, x: &impl Fn(i64) -> f64) -> fmt::Result {
    let most = spans.iter().map(|span| span.sums.attempts).max().unwrap_or(0).max(1);
    let floor = HEIGHT + STRIP - 4.0;
    let tall = STRIP - 12.0;
    writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><text x=\"{:.1}\" y=\"{floor:.1}\" text-anchor=\"end\">attempts</text>",
        LEFT - 8.0,
        floor - tall + 10.0,
        grouped(most),
        LEFT - 8.0
    )?;
    for span in spans {
        let (left, right) = (x(span.at_ms), x(span.at_ms + width_ms));
        let gap = if right - left > 3.0 { 1.0 } else { 0.0 };
        let mut base = floor;
        let sums = &span.sums;
        let parts = [("blocked", sums.blocked), ("challenged", sums.challenged), ("allowed", sums.allowed)];
        write!(
            out,
            "<g><title>{}: {} attempts, {} blocked, {} challenged</title>",
            moment(span.at_ms),
            grouped(sums.attempts),
            grouped(sums.blocked),
            grouped(sums.challenged)
        )?;
        for (class, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
            let height = tall * count as f64 / most as f64;
            base -= height;
            let width = (right - left - gap).max(0.6);
            write!(
                out,
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{base:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            )?;
        }
        writeln!(out, "</g>")?;
    }
    writeln!(
        out,
        "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{floor}\" y2=\"{floor}\"/>",
        WIDTH - RIGHT
    )
}
