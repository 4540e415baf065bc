//! `/openapi.json`: the API's document (OpenAPI 3.1), written from the table of the API: its addresses,
//! scopes and errors from the lines, its bodies and query strings from the very tables they are checked
//! against, its answers from the types they are written from.

mod schemas;

use super::auth::{self, Access};
use super::body::{BIG_MAX, SIZE_MAX};
use super::problem::Code;
use super::route::{BodySize, Method, Route};
use super::shape::{Kind, Shape};
use super::wire::{Answer, Call, JSON, ready};
use hyper::StatusCode;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Lines of the table.
pub const ROUTES: &[Route] =
    &[Route::get("/openapi.json", Access::Open, "This document", |call| ready(Ok(read(&call))))];

fn read(call: &Call) -> Answer {
    let body = call.api.document.get_or_init(|| text().into()).clone();
    Answer::of(StatusCode::OK, JSON, body)
}

/// Lines that are part of the contract: all but pages and metrics.
pub fn shown() -> impl Iterator<Item = &'static Route> {
    super::ROUTES
        .iter()
        .copied()
        .flatten()
        .filter(|route| !route.path.starts_with("/docs") && !route.operators)
}

/// The document.
pub fn text() -> String {
    serde_json::to_string_pretty(&document()).unwrap_or_default()
}

fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas = schemas::answers();
    for route in shown() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.text().to_ascii_lowercase(), operation(route));
        }
        if !route.body.fields.is_empty() {
            object(route.body, &mut schemas);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cofferdam",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Verifies phone numbers, and judges every message before it is paid for.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key, `cfd_live_…` or `cfd_test_…`. Live and test are two worlds. The scopes that a call needs stand in `x-scopes`; any one will do, and `admin` does for all.",
                },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": name(route),
        "summary": route.summary,
        "tags": [tag(route)],
        "parameters": parameters(route),
        "responses": responses(route),
    });
    let more = operation.as_object_mut();
    let Some(more) = more else { return operation };
    match route.access {
        Access::Open => {
            more.insert("security".to_owned(), json!([]));
        }
        Access::Any(scopes) => {
            let names: Vec<&str> = scopes.iter().map(|scope| auth::name(*scope)).collect();
            more.insert("security".to_owned(), json!([{ "key": names }]));
            more.insert("x-scopes".to_owned(), json!(names));
        }
    }
    if !route.body.fields.is_empty() {
        let schema = json!({ "$ref": format!("#/components/schemas/{}", route.body.name) });
        let required = route.body.fields.iter().any(|field| field.required);
        let mut content = json!({
            "application/json": { "schema": schema },
            "application/x-www-form-urlencoded": { "schema": schema },
        });
        if let (BodySize::BigLines, Some(content)) = (route.size, content.as_object_mut()) {
            content.remove("application/x-www-form-urlencoded");
            let line = json!({ "type": "string", "description": "One event a line." });
            content.insert("application/x-ndjson".to_owned(), json!({ "schema": line }));
        }
        let most = if route.size == BodySize::Small { SIZE_MAX } else { BIG_MAX };
        let about = format!("At most {most} bytes. Unknown fields are refused.");
        more.insert(
            "requestBody".to_owned(),
            json!({ "required": required, "description": about, "content": content }),
        );
    }
    operation
}

/// `POST /v1/verifications/{id}/check` as `post_verifications_id_check`.
fn name(route: &Route) -> String {
    let steps = route.path.split(['/', '.']).filter(|step| !step.is_empty() && *step != "v1");
    let steps: Vec<&str> = steps.map(|step| step.trim_matches(['{', '}'])).collect();
    format!("{}_{}", route.method.text().to_ascii_lowercase(), steps.join("_"))
}

fn tag(route: &Route) -> &'static str {
    let mut steps = route.path.split('/').filter(|step| !step.is_empty() && *step != "v1");
    steps.next().unwrap_or("other")
}

fn parameters(route: &Route) -> Value {
    let mut all = Vec::new();
    for step in route.path.split('/') {
        if let Some(name) = step.strip_prefix('{').and_then(|step| step.strip_suffix('}')) {
            all.push(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
        }
    }
    for field in route.query.fields {
        all.push(json!({
            "name": field.name,
            "in": "query",
            "required": field.required,
            "description": field.about,
            "schema": kind(&field.kind, &mut Map::new()),
        }));
    }
    if route.access != Access::Open {
        let about =
            "The tenant that an admin key acts in; `default` if it isn't said. Others may not send it.";
        all.push(json!({ "name": "Cofferdam-Tenant", "in": "header", "required": false, "description": about, "schema": { "type": "string" } }));
        if route.method == Method::Post {
            let about = "The same call with the same key gets the first answer again, for 24 hours.";
            let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
            all.push(json!({ "name": "Idempotency-Key", "in": "header", "required": false, "description": about, "schema": schema }));
        }
    }
    Value::Array(all)
}

/// What any call may be answered with, besides its own errors.
fn errors(route: &Route) -> Vec<Code> {
    let mut all = vec![Code::Malformed, Code::MethodNotAllowed, Code::Internal];
    if route.access != Access::Open {
        all.extend([
            Code::Unauthorized,
            Code::Forbidden,
            Code::NotAcceptable,
            Code::Overloaded,
            Code::StoreAway,
        ]);
    }
    if route.method != Method::Get {
        all.extend([Code::BodyTooLarge, Code::RequestTimeout]);
    }
    if !route.body.fields.is_empty() {
        all.extend([Code::UnsupportedMediaType, Code::Invalid]);
    }
    if !route.query.fields.is_empty() {
        all.push(Code::Invalid);
    }
    if route.path.contains('{') || route.access != Access::Open {
        all.push(Code::NotFound);
    }
    if route.method == Method::Post && route.access != Access::Open {
        all.extend([Code::IdempotencyInProgress, Code::IdempotencyMismatch]);
    }
    all.extend(route.errors);
    all.sort_unstable_by_key(|code| code.status());
    all.dedup();
    all
}

fn responses(route: &Route) -> Value {
    let mut all: Map<String, Value> = Map::new();
    let id = json!({ "Request-Id": { "description": "Stands in our log.", "schema": { "type": "string" } } });
    let about = if route.answers.about.is_empty() { "Done" } else { route.answers.about };
    let mut answer = json!({ "description": about, "headers": id });
    if let (Some(schema), Some(answer)) = (route.answers.schema, answer.as_object_mut()) {
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        answer.insert("content".to_owned(), json!({ JSON: { "schema": schema } }));
    }
    all.insert(route.answers.status.to_string(), answer);
    for code in errors(route) {
        let slot = all.entry(code.status().to_string()).or_insert_with(|| {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            json!({ "description": "", "headers": id, "content": { "application/problem+json": { "schema": schema } } })
        });
        if let Some(Value::String(about)) = slot.get_mut("description") {
            if !about.is_empty() {
                about.push_str("; ");
            }
            // Writing into a text cannot fail.
            let _ = write!(about, "`{code}`: {}", code.title());
        }
    }
    Value::Object(all)
}

/// The schema of a table, among the others.
fn object(shape: &Shape, schemas: &mut Map<String, Value>) {
    if schemas.contains_key(shape.name) {
        return;
    }
    schemas.insert(shape.name.to_owned(), Value::Null);
    let mut properties = Map::new();
    for field in shape.fields {
        let mut schema = kind(&field.kind, schemas);
        match schema.as_object_mut() {
            Some(schema) if !schema.contains_key("$ref") => {
                schema.insert("description".to_owned(), json!(field.about));
            }
            _ => schema = json!({ "allOf": [schema], "description": field.about }),
        }
        properties.insert(field.name.to_owned(), schema);
    }
    let required: Vec<&str> = shape.fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if let (false, Some(schema)) = (required.is_empty(), schema.as_object_mut()) {
        schema.insert("required".to_owned(), json!(required));
    }
    schemas.insert(shape.name.to_owned(), schema);
}

/// How a value looks, as a schema.
fn kind(kind: &Kind, schemas: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::Text(most) | Kind::Note(most) => json!({ "type": "string", "minLength": 1, "maxLength": most }),
        Kind::Int(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::OneOf(words) => json!({ "type": "string", "enum": words }),
        Kind::Country => json!({ "type": "string", "pattern": "^[A-Z]{2}$" }),
        Kind::Ip => json!({ "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] }),
        Kind::Time => json!({ "type": "string", "format": "date-time" }),
        Kind::Money => json!({ "$ref": "#/components/schemas/Money" }),
        Kind::Object(shape) => {
            object(shape, schemas);
            json!({ "$ref": format!("#/components/schemas/{}", shape.name) })
        }
        Kind::List(inner, most) => {
            json!({ "type": "array", "items": self::kind(inner, schemas), "maxItems": most })
        }
        Kind::Items(shape, most) => {
            object(shape, schemas);
            let items = json!({ "$ref": format!("#/components/schemas/{}", shape.name) });
            json!({ "type": "array", "items": items, "maxItems": most })
        }
        Kind::Pairs(most, longest) => json!({
            "type": "object",
            "maxProperties": most,
            "additionalProperties": { "type": "string", "maxLength": longest },
        }),
        Kind::Each(names, inner) => {
            let value = self::kind(inner, schemas);
            let properties: Map<String, Value> =
                names.iter().map(|name| ((*name).to_owned(), value.clone())).collect();
            json!({ "type": "object", "additionalProperties": false, "properties": properties })
        }
    }
}

/// How a value looks, in words.
pub fn kind_text(kind: &Kind) -> String {
    match kind {
        Kind::Text(most) | Kind::Note(most) => format!("text of at most {most}"),
        Kind::Int(least, most) => format!("integer, {least} to {most}"),
        Kind::Bool => "boolean".to_owned(),
        Kind::OneOf(words) => format!("`{}`", words.join("`, `")),
        Kind::Country => "country, such as `GB`".to_owned(),
        Kind::Ip => "IPv4 or IPv6 address".to_owned(),
        Kind::Time => "time, RFC 3339".to_owned(),
        Kind::Money => "money, `{amount, currency}`".to_owned(),
        Kind::Object(_) => "object".to_owned(),
        Kind::List(inner, most) => format!("list of at most {most}: {}", kind_text(inner)),
        Kind::Items(_, most) => format!("list of at most {most}"),
        Kind::Pairs(most, longest) => format!("at most {most} pairs of texts, {longest} characters each"),
        Kind::Each(names, inner) => format!("for each of `{}`: {}", names.join("`, `"), kind_text(inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_and_the_table_agree_and_every_reference_leads_somewhere() {
        let document = document();
        let mut written = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                written.insert((method.to_uppercase(), path.clone()));
            }
        }
        let table: BTreeSet<(String, String)> =
            shown().map(|route| (route.method.text().to_owned(), route.path.to_owned())).collect();
        assert_eq!(written, table);
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.get(name).is_some_and(Value::is_object), "no schema `{name}`");
        }
        let names: Vec<String> = shown().map(name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "operation ids are unique");
    }
}
