//! A power cut: of all that was written, only what was flushed before is there again.
//!
//! Killing a process shows nothing of this, since the system keeps what was written. So a child works
//! under `strace`, which notes every call that writes, flushes, names or acknowledges, in order. From
//! these notes the files are built as they would be found after the power went at an acknowledgement:
//! of each file only the writes that a flush of that file had followed, and only names whose folder was
//! flushed. Such a store must open, and hold everything acknowledged until then.

use super::child::{Acknowledged, command};
use super::*;
use std::collections::{HashMap, HashSet};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

const CALLS: &str = "trace=openat,close,pwrite64,write,ftruncate,fdatasync,fsync,unlink,rename,link,mmap";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_outlives_a_power_cut() {
    let folder = Folder::new();
    let notes = folder.0.join("notes");
    let wrapper = ["strace", "-f", "-xx", "-s", "1000000", "-e", CALLS, "-o", notes.to_str().unwrap()];
    let store = folder.0.join("store");
    let child = command(&wrapper, &store.join("cofferdam.db")).env("COFFERDAM_STORE_ROUNDS", "12").spawn();
    let Ok(mut child) = child else {
        assert!(std::env::var_os("CI").is_none(), "strace is missing: install it, this test needs it");
        eprintln!("SKIPPED: strace is missing, nothing was shown about power cuts");
        return;
    };
    // Read, or the child would wait for room to speak; the notes have it too.
    std::io::copy(&mut child.stdout.take().unwrap(), &mut std::io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    let mut disk = Disk::default();
    let (mut acknowledged, mut cuts) = (Acknowledged::default(), 0);
    for line in BufReader::new(std::fs::File::open(&notes).unwrap()).lines() {
        let Some(said) = disk.note(&line.unwrap()) else { continue };
        let before = acknowledged.lines.len();
        said.lines().for_each(|line| acknowledged.hear(line));
        // Building a disk at every single one would take minutes; each seventh shows the same.
        if acknowledged.lines.len() > before && acknowledged.lines.len() % 7 == 1 {
            let after = Folder::new();
            disk.build(&store, &after.0);
            let found = open(&after.file()).unwrap();
            acknowledged.check(&found).await;
            cuts += 1;
        }
    }
    assert_eq!(acknowledged.starts(), 96, "eight workers, twelve rounds");
    assert!(cuts >= 50 && disk.flushes >= 50, "{cuts} cuts, {} flushes", disk.flushes);
}

/// A file as it is on the disk, and what was written to it since the last flush.
#[derive(Default, Clone)]
struct File {
    durable: Vec<u8>,
    written: Vec<Write>,
    /// How many of those stood there as each flush began that has not ended, by thread: what is written
    /// meanwhile is not in it.
    before: HashMap<String, usize>,
}

#[derive(Clone)]
enum Write {
    At(usize, Vec<u8>),
    Length(usize),
}

impl File {
    fn flush(&mut self, thread: &str) {
        let until = self.before.remove(thread).unwrap_or(self.written.len());
        for other in self.before.values_mut() {
            *other = other.saturating_sub(until);
        }
        for write in self.written.drain(..until) {
            match write {
                Write::Length(length) => self.durable.resize(length, 0),
                Write::At(at, bytes) => {
                    let end = at + bytes.len();
                    self.durable.resize(self.durable.len().max(end), 0);
                    self.durable[at..end].copy_from_slice(&bytes);
                }
            }
        }
    }
}

/// What strace noted, as a disk.
#[derive(Default)]
struct Disk {
    /// By number of the open file: which file it is, and where the next plain write goes.
    open: HashMap<i64, (PathBuf, usize)>,
    files: HashMap<PathBuf, File>,
    /// Names that a flush of their folder made durable, and what they are the name of.
    named: HashSet<PathBuf>,
    /// Calls that began and have not ended, by thread.
    begun: HashMap<String, String>,
    flushes: usize,
}

impl Disk {
    /// Takes a line of the notes in; answers with what the child said in it.
    fn note(&mut self, line: &str) -> Option<String> {
        let (thread, rest) = line.split_once(' ')?;
        let rest = rest.trim_start();
        let whole = if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            self.begun.insert(thread.to_owned(), begun.to_owned());
            self.flush_begins(thread, begun);
            return None;
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let begun = self.begun.remove(thread)?;
            begun + resumed.split_once(" resumed>")?.1
        } else {
            rest.to_owned()
        };
        let (call, rest) = whole.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(") ")?;
        let result: i64 = result.trim_start().strip_prefix("= ")?.split([' ', '<']).next()?.parse().ok()?;
        if result < 0 {
            return None;
        }
        self.call(thread, call, arguments, result)
    }

    fn flush_begins(&mut self, thread: &str, begun: &str) {
        let Some((_, file)) = begun.split_once("sync(") else { return };
        let Some((path, _)) = file.trim_end_matches(')').parse().ok().and_then(|n: i64| self.open.get(&n))
        else {
            return;
        };
        if let Some(file) = self.files.get_mut(path) {
            file.before.insert(thread.to_owned(), file.written.len());
        }
    }

    fn call(&mut self, thread: &str, call: &str, arguments: &str, result: i64) -> Option<String> {
        let words: Vec<&str> = arguments.split(", ").collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<i64>().ok());
        match call {
            "openat" => {
                let path = PathBuf::from(String::from_utf8(unquote(words.get(1)?)).ok()?);
                if words.get(2)?.contains("O_TRUNC") {
                    self.files.entry(path.clone()).or_default().written.push(Write::Length(0));
                }
                self.open.insert(result, (path, 0));
            }
            "close" => {
                self.open.remove(&number(0)?);
            }
            "write" if number(0)? == 1 => return String::from_utf8(unquote(words.get(1)?)).ok(),
            "write" => {
                let (path, at) = self.open.get_mut(&number(0)?)?;
                let write = Write::At(*at, unquote(words.get(1)?));
                *at += result as usize;
                self.files.entry(path.clone()).or_default().written.push(write);
            }
            "pwrite64" => {
                let (path, _) = self.open.get(&number(0)?)?;
                let write = Write::At(number(3)? as usize, unquote(words.get(1)?));
                self.files.entry(path.clone()).or_default().written.push(write);
            }
            "ftruncate" => {
                let (path, _) = self.open.get(&number(0)?)?;
                let write = Write::Length(number(1)? as usize);
                self.files.entry(path.clone()).or_default().written.push(write);
            }
            "fsync" | "fdatasync" => {
                self.flushes += 1;
                let (path, _) = self.open.get(&number(0)?)?.clone();
                if let Some(file) = self.files.get_mut(&path) {
                    file.flush(thread);
                } else {
                    let within = self.open.values().map(|(path, _)| path).chain(self.files.keys());
                    let names: Vec<_> = within.filter(|file| file.parent() == Some(&path)).cloned().collect();
                    self.named.extend(names);
                }
            }
            "unlink" => {
                let path = PathBuf::from(String::from_utf8(unquote(words.first()?)).ok()?);
                self.files.remove(&path);
                self.named.remove(&path);
            }
            "rename" => {
                let path = |at: usize| String::from_utf8(unquote(words.get(at)?)).ok().map(PathBuf::from);
                let (from, to) = (path(0)?, path(1)?);
                let file = self.files.remove(&from).unwrap_or_default();
                self.files.insert(to, file);
            }
            _ => {}
        }
        None
    }

    /// The files of a folder as they would be found, in another.
    fn build(&self, folder: &Path, to: &Path) {
        for (path, file) in &self.files {
            if path.parent() == Some(folder) && self.named.contains(path) {
                std::fs::write(to.join(path.file_name().unwrap()), &file.durable).unwrap();
            }
        }
    }
}

/// The bytes of a text in strace's notation, all of it in hexadecimal.
fn unquote(text: &str) -> Vec<u8> {
    assert!(!text.ends_with("..."), "strace cut something short");
    let hex = text.trim_matches('"').split("\\x").skip(1);
    hex.map(|two| u8::from_str_radix(two, 16).unwrap()).collect()
}
