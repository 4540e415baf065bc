//! Another process at work on a store: the test program itself, run again with the store's file in
//! its environment. It tells each acknowledgement on a line of its own, straight after it came.

use super::*;
use std::io::Write as _;
use std::process::{Command, Stdio};

const FILE: &str = "COFFERDAM_STORE_CHILD";
/// The tally that every start raises by one.
pub const KEY: u64 = 0x5EED_0000_1234_5678;

/// The command that runs [`works`] in another process, under `wrapper` if there is one.
pub fn command(wrapper: &[&str], file: &Path) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut words = wrapper.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    words.push(program.to_str().unwrap().to_owned());
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .args(["--exact", "store::embedded::tests::child::works", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

/// One line, in one call of the system.
fn tell(line: &str) {
    std::io::stdout().lock().write_all(format!("\n! {line}\n").as_bytes()).unwrap();
    std::io::stdout().lock().flush().unwrap();
}

/// What a line tells; others are the test program's own.
pub fn told(line: &str) -> Option<Vec<&str>> {
    line.strip_prefix("! ").map(|rest| rest.split(' ').collect())
}

/// Works until it is killed, or until a number of starts that the file's name asks for.
#[test]
fn works() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let rounds = std::env::var("COFFERDAM_STORE_ROUNDS").map_or(usize::MAX, |n| n.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = open(Path::new(&file)).unwrap();
        tell("open");
        let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(work(store.clone(), rounds))).collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

async fn work(store: Store, rounds: usize) {
    for _ in 0..rounds {
        tell("begin");
        let marks = store.tallies.count(&need(KEY, true), NOW_S).await.unwrap().marks;
        let mut start = start(&owner(), number(), NOW_MS);
        start.journal.marks = marks;
        start.reservations = vec![limit(LimitScope::Tenant, 1, u32::MAX, 86_400)];
        let id = start.verification.id.clone();
        let attempt = start.journal.entry.attempt_id.clone();
        assert_eq!(store.records.start(start).await.unwrap(), Started::Made);
        tell(&format!("start {id} {attempt}"));
        for wrong in [true, false] {
            let guess = store.records.guess(&owner(), &id, NOW_MS, [86_400, 0, 0]).await.unwrap();
            let Guess::Paid(paid) = guess else { panic!("not paid") };
            tell(&format!("guess {id} {}", paid.checks_left));
            let right =
                store.records.settle_guess(&owner(), &id, !wrong, NOW_MS, Marks::default()).await.unwrap();
            if right {
                tell(&format!("approved {id}"));
            }
        }
        let fact = fact(&owner(), &id);
        let entry = fact.id.clone();
        let change = FactChange { change: FactEdit::Insert(vec![fact]), audit: audit(&owner(), NOW_MS) };
        let FactAnswer::Done(version) = store.records.change_facts(change).await.unwrap() else {
            panic!("no")
        };
        tell(&format!("fact {entry} {version}"));
        if version % 3 == 0 {
            let change = FactEdit::Delete { owner: owner(), kind: FactKind::SafeEntry, id: entry.clone() };
            let change = FactChange { change, audit: audit(&owner(), NOW_MS) };
            store.records.change_facts(change).await.unwrap();
            tell(&format!("gone {entry}"));
        }
        if version % 50 == 0 {
            store.records.settle_down().await.unwrap();
        }
    }
}

/// What was acknowledged so far.
#[derive(Debug, Default, Clone)]
pub struct Acknowledged {
    pub begun: u32,
    pub lines: Vec<Vec<String>>,
}

impl Acknowledged {
    pub fn hear(&mut self, line: &str) {
        let Some(words) = told(line) else { return };
        match words[0] {
            "begin" => self.begun += 1,
            "open" => {}
            _ => self.lines.push(words.into_iter().map(str::to_owned).collect()),
        }
    }

    pub fn starts(&self) -> u32 {
        self.lines.iter().filter(|words| words[0] == "start").count() as u32
    }

    /// Finds everything again in a store that was opened anew.
    pub async fn check(&self, store: &Store) {
        let records = &store.records;
        let facts = records.facts_since(0, u32::MAX).await.unwrap();
        let mut guesses = std::collections::HashMap::new();
        for words in &self.lines {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words[..] {
                ["start", id, attempt] => {
                    let v = records.verification(&owner(), id).await.unwrap();
                    assert_eq!(v.expect("an acknowledged start is lost").attempts[0].id, attempt);
                    let judged = records.journalled(&owner(), attempt).await.unwrap();
                    assert!(judged.is_some(), "its judgement is lost");
                }
                ["guess", id, left] => {
                    let left: u32 = left.parse().unwrap();
                    let least = guesses.entry(id.to_owned()).or_insert(left);
                    *least = left.min(*least);
                }
                ["approved", id] => {
                    let v = records.verification(&owner(), id).await.unwrap().unwrap();
                    assert_eq!(v.status, Status::Approved, "an approval is lost");
                }
                ["fact", id, _] => assert!(facts.iter().any(|fact| fact.id == id), "a list entry is lost"),
                ["gone", id] => {
                    assert!(facts.iter().any(|fact| fact.id == id && fact.gone), "a list entry is back");
                }
                ref other => panic!("{other:?}"),
            }
        }
        for (id, left) in guesses {
            let v = records.verification(&owner(), &id).await.unwrap().unwrap();
            assert!(v.checks_left <= left, "a guess was given back");
        }
        let seen = seen(store, KEY).await;
        assert!((self.starts()..=self.begun).contains(&seen), "{seen} of {}", self.starts());
        let reserve = limit(LimitScope::Tenant, 1, 0, 86_400);
        let refused = records.reserve(&owner(), "att_probe", NOW_MS, &[reserve]).await.unwrap();
        let Err(Refusal::Limit { seen, .. }) = refused else { panic!("passed a limit of nought") };
        assert!((self.starts()..=self.begun).contains(&seen), "{seen} of {}", self.starts());
    }
}
