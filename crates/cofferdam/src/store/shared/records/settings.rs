//! How the database is reached, and how long is waited for it.

use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;

use crate::store::StoreError;

/// Which database, and the bounds of what is asked of it.
#[derive(Debug, Clone)]
pub struct PostgresSettings {
    /// `postgresql://user:password@host:port/database`; it holds a password, so nothing ever shows it.
    pub url: SecretString,
    /// The schema that the tables are in, made where it is missing. Several installations may share a
    /// database, each in a schema of its own.
    pub schema: String,
    /// Connections of this node.
    pub connections: usize,
    /// How long a call waits for a connection.
    pub wait: Duration,
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// How long one round may take, before the server counts as away.
    pub answer: Duration,
    /// This machine's name among its nodes, if it was given one.
    pub node: Option<String>,
    /// How long a node may be silent before others take over what it holds.
    pub life: Duration,
    /// Serve even where the server may forget what it acknowledged (`synchronous_commit` or `fsync` off).
    pub forgetful_server: bool,
}

impl PostgresSettings {
    /// A database, with the usual bounds.
    pub fn at(url: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            schema: "cofferdam".into(),
            connections: 16,
            wait: Duration::from_secs(1),
            connect: Duration::from_secs(2),
            answer: Duration::from_secs(3),
            node: None,
            life: Duration::from_secs(5),
            forgetful_server: false,
        }
    }

    /// What connects. Each session finds our schema by itself, and ends by itself what takes too long.
    pub(super) fn config(&self) -> Result<Config, StoreError> {
        if !is_name(&self.schema) {
            return Err(StoreError::Away(format!(
                "`{}` is no name of a schema: letters of a to z, digits and `_`, at most 40, a letter first",
                self.schema
            )));
        }
        // The parser's own words may repeat what it could not read, which may hold the password.
        let mut config: Config = self.url.expose_secret().parse().map_err(|_| {
            StoreError::Away(
                "the address of the database cannot be read: write \
                 `postgresql://user:password@host:port/database`, with `%40` for an `@` within the password"
                    .into(),
            )
        })?;
        let answer_ms = self.answer.as_millis();
        let own = format!(
            "-c search_path={} -c statement_timeout={answer_ms} -c lock_timeout={} \
             -c idle_in_transaction_session_timeout={} -c default_transaction_isolation=read\\ committed",
            self.schema,
            answer_ms * 3 / 4,
            answer_ms * 2,
        );
        let options = match config.get_options() {
            Some(given) => format!("{given} {own}"),
            None => own,
        };
        config
            .options(options)
            .application_name("cofferdam")
            .connect_timeout(self.connect)
            .tcp_user_timeout(self.answer * 3)
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(config)
    }
}

/// A name that needs no quotes, and leaves room for what is added to it.
fn is_name(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    plain && name.len() <= 40 && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
}
