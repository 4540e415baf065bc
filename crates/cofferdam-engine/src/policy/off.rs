//! Detectors that a policy leaves out: to see what each is worth, and for an operator whose traffic one of them
//! misreads. Nothing here judges; the judge passes over what is off.

use crate::detect::DETECTORS;
use crate::rival::Rivals;
use alloc::{format, string::String, vec::Vec};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A set of detectors, one bit a place in their table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Off(u64);

impl Off {
    /// Whether all are on.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Switches one off, by the name of its file. `false`: there is none of this name.
    pub fn switch(&mut self, name: &str) -> bool {
        let at = DETECTORS.iter().position(|detector| detector.file == name);
        self.0 |= at.map_or(0, |at| 1 << at);
        at.is_some()
    }

    /// Whether the detector at this place of the table is off.
    pub(crate) const fn has(self, at: usize) -> bool {
        self.0 >> at & 1 == 1
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let off = DETECTORS.iter().enumerate().filter(move |(at, _)| self.has(*at));
        off.map(|(_, detector)| detector.file)
    }
}

/// Explanations that compete with attack, by the name of their mass in [`Rivals`]; `control` is what happens to the
/// trusted of the same place.
pub const EXPLANATIONS: [&str; 7] =
    ["growth", "campaign", "outage", "batch", "shared", "mistyped", "control"];

impl Rivals {
    /// Takes an explanation away. `false`: there is none of this name.
    pub fn switch_off(&mut self, name: &str) -> bool {
        match name {
            "growth" => self.growth = 0.0,
            "campaign" => self.campaign = 0.0,
            "outage" => self.outage = 0.0,
            "batch" => self.batch = 0.0,
            "shared" => self.shared = 0.0,
            "mistyped" => self.mistyped = 0.0,
            "control" => self.control_off = true,
            _ => return false,
        }
        true
    }
}

impl Serialize for Off {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for Off {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut off = Self::default();
        for name in Vec::<String>::deserialize(from)? {
            if !off.switch(&name) {
                return Err(de::Error::custom(format!("no detector `{name}`")));
            }
        }
        Ok(off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Policy};
    use alloc::string::ToString as _;

    #[test]
    fn names_are_those_of_the_table_and_others_are_refused() {
        let mut policy = Policy::builtin(Level::Standard);
        assert!(!serde_json::to_string(&policy).unwrap().contains("\"off\""));
        assert!(policy.off.switch("ip_velocity") && policy.off.switch("limit"));
        let text = serde_json::to_string(&policy).unwrap();
        assert!(text.contains(r#""off":["limit","ip_velocity"]"#), "{text}");
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
        let wrong = text.replace("ip_velocity", "ip_speed");
        let error = serde_json::from_str::<Policy>(&wrong).unwrap_err().to_string();
        assert!(error.contains("no detector `ip_speed`"), "{error}");
    }

    #[test]
    fn every_explanation_can_be_taken_away() {
        for name in EXPLANATIONS {
            let mut rivals = Rivals::default();
            assert!(rivals.switch_off(name) && rivals != Rivals::default(), "{name}");
        }
        assert!(!Rivals::default().switch_off("weather"));
    }

    #[test]
    fn the_table_fits() {
        assert!(DETECTORS.len() <= 64);
    }
}
