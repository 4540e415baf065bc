//! How a provider reports what became of a message, and how it proves that it is the provider.

use super::super::key::{Kind, SectionKeys, key};
use super::super::pattern::{Pattern, Vars};
use super::super::section::Section;
use super::{pointer, refuse_at, words};
use cofferdam_engine::outcome::DeliveryStatus;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

/// Keys of `delivery`.
pub const SECTION: SectionKeys = SectionKeys {
    path: "provider.<name>.delivery",
    doc: "Delivery callbacks. Their address holds a secret token, which must be right always; a signature is checked besides where one is described.",
    keys: &[
        key(
            "format",
            Kind::Choice(&["json", "form"]),
            "json",
            "How the callback is written.",
            "what most providers post",
        ),
        key(
            "reference",
            Kind::Text,
            "",
            "JSON pointer to the provider's name for the message; a form's field is `/Field`.",
            "none",
        ),
        key(
            "attempt",
            Kind::Text,
            "",
            "JSON pointer to our `{ref}`, for providers that hand it back.",
            "none",
        ),
        key("status", Kind::Text, "/status", "JSON pointer to the status.", "guess"),
        key(
            "statuses",
            Kind::Table,
            "",
            "What statuses mean: `delivered`, `undelivered`, `failed`, `expired`, `unknown`, or `nothing`. One that is not listed says nothing.",
            "none",
        ),
        key("price", Kind::Text, "", "JSON pointer to the price.", "none"),
        key("currency", Kind::Text, "", "JSON pointer to the currency.", "none"),
        key("signature", Kind::Table, "", "How callbacks are signed; see below.", "none: the token alone"),
    ],
};

/// Keys of `delivery.signature`.
pub const SIGNATURE: SectionKeys = SectionKeys {
    path: "provider.<name>.delivery.signature",
    doc: "How callbacks are signed.",
    keys: &[
        key(
            "kind",
            Kind::Choice(&["hmac_sha256", "hmac_sha1", "ed25519"]),
            "hmac_sha256",
            "The algorithm.",
            "the strongest that is common",
        ),
        key(
            "key",
            Kind::Secret,
            "",
            "The shared secret as text, or for `ed25519` the provider's public key in Base64. May hold `{vars.…}`.",
            "none",
        ),
        key("header", Kind::Text, "", "The header of the signature.", "none"),
        key("encoding", Kind::Choice(&["base64", "hex"]), "base64", "How the signature is written.", "guess"),
        key("prefix", Kind::Text, "", "What stands before it, such as `sha256=`.", "none"),
        key(
            "signed",
            Kind::List,
            "body",
            "What is signed, joined: `body` (as it came), `url` (the callback's address), `form` (names and values of the form, sorted by name), `timestamp`, and any other text for itself.",
            "what most providers sign",
        ),
        key("timestamp_header", Kind::Text, "", "The header of the time, in Unix seconds.", "none"),
        key(
            "tolerance_s",
            Kind::Integer { min: 1, max: 86_400 },
            "300",
            "How old a signed time may be, and how far ahead.",
            "what client libraries of providers take",
        ),
    ],
};

/// What a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// What became of the message.
    Status(DeliveryStatus),
    /// Nothing that we keep.
    Nothing,
}

/// How deliveries are reported.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "each is a key, and its meaning stands in the table above")]
pub struct DeliverySettings {
    pub form: bool,
    pub reference: Option<String>,
    pub attempt: Option<String>,
    pub status: String,
    pub statuses: BTreeMap<String, Told>,
    pub price: Option<String>,
    pub currency: Option<String>,
    pub signature: Option<SignatureSettings>,
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the settings name them")]
pub enum Algorithm {
    HmacSha256,
    HmacSha1,
    Ed25519,
}

/// How callbacks are signed.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "each is a key, and its meaning stands in the table above")]
pub struct SignatureSettings {
    pub algorithm: Algorithm,
    pub key: SecretString,
    pub header: String,
    pub hex: bool,
    pub prefix: String,
    pub signed: Vec<String>,
    pub timestamp_header: Option<String>,
    pub tolerance: Duration,
}

impl DeliverySettings {
    pub(super) fn read(section: &mut Section<'_>, vars: &Vars) -> Option<Self> {
        let node = section.node("delivery")?;
        let path = format!("{}.delivery", section.path());
        let mut delivery = Section::of(Some(node), &path, SECTION.keys);
        let (reference, attempt) = (pointer(&mut delivery, "reference"), pointer(&mut delivery, "attempt"));
        if reference.is_none() && attempt.is_none() {
            delivery.refuse(
                "reference",
                "it is not said which message a callback is of",
                "set `reference` or `attempt`",
            );
        }
        let read = Self {
            form: delivery.choice("format") == "form",
            reference,
            attempt,
            status: pointer(&mut delivery, "status").unwrap_or_default(),
            statuses: statuses(&mut delivery),
            price: pointer(&mut delivery, "price"),
            currency: pointer(&mut delivery, "currency"),
            signature: SignatureSettings::read(&mut delivery, vars),
        };
        delivery.close(section.errors());
        Some(read)
    }
}

fn statuses(delivery: &mut Section<'_>) -> BTreeMap<String, Told> {
    let mut statuses = BTreeMap::new();
    for (field, (text, origin)) in words(delivery, "statuses") {
        let told = match text.as_str() {
            "delivered" => Told::Status(DeliveryStatus::Delivered),
            "undelivered" => Told::Status(DeliveryStatus::Undelivered),
            "failed" => Told::Status(DeliveryStatus::Failed),
            "expired" => Told::Status(DeliveryStatus::Expired),
            "unknown" => Told::Status(DeliveryStatus::Unknown),
            "nothing" => Told::Nothing,
            _ => {
                let mend = "take `delivered`, `undelivered`, `failed`, `expired`, `unknown` or `nothing`";
                refuse_at(
                    delivery,
                    &format!("statuses.{field}"),
                    &origin,
                    &format!("`{text}` is no status"),
                    mend,
                );
                continue;
            }
        };
        statuses.insert(field, told);
    }
    statuses
}

impl SignatureSettings {
    fn read(delivery: &mut Section<'_>, vars: &Vars) -> Option<Self> {
        let node = delivery.node("signature")?;
        let path = format!("{}.signature", delivery.path());
        let mut section = Section::of(Some(node), &path, SIGNATURE.keys);
        let algorithm = match section.choice("kind").as_str() {
            "hmac_sha1" => Algorithm::HmacSha1,
            "ed25519" => Algorithm::Ed25519,
            _ => Algorithm::HmacSha256,
        };
        let key = section.text("key").unwrap_or_default();
        let key =
            Pattern::constant(&key, vars).map_err(|what| section.refuse("key", what, "add it to `vars`"));
        let header = section.text("header").unwrap_or_default().to_lowercase();
        if reqwest::header::HeaderName::from_bytes(header.as_bytes()).is_err() {
            section.refuse("header", "this is not the name of a header", "write `x-signature`");
        }
        let key = key.unwrap_or_default();
        if secrecy::ExposeSecret::expose_secret(&key).is_empty()
            && section.node("key").is_none_or(|node| !node.from_environment())
        {
            section.refuse("key", "a signature needs a key", "set it, or remove `signature`");
        }
        let signed = section.list("signed");
        let timestamp_header = section.text("timestamp_header").map(|name| name.to_lowercase());
        if signed.iter().any(|part| part == "timestamp") && timestamp_header.is_none() {
            section.refuse(
                "signed",
                "`timestamp` is signed, but its header is not named",
                "set `timestamp_header`",
            );
        }
        if !signed.iter().any(|part| matches!(part.as_str(), "body" | "form")) {
            section.refuse(
                "signed",
                "neither `body` nor `form` is signed",
                "add one: a signature must cover what is told",
            );
        }
        let read = Self {
            algorithm,
            key,
            header,
            hex: section.choice("encoding") == "hex",
            prefix: section.text("prefix").unwrap_or_default(),
            signed,
            timestamp_header,
            tolerance: section.seconds("tolerance_s"),
        };
        section.close(delivery.errors());
        Some(read)
    }
}
