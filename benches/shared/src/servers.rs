//! The servers: Redis, PostgreSQL, and nodes of ours over both.

use crate::machine::{Core, Folder, Running, found, free_port, now_ms, on};
use crate::resp::{self, Reply};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A Redis that keeps nothing on the disk.
pub struct Redis {
    pub running: Running,
    pub port: u16,
    _folder: Folder,
}

impl Redis {
    pub fn start() -> Self {
        assert!(found("redis-server"), "redis-server is missing: install it (Debian: `redis-server`)");
        let (folder, port) = (Folder::new("redis"), free_port());
        let child = on(Core::Servers, "redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(&folder.0)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        let redis = Self { running: Running(child), port, _folder: folder };
        until("Redis answers", || redis.answers());
        redis
    }

    fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok_and(|mut stream| {
            resp::ask(&mut stream, &["PING"]).is_ok_and(|reply| matches!(reply, Reply::Word(_)))
        })
    }

    /// A connection to it.
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

/// PostgreSQL as installed, with its default durability.
pub struct Postgres {
    pub running: Running,
    pub port: u16,
    bin: PathBuf,
    pub folder: Folder,
}

/// Whose the database is.
const USER: &str = "bench";

impl Postgres {
    pub fn start() -> Self {
        let bin = newest_bin().expect("PostgreSQL is missing: install it (Debian: `postgresql`)");
        let (folder, port) = (Folder::new("postgres"), free_port());
        let data = folder.0.join("data");
        if is_root() {
            let own = Command::new("chown").arg("postgres").arg(&folder.0).status().unwrap();
            assert!(own.success(), "chown");
        }
        let made = unprivileged(&bin.join("initdb"))
            .args(["-A", "trust", "-U", USER, "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success(), "initdb");
        let child = unprivileged(&bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", &format!("port={port}"), "-c", "listen_addresses=127.0.0.1", "-c"])
            .args(["max_connections=200", "-c"])
            .arg(format!("unix_socket_directories={}", folder.0.display()))
            .stderr(std::fs::File::create(folder.0.join("log")).unwrap())
            .spawn()
            .unwrap();
        let postgres = Self { running: Running(child), port, bin, folder };
        until("PostgreSQL answers", || postgres.try_sql("SELECT 1").is_some());
        postgres
    }

    /// The address of one of its databases.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    /// A program that comes with it, as its user.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", USER]);
        command
    }

    fn try_sql(&self, sql: &str) -> Option<String> {
        let out = self
            .program("psql")
            .args(["-d", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .stderr(Stdio::null())
            .output();
        out.ok()
            .filter(|out| out.status.success())
            .map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned())
    }

    /// What statements answer.
    pub fn sql(&self, sql: &str) -> String {
        self.try_sql(sql).unwrap_or_else(|| panic!("PostgreSQL refuses: {sql}"))
    }
}

/// PostgreSQL refuses to run as root: the user that its package made is used then.
fn unprivileged(program: &std::path::Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

fn newest_bin() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.filter_map(Result::ok).map(|entry| entry.path().join("bin"));
    bins.filter(|bin| bin.join("postgres").exists()).max()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// A node of ours: `cofferdam serve`.
pub struct Node {
    pub running: Running,
    pub port: u16,
}

impl Node {
    /// Starts one over these servers. `redis` is an address, for something may stand between.
    pub fn start(core: Core, name: &str, postgres: &Postgres, redis: &str) -> Self {
        let port = free_port();
        let log = std::fs::File::create(postgres.folder.0.join(format!("{name}.log"))).unwrap();
        let child = on(core, crate::program())
            .arg("serve")
            .env("COFFERDAM_LISTEN__ADDRESS", format!("127.0.0.1:{port}"))
            .env("COFFERDAM_LISTEN__ADMIN_ADDRESS", "same")
            .env("COFFERDAM_STORE__POSTGRES_URL", postgres.url())
            .env("COFFERDAM_STORE__REDIS_URL", redis)
            .env("COFFERDAM_STORE__NODE", name)
            .env("COFFERDAM_SECRETS__KEY", format!("1:{}", "07".repeat(32)))
            .env("COFFERDAM_ADMIN_KEY", crate::KEY)
            .env("COFFERDAM_LOG__LEVEL", "warn")
            .current_dir(&postgres.folder.0)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the node starts");
        let mut node = Self { running: Running(child), port };
        let begun = Instant::now();
        while !node.ready() {
            let ended = node.running.0.try_wait().unwrap().is_some();
            if ended || begun.elapsed() > Duration::from_secs(30) {
                let log = std::fs::read_to_string(postgres.folder.0.join(format!("{name}.log")));
                panic!("the node does not come up: {}", log.unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        node
    }

    fn ready(&self) -> bool {
        http(self.port, "GET", "/readyz", "").is_some_and(|(status, _)| status == 200)
    }

    /// How many attempts it judged without tallies so far. Such are cheap, and no subject of a comparison.
    pub fn blind(&self) -> f64 {
        let (_, text) = http(self.port, "GET", "/metrics", "").expect("the node answers");
        let line = |line: &str| line.strip_prefix("cofferdam_assessments_blind_total ")?.trim().parse().ok();
        text.lines().find_map(line).unwrap_or(0.0)
    }

    /// Makes a profile.
    pub fn profile(&self, body: &str) {
        let (status, answer) = http(self.port, "POST", "/v1/profiles", body).expect("the node answers");
        assert_eq!(status, 201, "{answer}");
    }
}

/// One call on a connection of its own; none where nobody answers.
pub fn http(port: u16, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let call = format!(
        "{method} {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {}\r\nContent-Length: {}\r\n\r\n{body}",
        crate::KEY,
        now_ms(),
        body.len()
    );
    stream.write_all(call.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.get(9..12)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

/// Waits until something is so, for half a minute.
pub fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
