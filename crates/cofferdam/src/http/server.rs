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
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
        .timer(TokioTimer::new())
        .header_read_timeout(listen.header_timeout)
        .max_buf_size(HEAD_MAX)
        .max_headers(HEADERS_MAX)
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

/// What is going on on a connection: calls in flight, and how many there were.
#[derive(Default)]
struct Pulse {
    busy: AtomicU64,
    calls: AtomicU64,
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
        let connection = self.builder.serve_connection(TokioIo::new(stream), service).into_owned();
        tokio::select! {
            _ = watcher.watch(connection) => {}
            () = silence(&pulse, first, idle) => {}
        }
        metrics.connections.dec();
    }
}

/// Ends when no call came for too long: `first` before the first, `idle` between two. hyper's own
/// timers begin only once it knows which version is spoken, so a silent client needs this one.
async fn silence(pulse: &Pulse, first: Duration, idle: Duration) {
    let mut seen = 0;
    let mut wait = first;
    loop {
        tokio::time::sleep(wait).await;
        let calls = pulse.calls.load(Ordering::Relaxed);
        if calls == seen && pulse.busy.load(Ordering::Relaxed) == 0 {
            return;
        }
        (seen, wait) = (calls, idle);
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
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
