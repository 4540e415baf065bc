//! What a message is believed to be priced at: an operator's own list, and example prices for a first run, which
//! must be called that wherever they are shown. Amounts are integers in millionths of a currency's unit.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::destination::Destination;
use crate::prefix::Prefix;
use crate::tables::prices::PRICES;

/// The example price of one SMS, in millionths of a US dollar, by calling code: one vendor's public list.
pub fn reference_price_micros(destination: Destination) -> Option<i64> {
    let code = destination.calling_code();
    let at = PRICES.binary_search_by_key(&code, |(code, _)| *code).ok()?;
    PRICES.get(at).map(|(_, price)| *price)
}

/// What a price is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PriceScope {
    /// All numbers that begin so.
    Prefix(Prefix),
    /// All numbers allocated to a network, by its identifier.
    Network(u32),
    /// The same, by mobile country code and mobile network code written together.
    NetworkCode(String),
}

/// A price, and what it was listed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price<'a> {
    /// Millionths of the list's currency.
    pub micros: i64,
    /// The line of the list that gave it.
    pub scope: &'a PriceScope,
}

/// An operator's price list for one currency: a network's price wins over a prefix's, a longer prefix over a
/// shorter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceList {
    channels: BTreeMap<String, BTreeMap<PriceScope, i64>>,
}

impl PriceList {
    /// Sets a price; what was there before is returned.
    pub fn set(&mut self, scope: PriceScope, channel: &str, micros: i64) -> Option<i64> {
        self.channels.entry(channel.to_owned()).or_default().insert(scope, micros)
    }

    /// Removes a price.
    pub fn remove(&mut self, scope: &PriceScope, channel: &str) -> Option<i64> {
        self.channels.get_mut(channel)?.remove(scope)
    }

    /// How many prices it holds.
    pub fn len(&self) -> usize {
        self.channels.values().map(BTreeMap::len).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The price of one message over a channel.
    pub fn price(&self, destination: &Destination, channel: &str) -> Option<Price<'_>> {
        let prices = self.channels.get(channel)?;
        let find = |scope: PriceScope| prices.get_key_value(&scope);
        let network = destination.network.and_then(|network| {
            find(PriceScope::Network(network.id())).or_else(|| {
                let code = [network.mcc()?, network.mnc()?].concat();
                find(PriceScope::NetworkCode(code))
            })
        });
        let number = destination.number;
        let by_prefix = || (0..number.len()).find_map(|drop| find(PriceScope::Prefix(number.prefix(drop))));
        network.or_else(by_prefix).map(|(scope, micros)| Price { micros: *micros, scope })
    }
}
