//! A Redis of a test, alone, as a cluster of three, or behind a sentinel: on free ports and a socket, ended with the test.
//!
//! It can be paused, killed and started again, empty or not. Who asks for one where Redis is not installed
//! gets none, with a word about it ([`Server::start`]).

#![allow(clippy::print_stderr, reason = "a test that is skipped says so loudly")]
#![allow(dead_code, reason = "each of those who take this file in needs a part of it")]

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often a server is asked whether it is there; ten milliseconds apart.
const TRIALS: usize = 1_000;

/// A server.
pub struct Server {
    /// Where it listens, on the loopback address.
    pub port: u16,
    folder: PathBuf,
    settings: Vec<String>,
    running: Mutex<Option<Running>>,
}

struct Running {
    child: Child,
    /// Ends the server and takes its folder away as soon as this process is gone, however it went.
    watch: Child,
    _alive: ChildStdin,
}

/// A port that nobody has.
fn free_port() -> u16 {
    // A node of a cluster takes the one ten thousand above as well.
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port > 15_000 && port < 50_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

fn installed() -> bool {
    let there = |program: &str| {
        let asked =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    if there("redis-server") && there("redis-cli") {
        return true;
    }
    let why = "skipped, because Redis is not installed (Debian: `apt-get install redis-server`)";
    assert!(std::env::var_os("COFFERDAM_TESTS_MAY_SKIP").is_some(), "{why}");
    eprintln!("{why}");
    false
}

impl Server {
    /// Starts one that keeps nothing on the disk. None, and a loud word, where Redis is not installed; a failure where
    /// that is not allowed (`COFFERDAM_TESTS_MAY_SKIP` is not set).
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same with settings of its own, as `--name value`.
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        static N: AtomicU64 = AtomicU64::new(0);
        if !installed() {
            return None;
        }
        let n = N.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("cofferdam-redis-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut server = Self { port: free_port(), folder, settings, running: Mutex::new(None) };
        // Somebody else may have taken the port meanwhile.
        for _ in 0..5 {
            if server.comes_up() {
                return Some(server);
            }
            server.port = free_port();
        }
        panic!("redis-server did not come up on any of five ports");
    }

    /// Starts it after it was ended, on the same port, empty unless its settings save something.
    pub fn begin(&self) {
        assert!(self.comes_up(), "redis-server did not come up on port {}", self.port);
    }

    fn comes_up(&self) -> bool {
        let folder = self.folder.display();
        let mut child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--unixsocket", &format!("{folder}/redis.sock")])
            .args(["--dir", &folder.to_string(), "--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(&self.settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.any(|line| line.is_ok_and(|line| line.contains("eady to accept connections")));
        if !ready {
            let _ = child.wait();
            return false;
        }
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut watch = Command::new("sh")
            .args(["-c", "read x; kill -9 $0 2>/dev/null; rm -rf \"$1\"", &child.id().to_string()])
            .arg(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let alive = watch.stdin.take().unwrap();
        *self.running.lock().unwrap() = Some(Running { child, watch, _alive: alive });
        true
    }

    /// Kills it.
    pub fn end(&self) {
        if let Some(mut running) = self.running.lock().unwrap().take() {
            let _ = running.watch.kill();
            let _ = running.watch.wait();
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    fn signal(&self, signal: &str) {
        let running = self.running.lock().unwrap();
        let id = running.as_ref().expect("it runs").child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Stops it as it stands: it takes connections and says nothing.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its address as a socket.
    pub fn socket_url(&self) -> String {
        format!("unix://{}/redis.sock", self.folder.display())
    }

    /// What `redis-cli` says to a command.
    pub fn say(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(command)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A figure of `INFO commandstats`: calls and microseconds of a command.
    pub fn spent(&self, command: &str) -> (u64, u64) {
        let all = self.say(&["info", "commandstats"]);
        let begin = format!("cmdstat_{command}:");
        let Some(line) = all.lines().find(|line| line.starts_with(&begin)) else { return (0, 0) };
        let figure = |name: &str| {
            let rest = line.split(&[':', ','][..]).find_map(|part| part.strip_prefix(name));
            rest.map_or(0, |rest| rest.trim().parse().unwrap())
        };
        (figure("calls="), figure("usec="))
    }

    /// Microseconds of processor that it has used.
    pub fn processor_us(&self) -> u64 {
        let all = self.say(&["info", "cpu"]);
        let seconds = |name: &str| {
            let line = all.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().parse::<f64>().unwrap()
        };
        ((seconds("used_cpu_user:") + seconds("used_cpu_sys:")) * 1e6) as u64
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Waits for a moment, for tests that ask a server of its own pace again and again.
pub fn moment() {
    let (_keep, nobody) = std::sync::mpsc::channel::<()>();
    let _ = nobody.recv_timeout(Duration::from_millis(10));
}

/// Three nodes that are one cluster.
pub struct Cluster {
    /// The nodes.
    pub nodes: Vec<Server>,
}

impl Cluster {
    /// Starts one; see [`Server::start`].
    pub fn start() -> Option<Self> {
        let settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
        let nodes: Vec<Server> = (0..3).map_while(|_| Server::start_with(&settings)).collect();
        let first = nodes.first()?;
        for (n, node) in nodes.iter().enumerate() {
            let (from, to) = (n * 16_384 / 3, (n + 1) * 16_384 / 3 - 1);
            let said = node.say(&["cluster", "addslotsrange", &from.to_string(), &to.to_string()]);
            assert_eq!(said, "OK");
            assert_eq!(node.say(&["cluster", "set-config-epoch", &(n + 1).to_string()]), "OK");
            if n > 0 {
                node.say(&["cluster", "meet", "127.0.0.1", &first.port.to_string()]);
            }
        }
        let whole = |node: &Server| {
            let info = node.say(&["cluster", "info"]);
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        };
        for _ in 0..TRIALS {
            if nodes.iter().all(whole) {
                return Some(Self { nodes });
            }
            moment();
        }
        panic!("the cluster did not come together: {}", first.say(&["cluster", "info"]));
    }

    /// Its address.
    pub fn url(&self) -> String {
        let nodes: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("redis+cluster://{}", nodes.join(","))
    }
}
