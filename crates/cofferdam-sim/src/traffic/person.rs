//! Somebody with a number, a place to go online from, and habits.

use crate::places::{Home, Places, agent};
use crate::{Dice, places::Flow};
use alloc::string::String;
use cofferdam_atlas::Country;
use core::net::IpAddr;

/// Nearly all people solve a challenge; one in ten finds it hard.
const SOLVES_WELL: f64 = 0.96;
const SOLVES_BADLY: f64 = 0.55;
const SHARE_BADLY: f64 = 0.1;
/// Shares of people whose address is not in their number's country, and who hide behind a machine's.
const TRAVELS: f64 = 0.025;
const HIDES: f64 = 0.02;

/// A genuine person.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "named as they are")]
pub struct Person {
    pub phone: String,
    /// In the world's places.
    pub net: usize,
    pub country: Country,
    pub home: Home,
    /// Where somebody is behind a machine's address: this one.
    pub device: u64,
    pub user: u64,
    pub agent: String,
    pub profile: &'static str,
    /// The chance of solving a challenge.
    pub solves: f64,
    /// The hard case that the person is part of whenever asking.
    pub case: Option<&'static str>,
}

impl Person {
    /// Somebody new on a network.
    pub fn on(net: usize, places: &Places, dice: &mut Dice) -> Option<Self> {
        let country = places.nets.get(net)?.country;
        let phone = places.number_in(net, dice);
        let (mut home, mut case) = (places.home_in(country, dice), None);
        if dice.chance(TRAVELS) {
            home = places.home_in(places.nets.get(places.pick_net(dice))?.country, dice);
            case = Some("traveller");
        } else if dice.chance(HIDES) {
            home = hidden(places, dice).unwrap_or(home);
            case = Some("vpn");
        }
        let profile = places.pick_profile(dice)?;
        let solves = if dice.chance(SHARE_BADLY) { SOLVES_BADLY } else { SOLVES_WELL };
        let (device, user) = (dice.roll(), dice.roll());
        Some(Self {
            phone,
            net,
            country,
            home,
            device,
            user,
            agent: agent(dice),
            profile: profile.name,
            solves,
            case,
        })
    }

    /// The same, for somebody who comes to have an account or to come in again.
    #[must_use]
    pub fn wanting(mut self, flow: Flow, places: &Places, dice: &mut Dice) -> Self {
        for _ in 0..8 {
            let Some(profile) = places.pick_profile(dice) else { break };
            self.profile = profile.name;
            if profile.flow == flow {
                break;
            }
        }
        self
    }
}

/// Behind one of a few machines.
pub(super) fn hidden(places: &Places, dice: &mut Dice) -> Option<Home> {
    let (ip, asn) = places.hosting_address(dice);
    let ip: IpAddr = ip.parse().ok()?;
    Some(Home { ip, asn })
}
