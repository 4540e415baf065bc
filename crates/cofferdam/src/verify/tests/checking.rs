//! Guesses under races.

use super::*;
use crate::store::row::Status;
use crate::verify::check;

/// How many of `bursts` bursts of `guesses` guesses at once, the right one hidden among them, got through.
async fn bursts(bursts: usize, guesses: usize) -> usize {
    let mut opened = 0;
    for burst in 0..bursts {
        let house = house().await;
        let number = format!("+12{:02}5550123", 12 + burst % 8);
        let id = house.started(&number).await;
        let right = house.latest(&number).await.code;
        let mut all: Vec<String> =
            (0..guesses as u32).map(|n| format!("{:06}", n * 7919 % 1_000_000)).collect();
        all.retain(|code| *code != right);
        all.truncate(guesses - 1);
        // Hidden at a place that differs from burst to burst.
        all.insert(burst * 37 % guesses, right);
        let mut going = tokio::task::JoinSet::new();
        for code in all {
            let (app, caller, id) = (house.app.clone(), house.test.clone(), id.clone());
            going.spawn(async move { check::check(&app, &caller, &id, &code).await.map(|c| c.status) });
        }
        let mut approved = 0;
        while let Some(done) = going.join_next().await {
            approved += usize::from(matches!(done.unwrap(), Ok(Status::Approved)));
        }
        assert!(approved <= 1, "approved {approved} times");
        opened += approved;
    }
    opened
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_bursts_of_guesses_open_no_more_than_their_share() {
    // Five guesses of 120 are compared: each burst opens with probability 1/24. Of 30 bursts 1.25 are
    // expected; nine or more have a probability below one in 100,000.
    let opened = bursts(30, 120).await;
    assert!(opened <= 8, "{opened} of 30 bursts were opened");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_right_answers_at_once_are_approved_once() {
    let house = house().await;
    let id = house.started("+12125550123").await;
    let right = house.latest("+12125550123").await.code;
    let mut going = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (app, caller, id, code) = (house.app.clone(), house.test.clone(), id.clone(), right.clone());
        going.spawn(async move { check::check(&app, &caller, &id, &code).await.map(|c| c.status) });
    }
    let mut approved = 0;
    while let Some(done) = going.join_next().await {
        match done.unwrap() {
            Ok(Status::Approved) => approved += 1,
            Ok(Status::Pending | Status::TooManyChecks) | Err(VerifyError::AlreadyFinished(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(approved, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_thousand_wrong_guesses_at_once_the_right_one_fails() {
    let house = house().await;
    let id = house.started("+12125550123").await;
    let right = house.latest("+12125550123").await.code;
    let mut going = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let (app, caller, id, code) = (house.app.clone(), house.test.clone(), id.clone(), wrong(&right));
        going.spawn(async move { check::check(&app, &caller, &id, &code).await });
    }
    let mut wrong = 0;
    while let Some(done) = going.join_next().await {
        wrong += usize::from(matches!(done.unwrap(), Ok(checked) if checked.status == Status::Pending));
    }
    assert!(wrong <= 5, "{wrong} were compared");
    assert_eq!(house.check(&id, &right).await.unwrap(), Status::TooManyChecks);
}

#[tokio::test]
async fn garbage_costs_a_guess_and_is_never_right() {
    let house = house().await;
    let id = house.started("+12125550123").await;
    let right = house.latest("+12125550123").await.code;
    for garbage in ["", "\u{0}", "１２３４５６", &"9".repeat(100_000)] {
        assert_eq!(house.check(&id, garbage).await.unwrap(), Status::Pending, "{}", garbage.len());
    }
    let spaced = format!(" {} {} ", &right[..3], &right[3..]);
    assert_eq!(house.check(&id, &spaced).await.unwrap(), Status::Approved);
}

#[tokio::test]
async fn a_clock_that_steps_back_makes_no_code_young_again() {
    let house = house().await;
    house.profile(ProfileEdit { lifetime_s: Some(1), ..ProfileEdit::default() }).await;
    let id = house.started("+12125550123").await;
    let code = house.latest("+12125550123").await.code;
    house.clock.step(-3_600_000);
    let began = crate::clock::Stopwatch::start();
    // Its life of a second passes by the clock that nobody sets, whatever the other one says.
    while began.elapsed() < std::time::Duration::from_millis(1_050) {
        tokio::task::yield_now().await;
    }
    assert!(matches!(house.check(&id, &code).await, Err(VerifyError::Expired)));
}

#[tokio::test]
async fn a_right_code_proves_number_device_and_user() {
    let house = house().await;
    let mut input = to("+12125550123");
    input.client.device_id = Some("device".to_owned());
    input.client.user_id = Some("user".to_owned());
    let first = start::start(&house.app, &house.test, input.clone()).await.unwrap();
    let code = house.latest("+12125550123").await.code;
    house.check(&first.verification.id, &code).await.unwrap();
    let second = start::start(&house.app, &house.test, input).await.unwrap();
    let identity = second.judged.unwrap().known.identity;
    let at_s = Some((NOON / 1000) as u32);
    assert_eq!(identity.number_proved_s, at_s);
    assert_eq!(identity.device_proved_s, at_s);
    assert_eq!(identity.user_proved_s, at_s);
    assert_eq!(identity.number_device_proved_s, at_s);
    assert_eq!(identity.number_user_proved_s, at_s);
}
