//! What holds for any stream whatever: finite scores, exact sums, readings that are counts, clocks that jump.

use crate::world::{Judged, Net, Then, Who, World};
use cofferdam_engine::evidence::Reading;
use cofferdam_engine::{Assessment, Channel, assess};
use proptest::prelude::*;

/// One step of a stream.
#[derive(Debug, Clone)]
enum Step {
    Ask {
        number: u16,
        block: bool,
        source: u8,
        channel: u8,
        price_micros: i64,
    },
    Then {
        back: u8,
        what: u8,
    },
    Wait(u32),
    /// The clock is set to something else.
    Clock(u32),
}

fn steps(clocks: impl Strategy<Value = u32> + Clone + 'static) -> impl Strategy<Value = Vec<Step>> {
    let price = prop_oneof![Just(0i64), 0i64..2_000_000, Just(i64::MAX), Just(-5)];
    let ask = (any::<u16>(), any::<bool>(), any::<u8>(), any::<u8>(), price).prop_map(
        |(number, block, source, channel, price_micros)| Step::Ask {
            number,
            block,
            source,
            channel,
            price_micros,
        },
    );
    let then = (any::<u8>(), any::<u8>()).prop_map(|(back, what)| Step::Then { back, what });
    let step = prop_oneof![
        20 => ask,
        10 => then,
        4 => (0u32..7_200).prop_map(Step::Wait),
        1 => clocks.prop_map(Step::Clock),
    ];
    proptest::collection::vec(step, 1..120)
}

fn who(world: &mut World, nets: &[Net], number: u16, block: bool, source: u8, channel: u8) -> Who {
    let net = &nets[usize::from(source) % nets.len()];
    let at = if block { u64::from(number % 300) } else { u64::from(number) * 7_919 };
    let mut who = Who::new(net.nth(at), &mut world.rolls);
    who.price_micros = None;
    // Few sources, shared by many; some leave fields out.
    if source & 1 == 1 {
        who.device = (source & 2 == 2).then(|| format!("device {}", source >> 5));
        who.ip = Some(std::net::IpAddr::from([203, 0, 113, source >> 6]));
    }
    if source & 4 == 4 {
        (who.session, who.agent, who.user) = (None, None, Some(format!("user {}", source >> 6)));
    }
    who.asn = (source & 8 == 8).then_some(u32::from(source >> 6));
    who.facts.hosting = source & 0b1_1000 == 0b1_1000;
    who.channel = [Channel::Sms, Channel::Sms, Channel::Voice, Channel::Whatsapp][usize::from(channel) % 4];
    who
}

fn sound(judged: &Judged) -> Result<(), TestCaseError> {
    let Judged { assessment, known, attempt, .. } = judged;
    prop_assert!(assessment.score.is_finite() && (0.0..=1.0).contains(&assessment.score));
    let sum = assessment.reasons.iter().fold(assessment.base_points, |sum, r| sum + r.points);
    prop_assert_eq!(sum, assessment.points);
    prop_assert!(assessment.losses_micros.iter().all(|loss| *loss >= 0));
    for reason in &assessment.reasons {
        let figures =
            [reason.evidence.seen, reason.evidence.expected, reason.evidence.converted.unwrap_or(0.0)];
        prop_assert!(figures.iter().all(|figure| figure.is_finite() && *figure >= 0.0), "{:?}", reason);
    }
    let climate = &known.evidence.climate;
    for figure in [climate.age_h, climate.heat, known.evidence.neighbours].iter().chain(&climate.pipe) {
        prop_assert!(figure.is_finite() && *figure >= 0.0, "{:?}", climate);
    }
    prop_assert!(climate.pipe.iter().all(|pipe| *pipe <= 1.0));
    for reading in &known.evidence.readings {
        counts(reading)?;
    }
    // The journal holds what was judged, and gives the same again.
    let text = serde_json::to_string(known).map_err(|why| TestCaseError::fail(why.to_string()))?;
    let again = serde_json::from_str(&text).map_err(|why| TestCaseError::fail(format!("{why}: {text}")))?;
    prop_assert_eq!(known, &again);
    let text = serde_json::to_string(assessment).map_err(|why| TestCaseError::fail(why.to_string()))?;
    let read: Assessment =
        serde_json::from_str(&text).map_err(|why| TestCaseError::fail(format!("{why}: {text}")))?;
    prop_assert_eq!(assessment, &read);
    prop_assert_eq!(attempt.at_ms, assessment.at_ms);
    Ok(())
}

fn counts(reading: &Reading) -> Result<(), TestCaseError> {
    let trusted = reading.trusted.unwrap_or_default();
    let five = [reading.seen, reading.explained, reading.matured, reading.converted, reading.expected];
    let tried = [reading.challenges(), reading.failures()];
    let single = [reading.rate, reading.rate_of, reading.strikes, reading.asked];
    for figure in five.iter().chain(&tried).chain(&trusted).flatten().chain(&single) {
        prop_assert!(figure.is_finite() && *figure >= 0.0, "{:?}", reading);
    }
    prop_assert!(reading.rate <= 1.0);
    prop_assert!(reading.order.is_none_or(|(nats, _)| nats.is_finite()));
    Ok(())
}

fn play(steps: &[Step], start_s: u32) -> Result<(), TestCaseError> {
    let mut world = World::with_keys(1, 4_096);
    world.terms.can_challenge = true;
    world.now_s = start_s;
    let nets = NETS.with(Clone::clone);
    let mut ids = Vec::new();
    for step in steps {
        match step {
            Step::Ask { number, block, source, channel, price_micros } => {
                let mut who = who(&mut world, &nets, *number, *block, *source, *channel);
                who.price_micros = Some(*price_micros);
                let judged = world.ask(&who);
                sound(&judged)?;
                let again = assess(&judged.attempt, &judged.known, &world.policy, &world.terms);
                prop_assert_eq!(&again, &judged.assessment);
                ids.push(judged.id);
            }
            Step::Then { back, what } => {
                if let Some(at) = ids.len().checked_sub(1 + usize::from(*back) % 20) {
                    let then = [Then::Enters, Then::Passes, Then::Fails, Then::Undelivered];
                    world.happens(ids[at], then[usize::from(*what) % 4]);
                }
            }
            Step::Wait(seconds) => world.wait(*seconds),
            Step::Clock(at_s) => world.now_s = *at_s,
        }
    }
    Ok(())
}

thread_local! {
    static NETS: Vec<Net> = ["GB", "PL"].iter().flat_map(|iso2| Net::of(iso2).into_iter().take(2)).collect();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_is_judged_soundly(steps in steps(Just(crate::make::NOW_S))) {
        play(&steps, crate::make::NOW_S)?;
    }

    #[test]
    fn clocks_that_jump_by_years_do_no_harm(steps in steps(any::<u32>())) {
        play(&steps, crate::make::NOW_S)?;
    }

    #[test]
    fn clocks_at_either_end_do_no_harm(steps in steps(prop_oneof![0u32..4_000_000, u32::MAX - 4_000_000..=u32::MAX])) {
        play(&steps, 0)?;
        play(&steps, u32::MAX - 40_000)?;
    }
}

#[test]
fn a_clock_that_was_ahead_for_one_attempt_locks_nobody_out() {
    for ahead_s in [3_600u32, 7 * 86_400, 10 * 365 * 86_400] {
        let mut world = World::new(71);
        let nets = Net::of("GB");
        let live = |world: &mut World, count: usize| {
            let mut blocked = 0;
            for _ in 0..count {
                world.wait(300);
                let number = nets[world.rolls.below(3) as usize].any(&mut world.rolls);
                let who = Who::new(number, &mut world.rolls);
                blocked += usize::from(world.person(&who, 0.7).blocked());
            }
            blocked
        };
        assert_eq!(live(&mut world, 800), 0);
        let right_s = world.now_s;
        world.now_s += ahead_s;
        let number = nets[0].any(&mut world.rolls);
        let who = Who::new(number, &mut world.rolls);
        assert!(world.ask(&who).sent());
        world.now_s = right_s;
        assert_eq!(live(&mut world, 800), 0, "ahead by {ahead_s} s");
    }
}
