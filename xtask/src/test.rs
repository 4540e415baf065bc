//! `test`, `check` and `bench`: finds or installs what they need, then runs them.

use crate::run::{Done, found, root, run, run_in, run_with};
use std::path::Path;
use std::process::Command;

/// A program that the tests start, and its package in each distribution's words.
struct Need {
    program: &'static str,
    package: &'static str,
    /// Where a distribution calls it otherwise.
    otherwise: &'static [(&'static str, &'static str)],
    /// Folders beside the path where it may be; `*` stands for a version.
    folders: &'static [&'static str],
    why: &'static str,
    /// Whether the tests can say that they were skipped for want of it.
    may_skip: bool,
}

const NEEDS: [Need; 3] = [
    Need {
        program: "strace",
        package: "strace",
        otherwise: &[],
        folders: &[],
        why: "the power-cut test reads which writes were flushed before each answer",
        may_skip: false,
    },
    Need {
        program: "redis-server",
        package: "redis-server",
        otherwise: &[("dnf", "redis"), ("apk", "redis"), ("pacman", "redis"), ("zypper", "redis")],
        folders: &[],
        why: "tests of several machines start their own",
        may_skip: true,
    },
    Need {
        program: "postgres",
        package: "postgresql",
        otherwise: &[("dnf", "postgresql-server"), ("zypper", "postgresql-server")],
        folders: &["/usr/lib/postgresql/*/bin", "/usr/libexec/postgresql*", "/usr/pgsql-*/bin"],
        why: "tests of several machines start their own",
        may_skip: true,
    },
];

/// Set by continuous integration: a test that is skipped is a failure there.
const NEVER_SKIP: &str = "COFFERDAM_TESTS_NEVER_SKIP";
/// Tells the tests that they may.
const MAY_SKIP: &str = "COFFERDAM_TESTS_MAY_SKIP";

impl Need {
    fn is_there(&self) -> bool {
        found(self.program) || self.folders.iter().any(|folder| in_folders(folder, self.program))
    }

    fn package(&self, manager: &str) -> &'static str {
        self.otherwise.iter().find(|(own, _)| *own == manager).map_or(self.package, |(_, package)| package)
    }
}

/// Whether a program is in one of the folders that a pattern stands for.
fn in_folders(pattern: &str, program: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return Path::new(pattern).join(program).is_file();
    };
    let (parent, begin) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = std::fs::read_dir(parent) else { return false };
    entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(begin)).any(|entry| {
        let folder = entry.path();
        folder.join(after.trim_start_matches('/')).join(program).is_file()
    })
}

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
    let mut may_skip = false;
    for need in NEEDS.iter().filter(|need| !need.is_there()) {
        println!("{} is missing ({}); installing it", need.program, need.why);
        let Err(error) = install(need) else { continue };
        let mend = format!("{error}\n  mend: install `{}` yourself, then run this again", need.package);
        if !need.may_skip || std::env::var_os(NEVER_SKIP).is_some() {
            return Err(mend);
        }
        println!("{mend}\n  until then the tests that need it are SKIPPED, each with a word about it");
        may_skip = true;
    }
    let mut args = vec!["test", "--workspace", "--locked"];
    args.extend(rest);
    if may_skip { run_with("cargo", &args, (MAY_SKIP, "1")) } else { run("cargo", &args) }
}

fn install(need: &Need) -> Done {
    let Some((manager, args)) = MANAGERS.into_iter().find(|(manager, _)| found(manager)) else {
        return Err(format!("no package manager is known here that could install `{}`", need.package));
    };
    let package = need.package(manager);
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
