//! How **this machine** runs: a settings file and the environment, read once, checked whole.
//!
//! How we *judge* (policies, profiles, lists, limits) is in the store and never here. One file a
//! section in `config/`; each section is a table of its keys, from which the reader takes defaults
//! and bounds and the reference page is written, so that the three cannot disagree. Nothing here
//! opens a socket or a store; `cli` reads the settings, `app` and everything below is handed them.

use error::{ConfigError, ConfigErrors};
use section::Section;
use source::Node;
use std::collections::BTreeMap;

pub mod error;
pub mod key;
pub mod keys;
pub mod limits;
pub mod listen;
pub mod log;
pub mod pattern;
pub mod provider;
pub mod reference;
pub mod retention;
pub mod secret_file;
pub mod section;
pub mod source;
pub mod store;
pub mod webhooks;

#[cfg(test)]
mod tests;

pub use keys::Keys;
pub use limits::Limits;
pub use listen::{AdminAddress, Listen};
pub use log::{Log, LogFormat};
pub use provider::{HttpSettings, ProviderKind, ProviderSettings};
pub use retention::Retention;
pub use secret_file::SecretsChoice;
pub use store::{SharedChoice, StoreChoice};
pub use webhooks::Webhooks;

/// How this machine runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Addresses, proxies, time-outs of connections.
    pub listen: Listen,
    /// Where state lives.
    pub store: StoreChoice,
    /// Where the installation's secret key comes from.
    pub secrets: SecretsChoice,
    /// Keys of the API that the first start sets.
    pub keys: Keys,
    /// Whom we send through.
    pub providers: Vec<ProviderSettings>,
    /// Names of providers, in the order in which they are tried. Never names one that is not there.
    pub routes: Vec<String>,
    /// Logs.
    pub log: Log,
    /// Sizes and times that protect this machine.
    pub limits: Limits,
    /// How long things are kept.
    pub retention: Retention,
    /// What webhooks may reach.
    pub webhooks: Webhooks,
}

/// The sections that hold plain keys, in the order of the reference. `provider.<name>` comes after them.
pub const SECTIONS: &[key::SectionKeys] = &[
    listen::SECTION,
    store::SECTION,
    secret_file::SECTION,
    keys::SECTION,
    log::SECTION,
    limits::SECTION,
    retention::SECTION,
    webhooks::SECTION,
];

impl Settings {
    /// Reads a settings file's text and the environment. `file` names it in errors; the text may be empty.
    pub fn read(
        file: &str,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let mut root = match source::parse(text) {
            Ok(root) => root,
            Err(error) => return Err(ConfigErrors::of(file, vec![error])),
        };
        source::overlay(&mut root, environment, &mut errors);
        let settings = Self::from_tree(&root, &mut errors);
        if errors.is_empty() { Ok(settings) } else { Err(ConfigErrors::of(file, errors)) }
    }

    /// What an empty file and an empty environment come to.
    pub fn defaults() -> Self {
        Self::from_tree(&Node::empty(), &mut Vec::new())
    }

    fn from_tree(root: &Node, errors: &mut Vec<ConfigError>) -> Self {
        let empty = BTreeMap::new();
        let top = root.table().unwrap_or(&empty);
        let known: Vec<&str> =
            SECTIONS.iter().map(|section| section.path).chain(["provider", "routes"]).collect();
        for (name, node) in top.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            errors.push(ConfigError::unknown("", name, &known, node.origin.clone()));
        }
        let providers = provider::read(top.get("provider"), errors);
        let routes = provider::routes(top.get("routes"), &providers, errors);
        let read = |keys: &'static key::SectionKeys| Section::of(top.get(keys.path), keys.path, keys.keys);
        let (mut listen, mut store) = (read(&listen::SECTION), read(&store::SECTION));
        let (mut secrets, mut keys) = (read(&secret_file::SECTION), read(&keys::SECTION));
        let (mut log, mut limits) = (read(&log::SECTION), read(&limits::SECTION));
        let (mut retention, mut webhooks) = (read(&retention::SECTION), read(&webhooks::SECTION));
        let settings = Self {
            listen: Listen::read(&mut listen),
            store: StoreChoice::read(&mut store),
            secrets: SecretsChoice::read(&mut secrets),
            keys: Keys::read(&mut keys),
            providers,
            routes,
            log: Log::read(&mut log),
            limits: Limits::read(&mut limits),
            retention: Retention::read(&mut retention),
            webhooks: Webhooks::read(&mut webhooks),
        };
        for section in [listen, store, secrets, keys, log, limits, retention, webhooks] {
            section.close(errors);
        }
        settings
    }

    /// A provider by its name.
    pub fn provider(&self, name: &str) -> Option<&ProviderSettings> {
        self.providers.iter().find(|provider| provider.name == name)
    }

    /// Providers that send messages out of the house.
    pub fn sends_for_real(&self) -> bool {
        self.providers.iter().any(|provider| !matches!(provider.kind, ProviderKind::Outbox))
    }
}
