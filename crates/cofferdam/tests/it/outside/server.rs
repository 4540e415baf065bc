//! The program as a child: started on ports the kernel chose, read, killed and started again.

use super::api::Api;
use super::folder::Folder;
use serde_json::json;
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

pub const ADMIN: &str = "cfd_live_outside_admin_key_of_the_tests_0123456789abcdef";
pub const TEST: &str = "cfd_test_outside_test_key_of_the_tests_0123456789abcdef";

/// How long a start may take, crash or not.
pub const READY: Duration = Duration::from_secs(5);

/// What is started, and on which data: survives the process.
pub struct Place {
    pub folder: Folder,
    settings: String,
    wrapper: Vec<String>,
    environment: Vec<(String, String)>,
    log: Log,
}

/// What was printed so far.
type Log = Arc<Mutex<Vec<u8>>>;

/// A running program.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub url: String,
    /// Where operators read metrics; empty where it is not told apart.
    pub admin_url: String,
    pub took: Duration,
    log: Log,
    readers: Vec<std::thread::JoinHandle<()>>,
}

/// The three keys of a tenant.
pub struct Keys {
    pub live: String,
    pub manage: String,
    pub test: String,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_cofferdam"))
}

impl Place {
    /// A data folder with these settings beside those of the store.
    pub fn new(name: &str, settings: &str) -> Self {
        Self {
            folder: Folder::new(name),
            settings: settings.to_owned(),
            wrapper: Vec::new(),
            environment: Vec::new(),
            log: Arc::default(),
        }
    }

    /// Starts the program through another one (`unshare …`), which ends by calling `"$@"`.
    pub fn through(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(ToString::to_string).collect();
        self
    }

    /// With a setting from the environment.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub fn settings_file(&self) -> PathBuf {
        self.folder.join("cofferdam.toml")
    }

    /// All that it has printed, over all its starts.
    pub fn log(&self) -> Vec<u8> {
        self.log.lock().unwrap().clone()
    }

    /// A command of the program, with nothing from our own environment but the path.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut words = self.wrapper.clone();
        words.push(program().display().to_string());
        words.extend(args.iter().map(ToString::to_string));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().env("PATH", std::env::var("PATH").unwrap_or_default());
        command
            .env("HOME", self.folder.path())
            .env("COFFERDAM_ADMIN_KEY", ADMIN)
            .env("COFFERDAM_TEST_KEY", TEST);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Starts it, without waiting until it is ready.
    pub fn launch(&self) -> Server {
        let (port, admin) = (free_port(), free_port());
        std::fs::create_dir_all(self.data()).unwrap();
        let store = self.data().join("cofferdam.db");
        let head = format!(
            "{}\n[listen]\naddress = \"127.0.0.1:{port}\"\nadmin_address = \"127.0.0.1:{admin}\"\n[store]\npath = \"{}\"\n",
            self.settings,
            store.display()
        );
        std::fs::write(self.settings_file(), head).unwrap();
        let config = self.settings_file().display().to_string();
        let command = self.command(&["serve", "--config", &config]);
        let mut server =
            Server::spawn(command, SocketAddr::from(([127, 0, 0, 1], port)), Arc::clone(&self.log));
        server.admin_url = format!("http://127.0.0.1:{admin}");
        server
    }

    /// Starts it and waits until it says that it is ready.
    pub async fn start(&self) -> Server {
        // A port can be taken between our choice and its bind: then the program ends and another port is tried.
        for _ in 0..5 {
            let began = Instant::now();
            let mut server = self.launch();
            let api = Api::new(&server.url, "");
            while began.elapsed() < READY * 2 {
                if api.send("GET", "/readyz", &[], None).await.is_some_and(|answer| answer.status == 200) {
                    server.took = began.elapsed();
                    return server;
                }
                if server.child.try_wait().unwrap().is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            server.kill();
        }
        panic!("it never became ready; it said:\n{}", String::from_utf8_lossy(&self.log()));
    }
}

/// Keeps what a child prints.
fn keep(mut from: impl Read + Send + 'static, log: &Log) -> std::thread::JoinHandle<()> {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        let mut chunk = [0; 8192];
        while let Ok(n @ 1..) = from.read(&mut chunk) {
            log.lock().unwrap().extend_from_slice(&chunk[..n]);
        }
    })
}

impl Server {
    /// Starts any command of the program that serves at this address.
    pub fn of(command: Command, address: SocketAddr) -> Self {
        Self::spawn(command, address, Arc::default())
    }

    fn spawn(mut command: Command, address: SocketAddr, log: Log) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let readers =
            vec![keep(child.stdout.take().unwrap(), &log), keep(child.stderr.take().unwrap(), &log)];
        Self {
            child,
            address,
            url: format!("http://{address}"),
            admin_url: String::new(),
            took: Duration::ZERO,
            log,
            readers,
        }
    }

    /// What this start and those before it on the same data have printed.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().unwrap()).into_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn api(&self, key: &str) -> Api {
        Api::new(&self.url, key)
    }

    /// A new tenant.
    pub async fn tenant(&self, name: &str) -> Keys {
        let made = self.api(ADMIN).post("/v1/tenants", json!({ "name": name })).await.want(201);
        let key = |world: &str| match made.at(&format!("keys.{world}")) {
            serde_json::Value::String(key) => key.clone(),
            other => {
                other["key"].as_str().unwrap_or_else(|| panic!("no {world} key in {}", made.text)).to_owned()
            }
        };
        Keys { live: key("live"), manage: key("manage"), test: key("test") }
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// `kill -9`, and wait until the kernel has taken it away.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.join();
    }

    /// Asks it to stop (SIGTERM) and waits; how long it took, and whether it ended well.
    pub async fn stop(mut self) -> (Duration, bool) {
        let began = Instant::now();
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().unwrap();
        assert!(asked.success(), "SIGTERM could not be sent");
        while began.elapsed() < Duration::from_secs(20) {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.join();
                return (began.elapsed(), status.success());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not stop within 20 s of SIGTERM");
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
    }

    fn join(&mut self) {
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again, for at most so long, until it is so.
pub async fn until<F: Future<Output = bool>>(
    what: &str,
    at_most: Duration,
    mut so: impl FnMut() -> F,
) -> Duration {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < at_most, "not within {at_most:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

/// Heavy tests run one after another, so that their times mean something on two cores.
pub async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    ALONE.lock().await
}
