//! Tables that several resources share.

use super::body::Part;
use super::shape::{Field, Kind, Shape, may};
use crate::verify::Client;

/// What people may be reached by.
pub static CHANNELS: &[&str] = &["sms", "voice", "whatsapp", "email"];
/// The two worlds.
pub static WORLDS: &[&str] = &["live", "test"];
/// What a key may do.
pub static SCOPES: &[&str] = &["verify", "assess", "read", "manage", "admin"];

/// What a caller tells of the person.
pub static CLIENT: Shape = Shape {
    name: "Client",
    fields: &[
        may("ip", Kind::Ip, "The person's address, not the calling server's."),
        may("device_id", Kind::Text(256), "As stable as the caller could make it."),
        may("session_id", Kind::Text(256), "Resends of one flow share it."),
        may("user_id", Kind::Text(256), "The caller's own name for the person, where there is one."),
        may("user_agent", Kind::Text(1_024), "The person's browser or app."),
        may("ja4", Kind::Text(64), "Fingerprint of the person's TLS hello."),
        may("asn", Kind::Int(0, 4_294_967_295), "Number of the network of `ip`, if the caller knows it."),
        may("ip_country", Kind::Country, "Country of `ip`, if the caller knows it."),
    ],
};

/// Fields of every list's query string.
pub const LIMIT: Field = may("limit", Kind::Int(1, 200), "Items of a page; 50 if it isn't said.");
/// Where the page begins.
pub const CURSOR: Field = may("cursor", Kind::Text(512), "`next_cursor` of the page before.");
/// In which order.
pub const ORDER: Field = may("order", Kind::OneOf(&["asc", "desc"]), "Oldest or newest first.");

/// The query string of a list without filters.
pub static PAGE: Shape = Shape { name: "PageQuery", fields: &[LIMIT, CURSOR, ORDER] };

/// What a caller tells of the person, read.
pub fn client(part: Part<'_, '_>) -> Client {
    Client {
        ip: part.ip("ip"),
        device_id: part.text("device_id"),
        session_id: part.text("session_id"),
        user_id: part.text("user_id"),
        user_agent: part.text("user_agent"),
        ja4: part.text("ja4"),
        asn: part.int("asn"),
        ip_country: part.country("ip_country"),
    }
}
