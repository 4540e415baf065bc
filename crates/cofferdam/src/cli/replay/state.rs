//! What was learned, in a file: a replay starts from it and leaves it.
//!
//! A line that names the version, then what the pipe remembers with its length, then the judge's own.

use super::super::error::CliError;
use super::cannot;
use super::judge::{Standing, judge};
use cofferdam_engine::Policy;
use cofferdam_sim::Pipe;
use cofferdam_sim::summary::Note;
use std::path::{Path, PathBuf};

const NAME: &str = "cofferdam replay state ";
const VERSION: &str = "1";

/// A judge with all that it learned before; a new one if there is no such file yet.
pub fn start(path: &Path, policy: Policy) -> Result<Pipe<Box<dyn Standing>, Note>, CliError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Pipe::new(judge(policy, None)?));
        }
        Err(error) => return Err(cannot("read", path, &error)),
    };
    let (pipe, learned) =
        taken_apart(&bytes).map_err(|what| CliError::input(format!("`{}` {what}", path.display())))?;
    let judge = judge(policy, Some(learned))
        .map_err(|error| CliError { what: format!("`{}`: {}", path.display(), error.what), ..error })?;
    Pipe::restore(judge, pipe).ok_or_else(|| CliError::input(format!("`{}` {DAMAGED}", path.display())))
}

const DAMAGED: &str = "is damaged: its parts do not add up";

/// What the pipe and the judge saved.
fn taken_apart(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let rest = bytes.strip_prefix(NAME.as_bytes()).ok_or("is no state of a replay")?;
    let end = rest.iter().take(16).position(|byte| *byte == b'\n').ok_or(DAMAGED)?;
    let (version, rest) = rest.split_at_checked(end).ok_or(DAMAGED)?;
    if version != VERSION.as_bytes() {
        let version = String::from_utf8_lossy(version);
        return Err(format!(
            "is a state of version `{version}`; this program has version `{VERSION}`: replay from the beginning"
        ));
    }
    let (length, rest) = rest.get(1..).and_then(|rest| rest.split_first_chunk::<8>()).ok_or(DAMAGED)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| DAMAGED)?;
    rest.split_at_checked(length).ok_or_else(|| DAMAGED.to_owned())
}

/// Leaves what was learned, whole or not at all.
pub fn leave(path: &Path, pipe: &Pipe<Box<dyn Standing>, Note>) -> Result<(), CliError> {
    let remembered = pipe.save();
    let mut bytes = format!("{NAME}{VERSION}\n").into_bytes();
    bytes.extend_from_slice(&(remembered.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&remembered);
    bytes.extend_from_slice(&pipe.judge().save());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|error| cannot("written", path, &error))
}

#[cfg(test)]
mod tests {
    use super::{DAMAGED, NAME, taken_apart};

    #[test]
    fn states_of_another_version_are_refused_by_name() {
        let state = [NAME.as_bytes(), b"1\n", &3_u64.to_le_bytes(), b"abcrest"].concat();
        assert_eq!(taken_apart(&state), Ok((&b"abc"[..], &b"rest"[..])));
        for cut in NAME.len()..NAME.len() + 13 {
            assert_eq!(taken_apart(&state[..cut]), Err(DAMAGED.to_owned()), "{cut}");
        }
        let newer = [NAME.as_bytes(), b"7\n"].concat();
        assert!(taken_apart(&newer).unwrap_err().contains("version `7`"));
        assert!(taken_apart(b"{}").unwrap_err().contains("no state"));
    }
}
