//! The generic provider against simulated ones: what each kind of answer means, and that a message
//! leaves at most once.

mod callbacks;
mod metered;
mod sim;
mod templates;
mod values;
mod wire;

use crate::config::HttpSettings;
use crate::provider::Message;
use crate::store::row::{Owner, World};
use cofferdam_atlas::Destination;
use cofferdam_engine::{Channel, Pseudonym};
use std::sync::OnceLock;
use std::time::Duration;

const ATTEMPT: &str = "att_0123456789abcdefghjkmnpqrstvwxyz";

/// A message to a number reserved for fiction.
fn message(body: &'static str) -> Message<'static> {
    static TO: OnceLock<(Destination, Owner)> = OnceLock::new();
    let (to, owner) = TO.get_or_init(|| {
        let to = cofferdam_atlas::parse("+447700900123", None).unwrap();
        (to, Owner { tenant: "ten_1".to_owned(), world: World::Live })
    });
    Message {
        owner,
        number: Pseudonym(1),
        at_ms: 1_790_000_000_000,
        attempt: ATTEMPT,
        verification: "ver_0123456789abcdefghjkmnpqrstvwxyz",
        to,
        channel: Channel::Sms,
        body,
        code: "482913",
        sender_id: None,
        locale: None,
        delivery_url: None,
    }
}

/// A provider without a template, impatient.
fn plain(url: &str) -> HttpSettings {
    let mut settings = HttpSettings::plain(url).unwrap();
    settings.timeout = Duration::from_millis(400);
    settings.connect_timeout = Duration::from_millis(200);
    settings
}
