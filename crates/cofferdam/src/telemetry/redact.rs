//! Takes numbers and codes out of texts that others wrote, before they reach a log or an error.
//!
//! The discipline comes first: what is logged is typed, and numbers and codes have types without
//! `Display`. This is the second line, for words of providers and libraries.

use std::fmt;

/// Runs of so many digits are taken out of logs: the shortest number that could be somebody's.
const NUMBER_DIGITS: usize = 7;

/// Runs of so many digits are taken out of providers' words, which may repeat the code.
const CODE_DIGITS: usize = 4;

/// Longest text that is kept of what others wrote.
const CHARS_MAX: usize = 200;

/// Words of somebody else, fit to be shown: no digits that could be a number or a code, no control
/// characters, not long.
pub struct Redact<'a>(pub &'a str);

impl fmt::Display for Redact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short: String =
            self.0.chars().take(CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
        f.write_str(&without_runs(&short, CODE_DIGITS))
    }
}

impl fmt::Debug for Redact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A log line's text without numbers. Our own identifiers stay.
pub fn scrub(text: &str) -> String {
    without_runs(text, NUMBER_DIGITS)
}

/// Replaces runs of at least `least` digits, with what people put between them, by `[digits]`.
fn without_runs(text: &str, least: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for token in tokens(text) {
        if is_identifier(token) {
            out.push_str(token);
        } else {
            replace(token, least, &mut out);
        }
    }
    out
}

/// Parts text so that an identifier is a token of its own and everything between is one too.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('_') {
        let start = at.saturating_sub(3);
        let end = at + 33;
        let candidate = rest.get(start..end).filter(|candidate| is_identifier(candidate));
        let alone = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let before = rest.get(..start).and_then(|before| before.chars().next_back());
        let after = rest.get(end..).and_then(|after| after.chars().next());
        let split = if candidate.is_some() && alone(before) && alone(after) {
            (start, end)
        } else {
            (at + 1, at + 1)
        };
        tokens.extend(rest.get(..split.0));
        tokens.extend(rest.get(split.0..split.1).filter(|token| !token.is_empty()));
        rest = rest.get(split.1..).unwrap_or("");
    }
    tokens.push(rest);
    tokens
}

fn is_identifier(token: &str) -> bool {
    token.len() == 36
        && token.as_bytes().get(3) == Some(&b'_')
        && token.bytes().take(3).all(|b| b.is_ascii_lowercase())
        && token.bytes().skip(4).all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn replace(text: &str, least: usize, out: &mut String) {
    let mut run = String::new();
    let mut digits = 0;
    let flush = |run: &mut String, digits: &mut usize, out: &mut String| {
        if *digits >= least {
            let kept = run.trim_end_matches(|c: char| !c.is_numeric());
            out.push_str("[digits]");
            out.push_str(run.get(kept.len()..).unwrap_or(""));
        } else {
            out.push_str(run);
        }
        run.clear();
        *digits = 0;
    };
    for c in text.chars() {
        // `is_numeric` covers full-width, Arabic-Indic and other digits.
        if c.is_numeric() {
            digits += 1;
            run.push(c);
        } else if c == '+' || (!run.is_empty() && matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}')) {
            run.push(c);
        } else {
            flush(&mut run, &mut digits, out);
            out.push(c);
        }
    }
    flush(&mut run, &mut digits, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_are_taken_out_however_they_are_written() {
        for text in [
            "+12125550100",
            "+1 (212) 555-0100",
            "212.555.0100",
            "٢١٢٥٥٥٠١٠٠",
            "２１２５５５０１００",
            "00442079460018",
        ] {
            let shown = scrub(&format!("cannot reach {text} now"));
            assert_eq!(shown, "cannot reach [digits] now", "{text}");
        }
        assert_eq!(
            Redact("your code is 482913\nsee error 30450").to_string(),
            "your code is [digits] see error [digits]"
        );
        assert_eq!(Redact("error 123").to_string(), "error 123");
    }

    #[test]
    fn identifiers_and_short_figures_stay() {
        let id = "att_01234567890123456789012345678901";
        assert_eq!(scrub(&format!("attempt {id} took 1234 ms")), format!("attempt {id} took 1234 ms"));
        // What only looks a little like one does not.
        assert_eq!(scrub("x_12125550100"), "x_[digits]");
        assert_eq!(scrub("aaatt_01234567890123456789012345678901"), "aaatt_[digits]");
    }

    proptest::proptest! {
        #[test]
        fn no_run_of_seven_digits_outside_an_identifier_survives(text in ".*") {
            let shown = scrub(&text);
            for token in tokens(&shown).into_iter().filter(|token| !is_identifier(token)) {
                let longest = token.split(|c: char| !c.is_numeric()).map(|run| run.chars().count()).max();
                proptest::prop_assert!(longest.unwrap_or(0) < NUMBER_DIGITS);
            }
        }
    }
}
