//! Durable starts a second with 64 callers, beside two anchors in the same run, in turn:
//! records of 1 KiB appended to a file with one `fdatasync` a batch, and PostgreSQL doing the same
//! rows in one prepared statement with its default durability.
//!
//! `cargo run --release [rounds] [seconds]`. PostgreSQL is left out where it is not installed.

mod append;
mod postgres;
mod starts;

use std::path::PathBuf;
use std::time::Duration;

/// The program's own, for us and for the append.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Callers at once, everywhere.
pub const CALLERS: usize = 64;

/// How many were done in how long.
pub struct Rate {
    pub done: u64,
    pub took: Duration,
}

impl Rate {
    fn per_second(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64()
    }
}

/// A folder beside the working folder: a disk, not a file system in memory.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path =
            std::env::current_dir().unwrap().join(format!("target-bench-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Seconds that the store's writing thread was on a processor: other work on the machine changes it less
/// than it changes the rates. Nought where the system does not tell.
fn writer_time() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of_writer = threads.filter(|thread| {
        std::fs::read_to_string(thread.path().join("comm"))
            .is_ok_and(|name| name.starts_with("cofferdam-writ"))
    });
    let time = |thread: std::fs::DirEntry| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    of_writer.filter_map(time).sum::<f64>() / 1e9
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut words = std::env::args().skip(1).filter_map(|word| word.parse::<u64>().ok());
    let (rounds, seconds) = (words.next().unwrap_or(5), words.next().unwrap_or(3));
    let length = Duration::from_secs(seconds);
    let folder = Folder::new("store");
    let starts = starts::Starts::open(&folder.0.join("cofferdam.db"));
    let server = postgres::Server::start().await;
    let (mut to_append, mut to_postgres) = (Vec::new(), Vec::new());
    println!("{CALLERS} callers, {rounds} rounds of {seconds} s; a second:");
    println!("round     append     starts  postgres  starts/append  starts/postgres  writer, µs a start");
    for round in 0..=rounds {
        let append = append::run(&folder.0.join("append"), length).await.per_second();
        let before = writer_time();
        let ours = starts.run(length).await;
        let each = (writer_time() - before) * 1e6 / ours.done as f64;
        let ours = ours.per_second();
        let theirs = match &server {
            Some(server) => Some(server.run(length).await.per_second()),
            None => None,
        };
        // The first one warms up.
        let name = if round == 0 { "warm".to_owned() } else { round.to_string() };
        let ratio = theirs.map_or("-".to_owned(), |theirs| format!("{:.2}", ours / theirs));
        let theirs_text = theirs.map_or("-".to_owned(), |theirs| format!("{theirs:.0}"));
        println!(
            "{name:>5} {append:>10.0} {ours:>10.0} {theirs_text:>9} {:>14.3} {ratio:>16} {each:>19.1}",
            ours / append
        );
        if round > 0 {
            to_append.push(ours / append);
            to_postgres.extend(theirs.map(|theirs| ours / theirs));
        }
    }
    println!("median of ratios: starts/append {:.3} (line 0.2, aim 0.35)", median(to_append));
    if to_postgres.is_empty() {
        println!("PostgreSQL is not installed: install the package `postgresql` for its column");
    } else {
        println!("median of ratios: starts/postgres {:.2} (line 1.0)", median(to_postgres));
    }
}
