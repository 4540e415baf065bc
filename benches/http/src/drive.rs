//! Starts both, loads each in turn, and compares: once for each kind of traffic.

use crate::load::Told;
use crate::people;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 7;
const SECONDS: u32 = 5;
const ADDRESSES: [&str; 2] = ["127.0.0.1:18801", "127.0.0.1:18802"];
const NAMES: [&str; 2] = ["floor", "ours"];
const CONNECTIONS: u32 = 64;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// New people of one network and one browser, and nobody's code comes back: to the engine one large attack,
    /// the dearest traffic there is.
    Flood,
    /// An ordinary day ([`people`]).
    Everyday,
    /// The same people under a profile that switches evidence off.
    Limits,
}

impl Traffic {
    fn profile(self) -> &'static str {
        if self == Self::Limits { "limits" } else { "default" }
    }
}

/// Distinct numbers and addresses, so that no limit is met and no cache serves the same key twice.
const LUA: &str = r#"
local n = 0
local head = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer KEY"}
request = function()
  n = n + 1
  local k = (n * 48271) % 9999991
  local body = string.format('{"to":"+44740%07d","channel":"sms","profile":"default","client":{"ip":"%d.%d.%d.%d","device_id":"device-%08d","session_id":"session-%08d","user_id":"user-%08d","user_agent":"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"}}', k, 20 + k % 150, (k * 7) % 256, (k * 13) % 256, k % 254 + 1, k, k, k)
  return wrk.format("POST", "/v1/assessments", head, body)
end
local seen = {}
response = nil
done = function(summary, latency)
  io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.errors.status, latency:percentile(50)))
end
"#;

struct Server {
    name: &'static str,
    child: Child,
    address: &'static str,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(name: &'static str, address: &'static str, more: &[&str]) -> Self {
        let program = std::env::current_exe().unwrap();
        let child = Command::new("taskset")
            .args(["-c", "0"])
            .arg(program)
            .args([name, address])
            .args(more)
            .stdout(Stdio::null())
            .spawn()
            .expect("taskset starts");
        let server = Self { name, child, address };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{name} does not listen");
            std::thread::yield_now();
        }
        server
    }

    /// CPU seconds of the process so far, all its threads.
    fn cpu_s(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after = stat.rsplit(')').next().unwrap();
        let fields: Vec<&str> = after.split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Loads it for some seconds; `from` is the number of the first call, where they are numbered.
    fn load(&self, traffic: Traffic, script: &str, connections: u32, seconds: u32, from: u64) -> Told {
        match traffic {
            Traffic::Flood => self.flood(script, connections, seconds),
            Traffic::Everyday | Traffic::Limits => self.everyday(traffic, connections, seconds, from),
        }
    }

    fn flood(&self, script: &str, connections: u32, seconds: u32) -> Told {
        let before = self.cpu_s();
        let out = Command::new("taskset")
            .args([
                "-c",
                "1",
                "wrk",
                "-t1",
                &format!("-c{connections}"),
                &format!("-d{seconds}s"),
                "-s",
                script,
            ])
            .arg(format!("http://{}/", self.address))
            .output()
            .expect("wrk runs");
        let us = (self.cpu_s() - before) * 1e6;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("RESULT ")).expect("wrk reports");
        let figures: Vec<f64> = line.split(' ').map(|n| n.parse().unwrap()).collect();
        assert_eq!(figures[1], 0.0, "calls were refused");
        Told { calls: figures[0] as u64, us_a_call: us / figures[0], p50_us: figures[2], ..Told::default() }
    }

    fn everyday(&self, traffic: Traffic, connections: u32, seconds: u32, from: u64) -> Told {
        let outcomes = if self.name == "ours" { "1" } else { "0" };
        let out = Command::new("taskset")
            .args(["-c", "1"])
            .arg(std::env::current_exe().unwrap())
            .args(["load", self.address, &self.child.id().to_string()])
            .args([
                &connections.to_string(),
                &seconds.to_string(),
                &from.to_string(),
                outcomes,
                traffic.profile(),
            ])
            .output()
            .expect("the load starts");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        Told::read(&String::from_utf8_lossy(&out.stdout))
    }
}

/// Answers of ours that are looked at to find one of middle length.
const LOOKED_AT: usize = 31;

/// One call on a connection of its own, and what is answered.
fn call(address: &str, path: &str, body: &str) -> String {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        crate::KEY,
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// One of a flood, asked to see the answer.
fn asked(k: usize) -> String {
    format!(
        r#"{{"to":"+4474{:08}","channel":"sms","profile":"default","client":{{"ip":"20.{}.{}.55","device_id":"asked-{k:08}","session_id":"asked-{k:08}","user_id":"asked-{k:08}","user_agent":"Mozilla/5.0"}}}}"#,
        (k * 48_271) % 9_999_991,
        k / 256 % 256,
        k % 256
    )
}

/// What ours answers at present: the one of middle length.
fn answer_of(server: &Server, traffic: Traffic, n: usize) -> String {
    let mut answers: Vec<String> = (0..LOOKED_AT)
        .map(|k| {
            let k = n * LOOKED_AT + k;
            let body = match traffic {
                Traffic::Flood => asked(k),
                // Numbers that no round reaches.
                Traffic::Everyday | Traffic::Limits => people::body((1 << 40) + k as u64, traffic.profile()),
            };
            call(server.address, "/v1/assessments", &body)
        })
        .collect();
    answers.sort_by_key(String::len);
    answers.swap_remove(LOOKED_AT / 2)
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Where the calls of a round are numbered from: no round comes so far.
fn from(round: usize) -> u64 {
    round as u64 * 10_000_000
}

/// The comparison for each kind of traffic that is named, or for all.
pub fn run(only: Option<&str>) {
    for (name, traffic) in
        [("flood", Traffic::Flood), ("everyday", Traffic::Everyday), ("limits", Traffic::Limits)]
    {
        if only.is_none_or(|only| only == name) {
            println!("\n{name}");
            compare(name, traffic);
        }
    }
}

fn compare(name: &str, traffic: Traffic) {
    let folder = std::env::temp_dir().join(format!("cofferdam-bench-http-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let script = folder.join("load.lua");
    std::fs::write(&script, LUA.replace("KEY", crate::KEY)).unwrap();
    let script = script.to_str().unwrap();
    let store = folder.join("store.db");
    let ours = Server::start("ours", ADDRESSES[1], &[store.to_str().unwrap()]);
    call(ours.address, "/v1/profiles", r#"{"name":"limits","evidence":false}"#);
    ours.load(traffic, script, CONNECTIONS, 2, from(0));
    let answer = folder.join("answer.json");
    let answer = answer.to_str().unwrap();
    let floor = |round: usize| {
        let text = answer_of(&ours, traffic, round);
        std::fs::write(answer, &text).unwrap();
        let floor = Server::start("floor", ADDRESSES[0], &[answer]);
        floor.load(traffic, script, CONNECTIONS, 1, from(0));
        (floor, text.len())
    };
    let mut ratios = Vec::new();
    println!(
        "round  bytes  floor us/call  ours us/call  ratio   calls floor, ours; allowed, challenged, stopped; us an outcome"
    );
    for round in 1..=ROUNDS {
        let (floor, bytes) = floor(round);
        let [floor, ours] =
            [&floor, &ours].map(|server| server.load(traffic, script, CONNECTIONS, SECONDS, from(round)));
        ratios.push(floor.us_a_call / ours.us_a_call);
        println!(
            "{round:5} {bytes:6} {:14.2} {:13.2} {:6.2}   {}, {}; {:?}; {:.1}",
            floor.us_a_call,
            ours.us_a_call,
            floor.us_a_call / ours.us_a_call,
            floor.calls,
            ours.calls,
            ours.decisions,
            ours.us_an_outcome,
        );
    }
    println!("calls of the floor for the same CPU: {:.2} (line 0.6, aim 0.75)", median(ratios));
    let servers = [floor(ROUNDS + 1).0, ours];
    let p50 = |n: usize| {
        median((0..5).map(|k| servers[n].load(traffic, script, 1, 2, from(ROUNDS + 1 + k)).p50_us).collect())
    };
    let latency = [p50(0), p50(1)];
    for (name, us) in NAMES.iter().zip(latency) {
        println!("p50 at one connection, {name}: {us:.0} us");
    }
    println!("ratio of p50: {:.2} (line 2)", latency[1] / latency[0]);
    drop(servers);
    let _ = std::fs::remove_dir_all(&folder);
}
