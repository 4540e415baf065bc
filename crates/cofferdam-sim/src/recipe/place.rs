//! Where a number belongs, as recipes see it.

use cofferdam_atlas::{Country, Destination, Network, parse_e164};

/// The reason for a number that no plan has.
pub(super) const INVALID: &str = "number.invalid";

/// The destination, if it is a number at all.
pub(super) fn of(phone: &str) -> Option<Destination> {
    parse_e164(phone).ok()
}

/// A network; where no allocation is known, the rest of its country.
pub(super) fn network(of: &Destination) -> (Option<Country>, Option<u32>) {
    (of.country, of.network.map(Network::id))
}
