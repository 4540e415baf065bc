//! `[secrets]`: where the installation's secret key comes from.

use super::key::{Kind, SectionKeys, key};
use super::section::Section;
use super::store::StoreChoice;
use secrecy::SecretString;
use std::path::PathBuf;

/// Keys of the section.
pub const SECTION: SectionKeys = SectionKeys {
    path: "secrets",
    doc: "The installation's secret key: codes are derived from it, numbers and secrets are sealed under it. Without it a backup cannot be read.",
    keys: &[
        key(
            "key",
            Kind::Secret,
            "",
            "The key itself, for installations that keep secrets elsewhere: lines or comma-separated parts `<version>:<64 hexadecimal digits>`, as in the file.",
            "a file is simpler, and its mode can be checked",
        ),
        key(
            "key_file",
            Kind::Path,
            "",
            "The key's file, mode 0600, made at the first start. Where absent, `secrets.key` beside the store.",
            "beside the store it is found without a setting",
        ),
    ],
};

/// Where the secret key comes from.
#[derive(Debug, Clone)]
pub struct SecretsChoice {
    /// The key in the settings.
    pub key: Option<SecretString>,
    /// Its file.
    pub key_file: Option<PathBuf>,
}

impl SecretsChoice {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let choice = Self { key: section.secret("key"), key_file: section.path_of("key_file") };
        if choice.key.is_some() && choice.key_file.is_some() {
            section.refuse("key", "`secrets.key_file` is set too", "keep one of the two");
        }
        choice
    }

    /// The file of the key: as set, or beside the store. `None` where nothing is on a disk.
    pub fn file(&self, store: &StoreChoice) -> Option<PathBuf> {
        if self.key.is_some() {
            return None;
        }
        self.key_file.clone().or_else(|| Some(store.folder()?.join("secrets.key")))
    }
}
