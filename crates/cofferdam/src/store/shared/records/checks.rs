//! What is looked at before anything is served: a server that would lose what it acknowledged, or whose
//! clock is elsewhere, is refused by name with the mend; what is merely odd is warned of.

use super::failure;
use crate::store::StoreError;
use tokio_postgres::{Client, Error};

/// The oldest server that is known to do all that is asked of it.
const OLDEST: i32 = 140_000;
/// Clocks further apart are told of.
pub(super) const APART_WARN_MS: i64 = 10_000;
/// And refused: times of one node would be over on another.
const APART_MS: i64 = 60_000;

fn refused(what: impl Into<String>) -> StoreError {
    StoreError::Away(format!("PostgreSQL will not do: {}", what.into()))
}

/// Looks at the server. `forgetful` serves even where it may forget what it acknowledged.
pub(super) async fn server(client: &Client, now_ms: Option<i64>, forgetful: bool) -> Result<(), StoreError> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), \
             current_setting('synchronous_commit'), current_setting('fsync'), \
             current_setting('full_page_writes'), \
             (extract(epoch FROM clock_timestamp()) * 1000)::bigint, pg_is_in_recovery()",
            &[],
        )
        .await
        .map_err(|e| failure::of(&e).told())?;
    let version: i32 = row.get(0);
    if version < OLDEST {
        return Err(refused(format!("it is of version {}, and 14 or later is needed", version / 10_000)));
    }
    let encoding: String = row.get(1);
    if encoding != "UTF8" {
        return Err(refused(format!(
            "the database is encoded in {encoding}: make one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`"
        )));
    }
    for (n, setting) in [(2, "synchronous_commit"), (3, "fsync"), (4, "full_page_writes")] {
        let value: String = row.get(n);
        if value != "off" {
            continue;
        }
        if !forgetful {
            return Err(refused(format!(
                "the database has `{setting} = off` and may forget what it acknowledged: set it to `on` \
                 (for the role: `ALTER ROLE … SET`), or allow it with `store.postgres_may_forget = true`"
            )));
        }
        tracing::warn!(setting, "is off in the database: it may forget what it acknowledged");
    }
    if row.get(6) {
        return Err(refused("the database is a standby and takes no writes: name the primary"));
    }
    now_ms.map_or(Ok(()), |now_ms| clocks(now_ms - row.get::<_, i64>(5)))
}

/// How far the clocks are apart, in milliseconds.
pub(super) fn clocks(apart_ms: i64) -> Result<(), StoreError> {
    let (by, which) = (apart_ms.abs(), if apart_ms > 0 { "ahead of" } else { "behind" });
    if by > APART_MS {
        return Err(refused(format!(
            "this machine's clock is {} s {which} the database's: set both by NTP",
            by / 1000
        )));
    }
    if by > APART_WARN_MS {
        tracing::warn!(
            seconds = by / 1000,
            "this machine's clock is {which} the database's: set both by NTP"
        );
    }
    Ok(())
}

/// Why no first connection came about, with the mend and without the address.
pub(super) fn no_connection(error: &Error) -> StoreError {
    use tokio_postgres::error::SqlState;
    let said = failure::words(error);
    let mend = match error.code() {
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            "the user or the password in `store.postgres_url` is not right"
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => {
            "make the database with `CREATE DATABASE`, or name another in `store.postgres_url`"
        }
        Some(&SqlState::TOO_MANY_CONNECTIONS) => {
            "raise the server's `max_connections`, or lower `store.postgres_connections`"
        }
        Some(_) => "mend what it says, or look into its log",
        None if said.contains("read-write") || said.contains("read write") => {
            "it takes no writes: name the primary, or turn `default_transaction_read_only` off"
        }
        None if said.contains("certificate") || said.contains("TLS") || said.contains("tls") => {
            "name its certificate authority in `SSL_CERT_FILE`, or use `sslmode=disable` within a safe network"
        }
        None => "is it running, and are host and port in `store.postgres_url` right?",
    };
    StoreError::Away(format!("no connection to the database: {said}: {mend}"))
}
