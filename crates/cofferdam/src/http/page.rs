//! Lists, page by page: `?limit=50&cursor=…&order=asc|desc`.
//!
//! A cursor is opaque and authenticated: it holds the last identifier that was shown and a keyed
//! fingerprint over it, the list, its filters, the tenant and the world, so that none can be edited or
//! carried elsewhere.

use super::body::Doc;
use super::problem::Problem;
use super::wire::{Call, Result};
use crate::secrets::{Purpose, Secrets};
use crate::store::row::{PageAsk, World};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use subtle::ConstantTimeEq as _;

/// Items of a page, if nothing is said.
const LIMIT: u32 = 50;
/// Bytes of a cursor's fingerprint.
const MAC_BYTES: usize = 16;

/// A page as written.
#[derive(Serialize)]
pub struct List<T> {
    /// Its items.
    pub data: Vec<T>,
    /// Where the next one begins, if there is one.
    pub next_cursor: Option<String>,
}

/// Which page is asked for, in the order that the list has if nothing is said.
pub fn ask(call: &Call, query: &Doc<'_>) -> Result<PageAsk> {
    let part = query.part();
    let descending = part.str("order").map_or(call.path != super::outbox::PATH, |order| order == "desc");
    let after = match part.str("cursor") {
        None => None,
        Some(cursor) => {
            Some(opened(&call.app.secrets, &context(call, descending), cursor).ok_or_else(|| {
                Problem::field("cursor", "malformed", "this cursor is not one of this list")
            })?)
        }
    };
    Ok(PageAsk { limit: part.int("limit").unwrap_or(LIMIT), after, descending })
}

/// The cursor of the page after this one.
pub fn next(call: &Call, ask: &PageAsk, after: Option<&str>) -> Option<String> {
    after.map(|after| sealed(&call.app.secrets, &context(call, ask.descending), after))
}

/// What a cursor is bound to: all but the page itself.
fn context(call: &Call, descending: bool) -> Vec<String> {
    let world = if call.caller.owner.world == World::Test { "test" } else { "live" };
    let mut filters: Vec<&str> = call.query.as_deref().unwrap_or("").split('&').collect();
    filters.retain(|pair| {
        !["cursor=", "limit=", "order="].iter().any(|name| pair.starts_with(name)) && !pair.is_empty()
    });
    filters.sort_unstable();
    let order = if descending { "desc" } else { "asc" };
    [call.path, &call.params.join("/"), &call.caller.owner.tenant, world, order, &filters.join("&")]
        .map(str::to_owned)
        .to_vec()
}

fn mac(secrets: &Secrets, context: &[String], after: &str) -> [u8; 32] {
    let mut parts: Vec<&[u8]> = context.iter().map(String::as_bytes).collect();
    parts.push(after.as_bytes());
    secrets.mac(Purpose::Cursor, &parts)
}

fn sealed(secrets: &Secrets, context: &[String], after: &str) -> String {
    let mac = mac(secrets, context, after);
    let mut bytes: Vec<u8> = mac.iter().take(MAC_BYTES).copied().collect();
    bytes.extend_from_slice(after.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn opened(secrets: &Secrets, context: &[String], cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (told, after) = bytes.split_at_checked(MAC_BYTES)?;
    let after = std::str::from_utf8(after).ok()?;
    let right = mac(secrets, context, after);
    let same = right.get(..MAC_BYTES).is_some_and(|right| right.ct_eq(told).into());
    same.then(|| after.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn a_cursor_opens_only_where_it_was_made_and_as_it_was_made() {
        let secrets = Secrets::new([(1, Zeroizing::new([7; 32]))].into()).unwrap();
        let here = vec!["/v1/a".to_owned(), "ten_a".to_owned()];
        let cursor = sealed(&secrets, &here, "ver_1");
        assert_eq!(opened(&secrets, &here, &cursor).as_deref(), Some("ver_1"));
        assert_eq!(opened(&secrets, &["/v1/b".to_owned(), "ten_a".to_owned()], &cursor), None);
        for bad in ["", "A", "ver_1", &cursor[1..], &format!("{cursor}A")] {
            assert_eq!(opened(&secrets, &here, bad), None, "{bad}");
        }
        let mut edited = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        *edited.last_mut().unwrap() ^= 1;
        assert_eq!(opened(&secrets, &here, &URL_SAFE_NO_PAD.encode(edited)), None);
    }
}
