//! Whether the published recipes fail in our worlds about as they did in the first measurements: a world where they do
//! well is too easy.

use cofferdam_sim::attack::Family;
use cofferdam_sim::recipe::Recipe;
use cofferdam_sim::{Figures, Scenario, Scorecard, World};

fn run(name: &str, density: &str) -> Figures {
    let text = format!("density {density}\ndays 8\nquiet 3\ncase all\nattack all\n");
    let mut world = World::of(&Scenario::parse(&text).unwrap(), 12).unwrap();
    let mut judge = Recipe::named(name).unwrap().judge(&world.places);
    let mut card = Scorecard::default();
    world.run(
        judge.as_mut(),
        card.taking(|family| Family::named(family).is_some_and(|family| family.visible)),
    );
    card.figures()
}

#[test]
fn published_recipes_leak_and_stop_good_people() {
    for (name, density, leaks, stops) in [
        ("telnyx", "thin", 0.15, 0.005),
        ("vonage", "thin", 0.15, 0.005),
        ("limits", "thin", 0.4, 0.003),
        ("telnyx", "busy", 0.3, 0.01),
        ("vonage", "busy", 0.2, 0.02),
    ] {
        let figures = run(name, density);
        let (mean, stopped) = (figures.mean_leaked().unwrap(), figures.measure("good_stopped").unwrap());
        println!("{name} {density}: mean {mean:.3} leaked {:?} good stopped {stopped:.4}", figures.leaked());
        assert!(mean > leaks, "{name} {density} leaks only {mean}");
        assert!(stopped > stops, "{name} {density} stops only {stopped} of good people");
    }
}

#[test]
fn the_list_of_markets_stops_a_launch_and_the_identity_server_a_crowd() {
    let markets = run("markets", "thin");
    assert!(markets.measure("good_stopped").unwrap() > 0.05);
    let authgear = run("authgear", "thin");
    assert!(authgear.measure("good_stopped").unwrap() > 0.1);
    assert!(authgear.mean_leaked().unwrap() < 0.5);
}
