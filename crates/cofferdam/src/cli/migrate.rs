//! `cofferdam migrate`: takes a store from one machine to several, or back, while nobody serves from it.

use super::error::CliError;
use super::out::Out;
use super::server::runtime;
use super::settings::{SettingsArgs, need};
use crate::app::agree;
use crate::clock::{Clock, SystemClock, SystemDice};
use crate::config::{Settings, StoreChoice};
use crate::secrets::file;
use crate::store::moving::{self, Progress, Sum};
use crate::store::row::Table;
use crate::store::{self, Store, StoreError};
use comfy_table::{CellAlignment, LineStyle, Table as Shown, presets};
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

const EXAMPLES: &str = "\
Examples:
  cofferdam migrate --config cofferdam.toml --to shared --dry-run     count what would be moved
  cofferdam migrate --config cofferdam.toml --to shared --verify      move it, then compare
  cofferdam migrate --config cofferdam.toml --to shared --verify --only-verify
  cofferdam migrate --config cofferdam.toml --to embedded --data new.db";

/// Moves everything that a store holds: from the file of one machine (`store.path`, or --data) to PostgreSQL
/// and Redis (`store.postgres_url`, `store.redis_url`), or back into a file that is not there yet. Stop the
/// server first; what is moved from is left as it is. The secret key is not moved: each machine needs it.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES, after_help = "Exit codes: 0 moved (or the same), 1 failed or not the same, 2 wrong input.")]
pub struct Args {
    /// Where to
    #[arg(long, value_enum, value_name = "HOME")]
    to: To,
    /// Count what would be moved; write nothing
    #[arg(long, conflicts_with_all = ["verify", "only_verify", "go_on"])]
    dry_run: bool,
    /// Compare row by row afterwards
    #[arg(long)]
    verify: bool,
    /// Compare alone; move nothing
    #[arg(long)]
    only_verify: bool,
    /// Go on with a move that was interrupted: what stands there already is left
    #[arg(long)]
    go_on: bool,
    /// The file of the one machine; without it the settings say
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// A home.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum To {
    /// PostgreSQL and Redis
    Shared,
    /// A file
    Embedded,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let mut settings = need(&args.settings)?;
    if args.data.is_some() {
        settings.store.path.clone_from(&args.data);
    }
    check(args, &settings)?;
    let runtime = runtime()?;
    let result = runtime.block_on(work(args, &settings, out));
    // Connections end before the runtime does.
    drop(runtime);
    result
}

/// Both homes must be named, and what is written to must not be somebody else's.
fn check(args: &Args, settings: &Settings) -> Result<(), CliError> {
    if settings.store.shared.is_none() {
        return Err(CliError::input("the settings name no shared store")
            .mend("set `store.postgres_url` and `store.redis_url`"));
    }
    let Some(file) = &settings.store.path else {
        return Err(CliError::input("the settings name no file").mend("set `store.path`, or give --data"));
    };
    let there = file.exists();
    let read = args.to == To::Shared || args.only_verify;
    if read && !there {
        return Err(CliError::input(format!("there is no store `{}`", file.display())).mend("give --data"));
    }
    if !read && there && !args.dry_run && !args.go_on {
        return Err(CliError::input(format!("`{}` is there already", file.display()))
            .mend("give --data with a file that is not there yet"));
    }
    Ok(())
}

async fn open(choice: StoreChoice) -> Result<Store, CliError> {
    let opened = tokio::task::spawn_blocking(move || {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        store::open(&choice, clock, Arc::new(SystemDice::default()))
    });
    let opened = opened.await.map_err(|error| CliError::failed(error.to_string()))?;
    opened.map_err(|error| failed(&error).mend("is a server running? stop it first"))
}

fn failed(error: &StoreError) -> CliError {
    CliError::failed(error.to_string())
}

async fn work(args: &Args, settings: &Settings, out: &Out) -> Result<(), CliError> {
    let (file, shared) = (settings.store.clone().in_file(), settings.store.clone());
    let (from, to) = if args.to == To::Shared { (file, shared) } else { (shared, file) };
    let secrets = file::load(&settings.secrets, &settings.store, &SystemDice::default())
        .map_err(|error| CliError::input(error.to_string()))?;
    let of_key = async |store: &Store| {
        agree(store, &secrets).await.map_err(|error| CliError::input(error.to_string()))
    };
    let from = open(from).await?;
    of_key(&from).await?;
    let bar = Bar::new();
    if args.dry_run {
        let sums = moving::sums(&*from.records, |progress| bar.show(progress)).await;
        bar.clear();
        return told(out, "would be moved", &sums.map_err(|error| failed(&error))?);
    }
    if args.to == To::Embedded && !args.only_verify {
        // Refused before anything is written where somebody still serves.
        from.tallies.hand_out(None, 0).await.map_err(|error| failed(&error))?;
    }
    let to = open(to).await?;
    of_key(&to).await?;
    if !args.only_verify {
        move_all(args, &from, &to, &bar, out).await?;
    }
    if args.verify || args.only_verify {
        return compare(&from, &to, &bar, out).await;
    }
    Ok(())
}

async fn move_all(args: &Args, from: &Store, to: &Store, bar: &Bar, out: &Out) -> Result<(), CliError> {
    let empty = to.records.is_empty().await.map_err(|error| failed(&error))?;
    if !empty && !args.go_on {
        return Err(CliError::input("somebody has used what would be moved to")
            .mend("take an empty database, or --go-on if an earlier move was interrupted"));
    }
    let moved = moving::copy(&*from.records, &*to.records, args.go_on, |progress| bar.show(progress)).await;
    bar.clear();
    let moved = moved.map_err(|error| failed(&error).mend("run it again with --go-on"))?;
    let at_s = u32::try_from(SystemClock.now_ms() / 1_000).unwrap_or(u32::MAX);
    let tallies = moving::copy_tallies(&*from.tallies, &*to.tallies, at_s).await;
    let tallies = tallies.map_err(|error| failed(&error).mend("run it again with --go-on"))?;
    to.records.settle_down().await.map_err(|error| failed(&error))?;
    let rows = moved.iter().map(|progress| (progress.table.name(), progress.read, progress.new));
    let rows: Vec<_> = rows.chain([("tallies", tallies, tallies)]).collect();
    let json = rows.iter().map(|(name, read, new)| json!({ "what": name, "read": read, "moved": new }));
    out.data(&json!({ "moved": json.collect::<Vec<Value>>() }), || {
        let mut shown = table(&["", "read", "moved"]);
        for (name, read, new) in &rows {
            shown.add_row([(*name).to_owned(), read.to_string(), new.to_string()]);
        }
        shown.to_string()
    })
}

async fn compare(from: &Store, to: &Store, bar: &Bar, out: &Out) -> Result<(), CliError> {
    let one = moving::sums(&*from.records, |progress| bar.show(progress)).await;
    let other = moving::sums(&*to.records, |progress| bar.show(progress)).await;
    bar.clear();
    let (one, other) = (one.map_err(|e| failed(&e))?, other.map_err(|e| failed(&e))?);
    let rows: Vec<(Table, Sum, Sum)> = one.iter().zip(&other).map(|(a, b)| (a.0, a.1, b.1)).collect();
    let same = rows.iter().all(|(_, one, other)| one == other);
    let json = rows.iter().map(|(table, one, other)| {
        json!({ "what": table.name(), "here": one.rows, "there": other.rows, "same": one == other })
    });
    out.data(&json!({ "same": same, "compared": json.collect::<Vec<Value>>() }), || {
        let mut shown = table(&["", "here", "there", ""]);
        for (table, one, other) in &rows {
            let word = if one == other {
                "the same"
            } else if one.differs_in_content(other) {
                "another content"
            } else {
                "not as many"
            };
            shown.add_row([
                table.name().to_owned(),
                one.rows.to_string(),
                other.rows.to_string(),
                word.to_owned(),
            ]);
        }
        shown.to_string()
    })?;
    if same { Ok(()) } else { Err(CliError::no()) }
}

fn told(out: &Out, what: &str, sums: &[(Table, Sum)]) -> Result<(), CliError> {
    let json = sums.iter().map(|(table, sum)| json!({ "what": table.name(), "rows": sum.rows }));
    out.data(&json!({ "would_move": json.collect::<Vec<Value>>() }), || {
        let mut shown = table(&["", what]);
        for (table, sum) in sums {
            shown.add_row([table.name().to_owned(), sum.rows.to_string()]);
        }
        shown.to_string()
    })
}

fn table(head: &[&str]) -> Shown {
    let mut shown = Shown::new();
    let lines = presets::UTF8_HORIZONTAL_ONLY
        .row_separator(LineStyle::none())
        .header_separator(LineStyle::none().fill('─').junction('─'));
    shown.load_style(lines).set_header(head.iter().copied());
    // Numbers stand under one another; words need not.
    for at in (1..head.len()).filter(|at| head.get(*at).is_some_and(|name| !name.is_empty())) {
        if let Some(column) = shown.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    shown
}

/// A line on standard error that says how far it is, where a person looks.
struct Bar(bool);

impl Bar {
    fn new() -> Self {
        Self(std::io::stderr().is_terminal())
    }

    fn show(&self, progress: Progress) {
        if self.0 {
            let at = Table::ALL.iter().position(|table| *table == progress.table).unwrap_or(0);
            let bar = format!("{}{}", "█".repeat(at + 1), "░".repeat(Table::ALL.len() - at - 1));
            let _ = write!(
                std::io::stderr(),
                "\r\u{1b}[K{bar} {}: {} rows",
                progress.table.name(),
                progress.read
            );
        }
    }

    fn clear(&self) {
        if self.0 {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
