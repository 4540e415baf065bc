//! `cargo xtask <command>`: what a developer runs that is not the program itself.
//!
//! Never shipped. Errors here have no types: a command says what went wrong and ends with 1.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its terminal")]

use std::process::ExitCode;

mod docs;
mod metadata;
mod run;
mod test;
#[cfg(test)]
mod tidy;

const HELP: &str = "\
cargo xtask test              find or install what the tests need, then run every one
cargo xtask check             formatting, lints and licences, as continuous integration does
cargo xtask docs              write docs/reference anew from the program
cargo xtask bench [NAME]      run the benchmarks of docs/benchmarks.md
cargo xtask metadata          pack the reference data of the atlas anew; --check only compares
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["test", rest @ ..] => test::test(rest),
        ["check"] => test::check(),
        ["docs"] => docs::write(),
        ["bench", rest @ ..] => test::bench(rest),
        ["metadata"] => metadata::run(false),
        ["metadata", "--check"] => metadata::run(true),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(format!("not a command: `{}`\n\n{HELP}", args.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Speaks to the person who runs a command.
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
