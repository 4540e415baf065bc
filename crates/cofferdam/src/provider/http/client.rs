//! The connection pool of one provider: TLS by rustls with ring, keep-alive, no redirects, no retries.

use crate::config::HttpSettings;
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy};
use std::borrow::Cow;
use std::time::Duration;

/// An idle connection is kept so long. Below what load balancers grant (60 s and more), because a
/// message that is written to a connection that the other side just closed is one of unknown outcome.
const IDLE: Duration = Duration::from_secs(20);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("the provider's client cannot be made: {0}")]
pub struct ClientError(String);

/// A client of its own for each provider, so that one that hangs holds up nobody else.
pub fn client(settings: &HttpSettings) -> Result<Client, ClientError> {
    // The first call decides for the process; a later one changes nothing, and that is fine.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut builder = Client::builder()
        .user_agent(concat!("cofferdam/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.timeout)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .referer(false)
        .no_proxy();
    if let Some(proxy) = &settings.proxy {
        builder = builder.proxy(Proxy::all(proxy).map_err(|error| ClientError(said(error)))?);
    }
    builder.build().map_err(|error| ClientError(said(error)))
}

/// Connects, TLS included, by a request that carries no message.
pub async fn reach(client: &Client, settings: &HttpSettings) -> Result<(), String> {
    let url = settings.url.fill(|_| Some(Cow::Borrowed("0")), super::encode::in_url).unwrap_or_default();
    let mut url = reqwest::Url::parse(&url).map_err(|error| error.to_string())?;
    url.set_path("/");
    url.set_query(None);
    // Whatever it answers, it is there.
    client.head(url).send().await.map(drop).map_err(said)
}

/// An error without the address, which may hold secrets, with its causes.
pub fn said(error: reqwest::Error) -> String {
    use std::error::Error as _;
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    crate::telemetry::Redact(&text).to_string()
}
