//! The shared tallies go away and come back: what was judged blind counts as in one process, neither twice nor where
//! nothing was sent.

use super::*;
use crate::clock::Stopwatch;
use crate::store::row::Status;
use crate::store::servers::redis::Server;
use cofferdam_engine::limit::{Limit, LimitScope};
use std::time::Duration;

const MOST: usize = 6;
/// Trips that may wait in vain for servers that stand still, before they count as away.
const DOUBTFUL: usize = 3;
const HOUR_MS: i64 = 3_600_000;
/// Steps between the times at which the device asks.
const MINUTE_MS: i64 = 60_000;

/// A house with a limit of one device, over these tallies or its own.
async fn limited(server: Option<&Server>) -> House {
    let shared = match server {
        None => None,
        Some(server) => {
            Some(crate::store::tallies_at(&server.url(), SetClock::at(NOON), SetDice::seeded(9)).await)
        }
    };
    let house = house_of(Vec::new(), |store| match shared {
        None => store,
        Some(tallies) => Store { tallies, ..store },
    })
    .await;
    let limits = BTreeMap::from([(LimitScope::Device, vec![Limit { max: MOST as u32, window_s: 3_600 }])]);
    house
        .profile(ProfileEdit {
            limits,
            mode: Some(cofferdam_engine::policy::Mode::Shadow),
            ..ProfileEdit::default()
        })
        .await;
    house
}

/// Asks so many times, each for another number, and says which were sent.
async fn ask(house: &House, from: usize, many: usize) -> Vec<bool> {
    let mut sent = Vec::new();
    for n in from..from + many {
        let mut input = to(&format!("+1{}55501{:02}", 212 + n / 10, 60 + n % 10));
        input.client.device_id = Some("one".to_owned());
        match start::start(&house.app, &house.test, input).await {
            Ok(made) if made.verification.status == Status::Pending => sent.push(true),
            Ok(made) => panic!("{:?}", made.judged.unwrap().assessment),
            Err(VerifyError::Limited { scope: LimitScope::Device, .. }) => sent.push(false),
            Err(error) => panic!("{error:?}"),
        }
    }
    sent
}

/// What becomes of a device's starts when the tallies go away after the first and come back before the last.
async fn day(house: &House, fault: impl FnOnce(), repair: impl FnOnce()) -> Vec<Vec<bool>> {
    let mut told = vec![ask(house, 0, 2).await];
    fault();
    house.clock.step(MINUTE_MS);
    told.push(ask(house, 10, 4).await);
    // Refused, and so counted by nobody.
    house.clock.step(HOUR_MS / 2);
    told.push(ask(house, 20, 4).await);
    repair();
    let since = Stopwatch::start();
    while house.app.store.tallies.ping().await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(10), "the tallies do not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    house.clock.step(MINUTE_MS);
    told.push(ask(house, 30, 2).await);
    // What was sent has left the window, what was refused would not have.
    house.clock.step(HOUR_MS / 2 + 15 * MINUTE_MS);
    told.push(ask(house, 40, 8).await);
    told
}

fn sent(told: &[Vec<bool>]) -> Vec<usize> {
    told.iter().map(|told| told.iter().filter(|sent| **sent).count()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_judged_blind_counts_once_when_the_tallies_are_back() {
    let own = day(&limited(None).await, || (), || ()).await;
    assert_eq!(sent(&own), [2, 4, 0, 0, 6], "the limit, in a process of its own");
    let Some(server) = Server::start() else { return };
    let emptied = day(&limited(Some(&server)).await, || server.end(), || server.begin()).await;
    assert_eq!(emptied, own, "killed, and back empty");
    server.say(&["flushall"]);
    let house = limited(Some(&server)).await;
    let paused = day(&house, || server.pause(), || server.resume()).await;
    // Of what was on its way when it stopped nobody knows whether it was taken, and it is not sent again.
    let paused = sent(&paused);
    let hour: usize = paused[..4].iter().sum();
    assert!((MOST..=MOST + DOUBTFUL).contains(&hour), "paused: {paused:?}");
    assert!((MOST - DOUBTFUL..=MOST).contains(&paused[4]), "paused: {paused:?}");
}
