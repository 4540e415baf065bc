//! Which policy a replay judges by: a level, and what a document says over it.

use super::super::error::CliError;
use super::cannot;
use cofferdam_engine::{Level, Policy};
use serde_json::Value;
use std::path::Path;

/// The level's policy, and over it what the document says. The level of the command line stands over the
/// document's.
pub fn read(level: Option<Level>, path: Option<&Path>) -> Result<Policy, CliError> {
    let Some(path) = path else { return Ok(Policy::builtin(level.unwrap_or_default())) };
    let text = std::fs::read_to_string(path).map_err(|error| cannot("read", path, &error))?;
    let wrong = |what: &str| CliError::input(format!("{}: {}", path.display(), what.trim_end()));
    let over: Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))?
    } else {
        toml::from_str(&text).map_err(|error| wrong(&error.to_string()))?
    };
    let named = over.get("level").map(|level| serde_json::from_value::<Level>(level.clone()));
    let named = named.transpose().map_err(|error| wrong(&format!("`level`: {error}")))?;
    let level = level.or(named).unwrap_or_default();
    let mut whole =
        serde_json::to_value(Policy::builtin(level)).map_err(|error| wrong(&error.to_string()))?;
    lay_over(&mut whole, over);
    let mut policy: Policy = serde_json::from_value(whole).map_err(|error| wrong(&error.to_string()))?;
    policy.level = level;
    Ok(policy)
}

/// Tables are joined, everything else is replaced.
fn lay_over(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}
