//! `[webhooks]`: what webhooks may reach. Webhooks themselves come later; the key is read already, so
//! that a settings file that names it does not stop a start.

use super::key::{Kind, SectionKeys, key};
use super::section::Section;

/// Keys of the section.
pub const SECTION: SectionKeys = SectionKeys {
    path: "webhooks",
    doc: "What webhooks may reach. Webhooks are not there yet: nothing is sent whatever stands here.",
    keys: &[key(
        "allow_private",
        Kind::Bool,
        "false",
        "Whether a webhook may name a private address.",
        "a tenant must not reach into the operator's network",
    )],
};

/// What webhooks may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Webhooks {
    /// Private addresses too.
    pub allow_private: bool,
}

impl Webhooks {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self { allow_private: section.bool("allow_private") }
    }
}
