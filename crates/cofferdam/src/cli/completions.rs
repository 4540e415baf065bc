//! `cofferdam completions`: completions for a shell.

use super::error::CliError;
use super::out::Out;
use clap_complete::Shell;

const EXAMPLES: &str = "\
Examples:
  cofferdam completions bash > ~/.local/share/bash-completion/completions/cofferdam
  cofferdam completions zsh > ~/.zfunc/_cofferdam
  cofferdam completions fish > ~/.config/fish/completions/cofferdam.fish";

/// Writes completions for a shell to standard output.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Which shell
    shell: Shell,
}

/// Runs it.
pub fn run(args: &Args, command: &mut clap::Command, out: &Out) -> Result<(), CliError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, command, "cofferdam", &mut text);
    out.line(String::from_utf8_lossy(&text).trim_end())
}
