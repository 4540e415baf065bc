//! What a replay came to, for a terminal and as JSON.

use super::Source;
use cofferdam_atlas::Country;
use cofferdam_sim::summary::{Place, Summary, Sums};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How many countries a terminal is shown.
const COUNTRIES: usize = 15;

/// An amount for people, beside others of a whole: all in hundredths, or finer where the whole is small.
pub fn amount_of(micros: i64, whole: i64) -> String {
    let places = if whole.unsigned_abs() >= 10_000_000 || whole == 0 { 2 } else { 4 };
    let unit = if places == 2 { 10_000 } else { 100 };
    let half = unit / 2 * micros.signum();
    let rounded = micros.saturating_add(half) / unit;
    let scale = 10_u64.pow(places);
    let (whole, part) = (rounded.unsigned_abs() / scale, rounded.unsigned_abs() % scale);
    let sign = if rounded < 0 { "-" } else { "" };
    format!("{sign}{}.{part:0width$}", grouped(whole), width = places as usize)
}

/// `1,234,567`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `12.3 %`; of nothing it is none.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    if part > 0 && tenths == 0 { "< 0.1 %".to_owned() } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

/// `2026-03-14 04:30:15 UTC`.
pub fn moment(at_ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(at_ms) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{at_ms} ms"),
    }
}

/// The same for tables: `2026-03-14 04:30`.
pub fn minute(at_ms: i64) -> String {
    moment(at_ms).get(..16).map_or_else(|| moment(at_ms), str::to_owned)
}

/// Of which currency amounts are.
pub fn currency(summary: &Summary, source: &Source) -> String {
    match (&source.currency, summary.priced) {
        (Some(currency), _) => currency.clone(),
        (None, 0) if summary.priced_by_example > 0 => "USD".to_owned(),
        (None, _) => String::new(),
    }
}

/// Where the prices come from, where that is not the stream alone.
pub fn prices(summary: &Summary) -> Option<String> {
    (summary.priced_by_example > 0).then(|| {
        format!(
            "{} of {} attempts have no price of their own and are valued at example prices (US dollars, by country)",
            grouped(summary.priced_by_example),
            grouped(summary.all.attempts)
        )
    })
}

/// A country's name, or what stands in its place.
pub fn country(country: Option<Country>) -> &'static str {
    country.map_or("no country", Country::name)
}

/// What is odd about the stream itself.
pub fn oddities(summary: &Summary) -> Vec<String> {
    let mut odd = Vec::new();
    if summary.repeated > 0 {
        odd.push(format!(
            "{} attempts repeat an identifier: outcomes count for the newest of it",
            grouped(summary.repeated)
        ));
    }
    if summary.unordered > 0 {
        odd.push(format!(
            "{} events are older than one before them: they happened then",
            grouped(summary.unordered)
        ));
    }
    let stray = summary.outcomes.get(2).copied().unwrap_or(0);
    if stray > 0 {
        odd.push(format!(
            "{} outcomes belong to no attempt that is remembered, or were told before",
            grouped(stray)
        ));
    }
    odd
}

/// For a terminal.
pub fn text(summary: &Summary, source: &Source) -> String {
    let all = &summary.all;
    let mut text = String::new();
    if all.attempts == 0 {
        return format!("{}: no attempts", source.file);
    }
    let money = currency(summary, source);
    let money = if money.is_empty() { "in the stream's currency".to_owned() } else { format!("in {money}") };
    let count = |count| grouped(count);
    let amount = |micros| amount_of(micros, all.would_micros);
    let part = |count| share(count, all.attempts);
    let lines = [
        ("attempts", count(all.attempts), span(summary)),
        ("allowed", count(all.allowed), part(all.allowed)),
        (
            "challenged",
            count(all.challenged),
            format!("{}; {} passed", part(all.challenged), count(all.challenge_passed)),
        ),
        ("blocked", count(all.blocked), part(all.blocked)),
        ("would have cost", amount(all.would_micros), money),
        ("spent", amount(all.spent_micros), String::new()),
        ("saved", amount(all.saved_micros()), money_share(all)),
        (
            "stopped, had a code",
            count(all.blocked_converted),
            format!("of {} blocked: perhaps good users", count(all.blocked)),
        ),
        ("first stop", first(all), String::new()),
    ];
    for (name, value, more) in lines {
        let _ = writeln!(text, "{}", format!("  {name:<20} {value:>14}  {more}").trim_end());
    }
    let reasons = summary.reasons();
    if !reasons.is_empty() {
        text.push_str("\n  blocked because of\n");
        for (reason, attempts, micros) in reasons.iter().take(COUNTRIES) {
            let _ = writeln!(text, "  {reason:<30} {:>9}  {:>14}", count(*attempts), amount(*micros));
        }
    }
    countries(summary, &mut text);
    for note in prices(summary).into_iter().chain(oddities(summary)) {
        let _ = writeln!(text, "  note: {note}");
    }
    text.trim_end().to_owned()
}

fn countries(summary: &Summary, text: &mut String) {
    let countries = summary.countries();
    let amount = |micros| amount_of(micros, summary.all.would_micros);
    let _ = writeln!(
        text,
        "\n  {:<28} {:>9} {:>9} {:>10} {:>14} {:>14}",
        "country", "attempts", "blocked", "challenged", "spent", "saved"
    );
    for (place, sums) in countries.iter().take(COUNTRIES) {
        let name: String = country(*place).chars().take(28).collect();
        let _ = writeln!(
            text,
            "  {name:<28} {:>9} {:>9} {:>10} {:>14} {:>14}",
            grouped(sums.attempts),
            grouped(sums.blocked),
            grouped(sums.challenged),
            amount(sums.spent_micros),
            amount(sums.saved_micros())
        );
    }
    if countries.len() > COUNTRIES {
        let _ = writeln!(text, "  and {} more", countries.len() - COUNTRIES);
    }
}

fn span(summary: &Summary) -> String {
    summary.span_ms.map_or(String::new(), |(from, to)| format!("{} to {}", moment(from), moment(to)))
}

/// How much of the money was not spent.
pub fn money_share(sums: &Sums) -> String {
    share(sums.saved_micros().max(0) as u64, sums.would_micros.max(0) as u64)
}

fn first(sums: &Sums) -> String {
    match sums.first_stop {
        None => "none".to_owned(),
        Some((at_ms, sent)) => format!("{}, after {} sent", moment(at_ms), grouped(sent)),
    }
}

/// Micros as a decimal number of JSON.
fn money(micros: i64) -> Value {
    json!(micros as f64 / 1e6)
}

fn sums(sums: &Sums) -> Value {
    json!({
        "attempts": sums.attempts, "allowed": sums.allowed,
        "challenged": sums.challenged, "challenges_passed": sums.challenge_passed, "challenges_failed": sums.challenge_failed,
        "blocked": sums.blocked, "converted": sums.converted,
        "blocked_converted": sums.blocked_converted, "challenged_converted": sums.challenged_converted,
        "would_have_spent": money(sums.would_micros), "spent": money(sums.spent_micros), "saved": money(sums.saved_micros()),
        "first_stop": sums.first_stop.map(|(at_ms, sent)| json!({ "ts": at_ms, "sent_before": sent })),
    })
}

fn place(place: Place) -> (Option<&'static str>, Option<&'static str>) {
    (place.country.map(Country::iso2), place.network.map(cofferdam_atlas::Network::name))
}

/// For programs.
pub fn json(summary: &Summary, source: &Source) -> Value {
    let currency = currency(summary, source);
    let [shown, withheld, stray] = summary.outcomes;
    let countries = summary
        .countries()
        .into_iter()
        .map(|(country, of)| json!({ "country": country.map(Country::iso2), "figures": sums(&of) }));
    let networks = summary.networks().into_iter().map(|(at, of)| {
        let (country, network) = place(at);
        json!({ "country": country, "network": network, "figures": sums(&of) })
    });
    let reasons = summary.reasons().into_iter().map(
        |(reason, blocked, micros)| json!({ "reason": reason, "blocked": blocked, "saved": money(micros) }),
    );
    json!({
        "level": source.level,
        "currency": (!currency.is_empty()).then_some(currency),
        "figures": sums(&summary.all),
        "span": summary.span_ms.map(|(from, to)| json!({ "from": from, "to": to })),
        "reasons": reasons.collect::<Vec<_>>(),
        "countries": countries.collect::<Vec<_>>(),
        "networks": networks.collect::<Vec<_>>(),
        "outcomes": { "shown": shown, "withheld": withheld, "stray": stray },
        "repeated_ids": summary.repeated, "unordered": summary.unordered,
        "priced": summary.priced, "priced_by_example": summary.priced_by_example,
        "notes": source.notes,
    })
}
