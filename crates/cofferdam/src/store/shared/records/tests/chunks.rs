//! A budget in chunks: a prototype that the traits carry what money over several machines will need.
//!
//! A node takes a chunk of what is left in one transaction (`reserve`), spends from it in memory without
//! asking anybody, and settles it at what it spent (`settle`), which gives the rest back. Each message
//! stands in the records before it is sent, and says which chunk it was paid from. So when a node dies,
//! whoever holds the lease of its chunk counts what stands and settles the chunk for it.

use super::super::*;
use super::Shared;
use crate::clock::SetClock;
use crate::id::Noun;
use crate::store::contract::make::*;
use crate::store::row::FactEdit;
use std::collections::HashMap;

const BUDGET_MICROS: i64 = 1_000_000;
const CHUNK_MICROS: i64 = BUDGET_MICROS / 20;
const PRICE_MICROS: i64 = 7_000;

/// A node that spends from chunks.
struct Node {
    records: Arc<PostgresRecords>,
    name: &'static str,
    /// The chunk that it spends from, and what is left of it.
    chunk: Option<(String, i64)>,
    taken: u32,
    sent: u32,
}

fn chunk_of(micros: i64) -> Reservation {
    money(BUDGET_MICROS, micros)
}

impl Node {
    /// Sends one, if the budget allows it: the database is asked for a chunk, not for each message.
    async fn send(&mut self) -> bool {
        let left = self.chunk.as_ref().map_or(0, |(_, left)| *left);
        if left < PRICE_MICROS && !self.take_chunk().await {
            return false;
        }
        let (chunk, left) = self.chunk.as_mut().unwrap();
        *left -= PRICE_MICROS;
        // The intent, before it is sent: which chunk it is paid from stands with it.
        let mut intent = start(&owner(), number(), NOW_MS);
        intent.verification.fixed.metadata = [("chunk".to_owned(), chunk.clone())].into();
        assert_eq!(self.records.start(intent).await.unwrap(), Started::Made);
        self.sent += 1;
        true
    }

    async fn take_chunk(&mut self) -> bool {
        self.give_back().await;
        let id = new_id(Noun::Attempt, NOW_MS);
        // What is left may be less than a chunk, down to a single message.
        for micros in [CHUNK_MICROS, PRICE_MICROS] {
            let taken = self.records.reserve(&owner(), &id, NOW_MS, &[chunk_of(micros)]).await.unwrap();
            if taken.is_ok() {
                // Whose it is, so that others find it when this node is gone.
                let named = Fact { body: self.name.into(), ..fact(&owner(), &format!("chunk {id}")) };
                let change = FactEdit::Insert(vec![named]);
                let change = FactChange { change, audit: audit(&owner(), NOW_MS) };
                self.records.change_facts(change).await.unwrap();
                self.taken += 1;
                self.chunk = Some((id, micros));
                return true;
            }
        }
        false
    }

    async fn give_back(&mut self) {
        if let Some((id, _)) = self.chunk.take() {
            settle_chunk(&self.records, &id).await;
        }
    }
}

/// Settles a chunk at what stands against it.
async fn settle_chunk(records: &PostgresRecords, id: &str) {
    let spent = paid_from(records).await.remove(id).unwrap_or(0);
    records.settle(&owner(), id, Some(spent)).await.unwrap();
}

/// What stands in the records against each chunk.
async fn paid_from(records: &PostgresRecords) -> HashMap<String, i64> {
    let mut paid = HashMap::new();
    let mut ask = PageAsk { limit: 200, after: None, descending: false };
    loop {
        let page = records.verifications(&owner(), &VerificationFilter::default(), &ask).await.unwrap();
        for v in page.rows {
            *paid.entry(v.fixed.metadata["chunk"].clone()).or_default() += PRICE_MICROS;
        }
        match page.next {
            Some(next) => ask.after = Some(next),
            None => return paid,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_pass_no_budget_and_a_dead_one_s_chunk_comes_back() {
    let Some(shared) = Shared::new() else { return };
    let mut nodes = Vec::new();
    for (n, name) in (1..).zip(["a", "b", "c"]) {
        let records = Arc::new(shared.open(SetClock::at(NOW_MS), n).await.unwrap());
        nodes.push(Node { records, name, chunk: None, taken: 0, sent: 0 });
    }
    // One dies in the midst of a chunk: what it sent stands, the rest of its chunk hangs.
    let mut dead = nodes.pop().unwrap();
    for _ in 0..3 {
        assert!(dead.send().await);
    }
    assert!(dead.records.lease("chunks of c", 60_000).await.unwrap(), "held while it lived");
    let hanging = dead.chunk.take().unwrap();
    assert_eq!(hanging.1, CHUNK_MICROS - 3 * PRICE_MICROS);
    // The others race until the budget says no to both.
    let racing: Vec<_> = nodes
        .into_iter()
        .map(|mut node| {
            tokio::spawn(async move {
                while node.send().await {}
                node
            })
        })
        .collect();
    let mut alive = Vec::new();
    for one in racing {
        alive.push(one.await.unwrap());
    }
    let sent = |alive: &[Node]| i64::from(dead.sent + alive.iter().map(|n| n.sent).sum::<u32>());
    let spent = sent(&alive) * PRICE_MICROS;
    assert!(spent <= BUDGET_MICROS, "{spent}");
    let in_memory: u32 = alive.iter().map(|node| node.sent - node.taken.min(node.sent)).sum();
    assert!(in_memory > 60, "most messages asked nobody: {in_memory}");
    // While its lease holds nobody touches its chunk; once it is over somebody settles it at what stands.
    let settler = Arc::clone(&alive[0].records);
    assert!(!settler.lease("chunks of c", 60_000).await.unwrap());
    let past = format!("UPDATE {}.jobs SET until = now() - interval '1 s'", shared.settings.schema);
    shared.server.sql("postgres", &past);
    assert!(settler.lease("chunks of c", 60_000).await.unwrap());
    settle_chunk(&settler, &hanging.0).await;
    settle_chunk(&settler, &hanging.0).await;
    // Four more fit into what it left, and no message beyond the budget.
    let before = sent(&alive);
    for node in &mut alive {
        while node.send().await {}
        node.give_back().await;
    }
    let all = sent(&alive);
    assert!(all > before, "the rest of its chunk came back");
    assert_eq!(all, BUDGET_MICROS / PRICE_MICROS, "the budget is spent to the last message, and not passed");
    let left = settler.reserve(&owner(), "att_more", NOW_MS, &[chunk_of(PRICE_MICROS)]).await.unwrap();
    assert!(left.is_err());
}
