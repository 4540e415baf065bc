//! Recipes: what is published as a defence, each as a judge beside the engine on the same streams.
//!
//! Their figures are the published ones, named where they are used; where a recipe leaves a figure open, ours is in its
//! favour and says so. They count in event time and in bounded memory. None states a score. The simulation
//! and the program call them; they know nothing of the engine.

mod authgear;
mod limits;
mod markets;
mod place;
mod prefixes;
mod sent;
mod slots;
mod telnyx;
mod vonage;
mod windows;

use crate::judge::{Decided, Judge};
use crate::places::Places;
use alloc::{boxed::Box, string::ToString, vec, vec::Vec};
use cofferdam_engine::Decision;

pub use authgear::Authgear;
pub use limits::Limits;
pub use markets::Markets;
pub use prefixes::Prefixes;
pub use telnyx::Telnyx;
pub use vonage::Vonage;

/// A recipe by name.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// As reports write it.
    pub name: &'static str,
    /// What it does, in a line.
    pub what: &'static str,
    make: fn(&Places) -> Box<dyn Judge>,
}

impl Recipe {
    /// The recipe of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        RECIPES.iter().find(|recipe| recipe.name == name)
    }

    /// A judge that has seen nothing yet. Some need to know the markets of the world that they will meet.
    pub fn judge(&self, places: &Places) -> Box<dyn Judge> {
        (self.make)(places)
    }
}

/// All recipes.
pub const RECIPES: [Recipe; 7] = [
    Recipe {
        name: "telnyx",
        what: "Telnyx' guide: limits, risky countries challenged, sequences, low conversion by country",
        make: |_| Box::new(Telnyx::guide()),
    },
    Recipe {
        name: "telnyx_breaker",
        what: "the same, with the guide's circuit breaker of 500 messages an hour",
        make: |_| Box::new(Telnyx::guide().with_breaker()),
    },
    Recipe {
        name: "vonage",
        what: "Vonage's network blocks: conversion under 35 %, longer each time",
        make: |_| Box::new(Vonage::new()),
    },
    Recipe {
        name: "markets",
        what: "the fifteen largest markets and no other country",
        make: |places| Box::new(Markets::largest(places)),
    },
    Recipe {
        name: "limits",
        what: "limits by number, address, session and device alone",
        make: |_| Box::new(Limits::new()),
    },
    Recipe {
        name: "prefixes",
        what: "limits by prefix with low conversion",
        make: |_| Box::new(Prefixes::new()),
    },
    Recipe {
        name: "authgear",
        what: "Authgear's thresholds of unverified codes by country and address",
        make: |_| Box::new(Authgear::new()),
    },
];

fn allow() -> Decided {
    Decided { decision: Decision::Allow, score: None, reasons: Vec::new(), evidence: None }
}

fn because(decision: Decision, reason: &str) -> Decided {
    Decided { decision, score: None, reasons: vec![reason.to_string()], evidence: None }
}

#[cfg(test)]
mod tests;
