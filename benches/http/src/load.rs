//! The load of an ordinary day, in a process of its own: as fast as 64 connections are answered, in slices. After
//! each slice the codes of four in five come back, in batches on a connection of their own, and what the server
//! spends is read between slices, so that assessments and outcomes are told apart.
//!
//! A slice ends with a pause, in which the journal of what it asked is written, and counted with it.

use crate::people;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long is asked at a stretch, and how long the journal's thread has afterwards.
const SLICE: Duration = Duration::from_millis(400);
const PAUSE: Duration = Duration::from_millis(150);
/// Outcomes of one report.
const BATCH: usize = 500;

/// What a load tells.
#[derive(Default)]
pub struct Told {
    pub calls: u64,
    pub us_a_call: f64,
    pub p50_us: f64,
    pub outcomes: u64,
    pub us_an_outcome: f64,
    /// Allowed, challenged, stopped.
    pub decisions: [u64; 3],
}

impl Told {
    /// As one line, and read again from it.
    fn line(&self) -> String {
        let [allowed, challenged, stopped] = self.decisions;
        format!(
            "RESULT {} {} {} {} {} {allowed} {challenged} {stopped}",
            self.calls, self.us_a_call, self.p50_us, self.outcomes, self.us_an_outcome
        )
    }

    pub fn read(text: &str) -> Self {
        let line = text.lines().find_map(|line| line.strip_prefix("RESULT ")).expect("the load reports");
        let figures: Vec<f64> = line.split(' ').map(|n| n.parse().unwrap()).collect();
        let n = |at: usize| figures[at] as u64;
        Self {
            calls: n(0),
            us_a_call: figures[1],
            p50_us: figures[2],
            outcomes: n(3),
            us_an_outcome: figures[4],
            decisions: [n(5), n(6), n(7)],
        }
    }
}

/// Processor time of a process so far, all its threads, those that ended too, in µs.
fn spent_us(pid: u32) -> f64 {
    let (mut clock, mut at) = (0, libc::timespec { tv_sec: 0, tv_nsec: 0 });
    // SAFETY: both calls only write to what is handed to them.
    let done = unsafe {
        libc::clock_getcpuclockid(pid as libc::pid_t, &raw mut clock) == 0
            && libc::clock_gettime(clock, &raw mut at) == 0
    };
    assert!(done, "the server runs");
    at.tv_sec as f64 * 1e6 + at.tv_nsec as f64 / 1e3
}

struct Driver {
    address: String,
    profile: String,
    next: Cell<u64>,
    until: Cell<Instant>,
    /// Attempts whose code comes back.
    back: RefCell<Vec<String>>,
    us: RefCell<Vec<u32>>,
    decisions: Cell<[u64; 3]>,
}

/// One connection's calls of a slice.
async fn ask(driver: Rc<Driver>, mut connection: Connection) -> Connection {
    while Instant::now() < driver.until.get() {
        let nth = driver.next.replace(driver.next.get() + 1);
        let began = Instant::now();
        let (status, answer) = connection.call("/v1/assessments", &people::body(nth, &driver.profile)).await;
        driver.us.borrow_mut().push(began.elapsed().as_micros() as u32);
        assert_eq!(status, 201, "{answer}");
        let field = |name: &str| answer.split_once(name).and_then(|(_, rest)| rest.split('"').next());
        let mut decisions = driver.decisions.get();
        decisions[match field("\"decision\":\"").expect("a decision") {
            "allow" => 0,
            "challenge" => 1,
            _ => 2,
        }] += 1;
        driver.decisions.set(decisions);
        if people::comes_back(nth) && answer.contains("\"decision\":\"allow\"") {
            driver.back.borrow_mut().push(field("\"attempt\":\"").expect("an attempt").to_owned());
        }
    }
    connection
}

/// A connection that stays open.
struct Connection {
    stream: TcpStream,
    host: String,
    bytes: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).unwrap();
        Self { stream, host: address.to_owned(), bytes: Vec::with_capacity(16 << 10) }
    }

    async fn call(&mut self, path: &str, body: &str) -> (u16, String) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
            self.host,
            crate::KEY,
            body.len()
        );
        self.stream.write_all((head + body).as_bytes()).await.expect("the call is taken");
        self.bytes.clear();
        loop {
            let n = self.stream.read_buf(&mut self.bytes).await.expect("the answer comes");
            assert!(n > 0, "the connection was closed");
            let Some(ends) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.bytes[..ends]).unwrap();
            let status: u16 = head[9..12].parse().unwrap();
            let length: usize = head
                .lines()
                .find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
                })
                .expect("a length");
            if self.bytes.len() >= ends + 4 + length {
                return (status, String::from_utf8(self.bytes[ends + 4..].to_vec()).unwrap());
            }
        }
    }
}

/// Reports what came back; how many outcomes those are.
async fn report(connection: &mut Connection, back: &[String]) -> u64 {
    for some in back.chunks(BATCH) {
        let events: Vec<String> =
            some.iter().map(|id| format!(r#"{{"type":"check","attempt":"{id}","result":"ok"}}"#)).collect();
        let (status, answer) =
            connection.call("/v1/events", &format!(r#"{{"events":[{}]}}"#, events.join(","))).await;
        assert_eq!(status, 202, "{answer}");
        let taken = answer.matches("\"accepted\"").count();
        assert_eq!(taken, some.len(), "an outcome was not taken: {answer}");
    }
    back.len() as u64
}

/// The process that asks: `load ADDRESS PID CONNECTIONS SECONDS FROM OUTCOMES PROFILE`, outcomes 0 or 1.
pub fn run(words: &[&str]) {
    let [address, pid, connections, seconds, from, outcomes, profile] = words else { panic!("{words:?}") };
    let number = |word: &str| word.parse::<u64>().unwrap();
    let (pid, seconds, outcomes) = (number(pid) as u32, number(seconds), *outcomes == "1");
    let driver = Rc::new(Driver {
        address: (*address).to_owned(),
        profile: (*profile).to_owned(),
        next: Cell::new(number(from)),
        until: Cell::new(Instant::now()),
        back: RefCell::default(),
        us: RefCell::default(),
        decisions: Cell::default(),
    });
    let work = slices(driver, pid, number(connections) as usize, Duration::from_secs(seconds), outcomes);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("{}", tokio::task::LocalSet::new().block_on(&runtime, work).line());
}

async fn slices(driver: Rc<Driver>, pid: u32, connections: usize, asked: Duration, outcomes: bool) -> Told {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(&driver.address).await);
    }
    let mut side = Connection::open(&driver.address).await;
    let mut told = Told::default();
    let (mut asking_us, mut telling_us) = (0.0, 0.0);
    let slices = asked.as_millis().div_ceil(SLICE.as_millis());
    for _ in 0..slices {
        let before = spent_us(pid);
        driver.until.set(Instant::now() + SLICE);
        let asking: Vec<_> =
            open.drain(..).map(|c| tokio::task::spawn_local(ask(Rc::clone(&driver), c))).collect();
        for one in asking {
            open.push(one.await.unwrap());
        }
        tokio::time::sleep(PAUSE).await;
        let between = spent_us(pid);
        asking_us += between - before;
        let back = driver.back.take();
        if outcomes {
            told.outcomes += report(&mut side, &back).await;
            tokio::time::sleep(PAUSE).await;
            telling_us += spent_us(pid) - between;
        }
    }
    let mut us = driver.us.take();
    us.sort_unstable();
    told.calls = us.len() as u64;
    told.us_a_call = asking_us / us.len().max(1) as f64;
    told.p50_us = us.get(us.len() / 2).map_or(0.0, |us| f64::from(*us));
    told.us_an_outcome = telling_us / told.outcomes.max(1) as f64;
    told.decisions = driver.decisions.get();
    told
}
