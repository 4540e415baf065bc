//! The made-up world's map: networks that messages can be sent to, with numbers and addresses to make up.
//!
//! Numbers and addresses come from the atlas, so that a judge who asks it gets sensible answers; who lives where,
//! what a message is priced at and how often codes come back is drawn from the seed. It makes nobody act: honest
//! people are in `traffic`, attacks in `attack`; both draw from here, so that neither can be told by its looks.

mod addresses;
mod agents;
mod markets;
mod net;
mod profiles;

use crate::Dice;
use alloc::{string::String, vec::Vec};
use cofferdam_atlas::{Country, Network, parse_e164, reference_price_micros};
use cofferdam_engine::Channel;

pub use addresses::{Addresses, Home};
pub use agents::agent;
pub use net::{NumberRun, PlaceNet};
pub use profiles::{Flow, Profile};

/// How many newcomers a network has: a small shop, or a large platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Density {
    /// Many countries and few people in each; places that pay are nearly empty of them.
    Thin,
    /// Some thirteen times as many newcomers on each network; attacks hide among them.
    Busy,
}

impl Density {
    /// As scenarios write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Thin => "thin",
            Self::Busy => "busy",
        }
    }
}

/// What a message is priced at where the reference list is silent, in micros: its middle, about.
const PRICE_UNKNOWN: i64 = 80_000;

/// All places of a world.
#[derive(Debug, Clone)]
pub struct Places {
    /// Networks, those of one country together, the largest country first.
    pub nets: Vec<PlaceNet>,
    /// The sending applications.
    pub profiles: Vec<Profile>,
    /// Sittings of genuine people a day in the whole world, before growth.
    pub per_day: f64,
    /// How many attempts there are to a network.
    pub density: Density,
    addresses: Addresses,
}

impl Places {
    /// A world's map, from a seed.
    pub fn of(density: Density, dice: &mut Dice) -> Self {
        let chosen = markets::choose(density, &mut dice.apart("markets"));
        let (mut nets, mut addresses) = (Vec::new(), Addresses::default());
        for market in &chosen {
            let mut dice = dice.apart(market.country.iso2());
            addresses.settle(market.country, market.weight, &mut dice);
            nets.extend(net::of_market(market, density, &mut dice));
        }
        addresses.machines(&mut dice.apart("machines"));
        let whole: f64 = nets.iter().map(|net| net.weight).sum();
        for net in &mut nets {
            net.weight /= whole;
        }
        let per_day = match density {
            Density::Thin => dice.between(4000.0, 8000.0),
            Density::Busy => dice.between(9000.0, 14_000.0),
        };
        Self { nets, profiles: profiles::choose(&mut dice.apart("profiles")), per_day, density, addresses }
    }

    /// A valid mobile number of a network, as `+` and digits. Where numbers are ported, it may have been given to
    /// another network of the country at first.
    pub fn number_in(&self, net: usize, dice: &mut Dice) -> String {
        let Some(place) = self.nets.get(net) else { return String::new() };
        if dice.chance(place.ported) {
            let siblings: Vec<&PlaceNet> =
                self.nets.iter().filter(|of| of.country == place.country).collect();
            if let Some(first) = dice.pick(&siblings) {
                return first.number(dice);
            }
        }
        place.number(dice)
    }

    /// A run of 1,000 or 10,000 consecutive numbers of a network, all valid.
    pub fn block_in(&self, net: usize, dice: &mut Dice) -> NumberRun {
        let digits = 3 + u32::from(dice.chance(0.4));
        self.run_in(net, digits, dice)
    }

    /// A run of `10^digits` consecutive numbers of a network, or fewer where it has no run that long. In a busy
    /// world it is often one where people live.
    pub fn run_in(&self, net: usize, digits: u32, dice: &mut Dice) -> NumberRun {
        let living = match self.density {
            Density::Thin => 0.15,
            Density::Busy => 0.6,
        };
        self.nets.get(net).map_or(NumberRun { first: 0, count: 1 }, |place| place.run(digits, living, dice))
    }

    /// An address of a home or a telephone in a country, and the number of its network.
    pub fn address_in(&self, country: Country, dice: &mut Dice) -> (String, Option<u32>) {
        self.home_in(country, dice).address(dice)
    }

    /// Where somebody goes online: the same each time, but for what IPv6 changes by itself.
    pub fn home_in(&self, country: Country, dice: &mut Dice) -> Home {
        self.addresses.home_in(country, dice)
    }

    /// An address of a machine in a data centre.
    pub fn hosting_address(&self, dice: &mut Dice) -> (String, Option<u32>) {
        self.addresses.hosting(dice)
    }

    /// The countries, largest first.
    pub fn countries(&self) -> Vec<Country> {
        let mut countries: Vec<Country> = Vec::new();
        for net in &self.nets {
            if !countries.contains(&net.country) {
                countries.push(net.country);
            }
        }
        countries
    }

    /// The places in `nets` of a country's networks.
    pub fn nets_of(&self, country: Country) -> Vec<usize> {
        let of = self.nets.iter().enumerate().filter(|(_, net)| net.country == country);
        of.map(|(at, _)| at).collect()
    }

    /// A network, by how many people it has.
    pub fn pick_net(&self, dice: &mut Dice) -> usize {
        let mut left = dice.unit();
        for (at, net) in self.nets.iter().enumerate() {
            left -= net.weight;
            if left <= 0.0 {
                return at;
            }
        }
        0
    }

    /// Sittings of genuine people a day on a network, before growth.
    pub fn per_day_in(&self, net: usize) -> f64 {
        self.nets.get(net).map_or(0.0, |net| net.weight * self.per_day)
    }

    /// A profile, by its share.
    pub fn pick_profile(&self, dice: &mut Dice) -> Option<&Profile> {
        let mut left = dice.unit();
        let found = self.profiles.iter().find(|profile| {
            left -= profile.share;
            left <= 0.0
        });
        found.or(self.profiles.first())
    }

    /// What a message to a number is priced at, in micros: as the number's network by its run says.
    pub fn price_of(&self, phone: &str, channel: Channel) -> i64 {
        let Ok(found) = parse_e164(phone) else { return PRICE_UNKNOWN };
        let network = found.network.map(Network::id);
        let here = || self.nets.iter().filter(|net| Some(net.country) == found.country);
        let net = here().find(|net| net.network == network).or_else(|| here().next());
        let text = net
            .map_or_else(|| reference_price_micros(found).unwrap_or(PRICE_UNKNOWN), |net| net.price_micros);
        match channel {
            Channel::Voice => net.map_or(text * 3, |net| net.voice_price_micros),
            Channel::Email => 500,
            Channel::Sms | Channel::Whatsapp => text,
        }
    }

    /// The local time of a country at a moment, by its longitude, as milliseconds since the epoch there.
    pub fn local_ms(country: Country, at_ms: i64) -> i64 {
        let hours = country.place().map_or(0.0, |(_, longitude)| libm::round(f64::from(longitude) / 15.0));
        at_ms + hours as i64 * 3_600_000
    }
}

#[cfg(test)]
mod tests;
