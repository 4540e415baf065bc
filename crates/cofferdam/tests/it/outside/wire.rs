//! Bytes on a connection, without a client library that would mend them.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// What came back for some bytes.
#[derive(Debug)]
pub struct Heard {
    /// Statuses of all answers, in order; empty where the connection was just closed.
    pub statuses: Vec<u16>,
    /// When the first answer, or the end, came.
    pub took: Duration,
    /// Neither an answer nor an end came in time.
    pub silent: bool,
}

/// Sends the bytes, and listens until an answer is whole, the connection ends, or time is up.
pub async fn say(address: SocketAddr, bytes: &[u8], at_most: Duration) -> Heard {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut heard = Vec::new();
    let (mut reader, mut writer) = stream.split();
    // A server may answer and close before it has read everything: writing on is no failure.
    let write = async {
        let _ = timeout(at_most, writer.write_all(bytes)).await;
    };
    let read = async {
        let mut silent = false;
        let mut first = None;
        loop {
            match timeout(at_most.saturating_sub(began.elapsed()), reader.read_buf(&mut heard)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(_)) => {
                    first.get_or_insert_with(|| began.elapsed());
                    if whole(&heard) {
                        break;
                    }
                }
                Err(_) => {
                    silent = heard.is_empty();
                    break;
                }
            }
        }
        (silent, first.unwrap_or_else(|| began.elapsed()))
    };
    let ((), (silent, took)) = tokio::join!(write, read);
    Heard { statuses: statuses(&heard), took, silent }
}

/// Whether there is a head with all of its body.
fn whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    bytes.len() >= head + 4 + length.unwrap_or(0)
}

fn statuses(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    let answers =
        text.match_indices("HTTP/1.").filter(|(at, _)| *at == 0 || text[..*at].ends_with(['\n', '}']));
    answers.filter_map(|(at, _)| text.get(at + 9..at + 12)?.parse().ok()).collect()
}

/// How long the server bears a connection that sends `first`, and then a byte of `drip` a second.
pub async fn bears(
    address: SocketAddr,
    first: &[u8],
    drip: Option<u8>,
    at_most: Duration,
) -> Option<Duration> {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(first).await.ok()?;
    let mut heard = [0; 1024];
    while began.elapsed() < at_most {
        match timeout(Duration::from_secs(1), stream.read(&mut heard)).await {
            Ok(Ok(0) | Err(_)) => return Some(began.elapsed()),
            Ok(Ok(_)) => {}
            Err(_) => {
                if let Some(byte) = drip
                    && stream.write_all(&[byte]).await.is_err()
                {
                    return Some(began.elapsed());
                }
            }
        }
    }
    None
}
