//! Tenants: made with their three keys; the first start makes `default`.

use super::keys::NewKey;
use super::{Caller, VerifyError};
use crate::app::App;
use crate::store::row::{Page, PageAsk};

/// A tenant as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the API names them")]
pub struct TenantView {
    pub id: String,
    pub name: String,
    pub created_ms: i64,
}

/// A new tenant with its keys, shown once.
#[allow(missing_docs, reason = "named as the API names them")]
pub struct NewTenant {
    pub tenant: TenantView,
    pub live: NewKey,
    pub manage: NewKey,
    pub test: NewKey,
}

/// Makes a tenant; needs an admin key.
pub async fn create(_app: &App, _caller: &Caller, _name: &str) -> Result<NewTenant, VerifyError> {
    Err(VerifyError::NotFound)
}

/// All, by identifier.
pub fn list(_app: &App, _caller: &Caller, _page: &PageAsk) -> Page<TenantView> {
    Page { rows: Vec::new(), next: None }
}

/// What a start of the program finds or makes.
#[derive(Default)]
pub struct FirstStart {
    /// The keys of the tenant `default`, if this start made it.
    pub made: Option<NewTenant>,
}

/// Reads the standing facts and makes what must be there: the tenant `default`, and the keys that the
/// settings give (`COFFERDAM_ADMIN_KEY`, `COFFERDAM_TEST_KEY`). Called once, before anything is served.
pub async fn first_start(
    _app: &App,
    _admin_key: Option<&str>,
    _test_key: Option<&str>,
) -> Result<FirstStart, VerifyError> {
    Err(VerifyError::NotFound)
}
