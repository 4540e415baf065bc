//! What PostgreSQL says, as what a caller can do about it.
//!
//! Details and hints of the server are never repeated: they may quote values of rows. Nor are the
//! library's words about an address, which may hold a password.

use crate::store::StoreError;
use std::error::Error as _;
use tokio_postgres::Error;
use tokio_postgres::error::{Severity, SqlState};

/// Why an attempt at a transaction failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// Another was in its way, or the connection was dead before anything was done: it is worth doing
    /// the whole transaction again at once.
    Again(StoreError),
    /// The database refused values of a row: somebody else's in the same transaction may be fine.
    Values(StoreError),
    /// None of these.
    Told(StoreError),
}

impl Failed {
    /// As callers are told.
    pub(super) fn told(self) -> StoreError {
        match self {
            Self::Again(error) | Self::Values(error) | Self::Told(error) => error,
        }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Told(error)
    }
}

/// What the connection is worth after an error.
pub(super) fn is_fatal(error: &Error) -> bool {
    error.as_db_error().is_none_or(|db| {
        matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
            // A server that has come to take no writes may have a twin behind the same address that does.
            || *db.code() == SqlState::READ_ONLY_SQL_TRANSACTION
    })
}

/// An error while or after COMMIT was on its way: where the server did not refuse it in so many words,
/// nobody knows.
pub(super) fn of_commit(error: &Error) -> Failed {
    if is_fatal(error) && error.code() != Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
        return Failed::Told(StoreError::Unknown(format!(
            "the answer of the database was lost: {}",
            words(error)
        )));
    }
    of(error)
}

/// An error before COMMIT: nothing was changed.
pub(super) fn of(error: &Error) -> Failed {
    let Some(code) = error.code() else {
        let away = StoreError::Away(format!("the database does not answer: {}", words(error)));
        // One that was closed while it lay in the pool says nothing about the server of now.
        return if error.is_closed() { Failed::Again(away) } else { Failed::Told(away) };
    };
    let said = words(error);
    let told = match *code {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
            return Failed::Again(StoreError::Away(format!("too many wanted the same at once: {said}")));
        }
        SqlState::DISK_FULL => StoreError::Full,
        SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::Away(
            "the database takes no writes now: it is a standby, or `default_transaction_read_only` is on"
                .into(),
        ),
        SqlState::LOCK_NOT_AVAILABLE => StoreError::Away(format!("a lock was not free in time: {said}")),
        SqlState::QUERY_CANCELED => StoreError::Away(format!("the database took too long: {said}")),
        SqlState::UNDEFINED_TABLE
        | SqlState::UNDEFINED_COLUMN
        | SqlState::DATA_CORRUPTED
        | SqlState::INDEX_CORRUPTED => {
            StoreError::Unreadable(format!("{said}: is it the schema of this cofferdam, and whole?"))
        }
        _ if code.code().starts_with("22") || code.code().starts_with("23") => {
            return Failed::Values(StoreError::Away(said));
        }
        _ if is_fatal(error) => return Failed::Again(StoreError::Away(said)),
        _ => StoreError::Away(said),
    };
    Failed::Told(told)
}

/// An error's words without what may be secret.
pub(super) fn words(error: &Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => match error.source() {
            Some(cause) => cause.to_string(),
            None => error.to_string(),
        },
    }
}
