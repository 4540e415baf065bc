//! A provider on the loopback, speaking the wire by hand: it takes messages, remembers each, and can
//! fail in every way a provider can.

use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes it and says so.
    Accept,
    /// Takes it, and says so after a while.
    AcceptAfter(Duration),
    /// Answers with this status, and takes nothing.
    Status(u16),
    /// Accepts the connection and never reads.
    Deaf,
    /// Takes it and never answers.
    AcceptThenHang,
    /// Takes it and resets the connection.
    AcceptThenReset,
    /// Takes it and closes the connection without a word.
    AcceptThenClose,
    /// Takes it and answers with something that is not HTTP.
    Garbage,
    /// Takes it and answers a byte at a time, for ever.
    Drip,
    /// Says that it took it, with a body that is no JSON.
    AcceptWithGarbageBody,
    /// Says that it took it, with an endless body.
    Flood,
    /// Sends the caller elsewhere.
    Redirect,
}

/// A message as it arrived.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The token that makes it known again.
    pub attempt: String,
    pub body: Value,
}

impl Taken {
    /// The code in its text: the one run of digits of this length.
    pub fn code(&self, length: usize) -> String {
        let text = self.body["body"].as_str().unwrap_or_default();
        let mut runs = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == length);
        runs.next().unwrap_or_default().to_owned()
    }
}

/// The provider.
pub struct Simulator {
    pub address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Simulator {
    pub async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let behaviour = Arc::new(Mutex::new(behaviour));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (does, keeps) = (Arc::clone(&behaviour), Arc::clone(&taken));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&does), Arc::clone(&keeps)));
            }
        });
        Self { address, behaviour, taken, task }
    }

    pub fn set(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// Those to this number.
    pub fn taken_for(&self, to: &str) -> Vec<Taken> {
        self.taken().into_iter().filter(|taken| taken.body["to"] == to).collect()
    }

    /// The code of an attempt.
    pub fn code_of(&self, attempt: &str, length: usize) -> String {
        let taken = self.taken.lock().unwrap();
        taken
            .iter()
            .find(|taken| taken.attempt == attempt)
            .map(|taken| taken.code(length))
            .unwrap_or_default()
    }

    /// Attempts that came more than once.
    pub fn repeated(&self) -> Vec<String> {
        let mut seen = BTreeMap::new();
        for taken in self.taken.lock().unwrap().iter() {
            *seen.entry(taken.attempt.clone()).or_insert(0) += 1;
        }
        seen.into_iter().filter(|(_, n)| *n > 1).map(|(attempt, _)| attempt).collect()
    }

    /// A table of the settings file that leads here.
    pub fn settings(&self, name: &str, timeout_s: u32) -> String {
        format!(
            "[provider.{name}]\nkind = \"http\"\nurl = \"http://{}/messages\"\ntimeout_s = {timeout_s}\n",
            self.address
        )
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, does: Arc<Mutex<Behaviour>>, keeps: Arc<Mutex<Vec<Taken>>>) {
    if *does.lock().unwrap() == Behaviour::Deaf {
        return std::future::pending().await;
    }
    while let Some(message) = read(&mut stream).await {
        let behaviour = *does.lock().unwrap();
        if !matches!(behaviour, Behaviour::Status(_) | Behaviour::Redirect) {
            keeps.lock().unwrap().push(message);
        }
        if answer(&mut stream, behaviour).await.is_none() {
            return;
        }
    }
}

/// One message; `None` where the connection ended.
async fn read(stream: &mut TcpStream) -> Option<Taken> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let n = stream.read_buf(&mut bytes).await.ok()?;
        if n == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let header = |name: &str| {
        text.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.trim().to_owned())
    };
    let length: usize = header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = serde_json::from_slice(&bytes[head..head + length]).unwrap_or(Value::Null);
    Some(Taken { attempt: header("idempotency-key").unwrap_or_default(), body })
}

const TAKEN: &str = r#"{"id":"msg-1"}"#;

/// Answers; `None` where the connection is over.
async fn answer(stream: &mut TcpStream, behaviour: Behaviour) -> Option<()> {
    let plain = |status: u16, extra: &str, body: &str| {
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{extra}content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let text = match behaviour {
        Behaviour::Accept => plain(200, "", TAKEN),
        Behaviour::AcceptAfter(wait) => {
            tokio::time::sleep(wait).await;
            plain(200, "", TAKEN)
        }
        Behaviour::Status(status) => plain(status, "", r#"{"error":"no"}"#),
        Behaviour::Deaf | Behaviour::AcceptThenHang => return std::future::pending().await,
        Behaviour::AcceptThenReset => {
            let _ = stream.set_zero_linger();
            return None;
        }
        Behaviour::AcceptThenClose => return None,
        Behaviour::Garbage => {
            stream.write_all(b"\x00\x01 this is no answer \xff\xfe\r\n\r\n").await.ok()?;
            return None;
        }
        Behaviour::Drip => loop {
            for byte in b"HTTP/1.1 200 OK\r\nx: y\r\nx: y\r\nx: y\r\nx: y\r\nx: y\r\nx: y\r\nx: y\r\nx: y" {
                stream.write_all(&[*byte]).await.ok()?;
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        },
        Behaviour::AcceptWithGarbageBody => plain(200, "", "<html>thank you</html>"),
        Behaviour::Flood => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"id\":\"")
                .await
                .ok()?;
            let much = vec![b'x'; 1 << 20];
            for _ in 0..200 {
                stream.write_all(&much).await.ok()?;
            }
            return None;
        }
        Behaviour::Redirect => plain(307, "location: http://127.0.0.1:9/elsewhere\r\n", ""),
    };
    stream.write_all(text.as_bytes()).await.ok()
}

#[tokio::test]
async fn the_simulated_provider_does_what_it_says_and_forgets_nothing() {
    let provider = Simulator::start(Behaviour::Accept).await;
    let http = super::api::Api::new(&format!("http://{}", provider.address), "");
    let body = serde_json::json!({ "to": "+12125550123", "body": "412345 is your code, for 10 minutes" });
    let send = async |attempt: &str| {
        http.send("POST", "/messages", &[("Idempotency-Key", attempt)], Some(&body)).await
    };
    assert_eq!(send("att_1").await.unwrap().json["id"], "msg-1");
    for fault in [Behaviour::AcceptThenReset, Behaviour::AcceptThenClose, Behaviour::Garbage] {
        provider.set(fault);
        assert!(send("att_2").await.is_none(), "{fault:?} answered");
    }
    provider.set(Behaviour::Status(503));
    assert_eq!(send("att_3").await.unwrap().status, 503);
    assert_eq!((provider.taken().len(), provider.repeated()), (4, vec!["att_2".to_owned()]));
    assert_eq!(provider.code_of("att_1", 6), "412345");
    let hanging = tokio::time::timeout(Duration::from_millis(300), async {
        provider.set(Behaviour::AcceptThenHang);
        send("att_4").await
    });
    assert!(hanging.await.is_err(), "it answered");
    assert_eq!(provider.taken_for("+12125550123").len(), 5);
}
