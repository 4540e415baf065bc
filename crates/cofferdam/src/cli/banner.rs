//! What `dev` prints: where everything is, and the key.

use super::error::CliError;
use super::out::Out;
use super::server::Up;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

/// Prints it.
pub fn print(up: &Up<'_>, data: Option<&Path>, out: &Out) -> Result<(), CliError> {
    let given = up.app.settings.keys.test.as_ref().map(|key| key.expose_secret().to_owned());
    let made = up.started.made.as_ref().map(|made| made.test.secret.expose().to_owned());
    let key = given.or(made);
    let base = format!("http://{}", reached(up.api));
    let json = json!({
        "api": format!("{base}/v1"), "docs": format!("{base}/docs"), "outbox": format!("{base}/v1/outbox"),
        "test_key": key, "data": data,
    });
    out.data(&json, || {
        let data = match data {
            Some(path) => path.display().to_string(),
            None => "in memory (add --data ./cofferdam.db to keep it)".to_owned(),
        };
        let shown = key.as_deref().unwrap_or("the one of the first start (or set COFFERDAM_TEST_KEY)");
        let export = key.as_deref().unwrap_or("cfd_test_…");
        format!(
            "  API        {base}/v1\n  reference  {base}/docs\n  outbox     {base}/v1/outbox, or: cofferdam outbox\n  test key   {shown}\n  data       {data}\n  nothing leaves this machine: messages go to the outbox\n\n  next, in another terminal:\n    export COFFERDAM_URL={base} COFFERDAM_KEY={export}\n    cofferdam send +12125550199"
        )
    })
}

/// An address that a person can open: all addresses are reached at loopback too.
fn reached(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}
