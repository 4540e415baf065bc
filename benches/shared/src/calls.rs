//! The calls that a node makes to Redis: recorded on their way, and made again in the manner of redis-benchmark.
//!
//! redis-benchmark itself cannot be handed them, since it takes its words from the command line, where no word can
//! hold a zero byte. So they are made by a process of ours that does what it does: fifty connections, one call at a
//! time each, no pipeline. A plain `GET` by both, in the same run, says what that is worth.

use crate::load::part;
use crate::machine::{self, Core};
use crate::resp;
use crate::servers::Redis;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// What says nothing of attempts.
const ASIDE: [&str; 14] = [
    "AUTH",
    "CLIENT",
    "CLUSTER",
    "COMMAND",
    "CONFIG",
    "FUNCTION",
    "HELLO",
    "INFO",
    "PING",
    "SCRIPT",
    "SELECT",
    "TIME",
    "SUBSCRIBE",
    "ECHO",
];
/// What all names of keys begin with; recorded calls get others of the same length.
const BEGIN: &[u8] = b"cofferdam";

/// Stands between a node and Redis, and writes down what passes.
pub struct Recorder {
    pub port: u16,
    on: Arc<AtomicBool>,
    calls: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Recorder {
    pub fn start(redis: &Redis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, to) = (listener.local_addr().unwrap().port(), redis.port);
        let (on, calls) = (Arc::new(AtomicBool::new(false)), Arc::<Mutex<Vec<_>>>::default());
        let (on_too, calls_too) = (Arc::clone(&on), Arc::clone(&calls));
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let far = TcpStream::connect(("127.0.0.1", to)).unwrap();
                near.set_nodelay(true).unwrap();
                far.set_nodelay(true).unwrap();
                let (back, answers) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                std::thread::spawn(move || pass(answers, back, |_| ()));
                let (on, calls) = (Arc::clone(&on_too), Arc::clone(&calls_too));
                let mut have = Vec::new();
                std::thread::spawn(move || {
                    pass(near, far, |bytes| {
                        have.extend_from_slice(bytes);
                        while let Some(end) = resp::reply_end(&have) {
                            let rest = have.split_off(end);
                            let call = core::mem::replace(&mut have, rest);
                            if on.load(Ordering::Relaxed) && !ASIDE.contains(&resp::verb(&call).as_str()) {
                                calls.lock().unwrap().push(call);
                            }
                        }
                    });
                });
            }
        });
        Self { port, on, calls }
    }

    /// Writes down from now on, or no longer.
    pub fn record(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    /// What was written down.
    pub fn take(&self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.calls.lock().unwrap())
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut see: impl FnMut(&[u8])) {
    let mut part = vec![0; 64 * 1024];
    while let Ok(n) = from.read(&mut part) {
        if n == 0 || to.write_all(&part[..n]).is_err() {
            break;
        }
        see(&part[..n]);
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// How many there are of each kind.
pub fn kinds(calls: &[Vec<u8>]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for call in calls {
        *kinds.entry(resp::verb(call)).or_default() += 1;
    }
    kinds
}

/// The same calls on keys that nobody has touched, as the recorded ones were when they were recorded.
pub fn renamed(calls: &[Vec<u8>], round: usize) -> Vec<Vec<u8>> {
    let name = format!("bench{round:04}");
    assert_eq!(name.len(), BEGIN.len());
    let rename = |call: &Vec<u8>| {
        let mut call = call.clone();
        let places: Vec<usize> = call
            .windows(BEGIN.len())
            .enumerate()
            .filter(|(_, part)| *part == BEGIN)
            .map(|(at, _)| at)
            .collect();
        for at in places {
            call[at..at + BEGIN.len()].copy_from_slice(name.as_bytes());
        }
        call
    };
    calls.iter().map(rename).collect()
}

/// What came of making calls.
pub struct Made {
    pub calls: f64,
    pub seconds: f64,
    pub p50_us: f64,
    pub p99_us: f64,
}

/// Makes calls in their order over as many connections, in a process of its own.
pub fn make(redis: &Redis, connections: usize, calls: &[Vec<u8>]) -> Made {
    let folder = machine::Folder::new("calls");
    let file = folder.0.join("calls");
    std::fs::write(&file, calls.concat()).unwrap();
    let program = std::env::current_exe().unwrap();
    let out = machine::on(Core::Load, program.to_str().unwrap())
        .args(["calls", &redis.port.to_string(), &connections.to_string(), file.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(told["failed"], 0, "Redis refused calls: {told}");
    let figure = |name: &str| told[name].as_f64().unwrap();
    let (calls, seconds) = (figure("calls"), figure("seconds"));
    Made { calls, seconds, p50_us: figure("p50_us"), p99_us: figure("p99_us") }
}

struct Queue {
    bytes: Vec<u8>,
    next: usize,
    us: Vec<u32>,
    failed: u64,
    /// The first refusal, for whoever reads.
    why: String,
}

/// The process that makes them: `calls PORT CONNECTIONS FILE`.
pub fn run(port: &str, connections: &str, file: &str) {
    let queue =
        Queue { bytes: std::fs::read(file).unwrap(), next: 0, us: Vec::new(), failed: 0, why: String::new() };
    let queue = Rc::new(RefCell::new(queue));
    let port: u16 = port.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    let began = Instant::now();
    for _ in 0..connections.parse().unwrap() {
        local.spawn_local(connection(Rc::clone(&queue), port));
    }
    runtime.block_on(local);
    let seconds = began.elapsed().as_secs_f64();
    let Queue { mut us, failed, why, .. } = queue.take_all();
    us.sort_unstable();
    println!(
        "{}",
        json!({"calls": us.len(), "seconds": seconds, "p50_us": part(&us, 0.5), "p99_us": part(&us, 0.99), "failed": failed, "why": why})
    );
}

trait TakeAll {
    fn take_all(self) -> Queue;
}

impl TakeAll for Rc<RefCell<Queue>> {
    fn take_all(self) -> Queue {
        Self::into_inner(self).expect("all connections ended").into_inner()
    }
}

async fn connection(queue: Rc<RefCell<Queue>>, port: u16) {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut call, mut answer) = (Vec::new(), Vec::new());
    loop {
        {
            let mut queue = queue.borrow_mut();
            let from = queue.next;
            let Some(length) = resp::reply_end(&queue.bytes[from..]) else { return };
            call.clear();
            call.extend_from_slice(&queue.bytes[from..from + length]);
            queue.next += length;
        }
        let began = Instant::now();
        stream.write_all(&call).await.unwrap();
        answer.clear();
        while resp::reply_end(&answer).is_none() {
            let n = stream.read_buf(&mut answer).await.unwrap();
            assert!(n > 0, "Redis hung up");
        }
        let mut queue = queue.borrow_mut();
        queue.us.push(began.elapsed().as_micros() as u32);
        if answer.first() == Some(&b'-') {
            queue.failed += 1;
            queue.why = String::from_utf8_lossy(&answer).into_owned();
        }
    }
}

/// `GET`s a second by redis-benchmark itself and by [`make`]: how far the two are apart.
pub fn apart(redis: &Redis) -> Option<(f64, f64)> {
    if !machine::found("redis-benchmark") {
        return None;
    }
    let out = machine::on(Core::Load, "redis-benchmark")
        .args(["-p", &redis.port.to_string(), "-c", "50", "-n", "30000", "--csv", "GET", "nothing"])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let theirs = text.lines().last()?.split(',').nth(1)?.trim_matches('"').parse().ok()?;
    let get = b"*2\r\n$3\r\nGET\r\n$7\r\nnothing\r\n".to_vec();
    let ours = make(redis, 50, &vec![get; 30_000]);
    Some((theirs, ours.calls / ours.seconds))
}
