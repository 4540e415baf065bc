//! YAML as JSON values, with the merge keys (`<<`) that compose files use.

use super::text;
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value};

/// The one document of a file. Keys said twice are refused by the parser.
pub fn load(path: &str) -> Value {
    let text = text(path);
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(documents.len(), 1, "{path}: one document a file");
    value(&documents[0], path)
}

fn value(yaml: &Yaml<'_>, path: &str) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(bool)) => (*bool).into(),
        Yaml::Value(Scalar::Integer(integer)) => (*integer).into(),
        Yaml::Value(Scalar::FloatingPoint(float)) => float.into_inner().into(),
        Yaml::Value(Scalar::String(text)) => text.as_ref().into(),
        Yaml::Sequence(items) => items.iter().map(|item| value(item, path)).collect(),
        Yaml::Mapping(members) => {
            let mut all = Map::new();
            for (key, member) in members {
                let key = key.as_str().unwrap_or_else(|| panic!("{path}: {key:?} is no name"));
                match value(member, path) {
                    // What is said here wins over what is merged in, wherever it stands.
                    Value::Object(merged) if key == "<<" => {
                        for (name, value) in merged {
                            all.entry(name).or_insert(value);
                        }
                    }
                    own => drop(all.insert(key.to_owned(), own)),
                }
            }
            Value::Object(all)
        }
        other => panic!("{path}: {other:?}"),
    }
}

/// Texts of a list; none where there is no list.
pub fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|item| item.as_str().unwrap()).collect()
}

/// Names of a table's members; none where there is no table.
pub fn names(table: &Value) -> Vec<&str> {
    table.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

/// Seconds of `30s` and the like.
pub fn seconds(text: &Value) -> u64 {
    text.as_str().and_then(|text| text.strip_suffix('s')?.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}
