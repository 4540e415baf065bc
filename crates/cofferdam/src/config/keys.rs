//! `[keys]`: keys of the API that the first start sets, so that a machine can be set up unattended.

use super::key::{Kind, SectionKeys, key};
use super::section::Section;
use secrecy::{ExposeSecret, SecretString};

/// Keys of the section.
pub const SECTION: SectionKeys = SectionKeys {
    path: "keys",
    doc: "Keys of the API that are set from outside. Better in the environment than in a file.",
    keys: &[
        key(
            "admin",
            Kind::Secret,
            "",
            "The first admin key, 32 or more visible characters. Also as `COFFERDAM_ADMIN_KEY`.",
            "none: without it tenants and keys are made on the command line of the machine",
        ),
        key(
            "test",
            Kind::Secret,
            "",
            "The test key of the tenant `default`, 8 or more visible characters. Also as `COFFERDAM_TEST_KEY`.",
            "none: the first start draws one",
        ),
    ],
};

/// Keys of the API that are set from outside.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Of the installation.
    pub admin: Option<SecretString>,
    /// Of the tenant `default`, test world.
    pub test: Option<SecretString>,
}

impl Keys {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self { admin: Self::of_length(section, "admin", 32), test: Self::of_length(section, "test", 8) }
    }

    fn of_length(section: &mut Section<'_>, name: &str, least: usize) -> Option<SecretString> {
        let key = section.secret(name)?;
        let text = key.expose_secret();
        if text.len() < least || text.len() > 256 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            section.refuse(
                name,
                "this key is not usable",
                format!("take {least} to 256 visible ASCII characters"),
            );
            return None;
        }
        Some(key)
    }
}
