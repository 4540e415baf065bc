//! The table of the API: what each address takes, from whom, and who answers.
//!
//! Document, access tests and the header `Allow` all follow from it. A resource states its own lines;
//! [`super::ROUTES`] gathers them.

use super::auth::Access;
use super::form;
use super::problem::{Code, Problem};
use super::shape::{NOTHING, Shape};
use super::wire::{Call, Result, Running};
use std::collections::HashMap;

/// Addresses are shorter than this.
const PATH_MAX: usize = 1_024;
/// Query strings are shorter than this.
const QUERY_MAX: usize = 4_096;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named as HTTP names them")]
pub enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    /// As written.
    pub fn text(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// How an answer looks, for the document.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    /// Its status.
    pub status: u16,
    /// Its schema; none without a body.
    pub schema: Option<&'static str>,
    /// In a few words.
    pub about: &'static str,
}

/// How a body may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodySize {
    /// 64 KiB.
    Small,
    /// 8 MiB.
    Big,
    /// 8 MiB, also line by line.
    BigLines,
}

/// One line of the table.
pub struct Route {
    /// What is done.
    pub method: Method,
    /// Its address; fields in braces.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What the body holds.
    pub body: &'static Shape,
    /// How large it may be.
    pub size: BodySize,
    /// What the query string holds.
    pub query: &'static Shape,
    /// What it answers when all is well.
    pub answers: Answers,
    /// What it may answer besides those of every call.
    pub errors: &'static [Code],
    /// Whether it goes on when its caller hangs up. Judging alone needs not to.
    pub outlives: bool,
    /// Whether it is answered where operators' calls are.
    pub operators: bool,
    /// Who answers.
    pub run: fn(Call) -> Running,
}

impl Route {
    const fn new(
        method: Method,
        path: &'static str,
        access: Access,
        summary: &'static str,
        run: fn(Call) -> Running,
    ) -> Self {
        let answers = Answers { status: 200, schema: None, about: "" };
        Self {
            method,
            path,
            access,
            summary,
            body: &NOTHING,
            size: BodySize::Small,
            query: &NOTHING,
            answers,
            errors: &[],
            outlives: !matches!(method, Method::Get),
            operators: false,
            run,
        }
    }

    /// A line for reading.
    pub const fn get(
        path: &'static str,
        access: Access,
        summary: &'static str,
        run: fn(Call) -> Running,
    ) -> Self {
        Self::new(Method::Get, path, access, summary, run)
    }

    /// A line for making, or doing.
    pub const fn post(
        path: &'static str,
        access: Access,
        summary: &'static str,
        run: fn(Call) -> Running,
    ) -> Self {
        Self::new(Method::Post, path, access, summary, run)
    }

    /// A line for changing.
    pub const fn patch(
        path: &'static str,
        access: Access,
        summary: &'static str,
        run: fn(Call) -> Running,
    ) -> Self {
        Self::new(Method::Patch, path, access, summary, run)
    }

    /// A line for ending.
    pub const fn delete(
        path: &'static str,
        access: Access,
        summary: &'static str,
        run: fn(Call) -> Running,
    ) -> Self {
        Self::new(Method::Delete, path, access, summary, run)
    }

    /// With a body.
    pub const fn body(mut self, shape: &'static Shape) -> Self {
        self.body = shape;
        self
    }

    /// With a body of another size.
    pub const fn size(mut self, size: BodySize) -> Self {
        self.size = size;
        self
    }

    /// With a query string.
    pub const fn query(mut self, shape: &'static Shape) -> Self {
        self.query = shape;
        self
    }

    /// With this answer.
    pub const fn answers(mut self, status: u16, schema: Option<&'static str>, about: &'static str) -> Self {
        self.answers = Answers { status, schema, about };
        self
    }

    /// With these errors besides those of every call.
    pub const fn errors(mut self, errors: &'static [Code]) -> Self {
        self.errors = errors;
        self
    }

    /// Ends when its caller hangs up.
    pub const fn light(mut self) -> Self {
        self.outlives = false;
        self
    }

    /// Answered where operators' calls are.
    pub const fn operators(mut self) -> Self {
        self.operators = true;
        self
    }
}

/// All methods of one address.
struct Place {
    template: &'static str,
    steps: Vec<&'static str>,
    routes: Vec<&'static Route>,
}

/// Finds the line of a call.
pub struct Router {
    /// By the last fixed step before the first field, so that only few are compared.
    by_head: HashMap<&'static str, Vec<Place>>,
}

/// What was found.
pub struct Found<'r> {
    /// The methods of the address.
    pub routes: &'r [&'static Route],
    /// Its template.
    pub template: &'static str,
    /// Values of its fields, decoded.
    pub params: Vec<String>,
}

/// The step that tells addresses apart: the second of `/v1/…`, the first of others.
fn head<'p>(steps: &[&'p str]) -> &'p str {
    match steps {
        ["v1", second, ..] => second,
        [first, ..] => first,
        [] => "",
    }
}

impl Router {
    /// Over a table.
    pub fn new(table: &[&'static [Route]]) -> Self {
        let mut by_head: HashMap<&'static str, Vec<Place>> = HashMap::new();
        for route in table.iter().copied().flatten() {
            let steps: Vec<&'static str> = route.path.split('/').skip(1).collect();
            let places = by_head.entry(head(&steps)).or_default();
            match places.iter_mut().find(|place| place.template == route.path) {
                Some(place) => place.routes.push(route),
                None => places.push(Place { template: route.path, steps, routes: vec![route] }),
            }
        }
        // Fixed steps before fields: `latest` is no identifier.
        for places in by_head.values_mut() {
            places.sort_by_key(|place| place.steps.iter().filter(|step| step.starts_with('{')).count());
        }
        Self { by_head }
    }

    /// The line of an address as sent.
    pub fn find(&self, path: &str) -> Result<Found<'_>> {
        let malformed = |why: &'static str| Problem::new(Code::Malformed, why);
        if path.len() > PATH_MAX {
            return Err(malformed("the address is too long"));
        }
        let mut steps: [&str; 8] = [""; 8];
        let mut count = 0;
        for step in path.strip_prefix('/').ok_or_else(|| malformed("an address begins with `/`"))?.split('/')
        {
            *steps.get_mut(count).ok_or_else(Problem::not_found)? = step;
            count += 1;
        }
        let steps = steps.get(..count).unwrap_or(&[]);
        if steps.iter().any(|step| tricky(step)) {
            return Err(malformed("the address has a broken or forbidden step"));
        }
        let places = self.by_head.get(head(steps)).ok_or_else(Problem::not_found)?;
        let place = places.iter().find(|place| place.fits(steps)).ok_or_else(Problem::not_found)?;
        let mut params = Vec::new();
        for (step, value) in place.steps.iter().zip(steps) {
            if step.starts_with('{') {
                let value = form::decoded(value.as_bytes(), false)
                    .ok_or_else(|| malformed("the address is not UTF-8 in percent-encoding"))?;
                if value.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')) {
                    return Err(malformed("the address has a broken or forbidden step"));
                }
                params.push(value);
            }
        }
        Ok(Found { routes: &place.routes, template: place.template, params })
    }
}

impl Place {
    fn fits(&self, steps: &[&str]) -> bool {
        let same = |(ours, theirs): (&&str, &&str)| {
            if ours.starts_with('{') { !theirs.is_empty() } else { ours == theirs }
        };
        self.steps.len() == steps.len() && self.steps.iter().zip(steps).all(same)
    }
}

/// Dot segments, encoded or not, and what no address of ours has.
fn tricky(step: &str) -> bool {
    if !step.bytes().any(|b| matches!(b, b'.' | b'%' | b'\\' | b';') || !b.is_ascii_graphic()) {
        return false;
    }
    let Some(decoded) = form::decoded(step.as_bytes(), false) else { return true };
    matches!(decoded.as_str(), "." | "..") || decoded.contains(['/', '\\', ';', '\0'])
}

/// Refuses a query string that is too long.
pub fn query_fits(query: Option<&str>) -> Result<()> {
    if query.is_some_and(|query| query.len() > QUERY_MAX) {
        return Err(Problem::new(Code::Malformed, "the query string is too long"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_find_their_line_and_tricks_find_none() {
        let router = Router::new(super::super::ROUTES);
        let found = router.find("/v1/verifications/ver_1/check").unwrap();
        assert_eq!(
            (found.template, found.params),
            ("/v1/verifications/{id}/check", vec!["ver_1".to_owned()])
        );
        assert_eq!(router.find("/v1/outbox/latest").unwrap().template, "/v1/outbox/latest");
        assert_eq!(router.find("/v1/numbers/%2B12125550100").unwrap().params, ["+12125550100"]);
        for path in [
            "/",
            "/v1",
            "/v1/",
            "/v2/verifications",
            "/v1/verifications/",
            "/v1/verifications//check",
            "//v1/verifications",
            "/V1/verifications",
        ] {
            assert_eq!(router.find(path).map(|f| f.template).unwrap_err().code(), Code::NotFound, "{path}");
        }
        for path in [
            "/v1/verifications/../keys",
            "/v1/verifications/%2e%2e/keys",
            "/v1/verifications/a%2fb",
            "/v1/verifications/a%00",
            "/v1/verifications/%",
            "/v1/verifications/%ff",
            "/v1/verifications/a\\b",
            "/v1/verifications/a;b",
            &format!("/v1/verifications/{}", "a".repeat(2_000)),
        ] {
            assert_eq!(router.find(path).map(|f| f.template).unwrap_err().code(), Code::Malformed, "{path}");
        }
    }

    #[test]
    fn no_line_stands_twice() {
        let mut seen = std::collections::HashSet::new();
        for route in super::super::ROUTES.iter().copied().flatten() {
            assert!(seen.insert((route.method, route.path)), "{} {}", route.method.text(), route.path);
        }
    }
}
