//! The safe list and the deny list.

use super::{Caller, VerifyError};
use crate::app::App;
use crate::store::row::{Page, PageAsk};
use cofferdam_atlas::Country;
use cofferdam_engine::known::ListedKind;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ListName {
    Safe,
    Deny,
}

/// An entry to add.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// As people type it.
    pub value: String,
    /// Country of a national form.
    pub country: Option<Country>,
    /// When it ends by itself.
    pub expires_ms: Option<i64>,
    /// For people.
    pub note: Option<String>,
}

/// An entry as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the API names them")]
pub struct ListEntry {
    pub id: String,
    /// Normalised; `None` once erased.
    pub value: Option<String>,
    pub kind: ListedKind,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
    pub note: Option<String>,
}

/// Adds an entry; [`VerifyError::Duplicate`] if its normalised value stands already.
pub async fn add(
    _app: &App,
    _caller: &Caller,
    _list: ListName,
    _entry: &NewEntry,
) -> Result<ListEntry, VerifyError> {
    Err(VerifyError::NotFound)
}

/// Removes an entry.
pub async fn remove(_app: &App, _caller: &Caller, _list: ListName, _id: &str) -> Result<(), VerifyError> {
    Err(VerifyError::NotFound)
}

/// Entries, by identifier.
pub async fn list(
    _app: &App,
    _caller: &Caller,
    _list: ListName,
    _page: &PageAsk,
) -> Result<Page<ListEntry>, VerifyError> {
    Err(VerifyError::NotFound)
}
