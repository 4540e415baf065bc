//! The whole program in this process, on a port that the kernel chose: real store in memory, real
//! connections, a clock and dice that tests set.

use cofferdam::app::App;
use cofferdam::clock::{SetClock, SetDice};
use cofferdam::config::Settings;
use cofferdam::http::{Listeners, serve};
use cofferdam::secrets::Secrets;
use cofferdam::store::{Store, StoreOptions};
use cofferdam::verify::tenants::first_start;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// 2026-11-20T12:00:00Z.
pub const NOW_MS: i64 = 1_795_176_000_000;
/// The admin key of these tests.
pub const ADMIN: &str = "an-admin-key-of-forty-visible-characters";

/// A running program.
pub struct Program {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its time.
    pub clock: Arc<SetClock>,
    /// Key of `default`: live, `verify`, `assess`, `read`.
    pub live: String,
    /// Key of `default`: live, `read`, `manage`.
    pub manage: String,
    /// Key of `default`: test, all but `admin`.
    pub test: String,
    /// Ends it.
    pub stop: watch::Sender<bool>,
    /// Ends when it has ended.
    pub served: JoinHandle<std::io::Result<()>>,
    app: Arc<App>,
}

impl Program {
    /// Starts one with these settings from the environment.
    pub async fn with(environment: &[(&str, &str)]) -> Self {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::read("test", "", environment).unwrap_or_else(|e| panic!("{e}"));
        let (clock, dice) = (SetClock::at(NOW_MS), SetDice::seeded(7));
        let store = Store::memory(clock.clone(), &*dice).unwrap();
        Self::of(settings, store, clock, dice, None).await
    }

    /// Starts one at a time, with its store in this file; `keys` of [`Program::end`], if it was started before.
    pub async fn on(file: &std::path::Path, now_ms: i64, keys: Option<[String; 3]>) -> Self {
        let settings = Settings::read("test", "", std::iter::empty()).unwrap_or_else(|e| panic!("{e}"));
        let (clock, dice) = (SetClock::at(now_ms), SetDice::seeded(now_ms as u64));
        let store = Store::embedded(&StoreOptions::at(file), clock.clone(), &*dice).unwrap();
        Self::of(settings, store, clock, dice, keys).await
    }

    async fn of(
        settings: Settings,
        store: Store,
        clock: Arc<SetClock>,
        dice: Arc<SetDice>,
        keys: Option<[String; 3]>,
    ) -> Self {
        let secrets = Secrets::new([(1, Zeroizing::new([7; 32]))].into()).unwrap();
        let app = Arc::new(App::assemble(settings, secrets, store, clock.clone(), dice).unwrap());
        let made = first_start(&app, Some(ADMIN), None).await.unwrap().made;
        let key = |key: &cofferdam::verify::keys::NewKey| key.secret.expose().to_owned();
        let made = made.map(|made| [key(&made.live), key(&made.manage), key(&made.test)]);
        let [live, manage, test] = made.or(keys).expect("the keys are known");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let listeners = Listeners { api: listener, admin: None };
        let served = tokio::spawn(serve(Arc::clone(&app), listeners, stopped));
        Self { address, clock, live, manage, test, stop, served, app }
    }

    /// Ends it as a signal would: nothing new comes, and what is to be kept is saved. Answers with its keys.
    pub async fn end(self) -> [String; 3] {
        self.stop.send(true).unwrap();
        self.served.await.unwrap().unwrap();
        assert!(cofferdam::jobs::wind_down(&self.app, std::time::Duration::from_secs(10)).await);
        [self.live, self.manage, self.test]
    }

    /// Starts one as it comes.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A client with a key.
    pub fn client(&self, key: &str) -> Client {
        Client { address: self.address, key: Some(key.to_owned()), stream: None }
    }

    /// A client of the test world.
    pub fn tester(&self) -> Client {
        self.client(&self.test)
    }

    /// A client without a key.
    pub fn stranger(&self) -> Client {
        Client { address: self.address, key: None, stream: None }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// A header, if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Fails unless it has this status; its JSON.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Fails unless it is this problem; its JSON.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], format!("/docs/errors/{code}"));
        assert_eq!(body["request_id"].as_str(), self.header("request-id"));
        body
    }
}

/// Speaks HTTP/1.1 word for word, so that a test can send what no library would.
pub struct Client {
    address: SocketAddr,
    /// Sent as bearer key.
    pub key: Option<String>,
    stream: Option<TcpStream>,
}

impl Client {
    /// A call with a JSON body.
    pub async fn call(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        self.send(method, path, &[("content-type", "application/json")], body.to_string().as_bytes()).await
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, &[], b"").await
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, body).await
    }

    pub async fn delete(&mut self, path: &str) -> Reply {
        self.send("DELETE", path, &[], b"").await
    }

    /// A call as it is.
    pub async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n", body.len());
        if let Some(key) = &self.key {
            head.push_str(&format!("authorization: Bearer {key}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        // A kept connection may have been closed by the other side meanwhile: once more, freshly.
        if self.stream.is_some()
            && let Some(reply) = self.exchange(&bytes, method == "HEAD").await
        {
            return reply;
        }
        self.stream = Some(TcpStream::connect(self.address).await.unwrap());
        self.exchange(&bytes, method == "HEAD").await.expect("an answer")
    }

    async fn exchange(&mut self, bytes: &[u8], head_only: bool) -> Option<Reply> {
        let mut stream = self.stream.take()?;
        // The server may answer, and close, before it has read all of what it refuses.
        let _ = stream.write_all(bytes).await;
        let (reply, keep) = read_reply(&mut stream, head_only).await?;
        if keep {
            self.stream = Some(stream);
        }
        Some(reply)
    }
}

/// Reads one answer; whether the connection stays.
pub async fn read_reply(stream: &mut TcpStream, head_only: bool) -> Option<(Reply, bool)> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 16_384];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let header =
        |name: &str| headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let length: usize = header("content-length").map_or(0, |n| n.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while !head_only && body.len() < length {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => body.extend_from_slice(&chunk[..n]),
        }
    }
    let keep = header("connection") != Some("close");
    Some((Reply { status, headers, body }, keep))
}
