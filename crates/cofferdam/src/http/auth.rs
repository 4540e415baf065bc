//! Who calls: the bearer key, the tenant an admin names, and whether the key may do this.
//!
//! Keys are known by a keyed hash and compared in constant time; that is [`crate::verify::keys`]'s work.

use super::problem::{Code, Problem};
use super::wire::Result;
use crate::app::App;
use crate::store::row::{Owner, World};
use crate::verify::keys::{self, AuthError};
use crate::verify::{Caller, KeyScope};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderName};

/// The tenant that an admin key acts in.
pub const TENANT: HeaderName = HeaderName::from_static("cofferdam-tenant");
/// A key is shorter than this; longer ones are not even hashed.
const KEY_MAX: usize = 256;

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Open,
    /// A key with one of these scopes, or an admin's.
    Any(&'static [KeyScope]),
}

/// Nobody: the caller of what needs no key.
pub fn nobody(request_id: &str) -> Caller {
    let owner = Owner { tenant: String::new(), world: World::Test };
    Caller { key: String::new(), owner, scopes: Vec::new(), request_id: request_id.to_owned() }
}

/// The caller, or why there is none.
pub fn caller(app: &App, headers: &HeaderMap, access: Access, request_id: &str) -> Result<Caller> {
    let Access::Any(scopes) = access else { return Ok(nobody(request_id)) };
    let key = bearer(headers)
        .ok_or_else(|| Problem::new(Code::Unauthorized, "send `Authorization: Bearer <key>`"))?;
    let tenant = headers.get(TENANT).map(|name| name.to_str().unwrap_or("\u{fffd}"));
    let caller = keys::caller(app, key, tenant, request_id).map_err(|error| match error {
        AuthError::Unauthorized => Problem::new(Code::Unauthorized, "the key is not valid"),
        AuthError::NotAdmin => Problem::new(Code::Forbidden, "only an admin key may name a tenant"),
        AuthError::NoTenant => Problem::new(Code::NotFound, "there is no such tenant"),
    })?;
    let admin = caller.scopes.contains(&KeyScope::Admin);
    if admin || scopes.iter().any(|scope| caller.scopes.contains(scope)) {
        return Ok(caller);
    }
    let names: Vec<&str> = scopes.iter().map(|scope| name(*scope)).collect();
    Err(Problem::new(Code::Forbidden, format!("this call needs a key with the scope {}", names.join(" or "))))
}

/// The one bearer key; two of them are none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let value = all.next()?.to_str().ok()?;
    if all.next().is_some() {
        return None;
    }
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim_start_matches(' ');
    let sound = !key.is_empty() && key.len() <= KEY_MAX && key.bytes().all(|b| b.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && sound).then_some(key)
}

/// A scope as written.
pub fn name(scope: KeyScope) -> &'static str {
    match scope {
        KeyScope::Verify => "verify",
        KeyScope::Assess => "assess",
        KeyScope::Read => "read",
        KeyScope::Manage => "manage",
        KeyScope::Admin => "admin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn only_one_well_formed_bearer_key_is_read() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(of(&["bearer abc"]).as_deref(), Some("abc"));
        for bad in
            [&[][..], &["abc"], &["Bearer "], &["Basic abc"], &["Bearer a b"], &["Bearer a", "Bearer b"]]
        {
            assert_eq!(of(bad), None, "{bad:?}");
        }
        assert_eq!(of(&[&format!("Bearer {}", "a".repeat(300))]), None);
    }
}
