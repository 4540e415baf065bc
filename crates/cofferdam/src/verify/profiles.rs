//! Makes, changes and ends profiles.

use super::profile::{Profile, ProfileEdit};
use super::{Caller, VerifyError};
use crate::app::App;
use crate::store::row::{Page, PageAsk};

/// Makes a profile.
pub async fn create(_app: &App, _caller: &Caller, _edit: &ProfileEdit) -> Result<Profile, VerifyError> {
    Err(VerifyError::NotFound)
}

/// Changes one, by name or identifier.
pub async fn update(
    _app: &App,
    _caller: &Caller,
    _id: &str,
    _edit: &ProfileEdit,
) -> Result<Profile, VerifyError> {
    Err(VerifyError::NotFound)
}

/// Ends one. The profile `default` can't be ended ([`VerifyError::State`]).
pub async fn delete(_app: &App, _caller: &Caller, _id: &str) -> Result<(), VerifyError> {
    Err(VerifyError::NotFound)
}

/// One, by name or identifier.
pub fn get(_app: &App, _caller: &Caller, _id: &str) -> Result<Profile, VerifyError> {
    Err(VerifyError::NotFound)
}

/// All, by identifier.
pub fn list(_app: &App, _caller: &Caller, _page: &PageAsk) -> Page<Profile> {
    Page { rows: Vec::new(), next: None }
}
