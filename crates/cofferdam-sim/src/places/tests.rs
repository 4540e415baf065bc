use super::*;
use alloc::collections::BTreeSet;
use cofferdam_atlas::{Network, ip_facts};

fn thin() -> Places {
    Places::of(Density::Thin, &mut Dice::new(7))
}

#[test]
fn a_seed_gives_the_same_map() {
    let (one, other) = (thin(), thin());
    assert_eq!(alloc::format!("{one:?}"), alloc::format!("{other:?}"));
    let another = Places::of(Density::Thin, &mut Dice::new(8));
    assert_ne!(alloc::format!("{:?}", one.nets), alloc::format!("{:?}", another.nets));
}

#[test]
fn a_thin_world_is_wide_and_a_busy_one_deep() {
    let (thin, busy) = (thin(), Places::of(Density::Busy, &mut Dice::new(7)));
    assert!(thin.countries().len() >= 60, "{}", thin.countries().len());
    assert!(busy.countries().len() >= 30, "{}", busy.countries().len());
    for world in [&thin, &busy] {
        let sum: f64 = world.nets.iter().map(|net| net.weight).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
    // The middle of the networks where anybody lives.
    let middle = |world: &Places| {
        let mut lived: Vec<f64> =
            (0..world.nets.len()).map(|net| world.per_day_in(net)).filter(|day| *day > 8.0).collect();
        lived.sort_by(f64::total_cmp);
        lived.get(lived.len() / 2).copied().unwrap_or(0.0)
    };
    let (thin, busy) = (middle(&thin), middle(&busy));
    assert!(busy > 5.0 * thin, "{busy} {thin}");
}

#[test]
fn numbers_are_mobile_and_where_they_should_be() {
    let (world, mut dice) = (thin(), Dice::new(1));
    let mut ported = 0;
    for (at, net) in world.nets.iter().enumerate() {
        for _ in 0..5 {
            let found = parse_e164(&world.number_in(at, &mut dice)).unwrap();
            assert_eq!(found.country, Some(net.country));
            ported += usize::from(found.network.map(Network::id) != net.network);
        }
        let run = world.block_in(at, &mut dice);
        for place in [0, run.count / 2, run.count - 1] {
            let found = parse_e164(&run.nth(place)).unwrap();
            assert_eq!(found.country, Some(net.country));
            assert_eq!(found.network.map(Network::id), net.network);
        }
    }
    assert!(ported < world.nets.len(), "{ported}");
}

#[test]
fn homes_are_at_home_and_machines_are_not() {
    let (world, mut dice) = (thin(), Dice::new(2));
    let (mut six, mut distinct, mut wrong) = (0, BTreeSet::new(), 0);
    for country in world.countries() {
        for _ in 0..20 {
            let (ip, asn) = world.address_in(country, &mut dice);
            let ip: core::net::IpAddr = ip.parse().unwrap();
            assert_eq!(ip_facts(ip).country, Some(country));
            wrong += usize::from(ip_facts(ip).hosting);
            six += usize::from(ip.is_ipv6());
            assert!(asn.is_some());
            distinct.insert(ip);
        }
    }
    assert!(six > 50 && wrong < 20, "{six} {wrong}");
    let (machine, _) = world.hosting_address(&mut dice);
    assert!(ip_facts(machine.parse().unwrap()).hosting);
}

#[test]
fn conversion_differs_from_place_to_place() {
    let world = thin();
    let least = world.nets.iter().map(|net| net.converts).fold(1.0, f64::min);
    let most = world.nets.iter().map(|net| net.converts).fold(0.0, f64::max);
    assert!(least < 0.4 && most > 0.85, "{least} {most}");
}
