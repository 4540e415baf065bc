//! A simulated provider: speaks the wire by hand, so that it can also speak it badly.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What it does with a request once it has read it.
#[derive(Clone)]
pub enum Does {
    /// Answers: status, further headers, body.
    Answer(u16, &'static str, String),
    /// Says nothing and keeps the connection.
    Hang,
    /// Breaks the connection.
    Reset,
    /// Answers bytes that are no HTTP.
    Garbage,
    /// Answers a head, then a byte of body now and then.
    Drip,
    /// Answers a head and half of the body, then closes.
    Cut,
    /// Answers 200 with a body of 200 MiB.
    Huge,
}

/// A running one.
pub struct Sim {
    pub address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Sim {
    pub async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, does.clone(), seen.clone()));
            }
        });
        Self { address, requests }
    }

    pub fn url(&self) -> String {
        format!("http://{}/messages", self.address)
    }

    /// Requests that came, whole: head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, does: Does, seen: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().unwrap().push(request);
        match &does {
            Does::Answer(status, headers, body) => {
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
            Does::Hang => std::future::pending().await,
            Does::Reset => {
                let _ = stream.set_zero_linger();
                return;
            }
            Does::Garbage => {
                let _ = stream.write_all(b"\x00\xff\x16 not http at all\r\n\r\n").await;
                return;
            }
            Does::Drip => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
                let mut tick = tokio::time::interval(std::time::Duration::from_millis(50));
                while stream.write_all(b" ").await.is_ok() {
                    tick.tick().await;
                }
                return;
            }
            Does::Cut => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":\"m").await;
                return;
            }
            Does::Huge => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 209715200\r\n\r\n").await;
                let block = vec![b' '; 1 << 20];
                for _ in 0..200 {
                    if stream.write_all(&block).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// One request, or nothing where the other side is done.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut chunk).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&chunk[..n]),
            _ => return None,
        }
    }
}
