//! How a command ends when it does not do what was asked.

use super::out::Out;
use serde_json::{Value, json};
use std::process::ExitCode;

/// The end of a command.
#[derive(Debug)]
pub struct CliError {
    /// 1 refused or failed, 2 wrong input, 3 not reachable; 0 for a reader that went away.
    pub code: u8,
    /// What happened; empty where the data said it already.
    pub what: String,
    /// What to do about it.
    pub mend: Option<String>,
    /// What the server said, for `--json`.
    pub problem: Option<Value>,
}

impl CliError {
    fn new(code: u8, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), mend: None, problem: None }
    }

    /// Refused or failed.
    pub fn failed(what: impl Into<String>) -> Self {
        Self::new(1, what)
    }

    /// The input cannot be right.
    pub fn input(what: impl Into<String>) -> Self {
        Self::new(2, what)
    }

    /// Nobody answers.
    pub fn unreachable(what: impl Into<String>) -> Self {
        Self::new(3, what)
    }

    /// The answer was no, and the data said so.
    pub fn no() -> Self {
        Self::new(1, "")
    }

    /// With a mend.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// Tells it, and gives the exit code.
    pub fn report(self, out: &Out) -> ExitCode {
        if !self.what.is_empty() {
            if out.json {
                let error = json!({ "error": self.what, "mend": self.mend });
                // A reader that is gone does not hear it either.
                let _ = out.data(&self.problem.unwrap_or(error), String::new);
            } else {
                out.say(&format!("error: {}", self.what));
                if let Some(mend) = &self.mend {
                    out.say(&format!("  {mend}"));
                }
            }
        }
        ExitCode::from(self.code)
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        // Whoever reads our output may stop early: `cofferdam lookup - | head`.
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::new(0, "")
        } else {
            Self::failed(error.to_string())
        }
    }
}
