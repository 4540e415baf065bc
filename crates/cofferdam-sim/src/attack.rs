//! Attacks: families that pump messages, each with knobs drawn from a seed.
//!
//! A family says how it differs from the others in one function; `crew` makes its messages. Those that adapt are
//! `Actor`s (`adaptive`), the others are planned ahead. All come from public descriptions, not from how we detect;
//! half of them are held out: nobody tunes on those. The world calls this module; it judges nothing.

mod adaptive;
mod aim;
mod crew;
mod fate;
mod knobs;
mod loud;
mod mask;
mod masked;
mod pace;
mod shapes;
mod slow;
mod staged;
mod wide;

use crate::Dice;
use crate::places::{Density, Places};
use crate::story::{Actor, Planned};
use alloc::{boxed::Box, vec::Vec};
use core::fmt;

pub use knobs::{Among, KnobError, Knobs, Numbers, Pace, PriceClass};

/// How a family differs from what all begin with.
type Shape = fn(&mut Knobs, &Places, &mut Dice);

/// A kind of attack.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// As labels and scenarios write it.
    pub name: &'static str,
    /// What it does, in a line.
    pub what: &'static str,
    /// Whether anybody could tell it from people at all; if not, it is reported apart.
    pub visible: bool,
    /// Whether it is held out: never tuned on, looked at once a week.
    pub held_out: bool,
    shape: Shape,
    how: How,
}

/// How its messages come about.
#[derive(Debug, Clone, Copy)]
enum How {
    /// All planned ahead.
    Planned(fn(&Knobs, &Places, &mut Dice) -> Vec<Planned>),
    /// As it is answered.
    Adaptive(fn(&Knobs, &Places, &mut Dice) -> Box<dyn Actor>),
}

/// One campaign, ready for the world.
pub enum Campaign {
    /// In order of time.
    Planned(Vec<Planned>),
    /// To be asked.
    Adaptive(Box<dyn Actor>),
}

impl fmt::Debug for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned(planned) => write!(f, "Planned({} attempts)", planned.len()),
            Self::Adaptive(_) => f.write_str("Adaptive"),
        }
    }
}

impl Family {
    /// The family of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAMILIES.iter().find(|family| family.name == name)
    }

    /// Whether it goes on as it is answered.
    pub const fn adapts(&self) -> bool {
        matches!(self.how, How::Adaptive(_))
    }

    /// Draws its knobs. When it begins, and which campaign it is, the scenario sets.
    pub fn knobs(&self, places: &Places, dice: &mut Dice) -> Knobs {
        let mut knobs = Knobs::drawn(self.name, places, dice);
        (self.shape)(&mut knobs, places, dice);
        if places.density == Density::Busy && knobs.share > 0.0 {
            // Who hides among people must take his time: an hour of a network has few of them.
            knobs.hours = knobs.hours.max(dice.between(16.0, 60.0));
        }
        knobs
    }

    /// Makes a campaign of its knobs. Identifiers of attempts are left empty: the world gives them.
    pub fn campaign(&self, knobs: &Knobs, places: &Places, dice: &mut Dice) -> Campaign {
        match self.how {
            How::Planned(plan) => Campaign::Planned(plan(knobs, places, dice)),
            How::Adaptive(act) => Campaign::Adaptive(act(knobs, places, dice)),
        }
    }
}

/// A line of the table.
const fn planned(name: &'static str, shape: Shape, held_out: bool, what: &'static str) -> Family {
    Family { name, what, visible: true, held_out, shape, how: How::Planned(crew::plan) }
}

/// A line of the table, of one that nobody can see.
const fn unseen(name: &'static str, shape: Shape, held_out: bool, what: &'static str) -> Family {
    Family { name, what, visible: false, held_out, shape, how: How::Planned(crew::plan) }
}

/// A line of the table, of one that adapts.
const fn adaptive(
    name: &'static str,
    act: fn(&Knobs, &Places, &mut Dice) -> Box<dyn Actor>,
    shape: Shape,
    held_out: bool,
    what: &'static str,
) -> Family {
    Family { name, what, visible: true, held_out, shape, how: How::Adaptive(act) }
}

const HELD_OUT: bool = true;
const TUNED_ON: bool = false;

/// The seed of the coin that was tossed for each name before anything was measured; a test tosses it again.
#[cfg(test)]
const COIN: u64 = 20_261_121;

/// All families.
pub const FAMILIES: [Family; 32] = [
    planned(
        "flood",
        loud::flood,
        HELD_OUT,
        "tens of messages a minute to one dear network from few machines",
    ),
    planned("drip", slow::drip, TUNED_ON, "a few messages an hour for days"),
    planned(
        "number_walk",
        loud::number_walk,
        TUNED_ON,
        "numbers of one run counted up, mostly by another step than one",
    ),
    planned(
        "shuffled_block",
        loud::shuffled_block,
        HELD_OUT,
        "all numbers of a small run, each once, shuffled",
    ),
    planned("several_blocks", loud::several_blocks, TUNED_ON, "several runs of one network in turn"),
    planned("whole_network", wide::whole_network, TUNED_ON, "numbers anywhere in a network"),
    planned("thin_countries", wide::thin_countries, TUNED_ON, "ten to thirty countries, a little each"),
    planned("home_market", wide::home_market, HELD_OUT, "the installation's own largest markets"),
    planned(
        "many_addresses",
        masked::many_addresses,
        TUNED_ON,
        "one residential address in the number's country for each attempt",
    ),
    planned("one_server", loud::one_server, TUNED_ON, "all from one machine or two, with one device"),
    planned(
        "own_devices",
        masked::own_devices,
        TUNED_ON,
        "a fresh device and a plausible agent for each attempt",
    ),
    planned("made_users", masked::made_users, TUNED_ON, "users made beforehand, through the login"),
    planned(
        "many_profiles",
        wide::many_profiles,
        HELD_OUT,
        "spread over all profiles, so that none sees a surge",
    ),
    planned("voice_premium", loud::voice_premium, HELD_OUT, "calls to dear numbers"),
    planned("resends", loud::resends, TUNED_ON, "each number again and again, a person's minute apart"),
    planned("faked_part", masked::faked_part, TUNED_ON, "a part of the codes is entered"),
    unseen("faked_all", masked::faked_all, TUNED_ON, "all codes are entered as people do: cannot be seen"),
    planned("sleeper", staged::sleeper, HELD_OUT, "days of quiet that looks honest, then the burst"),
    planned(
        "tests_first",
        staged::tests_first,
        TUNED_ON,
        "one message to each of many places, later the burst at one",
    ),
    planned("day_curve", slow::day_curve, HELD_OUT, "loud enough, but by the destination's day"),
    planned(
        "busy_network",
        slow::busy_network,
        TUNED_ON,
        "among the people of a living network, 0.2 to 0.8 of its newcomers",
    ),
    planned("revisit", staged::revisit, HELD_OUT, "comes back after days"),
    planned("own_day", slow::own_day, TUNED_ON, "a share of a living network, at the pace of its own day"),
    planned(
        "solver_farm",
        masked::solver_farm,
        TUNED_ON,
        "challenges are solved nearly as often as by people",
    ),
    planned("sittings", slow::sittings, TUNED_ON, "few numbers, some times a day each, for days"),
    unseen(
        "thin_layer",
        wide::thin_layer,
        HELD_OUT,
        "a tenth of the newcomers of many places: cannot be seen",
    ),
    adaptive(
        "mover",
        adaptive::mover,
        shapes::persistent,
        HELD_OUT,
        "moves to another run, network, country, profile, address when stopped",
    ),
    adaptive(
        "edge",
        adaptive::edge,
        shapes::persistent,
        TUNED_ON,
        "speeds up, and stays just below the pace that was stopped",
    ),
    adaptive(
        "warmer",
        adaptive::warmer,
        shapes::persistent,
        HELD_OUT,
        "enters codes until a place is trusted, then sends without",
    ),
    adaptive(
        "rival",
        adaptive::rival,
        shapes::provoking,
        HELD_OUT,
        "wants a network blocked, to harm its people",
    ),
    adaptive("slower", adaptive::slower, shapes::persistent, TUNED_ON, "slows down when stopped"),
    adaptive(
        "returner",
        adaptive::returner,
        shapes::persistent,
        TUNED_ON,
        "leaves when stopped and comes back hours later",
    ),
];

#[cfg(test)]
mod tests;
