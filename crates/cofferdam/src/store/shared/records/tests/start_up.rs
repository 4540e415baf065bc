//! What is refused at the start, by name and with the mend, and never with the password.

use super::super::schema::{MIGRATIONS, Migration, migrate};
use super::super::*;
use super::server::{PASSWORD, Server};
use super::{Shared, open};
use crate::clock::{SetClock, SetDice, SystemClock};
use crate::store::contract::make::NOW_MS;

async fn refusal(settings: &PostgresSettings) -> String {
    let opened = open::open(settings, SetClock::at(NOW_MS), &*SetDice::seeded(1), false).await;
    let error = opened.err().expect("refused").to_string();
    assert!(!error.contains(PASSWORD) && !error.contains("wrong-horse"), "{error}");
    assert!(!format!("{settings:?}").contains(PASSWORD));
    error
}

fn at(url: &str) -> PostgresSettings {
    PostgresSettings::at(url)
}

#[tokio::test]
async fn a_wrong_address_password_or_database_is_named_with_the_mend() {
    let Some(shared) = Shared::new() else { return };
    let server = &shared.server;
    let unread = refusal(&at(&format!("postgresql://{PASSWORD}@:x:y"))).await;
    assert!(unread.contains("cannot be read"), "{unread}");
    let nobody = refusal(&at("postgresql://cofferdam:wrong-horse@127.0.0.1:1/postgres")).await;
    assert!(nobody.contains("host and port"), "{nobody}");
    let wrong = refusal(&at(&server.guarded_url("wrong-horse", "postgres"))).await;
    assert!(wrong.contains("the user or the password"), "{wrong}");
    let missing = refusal(&at(&server.url("nowhere"))).await;
    assert!(missing.contains("CREATE DATABASE"), "{missing}");
    let mut schema = at(&server.url("postgres"));
    schema.schema = "no name; DROP".into();
    assert!(refusal(&schema).await.contains("no name of a schema"));
}

#[tokio::test]
async fn missing_privileges_are_named_with_the_mend() {
    let Some(shared) = Shared::new() else { return };
    let mut settings = at(&shared.server.guarded_url(PASSWORD, "postgres"));
    settings.schema = "not_mine".into();
    let refused = refusal(&settings).await;
    assert!(refused.contains("CREATE SCHEMA not_mine AUTHORIZATION"), "{refused}");
    shared.server.sql("postgres", "CREATE SCHEMA not_mine AUTHORIZATION guarded");
    let opened = open::open(&settings, SetClock::at(NOW_MS), &*SetDice::seeded(1), false).await;
    assert!(opened.is_ok(), "and the mend mends it: {:?}", opened.err());
}

#[tokio::test]
async fn a_server_that_may_forget_is_refused_unless_it_may() {
    let Some(server) = Server::start_with(&["fsync=off"]) else { return };
    let mut settings = at(&server.url("postgres"));
    let refused = refusal(&settings).await;
    assert!(refused.contains("`fsync = off`") && refused.contains("postgres_may_forget"), "{refused}");
    settings.forgetful_server = true;
    let opened = open::open(&settings, SetClock::at(NOW_MS), &*SetDice::seeded(1), false).await;
    assert!(opened.is_ok(), "{:?}", opened.err());
    let Some(shared) = Shared::new() else { return };
    let off = format!("{}&options=-c%20synchronous_commit%3Doff", shared.server.url("postgres"));
    let refused = refusal(&at(&off)).await;
    assert!(refused.contains("`synchronous_commit = off`"), "{refused}");
}

#[tokio::test]
async fn another_encoding_and_a_clock_elsewhere_are_refused() {
    let Some(shared) = Shared::new() else { return };
    shared.server.sql("postgres", "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0");
    let refused = refusal(&at(&shared.server.url("ascii"))).await;
    assert!(refused.contains("SQL_ASCII") && refused.contains("UTF8"), "{refused}");
    let apart = SetClock::at(SystemClock.now_ms() + 61_500);
    let opened = open::open(&shared.settings, apart, &*SetDice::seeded(1), true).await;
    let error = opened.err().expect("a clock elsewhere").to_string();
    assert!(error.contains("ahead of") && error.contains("NTP"), "{error}");
    let near = SetClock::at(SystemClock.now_ms() + 30_000);
    let opened = open::open(&shared.settings, near, &*SetDice::seeded(1), true).await;
    assert!(opened.is_ok(), "half a minute is warned of: {:?}", opened.err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_goes_astray_while_it_is_served_by_is_told() {
    let Some(mut shared) = Shared::new() else { return };
    shared.settings.life = Duration::from_secs(1);
    let clock = SetClock::at(SystemClock.now_ms());
    let node = open::open(&shared.settings, clock.clone(), &*SetDice::seeded(1), true).await.unwrap();
    for by_ms in [0, 30_000, -90_000] {
        clock.step(by_ms);
        let since = crate::clock::Stopwatch::start();
        let meant = clock.now_ms() - SystemClock.now_ms();
        // The clock of the test stands still, and may be looked at some seconds later.
        while !node.clock_apart_ms().is_some_and(|apart| (meant - 5_000..=meant + 1_000).contains(&apart)) {
            assert!(since.elapsed() < Duration::from_secs(5), "{meant}: {:?}", node.clock_apart_ms());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_migrate_at_once_do_it_once() {
    let Some(shared) = Shared::new() else { return };
    let shared = Arc::new(shared);
    let opens: Vec<_> = (0..8)
        .map(|n| {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { shared.open(SetClock::at(NOW_MS), n).await.map(|_| ()) })
        })
        .collect();
    for open in opens {
        open.await.unwrap().unwrap();
    }
    let schema = &shared.settings.schema;
    let applied = shared.server.sql("postgres", &format!("SELECT count(*) FROM {schema}.migrations"));
    assert_eq!(applied, MIGRATIONS.len().to_string());
}

/// A newer program's migrations.
fn newer(beside: &'static str) -> Vec<Migration> {
    let mut all: Vec<Migration> =
        MIGRATIONS.iter().map(|m| Migration { name: m.name, text: m.text }).collect();
    all.push(Migration { name: "V3__later", text: beside });
    all
}

async fn client(shared: &Shared) -> tokio_postgres::Client {
    let config = shared.settings.config().unwrap();
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn an_older_program_is_tolerated_where_the_newer_schema_says_so() {
    let Some(shared) = Shared::new() else { return };
    drop(shared.open(SetClock::at(NOW_MS), 1).await.unwrap());
    let (client, schema) = (client(&shared).await, &shared.settings.schema);
    let kind = newer("-- beside: 1\nALTER TABLE outbox ADD COLUMN more text");
    migrate(&client, schema, &kind).await.unwrap();
    let opened = shared.open(SetClock::at(NOW_MS), 1).await;
    assert!(opened.is_ok(), "expanded only: {:?}", opened.err());
    let other = newer("-- beside: 1\nALTER TABLE outbox ADD COLUMN else text");
    let changed = migrate(&client, schema, &other).await.unwrap_err().to_string();
    assert!(changed.contains("V3__later") && changed.contains("another text"), "{changed}");
}

#[tokio::test]
async fn an_older_program_refuses_a_newer_schema_by_name() {
    let Some(shared) = Shared::new() else { return };
    drop(shared.open(SetClock::at(NOW_MS), 1).await.unwrap());
    let client = client(&shared).await;
    let strict = newer("-- beside: 3\nALTER TABLE outbox DROP COLUMN channel");
    migrate(&client, &shared.settings.schema, &strict).await.unwrap();
    let refused = refusal(&shared.settings).await;
    assert!(refused.contains("schema 3 (`V3__later`)") && refused.contains("newer cofferdam"), "{refused}");
}

#[tokio::test]
async fn a_migration_that_fails_half_way_leaves_nothing() {
    let Some(shared) = Shared::new() else { return };
    drop(shared.open(SetClock::at(NOW_MS), 1).await.unwrap());
    let client = client(&shared).await;
    let broken = newer("-- beside: 1\nALTER TABLE outbox ADD COLUMN half text; SELECT 1 / 0");
    assert!(migrate(&client, &shared.settings.schema, &broken).await.is_err());
    let whole = newer("-- beside: 1\nALTER TABLE outbox ADD COLUMN half text");
    migrate(&client, &shared.settings.schema, &whole).await.unwrap();
}
