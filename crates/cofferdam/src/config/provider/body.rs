//! How a message is written, and how we prove who we are.

use super::super::key::{Kind, SectionKeys, key};
use super::super::pattern::{Pattern, Vars};
use super::super::section::Section;
use super::super::source::{Node, Value};
use super::{SLOTS_MEND, patterns, refuse_at};
use secrecy::SecretString;

/// Keys of `auth`.
pub const AUTH: SectionKeys = SectionKeys {
    path: "provider.<name>.auth",
    doc: "How we prove who we are. The values may hold `{vars.…}`.",
    keys: &[
        key(
            "kind",
            Kind::Choice(&["none", "basic", "bearer", "header"]),
            "none",
            "`basic` takes `user` and `password`, `bearer` a `token`, `header` a `name` and `value`.",
            "none",
        ),
        key("user", Kind::Secret, "", "For `basic`.", "none"),
        key("password", Kind::Secret, "", "For `basic`.", "none"),
        key("token", Kind::Secret, "", "For `bearer`.", "none"),
        key("name", Kind::Text, "", "For `header`: its name.", "none"),
        key("value", Kind::Secret, "", "For `header`: its value.", "none"),
    ],
};

/// Keys of `body`.
pub const BODY: SectionKeys = SectionKeys {
    path: "provider.<name>.body",
    doc: "The body: one of the two. Places are filled and encoded for the format. A field that is one place without a value is left out.",
    keys: &[
        key(
            "json",
            Kind::Table,
            "",
            "A JSON body, as a table: texts may hold places, everything else stands as it is.",
            "none",
        ),
        key("form", Kind::Table, "", "A form body: fields and texts with places.", "none"),
    ],
};

/// How we prove who we are.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named as the settings name them")]
pub enum Auth {
    None,
    Basic { user: SecretString, password: SecretString },
    Bearer(SecretString),
    Header { name: String, value: SecretString },
}

impl Auth {
    pub(super) fn read(section: &mut Section<'_>, vars: &Vars) -> Self {
        let path = format!("{}.auth", section.path());
        let mut auth = Section::of(section.node("auth"), &path, AUTH.keys);
        let part = |auth: &mut Section<'_>, name: &str| {
            let Some(text) = auth.text(name) else {
                auth.refuse(name, "this kind of `auth` needs it", format!("set `{path}.{name}`"));
                return SecretString::default();
            };
            Pattern::constant(&text, vars).unwrap_or_else(|what| {
                auth.refuse(name, what, "put the value into `vars`");
                SecretString::default()
            })
        };
        let read = match auth.choice("kind").as_str() {
            "basic" => Self::Basic { user: part(&mut auth, "user"), password: part(&mut auth, "password") },
            "bearer" => Self::Bearer(part(&mut auth, "token")),
            "header" => {
                let value = part(&mut auth, "value");
                let name = auth.text("name").unwrap_or_default();
                if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
                    auth.refuse("name", "this is not the name of a header", "write `x-api-key`");
                }
                Self::Header { name, value }
            }
            _ => Self::None,
        };
        auth.close(section.errors());
        read
    }
}

/// How a message is written.
#[derive(Debug, Clone)]
pub enum Body {
    /// As `api.md` has it.
    Plain,
    /// JSON of this shape.
    Json(Shape),
    /// A form of these fields.
    Form(Vec<(String, Pattern)>),
}

/// A JSON value with places.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named as JSON names them")]
pub enum Shape {
    Text(Pattern),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Shape>),
    Table(Vec<(String, Shape)>),
}

impl Body {
    pub(super) fn read(section: &mut Section<'_>, vars: &Vars) -> Self {
        let Some(node) = section.node("body") else { return Self::Plain };
        let path = format!("{}.body", section.path());
        let mut body = Section::of(Some(node), &path, BODY.keys);
        let read = match (body.node("json"), body.node("form")) {
            (Some(json), None) => Self::Json(shape(&mut body, "json", json, vars)),
            (None, Some(_)) => Self::Form(patterns(&mut body, "form", vars)),
            (None, None) => Self::Plain,
            (Some(_), Some(_)) => {
                body.refuse("form", "`json` is there too", "keep one of the two");
                Self::Plain
            }
        };
        body.close(section.errors());
        read
    }
}

fn shape(body: &mut Section<'_>, path: &str, node: &Node, vars: &Vars) -> Shape {
    match &node.value {
        Value::Text(text) => Shape::Text(Pattern::parse(text, vars).unwrap_or_else(|what| {
            refuse_at(body, path, &node.origin, &what, SLOTS_MEND);
            Pattern::default()
        })),
        Value::Integer(integer) => Shape::Integer(*integer),
        Value::Float(float) => Shape::Float(*float),
        Value::Bool(bool) => Shape::Bool(*bool),
        Value::List(items) => {
            let items = items.iter().enumerate();
            Shape::List(items.map(|(n, item)| shape(body, &format!("{path}.{n}"), item, vars)).collect())
        }
        Value::Table(table) => Shape::Table(
            table
                .iter()
                .map(|(name, item)| (name.clone(), shape(body, &format!("{path}.{name}"), item, vars)))
                .collect(),
        ),
        Value::Time => {
            refuse_at(body, path, &node.origin, "a moment is not taken", "put it in quotation marks");
            Shape::Bool(false)
        }
    }
}
