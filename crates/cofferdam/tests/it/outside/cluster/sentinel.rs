//! A replica of a Redis, and a sentinel that promotes it when the master is gone.

use crate::outside::folder::Folder;
use crate::outside::server::free_port;
use crate::servers::redis::{Server, moment};
use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use tokio::time::Instant;

pub struct Sentinel {
    port: u16,
    master: u16,
    /// Kept for as long as the sentinel watches it.
    _replica: Server,
    child: Child,
    _watch: (Child, ChildStdin),
    _folder: Folder,
}

impl Sentinel {
    /// Watches a master; one sentinel is enough to agree with itself.
    pub fn over(master: &Server) -> Self {
        let replica = Server::start_with(&["--replicaof", "127.0.0.1", &master.port.to_string()])
            .expect("it is installed");
        let linked = || replica.say(&["info", "replication"]).contains("master_link_status:up");
        let began = Instant::now();
        while !linked() {
            assert!(began.elapsed() < Duration::from_secs(20), "the replica does not follow");
            moment();
        }
        let (folder, port) = (Folder::new("sentinel"), free_port());
        let file = folder.join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor tests 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds tests 1000\nsentinel failover-timeout tests 3000\n",
            folder.path().display(),
            master.port
        );
        std::fs::File::create(&file).unwrap().write_all(settings.as_bytes()).unwrap();
        let child = Command::new("redis-server")
            .arg(&file)
            .arg("--sentinel")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Ends it when this process is gone, however it went.
        let mut watch = Command::new("sh")
            .args(["-c", "read x; kill -9 $0 2>/dev/null", &child.id().to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let alive = watch.stdin.take().unwrap();
        let made = Self {
            port,
            master: master.port,
            _replica: replica,
            child,
            _watch: (watch, alive),
            _folder: folder,
        };
        let began = Instant::now();
        while !made.ask(&["sentinel", "replicas", "tests"]).contains("slave") {
            assert!(began.elapsed() < Duration::from_secs(20), "the sentinel does not see the replica");
            moment();
        }
        made
    }

    pub fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/tests", self.port)
    }

    fn ask(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let said =
            Command::new("redis-cli").args(["-h", "127.0.0.1", "-p", &port]).args(words).output().unwrap();
        String::from_utf8_lossy(&said.stdout).into_owned()
    }

    /// Waits until the replica is the master.
    pub fn has_promoted(&self, at_most: Duration) {
        let began = Instant::now();
        let master = self.master.to_string();
        while self.ask(&["sentinel", "get-master-addr-by-name", "tests"]).lines().any(|line| line == master) {
            assert!(began.elapsed() < at_most, "nobody was promoted");
            moment();
        }
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
