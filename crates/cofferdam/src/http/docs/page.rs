//! The pages' text, from the table of the API, the codes of errors and those of reasons.

use crate::http::ROUTES;
use crate::http::auth::{self, Access};
use crate::http::openapi::kind_text;
use crate::http::problem::Code;
use crate::http::route::{BodySize, Route};
use crate::http::shape::{Kind, Shape};
use cofferdam_engine::signal::Code as Reason;
use std::fmt::{self, Write as _};

/// How pages look: by day and by night, on a telephone and printed.
pub const STYLE: &str = include_str!("style.css");

/// A text with what HTML would read as its own made harmless.
struct Safe<'a>(&'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut code = false;
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '`' => {
                    f.write_str(if code { "</code>" } else { "<code>" })?;
                    code = !code;
                }
                other => f.write_char(other)?,
            }
        }
        if code { f.write_str("</code>") } else { Ok(()) }
    }
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{} – Cofferdam</title>\n\
         <link rel=\"stylesheet\" href=\"/docs/style.css\">\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
         <header><a href=\"/docs\">Cofferdam API</a> <a href=\"/docs#errors\">Errors</a> <a href=\"/docs#reasons\">Reasons</a> <a href=\"/openapi.json\">OpenAPI document</a></header>\n\
         <main id=\"main\">\n{body}\n</main>\n</body>\n</html>\n",
        Safe(title)
    )
}

/// The reference.
pub fn index() -> String {
    let mut out = String::with_capacity(128 * 1_024);
    // Writing into a text cannot fail.
    let _ = write_index(&mut out);
    frame("Reference", &out)
}

fn write_index(out: &mut String) -> fmt::Result {
    out.push_str(INTRODUCTION);
    writeln!(out, "<nav aria-label=\"Calls\"><h2 id=\"calls\">Calls</h2><ul class=\"calls\">")?;
    for route in shown() {
        let method = route.method.text();
        writeln!(
            out,
            "<li><a href=\"#{}\"><b class=\"{method}\">{method}</b> <code>{}</code></a> {}</li>",
            anchor(route),
            route.path,
            Safe(route.summary)
        )?;
    }
    out.push_str("</ul></nav>\n");
    for route in shown() {
        call(out, route)?;
    }
    writeln!(
        out,
        "<h2 id=\"errors\">Errors</h2><table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th></tr></thead><tbody>"
    )?;
    for code in Code::ALL {
        writeln!(
            out,
            "<tr><td><a href=\"/docs/errors/{code}\"><code>{code}</code></a></td><td>{}</td><td>{}</td></tr>",
            code.status(),
            Safe(code.title())
        )?;
    }
    writeln!(out, "</tbody></table><h2 id=\"reasons\">Reasons</h2><ul>")?;
    for reason in Reason::ALL {
        writeln!(out, "<li><a href=\"/docs/reasons/{reason}\"><code>{reason}</code></a></li>")?;
    }
    writeln!(out, "</ul>")
}

const INTRODUCTION: &str = "<h1>API reference</h1>\n\
<p>JSON in and out; bodies may also be form-encoded. Send <code>Authorization: Bearer &lt;key&gt;</code>. Every <code>POST</code> takes an <code>Idempotency-Key</code>: the same call again gets the first answer again, for 24 hours. Errors are <code>application/problem+json</code> with a stable <code>code</code>, the fields at fault, and the <code>request_id</code> that stands in our log. Ignore fields that you do not know: more may come.</p>\n";

fn shown() -> impl Iterator<Item = &'static Route> {
    crate::http::openapi::shown()
}

fn anchor(route: &Route) -> String {
    let path: String = route.path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{}{path}", route.method.text().to_ascii_lowercase())
}

fn call(out: &mut String, route: &Route) -> fmt::Result {
    let method = route.method.text();
    writeln!(
        out,
        "<section><h3 id=\"{}\"><b class=\"{method}\">{method}</b> <code>{}</code></h3><p>{}.</p>",
        anchor(route),
        route.path,
        Safe(route.summary)
    )?;
    match route.access {
        Access::Open => writeln!(out, "<p class=\"note\">No key.</p>")?,
        Access::Any(scopes) => {
            let names: Vec<&str> = scopes.iter().map(|scope| auth::name(*scope)).collect();
            writeln!(out, "<p class=\"note\">Scope: {}.</p>", names.join(" or "))?;
        }
    }
    fields(out, "Query string", route.query)?;
    fields(out, "Body", route.body)?;
    if route.size != BodySize::Small {
        writeln!(out, "<p class=\"note\">The body may have 8 MiB.</p>")?;
    }
    writeln!(out, "<p>Answers <b>{}</b>", route.answers.status)?;
    if let Some(schema) = route.answers.schema {
        write!(out, " <code>{schema}</code>")?;
    }
    if !route.answers.about.is_empty() {
        write!(out, ": {}", Safe(route.answers.about))?;
    }
    out.push_str(".</p>");
    if !route.errors.is_empty() {
        out.push_str("<p>Errors:");
        for code in route.errors {
            write!(out, " <a href=\"/docs/errors/{code}\">{code}</a>")?;
        }
        out.push_str("</p>");
    }
    writeln!(out, "</section>")
}

fn fields(out: &mut String, title: &str, shape: &Shape) -> fmt::Result {
    if shape.fields.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<div class=\"wide\"><table><caption>{title}</caption><thead><tr><th>Field</th><th>Type</th><th></th></tr></thead><tbody>"
    )?;
    rows(out, "", shape)?;
    writeln!(out, "</tbody></table></div>")
}

fn rows(out: &mut String, within: &str, shape: &Shape) -> fmt::Result {
    for field in shape.fields {
        let need = if field.required { ", required" } else { "" };
        let name = format!("{within}{}", field.name);
        writeln!(
            out,
            "<tr><td><code>{name}</code></td><td>{}{need}</td><td>{}</td></tr>",
            Safe(&kind_text(&field.kind)),
            Safe(field.about)
        )?;
        match field.kind {
            Kind::Object(inner) | Kind::Items(inner, _) => rows(out, &format!("{name}."), inner)?,
            Kind::List(Kind::Object(inner), _) => rows(out, &format!("{name}."), inner)?,
            _ => {}
        }
    }
    Ok(())
}

/// The page of an error.
pub fn error(code: Code) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        "<h1>{}</h1><p class=\"note\"><code>{code}</code>, status {}</p><p>{}</p>",
        Safe(code.title()),
        code.status(),
        Safe(code.about())
    );
    let users: Vec<&Route> =
        ROUTES.iter().copied().flatten().filter(|route| route.errors.contains(&code)).collect();
    if !users.is_empty() {
        out.push_str("<h2>Answered by</h2><ul>");
        for route in users {
            let _ = write!(
                out,
                "<li><a href=\"/docs#{}\"><code>{} {}</code></a></li>",
                anchor(route),
                route.method.text(),
                route.path
            );
        }
        out.push_str("</ul>");
    }
    frame(code.text(), &out)
}

/// The page of a reason.
pub fn reason(code: Reason) -> String {
    let (what, todo) = super::reasons::about(code);
    let certain = if code.refuses() {
        "It refuses by itself, whatever the score, in shadow mode too."
    } else {
        "It is weighed with the others: its points stand beside it."
    };
    let body = format!(
        "<h1><code>{code}</code></h1><p>{}</p><p>{certain}</p><h2>What to do</h2><p>{}</p><p class=\"note\">The figures behind it stand in <code>evidence</code>; <code>GET /v1/assessments/{{id}}</code> shows how all reasons add up.</p>",
        Safe(what),
        Safe(todo)
    );
    frame(code.text(), &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_and_every_call_stands_in_the_reference() {
        let index = index();
        for route in shown() {
            assert!(index.contains(&format!("id=\"{}\"", anchor(route))), "{}", route.path);
        }
        for code in Code::ALL {
            assert!(index.contains(&format!("/docs/errors/{code}")) && error(*code).contains(code.title()));
            assert!(code.about().len() > 30);
        }
        for code in Reason::ALL {
            assert!(index.contains(&format!("/docs/reasons/{code}")) && reason(code).contains("What to do"));
        }
    }

    #[test]
    fn pages_have_no_script_and_no_address_of_others() {
        for page in [index(), error(Code::Invalid), reason(Reason::Blind)] {
            assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
            assert!(!page.contains("style=\""));
        }
        assert_eq!(Safe("a<b>&\"`c`").to_string(), "a&lt;b&gt;&amp;&quot;<code>c</code>");
    }
}
