//! Prices learned from what was paid: the middle one by network and by country, channel by channel.

use super::{BTreeMap, Channel, Destination, Number, PriceList, PriceScope, Row, Vec};
use crate::stream::write::channel_name;

/// The middle of what was paid to each network and each country.
pub(super) fn learn(rows: &[Row]) -> PriceList {
    let mut paid: BTreeMap<(&'static str, PriceScope), Vec<i64>> = BTreeMap::new();
    for row in rows {
        // Nought is what a message shows before it is priced, or when it never left.
        let Some(micros) = row.price_micros.filter(|micros| *micros > 0) else { continue };
        let (channel, destination) = (channel_of(row), destination(row));
        for scope in destination.iter().map(country).chain(network(row, destination.as_ref())) {
            paid.entry((channel, scope)).or_default().push(micros);
        }
    }
    let mut prices = PriceList::default();
    for ((channel, scope), mut paid) in paid {
        paid.sort_unstable();
        if let Some(middle) = paid.get(paid.len() / 2) {
            prices.set(scope, channel, *middle);
        }
    }
    prices
}

/// Gives rows without a price the learned one; how many got it.
pub(super) fn fill(rows: &mut [Row], learned: &PriceList) -> u64 {
    let mut filled = 0;
    for row in rows.iter_mut().filter(|row| row.price_micros.is_none()) {
        let channel = channel_of(row);
        row.price_micros =
            destination(row).and_then(|to| learned.price(&to, channel)).map(|price| price.micros);
        filled += u64::from(row.price_micros.is_some());
    }
    filled
}

fn channel_of(row: &Row) -> &'static str {
    channel_name(row.channel.unwrap_or(if row.voice { Channel::Voice } else { Channel::Sms }))
}

fn destination(row: &Row) -> Option<Destination> {
    cofferdam_atlas::parse(&row.phone, None).ok()
}

/// A country is all numbers that begin with its calling code; several share one and its price.
fn country(to: &Destination) -> PriceScope {
    let number: Number = to.number;
    let code = to.calling_code();
    let length = if code > 99 { 3 } else { 1 + u8::from(code > 9) };
    PriceScope::Prefix(number.prefix(number.len() - length))
}

/// The network that the export names, else the one that the number's run was allotted to.
fn network(row: &Row, to: Option<&Destination>) -> Option<PriceScope> {
    let named =
        row.network_code.as_ref().filter(|code| code.len() >= 5 && code.bytes().all(|b| b.is_ascii_digit()));
    match named {
        Some(code) => Some(PriceScope::NetworkCode(code.clone())),
        None => to.and_then(|to| to.network).map(|network| PriceScope::Network(network.id())),
    }
}
