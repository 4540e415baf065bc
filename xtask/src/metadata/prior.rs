//! What is believed of a destination before anything was seen: example prices, high-risk destinations, and runs
//! of numbers in which many throw-away numbers were published.

use std::fmt::Write as _;

use super::csv::{field, rows};
use super::places::Places;
use super::{Files, Sources};

pub(crate) fn write(sources: &Sources, countries: &Places, files: &mut Files) -> Result<(), String> {
    let mut text =
        String::from("// Written by `cargo xtask metadata` from data/reference-sms-prices.csv.\n\n");
    text.push_str("/// Calling code and millionths of a US dollar for one SMS.\n");
    text.push_str("pub(crate) static PRICES: &[(u16, i64)] = &[\n");
    let mut prices = Vec::new();
    for row in rows(&sources.text("reference-sms-prices.csv")?) {
        let code: u16 = field(&row, 0).parse().map_err(|_| format!("cannot read the code of {row:?}"))?;
        prices
            .push((code, micros(field(&row, 3)).ok_or_else(|| format!("cannot read the price of {row:?}"))?));
    }
    prices.sort_unstable();
    for (code, price) in prices {
        let _ = writeln!(text, "    ({code}, {price}),");
    }
    text.push_str("];\n");
    files.insert("prices.rs".to_owned(), text.into_bytes());

    let mut text = String::from(
        "// Written by `cargo xtask metadata` from data/high-risk-destinations.csv and\n\
         // data/disposable-prefix-density.csv.\n\nuse crate::risk::Warned;\n\n\
         /// Position in the table of countries plus one, and what providers warn of.\n\
         pub(crate) static WARNED: &[(u8, Warned)] = &[\n",
    );
    let mut warned = Vec::new();
    for row in rows(&sources.text("high-risk-destinations.csv")?) {
        let kind = match field(&row, 3) {
            "sms_burst" => "Burst",
            "sms_pumping" => "Pumping",
            "toll_fraud" => "TollFraud",
            "mixed" => "Mixed",
            _ => return Err(format!("an unknown kind of risk in {row:?}")),
        };
        warned.push((countries.country(field(&row, 0)), kind));
    }
    warned.sort_unstable();
    for (country, kind) in warned {
        let _ = writeln!(text, "    ({country}, Warned::{kind}),");
    }
    text.push_str(
        "];\n\n/// A run of 10,000 numbers (its leading digits) and how many of them were published as throw-away.\n\
         pub(crate) static THROWN_AWAY: &[(u64, u16)] = &[\n",
    );
    let mut runs: Vec<(u64, u16)> = Vec::new();
    for row in rows(&sources.text("disposable-prefix-density.csv")?) {
        let read = || Some((field(&row, 0).parse().ok()?, field(&row, 1).parse().ok()?));
        runs.push(read().ok_or_else(|| format!("cannot read {row:?}"))?);
    }
    runs.sort_unstable();
    for (run, count) in runs {
        let _ = writeln!(text, "    ({run}, {count}),");
    }
    text.push_str("];\n");
    files.insert("prior.rs".to_owned(), text.into_bytes());
    Ok(())
}

/// Dollars as text to millionths, exactly.
fn micros(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 6 {
        return None;
    }
    let part: i64 = format!("{part:0<6}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 1_000_000 + part)
}
