//! The command line: one file a subcommand, and the table that joins them.
//!
//! A command reads its arguments, calls what does the work, and writes: data to standard output,
//! words for people to standard error. With `--json` the data is JSON. What ends how: 0 done, 1 refused
//! or failed, 2 wrong input, 3 not reachable. Nothing here judges, sends or stores by itself.

use clap::{CommandFactory as _, Parser, Subcommand};
use error::CliError;
use std::process::ExitCode;

mod allow;
mod assess;
mod backup;
mod banner;
mod blocks;
mod check;
mod check_config;
mod client;
mod completions;
mod deny;
mod dev;
mod doctor;
mod entries;
mod erase;
mod error;
mod explain;
mod keys;
mod lookup;
mod migrate;
mod out;
mod outbox;
mod reference;
mod replay;
mod restore;
mod send;
mod serve;
mod server;
mod settings;
mod simulate;

const EXAMPLES: &str = "\
Examples:
  cofferdam dev                                try it: no key, no file, nothing leaves this machine
  cofferdam serve --config cofferdam.toml      run it
  cofferdam send +12125550199                  start a verification on the running server
  cofferdam outbox --latest --code             the code of the newest test message
  cofferdam check VERIFICATION CODE            was it right?
  cofferdam lookup +442079460018               what is known of a number, offline
  cofferdam simulate                           watch an attack being stopped, in a made-up world
  cofferdam replay history.jsonl --summary     what it would have saved on your own history";

const ENDS: &str = "\
Exit codes: 0 done, 1 refused or failed, 2 wrong input, 3 not reachable.
Commands that talk to a running server find it by --url or COFFERDAM_URL and prove themselves by --key or COFFERDAM_KEY.";

/// Verifies phone numbers, and judges every message before it is paid for.
#[derive(Parser)]
#[command(name = "cofferdam", version, before_help = EXAMPLES, after_help = ENDS, propagate_version = true)]
struct Cli {
    /// Write data as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run for development: outbox, memory, a test key; nothing leaves this machine
    Dev(dev::Args),
    /// Run, as the settings say
    Serve(serve::Args),
    /// Say whether settings are valid, and what is wrong with which line
    CheckConfig(check_config::Args),
    /// Say what is wrong with this machine, and how to mend it
    Doctor(doctor::Args),
    /// Start a verification
    Send(send::Args),
    /// Check a code
    Check(check::Args),
    /// Read the test messages
    Outbox(outbox::Args),
    /// Say what is known of numbers, offline
    Lookup(lookup::Args),
    /// Judge an attempt without sending
    Assess(assess::Args),
    /// Say why it was decided so
    Explain(explain::Args),
    /// Judge a recorded history: what would have been saved, whom would it have stopped?
    Replay(replay::Args),
    /// Make up traffic and attack it: what is stopped, and who is harmed?
    Simulate(simulate::Args),
    /// Make, list and revoke keys; rotate the secret key
    Keys(keys::Args),
    /// Put numbers, prefixes and addresses on the safe list
    Allow(allow::Args),
    /// Put numbers, prefixes and addresses on the deny list
    Deny(deny::Args),
    /// List what is blocked at present
    Blocks(blocks::Args),
    /// Lift a block
    Unblock(blocks::UnblockArgs),
    /// Copy the store, also while it is served
    Backup(backup::Args),
    /// Bring a copy back
    Restore(restore::Args),
    /// Move a store between one machine and several
    Migrate(migrate::Args),
    /// Destroy a number everywhere
    Erase(erase::Args),
    /// Write completions for a shell
    Completions(completions::Args),
    /// Write the reference pages
    #[command(hide = true)]
    Reference(reference::Args),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version end with 0, everything else with 2.
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let out = out::Out { json: cli.json };
    match dispatch(cli.command, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(&out),
    }
}

fn dispatch(command: Command, out: &out::Out) -> Result<(), CliError> {
    match command {
        Command::Dev(args) => dev::run(&args, out),
        Command::Serve(args) => serve::run(&args, out),
        Command::CheckConfig(args) => check_config::run(&args, out),
        Command::Doctor(args) => doctor::run(&args, out),
        Command::Send(args) => send::run(&args, out),
        Command::Check(args) => check::run(&args, out),
        Command::Outbox(args) => outbox::run(&args, out),
        Command::Lookup(args) => lookup::run(&args, out),
        Command::Assess(args) => assess::run(&args, out),
        Command::Explain(args) => explain::run(&args, out),
        Command::Replay(args) => replay::run(&args, out),
        Command::Simulate(args) => simulate::run(&args, out),
        Command::Keys(args) => keys::run(args, out),
        Command::Allow(args) => allow::run(&args, out),
        Command::Deny(args) => deny::run(&args, out),
        Command::Blocks(args) => blocks::run(&args, out),
        Command::Unblock(args) => blocks::unblock(&args, out),
        Command::Backup(args) => backup::run(&args, out),
        Command::Restore(args) => restore::run(&args, out),
        Command::Migrate(args) => migrate::run(&args, out),
        Command::Erase(args) => erase::run(&args, out),
        Command::Completions(args) => completions::run(&args, &mut Cli::command(), out),
        Command::Reference(args) => reference::run(&args, &Cli::command()),
    }
}
