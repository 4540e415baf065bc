//! Standing facts, cached by version: keys, tenants, profiles, lists, the policy.

use crate::store::{Records, StoreError};

/// Standing facts.
#[derive(Default)]
pub struct Standing {}

impl Standing {
    /// Nothing known yet: [`Standing::refresh`] before use.
    pub fn new() -> Self {
        Self {}
    }

    /// Takes in what changed since.
    pub async fn refresh(&self, _records: &dyn Records) -> Result<(), StoreError> {
        Ok(())
    }
}
