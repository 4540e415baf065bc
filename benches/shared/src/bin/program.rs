//! What is measured, apart from what measures: `serve` is `cofferdam serve`, and `starts` begins verifications in the
//! records of a node's store for as long as each line of its input says.

use cofferdam::clock::{SetDice, SystemClock};
use cofferdam::config::Settings;
use std::io::BufRead as _;
use std::sync::Arc;
use std::time::Duration;

#[path = "../../../store/src/starts.rs"]
mod work;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Callers at once.
pub const CALLERS: usize = 64;

/// How many were done in how long.
pub struct Rate {
    pub done: u64,
    pub took: Duration,
}

fn main() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["starts"] => starts(),
        _ => return cofferdam::cli::run(),
    }
    std::process::ExitCode::SUCCESS
}

/// The store is the environment's. A line of milliseconds in, a line of starts and seconds out.
fn starts() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let settings = Settings::read("bench", "", std::env::vars()).unwrap();
    let dice = SetDice::seeded(1);
    let store = {
        let _on = runtime.enter();
        cofferdam::store::open(&settings.store, Arc::new(SystemClock), dice.clone()).unwrap()
    };
    let starts = work::Starts::over(store.records, dice, 0);
    for line in std::io::stdin().lock().lines() {
        let length = Duration::from_millis(line.unwrap().parse().unwrap());
        let Rate { done, took } = runtime.block_on(starts.run(length));
        println!("{done} {}", took.as_secs_f64());
    }
}
