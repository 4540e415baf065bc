//! `[provider.<name>]`: whom we send through, and `routes`, in which order.
//!
//! The outbox needs nothing. A provider of kind `http` is described by a template: how a message is
//! written, what the answer means, how deliveries are reported. Here the template is only read and
//! checked; `provider/http` carries it out.

use super::error::{ConfigError, Origin};
use super::key::{Kind, SectionKeys, key};
use super::pattern::{Pattern, Vars};
use super::section::{Section, texts};
use super::source::{Node, Value};
use cofferdam_engine::Channel;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

pub mod answer;
pub mod body;
pub mod delivery;

pub use answer::{AnswerSettings, Meaning};
pub use body::{Auth, Body, Shape};
pub use delivery::{Algorithm, DeliverySettings, SignatureSettings, Told};

/// Keys of a provider.
pub const SECTION: SectionKeys = SectionKeys {
    path: "provider.<name>",
    doc: "Whom we send through. The name is of lower-case letters, digits and single underscores; it is part of the address for delivery callbacks.",
    keys: &[
        key(
            "kind",
            Kind::Choice(&["outbox", "http"]),
            "http",
            "`outbox` keeps messages in the store; `http` posts them as the template below says.",
            "a provider that is named is meant to send",
        ),
        key(
            "url",
            Kind::Url,
            "",
            "Where a message is posted. May hold `{vars.…}` and places of the message after the host. Private addresses are allowed: the operator chose them.",
            "only the operator can know it",
        ),
        key("method", Kind::Choice(&["POST", "PUT"]), "POST", "The method.", "what all known providers take"),
        key(
            "timeout_s",
            Kind::Integer { min: 1, max: 120 },
            "10",
            "How long handing over may take in all; after that it is not known whether the message left, and it is never sent again.",
            "guess",
        ),
        key(
            "connect_timeout_s",
            Kind::Integer { min: 1, max: 60 },
            "3",
            "How long connecting may take; after that the next route is tried.",
            "guess: three round trips and a lost packet",
        ),
        key("channels", Kind::List, "sms", "Which channels it carries.", "the one that every provider has"),
        key(
            "from",
            Kind::Text,
            "",
            "What stands in `{from}` where a verification names no `sender_id`.",
            "only the operator can know it",
        ),
        key(
            "proxy",
            Kind::Url,
            "",
            "A proxy for messages that leave. Proxies of the environment are not used.",
            "none: an attacker of the environment must not read codes",
        ),
        key(
            "vars",
            Kind::Table,
            "",
            "The operator's own values of the template, used as `{vars.name}`; secrets belong here, or into the environment.",
            "none",
        ),
        key("headers", Kind::Table, "", "Further headers.", "none"),
        key("auth", Kind::Table, "", "How we prove who we are; see `auth` below.", "none"),
        key(
            "body",
            Kind::Table,
            "",
            "The body; see `body` below. Without it: JSON `{to, from, body, ref, channel}`, and the header `Idempotency-Key`.",
            "the API's contract",
        ),
        key("answer", Kind::Table, "", "What the answer means; see `answer` below.", "the API's contract"),
        key(
            "delivery",
            Kind::Table,
            "",
            "How deliveries are reported; see `delivery` below.",
            "none: nothing is read from callbacks then",
        ),
    ],
};

/// The sections within a provider.
pub const PARTS: &[SectionKeys] =
    &[body::AUTH, body::BODY, answer::SECTION, delivery::SECTION, delivery::SIGNATURE];

/// Whom we send through.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// As the operator calls it.
    pub name: String,
    /// What it is.
    pub kind: ProviderKind,
}

/// What a provider is.
#[derive(Debug, Clone)]
pub enum ProviderKind {
    /// Keeps messages.
    Outbox,
    /// Posts them.
    Http(Box<HttpSettings>),
}

/// How messages are posted.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "each is a key, and its meaning stands in the table above")]
pub struct HttpSettings {
    pub url: Pattern,
    pub method: String,
    pub timeout: Duration,
    pub connect_timeout: Duration,
    pub channels: Vec<Channel>,
    pub from: Option<String>,
    pub proxy: Option<String>,
    pub headers: Vec<(String, Pattern)>,
    pub auth: Auth,
    pub body: Body,
    pub answer: AnswerSettings,
    pub delivery: Option<DeliverySettings>,
}

/// The name under which the outbox is always there.
pub const OUTBOX: &str = "outbox";

/// Reads all providers. The outbox is always among them.
pub(super) fn read(node: Option<&Node>, errors: &mut Vec<ConfigError>) -> Vec<ProviderSettings> {
    let mut providers = Vec::new();
    if let Some(node) = node.filter(|node| node.table().is_none()) {
        let what = format!("a table is expected, not {}", node.value.kind());
        errors.push(ConfigError::new(node.origin.clone(), "provider", what, "write `[provider.<name>]`"));
    }
    for (name, node) in node.and_then(Node::table).into_iter().flatten() {
        let path = format!("provider.{name}");
        if !good_name(name) {
            let mend = "take lower-case letters, digits and single underscores, at most 32";
            errors.push(ConfigError::new(node.origin.clone(), path, "this name cannot be used", mend));
            continue;
        }
        let mut section = Section::of(Some(node), &path, SECTION.keys);
        let kind = match (section.choice("kind").as_str(), name.as_str()) {
            ("http", OUTBOX) => {
                section.refuse("kind", "the name `outbox` belongs to the outbox", "take another name");
                ProviderKind::Outbox
            }
            ("http", _) => ProviderKind::Http(Box::new(HttpSettings::read(&mut section))),
            _ => ProviderKind::Outbox,
        };
        section.close(errors);
        providers.push(ProviderSettings { name: name.clone(), kind });
    }
    if !providers.iter().any(|provider| provider.name == OUTBOX) {
        providers.push(ProviderSettings { name: OUTBOX.to_owned(), kind: ProviderKind::Outbox });
    }
    providers
}

/// Reads `routes`: the order in which providers are tried. Where it is absent: by name, and the
/// outbox only if there is nothing else.
pub(super) fn routes(
    node: Option<&Node>,
    providers: &[ProviderSettings],
    errors: &mut Vec<ConfigError>,
) -> Vec<String> {
    let all = || {
        let real = providers.iter().filter(|provider| !matches!(provider.kind, ProviderKind::Outbox));
        let real: Vec<String> = real.map(|provider| provider.name.clone()).collect();
        if real.is_empty() { vec![OUTBOX.to_owned()] } else { real }
    };
    let Some(node) = node else { return all() };
    let mut refuse = |what: String, mend: &str| {
        errors.push(ConfigError::new(node.origin.clone(), "routes", what, mend));
    };
    let Some(names) = texts(node) else {
        refuse(
            "a list of names is expected".to_owned(),
            "write `routes = [\"main\", \"backup\"]` before the first section",
        );
        return all();
    };
    for (n, name) in names.iter().enumerate() {
        if !providers.iter().any(|provider| provider.name == *name) {
            refuse(
                format!("there is no provider `{name}`"),
                "add `[provider.<name>]`, or remove it from the routes",
            );
        } else if names.get(..n).is_some_and(|before| before.contains(name)) {
            refuse(format!("`{name}` stands twice"), "name each once: no message goes to one provider twice");
        }
    }
    if names.is_empty() { all() } else { names }
}

fn good_name(name: &str) -> bool {
    name.len() <= 32
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && !name.contains("__")
}

impl HttpSettings {
    fn read(section: &mut Section<'_>) -> Self {
        let vars = vars(section);
        let timeout = section.seconds("timeout_s");
        // Connecting must end before the whole does: only then is it certain that nothing left.
        let connect_timeout = section.seconds("connect_timeout_s").min(timeout.mul_f32(0.9));
        Self {
            url: url(section, &vars),
            method: section.choice("method"),
            timeout,
            connect_timeout,
            channels: channels(section),
            from: section.text("from"),
            proxy: section.url("proxy"),
            headers: patterns(section, "headers", &vars),
            auth: Auth::read(section, &vars),
            body: Body::read(section, &vars),
            answer: AnswerSettings::read(section),
            delivery: DeliverySettings::read(section, &vars),
        }
    }

    /// A provider without a template, for tests and for what is made without a file.
    pub fn plain(url: &str) -> Option<Self> {
        let text = format!("[provider.main]\nurl = \"{url}\"");
        let settings = super::Settings::read("plain", &text, []).ok()?;
        let kind = settings.providers.into_iter().find(|provider| provider.name == "main")?.kind;
        if let ProviderKind::Http(settings) = kind { Some(*settings) } else { None }
    }
}

/// The operator's own values.
fn vars(section: &mut Section<'_>) -> Vars {
    let mut vars = Vars::new();
    for (name, node) in members(section, "vars") {
        let text = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Integer(integer) => integer.to_string(),
            _ => {
                refuse_at(
                    section,
                    &format!("vars.{name}"),
                    &node.origin,
                    "text is expected",
                    "put it in quotation marks",
                );
                continue;
            }
        };
        vars.insert(name, SecretString::from(text));
    }
    vars
}

/// The places of a message may stand in the path and the query alone: never in the host.
fn url(section: &mut Section<'_>, vars: &Vars) -> Pattern {
    let Some(text) = section.text("url") else {
        section.refuse(
            "url",
            "a provider of kind `http` needs an address",
            "set `url`, or `kind = \"outbox\"`",
        );
        return Pattern::default();
    };
    let parsed = Pattern::parse(&text, vars).and_then(|pattern| {
        let lead = pattern.lead();
        let host = lead.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or(""));
        let whole = host.len() + lead.split_once("://").map_or(0, |(scheme, _)| scheme.len() + 3);
        // Either a slash follows the host before any place, or there is no place at all.
        if whole == lead.len() && lead.len() < text.len() {
            return Err("a place may stand only after the host and its `/`".to_owned());
        }
        let url = reqwest::Url::parse(lead).map_err(|_| "this is not an address".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only `http` and `https` are spoken".to_owned());
        }
        if url.has_host() && url.username().is_empty() && url.password().is_none() {
            Ok(pattern)
        } else {
            Err("a host is needed, and secrets belong into `auth`".to_owned())
        }
    });
    parsed.unwrap_or_else(|what| {
        section.refuse("url", what, "write `https://host/path`");
        Pattern::default()
    })
}

fn channels(section: &mut Section<'_>) -> Vec<Channel> {
    let mut channels = Vec::new();
    for name in section.list("channels") {
        match name.as_str() {
            "sms" => channels.push(Channel::Sms),
            "voice" => channels.push(Channel::Voice),
            "whatsapp" => channels.push(Channel::Whatsapp),
            "email" => channels.push(Channel::Email),
            _ => {
                section.refuse(
                    "channels",
                    format!("`{name}` is no channel"),
                    "take `sms`, `voice`, `whatsapp` or `email`",
                );
            }
        }
    }
    channels
}

/// The members of a table with names of the operator's.
fn members(section: &mut Section<'_>, name: &str) -> Vec<(String, Node)> {
    let Some(node) = section.node(name) else { return Vec::new() };
    let Some(table) = node.table() else {
        section.refuse(
            name,
            format!("a table is expected, not {}", node.value.kind()),
            "write `{ name = \"value\" }`",
        );
        return Vec::new();
    };
    table.iter().map(|(name, node)| (name.clone(), node.clone())).collect()
}

/// A table of texts with places.
fn patterns(section: &mut Section<'_>, name: &str, vars: &Vars) -> Vec<(String, Pattern)> {
    let mut patterns = Vec::new();
    for (field, node) in members(section, name) {
        let parsed = match &node.value {
            Value::Text(text) => Pattern::parse(text, vars),
            other => Err(format!("text is expected, not {}", other.kind())),
        };
        match parsed {
            Ok(pattern) => patterns.push((field, pattern)),
            Err(what) => refuse_at(section, &format!("{name}.{field}"), &node.origin, &what, SLOTS_MEND),
        }
    }
    patterns
}

/// How a wrong place is mended.
const SLOTS_MEND: &str = "see the places of docs/reference/settings.md";

fn refuse_at(section: &mut Section<'_>, name: &str, origin: &Origin, what: &str, mend: &str) {
    let path = format!("{}.{name}", section.path());
    section.errors().push(ConfigError::new(origin.clone(), path, what, mend));
}

/// A map of texts, as `answer.codes` and `delivery.statuses` are.
fn words(section: &mut Section<'_>, name: &str) -> BTreeMap<String, (String, Origin)> {
    let mut words = BTreeMap::new();
    for (field, node) in members(section, name) {
        match &node.value {
            Value::Text(text) => {
                words.insert(field, (text.clone(), node.origin));
            }
            other => {
                let what = format!("text is expected, not {}", other.kind());
                refuse_at(
                    section,
                    &format!("{name}.{field}"),
                    &node.origin,
                    &what,
                    "put it in quotation marks",
                );
            }
        }
    }
    words
}

/// A JSON pointer.
fn pointer(section: &mut Section<'_>, name: &str) -> Option<String> {
    let text = section.text(name)?;
    if !text.starts_with('/') {
        section.refuse(
            name,
            format!("`{text}` is not a JSON pointer"),
            "write `/data/id`; a form's field is `/Field`",
        );
        return None;
    }
    Some(text)
}
