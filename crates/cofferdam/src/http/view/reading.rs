//! What evidence says of the places and sources of an attempt, in figures and in a sentence.
//!
//! A reading is shown where there is something to look at. Counts that several tenants make up together
//! are rounded for each of them. Called for one assessment at a time.

use super::assessment::Eyes;
use cofferdam_engine::evidence::{Evidenced, Reading, Scope, TAU_S};
use cofferdam_engine::signal::more_than;
use serde::Serialize;
use utoipa::ToSchema;

/// Fewer newcomers are nothing to look at.
const LEAST: f32 = 3.0;

/// What was seen in one scope of an attempt: everybody new there, this attempt included.
#[derive(Serialize, ToSchema)]
#[schema(as = Reading)]
pub struct ReadingView {
    /// `country`, `network`, `prefix4`, `address`, `device` and so on.
    #[schema(value_type = String)]
    scope: &'static str,
    /// Over about how many seconds: that of three windows which stands out most.
    window_s: u32,
    /// New people; where it is rounded: more than this.
    seen: f64,
    /// How many are usual; where it is rounded: more than this.
    usual: f64,
    /// Of the new people, those whose code should be back by now.
    due: f64,
    /// Of those, who entered it.
    converted: f64,
    /// The share that usually does.
    usual_rate: f64,
    /// Whether other tenants are among what was counted, so that it is rounded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rounded: bool,
    /// For people.
    text: String,
}

impl ReadingView {
    /// The readings worth a look.
    pub(super) fn all(evidence: &Evidenced, eyes: Eyes) -> Vec<Self> {
        evidence.readings.iter().filter_map(|reading| Self::of(reading, eyes)).collect()
    }

    fn of(reading: &Reading, eyes: Eyes) -> Option<Self> {
        let figures = reading.seen.into_iter().zip(reading.expected).zip(TAU_S);
        let past = figures.zip(reading.matured.into_iter().zip(reading.converted));
        let standing_out = |seen: f32, usual: f32| (seen - usual) / (usual + 1.0).sqrt();
        let most = past.max_by(|(((a, b), _), _), (((c, d), _), _)| {
            standing_out(*a, *b).total_cmp(&standing_out(*c, *d))
        });
        let (((seen, usual), window_s), (due, converted)) =
            most.filter(|(((seen, _), _), _)| *seen >= LEAST)?;
        let rounded = eyes == Eyes::Tenant && reading.scope.is_shared();
        let count = |count: f32| {
            if rounded { more_than(f64::from(count)) } else { (f64::from(count) * 10.0).round() / 10.0 }
        };
        let mut view = Self {
            scope: reading.scope.name(),
            window_s,
            seen: count(seen),
            usual: count(usual),
            due: count(due),
            converted: count(converted),
            usual_rate: (f64::from(reading.rate) * 100.0).round() / 100.0,
            rounded,
            text: String::new(),
        };
        view.text = view.sentence(reading.scope, f64::from(converted) / f64::from(due).max(0.01));
        Some(view)
    }

    fn sentence(&self, scope: Scope, share: f64) -> String {
        use std::fmt::Write as _;
        let counted = |count: f64| match count {
            _ if !self.rounded => format!("{count:.0}"),
            0.0 => "up to 10".to_owned(),
            below => format!("more than {below:.0}"),
        };
        let window = match self.window_s {
            ..3_600 => format!("{} minutes", self.window_s / 60),
            _ => format!("{} hours", self.window_s / 3_600),
        };
        let usual = match self.usual {
            ..0.5 if !self.rounded => "hardly any".to_owned(),
            usual => counted(usual),
        };
        let mut text = format!(
            "Within about {window} {} new people asked for messages {}, where {usual} would be usual.",
            counted(self.seen),
            about(scope)
        );
        if self.due >= 1.0 {
            let _ = write!(
                text,
                " Of those whose code should be back about {:.0} in ten entered it; {:.0} in ten usually do.",
                (share * 10.0).min(10.0),
                self.usual_rate * 10.0
            );
        }
        text
    }
}

fn about(scope: Scope) -> &'static str {
    match scope {
        Scope::All => "here, whatever the destination",
        Scope::Country => "to this country",
        Scope::Network => "to this telephone network",
        Scope::Profile => "under this profile",
        Scope::Client => "with this browser or app",
        Scope::Asn => "from this internet network",
        Scope::ProfileNetwork => "under this profile to this telephone network",
        Scope::ClientNetwork => "with this browser or app to this telephone network",
        Scope::WhenceNetwork => "from this internet network or country to this telephone network",
        Scope::ChannelNetwork => "over this channel to this telephone network",
        Scope::Prefix4 => "to numbers that differ in the last four digits only",
        Scope::Prefix3 => "to numbers that differ in the last three digits only",
        Scope::Prefix2 => "to numbers that differ in the last two digits only",
        Scope::Neighbourhood => "from this internet address's neighbourhood",
        Scope::Address => "from this internet address",
        Scope::Device => "from this device",
        Scope::User => "by this user",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(scope: Scope) -> Reading {
        Reading {
            scope,
            key: 1,
            seen: [212.0, 213.0, 214.0],
            explained: [0.0; 3],
            matured: [101.0; 3],
            converted: [1.0; 3],
            expected: [0.4, 3.0, 30.0],
            rate: 0.68,
            rate_of: 9.0,
            challenged: 0.0,
            failed: 0.0,
            strikes: 0.0,
            asked: 220.0,
            trusted: None,
            order: None,
            tried: [[0.0; 2]; 2],
        }
    }

    #[test]
    fn what_is_shared_is_rounded_for_a_tenant_and_whole_for_an_administrator() {
        let tenant = ReadingView::of(&reading(Scope::Prefix4), Eyes::Tenant).unwrap();
        assert_eq!((tenant.seen, tenant.usual, tenant.due, tenant.rounded), (200.0, 0.0, 100.0, true));
        assert!(tenant.text.contains("more than 200 new people"), "{}", tenant.text);
        assert!(!serde_json::to_string(&tenant).unwrap().contains("212"));
        let admin = ReadingView::of(&reading(Scope::Prefix4), Eyes::Admin).unwrap();
        assert_eq!((admin.seen, admin.window_s, admin.rounded), (212.0, 900, false));
        let own = ReadingView::of(&reading(Scope::Device), Eyes::Tenant).unwrap();
        assert_eq!((own.seen, own.rounded), (212.0, false));
    }

    #[test]
    fn few_are_nothing_to_look_at() {
        let few = Reading { seen: [1.0, 2.0, 2.9], ..reading(Scope::User) };
        assert!(ReadingView::of(&few, Eyes::Admin).is_none());
    }
}
