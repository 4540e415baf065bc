//! The loop: events in, decisions out, a summary kept on the side.

use super::input::{LineFault, Lines};
use super::progress::Progress;
use cofferdam_sim::stream::{line, write};
use cofferdam_sim::summary::{Note, Summary};
use cofferdam_sim::{Event, Judge, Pipe, Told};
use std::io::Write;

/// Where events come from.
pub enum Events {
    /// A stream.
    Lines(Lines),
    /// An export, read whole and brought into order.
    Ready(std::vec::IntoIter<Event>),
}

/// Why it ended before the stream did.
#[derive(Debug)]
pub enum Stop {
    /// A line cannot be read.
    Input(LineFault),
    /// Decisions cannot be written.
    Output(std::io::Error),
    /// The tallies are kept elsewhere and went away.
    Tallies(String),
}

impl From<LineFault> for Stop {
    fn from(fault: LineFault) -> Self {
        Self::Input(fault)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

/// What went wrong with a judge, if anything did.
type Failed<'a, J> = &'a dyn Fn(&J) -> Option<String>;

/// Replays all events. `at_once`: whoever waits for a decision has it before we wait for a line. `failed`: what went
/// wrong with the judge, whose decisions stand no more then.
pub fn drive<J: Judge>(
    events: &mut Events,
    pipe: &mut Pipe<J, Note>,
    mut summary: Option<&mut Summary>,
    output: &mut dyn Write,
    (at_once, failed): (bool, Failed<'_, J>),
    progress: &Progress,
) -> Result<(), Stop> {
    let mut written = String::with_capacity(1024);
    let mut count: u64 = 0;
    loop {
        if at_once && !matches!(events, Events::Lines(lines) if lines.here()) {
            output.flush()?;
        }
        let Some(event) = next(events)? else { return Ok(()) };
        count += 1;
        if count.is_multiple_of(1024) {
            progress.show(count);
        }
        let told = one(pipe, summary.as_deref_mut(), &event);
        if let Some(why) = failed(pipe.judge()) {
            return Err(Stop::Tallies(why));
        }
        if let (Event::Attempt(attempt), Told::Decided { decided, .. }) = (&event, &told) {
            written.clear();
            write::decision(&attempt.id, decided, &mut written);
            output.write_all(written.as_bytes())?;
        }
    }
}

/// One event, into the summary too where one is wanted.
fn one<J: Judge>(pipe: &mut Pipe<J, Note>, summary: Option<&mut Summary>, event: &Event) -> Told<Note> {
    let Some(summary) = summary else { return pipe.push_noted(event, |_| Note::default()) };
    let asked = if let Event::Attempt(attempt) = event { Some(summary.asked(attempt)) } else { None };
    let told =
        pipe.push_noted(event, |decision| asked.map_or_else(Note::default, |asked| asked.note(decision)));
    summary.told(event, asked, &told, pipe.now_ms());
    told
}

/// The next event; what is none is passed over.
fn next(events: &mut Events) -> Result<Option<Event>, LineFault> {
    let lines = match events {
        Events::Ready(events) => return Ok(events.next()),
        Events::Lines(lines) => lines,
    };
    loop {
        let read = match lines.next()? {
            None => return Ok(None),
            Some(bytes) => line::read(bytes),
        };
        match read {
            Ok(Some(event)) => return Ok(Some(event)),
            Ok(None) => {}
            Err(error) => return Err(lines.fault(&error.to_string())),
        }
    }
}
