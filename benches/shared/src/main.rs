//! Several machines: nodes over Redis and PostgreSQL, each figure beside what one would otherwise pick.
//!
//! `cargo run --release [assess|recipe|starts|nodes|stop …]`; all of them where none is named. Each stands in a file
//! of its own, which says what is compared with what. It needs redis-server and PostgreSQL; `taskset` to pin, npm
//! and Python for the recipe's servers. `QUICK` in the environment makes one short round of each, to see that it runs;
//! `PROGRAM` names another build of what is measured.

mod assess;
mod bodies;
mod calls;
mod load;
mod machine;
mod nodes;
mod peers;
mod recipe;
mod resp;
mod servers;
mod starts;
mod stop;

use std::process::Command;
use std::sync::OnceLock;

/// The key of the load.
pub const KEY: &str = "an-admin-key-of-forty-visible-characters";

/// Rounds, and milliseconds of each.
pub struct Rounds {
    pub rounds: usize,
    pub ms: u64,
}

const PARTS: [(&str, fn(&Rounds)); 5] = [
    ("assess", assess::run),
    ("recipe", recipe::run),
    ("starts", starts::run),
    ("nodes", nodes::run),
    ("stop", stop::run),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match &words[..] {
        ["drive", rest @ ..] => load::drive(rest),
        ["calls", port, connections, file] => calls::run(port, connections, file),
        names => compare(names),
    }
}

/// What is measured: a node, and starts. It stands beside this program.
pub fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Ok(program) = std::env::var("PROGRAM") {
            return program;
        }
        let build = ["build", "--release", "--locked", "--bin", "program", "--target-dir"];
        let built = Command::new("cargo")
            .args(build)
            .arg(machine::target())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "cargo builds the program");
        std::env::current_exe().unwrap().with_file_name("program").to_str().unwrap().to_owned()
    })
}

fn compare(names: &[&str]) {
    let quick = std::env::var_os("QUICK").is_some();
    let rounds = if quick { Rounds { rounds: 1, ms: 1_000 } } else { Rounds { rounds: 5, ms: 4_000 } };
    if let Some(unknown) = names.iter().find(|name| !PARTS.iter().any(|(part, _)| part == *name)) {
        panic!("no part `{unknown}`; there are {:?}", PARTS.map(|(name, _)| name));
    }
    program();
    println!("pinned: {}; `others`: cores that other work on the machine used in the round", machine::pins());
    for (name, part) in PARTS {
        if names.is_empty() || names.contains(&name) {
            println!("\n=== {name}");
            part(&rounds);
        }
    }
}
