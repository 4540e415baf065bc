//! Who asks: many connections that stay open, one call at a time each, in a process of its own.

use crate::bodies;
use crate::machine::{self, Core};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What is to be asked, and of whom.
#[derive(Clone)]
pub struct Load {
    pub ports: Vec<u16>,
    pub connections: usize,
    pub ms: u64,
    pub profile: String,
    /// Calls a second in all; as fast as answers come where there is none.
    pub rate: Option<u64>,
    /// Whether some come again and again.
    pub hot: bool,
    /// Where each call is written down.
    pub samples: Option<String>,
}

/// What came of it.
pub struct Asked {
    pub calls: f64,
    pub seconds: f64,
    /// By status; 0 where the connection went.
    pub statuses: BTreeMap<String, u64>,
    pub p50_us: f64,
    pub p99_us: f64,
}

impl Asked {
    pub fn per_second(&self) -> f64 {
        self.calls / self.seconds
    }

    /// Fails unless all were answered with this.
    pub fn all(&self, status: &str) {
        let others: Vec<_> = self.statuses.iter().filter(|(other, _)| *other != status).collect();
        assert!(others.is_empty(), "answers: {:?}", self.statuses);
    }
}

thread_local! {
    /// The number of the next call: none is asked twice within a run.
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

impl Load {
    /// As fast as answers come.
    pub fn at(ports: &[u16], connections: usize, ms: u64, profile: &str) -> Self {
        let profile = profile.to_owned();
        Self { ports: ports.to_vec(), connections, ms, profile, rate: None, hot: false, samples: None }
    }

    /// Asks, and waits until it is done.
    pub fn run(&self) -> Asked {
        self.start().wait()
    }

    /// Begins to ask.
    pub fn start(&self) -> Asking {
        let from = NEXT.get();
        // More than can be asked in the time.
        NEXT.set(from + self.ms * 100);
        let ports: Vec<String> = self.ports.iter().map(u16::to_string).collect();
        let program = std::env::current_exe().unwrap();
        let child = machine::on(Core::Load, program.to_str().unwrap())
            .args(["drive", &ports.join(","), &self.connections.to_string(), &self.ms.to_string()])
            .args([&self.profile, &from.to_string(), &self.rate.unwrap_or(0).to_string()])
            .args([if self.hot { "hot" } else { "even" }, self.samples.as_deref().unwrap_or("-")])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("the load starts");
        Asking(child)
    }
}

/// A load that is under way.
pub struct Asking(std::process::Child);

impl Asking {
    pub fn wait(self) -> Asked {
        let out = self.0.wait_with_output().expect("the load ends");
        assert!(out.status.success(), "the load failed");
        let told: Value = serde_json::from_slice(&out.stdout).expect("the load reports");
        let figure = |name: &str| told[name].as_f64().unwrap();
        Asked {
            calls: figure("calls"),
            seconds: figure("seconds"),
            statuses: serde_json::from_value(told["statuses"].clone()).unwrap(),
            p50_us: figure("p50_us"),
            p99_us: figure("p99_us"),
        }
    }
}

/// One call, for the samples.
struct Sample {
    at_ms: u64,
    us: u32,
    status: u16,
    blind: bool,
    /// One of those who come again, and whether he was let through.
    hot: Option<(u64, bool)>,
}

struct Driver {
    ports: Vec<u16>,
    profile: String,
    hot: bool,
    next: Cell<u64>,
    until: Instant,
    samples: RefCell<Vec<Sample>>,
}

/// The process that asks: `drive PORTS CONNECTIONS MS PROFILE FROM RATE hot|even SAMPLES|-`.
pub fn drive(words: &[&str]) {
    let [ports, connections, ms, profile, from, rate, hot, samples] = words else { panic!("{words:?}") };
    let number = |word: &str| word.parse::<u64>().unwrap();
    let began = Instant::now();
    let driver = Rc::new(Driver {
        ports: ports.split(',').map(|port| port.parse().unwrap()).collect(),
        profile: (*profile).to_owned(),
        hot: *hot == "hot",
        next: Cell::new(number(from)),
        until: began + Duration::from_millis(number(ms)),
        samples: RefCell::default(),
    });
    let (connections, rate) = (number(connections), number(rate));
    let pace = (rate > 0).then(|| Duration::from_micros(1_000_000 * connections / rate));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    for n in 0..connections {
        let begin = began + pace.map_or(Duration::ZERO, |pace| pace * n as u32 / connections as u32);
        local.spawn_local(connection(Rc::clone(&driver), n as usize, begin, pace));
    }
    runtime.block_on(local);
    let took = began.elapsed();
    let done = driver.samples.take();
    if *samples != "-" {
        write(samples, &done);
    }
    println!("{}", summary(&done, took));
}

async fn connection(driver: Rc<Driver>, n: usize, mut turn: Instant, pace: Option<Duration>) {
    let port = driver.ports[n % driver.ports.len()];
    let (mut stream, mut out, mut read) = (None, Vec::new(), vec![0; 16 * 1024]);
    while Instant::now() < driver.until {
        if let Some(pace) = pace {
            tokio::time::sleep_until(turn.into()).await;
            // Who waited for an answer does not catch up: he asks at his next turn.
            while turn <= Instant::now() {
                turn += pace;
            }
        }
        let number = driver.next.replace(driver.next.get() + 1);
        out.clear();
        bodies::call(&mut out, number, &driver.profile, driver.hot);
        let (at_ms, began) = (machine::now_ms(), Instant::now());
        if stream.is_none() {
            stream = TcpStream::connect(("127.0.0.1", port)).await.ok();
            if let Some(stream) = &stream {
                stream.set_nodelay(true).unwrap();
            }
        }
        let answer = match &mut stream {
            Some(stream) => exchange(stream, &out, &mut read).await.ok(),
            None => None,
        };
        let status = answer.as_ref().map_or(0, |(status, _)| *status);
        let body = answer.map_or(&[][..], |(_, body)| &read[body]);
        let has = |what: &[u8]| body.windows(what.len()).any(|part| part == what);
        let hot = bodies::hot(number).filter(|_| driver.hot);
        driver.samples.borrow_mut().push(Sample {
            at_ms,
            us: began.elapsed().as_micros() as u32,
            status,
            blind: driver.hot && has(b"\"blind"),
            hot: hot.map(|hot| (hot, has(b"\"decision\":\"allow\""))),
        });
        if status == 0 {
            stream = None;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Asks, and reads the whole answer: its status, and where its body stands.
async fn exchange(
    stream: &mut TcpStream,
    call: &[u8],
    into: &mut Vec<u8>,
) -> std::io::Result<(u16, core::ops::Range<usize>)> {
    stream.write_all(call).await?;
    let mut have = 0;
    loop {
        if have == into.len() {
            into.resize(have * 2, 0);
        }
        let n = stream.read(&mut into[have..]).await?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        have += n;
        let Some(head) = into[..have].windows(4).position(|part| part == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&into[..head]).unwrap();
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        let end = head + 4 + length.expect("an answer has a length");
        let status = text[9..12].parse().unwrap();
        while have < end {
            if into.len() < end {
                into.resize(end, 0);
            }
            let n = stream.read(&mut into[have..]).await?;
            if n == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            have += n;
        }
        return Ok((status, head + 4..end));
    }
}

fn summary(done: &[Sample], took: Duration) -> Value {
    let mut statuses = BTreeMap::<String, u64>::new();
    for sample in done {
        *statuses.entry(sample.status.to_string()).or_default() += 1;
    }
    let mut us: Vec<u32> = done.iter().map(|sample| sample.us).collect();
    us.sort_unstable();
    json!({
        "calls": done.len(),
        "seconds": took.as_secs_f64(),
        "statuses": statuses,
        "p50_us": part(&us, 0.5),
        "p99_us": part(&us, 0.99),
    })
}

/// The figure below which a part of them lies.
pub fn part(sorted: &[u32], part: f64) -> u32 {
    sorted.get((sorted.len() as f64 * part) as usize).or(sorted.last()).copied().unwrap_or(0)
}

/// A line a call: moment, microseconds, status, blind, who came again, and whether he was let through.
fn write(file: &str, done: &[Sample]) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    for sample in done {
        let Sample { at_ms, us, status, blind, hot } = sample;
        let (hot, through) = hot.map_or((-1, false), |(hot, through)| (hot as i64, through));
        writeln!(out, "{at_ms} {us} {status} {} {hot} {}", u8::from(*blind), u8::from(through)).unwrap();
    }
}

/// A call as the samples have it.
pub struct Line {
    pub at_ms: u64,
    pub us: u32,
    pub status: u16,
    pub blind: bool,
    pub hot: Option<u64>,
    pub through: bool,
}

/// Reads what was written down.
pub fn lines(file: &str) -> Vec<Line> {
    let text = std::fs::read_to_string(file).unwrap();
    let line = |line: &str| {
        let of: Vec<i64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        Line {
            at_ms: of[0] as u64,
            us: of[1] as u32,
            status: of[2] as u16,
            blind: of[3] == 1,
            hot: u64::try_from(of[4]).ok(),
            through: of[5] == 1,
        }
    };
    text.lines().map(line).collect()
}
