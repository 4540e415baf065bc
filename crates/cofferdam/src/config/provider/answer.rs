//! What a provider's answer means.

use super::super::key::{Kind, SectionKeys, key};
use super::super::section::Section;
use super::{pointer, refuse_at, words};
use std::collections::BTreeMap;

const MEANINGS: &[&str] =
    &["accepted", "queued", "rejected", "suspected_fraud", "unreachable", "unavailable", "unknown"];

/// Keys of `answer`.
pub const SECTION: SectionKeys = SectionKeys {
    path: "provider.<name>.answer",
    doc: "What the answer means: `accepted`, `queued` (told later), `rejected`, `suspected_fraud`, `unreachable` and `unavailable` (both: the next route may be tried), `unknown` (never sent again). The provider's code decides if it is listed, then the HTTP status, then its class, then: 2xx accepted, 429 and 503 unavailable, other 4xx rejected, anything else unknown.",
    keys: &[
        key(
            "id",
            Kind::Text,
            "/id",
            "JSON pointer to the provider's own name for the message.",
            "the API's contract",
        ),
        key(
            "price",
            Kind::Text,
            "/price",
            "JSON pointer to the price: text or number, or an object of `amount` and `currency`. Its sign does not matter.",
            "the API's contract",
        ),
        key("currency", Kind::Text, "", "JSON pointer to the currency.", "none"),
        key(
            "currency_default",
            Kind::Text,
            "USD",
            "The currency where the answer names none.",
            "what most providers bill in",
        ),
        key("code", Kind::Text, "", "JSON pointer to the provider's own code: text or number.", "none"),
        key(
            "detail",
            Kind::Text,
            "",
            "JSON pointer to the provider's words, for logs; numbers are removed from it.",
            "none",
        ),
        key("codes", Kind::Table, "", "What its codes mean.", "none"),
        key(
            "other_codes",
            Kind::Choice(MEANINGS),
            "",
            "What a code means that is found and not listed. Without it the HTTP status decides.",
            "none",
        ),
        key("statuses", Kind::Table, "", "What HTTP statuses mean: `\"429\"`, `\"5xx\"`.", "none"),
    ],
};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "`SECTION` says what each means")]
pub enum Meaning {
    Accepted,
    Queued,
    Rejected,
    SuspectedFraud,
    Unreachable,
    Unavailable,
    Unknown,
}

impl Meaning {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "accepted" => Self::Accepted,
            "queued" => Self::Queued,
            "rejected" => Self::Rejected,
            "suspected_fraud" => Self::SuspectedFraud,
            "unreachable" => Self::Unreachable,
            "unavailable" => Self::Unavailable,
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is a key, and its meaning stands in the table above")]
pub struct AnswerSettings {
    pub id: Option<String>,
    pub price: Option<String>,
    pub currency: Option<String>,
    pub currency_default: String,
    pub code: Option<String>,
    pub detail: Option<String>,
    pub codes: BTreeMap<String, Meaning>,
    pub other_codes: Option<Meaning>,
    /// `429` or `5xx`.
    pub statuses: BTreeMap<String, Meaning>,
}

impl AnswerSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let path = format!("{}.answer", section.path());
        let mut answer = Section::of(section.node("answer"), &path, SECTION.keys);
        let statuses = meanings(&mut answer, "statuses");
        for (status, _) in statuses.iter().filter(|(status, _)| !good_status(status)) {
            answer.refuse(
                "statuses",
                format!("`{status}` is no HTTP status"),
                "write `\"429\"` or `\"5xx\"`",
            );
        }
        let codes = meanings(&mut answer, "codes");
        let code = pointer(&mut answer, "code");
        if code.is_none() && !codes.is_empty() {
            answer.refuse("codes", "it is not said where the code stands", "set `code` to its JSON pointer");
        }
        let read = Self {
            id: pointer(&mut answer, "id"),
            price: pointer(&mut answer, "price"),
            currency: pointer(&mut answer, "currency"),
            currency_default: answer.text("currency_default").unwrap_or_default(),
            code,
            detail: pointer(&mut answer, "detail"),
            codes,
            other_codes: Meaning::of(&answer.choice("other_codes")),
            statuses,
        };
        answer.close(section.errors());
        read
    }
}

fn meanings(section: &mut Section<'_>, name: &str) -> BTreeMap<String, Meaning> {
    let mut meanings = BTreeMap::new();
    for (field, (text, origin)) in words(section, name) {
        if let Some(meaning) = Meaning::of(&text) {
            meanings.insert(field, meaning);
        } else {
            let mend = format!("take one of {}", super::super::error::quoted(MEANINGS));
            refuse_at(
                section,
                &format!("{name}.{field}"),
                &origin,
                &format!("`{text}` is no meaning"),
                &mend,
            );
        }
    }
    meanings
}

fn good_status(status: &str) -> bool {
    let class = status.len() == 3 && status.ends_with("xx");
    let digits = status.get(..1).is_some_and(|c| ("1"..="5").contains(&c));
    digits && (class || status.parse::<u16>().is_ok_and(|status| (100..600).contains(&status)))
}
