//! What is known of a number, and how it is known.

use super::plain::{Shown, Time, rounded};
use crate::verify::numbers::NumberKnown;
use cofferdam_atlas::{Category, Number};
use serde::Serialize;
use utoipa::ToSchema;

/// What is known of a number.
#[derive(Serialize, ToSchema)]
#[schema(as = Number)]
pub struct NumberView {
    #[schema(value_type = String)]
    e164: Shown<Number>,
    /// By region, not by calling code; none where a number belongs to no country.
    #[schema(value_type = Option<String>)]
    country: Option<&'static str>,
    #[schema(value_type = Option<String>)]
    country3: Option<&'static str>,
    #[schema(value_type = Option<String>)]
    country_name: Option<&'static str>,
    #[schema(value_type = String)]
    calling_code: Shown<u16>,
    /// As written within its country.
    national: String,
    /// `mobile`, `fixed`, `fixed_or_mobile`, `voip`, `personal`, `pager`, `uan`, `voicemail`, `isp` or `unknown`.
    #[schema(value_type = String)]
    kind: &'static str,
    /// `standard`, `premium`, `shared_cost` or `toll_free`.
    #[schema(value_type = String)]
    tariff: &'static str,
    /// Whom its run of numbers was allotted to, where that is known.
    network: Option<NetworkView>,
    /// Reserved for films, books and tests.
    fictional: bool,
    /// What is believed of it before anything was seen.
    risk: RiskView,
    /// Standing blocks that cover it.
    #[schema(value_type = Vec<Object>)]
    blocks: [(); 0],
    /// What was done with it here.
    history: HistoryView,
    /// Of which date the reference data is.
    #[schema(value_type = String)]
    edition: Shown<cofferdam_atlas::Edition>,
}

/// A network.
#[derive(Serialize, ToSchema)]
#[schema(as = Network)]
pub struct NetworkView {
    /// Mobile country code.
    #[schema(value_type = Option<String>)]
    mcc: Option<&'static str>,
    /// Mobile network code.
    #[schema(value_type = Option<String>)]
    mnc: Option<&'static str>,
    #[schema(value_type = String)]
    name: &'static str,
    /// `allocation`, `provider` or `lookup`.
    #[schema(value_type = String)]
    source: &'static str,
}

/// A prior.
#[derive(Serialize, ToSchema)]
#[schema(as = Risk)]
pub struct RiskView {
    /// From 0 to 1.
    score: f64,
    /// `low`, `medium` or `high`.
    #[schema(value_type = String)]
    category: &'static str,
    /// What speaks against it, the heaviest first.
    #[schema(value_type = Vec<String>)]
    why: Vec<&'static str>,
}

/// What was done with a number in this tenant's world.
#[derive(Serialize, ToSchema)]
#[schema(as = History)]
pub struct HistoryView {
    /// Of the last 200.
    verifications: u32,
    approved: u32,
    blocked: u32,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Time>,
    /// When a right code last came back from it.
    #[schema(value_type = Option<String>, format = DateTime)]
    proved_at: Option<Time>,
    /// `safe`, `deny` or none: the list it stands on.
    #[schema(value_type = Option<String>)]
    listed: Option<&'static str>,
}

impl NumberView {
    /// As written.
    pub fn of(known: &NumberKnown) -> Self {
        let to = &known.destination;
        let identity = &known.identity;
        Self {
            e164: Shown(to.number),
            country: to.country.map(cofferdam_atlas::Country::iso2),
            country3: to.country.map(cofferdam_atlas::Country::iso3),
            country_name: to.country.map(cofferdam_atlas::Country::name),
            calling_code: Shown(to.calling_code()),
            national: to.national(),
            kind: to.kind.as_str(),
            tariff: to.tariff.as_str(),
            network: to.network.map(|network| NetworkView {
                mcc: network.mcc(),
                mnc: network.mnc(),
                name: network.name(),
                source: network.source(),
            }),
            fictional: to.fictional,
            risk: RiskView {
                score: rounded(known.risk.score),
                category: category(known.risk.category),
                why: known.risk.why.clone(),
            },
            blocks: [],
            history: HistoryView {
                verifications: known.history.verifications,
                approved: known.history.approved,
                blocked: known.history.blocked,
                last_at: known.history.last_at_ms.map(Time),
                proved_at: known.history.proved_at_s.map(|s| Time(i64::from(s) * 1_000)),
                listed: identity.safe_wins().map(|safe| if safe { "safe" } else { "deny" }),
            },
            edition: Shown(cofferdam_atlas::edition()),
        }
    }
}

fn category(category: Category) -> &'static str {
    match category {
        Category::Low => "low",
        Category::Medium => "medium",
        Category::High => "high",
    }
}
