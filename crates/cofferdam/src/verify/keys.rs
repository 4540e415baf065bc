//! Keys of the API: made, known again by a keyed hash, revoked at once.

use super::{Caller, KeyScope, VerifyError};
use crate::app::App;
use crate::store::row::{Page, PageAsk, World};

/// A key as it stands, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the API names them")]
pub struct KeyView {
    pub id: String,
    /// The tenant's identifier; `*` for an admin key.
    pub tenant: String,
    pub world: World,
    pub scopes: Vec<KeyScope>,
    pub name: Option<String>,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
}

/// A secret that is shown once. No `Debug`, no `Display`: whoever shows it says so.
pub struct Secret(String);

impl Secret {
    /// Shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A new key with its secret.
pub struct NewKey {
    /// The key.
    pub key: KeyView,
    /// Shown once.
    pub secret: Secret,
}

/// A key to make.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct KeyAsk {
    pub name: Option<String>,
    pub world: World,
    pub scopes: Vec<KeyScope>,
    pub expires_ms: Option<i64>,
}

/// Why a key was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Unknown, revoked, expired or malformed: alike.
    #[error("the key is not valid")]
    Unauthorized,
    /// Only an admin key may name a tenant.
    #[error("only an admin key may name a tenant")]
    NotAdmin,
    /// The tenant that an admin key names is not there.
    #[error("there is no such tenant")]
    NoTenant,
}

/// Who calls: by the key, and by the tenant (name or identifier) that an admin key names.
/// Answers from memory, in constant time for the hash.
pub fn caller(_app: &App, _key: &str, _tenant: Option<&str>, _request_id: &str) -> Result<Caller, AuthError> {
    Err(AuthError::Unauthorized)
}

/// Makes a key in the caller's tenant; the world may be the other one of the same tenant.
/// Only an admin may make an admin key.
pub async fn create(_app: &App, _caller: &Caller, _ask: &KeyAsk) -> Result<NewKey, VerifyError> {
    Err(VerifyError::NotFound)
}

/// Revokes at once.
pub async fn revoke(_app: &App, _caller: &Caller, _id: &str) -> Result<(), VerifyError> {
    Err(VerifyError::NotFound)
}

/// One of the caller's tenant.
pub fn get(_app: &App, _caller: &Caller, _id: &str) -> Result<KeyView, VerifyError> {
    Err(VerifyError::NotFound)
}

/// Those of the caller's tenant, of both worlds; an admin's show the installation's too.
pub fn list(_app: &App, _caller: &Caller, _page: &PageAsk) -> Page<KeyView> {
    Page { rows: Vec::new(), next: None }
}
