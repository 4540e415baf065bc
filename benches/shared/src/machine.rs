//! Processes, where they run, and what they used of the processors. Nothing here knows what they do.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where a process may run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Core {
    /// The servers' core.
    Servers,
    /// The core of those who ask.
    Load,
    /// Wherever there is room.
    Any,
}

/// Whether processes can be pinned here.
pub fn pins() -> bool {
    static PINS: OnceLock<bool> = OnceLock::new();
    *PINS.get_or_init(|| found("taskset") && std::thread::available_parallelism().is_ok_and(|n| n.get() > 1))
}

/// A command that will run on these cores.
pub fn on(core: Core, program: &str) -> Command {
    let place = match core {
        Core::Servers => "0",
        Core::Load => "1",
        Core::Any => return Command::new(program),
    };
    if !pins() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", place, program]);
    command
}

/// Moves a process, all its threads and those of its children.
pub fn pin(id: u32, core: Core) {
    let place = match core {
        Core::Servers => "0",
        Core::Load => "1",
        Core::Any => "0-1",
    };
    if !pins() {
        return;
    }
    for id in [vec![id], children(id)].concat() {
        let moved = Command::new("taskset")
            .args(["-a", "-c", "-p", place, &id.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        drop(moved);
    }
}

/// Whether there is such a program.
pub fn found(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// A process that is ended with this value.
pub struct Running(pub Child);

impl Running {
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// `STOP`, `CONT`, `TERM`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{signal}");
    }

    /// Ends it in order, and by force after a while.
    pub fn end(&mut self) {
        if !matches!(self.0.try_wait(), Ok(None)) {
            return;
        }
        self.signal("TERM");
        let begun = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(15) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// A folder on a disk, gone with this value.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static N: AtomicU32 = AtomicU32::new(0);
        let n = N.fetch_add(1, Ordering::Relaxed);
        let path = target().join(format!("shared-{name}-{}-{n}", std::process::id()));
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

/// Where what is built stands: two folders above this program.
pub fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().and_then(|folder| folder.parent()).unwrap().to_owned()
}

/// A port that nobody has.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Milliseconds of the Unix epoch, alike in all processes.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// What the process table says of one: from the state on.
fn fields(id: u32) -> Vec<f64> {
    let Ok(text) = std::fs::read_to_string(format!("/proc/{id}/stat")) else { return Vec::new() };
    let after = text.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0.0)).collect()
}

fn children(of: u32) -> Vec<u32> {
    let Ok(all) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = all.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| fields(*id).first().is_some_and(|parent| *parent as u32 == of)).collect()
}

/// Seconds of processor that a process used, its threads, its children, and those that ended.
fn used_s(id: u32) -> f64 {
    let sum =
        |id: u32, of: core::ops::Range<usize>| fields(id).get(of).map_or(0.0, |f| f.iter().sum::<f64>());
    let below: f64 = children(id).into_iter().map(|child| sum(child, 10..12)).sum();
    (sum(id, 10..14) + below) / 100.0
}

/// Seconds that all cores together were busy since the machine started.
fn busy_s() -> f64 {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let of: Vec<f64> = first.split_whitespace().skip(1).map(|n| n.parse().unwrap_or(0.0)).collect();
    // user, nice, system, irq, softirq, steal: not idle nor waiting.
    [0, 1, 2, 5, 6, 7].iter().map(|n| of.get(*n).copied().unwrap_or(0.0)).sum::<f64>() / 100.0
}

/// What processes used while something was done.
pub struct Meter {
    ids: Vec<u32>,
    before: Vec<f64>,
    own: f64,
    busy: f64,
    began: Instant,
}

/// The answer.
pub struct Used {
    /// Seconds of processor, in the order asked for.
    pub each: Vec<f64>,
    /// Cores that other work on the machine used meanwhile.
    pub others: f64,
}

impl Used {
    pub fn total(&self) -> f64 {
        self.each.iter().sum()
    }
}

impl Meter {
    pub fn of(ids: &[u32]) -> Self {
        let before = ids.iter().map(|id| used_s(*id)).collect();
        Self { ids: ids.to_vec(), before, own: own_s(), busy: busy_s(), began: Instant::now() }
    }

    pub fn read(&self) -> Used {
        let took = self.began.elapsed().as_secs_f64();
        let each: Vec<f64> = self.ids.iter().zip(&self.before).map(|(id, was)| used_s(*id) - was).collect();
        let known = each.iter().sum::<f64>() + own_s() - self.own;
        Used { others: ((busy_s() - self.busy - known) / took).max(0.0), each }
    }
}

/// This process and those of its children that ended: the load.
fn own_s() -> f64 {
    fields(std::process::id()).get(10..14).map_or(0.0, |f| f.iter().sum::<f64>()) / 100.0
}

/// The one in the middle.
pub fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The middle one, and the least and the greatest.
pub fn spread(of: &[f64], digits: usize) -> String {
    let least = of.iter().copied().fold(f64::INFINITY, f64::min);
    let most = of.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{:.digits$} ({least:.digits$}-{most:.digits$})", median(of))
}
