//! Who seems to ask: addresses, devices, users, agents and profiles, each from a pool or made anew.
//!
//! All of it is drawn from where genuine people's is drawn, so that nothing but behaviour tells them apart.

use super::knobs::Knobs;
use crate::Dice;
use crate::places::{Flow, Home, Places, Profile, agent};
use crate::stream::AttemptEvent;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::{format, vec::Vec};
use cofferdam_atlas::Country;
use cofferdam_engine::Channel;

/// An identifier that carries no meaning.
fn opaque(dice: &mut Dice) -> String {
    format!("{:016x}", dice.roll())
}

/// The pools of a campaign.
#[derive(Debug, Clone)]
pub(super) struct Mask {
    homes: BTreeMap<Country, Vec<Home>>,
    machines: Vec<(String, Option<u32>)>,
    devices: Vec<String>,
    users: Vec<String>,
    agents: Vec<String>,
    profiles: Vec<Profile>,
}

impl Mask {
    /// Gathers the pools.
    pub(super) fn gather(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Self {
        let pool = |count: u64, dice: &mut Dice| (0..count).map(|_| opaque(dice)).collect();
        let machines = if knobs.addresses > 0 && knobs.hosting > 0.0 { knobs.addresses } else { 0 };
        Self {
            homes: BTreeMap::new(),
            machines: (0..machines).map(|_| places.hosting_address(dice)).collect(),
            devices: pool(knobs.devices, dice),
            users: pool(knobs.users, dice),
            agents: (0..knobs.agents).map(|_| agent(dice)).collect(),
            profiles: profiles(knobs, places, dice),
        }
    }

    /// Asks under other profiles, from other addresses and devices.
    pub(super) fn change(&mut self, knobs: &Knobs, places: &Places, dice: &mut Dice) {
        *self = Self::gather(knobs, places, dice);
    }

    /// Asks under another profile, if there is one.
    pub(super) fn other_profile(&mut self, places: &Places, dice: &mut Dice) {
        let others: Vec<Profile> = places
            .profiles
            .iter()
            .filter(|profile| self.profiles.iter().all(|own| own.name != profile.name))
            .copied()
            .collect();
        if let Some(other) = dice.pick(&others) {
            self.profiles = alloc::vec![*other];
        }
    }

    /// An attempt for a number of a country. What the profile's caller does not tell, the world takes out of it, as of
    /// genuine people's.
    pub(super) fn ask(
        &mut self,
        (knobs, places): (&Knobs, &Places),
        (country, phone, channel): (Country, String, Channel),
        at_ms: i64,
        dice: &mut Dice,
    ) -> AttemptEvent {
        let (ip, asn) = self.address(knobs, places, country, dice);
        let profile = dice.pick(&self.profiles).copied();
        let fresh = |pool: &[String], dice: &mut Dice| match dice.pick(pool) {
            Some(one) => one.clone(),
            None => opaque(dice),
        };
        AttemptEvent {
            id: String::new(),
            at_ms,
            price_micros: Some(places.price_of(&phone, channel)),
            phone,
            channel,
            ip: Some(ip),
            asn,
            ip_country: None,
            device_id: Some(fresh(&self.devices, dice)),
            session_id: Some(opaque(dice)),
            user_id: Some(fresh(&self.users, dice)),
            user_agent: Some(dice.pick(&self.agents).cloned().unwrap_or_else(|| agent(dice))),
            profile: profile.map(|profile| profile.name.to_string()),
        }
    }

    fn address(
        &mut self,
        knobs: &Knobs,
        places: &Places,
        country: Country,
        dice: &mut Dice,
    ) -> (String, Option<u32>) {
        if dice.chance(knobs.hosting) {
            return dice.pick(&self.machines).cloned().unwrap_or_else(|| places.hosting_address(dice));
        }
        let mut from = country;
        if dice.chance(knobs.abroad) {
            from = dice.pick(&places.countries()).copied().unwrap_or(country);
        }
        if knobs.addresses == 0 {
            return places.address_in(from, dice);
        }
        let pool = self.homes.entry(from).or_default();
        if pool.is_empty() {
            pool.extend((0..knobs.addresses).map(|_| places.home_in(from, dice)));
        }
        match dice.pick(pool) {
            Some(home) => home.address(dice),
            None => places.address_in(from, dice),
        }
    }
}

/// The profiles that are asked: sign-ups first, but with users made beforehand where people log in.
fn profiles(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Vec<Profile> {
    let wanted = if knobs.users > 0 { Flow::LogIn } else { Flow::SignUp };
    let (mut suit, mut rest): (Vec<Profile>, Vec<Profile>) =
        places.profiles.iter().partition(|profile| profile.flow == wanted);
    let mut chosen = Vec::new();
    for _ in 0..knobs.profiles.max(1) {
        let from = if suit.is_empty() { &mut rest } else { &mut suit };
        if !from.is_empty() {
            chosen.push(from.swap_remove(dice.below(from.len() as u64) as usize));
        }
    }
    chosen
}
