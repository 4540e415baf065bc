//! Connections: slow ones are dropped, a stop answers what is in flight.

use crate::support::{Program, read_reply};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Far longer than any of the time-outs below, and far shorter than no time-out at all.
const SOON: Duration = Duration::from_secs(25);

async fn hasty() -> Program {
    Program::with(&[
        ("COFFERDAM_LISTEN__HEADER_TIMEOUT_S", "1"),
        ("COFFERDAM_LISTEN__BODY_TIMEOUT_S", "1"),
        ("COFFERDAM_LISTEN__IDLE_TIMEOUT_S", "2"),
    ])
    .await
}

/// Everything that comes until the other side closes.
async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    timeout(SOON, stream.read_to_end(&mut all)).await.expect("the connection is dropped").ok();
    all
}

#[tokio::test]
async fn silent_and_slow_connections_are_dropped_and_honest_ones_are_served_beside_them() {
    let program = hasty().await;
    let mut slow = Vec::new();
    let heads: [&[u8]; 5] =
        [b"", b"P", b"PRI * HTTP/2.0\r\n", b"GET /healthz HTTP/1.1\r\nhost: x\r\n", b"GET /healthz HTT"];
    for n in 0..50 {
        let mut stream = TcpStream::connect(program.address).await.unwrap();
        stream.write_all(heads[n % heads.len()]).await.unwrap();
        slow.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(program.stranger().get("/healthz").await.status, 200);
    }
    for mut stream in slow {
        until_closed(&mut stream).await;
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_told_so_and_takes_no_place() {
    let program = hasty().await;
    let mut stream = TcpStream::connect(program.address).await.unwrap();
    let head = format!(
        "POST /v1/assessments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 100\r\n\r\n{{\"to\":",
        program.test
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (reply, _) = timeout(SOON, read_reply(&mut stream, false)).await.unwrap().unwrap();
    reply.problem(408, "request_timeout");
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_time() {
    let program = hasty().await;
    let mut stream = TcpStream::connect(program.address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let all = until_closed(&mut stream).await;
    assert!(all.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_slow_head_ends_its_connection_and_an_idle_one_waits_longer() {
    let timeouts =
        [("COFFERDAM_LISTEN__HEADER_TIMEOUT_S", "1"), ("COFFERDAM_LISTEN__IDLE_TIMEOUT_S", "3600")];
    let program = Program::with(&timeouts).await;
    let served = async || {
        let mut stream = TcpStream::connect(program.address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        read_reply(&mut stream, false).await.unwrap();
        stream
    };
    let mut idle = served().await;
    let mut slow = served().await;
    slow.write_all(b"GET /healthz HTT").await.unwrap();
    until_closed(&mut slow).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(read_reply(&mut idle, false).await.unwrap().0.status, 200);
}

#[tokio::test]
async fn a_stop_answers_what_is_in_flight_and_then_ends() {
    let program = Program::start().await;
    let mut waiting = program.tester();
    let reader = tokio::spawn(async move { waiting.get("/v1/outbox/latest?wait_s=1").await });
    // The waiting call is in flight once the metrics, asked after it, show its connection.
    let mut other = program.tester();
    while !other.get("/metrics").await.text().contains("cofferdam_http_connections 2") {}
    program.stop.send(true).unwrap();
    reader.await.unwrap().problem(404, "not_found");
    let Program { served, .. } = program;
    timeout(SOON, served).await.expect("it ends").unwrap().unwrap();
}

#[tokio::test]
async fn load_beyond_the_limit_is_refused_before_any_work() {
    let program = Program::with(&[("COFFERDAM_LIMITS__REQUESTS_MAX", "2")]).await;
    let waiters: Vec<_> = (0..2)
        .map(|_| {
            let mut client = program.tester();
            // Another call may hold the place when it first comes.
            tokio::spawn(
                async move { while client.get("/v1/outbox/latest?wait_s=30").await.status == 503 {} },
            )
        })
        .collect();
    let mut client = program.tester();
    let refused = loop {
        let reply = client.get("/v1/status").await;
        if reply.status != 200 {
            break reply;
        }
    };
    refused.problem(503, "overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(client.get("/healthz").await.status, 200);
    for waiter in waiters {
        waiter.abort();
    }
}
