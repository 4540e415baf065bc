//! Work on the repository itself: data, tests, documents. Never shipped, never a dependency of what is.

mod metadata;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["metadata"] => metadata::run(false),
        ["metadata", "--check"] => metadata::run(true),
        _ => Err("usage: cargo xtask metadata [--check]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&why);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one door through which a task speaks to the person who runs it")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
