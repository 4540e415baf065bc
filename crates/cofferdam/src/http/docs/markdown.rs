//! The same tables as Markdown, for `docs/reference` in the repository. Called by `cofferdam reference`.

use super::reasons;
use crate::http::problem::Code;
use cofferdam_engine::signal::Code as Reason;
use std::fmt::Write as _;

const WRITTEN: &str = "Written by `cargo xtask docs`; the running program serves the same under `/docs`.";

/// `errors.md`.
pub fn errors() -> String {
    let mut page =
        format!("# Errors\n\n{WRITTEN}\n\n| code | status | | what to do |\n| --- | --- | --- | --- |\n");
    for code in Code::ALL {
        let _ =
            writeln!(page, "| `{}` | {} | {} | {} |", code.text(), code.status(), code.title(), code.about());
    }
    page
}

/// `reasons.md`.
pub fn reasons() -> String {
    let mut page =
        format!("# Reasons\n\n{WRITTEN}\n\n| code | what it means | what to do |\n| --- | --- | --- |\n");
    for code in Reason::ALL {
        let (means, mend) = reasons::about(code);
        let _ = writeln!(page, "| `{}` | {means} | {mend} |", code.text());
    }
    page
}

/// `endpoints.md`.
pub fn endpoints(table: &[(&'static str, &'static str, Vec<&'static str>)]) -> String {
    let mut page = format!(
        "# Endpoints\n\n{WRITTEN} The whole contract is `openapi.json` beside this page.\n\n| call | scopes, one of |\n| --- | --- |\n"
    );
    for (method, path, scopes) in table {
        let scopes = scopes.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(", ");
        let scopes = if scopes.is_empty() { "no key".to_owned() } else { scopes };
        let _ = writeln!(page, "| `{method} {path}` | {scopes} |");
    }
    page
}
