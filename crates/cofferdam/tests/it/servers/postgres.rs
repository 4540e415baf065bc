//! A PostgreSQL of a test: made from a template once a machine's boot, on a free port, ended with the test.
//!
//! It can be paused, killed, started again, made read-only, and cut off by a [`Cut`] in between. Who
//! asks for one where PostgreSQL is not installed gets none, with a word about it ([`Server::start`]).

#![allow(dead_code, reason = "each of those who take this file in needs a part of it")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so loudly")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Whoever is asked for a password; everybody else is trusted.
pub const GUARDED: &str = "guarded";
/// That one's password.
pub const PASSWORD: &str = "right-horse";

/// How long a server may take to come up or go down.
const PATIENCE: Duration = Duration::from_mins(1);

/// Servers of this process.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// A running server.
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

impl Server {
    /// Starts one. None, and a loud word, where PostgreSQL is not installed; a failure where that is not
    /// allowed (`COFFERDAM_TESTS_MAY_SKIP` is not set).
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same behind TLS, with this certificate and its key, as PEM.
    pub fn start_with_tls(certificate: &str, key: &str) -> Option<Self> {
        Self::start_in(&["ssl=on"], |data| {
            use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
            let owner = std::fs::metadata(data).unwrap();
            for (name, text) in [("server.crt", certificate), ("server.key", key)] {
                let file = data.join(name);
                std::fs::write(&file, text).unwrap();
                // The server refuses a key that others may read, or that is somebody else's.
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
                std::os::unix::fs::chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
            }
        })
    }

    /// The same with settings of its own, as `name=value`.
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        Self::start_in(settings, |_| {})
    }

    fn start_in(settings: &[&str], prepare: impl FnOnce(&Path)) -> Option<Self> {
        let Some(bin) = newest_bin() else {
            let why = "skipped, because PostgreSQL is not installed (Debian: `apt-get install postgresql`)";
            assert!(std::env::var_os("COFFERDAM_TESTS_MAY_SKIP").is_some(), "{why}");
            eprintln!("{why}");
            return None;
        };
        let n = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("cofferdam-postgres-{}-{n}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let template = template(&bin);
        let copied = Command::new("cp").arg("-a").arg(&template).arg(&folder).status().unwrap();
        assert!(copied.success(), "the template was not copied");
        prepare(&folder.join("data"));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let server = Self { port, folder, settings, running: Mutex::new(None) };
        server.begin();
        Some(server)
    }

    /// The address of a database, for somebody who is trusted.
    pub fn url(&self, database: &str) -> String {
        url(self.port, database)
    }

    /// The same for whoever is asked for this password.
    pub fn guarded_url(&self, password: &str, database: &str) -> String {
        format!("postgresql://{GUARDED}:{password}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Starts it again, after [`Server::kill`] or [`Server::stop`].
    pub fn begin(&self) {
        let mut running = self.running.lock().unwrap();
        assert!(running.is_none(), "it runs already");
        let bin = newest_bin().unwrap();
        let mut command = run_as_postgres(&bin.join("postgres"));
        command.arg("-D").arg(self.folder.join("data"));
        for setting in
            ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "lc_messages=C"]
        {
            command.args(["-c", setting]);
        }
        command.args(["-c", &format!("port={}", self.port)]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("postgres starts");
        let said = lines_of(child.stderr.take().unwrap());
        let (watch, alive) = watch_over(child.id(), &self.folder);
        *running = Some(Running { child, watch, _alive: alive });
        drop(running);
        let mut all = String::new();
        loop {
            let line = said.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it did not come up: {all}"));
            if line.contains("ready to accept connections") {
                break;
            }
            all.push_str(&line);
            all.push('\n');
        }
    }

    /// Ends it as a crash does: nothing is written down, nobody is told.
    pub fn kill(&self) {
        self.end("-KILL");
    }

    /// Ends it as an operator in a hurry does: whoever is connected is thrown out.
    pub fn stop(&self) {
        self.end("-INT");
    }

    fn end(&self, how: &str) {
        let Some(mut running) = self.running.lock().unwrap().take() else { return };
        let family = family(running.child.id());
        signal(how, &family);
        let _ = running.child.wait();
        // Those it began may still hold its memory; the next one starts when they are gone.
        for pid in family.get(1..).unwrap_or(&[]) {
            while Path::new(&format!("/proc/{pid}")).exists() && !is_zombie(*pid) {
                std::thread::yield_now();
            }
        }
        // Without somebody to watch over there is nothing to end when this process goes; the folder
        // stays for the next start.
        let _ = running.watch.kill();
        let _ = running.watch.wait();
    }

    /// Lets it stand still, with all that it began.
    pub fn pause(&self) {
        let running = self.running.lock().unwrap();
        let parent = running.as_ref().unwrap().child.id();
        // The parent first: a backend that it forks after its family was read would go on answering.
        signal("-STOP", &[parent]);
        signal("-STOP", &family(parent));
    }

    /// Lets it go on.
    pub fn resume(&self) {
        let running = self.running.lock().unwrap();
        signal("-CONT", &family(running.as_ref().unwrap().child.id()));
    }

    /// Makes it take no writes, or take them again, for sessions that run and that come.
    pub fn read_only(&self, on: bool) {
        let on = if on { "on" } else { "off" };
        self.sql("postgres", &format!("ALTER SYSTEM SET default_transaction_read_only = {on}"));
        self.sql("postgres", "SELECT pg_reload_conf()");
    }

    /// Runs a statement, and answers with what it says: columns by `|`, rows by lines.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let said = Command::new(newest_bin().unwrap().join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, &self.url(database)])
            .env("PGOPTIONS", "-c default_transaction_read_only=off")
            .output()
            .unwrap();
        assert!(said.status.success(), "{statement}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap().trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            signal("-CONT", &family(running.child.id()));
            signal("-QUIT", &[running.child.id()]);
            let Running { mut child, mut watch, .. } = running;
            let _ = child.wait();
            let _ = watch.kill();
            let _ = watch.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The address of a database behind a port, for somebody who is trusted.
pub fn url(port: u16, database: &str) -> String {
    format!("postgresql://cofferdam@127.0.0.1:{port}/{database}?sslmode=disable")
}

/// Where distributions put it, the newest first among those with versions side by side; else the path.
fn newest_bin() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let newest =
        versions.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("postgres").exists()).max();
    newest.or_else(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find(|bin| bin.join("postgres").exists() && bin.join("initdb").exists())
    })
}

/// PostgreSQL refuses to run as root: the user that its package made is used then.
fn run_as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// A folder with a fresh cluster in it, made by whoever comes first since the machine was started.
fn template(bin: &Path) -> PathBuf {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let version = bin.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let who = if is_root() { "root".into() } else { std::env::var("USER").unwrap_or_default() };
    let name = format!("cofferdam-postgres-template-{who}-{version}-{}", boot.trim());
    let folder = std::env::temp_dir().join(name);
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if folder.is_dir() {
        return folder;
    }
    let half = folder.with_extension("half");
    let _ = std::fs::remove_dir_all(&half);
    std::fs::create_dir(&half).unwrap();
    let password = half.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    if is_root() {
        let own = Command::new("chown").arg("-R").arg("postgres:postgres").arg(&half).status().unwrap();
        assert!(own.success());
    }
    let made = run_as_postgres(&bin.join("initdb"))
        .args(["--no-sync", "--encoding=UTF8", "--locale=C", "-A", "trust", "-U", "cofferdam", "-D"])
        .arg(half.join("data"))
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success(), "initdb");
    let asked = format!("host all {GUARDED} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n");
    std::fs::write(half.join("data/pg_hba.conf"), asked).unwrap();
    let guarded = format!("CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'\n");
    let mut single = run_as_postgres(&bin.join("postgres"))
        .args(["--single", "-D"])
        .arg(half.join("data"))
        .arg("postgres")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    single.stdin.take().unwrap().write_all(guarded.as_bytes()).unwrap();
    assert!(single.wait().unwrap().success());
    std::fs::rename(&half, &folder).unwrap();
    folder
}

/// A shell that outlives this process for a moment: its input ends when the process does, and then it
/// ends the server by its process id and takes the folder away.
fn watch_over(pid: u32, folder: &Path) -> (Child, ChildStdin) {
    let script = "cat >/dev/null; kill -CONT $0; kill -QUIT $0; while kill -0 $0 2>/dev/null; do sleep 0.1; done; rm -rf \"$1\"";
    let mut watch = Command::new("sh")
        .args(["-c", script, &pid.to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let alive = watch.stdin.take().unwrap();
    (watch, alive)
}

fn lines_of(stderr: std::process::ChildStderr) -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if std::env::var_os("COFFERDAM_TESTS_SERVER_LOG").is_some() {
                eprintln!("postgres: {line}");
            }
            // Nobody listens once it is up; the lines must be read all the same.
            let _ = tell.send(line);
        }
    });
    told
}

/// A process and those it began.
fn family(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if stat(child).is_some_and(|(_, parent)| parent == pid) {
            all.push(child);
        }
    }
    all
}

/// A process's state and parent.
fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    Some((after_name.next()?.chars().next()?, after_name.next()?.parse().ok()?))
}

fn is_zombie(pid: u32) -> bool {
    stat(pid).is_none_or(|(state, _)| state == 'Z')
}

fn signal(how: &str, pids: &[u32]) {
    let _ = Command::new("kill")
        .arg(how)
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status()
        .unwrap();
}

const PASS: u8 = 0;
const REFUSE: u8 = 1;
const LOSE_COMMIT: u8 = 2;

/// A way to a server that can be cut.
pub struct Cut {
    /// Where it listens.
    pub port: u16,
    state: Arc<CutState>,
}

struct CutState {
    to: u16,
    mode: AtomicU8,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    /// Answers to COMMIT that were lost.
    lost: AtomicU64,
}

impl Cut {
    /// A way to this port.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let state = Arc::new(CutState {
            to: port,
            mode: AtomicU8::new(PASS),
            ended: AtomicBool::new(false),
            open: Mutex::default(),
            lost: AtomicU64::new(0),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                if shared.mode.load(Ordering::SeqCst) != REFUSE {
                    let shared = Arc::clone(&shared);
                    std::thread::spawn(move || carry(&shared, &stream));
                }
            }
        });
        Self { port: own, state }
    }

    /// Cuts everything that is open and refuses what comes.
    pub fn cut(&self) {
        self.state.mode.store(REFUSE, Ordering::SeqCst);
        self.state.cut_all();
    }

    /// Lets everything pass again.
    pub fn mend(&self) {
        self.state.mode.store(PASS, Ordering::SeqCst);
    }

    /// Lets the next COMMIT reach the server, and cuts its connection instead of carrying the answer.
    pub fn lose_next_commit(&self) {
        self.state.mode.store(LOSE_COMMIT, Ordering::SeqCst);
    }

    /// Answers to COMMIT that were lost.
    pub fn lost(&self) -> u64 {
        self.state.lost.load(Ordering::SeqCst)
    }
}

impl CutState {
    fn cut_all(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        self.state.cut_all();
        // Wakes who waits for somebody to come.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn carry(state: &Arc<CutState>, client: &TcpStream) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", state.to)) else { return };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let dup = |stream: &TcpStream| stream.try_clone().unwrap();
    state.open.lock().unwrap().extend([dup(client), dup(&server)]);
    let losing = Arc::new(AtomicBool::new(false));
    let (back, from_server, to_client) = (Arc::clone(&losing), dup(&server), dup(client));
    let counted = Arc::clone(state);
    let answers = std::thread::spawn(move || {
        pump(&from_server, &to_client, |bytes| {
            if !back.load(Ordering::SeqCst) {
                return Pass::Carry;
            }
            // The server has done it once it says so: only then is everything cut.
            if !bytes.windows(6).any(|six| six == b"COMMIT") {
                return Pass::Swallow;
            }
            counted.lost.fetch_add(1, Ordering::SeqCst);
            Pass::End
        });
    });
    pump(client, &server, |bytes| {
        let commit = bytes.windows(6).any(|six| six == b"COMMIT");
        let only = state.mode.compare_exchange(LOSE_COMMIT, PASS, Ordering::SeqCst, Ordering::SeqCst);
        if commit && only.is_ok() {
            losing.store(true, Ordering::SeqCst);
        } else if only.is_ok() {
            state.mode.store(LOSE_COMMIT, Ordering::SeqCst);
        }
        Pass::Carry
    });
    let _ = answers.join();
}

/// What becomes of bytes on their way.
enum Pass {
    Carry,
    Swallow,
    End,
}

/// Carries bytes until either end is gone, or `pass` says so.
fn pump(mut from: &TcpStream, mut to: &TcpStream, mut pass: impl FnMut(&[u8]) -> Pass) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(n) = from.read(&mut bytes) {
        if n == 0 {
            break;
        }
        match pass(&bytes[..n]) {
            Pass::Carry if to.write_all(&bytes[..n]).is_ok() => {}
            Pass::Swallow => {}
            _ => break,
        }
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}
