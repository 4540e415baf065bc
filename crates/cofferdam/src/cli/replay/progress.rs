//! A bar on standard error, where a person looks: drawn when another hundredth was read, so no clock is asked.

use std::cell::Cell;
use std::io::{IsTerminal as _, Read, Write as _};
use std::rc::Rc;

/// How far a file was read.
pub struct Progress {
    read: Rc<Cell<u64>>,
    whole: u64,
    shown: Cell<u64>,
    terminal: bool,
}

impl Progress {
    /// Of something without an end.
    pub fn none() -> Self {
        Self { read: Rc::default(), whole: 0, shown: Cell::new(0), terminal: false }
    }

    /// Of a file; drawn only where standard error is a terminal.
    pub fn of(whole: u64) -> Self {
        // Small files are done before anybody could read a bar.
        let terminal = whole > 1 << 20 && std::io::stderr().is_terminal();
        Self { whole, terminal, ..Self::none() }
    }

    /// Draws it if another hundredth was read.
    pub fn show(&self, events: u64) {
        if !self.terminal {
            return;
        }
        let hundredth = self.read.get().saturating_mul(100) / self.whole.max(1);
        if hundredth == self.shown.get() {
            return;
        }
        self.shown.set(hundredth);
        let full = (hundredth.min(100) / 4) as usize;
        let bar = format!("{}{}", "█".repeat(full), "░".repeat(25 - full));
        let _ = write!(std::io::stderr(), "\r{bar} {hundredth:>3} %  {events} events");
    }

    /// Takes it away.
    pub fn clear(&self) {
        if self.terminal && self.shown.get() > 0 {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// A reader that says how far it came.
pub struct Counted<R> {
    inner: R,
    read: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    /// Tells this progress.
    pub fn new(inner: R, progress: &Progress) -> Self {
        Self { inner, read: Rc::clone(&progress.read) }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}
