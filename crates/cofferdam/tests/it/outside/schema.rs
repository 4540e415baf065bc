//! The program's own description of its API (`/openapi.json`), read to make cases from it.

use super::api::Api;
use serde_json::{Map, Value, json};

/// One operation of the document.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `GET` and so on.
    pub method: String,
    /// The template: `/v1/verifications/{id}/check`.
    pub path: String,
    /// Scopes of which a key must have one; none where no key is asked for.
    pub scopes: Vec<String>,
    /// Schema of its JSON body, references resolved; null where it has none.
    pub body: Value,
    /// Names of its query parameters.
    pub query: Vec<String>,
}

/// All operations.
pub async fn operations(api: &Api) -> Vec<Operation> {
    let document = api.get("/openapi.json").await.want(200).json;
    assert!(document["openapi"].as_str().is_some_and(|v| v.starts_with("3.1")), "no OpenAPI 3.1 document");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().unwrap() {
            if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                continue;
            }
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let parameters = [&item["parameters"], &operation["parameters"]];
            let parameters = parameters.into_iter().filter_map(Value::as_array).flatten();
            let query = parameters
                .map(|parameter| resolve(&document, parameter, 0))
                .filter(|parameter| parameter["in"] == "query")
                .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
                .collect();
            found.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                scopes: scopes(operation),
                body: resolve(&document, schema, 0),
                query,
            });
        }
    }
    assert!(found.len() >= 30, "only {} operations in the document", found.len());
    found
}

/// The scopes of an operation, as the document states them.
fn scopes(operation: &Value) -> Vec<String> {
    let all = operation["x-scopes"].as_array().into_iter().flatten();
    all.filter_map(|scope| scope.as_str().map(str::to_owned)).collect()
}

/// A schema with its references put in place.
fn resolve(document: &Value, schema: &Value, depth: usize) -> Value {
    if depth > 8 {
        return Value::Null;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let at = document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} leads nowhere"));
        return resolve(document, at, depth + 1);
    }
    match schema {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), resolve(document, value, depth + 1)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(all) => all.iter().map(|value| resolve(document, value, depth + 1)).collect(),
        other => other.clone(),
    }
}

/// The one schema that is meant where null is allowed beside it.
fn plain(schema: &Value) -> &Value {
    if !schema["type"].is_null() {
        return schema;
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(all) = schema[several].as_array() {
            return all.iter().find(|one| one["type"] != "null").map_or(schema, plain);
        }
    }
    schema
}

/// Its type: `string`, `integer`, …
fn kind(schema: &Value) -> &str {
    match &plain(schema)["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("")
        }
        _ if plain(schema)["properties"].is_object() => "object",
        _ => "",
    }
}

/// Values that a schema of this type can't take.
fn wrong(kind: &str) -> Vec<Value> {
    match kind {
        "string" => vec![json!(7), json!(true), json!([]), json!({}), json!(["x"])],
        "integer" => vec![
            json!("x"),
            json!(true),
            json!([]),
            json!({}),
            json!(1.5),
            json!(-1),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
        ],
        "number" => vec![json!("x"), json!(true), json!([]), json!({})],
        "boolean" => vec![json!("true"), json!(1), json!([]), json!({})],
        "object" => vec![json!("x"), json!(1), json!(true), json!([1])],
        "array" => vec![json!("x"), json!(1), json!({ "a": 1 })],
        _ => Vec::new(),
    }
}

/// Every property with every value it can't take: where it stands (`client.ip`), and the body around it.
pub fn wrong_bodies(schema: &Value, good: &Value) -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    walk(schema, good, &mut Vec::new(), &mut cases);
    cases
}

fn walk(schema: &Value, good: &Value, place: &mut Vec<String>, cases: &mut Vec<(String, Value)>) {
    let Some(properties) = plain(schema)["properties"].as_object() else { return };
    for (name, property) in properties {
        place.push(name.clone());
        for value in wrong(kind(property)) {
            let mut body = good.clone();
            put(&mut body, place, value);
            cases.push((place.join("."), body));
        }
        if place.len() < 3 {
            walk(property, good, place, cases);
        }
        place.pop();
    }
    place.push("no_such_field".to_owned());
    let mut body = good.clone();
    put(&mut body, place, json!(1));
    // Objects with names of the caller's choosing take any name.
    if plain(schema)["additionalProperties"] == json!(false) || place.len() == 1 {
        cases.push((place.join("."), body));
    }
    place.pop();
}

fn put(body: &mut Value, place: &[String], value: Value) {
    let Some((last, before)) = place.split_last() else { return };
    let mut at = body;
    for name in before {
        if !at[name].is_object() {
            at[name] = json!({});
        }
        at = &mut at[name];
    }
    at[last] = value;
}
