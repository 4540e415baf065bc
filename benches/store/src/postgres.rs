//! The other anchor: PostgreSQL as installed, the same five rows in one prepared statement.

use crate::{CALLERS, Folder, Rate};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

const TABLES: &str = "
CREATE TABLE verifications (id text PRIMARY KEY, number bytea NOT NULL, profile text NOT NULL, status int NOT NULL,
    expires_ms bigint NOT NULL, checks_left int NOT NULL, fixed bytea NOT NULL);
CREATE INDEX ON verifications (number);
CREATE INDEX ON verifications (expires_ms) WHERE status = 0;
CREATE TABLE attempts (id text PRIMARY KEY, verification text NOT NULL, status int NOT NULL, at_ms bigint NOT NULL,
    reserved bytea);
CREATE INDEX ON attempts (verification);
CREATE TABLE journal (seq bigserial PRIMARY KEY, at_ms bigint NOT NULL, body bytea NOT NULL);
CREATE INDEX ON journal (at_ms);
CREATE TABLE exact (name bytea PRIMARY KEY, n int NOT NULL);
CREATE TABLE idempotency (name bytea PRIMARY KEY, subject text NOT NULL);
";

const START: &str = "
WITH v AS (INSERT INTO verifications VALUES ($1, $2, 'prf', 0, $3, 5, $4)),
     a AS (INSERT INTO attempts VALUES ($5, $1, 0, $3, $2)),
     j AS (INSERT INTO journal (at_ms, body) VALUES ($3, $6)),
     e AS (INSERT INTO exact VALUES ($2, 1) ON CONFLICT (name) DO UPDATE SET n = exact.n + 1)
INSERT INTO idempotency VALUES ($7, $1)";

/// A server of our own, stopped when dropped.
pub struct Server {
    child: Child,
    port: u16,
    _folder: Folder,
}

impl Server {
    /// Starts one; `None` if PostgreSQL is not installed.
    pub async fn start() -> Option<Self> {
        let bin = newest_bin()?;
        let folder = Folder::new("postgres");
        let data = folder.0.join("data");
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // PostgreSQL refuses to run as root: the user that its package made is used then.
        let root = is_root();
        let run = |program: PathBuf| {
            if root {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
                command
            } else {
                Command::new(program)
            }
        };
        if root {
            let own = Command::new("chown").arg("postgres").arg(&folder.0).status().unwrap();
            assert!(own.success());
        }
        let made = run(bin.join("initdb"))
            .args(["-A", "trust", "-U", "bench", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success(), "initdb");
        let child = run(bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", &format!("port={port}"), "-c", "listen_addresses=127.0.0.1"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", folder.0.display()))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port, _folder: folder };
        let client = loop {
            match server.client().await {
                Some(client) => break client,
                None => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        };
        client.batch_execute(TABLES).await.unwrap();
        Some(server)
    }

    async fn client(&self) -> Option<Client> {
        let address = format!("host=127.0.0.1 port={} user=bench dbname=postgres", self.port);
        let (client, connection) = tokio_postgres::connect(&address, NoTls).await.ok()?;
        tokio::spawn(connection);
        Some(client)
    }

    /// Begins verifications for a while.
    pub async fn run(&self, length: Duration) -> Rate {
        static N: AtomicU64 = AtomicU64::new(0);
        let mut clients = Vec::new();
        for _ in 0..CALLERS {
            let client = self.client().await.unwrap();
            let statement = client.prepare(START).await.unwrap();
            clients.push((client, statement));
        }
        let began = Instant::now();
        let callers: Vec<_> = clients
            .into_iter()
            .map(|(client, statement)| {
                tokio::spawn(async move {
                    let (fixed, body) = (vec![7_u8; 900], vec![7_u8; 1_700]);
                    let mut done = 0;
                    while began.elapsed() < length {
                        let n = N.fetch_add(1, Ordering::Relaxed);
                        let id = format!("ver_{n:032}");
                        let attempt = format!("att_{n:032}");
                        // Names fall anywhere, as keyed ones do.
                        let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                        let number = [mixed.to_be_bytes(), n.to_be_bytes()].concat();
                        let key = [mixed.to_le_bytes(), n.to_le_bytes(), [1; 8], [2; 8]].concat();
                        let changed = client
                            .execute(&statement, &[&id, &number, &(n as i64), &fixed, &attempt, &body, &key])
                            .await
                            .unwrap();
                        assert_eq!(changed, 1);
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        let mut done = 0;
        for caller in callers {
            done += caller.await.unwrap();
        }
        Rate { done, took: began.elapsed() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn newest_bin() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.filter_map(Result::ok).map(|entry| entry.path().join("bin"));
    bins.filter(|bin| bin.join("postgres").exists()).max()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}
