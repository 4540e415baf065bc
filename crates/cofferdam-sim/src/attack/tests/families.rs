//! What is particular to each planned family.

use super::*;

/// Steps between numbers that follow one another in time.
fn steps(planned: &[Planned]) -> Vec<u64> {
    planned.windows(2).map(|two| digits(&two[1]).abs_diff(digits(&two[0]))).collect()
}

fn hours(planned: &[Planned]) -> f64 {
    let (first, last) = (planned.first().unwrap(), planned.last().unwrap());
    (last.attempt.at_ms - first.attempt.at_ms) as f64 / HOUR_MS as f64
}

fn addresses(planned: &[Planned]) -> usize {
    distinct(planned.iter().map(|one| one.attempt.ip.clone()))
}

#[test]
fn a_flood_is_fast_dear_and_from_few_machines() {
    for seed in 1..6 {
        let (_, planned) = made("flood", thin(), seed);
        assert!(planned.len() as f64 / (hours(&planned) * 60.0) > 10.0);
        assert!(planned.len() >= 400 && countries(&planned) == 1);
        let hosted = share(&planned, |one| {
            one.attempt.ip.as_ref().is_some_and(|ip| ip_facts(ip.parse().unwrap()).hosting)
        });
        assert!(hosted > 0.6, "{hosted}");
        assert!(distinct(planned.iter().map(|one| one.attempt.device_id.clone())) <= 6);
    }
}

#[test]
fn a_drip_is_slow_and_long() {
    for seed in 1..6 {
        let (_, planned) = made("drip", thin(), seed);
        assert!(hours(&planned) > 60.0);
        assert!(planned.len() as f64 / hours(&planned) < 13.0);
    }
}

#[test]
fn a_walk_counts_up_by_its_step() {
    let mut seen = BTreeSet::new();
    for seed in 1..12 {
        let (knobs, planned) = made("number_walk", thin(), seed);
        seen.insert(knobs.step);
        let even = steps(&planned).iter().filter(|step| **step == knobs.step).count();
        assert!(even + 3 >= planned.len() - 1, "{even} of {}", planned.len());
    }
    assert!(seen.len() > 3, "{seen:?}");
}

#[test]
fn a_shuffled_block_takes_each_number_once_and_in_no_order() {
    let (_, planned) = made("shuffled_block", thin(), 2);
    assert_eq!(distinct(planned.iter().map(digits)), planned.len());
    assert_eq!(distinct(planned.iter().map(|one| digits(one) / 1000)), 1);
    let steps = steps(&planned);
    assert!(distinct(steps.iter().copied()) * 3 > steps.len() / 2);
}

#[test]
fn several_blocks_are_several() {
    for seed in 1..6 {
        let (knobs, planned) = made("several_blocks", thin(), seed);
        assert!(knobs.runs >= 3 && countries(&planned) == 1);
        assert!(distinct(planned.iter().map(|one| digits(one) / 10_000)) >= 3);
    }
}

#[test]
fn a_whole_network_has_hardly_two_in_one_thousand_numbers() {
    let (_, planned) = made("whole_network", thin(), 3);
    let blocks = distinct(planned.iter().map(|one| digits(one) / 1000));
    assert!(blocks * 5 > planned.len(), "{blocks} of {}", planned.len());
}

#[test]
fn thin_countries_are_many_with_little_each() {
    let (knobs, planned) = made("thin_countries", thin(), 4);
    assert!(countries(&planned) >= 9);
    assert!(planned.len() as u64 / knobs.networks < 70);
}

#[test]
fn home_is_where_the_people_are() {
    for places in [thin(), busy()] {
        let homes: Vec<_> = places.countries().into_iter().take(4).collect();
        let (_, planned) = made("home_market", places, 5);
        let home = |one: &Planned| homes.contains(&parse_e164(&one.attempt.phone).unwrap().country.unwrap());
        assert!(share(&planned, home) > 0.99);
    }
}

#[test]
fn many_addresses_are_one_each_and_in_the_country() {
    let (_, planned) = made("many_addresses", thin(), 6);
    let country = parse_e164(&planned[0].attempt.phone).unwrap().country;
    let there = share(&planned, |one| {
        one.attempt.ip.as_ref().is_some_and(|ip| ip_facts(ip.parse().unwrap()).country == country)
    });
    assert!(there > 0.95, "{there}");
    let (_, server) = made("one_server", thin(), 6);
    assert!(addresses(&server) <= 2 && addresses(&planned) > 20);
}

#[test]
fn devices_and_users_come_from_their_pools() {
    let (_, planned) = made("own_devices", thin(), 7);
    assert_eq!(distinct(planned.iter().map(|one| one.attempt.device_id.clone())), planned.len());
    assert!(distinct(planned.iter().map(|one| one.attempt.user_agent.clone())) > 20);
    let (knobs, planned) = made("made_users", thin(), 7);
    let users = distinct(planned.iter().map(|one| one.attempt.user_id.clone()));
    assert!(users as u64 <= knobs.users && users > 20);
    let (_, planned) = made("many_profiles", thin(), 7);
    let profiles = distinct(planned.iter().map(|one| one.attempt.profile.clone()));
    assert_eq!(profiles, thin().profiles.len());
}

#[test]
fn voice_is_called_and_resends_are_paced_like_a_person() {
    let (_, planned) = made("voice_premium", thin(), 8);
    assert!(share(&planned, |one| one.attempt.channel == Channel::Voice) > 0.8);
    let (_, planned) = made("resends", thin(), 8);
    let mut sittings: BTreeMap<u32, Vec<&Planned>> = BTreeMap::new();
    for one in &planned {
        sittings.entry(one.truth.sitting).or_default().push(one);
    }
    assert!(planned.len() as f64 / sittings.len() as f64 > 2.5);
    for of in sittings.values() {
        assert_eq!(distinct(of.iter().map(|one| (&one.attempt.phone, &one.attempt.session_id))), 1);
        let patient = |two: &[&Planned]| two[1].attempt.at_ms - two[0].attempt.at_ms >= 20_000;
        assert!(of.windows(2).all(patient));
    }
}

#[test]
fn conversions_are_faked_as_much_as_they_should() {
    let normal = |planned: &[Planned], places: &Places| {
        let to = parse_e164(&planned[0].attempt.phone).unwrap();
        places.nets.iter().find(|net| Some(net.country) == to.country).unwrap().converts
    };
    let (_, none) = made("flood", thin(), 9);
    assert!(share(&none, entered) < 0.08);
    let (knobs, part) = made("faked_part", busy(), 9);
    let rate = share(&part, entered) / normal(&part, busy());
    assert!((rate / knobs.converts - 1.0).abs() < 0.5, "{rate} {}", knobs.converts);
    let (_, all) = made("faked_all", busy(), 9);
    let rate = share(&all, entered) / normal(&all, busy());
    assert!(rate > 0.75, "{rate}");
}

#[test]
fn solvers_solve() {
    let passed = |one: &Planned| one.outcomes.iter().any(|o| o.what == Became::Challenge { passed: true });
    let (knobs, planned) = made("solver_farm", thin(), 10);
    assert!((share(&planned, passed) - knobs.solves).abs() < 0.1);
    assert!(share(&made("flood", thin(), 10).1, passed) < 0.15);
}

#[test]
fn a_sleeper_converts_before_it_bursts() {
    let (knobs, planned) = made("sleeper", thin(), 11);
    let burst_ms = START_MS + (knobs.quiet_hours * HOUR_MS as f64) as i64;
    let (quiet, burst): (Vec<Planned>, Vec<Planned>) =
        planned.into_iter().partition(|one| one.attempt.at_ms < burst_ms);
    assert_eq!(quiet.len() as u64, knobs.quiet_messages);
    assert!(share(&quiet, entered) > 3.0 * share(&burst, entered).max(0.02));
    assert!(burst.len() as f64 / knobs.hours > 4.0 * quiet.len() as f64 / knobs.quiet_hours);
    let (_, other) = made("sleeper", thin(), 11);
    assert_eq!(countries(&other), 1, "it prepares where it bursts");
}

#[test]
fn tests_go_to_many_places_before() {
    let (knobs, planned) = made("tests_first", thin(), 12);
    let day = |one: &Planned| one.attempt.at_ms < START_MS + 24 * HOUR_MS - HOUR_MS / 2 + 1;
    let (tests, burst): (Vec<Planned>, Vec<Planned>) = planned.into_iter().partition(day);
    assert_eq!(tests.len() as u64, knobs.tests);
    assert!(countries(&tests) >= 10 && countries(&burst) == 1);
}

#[test]
fn visits_lie_days_apart() {
    let (knobs, planned) = made("revisit", thin(), 13);
    let rest = (knobs.rest_hours * HOUR_MS as f64) as i64;
    let long = planned.windows(2).filter(|two| two[1].attempt.at_ms - two[0].attempt.at_ms >= rest).count();
    assert_eq!(long as u64, knobs.visits - 1);
}

#[test]
fn a_day_has_a_night() {
    for (name, places) in [("day_curve", thin()), ("own_day", busy())] {
        let (_, planned) = made(name, places, 14);
        let country = parse_e164(&planned[0].attempt.phone).unwrap().country.unwrap();
        let mut by_hour = [0_u32; 24];
        for one in &planned {
            let local = Places::local_ms(country, one.attempt.at_ms);
            by_hour[(local.rem_euclid(24 * HOUR_MS) / HOUR_MS) as usize] += 1;
        }
        let evening: u32 = by_hour[17..22].iter().sum();
        let night: u32 = by_hour[5..10].iter().sum();
        assert!(evening > 3 * night, "{name}: {by_hour:?}");
    }
}

#[test]
fn in_a_busy_network_its_share_is_what_it_should_be() {
    for seed in 1..8 {
        let (knobs, planned) = made("busy_network", busy(), seed);
        assert!((0.2..0.8).contains(&knobs.share));
        let aim = aim::Aim::choose(&knobs, busy(), &mut Dice::new(seed).apart(knobs.family).apart("aim"));
        let people = busy().per_day_in(aim.nets()[0]) / 2.0 * knobs.hours / 24.0;
        let share = planned.len() as f64 / (planned.len() as f64 + people);
        let bounded = planned.len() <= 30 || planned.len() as u64 >= knobs.messages * 8;
        assert!(bounded || (share - knobs.share).abs() < 0.05, "{share} {}", knobs.share);
    }
}

#[test]
fn sittings_come_back_to_few_numbers_for_days() {
    let (knobs, planned) = made("sittings", thin(), 15);
    assert!(distinct(planned.iter().map(digits)) as u64 <= knobs.runs);
    assert!(hours(&planned) > 60.0);
    assert_eq!(distinct(planned.iter().map(|one| one.truth.sitting)), planned.len());
    assert!(planned.len() as u64 >= knobs.runs * 3);
}

#[test]
fn a_layer_is_thin_everywhere() {
    let (knobs, planned) = made("thin_layer", busy(), 16);
    assert!(knobs.share <= 0.12 && countries(&planned) >= 6);
    assert!(addresses(&planned) as f64 > planned.len() as f64 * 0.4);
}
