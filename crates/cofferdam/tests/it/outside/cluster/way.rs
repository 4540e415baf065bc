//! A way to a server, in which a network's faults are made: cut, silent, slow.

use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// How the way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Everything passes.
    Open,
    /// What is open is reset, and so is what comes.
    Cut,
    /// Nothing passes, and nobody is told.
    Silent,
    /// Each answer comes later by something between the two.
    Slow(Duration, Duration),
}

/// A way from a port of its own to a server's.
pub struct Way {
    pub port: u16,
    passage: Arc<watch::Sender<Passage>>,
    task: tokio::task::JoinHandle<()>,
}

impl Way {
    /// An open way to this port.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let passage = Arc::new(watch::Sender::new(Passage::Open));
        let told = Arc::clone(&passage);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, port, told.subscribe()));
            }
        });
        Self { port: own, passage, task }
    }

    /// Makes a fault, or mends it ([`Passage::Open`]).
    pub fn set(&self, passage: Passage) {
        self.passage.send_replace(passage);
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Until the way is cut.
async fn cut(passage: &mut watch::Receiver<Passage>) {
    let _ = passage.wait_for(|passage| *passage == Passage::Cut).await;
}

/// Until it is not silent.
async fn heard(passage: &mut watch::Receiver<Passage>) {
    let _ = passage.wait_for(|passage| *passage != Passage::Silent).await;
}

async fn carry(client: TcpStream, port: u16, mut passage: watch::Receiver<Passage>) {
    // What is dropped unread is reset, not closed.
    let _ = client.set_zero_linger();
    if *passage.borrow() == Passage::Cut {
        return;
    }
    heard(&mut passage).await;
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true), server.set_zero_linger());
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let mut watched = passage.clone();
    tokio::select! {
        () = cut(&mut watched) => {}
        () = pump(from_client, to_server, passage.clone(), false) => {}
        () = pump(from_server, to_client, passage.clone(), true) => {}
    }
}

/// Carries bytes one way until either end is gone; late ones keep their order.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut passage: watch::Receiver<Passage>,
    answers: bool,
) {
    let (later, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let mut silent = passage.clone();
    let reads = async move {
        let mut n: u32 = 0;
        loop {
            let mut bytes = Vec::with_capacity(64 << 10);
            match from.read_buf(&mut bytes).await {
                Ok(1..) => {}
                _ => return,
            }
            n = n.wrapping_add(1);
            let wait = match *passage.borrow_and_update() {
                // Spread evenly between the two, without chance.
                Passage::Slow(least, most) if answers => {
                    least + most.saturating_sub(least) * (n * 7 % 10) / 10
                }
                _ => Duration::ZERO,
            };
            if later.send((Instant::now() + wait, bytes)).is_err() {
                return;
            }
        }
    };
    let writes = async move {
        while let Some((at, bytes)) = due.recv().await {
            tokio::time::sleep_until(at).await;
            heard(&mut silent).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reads, writes);
}

/// Asks an echo behind the way, and how long the answer took; none within a second.
#[cfg(test)]
async fn echoed(stream: &mut TcpStream) -> Option<Duration> {
    let began = Instant::now();
    let asked = async {
        stream.write_all(b"hello").await.ok()?;
        let mut five = [0; 5];
        stream.read_exact(&mut five).await.ok()?;
        Some(began.elapsed())
    };
    tokio::time::timeout(Duration::from_secs(1), asked).await.ok().flatten()
}

#[tokio::test]
async fn a_way_does_to_bytes_what_it_says() {
    let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = echo.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = echo.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    let way = Way::to(port).await;
    let mut stream = TcpStream::connect(("127.0.0.1", way.port)).await.unwrap();
    assert!(echoed(&mut stream).await.is_some());
    way.set(Passage::Slow(Duration::from_millis(200), Duration::from_millis(400)));
    let slow = echoed(&mut stream).await.expect("late, and there");
    assert!((Duration::from_millis(200)..Duration::from_millis(900)).contains(&slow), "{slow:?}");
    way.set(Passage::Silent);
    assert_eq!(echoed(&mut stream).await, None);
    way.set(Passage::Cut);
    assert_eq!(echoed(&mut stream).await, None, "it was cut");
    let mut refused = TcpStream::connect(("127.0.0.1", way.port)).await.unwrap();
    assert_eq!(echoed(&mut refused).await, None, "what comes is cut as well");
    way.set(Passage::Open);
    let mut fresh = TcpStream::connect(("127.0.0.1", way.port)).await.unwrap();
    assert!(echoed(&mut fresh).await.is_some(), "mended");
    server.abort();
}
