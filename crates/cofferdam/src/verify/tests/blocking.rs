//! An attack shuts a scope; whose block it is, what people do to it, and that it outlasts the process.

use super::rejudging::again;
use super::*;
use crate::store::row::{JournalEntry, PageAsk};
use crate::verify::blocks::{self, BlockView, Which};
use crate::verify::{AssessInput, assess, report};
use cofferdam_engine::Decision;
use cofferdam_engine::block::State;
use cofferdam_engine::signal::Code;

const PAGE: PageAsk = PageAsk { limit: 50, after: None, descending: false };

impl House {
    /// Somebody asks for a message to one of a run of fictional numbers, and never answers.
    async fn pump(&self, n: u32) -> JournalEntry {
        self.clock.step(3_000);
        report::advance(&self.app).await.unwrap();
        self.pump_at_once(n).await
    }

    /// The same, and no time passes.
    async fn pump_at_once(&self, n: u32) -> JournalEntry {
        let mut client = Client { ip: format!("198.51.100.{}", n % 250).parse().ok(), ..Client::default() };
        client.device_id = Some(format!("device {n}"));
        let ask = AssessInput {
            // Endings that ask for nothing of the test world.
            to: format!("+447700900{:03}", 100 * (n / 50) + 50 + n % 50),
            country: None,
            channel: None,
            profile: None,
            client,
            price_micros: Some(300_000),
        };
        *assess::assess(&self.app, &self.test, &ask).await.unwrap()
    }

    /// As many as it takes until a block stands.
    async fn attacked(&self) -> BlockView {
        for n in 0..390 {
            self.pump(n).await;
            if let Some(block) = self.standing(false).pop() {
                return block;
            }
        }
        panic!("four hundred messages to one run of numbers, and nothing was shut");
    }

    fn standing(&self, ended: bool) -> Vec<BlockView> {
        blocks::list(&self.app, &self.test, &Which { ended, kind: None }, &PAGE).rows
    }

    async fn actions(&self) -> Vec<(String, String)> {
        let entries = self.app.store.records.audit(&self.test.owner, &PAGE).await.unwrap().rows;
        let of_blocks = entries.into_iter().filter(|entry| entry.action.starts_with("block."));
        of_blocks.map(|entry| (entry.action, entry.actor)).collect()
    }
}

#[tokio::test]
async fn an_attack_shuts_a_scope_of_its_own_tenant_alone_and_the_records_keep_it() {
    let house = house().await;
    let block = house.attacked().await;
    blocks::keep(&house.app).await.unwrap();
    assert_eq!(house.actions().await, [("block.open".to_owned(), "engine".to_owned())]);
    let next = house.pump(400).await;
    assert_eq!(next.assessment.decision, Decision::Block);
    assert_eq!(next.assessment.reasons[0].code, Code::BlockStanding);
    assert_eq!(blocks::get(&house.app, &house.test, &block.id).unwrap().block.stopped, 1);
    // The other world of the tenant has none of it.
    assert!(blocks::get(&house.app, &house.live, &block.id).is_err());
    assert!(
        blocks::list(&house.app, &house.live, &Which { ended: false, kind: None }, &PAGE).rows.is_empty()
    );
    // Another process over the same records.
    let (dice, store) = (SetDice::seeded(8), house.app.store.clone());
    let secrets = Secrets::new(BTreeMap::from([(1, zeroize::Zeroizing::new([7; 32]))])).unwrap();
    let again = App::assemble(Settings::defaults(), secrets, store, house.clock.clone(), dice).unwrap();
    again.standing.refresh(&again).await.unwrap();
    let there = blocks::get(&again, &house.test, &block.id).unwrap();
    assert_eq!((there.block.key, there.block.state), (block.block.key, State::Shut));
}

#[tokio::test]
async fn a_lifted_block_is_open_at_once_and_kept_open_if_that_was_asked_for() {
    let house = house().await;
    let block = house.attacked().await;
    let mut manager = house.manage.clone();
    manager.owner = house.test.owner.clone();
    let lifted = blocks::lift(&house.app, &manager, &block.id, 3_600, Some("ours")).await.unwrap();
    assert_eq!(lifted.block.state, State::Ended);
    assert!(matches!(
        blocks::lift(&house.app, &manager, &block.id, 0, None).await,
        Err(VerifyError::State(_))
    ));
    assert_eq!(house.actions().await, [("block.lift".to_owned(), manager.key.clone())]);
    for n in 410..430 {
        assert_eq!(house.pump(n).await.assessment.decision, Decision::Allow, "{n}");
    }
    assert!(house.standing(false).is_empty() && house.standing(true).len() == 1);
    house.clock.step(3_600_000);
    let after = house.pump(440).await;
    assert_ne!(after.assessment.decision, Decision::Allow, "the evidence is what it was");
}

/// Waits until it is so, and answers how long that took.
async fn until(what: &str, at_most: std::time::Duration, so: impl Fn() -> bool) -> std::time::Duration {
    let (since, look) = (crate::clock::Stopwatch::start(), std::time::Duration::from_millis(5));
    // Looks are counted and not time: on a machine that is too busy for either, both come late.
    for _ in 0..at_most.as_millis() / look.as_millis() {
        if so() {
            return since.elapsed();
        }
        tokio::time::sleep(look).await;
    }
    panic!("not within {at_most:?}: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_that_one_node_opens_and_lifts_stands_and_is_open_at_the_other_within_a_second() {
    use std::time::Duration;
    let clock = SetClock::at(NOON);
    let Some((_server, [here, there])) = crate::store::records_of_two(clock).await else { return };
    let mut house = house_of(Vec::new(), |store| Store { records: here, ..store }).await;
    let (dice, store) =
        (SetDice::seeded(8), Store { records: there, tallies: house.app.store.tallies.clone() });
    let secrets = Secrets::new(BTreeMap::from([(1, zeroize::Zeroizing::new([7; 32]))])).unwrap();
    let other = App::assemble(Settings::defaults(), secrets, store, house.clock.clone(), dice).unwrap();
    let (one, other) = (house.app.clone(), Arc::new(other));
    other.standing.refresh(&other).await.unwrap();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let jobs = [&one, &other].map(|app| crate::jobs::Jobs::start(app, crate::jobs::RETENTION, &stopped));
    let block = house.attacked().await;
    let stands = || blocks::get(&other, &house.test, &block.id).map(|view| view.block.state).ok();
    // A job tells the records once a second; then the other hears of it.
    until("it stands at the other", Duration::from_secs(3), || stands() == Some(State::Shut)).await;
    let mut manager = house.manage.clone();
    manager.owner = house.test.owner.clone();
    blocks::lift(&one, &manager, &block.id, 3_600, None).await.unwrap();
    let took = until("it is open at the other", Duration::from_secs(1), || {
        blocks::get(&other, &house.test, &block.id).is_ok_and(|view| view.block.state == State::Ended)
    })
    .await;
    println!("open at the other node after {took:?}");
    house.app = other;
    assert_eq!(house.pump(415).await.assessment.decision, Decision::Allow, "and it lets through");
    stop.send_replace(true);
    for jobs in jobs {
        jobs.ended().await;
    }
}

#[tokio::test]
async fn when_nobody_asks_any_more_it_opens_half_and_then_ends_and_is_forgotten() {
    let house = house().await;
    let id = house.attacked().await.id;
    let mut seen = Vec::new();
    for _ in 0..40 {
        blocks::keep(&house.app).await.unwrap();
        match blocks::get(&house.app, &house.test, &id) {
            Ok(view) if seen.last() != Some(&Some(view.block.state)) => seen.push(Some(view.block.state)),
            Err(_) if seen.last() != Some(&None) => seen.push(None),
            _ => {}
        }
        house.clock.step(6 * 3_600_000);
    }
    assert_eq!(seen, [Some(State::Shut), Some(State::Trial), Some(State::Ended), None]);
    let facts = house.app.store.records.facts_since(0, 1_000).await.unwrap();
    let left = facts.iter().filter(|fact| fact.kind == crate::store::row::FactKind::Block && !fact.gone);
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_flood_is_told_the_blocks_word_and_the_journal_gives_the_same_again() {
    let house = house().await;
    let block = house.attacked().await;
    house.clock.step(3_000);
    let mut said = Vec::new();
    for n in 390..450 {
        said.push(house.pump_at_once(n).await);
    }
    assert!(said.iter().all(|entry| entry.assessment.decision == Decision::Block));
    let by_word = |entry: &&JournalEntry| entry.known.evidence.word.is_some();
    assert_eq!(said.iter().filter(by_word).count(), 56, "four are judged in full");
    assert_eq!(blocks::get(&house.app, &house.test, &block.id).unwrap().block.stopped, 60);
    house.app.store.records.flush().await.unwrap();
    let last = said.last().unwrap();
    let read =
        house.app.store.records.journalled(&house.test.owner, &last.assessment_id).await.unwrap().unwrap();
    assert_eq!(read.known.evidence.word, last.known.evidence.word);
    assert_eq!(again(&read), cofferdam_sim::Rejudged::Same);
}
