//! `POST /v1/deliveries/{provider}/{token}`: a provider tells what became of a message. It proves itself by
//! its signature or by the secret token in the address, and is heard only about attempts that we made.

use super::auth::Access;
use super::problem::{Code, Problem};
use super::route::Route;
use super::wire::{Answer, Call, Result};
use crate::provider::{Callback, CallbackError};
use crate::verify::report::{self, DeliveredError};
use std::collections::BTreeMap;

/// Lines of the table.
pub const ROUTES: &[Route] = &[Route::post(
    "/v1/deliveries/{provider}/{token}",
    Access::Open,
    "Takes a provider's delivery callback, in that provider's own format",
    |call| Box::pin(take(call)),
)
.answers(204, None, "Taken, told before, or nothing new")];

async fn take(call: Call) -> Result {
    let (provider, token) = (call.param(0), call.param(1));
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &call.headers {
        let Ok(value) = value.to_str() else { continue };
        // A header said twice is joined, as a proxy would do.
        let line = headers.entry(name.as_str().to_owned()).or_default();
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(value);
    }
    let token_ok = crate::provider::token::is_right(&call.app.secrets, provider, token);
    let base = call.app.settings.listen.public_url.as_deref().unwrap_or("");
    let query = call.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
    let url = format!("{base}/v1/deliveries/{provider}/{token}{query}");
    let callback = Callback {
        method: "POST",
        url: &url,
        headers: &headers,
        body: &call.body,
        token_ok,
        at_ms: call.app.clock.now_ms(),
    };
    match report::delivered(&call.app, provider, &callback).await {
        Ok(_) | Err(DeliveredError::Callback(CallbackError::Nothing)) => Ok(Answer::nothing()),
        // Whoever knows no token learns neither which providers there are nor what they would say.
        Err(DeliveredError::NotFound | DeliveredError::Callback(CallbackError::NotAuthentic)) => {
            Err(Problem::not_found())
        }
        Err(DeliveredError::Callback(CallbackError::Malformed(why))) => {
            Err(Problem::new(Code::Malformed, why))
        }
        Err(DeliveredError::Verify(error)) => Err(error.into()),
    }
}
