//! Connections: accepted, timed, bounded, and ended gracefully.
//!
//! Every timer is wired by hand, since a server without one holds slow connections for ever: the head of a
//! call, its body ([`super::answer`]), the time between calls, and the first bytes of a connection. It
//! knows nothing of what is asked.

use super::Api;
use super::answer::Door;
use crate::app::App;
use crate::config::Listen;
use hyper::Request;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// Bytes of one call's head.
const HEAD_MAX: usize = 16 * 1024;
/// Header lines of one call.
const HEADERS_MAX: usize = 64;
/// Calls at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
/// Pause after the machine had no more handles for a connection.
const NO_HANDLES: Duration = Duration::from_millis(100);

/// Where calls come in.
pub struct Listeners {
    /// Callers'.
    pub api: TcpListener,
    /// Operators'; none where they share the callers'.
    pub admin: Option<TcpListener>,
}

/// Serves until `stop` becomes true, and then answers what is in flight, at most for
/// `listen.stop_timeout`.
pub async fn serve(app: Arc<App>, listeners: Listeners, stop: watch::Receiver<bool>) -> io::Result<()> {
    let apart = listeners.admin.is_some();
    let admin_there = apart && app.settings.listen.admin_calls_there;
    let api = Api::new(app);
    let door = Door { calls: true, operators: !apart, admin: !admin_there };
    let first = listen(api.clone(), listeners.api, door, stop.clone());
    match listeners.admin {
        None => first.await,
        Some(admin) => {
            let door = Door { calls: false, operators: true, admin: admin_there };
            tokio::join!(first, listen(api, admin, door, stop));
        }
    }
    Ok(())
}

async fn listen(api: Arc<Api>, listener: TcpListener, door: Door, mut stop: watch::Receiver<bool>) {
    let listen = &api.app.settings.listen;
    let builder = Arc::new(builder(listen));
    let places = Arc::new(Semaphore::new(listen.connections_max));
    let graceful = GracefulShutdown::new();
    loop {
        // A place first: further connections wait in the kernel's queue, and cost nothing here.
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accepted => accepted,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = Connection { api: api.clone(), builder: builder.clone(), door };
                let watcher = graceful.watcher();
                tokio::spawn(async move {
                    connection.run(stream, watcher).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(target: "cofferdam::http", %error, "a connection was not accepted");
                tokio::time::sleep(NO_HANDLES).await;
            }
        }
    }
    drop(listener);
    if timeout(listen.stop_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!(target: "cofferdam::http", "calls were still in flight when their time to end was over");
    }
}

/// Ends when it is time to stop, also where whoever would say so is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn builder(listen: &Listen) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .header_read_timeout(None)
        .max_buf_size(HEAD_MAX)
        .max_headers(HEADERS_MAX)
        // An answer is small: copied behind its head it leaves in one piece.
        .writev(false)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(listen.header_timeout)
        .keep_alive_timeout(listen.header_timeout)
        .max_concurrent_streams(STREAMS_MAX)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .max_header_list_size(HEAD_MAX as u32)
        .max_frame_size(HEAD_MAX as u32);
    builder
}

/// One connection's service.
struct Connection {
    api: Arc<Api>,
    builder: Arc<Builder<TokioExecutor>>,
    door: Door,
}

/// What is going on on a connection: calls in flight, how many there were, and what came that is none yet.
#[derive(Default)]
struct Pulse {
    busy: AtomicU64,
    calls: AtomicU64,
    /// Bytes came since the last call was answered.
    heard: AtomicBool,
    /// Calls share the connection: bytes that are no call need not be the head of one.
    shared: AtomicBool,
}

impl Connection {
    async fn run(self, stream: TcpStream, watcher: Watcher) {
        // An answer is one small write: waiting for more to send along only makes it late.
        let _ = stream.set_nodelay(true);
        let metrics = self.api.app.metrics.clone();
        metrics.connections.inc();
        let pulse = Arc::new(Pulse::default());
        let idle = self.api.app.settings.listen.idle_timeout;
        let first = self.api.app.settings.listen.header_timeout;
        let (api, door, beat) = (self.api, self.door, pulse.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let api = api.clone();
            if request.version() == hyper::Version::HTTP_2 {
                beat.shared.store(true, Ordering::Relaxed);
            }
            // Begun when the call is, not when it is first polled: the watch below must see it.
            let beat = Beat::new(beat.clone());
            async move {
                let answer = api.answer(door, request).await;
                // Others whose calls have come too are answered before this answer is written, so that
                // answers leave in one go: to wake whoever waits for each alone is what costs most.
                tokio::task::yield_now().await;
                drop(beat);
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = self
            .builder
            .serve_connection(Heard { io: TokioIo::new(stream), pulse: pulse.clone() }, service)
            .into_owned();
        tokio::select! {
            biased;
            _ = watcher.watch(connection) => {}
            () = silence(&pulse, first, idle) => {}
        }
        metrics.connections.dec();
    }
}

/// Ends when no call came for too long: `head` before the first and while the head of one is on its way,
/// `idle` where there is nothing. It looks only now and then, so that a call needs no timer of its own;
/// a head that begins between two looks has half as long again. hyper's timer begins with the answer
/// before, and so would end idle connections as if they were slow.
async fn silence(pulse: &Pulse, head: Duration, idle: Duration) {
    let look = (head / 2).min(idle);
    let mut seen = 0;
    // For how long nothing was asked, and for how long of it a head was on its way.
    let (mut quiet, mut begun) = (Duration::ZERO, Some(Duration::ZERO));
    loop {
        tokio::time::sleep(look).await;
        let calls = pulse.calls.load(Ordering::Relaxed);
        if calls != seen || pulse.busy.load(Ordering::Relaxed) > 0 {
            (seen, quiet, begun) = (calls, Duration::ZERO, None);
        } else {
            quiet += look;
            begun = begun.map(|begun| begun + look);
        }
        if begun.is_some_and(|begun| begun >= head) || quiet >= idle {
            return;
        }
        let heard = pulse.heard.load(Ordering::Relaxed) && !pulse.shared.load(Ordering::Relaxed);
        if heard && begun.is_none() && pulse.busy.load(Ordering::Relaxed) == 0 {
            begun = Some(Duration::ZERO);
        }
    }
}

/// A connection that notes when something comes.
struct Heard {
    io: TokioIo<TcpStream>,
    pulse: Arc<Pulse>,
}

impl Read for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(context, bytes);
        if read.is_ready() {
            self.pulse.heard.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl Write for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, bytes)
    }
}

/// A call in flight.
struct Beat(Arc<Pulse>);

impl Beat {
    fn new(pulse: Arc<Pulse>) -> Self {
        pulse.busy.fetch_add(1, Ordering::Relaxed);
        pulse.calls.fetch_add(1, Ordering::Relaxed);
        Self(pulse)
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        // What came until now was of this call.
        self.0.heard.store(false, Ordering::Relaxed);
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
