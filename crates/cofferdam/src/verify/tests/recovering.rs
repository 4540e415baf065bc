//! Evidence after a crash: what was judged and told since it was saved is counted again from the journal.

use super::*;
use crate::store::StoreOptions;
use crate::store::row::{JournalEntry, ToldOf};
use crate::verify::recover::{self, CaughtUp};
use crate::verify::report::{self, Reported};
use crate::verify::{AssessInput, assess};
use cofferdam_engine::outcome::{CheckResult, What};
use std::path::{Path, PathBuf};

/// A folder that goes with the test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cofferdam-recovering-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The files as they stand now: what a crash leaves.
    fn crashed(&self, name: &str) -> Self {
        let there = Self::new(name);
        for file in std::fs::read_dir(&self.0).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), there.0.join(file.file_name())).unwrap();
        }
        there
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program over the store of a folder, before it caught up.
async fn open(place: &Path, clock: &Arc<SetClock>) -> App {
    let dice = SetDice::seeded(7);
    let secrets = Secrets::new(BTreeMap::from([(1, zeroize::Zeroizing::new([7; 32]))])).unwrap();
    // Nothing is saved but when it is asked for.
    let mut options = StoreOptions::at(place.join("cofferdam.db"));
    options.snapshot = std::time::Duration::from_hours(1);
    let store = Store::embedded(&options, clock.clone(), &*dice).unwrap();
    let app = App::assemble(Settings::defaults(), secrets, store, clock.clone(), dice).unwrap();
    app.standing.refresh(&app).await.unwrap();
    app
}

async fn asked(app: &App, caller: &Caller, n: u32) -> Box<JournalEntry> {
    let input = AssessInput {
        to: format!("+1212555{:04}", 100 + n % 100),
        country: None,
        channel: None,
        profile: None,
        client: Client {
            ip: Some(std::net::IpAddr::from([203, 0, 113, (n % 7) as u8])),
            device_id: Some(format!("device-{}", n % 40)),
            user_agent: Some("Mozilla/5.0".to_owned()),
            ..Client::default()
        },
        price_micros: None,
    };
    assess::assess(app, caller, &input).await.unwrap()
}

async fn entered(app: &App, caller: &Caller, entry: &JournalEntry) {
    let what = What::Check { result: CheckResult::Ok };
    let of = ToldOf::Attempt(entry.attempt_id.clone());
    report::report(app, caller, vec![Reported { of, at_ms: None, what }]).await.unwrap();
}

/// What is known of the next attempt, but for the order of numbers, whose digits nobody keeps.
async fn next(app: &App, caller: &Caller) -> cofferdam_engine::evidence::Evidenced {
    let mut evidence = asked(app, caller, 77).await.known.evidence;
    evidence.readings.iter_mut().for_each(|reading| reading.order = None);
    evidence
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_evidence_is_what_it_was() {
    let (place, clock) = (Place::new("here"), SetClock::at(NOON));
    let app = open(&place.0, &clock).await;
    let made = tenants::first_start(&app, None, None).await.unwrap().made.unwrap();
    let caller = keys::caller(&app, made.test.secret.expose(), None, "req_test").unwrap();
    let mut before = Vec::new();
    for n in 0..60 {
        before.push(asked(&app, &caller, n).await);
        clock.step(3_000);
    }
    app.store.records.settle_down().await.unwrap();
    let since = 40;
    for n in 0..since {
        let entry = asked(&app, &caller, 200 + 3 * n).await;
        if n % 3 == 0 {
            entered(&app, &caller, &entry).await;
        }
        clock.step(4_000);
    }
    // Known to what was saved, told since.
    for entry in &before[50..] {
        entered(&app, &caller, entry).await;
    }
    app.store.records.flush().await.unwrap();
    let crashed = [place.crashed("without"), place.crashed("with")];
    // What is usual is worked out every five minutes: for all from the same.
    clock.step(600_000);
    let without = next(&open(&crashed[0].0, &clock).await, &caller).await;
    let again = open(&crashed[1].0, &clock).await;
    let done = recover::catch_up(&again).await.unwrap();
    assert_eq!(done, CaughtUp { attempts: u64::from(since), outcomes: 14 + 10 });
    let twice = recover::catch_up(&again).await.unwrap();
    assert_eq!(twice.attempts, 0, "each is counted once");
    let with = next(&again, &caller).await;
    let there = next(&app, &caller).await;
    assert!(there.readings.len() > 3, "{there:?}");
    assert_eq!(with, there);
    assert_ne!(without, there, "nothing was lost that evidence shows");
}
