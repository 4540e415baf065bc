//! Schemas of answers, derived from the types that write them.

use crate::http::view;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// All of them, by name.
pub fn answers() -> Map<String, Value> {
    let mut all = Map::new();
    add::<view::VerificationView<'_>>(&mut all);
    add::<view::Assessed<'_>>(&mut all);
    add::<view::AssessedDetail<'_>>(&mut all);
    add::<view::NumberView>(&mut all);
    add::<view::ProfileView<'_>>(&mut all);
    add::<view::EntryView<'_>>(&mut all);
    add::<view::BlockView<'_>>(&mut all);
    add::<view::KeyView<'_>>(&mut all);
    add::<view::MadeKeyView<'_>>(&mut all);
    add::<view::TenantView<'_>>(&mut all);
    add::<view::TenantMadeView<'_>>(&mut all);
    add::<view::AuditView<'_>>(&mut all);
    add::<view::OutboxView<'_>>(&mut all);
    add::<view::Money<'_>>(&mut all);
    add::<crate::http::events::EventResults>(&mut all);
    add::<crate::http::assessments::Labelled>(&mut all);
    add::<crate::http::status::Status>(&mut all);
    add::<crate::http::health::Alive>(&mut all);
    add::<crate::http::health::Ready>(&mut all);
    for item in
        ["Verification", "Profile", "ListEntry", "Block", "Key", "Tenant", "AuditEntry", "OutboxMessage"]
    {
        all.insert(format!("{item}List"), list(item));
    }
    all.insert("Problem".to_owned(), problem());
    all
}

fn add<T: ToSchema + PartialSchema>(all: &mut Map<String, Value>) {
    let mut within: Vec<(String, RefOr<Schema>)> = Vec::new();
    T::schemas(&mut within);
    within.push((T::name().into_owned(), T::schema()));
    for (name, schema) in within {
        all.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
}

fn list(item: &str) -> Value {
    json!({
        "type": "object",
        "required": ["data", "next_cursor"],
        "properties": {
            "data": { "type": "array", "items": { "$ref": format!("#/components/schemas/{item}") } },
            "next_cursor": { "type": ["string", "null"], "description": "Where the next page begins, if there is one." },
        },
    })
}

fn problem() -> Value {
    let codes: Vec<&str> = crate::http::problem::Code::ALL.iter().map(|code| code.text()).collect();
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": text("Address of a page that says what it means and what to do."),
            "title": text("In a few words."),
            "status": { "type": "integer" },
            "detail": text("What was wrong with this call."),
            "code": { "type": "string", "enum": codes },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "code", "detail"],
                    "properties": {
                        "field": text("Dotted path: `client.ip`."),
                        "code": text("Stable."),
                        "detail": text("For people."),
                    },
                },
            },
            "request_id": text("Stands in our log, and in the header `Request-Id`."),
            "attempt": text("Of `limited`: the attempt that was refused."),
            "assessment": text("Of `limited`: its assessment."),
            "limit": text("Of `limited`: which limit."),
            "verification": text("Of `pending`: the one in its way."),
            "existing": text("Of `duplicate`: what stands already."),
        },
    })
}
