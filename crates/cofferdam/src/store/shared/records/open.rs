//! Opening: the pool, a look at the server, the schema, and the tasks.

use super::checks::{no_connection, server};
use super::collect::WORKERS;
use super::conn::Connections;
use super::failure::words;
use super::health::Health;
use super::life::Life;
use super::{Looked, Postgres, PostgresRecords, PostgresSettings, schema};
use crate::clock::{Clock, Dice};
use crate::store::StoreError;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Opens the records. `clocks`: refuses a server whose clock is elsewhere.
pub(super) async fn open(
    settings: &PostgresSettings,
    clock: Arc<dyn Clock>,
    dice: &dyn Dice,
    clocks: bool,
) -> Result<PostgresRecords, StoreError> {
    let config = settings.config()?;
    let tls = tls(&config);
    let now_ms = || clocks.then(|| clock.now_ms());
    prepare(settings, &config, &tls, now_ms).await?;
    let pool = pool(settings, &config, &tls)?;
    let node = format!("{:016x}", dice.roll());
    let name = settings.node.clone().unwrap_or_else(|| node.clone());
    let postgres = Arc::new(Postgres {
        connections: Connections {
            pool,
            answer: settings.answer,
            health: Arc::new(Health::new(dice.roll())),
        },
        config,
        tls,
        schema: settings.schema.clone(),
        channel: format!("{}_facts", settings.schema),
        life: Life::new(name, node.clone(), settings.life, clocks),
        node,
        clock,
        bases: super::Bases::default(),
        days: super::journal::Days::default(),
        queue: super::queue::Queue::default(),
        collector: super::collect::Collector::default(),
        changed: watch::Sender::new(0),
        stop: watch::Sender::new(false),
    });
    postgres.days.ahead(&postgres).await.map_err(super::failure::Failed::told)?;
    postgres.begin_life().await?;
    postgres.stands_at(postgres.fact_version().await?);
    for _ in 0..WORKERS {
        tokio::spawn(Arc::clone(&postgres).collect());
    }
    tokio::spawn(Arc::clone(&postgres).empty_queue());
    tokio::spawn(Arc::clone(&postgres).look_for_changes());
    tokio::spawn(Arc::clone(&postgres).listen());
    Ok(PostgresRecords(postgres))
}

/// Looks at the server over a connection of its own, and brings the schema up to date.
async fn prepare(
    settings: &PostgresSettings,
    config: &Config,
    tls: &MakeRustlsConnect,
    now_ms: impl Fn() -> Option<i64>,
) -> Result<(), StoreError> {
    let (client, driven) = first(settings, config, tls, now_ms).await?;
    let migrated = schema::migrate(&client, &settings.schema, schema::MIGRATIONS).await;
    drop(client);
    driven.abort();
    migrated
}

/// The first connection, to a server that will do, and the task that drives it.
async fn first(
    settings: &PostgresSettings,
    config: &Config,
    tls: &MakeRustlsConnect,
    now_ms: impl Fn() -> Option<i64>,
) -> Result<(Client, JoinHandle<()>), StoreError> {
    let late = || StoreError::Away("the database does not answer: is the address right?".into());
    let connecting = tokio::time::timeout(settings.connect * 2, config.connect(tls.clone()));
    let (client, connection) = connecting.await.map_err(|_| late())?.map_err(|e| no_connection(&e))?;
    let driven = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = words(&error), "the first connection ended");
        }
    });
    let looked = tokio::time::timeout(settings.answer, server(&client, now_ms(), settings.forgetful_server));
    looked.await.map_err(|_| late())??;
    Ok((client, driven))
}

/// Looks whether the records could be opened, and changes nothing.
pub(super) async fn look(settings: &PostgresSettings, clock: &dyn Clock) -> Result<Looked, StoreError> {
    let config = settings.config()?;
    let tls = tls(&config);
    let (client, driven) = first(settings, &config, &tls, || Some(clock.now_ms())).await?;
    let stands = schema::look(&client, &settings.schema, schema::MIGRATIONS).await;
    drop(client);
    driven.abort();
    stands
}

fn pool(settings: &PostgresSettings, config: &Config, tls: &MakeRustlsConnect) -> Result<Pool, StoreError> {
    // A connection that lay in the pool is looked at without a trip; one that turns out to be dead is
    // found by its first round, which is then done again on another.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(config.clone(), tls.clone(), recycling);
    Pool::builder(manager)
        .max_size(settings.connections.max(WORKERS + 2))
        .wait_timeout(Some(settings.wait))
        .create_timeout(Some(settings.connect))
        .recycle_timeout(Some(settings.wait))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|e| StoreError::Away(format!("no pool of connections: {e}")))
}

/// Encryption, with the machine's own authorities (`SSL_CERT_FILE` names others). Where the machine has
/// none, only a server without encryption can be talked to.
fn tls(config: &Config) -> MakeRustlsConnect {
    // Somebody else may have chosen it already; then it is the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let nobody = || {
        let nobody = rustls::RootCertStore::empty();
        let config = rustls::ClientConfig::builder().with_root_certificates(nobody);
        MakeRustlsConnect::new(config.with_no_client_auth())
    };
    // Reading a machine's authorities takes a while, and is for nothing where none is asked.
    if config.get_ssl_mode() == SslMode::Disable {
        return nobody();
    }
    MakeRustlsConnect::with_native_certs().map_or_else(|_| nobody(), |(tls, _)| tls)
}
