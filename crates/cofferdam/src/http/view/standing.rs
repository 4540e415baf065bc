//! Standing things: profiles, list entries, keys, tenants, the audit.

use super::plain::{self, Time};
use crate::http::auth;
use crate::store::row::{AuditEntry, Restart, World};
use crate::verify::keys::{KeyView as Key, NewKey};
use crate::verify::lists::ListEntry;
use crate::verify::profile::Profile;
use crate::verify::tenants::{NewTenant, TenantView as Tenant};
use cofferdam_engine::known::ListedKind;
use cofferdam_engine::limit::{Limit, LimitScope};
use cofferdam_engine::policy::Destinations;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A profile.
#[derive(Serialize, ToSchema)]
#[schema(as = Profile)]
pub struct ProfileView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    #[schema(value_type = String)]
    name: &'a str,
    #[schema(value_type = String)]
    channel: &'static str,
    code_length: u8,
    lifetime_s: u32,
    checks: u32,
    resend_after_s: u32,
    send_wait_s: u32,
    /// Countries by channel; `*` is all, as is a channel that is not named.
    #[schema(value_type = std::collections::HashMap<String, Vec<String>>)]
    destinations: BTreeMap<&'static str, Vec<&'static str>>,
    #[schema(value_type = Option<String>)]
    locked_country: Option<&'static str>,
    #[schema(value_type = String)]
    level: &'static str,
    #[schema(value_type = String)]
    mode: &'static str,
    /// Whether evidence is looked up, counted and weighed.
    evidence: bool,
    #[schema(value_type = String)]
    restart: &'static str,
    /// By scope; an empty list is no limit.
    #[schema(value_type = std::collections::HashMap<String, Vec<LimitView>>)]
    limits: BTreeMap<&'static str, Vec<LimitView>>,
    own_codes: bool,
    #[schema(value_type = Option<String>)]
    template: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    app_hash: Option<&'a str>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

/// `max` in any `window_s`.
#[derive(Serialize, ToSchema)]
#[schema(as = Limit)]
pub struct LimitView {
    max: u32,
    window_s: u32,
}

impl<'a> ProfileView<'a> {
    /// As written.
    pub fn of(p: &'a Profile) -> Self {
        let limit = |l: &Limit| LimitView { max: l.max, window_s: l.window_s };
        Self {
            id: &p.id,
            name: &p.name,
            channel: plain::channel(p.channel),
            code_length: p.code_length,
            lifetime_s: p.lifetime_s,
            checks: p.checks,
            resend_after_s: p.resend_after_s,
            send_wait_s: p.send_wait_s,
            destinations: p.destinations.iter().map(|(c, d)| (plain::channel(*c), countries(d))).collect(),
            locked_country: p.locked_country.map(cofferdam_atlas::Country::iso2),
            level: plain::level(p.level),
            mode: plain::mode(p.mode),
            evidence: p.evidence,
            restart: restart(p.restart),
            limits: LimitScope::ALL
                .into_iter()
                .map(|scope| (scope.name(), p.limits.of(scope).iter().map(limit).collect()))
                .collect(),
            own_codes: p.own_codes,
            template: p.template.as_deref(),
            app_hash: p.app_hash.as_deref(),
            created_at: Time(p.created_ms),
        }
    }
}

fn countries(destinations: &Destinations) -> Vec<&'static str> {
    match destinations {
        Destinations::All => vec!["*"],
        Destinations::Only(countries) => countries.iter().map(|country| country.iso2()).collect(),
    }
}

fn restart(restart: Restart) -> &'static str {
    match restart {
        Restart::New => "new",
        Restart::Resend => "resend",
        Restart::Conflict => "conflict",
        Restart::Supersede => "supersede",
    }
}

/// An entry of the safe list or the deny list.
#[derive(Serialize, ToSchema)]
#[schema(as = ListEntry)]
pub struct EntryView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    /// In its normal form; none once it was erased.
    #[schema(value_type = Option<String>)]
    value: Option<&'a str>,
    /// `number`, `prefix`, `address`, `cidr` or `email_domain`.
    #[schema(value_type = String)]
    kind: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    #[schema(value_type = Option<String>)]
    note: Option<&'a str>,
}

impl<'a> EntryView<'a> {
    /// As written.
    pub fn of(entry: &'a ListEntry) -> Self {
        let kind = match entry.kind {
            ListedKind::Number => "number",
            ListedKind::Prefix => "prefix",
            ListedKind::Address => "address",
            ListedKind::Cidr => "cidr",
            ListedKind::EmailDomain => "email_domain",
        };
        Self {
            id: &entry.id,
            value: entry.value.as_deref(),
            kind,
            created_at: Time(entry.created_ms),
            expires_at: entry.expires_ms.map(Time),
            note: entry.note.as_deref(),
        }
    }
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    /// The tenant's identifier; `*` for an admin key.
    #[schema(value_type = String)]
    tenant: &'a str,
    /// `live` or `test`.
    #[schema(value_type = String)]
    world: &'static str,
    #[schema(value_type = Vec<String>)]
    scopes: Vec<&'static str>,
    #[schema(value_type = Option<String>)]
    name: Option<&'a str>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
}

impl<'a> KeyView<'a> {
    /// As written.
    pub fn of(key: &'a Key) -> Self {
        Self {
            id: &key.id,
            tenant: &key.tenant,
            world: match key.world {
                World::Live => "live",
                World::Test => "test",
            },
            scopes: key.scopes.iter().map(|scope| auth::name(*scope)).collect(),
            name: key.name.as_deref(),
            created_at: Time(key.created_ms),
            expires_at: key.expires_ms.map(Time),
        }
    }
}

/// A new key: its secret is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeKey)]
pub struct MadeKeyView<'a> {
    #[serde(flatten)]
    key: KeyView<'a>,
    /// What callers send. Shown once; none when the answer is a repetition.
    #[schema(value_type = Option<String>)]
    secret: Option<&'a str>,
}

impl<'a> MadeKeyView<'a> {
    /// As shown once; or as kept, without the secret.
    pub fn of(made: &'a NewKey, shown: bool) -> Self {
        Self { key: KeyView::of(&made.key), secret: shown.then(|| made.secret.expose()) }
    }
}

/// A tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub struct TenantView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    #[schema(value_type = String)]
    name: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

impl<'a> TenantView<'a> {
    /// As written.
    pub fn of(tenant: &'a Tenant) -> Self {
        Self { id: &tenant.id, name: &tenant.name, created_at: Time(tenant.created_ms) }
    }
}

/// A new tenant with the secrets of its three keys, shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeTenant)]
pub struct TenantMadeView<'a> {
    #[serde(flatten)]
    tenant: TenantView<'a>,
    keys: TenantKeysView<'a>,
}

/// The secrets of a new tenant's keys; none when the answer is a repetition.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantKeys)]
pub struct TenantKeysView<'a> {
    /// Live world: `verify`, `assess`, `read`.
    #[schema(value_type = Option<String>)]
    live: Option<&'a str>,
    /// Live world: `read`, `manage`.
    #[schema(value_type = Option<String>)]
    manage: Option<&'a str>,
    /// Test world: all but `admin`.
    #[schema(value_type = Option<String>)]
    test: Option<&'a str>,
}

impl<'a> TenantMadeView<'a> {
    /// As shown once; or as kept, without the secrets.
    pub fn of(made: &'a NewTenant, shown: bool) -> Self {
        let secret = |key: &'a NewKey| shown.then(|| key.secret.expose());
        let keys = TenantKeysView {
            live: secret(&made.live),
            manage: secret(&made.manage),
            test: secret(&made.test),
        };
        Self { tenant: TenantView::of(&made.tenant), keys }
    }
}

/// What was changed, by whom and when.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// The key that did it, or `cli`.
    #[schema(value_type = String)]
    actor: &'a str,
    #[schema(value_type = Option<String>)]
    request_id: Option<&'a str>,
    /// `list.safe.add`, `key.revoke` …
    #[schema(value_type = String)]
    action: &'a str,
    /// What was changed.
    #[schema(value_type = String)]
    subject: &'a str,
    /// More, without secrets and numbers.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

impl<'a> AuditView<'a> {
    /// As written.
    pub fn of(entry: &'a AuditEntry) -> Self {
        Self {
            id: &entry.id,
            at: Time(entry.at_ms),
            actor: &entry.actor,
            request_id: entry.request_id.as_deref(),
            action: &entry.action,
            subject: &entry.subject,
            detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
        }
    }
}
