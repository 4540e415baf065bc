//! Reads what is replayed: a file, a packed file, or standard input, line by line or whole.

use super::super::error::CliError;
use super::cannot;
use super::progress::{Counted, Progress};
use cofferdam_sim::stream::line::LINE_MAX;
use flate2::read::MultiGzDecoder;
use std::fmt;
use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read};
use std::path::Path;

/// Whatever bytes come from.
pub type Reader = Box<dyn Read>;

/// Opens it; how far it was read is known of a file.
pub fn open(path: &Path) -> Result<(Reader, Progress), CliError> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(std::io::stdin().lock()), Progress::none()));
    }
    let file = std::fs::File::open(path).map_err(|error| cannot("read", path, &error))?;
    let whole = file.metadata().map_err(|error| cannot("read", path, &error))?;
    if whole.is_dir() {
        return Err(CliError::input(format!("`{}` is a folder", path.display())));
    }
    let progress = Progress::of(whole.len());
    let counted = Counted::new(file, &progress);
    let packed = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
    // The packed bytes are read in large pieces too; the file may be several packed ones after another.
    let reader: Reader = if packed {
        Box::new(Packed(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, counted))))
    } else {
        Box::new(counted)
    };
    Ok((reader, progress))
}

/// A packed file whose errors say what they are.
struct Packed<R: Read>(MultiGzDecoder<R>);

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => {
                Error::new(ErrorKind::UnexpectedEof, "the packed file ends too early: it was cut off")
            }
            ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                Error::new(ErrorKind::InvalidData, format!("the packed file is damaged, or no gzip: {error}"))
            }
            _ => error,
        })
    }
}

/// A line that cannot be read.
#[derive(Debug)]
pub struct LineFault {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Lines, none longer than the format allows.
pub struct Lines {
    reader: BufReader<Reader>,
    line: Vec<u8>,
    /// The number of the line last read.
    pub number: u64,
}

impl Lines {
    /// Before the first line.
    pub fn new(reader: Reader) -> Self {
        Self { reader: BufReader::with_capacity(1 << 16, reader), line: Vec::with_capacity(1024), number: 0 }
    }

    /// Whether a whole line is here already, so that reading it waits for nobody.
    pub fn here(&self) -> bool {
        self.reader.buffer().contains(&b'\n')
    }

    /// The next line; `None` at the end.
    pub fn next(&mut self) -> Result<Option<&[u8]>, LineFault> {
        self.line.clear();
        self.number += 1;
        // Two more: the line's end may be two bytes.
        let most = LINE_MAX as u64 + 2;
        let read = (&mut self.reader).take(most).read_until(b'\n', &mut self.line);
        match read {
            Ok(0) => Ok(None),
            Ok(_) if self.line.len() as u64 == most && self.line.last() != Some(&b'\n') => {
                Err(self.fault(&format!("longer than {LINE_MAX} bytes")))
            }
            Ok(_) if self.number == 1 => {
                Ok(Some(self.line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.line)))
            }
            Ok(_) => Ok(Some(&self.line)),
            Err(error) => Err(self.fault(&error.to_string())),
        }
    }

    /// What is wrong with the line last read.
    pub fn fault(&self, what: &str) -> LineFault {
        LineFault { line: self.number, what: what.to_owned() }
    }
}

/// All of it, as text.
pub fn whole(mut reader: Reader) -> Result<String, String> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(before).filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line}: not UTF-8: save the export as UTF-8 and try again")
    })
}
