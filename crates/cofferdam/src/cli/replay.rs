//! `cofferdam replay`: judges a recorded history. What would have been saved, and whom would it have stopped?
//!
//! It reads a stream of the event format or an export of a provider, and writes a decision a line. Event
//! time is its only clock: the same stream and policy give the same bytes.

use super::error::CliError;
use super::out::Out;
use cofferdam_engine::Level;
use cofferdam_sim::summary::{Note, Summary};
use cofferdam_sim::{Pipe, import};
use drive::{Events, Stop, drive};
use input::Lines;
use serde_json::json;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

mod drive;
mod input;
mod judge;
mod policy;
mod progress;
mod report;
mod state;
#[cfg(test)]
mod tests;
mod told;

const EXAMPLES: &str = "\
Examples:
  cofferdam replay history.jsonl.gz --summary                a stream of the event format
  cofferdam replay --from twilio-messages log.csv --report report.html --out /dev/null
  cofferdam replay history.jsonl --level max --out max.jsonl
  cofferdam replay history.jsonl --tallies redis://localhost  the same decisions, counted in Redis
  producer | cofferdam replay -                              a decision for each attempt, at once";

const FORMATS: &str = "\
Formats of --from: plivo-mdr, telnyx-mdr, telnyx-verify, twilio-messages, twilio-messages-api,
twilio-verify-attempts, vonage-sms-outbound, vonage-verify. Columns are found by the names in the header.

Exit codes: 0 every attempt was decided, 1 it could not be written, 2 wrong input; a malformed line is named by its
number on standard error.";

/// Judges a recorded history and writes a decision for each attempt, in order. Needs no server; nothing
/// leaves this machine.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES, after_help = FORMATS)]
pub struct Args {
    /// Events, one JSON object a line, packed if it ends in `.gz`; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Protection level
    #[arg(long, value_name = "basic|standard|max", value_parser = level)]
    level: Option<Level>,
    /// Policy (TOML or JSON): what it says stands over the level
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Where tallies are kept: the decisions are the same. In Redis they have a prefix of their own and are taken away
    /// afterwards
    #[arg(long, value_name = "memory|redis://…", default_value = "memory", value_parser = tallies, conflicts_with = "state")]
    tallies: judge::Where,
    /// Read a provider's export instead
    #[arg(long, value_name = "FORMAT")]
    from: Option<String>,
    /// Where decisions go; without it to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What was learned: start from it if it is there, and leave it there
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Say on standard error what it came to
    #[arg(long)]
    summary: bool,
    /// Write a page of what it came to
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

fn level(name: &str) -> Result<Level, String> {
    let known = [Level::Basic, Level::Standard, Level::Max];
    known.into_iter().find(|level| level.name() == name).ok_or_else(|| "basic, standard or max".to_owned())
}

fn tallies(home: &str) -> Result<judge::Where, String> {
    if home == "memory" {
        return Ok(judge::Where::Memory);
    }
    let schemes = ["redis://", "rediss://", "unix://", "redis+sentinel://"];
    if schemes.iter().any(|scheme| home.starts_with(scheme)) {
        return Ok(judge::Where::Redis(home.to_owned()));
    }
    Err("`memory`, or the address of one Redis: `redis://`, `rediss://`, `unix://` or `redis+sentinel://`"
        .to_owned())
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    // Decisions own standard output: what went wrong is said on standard error, as JSON if that was asked for.
    whole(args, out).map_err(|error| {
        if error.what.is_empty() {
            return error;
        }
        let text = if out.json {
            json!({ "error": error.what, "mend": error.mend }).to_string()
        } else {
            let mend = error.mend.as_ref().map_or(String::new(), |mend| format!("\n  {mend}"));
            format!("error: {}{mend}", error.what)
        };
        out.say(&text);
        CliError { code: error.code, ..CliError::no() }
    })
}

fn whole(args: &Args, out: &Out) -> Result<(), CliError> {
    let policy = policy::read(args.level, args.policy.as_deref())?;
    let format = match args.from.as_deref().map(import::format) {
        None => None,
        Some(Ok(format)) => Some(format),
        Some(Err(error)) => return Err(CliError::input(error.to_string())),
    };
    let level = policy.level.name();
    let mut pipe = match &args.state {
        None => Pipe::new(judge::judge_at(policy, &args.tallies)?),
        Some(path) => state::start(path, policy)?,
    };
    let mut summary = (args.summary || args.report.is_some()).then(Summary::default);
    let mut source =
        Source { format, level, file: args.file.display().to_string(), currency: None, notes: Vec::new() };
    replay(args, &mut pipe, summary.as_mut(), &mut source)?;
    if let Some(path) = &args.state {
        state::leave(path, &pipe)?;
    }
    if let Some(summary) = &summary {
        for note in &source.notes {
            out.say(note);
        }
        if let Some(path) = &args.report {
            let page = report::page(summary, &source);
            std::fs::write(path, page).map_err(|error| cannot("written", path, &error))?;
        }
        if args.summary {
            out.say(&if out.json {
                told::json(summary, &source).to_string()
            } else {
                told::text(summary, &source)
            });
        }
    }
    Ok(())
}

/// What was read, for whoever tells what it came to.
struct Source {
    format: Option<&'static import::Format>,
    level: &'static str,
    file: String,
    currency: Option<String>,
    notes: Vec<String>,
}

fn replay(
    args: &Args,
    pipe: &mut Pipe<Box<dyn judge::Standing>, Note>,
    summary: Option<&mut Summary>,
    source: &mut Source,
) -> Result<(), CliError> {
    let standard = args.file.as_os_str() == "-";
    let (reader, progress) = input::open(&args.file)?;
    let mut events = match source.format {
        None => Events::Lines(Lines::new(reader)),
        Some(format) => Events::Ready(imported(format, reader, source)?.into_iter()),
    };
    let mut output = output(args.out.as_deref())?;
    let ended =
        drive(&mut events, pipe, summary, &mut output, (standard, &|judge| judge.failed()), &progress);
    progress.clear();
    // What was decided before it went wrong is written.
    let flushed = output.flush();
    match ended {
        Err(Stop::Output(error)) => Err(error.into()),
        Err(Stop::Tallies(error)) => Err(CliError::failed(format!("`--tallies`: {error}"))),
        Err(Stop::Input(error)) => Err(CliError::input(format!("{}: {error}", source.file))),
        Ok(()) => Ok(flushed?),
    }
}

/// A provider's export is read whole: it may have the newest first.
fn imported(
    format: &import::Format,
    reader: input::Reader,
    source: &mut Source,
) -> Result<Vec<cofferdam_sim::Event>, CliError> {
    let text = input::whole(reader).map_err(|error| CliError::input(format!("{}: {error}", source.file)))?;
    let imported =
        format.import(&text).map_err(|error| CliError::input(format!("{}: {error}", source.file)))?;
    source.currency = imported.currency;
    if imported.left_out > 0 {
        source.notes.push(format!("{} rows were left out: they are no outbound messages", imported.left_out));
    }
    if imported.priced > 0 {
        source.notes.push(format!(
            "{} attempts had no price: they have what others to their network or country cost",
            imported.priced
        ));
    }
    Ok(imported.events)
}

fn output(path: Option<&Path>) -> Result<Box<dyn Write>, CliError> {
    Ok(match path {
        None => Box::new(BufWriter::with_capacity(1 << 16, std::io::stdout().lock())),
        Some(path) => {
            let file = std::fs::File::create(path).map_err(|error| cannot("written", path, &error))?;
            Box::new(BufWriter::with_capacity(1 << 16, file))
        }
    })
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> CliError {
    let text = format!("`{}` cannot be {what}: {error}", path.display());
    if what == "read" { CliError::input(text) } else { CliError::failed(text) }
}
