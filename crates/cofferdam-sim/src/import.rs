//! Exports of providers, text in, events out: one's own history, to try a policy on.
//!
//! Each format is a file: which columns it must have, and what a row says. They are read by header name in
//! any case, never by position. What they share is here: rows are brought into the order of time, a price
//! that a row lacks is learned from other rows of its network or country, and a message that never was
//! one of ours to judge (inbound) is left out and counted.
//!
//! An export has no internet addresses, devices or users; missing is not suspicious in itself.

use crate::stream::{AttemptEvent, Became, Event, OutcomeEvent, line, money, time};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use cofferdam_atlas::{Destination, Number, PriceList, PriceScope};
use cofferdam_engine::Channel;
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};
use core::fmt;
use table::{Named, Table};

mod plivo_mdr;
mod prices;
mod table;
mod telnyx_mdr;
mod telnyx_verify;
mod twilio_messages;
mod twilio_messages_api;
mod twilio_verify_attempts;
mod vonage_sms_outbound;
mod vonage_verify;

/// A provider's export: its name on the command line, what it is, and how it is read.
pub struct Format {
    /// As `--from` has it.
    pub name: &'static str,
    /// Of which product, and where it comes from.
    pub about: &'static str,
    /// Columns without which a file is none of this format, in lower case.
    must: &'static [&'static str],
    row: fn(Named<'_>) -> Result<Option<Row>, ImportError>,
}

/// Every format.
pub static FORMATS: [&Format; 8] = [
    &plivo_mdr::FORMAT,
    &telnyx_mdr::FORMAT,
    &telnyx_verify::FORMAT,
    &twilio_messages::FORMAT,
    &twilio_messages_api::FORMAT,
    &twilio_verify_attempts::FORMAT,
    &vonage_sms_outbound::FORMAT,
    &vonage_verify::FORMAT,
];

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportError {
    /// Nothing in it.
    Empty,
    /// No format of this name.
    Unknown(String),
    /// The header has no such column.
    Column {
        /// Which format it was read as.
        format: &'static str,
        /// Which column.
        column: &'static str,
        /// The format that the header fits, if there is one.
        fits: Option<&'static str>,
    },
    /// A line of the file cannot be read.
    Row(usize, String),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty: not even a header"),
            Self::Unknown(name) => write!(f, "no format `{name}`; known are {}", names()),
            Self::Column { format, column, fits: Some(fits) } => {
                write!(f, "no column `{column}`, which `{format}` has: the header is that of `{fits}`")
            }
            Self::Column { format, column, fits: None } => {
                write!(
                    f,
                    "no column `{column}`, which `{format}` has, and the header fits no other; known are {}",
                    names()
                )
            }
            Self::Row(line, what) => write!(f, "line {line}: {what}"),
        }
    }
}

impl core::error::Error for ImportError {}

fn names() -> String {
    let mut names = String::new();
    for format in FORMATS {
        if !names.is_empty() {
            names.push_str(", ");
        }
        names.push_str(format.name);
    }
    names
}

/// What an export came to.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// In the order of time.
    pub events: Vec<Event>,
    /// What was paid, by network and by country.
    pub prices: PriceList,
    /// The currency of the prices, where the export names one.
    pub currency: Option<String>,
    /// Rows that are none of ours to judge: inbound messages, and such that were never sent anywhere.
    pub left_out: u64,
    /// Attempts without a price of their own that got a learned one.
    pub priced: u64,
}

/// One message, as a row tells of it.
#[derive(Debug, Clone, Default)]
struct Row {
    id: String,
    at_ms: i64,
    phone: String,
    voice: bool,
    channel: Option<Channel>,
    price_micros: Option<i64>,
    currency: Option<String>,
    session: Option<String>,
    profile: Option<String>,
    /// Mobile country and network code, written together.
    network_code: Option<String>,
    delivery: Option<(DeliveryStatus, i64)>,
    check: Option<(CheckResult, i64)>,
    /// How many messages the row stands for.
    sends: u32,
}

/// The format of a name.
pub fn format(name: &str) -> Result<&'static Format, ImportError> {
    let found = FORMATS.iter().find(|format| format.name == name);
    found.copied().ok_or_else(|| ImportError::Unknown(name.to_owned()))
}

impl Format {
    fn fits(&self, header: &[String]) -> Result<(), &'static str> {
        let has = |name: &str| header.iter().any(|known| known == name);
        // A column is missing if neither it nor any nested part of it stands.
        self.must.iter().find(|name| !has(name)).map_or(Ok(()), |name| Err(name))
    }

    /// Reads a whole export.
    pub fn import(&self, text: &str) -> Result<Imported, ImportError> {
        let table = Table::read(text)?;
        if let Err(column) = self.fits(table.header()) {
            let fits =
                FORMATS.iter().find(|other| other.fits(table.header()).is_ok()).map(|other| other.name);
            return Err(ImportError::Column { format: self.name, column, fits });
        }
        let mut imported = Imported::default();
        let mut rows = Vec::new();
        for named in table.rows() {
            match (self.row)(named)? {
                Some(row) => {
                    check_id(&row, named)?;
                    rows.push(row);
                }
                None => imported.left_out += 1,
            }
        }
        imported.currency = rows.iter().find_map(|row| row.currency.clone());
        let learned = prices::learn(&rows);
        imported.priced = prices::fill(&mut rows, &learned);
        imported.prices = learned;
        imported.events = events(rows);
        Ok(imported)
    }
}

fn check_id(row: &Row, named: Named<'_>) -> Result<(), ImportError> {
    let length = row.id.chars().count();
    // Further messages of a row add `.2` and so on.
    if length == 0 || length > line::ID_MAX - 4 {
        return Err(named.wrong(&format!("its identifier should have 1 to {} characters", line::ID_MAX - 4)));
    }
    Ok(())
}

/// Seconds between messages of one verification, where an export says only how many there were. Guess.
const RESEND_AFTER_MS: i64 = 60_000;

/// Most messages that one row may stand for.
const SENDS_MAX: u32 = 20;

/// Attempts and their outcomes, in the order of time; at equal times an attempt is first.
fn events(rows: Vec<Row>) -> Vec<Event> {
    let mut events = Vec::with_capacity(rows.len() * 3);
    for row in rows {
        let sends = row.sends.clamp(1, SENDS_MAX);
        for send in 0..sends {
            // Where there were several, the code of the last was entered.
            let last = send + 1 == sends;
            let id = if send == 0 { row.id.clone() } else { format!("{}.{}", row.id, send + 1) };
            let at_ms = row.at_ms + i64::from(send) * RESEND_AFTER_MS;
            let mut outcome = |when: i64, what: Became| {
                let outcome = OutcomeEvent { attempt_id: id.clone(), at_ms: when.max(at_ms), what };
                events.push(Event::Outcome(outcome));
            };
            if let Some((status, when)) = row.delivery {
                outcome(when, Became::Delivery(status));
            }
            if let Some((result, when)) = row.check.filter(|_| last) {
                outcome(when, Became::Check(result));
            }
            events.push(Event::Attempt(attempt(&row, id, at_ms)));
        }
    }
    let rank = |event: &Event| match event {
        Event::Attempt(_) => 0,
        Event::Outcome(_) => 1,
    };
    events.sort_by_key(|event| (event.at_ms(), rank(event)));
    events
}

fn attempt(row: &Row, id: String, at_ms: i64) -> AttemptEvent {
    AttemptEvent {
        id,
        at_ms,
        phone: row.phone.clone(),
        channel: row.channel.unwrap_or(if row.voice { Channel::Voice } else { Channel::Sms }),
        price_micros: row.price_micros,
        ip: None,
        asn: None,
        ip_country: None,
        device_id: None,
        session_id: row.session.clone(),
        user_id: None,
        user_agent: None,
        profile: row.profile.clone(),
    }
}

/// `46701740676`, `+46 70 174`, `0046…`: with a plus, as the event format wants it.
fn phone(text: &str) -> String {
    let text = text.trim();
    if text.starts_with('+') || text.is_empty() {
        text.to_owned()
    } else if let Some(digits) = text.strip_prefix("00") {
        format!("+{digits}")
    } else {
        format!("+{text}")
    }
}

/// A time that must stand and be one.
fn at_ms(named: Named<'_>, names: &[&str]) -> Result<i64, ImportError> {
    let text =
        named.any(names).ok_or_else(|| named.wrong(&format!("`{}` is empty", names.join("` and `"))))?;
    time::lax(text).ok_or_else(|| named.wrong(&format!("`{text}` is no time")))
}

/// A time that may be missing.
fn at_ms_if(named: Named<'_>, names: &[&str]) -> Result<Option<i64>, ImportError> {
    named.any(names).map_or(Ok(None), |_| at_ms(named, names).map(Some))
}

/// An amount; some write what they took as negative, and some put a sign or a code of a currency beside it.
fn price(named: Named<'_>, name: &str) -> Result<Option<i64>, ImportError> {
    let Some(text) = named.get(name) else { return Ok(None) };
    let bare = text.trim_matches(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-')));
    // A decimal comma, where there is no point as well.
    let point = if bare.contains('.') { bare.replace(',', "") } else { bare.replace(',', ".") };
    match money::micros(&point) {
        Ok(micros) => Ok(Some(micros.abs())),
        Err(_) => Err(named.wrong(&format!("`{name}` should be an amount, not `{text}`"))),
    }
}

/// What all that became of messages is called, by any provider; what is still under way is no report.
fn delivery(text: &str) -> Option<DeliveryStatus> {
    let text = text.to_ascii_lowercase();
    Some(match text.trim() {
        "delivered" | "delivrd" | "read" => DeliveryStatus::Delivered,
        "undelivered" | "undeliv" | "undeliverable" | "rejected" | "rejectd" | "delivery_failed" => {
            DeliveryStatus::Undelivered
        }
        "failed" | "sending_failed" | "canceled" | "cancelled" | "deleted" => DeliveryStatus::Failed,
        "expired" | "gw_timeout" | "dlr_timeout" => DeliveryStatus::Expired,
        "unknown" | "delivery_unconfirmed" | "dlr_unconfirmed" => DeliveryStatus::Unknown,
        _ => return None,
    })
}

/// Whether a row is a message that went out.
fn outbound(named: Named<'_>) -> bool {
    named.get("direction").is_none_or(|direction| !direction.to_ascii_lowercase().starts_with("in"))
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(ToOwned::to_owned)
}
