//! Runs the server for `dev` and `serve`: builds the program, starts listeners and jobs, stops in order.

use super::error::CliError;
use crate::app::App;
use crate::clock::Stopwatch;
use crate::config::{AdminAddress, Settings};
use crate::http::{self, Listeners};
use crate::jobs::{self, Jobs};
use crate::telemetry::log;
use crate::verify::tenants::{FirstStart, first_start};
use secrecy::ExposeSecret as _;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Connections that wait in the kernel until they are accepted.
const WAITING: u32 = 4096;

/// A small runtime for commands that make a call or two.
pub fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// What stands once the server listens, for the banner.
pub struct Up<'a> {
    /// The program.
    pub app: &'a App,
    /// What the first start made.
    pub started: &'a FirstStart,
    /// Where the API is.
    pub api: SocketAddr,
}

/// Runs until a signal ends it. `banner` is called once everything stands.
pub fn run(settings: Settings, banner: impl FnOnce(&Up<'_>) -> Result<(), CliError>) -> Result<(), CliError> {
    log::start(&settings.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(settings, banner))
}

async fn serve(
    settings: Settings,
    banner: impl FnOnce(&Up<'_>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    // Addresses first: a port that is taken is said before anything else is touched.
    let api = bind(settings.listen.address)?;
    let admin = match settings.listen.admin_address {
        AdminAddress::Same => None,
        AdminAddress::At(address) => Some(bind(address)?),
    };
    let api_address = api.local_addr()?;
    let admin_address = admin.as_ref().map_or(Ok(api_address), TcpListener::local_addr)?;
    let mut signals = Signals::new()?;
    let (app, started) = build(settings).await?;
    let (stop, stopped) = watch::channel(false);
    let running = Jobs::start(&app, app.retention(), &stopped);
    let mut server = tokio::spawn(http::serve(app.clone(), Listeners { api, admin }, stopped));
    banner(&Up { app: &app, started: &started, api: api_address })?;
    tracing::info!(address = %api_address, admin.address = %admin_address, "serving");
    let ended = tokio::select! {
        () = signals.first() => None,
        ended = &mut server => Some(ended),
    };
    wind_down(app, stop, running, ended.is_none().then_some(server), &mut signals).await;
    match ended {
        None => Ok(()),
        Some(Ok(Ok(()))) => Err(CliError::failed("the server ended by itself")),
        Some(Ok(Err(error))) => Err(CliError::failed(format!("the server ended: {error}"))),
        Some(Err(error)) => Err(CliError::failed(format!("the server ended: {error}"))),
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, CliError> {
    listen(address).map_err(|error| {
        CliError::failed(format!("cannot listen at {address}: {error}"))
            .mend("is another one running there? take another address: --listen, or `listen.address` and `listen.admin_address`")
    })
}

/// The default queue of 128 overflows when a few hundred callers come at the same moment, and whoever
/// is dropped from it comes again seconds later, or never. The kernel lowers this to its own most.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

fn failed(error: &dyn std::fmt::Display) -> CliError {
    CliError::failed(error.to_string()).mend("`cofferdam doctor` looks closer")
}

/// The program, recovered, as it stands: for work that is done offline and makes no keys.
pub async fn recovered(settings: Settings) -> Result<App, CliError> {
    App::recovered(settings).await.map_err(|error| failed(&error))
}

/// The program, recovered, with what the first start makes.
pub async fn build(settings: Settings) -> Result<(Arc<App>, FirstStart), CliError> {
    let app = recovered(settings).await?;
    let keys = app.settings.keys.clone();
    let text = |key: &Option<secrecy::SecretString>| key.as_ref().map(|key| key.expose_secret().to_owned());
    let (admin, test) = (text(&keys.admin), text(&keys.test));
    let started =
        first_start(&app, admin.as_deref(), test.as_deref()).await.map_err(|error| failed(&error))?;
    jobs::recover(&app).await.map_err(|error| failed(&error))?;
    Ok((Arc::new(app), started))
}

/// Nothing new is taken; what is in flight is answered, sends end, jobs end, the store is closed last.
/// All of it within the settings' time, or at once when a second signal comes.
async fn wind_down(
    app: Arc<App>,
    stop: watch::Sender<bool>,
    running: Jobs,
    server: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
    signals: &mut Signals,
) {
    let at_most = app.settings.listen.stop_timeout;
    let watch = Stopwatch::start();
    tracing::info!("stopping: nothing new is taken");
    let orderly = async {
        let _ = stop.send(true);
        if let Some(server) = server {
            // The server itself keeps to its time.
            let _ = server.await;
        }
        if !jobs::wind_down(&app, at_most.saturating_sub(watch.elapsed())).await {
            tracing::warn!("some sends had not ended: their outcome is unknown, and they are not sent again");
        }
        let _ = tokio::time::timeout(at_most.saturating_sub(watch.elapsed()), running.ended()).await;
        app.store.tallies.settle().await;
    };
    tokio::select! {
        () = orderly => {}
        () = signals.first() => tracing::warn!("stopping at once"),
    }
    // The store saves its tallies when the last hold on it goes.
    let _ = tokio::task::spawn_blocking(move || drop(app)).await;
    tracing::info!("stopped");
}

struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, CliError> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn first(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
