//! `test`, `check` and `bench`: finds or installs what they need, then runs them.

use crate::run::{Done, found, root, run, run_in};
use std::process::Command;

/// A program that the tests start, and its package in each distribution's words.
struct Need {
    program: &'static str,
    package: &'static str,
    why: &'static str,
}

const NEEDS: [Need; 1] = [Need {
    program: "strace",
    package: "strace",
    why: "the power-cut test reads which writes were flushed before each answer",
}];

/// Package managers and how each installs without asking.
const MANAGERS: [(&str, &[&str]); 5] = [
    ("apt-get", &["install", "-y", "--no-install-recommends"]),
    ("dnf", &["install", "-y"]),
    ("apk", &["add"]),
    ("pacman", &["-S", "--noconfirm"]),
    ("zypper", &["install", "-y"]),
];

/// Every test. Further arguments go to `cargo test`.
pub fn test(rest: &[&str]) -> Done {
    for need in NEEDS {
        if !found(need.program) {
            println!("{} is missing ({}); installing it", need.program, need.why);
            install(need.package).map_err(|error| {
                format!("{error}\n  mend: install `{}` yourself, then run this again", need.package)
            })?;
        }
    }
    let mut args = vec!["test", "--workspace", "--locked"];
    args.extend(rest);
    run("cargo", &args)
}

fn install(package: &str) -> Done {
    let Some((manager, args)) = MANAGERS.into_iter().find(|(manager, _)| found(manager)) else {
        return Err(format!("no package manager is known here that could install `{package}`"));
    };
    let mut command: Vec<&str> = Vec::new();
    if !is_root() {
        if !found("sudo") {
            return Err(format!("installing `{package}` needs root, and there is no sudo"));
        }
        command.extend(["sudo", "-n"]);
    }
    command.push(manager);
    if manager == "apt-get" {
        let mut update = command.clone();
        update.push("update");
        if let Some((program, args)) = update.split_first() {
            run(program, args)?;
        }
    }
    command.extend(args);
    command.push(package);
    command.split_first().map_or(Ok(()), |(program, args)| run(program, args))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0\n"))
}

/// Formatting, lints as errors, licences and advisories.
pub fn check() -> Done {
    run("cargo", &["fmt", "--all", "--check"])?;
    run("cargo", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
    if !found("cargo-deny") {
        println!("cargo-deny is missing; installing it (once a machine)");
        run("cargo", &["install", "cargo-deny", "--locked"])?;
    }
    // Advisories need a database from the net; licences, bans and sources are checked everywhere.
    run("cargo", &["deny", "--all-features", "check", "bans", "licenses", "sources"])?;
    // Nobody runs a benchmark each day, and one that does not compile measures nothing.
    let target = root().join("target").join("benches");
    for name in benches()? {
        println!("== benches/{name}");
        let check = ["check", "--locked", "--quiet", "--target-dir", &target.to_string_lossy()];
        run_in(&root().join("benches").join(&name), "cargo", &check)?;
    }
    Ok(())
}

/// The tables of `docs/detection-figures.md`, which the program itself writes.
pub fn detection() -> Done {
    let program = ["run", "--release", "--locked", "--package", "cofferdam", "--"];
    run_in(&root(), "cargo", &[&program[..], &["simulate", "--table", "docs"]].concat())
}

/// The benchmarks by name, in order.
fn benches() -> Result<Vec<String>, String> {
    let folder = root().join("benches");
    let entries =
        std::fs::read_dir(&folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut all: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    all.sort();
    Ok(all)
}

/// One benchmark, or all: each is a workspace of its own under `benches/`.
pub fn bench(names: &[&str]) -> Done {
    if names == ["detection"] {
        return detection();
    }
    let (folder, all) = (root().join("benches"), benches()?);
    let chosen: Vec<String> =
        if names.is_empty() { all.clone() } else { names.iter().map(ToString::to_string).collect() };
    for name in chosen {
        if !all.contains(&name) {
            return Err(format!("no benchmark `{name}`; there are: detection, {}", all.join(", ")));
        }
        println!("== {name}");
        run_in(&folder.join(&name), "cargo", &["run", "--release", "--locked"])?;
    }
    Ok(())
}
