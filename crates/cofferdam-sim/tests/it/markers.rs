//! No field of an attempt may give the truth away: markers of a generator make a detector look good that only knows
//! the generator.

use std::collections::BTreeMap;

use cofferdam_sim::{AttemptEvent, Event, Scenario, World};

/// What can be read off an attempt by itself: among attempts of which profile, which field, and what stands there.
/// Which profile an attack goes through is its behaviour; what is then told must be as with everybody.
fn marks(attempt: &AttemptEvent) -> Vec<(String, &'static str, String)> {
    let told = |field: &Option<String>| u8::from(field.is_some());
    let mask = [
        told(&attempt.ip),
        told(&attempt.ip_country),
        told(&attempt.device_id),
        told(&attempt.session_id),
        told(&attempt.user_id),
        told(&attempt.user_agent),
        u8::from(attempt.asn.is_some()),
        u8::from(attempt.price_micros.is_some()),
    ];
    let profile = attempt.profile.clone().unwrap_or_default();
    let all = String::new;
    let len = |field: &Option<String>| field.as_ref().map_or(0, String::len);
    vec![
        (profile, "told", format!("{mask:?}")),
        (all(), "agent", attempt.user_agent.clone().unwrap_or_default()),
        (all(), "millisecond", (attempt.at_ms % 10).to_string()),
        (all(), "second", (attempt.at_ms / 1000 % 60).to_string()),
        (
            all(),
            "lengths",
            format!("{} {} {}", attempt.id.len(), len(&attempt.device_id), len(&attempt.session_id)),
        ),
        (
            all(),
            "address",
            attempt.ip.as_ref().map_or("", |ip| if ip.contains(':') { "6" } else { "4" }).to_owned(),
        ),
        (all(), "first of id", attempt.id[..1].to_owned()),
    ]
}

#[test]
fn no_field_gives_the_truth_away() {
    for density in ["thin", "busy"] {
        let text = format!("density {density}\ndays 7\nquiet 1\npeople 4000\nattack all\n");
        let world = World::of(&Scenario::parse(&text).unwrap(), 5).unwrap();
        let mut tallies: BTreeMap<(String, &str, String), (f64, f64)> = BTreeMap::new();
        let mut whole: BTreeMap<(String, &str), (f64, f64)> = BTreeMap::new();
        for (event, truth) in world.events() {
            let (Event::Attempt(attempt), Some(truth)) = (event, truth) else { continue };
            let attack = truth.family.is_some();
            for (among, field, value) in marks(&attempt) {
                let group = whole.entry((among.clone(), field)).or_default();
                *(if attack { &mut group.1 } else { &mut group.0 }) += 1.0;
                let tally = tallies.entry((among, field, value)).or_default();
                *(if attack { &mut tally.1 } else { &mut tally.0 }) += 1.0;
            }
        }
        for ((among, field, value), (of_good, of_bad)) in tallies {
            let (good, bad) = whole[&(among, field)];
            if good.min(bad) < 500.0 {
                continue;
            }
            // Values with enough attacks: how much likelier than among genuine attempts.
            let ratio = ((of_bad + 20.0) / bad) / ((of_good + 20.0) / good);
            if of_bad > 0.01 * bad && field != "agent" {
                assert!(ratio < 4.0, "{density} {field} {value}: {of_good} {of_bad}");
            }
            if of_bad > 0.002 * bad {
                assert!(of_good > 0.0, "{density} {field} {value}: only attacks have it, {of_bad} times");
            }
            if of_good > 0.02 * good {
                assert!(of_bad > 0.0, "{density} {field} {value}: no attack has it");
            }
        }
    }
}
