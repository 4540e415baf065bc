//! Talks to a running server, as any other client of the API would.

use super::error::CliError;
use reqwest::{Client, Method};
use serde_json::Value;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

/// Longer than the longest wait of the API (30 s for the outbox).
const TIMEOUT: Duration = Duration::from_secs(40);

/// How to find the server, and prove who we are.
#[derive(clap::Args)]
pub struct ServerArgs {
    /// Address of the running server
    #[arg(long, env = "COFFERDAM_URL", default_value = "http://127.0.0.1:8080", hide_env_values = true)]
    url: String,
    /// Key of the API
    #[arg(long, env = "COFFERDAM_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Tenant to act in, for admin keys
    #[arg(long, env = "COFFERDAM_TENANT")]
    tenant: Option<String>,
}

impl ServerArgs {
    /// A server at an address.
    pub fn at(url: &str, key: Option<&str>, tenant: Option<&str>) -> Self {
        Self { url: url.to_owned(), key: key.map(str::to_owned), tenant: tenant.map(str::to_owned) }
    }
}

/// One call; the answer's body.
pub fn call(
    server: &ServerArgs,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, CliError> {
    Line::open(server)?.call(method, path, body)
}

/// A line to a server, for whoever has many calls to make: connections are kept.
pub struct Line<'a> {
    server: &'a ServerArgs,
    base: &'a str,
    key: &'a str,
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl<'a> Line<'a> {
    /// Makes ready. Nothing is called yet.
    pub fn open(server: &'a ServerArgs) -> Result<Self, CliError> {
        let key = server.key.as_deref().filter(|key| !key.is_empty()).ok_or_else(|| {
            CliError::input("a key is needed")
                .mend("set COFFERDAM_KEY to the key that `cofferdam dev` printed, or give --key")
        })?;
        let base = server.url.trim_end_matches('/');
        let client = client(&address(base, "")?)?;
        Ok(Self { server, base, key, runtime: super::server::runtime()?, client })
    }

    /// One call; the answer's body.
    pub fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, CliError> {
        let (base, url) = (self.base, address(self.base, path)?);
        self.runtime.block_on(async {
            let mut request = self.client.request(method, url).bearer_auth(self.key);
            if let Some(tenant) = &self.server.tenant {
                request = request.header("Cofferdam-Tenant", tenant);
            }
            if let Some(body) = body {
                request = request.header("Content-Type", "application/json").body(body.to_string());
            }
            let answer = request.send().await.map_err(|error| unreachable(base, error))?;
            let status = answer.status().as_u16();
            let bytes = answer.bytes().await.map_err(|error| unreachable(base, error))?;
            let body = if bytes.is_empty() {
                Value::Null
            } else {
                serde_json::from_slice(&bytes).unwrap_or(Value::Null)
            };
            if status < 300 { Ok(body) } else { Err(problem(status, body)) }
        })
    }
}

fn address(base: &str, path: &str) -> Result<reqwest::Url, CliError> {
    reqwest::Url::parse(&format!("{base}{path}")).map_err(|_| {
        CliError::input(format!("`{base}` is not an address")).mend("write `http://127.0.0.1:8080`")
    })
}

fn client(url: &reqwest::Url) -> Result<Client, CliError> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut builder = Client::builder().timeout(TIMEOUT).connect_timeout(Duration::from_secs(5));
    let host = url.host_str().unwrap_or("");
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if loopback {
        // A proxy of the environment does not reach this machine's own server.
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| CliError::failed(error.to_string()))
}

fn unreachable(base: &str, error: reqwest::Error) -> CliError {
    let what = if error.is_connect() {
        format!("nobody answers at {base}")
    } else {
        format!("no answer from {base}: {}", error.without_url())
    };
    CliError::unreachable(what)
        .mend("is it running? start it with `cofferdam dev` or `cofferdam serve`, or set COFFERDAM_URL")
}

/// A problem in a sentence or two.
fn problem(status: u16, body: Value) -> CliError {
    let text = |pointer| super::out::text(&body, pointer);
    let detail = [text("/detail"), text("/title")].into_iter().find(|text| !text.is_empty());
    let mut what = detail.map_or_else(|| format!("the server answered HTTP {status}"), str::to_owned);
    if !text("/code").is_empty() {
        let _ = write!(what, " ({})", text("/code"));
    }
    for field in body.pointer("/errors").and_then(Value::as_array).into_iter().flatten() {
        let part = |name| field.get(name).and_then(Value::as_str).unwrap_or("");
        let _ = write!(what, "\n  {}: {}", part("field"), part("detail"));
    }
    let mut error = match status {
        400 | 405 | 413 | 415 | 422 => CliError::input(what),
        502..=504 => CliError::unreachable(what),
        _ => CliError::failed(what),
    };
    error.mend = match status {
        401 => {
            Some("is the key one of this server? `cofferdam dev` draws a new one at each start".to_owned())
        }
        403 => Some("take a key with that scope".to_owned()),
        _ => None,
    };
    error.problem = Some(body).filter(Value::is_object);
    error
}

/// A value as part of a path or query.
pub fn part(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}
