//! Running other programs, and finding them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a step answers.
pub type Done = Result<(), String>;

/// The workspace's root: of the checkout that is run, which need not be the one that was built where two share a
/// target folder.
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// A program without what cargo tells ours of its own package: build scripts that look at it would have all
/// that stands on them built again, here and then once more at the next plain `cargo build`.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let of_ours = name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_"));
        if of_ours {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program in the workspace's root and shows what it prints; an error unless it succeeds.
pub fn run(program: &str, args: &[&str]) -> Done {
    run_in(&root(), program, args)
}

/// The same with a variable of the environment.
pub fn run_with(program: &str, args: &[&str], (name, value): (&str, &str)) -> Done {
    println!("$ {name}={value} {program} {}", args.join(" "));
    let status = command(program)
        .args(args)
        .env(name, value)
        .current_dir(root())
        .status()
        .map_err(|error| format!("cannot run `{program}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{program} {}` ended with {status}", args.join(" "))) }
}

/// The same in another folder.
pub fn run_in(folder: &Path, program: &str, args: &[&str]) -> Done {
    println!("$ {program} {}", args.join(" "));
    let status = command(program)
        .args(args)
        .current_dir(folder)
        .status()
        .map_err(|error| format!("cannot run `{program}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{program} {}` ended with {status}", args.join(" "))) }
}

/// Whether a program is on the path.
pub fn found(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}
