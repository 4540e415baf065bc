//! The report page: what a replay came to, in one file that needs nothing else. It holds no whole number,
//! runs no script, and whatever came from the stream is escaped.

use super::Source;
use super::told::{
    amount_of, country, currency, grouped, minute, moment, money_share, oddities, prices, share,
};
use cofferdam_engine::signal::Code;
use cofferdam_sim::summary::{Summary, Sums};
use std::fmt::{self, Write as _};

mod chart;

const STYLE: &str = include_str!("report/style.css");

/// How many countries, networks and prefixes a table has.
const ROWS: usize = 40;

/// How many of the first stops are listed.
const STOPS: usize = 50;

/// A text with what HTML would read as its own made harmless.
struct Safe<'a>(&'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // What turns the direction of writing around could make a line read as another.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_char('\u{fffd}')?,
                c if c.is_control() => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The page.
pub fn page(summary: &Summary, source: &Source) -> String {
    let mut body = String::with_capacity(64 * 1024);
    // Writing into a text cannot fail.
    let _ = if summary.all.attempts == 0 {
        nothing(&mut body, source)
    } else {
        whole(&mut body, summary, source)
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Replay of {} – Cofferdam</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        Safe(name(source))
    )
}

/// The file's name alone: a page that is passed on need not tell where somebody keeps files.
fn name(source: &Source) -> &str {
    if source.file == "-" {
        return "standard input";
    }
    source.file.rsplit(['/', '\\']).next().unwrap_or(&source.file)
}

fn nothing(out: &mut String, source: &Source) -> fmt::Result {
    writeln!(out, "<p class=\"brand\">Cofferdam replay</p>\n<h1>There was nothing to judge</h1>")?;
    writeln!(
        out,
        "<p class=\"lead\"><code>{}</code> holds no attempts. A stream has one JSON object a line, with <code>\"type\":\"attempt\"</code>; a provider's export is read with <code>--from</code>.</p>",
        Safe(name(source))
    )
}

fn whole(out: &mut String, summary: &Summary, source: &Source) -> fmt::Result {
    headline(out, summary, source)?;
    cards(out, summary, source)?;
    chart::spent(out, summary, source)?;
    people(out, summary)?;
    reasons(out, summary)?;
    countries(out, summary)?;
    networks(out, summary)?;
    prefixes(out, summary)?;
    stops(out, summary)?;
    footer(out, summary, source)
}

fn headline(out: &mut String, summary: &Summary, source: &Source) -> fmt::Result {
    let all = &summary.all;
    let amount = |micros| amount_of(micros, all.would_micros);
    let money = currency(summary, source);
    writeln!(out, "<p class=\"brand\">Cofferdam replay · level {}</p>", Safe(source.level))?;
    if all.blocked == 0 && all.challenged == 0 {
        writeln!(out, "<h1>Nothing would have been stopped</h1>")?;
    } else {
        writeln!(
            out,
            "<h1><b>{}</b> {} would have been saved</h1>",
            Safe(&amount(all.saved_micros())),
            Safe(&money)
        )?;
    }
    writeln!(
        out,
        "<p class=\"lead\">{} of what <code>{}</code> would have cost, from {} to {}.</p>",
        money_share(all),
        Safe(name(source)),
        summary.span_ms.map_or_else(String::new, |(from, _)| moment(from)),
        summary.span_ms.map_or_else(String::new, |(_, to)| moment(to)),
    )
}

fn card(out: &mut String, class: &str, value: &str, name: &str, more: &str) -> fmt::Result {
    writeln!(
        out,
        "<div class=\"card {class}\"><dt>{}</dt><dd><b>{}</b><span>{}</span></dd></div>",
        Safe(name),
        Safe(value),
        Safe(more)
    )
}

fn cards(out: &mut String, summary: &Summary, source: &Source) -> fmt::Result {
    let all = &summary.all;
    let amount = |micros| amount_of(micros, all.would_micros);
    let money = currency(summary, source);
    writeln!(out, "<dl class=\"cards\">")?;
    card(out, "", &grouped(all.attempts), "attempts", &format!("{} allowed at once", grouped(all.allowed)))?;
    card(
        out,
        "spent",
        &amount(all.spent_micros),
        "spent",
        &format!("of {} {money}", amount(all.would_micros)),
    )?;
    card(
        out,
        "blocked",
        &grouped(all.blocked),
        "blocked",
        &format!("{} of all", share(all.blocked, all.attempts)),
    )?;
    let passed =
        format!("{} passed, {} of all", grouped(all.challenge_passed), share(all.challenged, all.attempts));
    card(out, "challenged", &grouped(all.challenged), "challenged", &passed)?;
    match all.first_stop {
        Some((at_ms, sent)) => {
            let what = if sent == 1 { "message was sent before it" } else { "messages were sent before it" };
            card(out, "when", &minute(at_ms), "first stop", &format!("{} {what}", grouped(sent)))?;
        }
        None => card(out, "", "none", "first stop", "no attempt was blocked")?,
    }
    writeln!(out, "</dl>")
}

fn people(out: &mut String, summary: &Summary) -> fmt::Result {
    let all = &summary.all;
    writeln!(out, "<section>\n<h2>Whom it would have stopped</h2>")?;
    let recorded = all.converted + all.blocked_converted + all.challenged_converted;
    if recorded == 0 {
        return writeln!(
            out,
            "<p>The recording holds no codes that came back, so nobody can say how many of the stopped were good. An export of verifications has them; one of messages has not.</p>\n</section>"
        );
    }
    writeln!(
        out,
        "<p><b>{}</b> of {} blocked attempts ({}) had entered the right code, so a person may have been behind them. Among those sent it was {}.</p>",
        grouped(all.blocked_converted),
        grouped(all.blocked),
        share(all.blocked_converted, all.blocked),
        share(all.converted, all.allowed + all.challenge_passed),
    )?;
    if all.challenged > 0 {
        writeln!(
            out,
            "<p><b>{}</b> of {} challenged attempts passed, {} failed, the others never answered or the recording has no answer; {} of those that were not sent had entered the right code.</p>",
            grouped(all.challenge_passed),
            grouped(all.challenged),
            grouped(all.challenge_failed),
            grouped(all.challenged_converted),
        )?;
    }
    writeln!(
        out,
        "<p class=\"note\">Attackers can enter right codes too, on numbers that they hold. And a recording is a little unkind: who is stopped in earnest may ask again.</p>\n</section>"
    )
}

fn reasons(out: &mut String, summary: &Summary) -> fmt::Result {
    let reasons = summary.reasons();
    if reasons.is_empty() {
        return Ok(());
    }
    let amount = |micros| amount_of(micros, summary.all.would_micros);
    let most = reasons.iter().map(|(_, count, _)| *count).max().unwrap_or(1).max(1);
    writeln!(
        out,
        "<section>\n<h2>Why</h2>\n<table><thead><tr><th>First reason</th><th class=\"n\">Blocked</th><th class=\"bar\"></th><th class=\"n\">Saved</th></tr></thead><tbody>"
    )?;
    for (reason, count, micros) in reasons.iter().take(ROWS) {
        let code = Code::ALL.into_iter().find(|code| code.text() == *reason);
        let about = code.map_or("", crate::http::reason_about);
        writeln!(
            out,
            "<tr><td><code>{}</code><span class=\"sub\">{}</span></td><td class=\"n\">{}</td><td class=\"bar\">{}</td><td class=\"n\">{}</td></tr>",
            Safe(reason),
            Safe(about),
            grouped(*count),
            Bar(*count, most),
            amount(*micros)
        )?;
    }
    writeln!(out, "</tbody></table>\n</section>")
}

/// A bar as wide as its share of the widest.
struct Bar(u64, u64);

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (u128::from(self.0) * 1000 / u128::from(self.1.max(1))).min(1000);
        let width = if self.0 > 0 { tenths.max(8) } else { 0 };
        write!(
            f,
            "<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{}.{}\" height=\"8\" rx=\"1\"/></svg>",
            width / 10,
            width % 10
        )
    }
}

const PLACES: &str = "<th class=\"n\">Attempts</th><th class=\"n\">Blocked</th><th class=\"n\">Challenged</th><th class=\"n\">Stopped, had a code</th><th class=\"n\">Spent</th><th class=\"n\">Saved</th><th class=\"bar\"></th><th>First stop</th></tr></thead><tbody>";

fn figures(out: &mut String, sums: &Sums, most: i64, whole: i64) -> fmt::Result {
    let first = sums.first_stop.map_or_else(
        || "–".to_owned(),
        |(at_ms, sent)| {
            format!(
                "<span class=\"when\">{}</span><span class=\"sub\">after {} sent</span>",
                minute(at_ms),
                grouped(sent)
            )
        },
    );
    writeln!(
        out,
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"bar\">{}</td><td>{first}</td></tr>",
        grouped(sums.attempts),
        grouped(sums.blocked),
        grouped(sums.challenged),
        grouped(sums.blocked_converted),
        amount_of(sums.spent_micros, whole),
        amount_of(sums.saved_micros(), whole),
        Bar(sums.saved_micros().max(0) as u64, most.max(1) as u64),
    )
}

fn countries(out: &mut String, summary: &Summary) -> fmt::Result {
    let countries = summary.countries();
    let most = countries.first().map_or(1, |(_, sums)| sums.saved_micros());
    writeln!(
        out,
        "<section>\n<h2>By country</h2>\n<div class=\"wide\"><table><thead><tr><th>Country</th>{PLACES}"
    )?;
    for (at, sums) in countries.iter().take(ROWS) {
        write!(out, "<tr><td>{}</td>", Safe(country(*at)))?;
        figures(out, sums, most, summary.all.would_micros)?;
    }
    more(out, countries.len())
}

fn networks(out: &mut String, summary: &Summary) -> fmt::Result {
    let networks = summary.networks();
    let most = networks.first().map_or(1, |(_, sums)| sums.saved_micros());
    writeln!(
        out,
        "<section>\n<h2>By network</h2>\n<p class=\"note\">The network that the number's run was given to; a ported number may be with another.</p>\n<div class=\"wide\"><table><thead><tr><th>Network</th>{PLACES}"
    )?;
    for (place, sums) in networks.iter().take(ROWS) {
        let name = place.network.map_or("not known", cofferdam_atlas::Network::name);
        let of = country(place.country);
        write!(out, "<tr><td>{}<span class=\"sub\">{}</span></td>", Safe(name), Safe(of))?;
        figures(out, sums, most, summary.all.would_micros)?;
    }
    more(out, networks.len())
}

fn more(out: &mut String, rows: usize) -> fmt::Result {
    writeln!(out, "</tbody></table></div>")?;
    if rows > ROWS {
        writeln!(out, "<p class=\"note\">and {} more</p>", grouped((rows - ROWS) as u64))?;
    }
    writeln!(out, "</section>")
}

fn prefixes(out: &mut String, summary: &Summary) -> fmt::Result {
    let amount = |micros| amount_of(micros, summary.all.would_micros);
    let prefixes = summary.prefixes(15);
    let most = prefixes.first().map_or(1, |(_, count, _, _)| *count);
    if prefixes.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section>\n<h2>Where most was stopped</h2>\n<table><thead><tr><th>Numbers</th><th>Network</th><th class=\"n\">Blocked</th><th class=\"bar\"></th><th class=\"n\">Saved</th></tr></thead><tbody>"
    )?;
    for (prefix, count, micros, place) in prefixes {
        writeln!(
            out,
            "<tr><td><code>{prefix}••••</code></td><td>{}<span class=\"sub\">{}</span></td><td class=\"n\">{}</td><td class=\"bar\">{}</td><td class=\"n\">{}</td></tr>",
            Safe(place.network.map_or("not known", cofferdam_atlas::Network::name)),
            Safe(country(place.country)),
            grouped(count),
            Bar(count, most),
            amount(micros)
        )?;
    }
    writeln!(out, "</tbody></table>\n</section>")
}

fn stops(out: &mut String, summary: &Summary) -> fmt::Result {
    if summary.stops.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section>\n<h2>The first stops</h2>\n<details open><summary>{} of {} blocked attempts</summary>\n<div class=\"wide\"><table><thead><tr><th>When</th><th class=\"n\">Attempt</th><th>Number</th><th>Where</th><th>First reason</th><th class=\"n\">Score</th></tr></thead><tbody>",
        summary.stops.len().min(STOPS),
        grouped(summary.all.blocked)
    )?;
    for stop in summary.stops.iter().take(STOPS) {
        let number = stop.prefix.map_or_else(|| "no number".to_owned(), |prefix| format!("{prefix}••••"));
        writeln!(
            out,
            "<tr><td class=\"when\">{}</td><td class=\"n\">{}</td><td><code>{number}</code></td><td>{}</td><td><code>{}</code></td><td class=\"n\">{}</td></tr>",
            moment(stop.at_ms),
            grouped(stop.attempt),
            Safe(country(stop.place.country)),
            Safe(stop.reason.as_deref().unwrap_or("none")),
            stop.score.map_or_else(|| "–".to_owned(), |score| format!("{score:.3}")),
        )?;
    }
    writeln!(out, "</tbody></table></div></details>\n</section>")
}

fn footer(out: &mut String, summary: &Summary, source: &Source) -> fmt::Result {
    let [shown, withheld, _] = summary.outcomes;
    writeln!(out, "<footer>\n<h2>How to read this</h2>\n<ul>")?;
    writeln!(
        out,
        "<li>The engine saw only what would have followed from its own decisions: {} outcomes were shown to it, {} withheld.</li>",
        grouped(shown),
        grouped(withheld)
    )?;
    writeln!(
        out,
        "<li>On a recording attackers do not move when they are stopped and people do not ask again: both change the figures a little.</li>"
    )?;
    for note in prices(summary).iter().chain(&oddities(summary)).chain(&source.notes) {
        writeln!(out, "<li>{}.</li>", Safe(note))?;
    }
    writeln!(
        out,
        "<li>All times are UTC. No whole phone number is in this page: the last four digits are left out.</li>\n</ul>\n</footer>"
    )
}
