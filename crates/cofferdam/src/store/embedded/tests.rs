//! What only a store on a disk can show: that it is found again, whole, whatever ended it.

#![allow(clippy::wildcard_imports, reason = "the makers of test values are many")]

use super::journal::fold::Fold;
use super::journal::folded;
use super::journal::line::{Format, TODAY, in_format};
use crate::clock::{SetClock, SetDice};
use crate::store::contract::make::*;
use crate::store::contract::{Folder, Home};
use crate::store::row::*;
use crate::store::tallies::Marks;
use crate::store::{Store, StoreError, StoreOptions};
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::need::{Need, Needs};
use std::path::Path;

mod child;
mod crash;
mod power;
mod upgrade;

fn open(file: &Path) -> Result<Store, StoreError> {
    Store::embedded(&StoreOptions::at(file), SetClock::at(NOW_MS), &*SetDice::seeded(1))
}

pub(super) fn need(key: u64, add: bool) -> Needs {
    [Need { scope: LimitScope::Ip, key, windows_s: [86_400, 0, 0], add }].into_iter().collect()
}

async fn count(home: &Home, key: u64) -> Marks {
    home.store.tallies.count(&need(key, true), NOW_S).await.unwrap().marks
}

async fn seen(store: &Store, key: u64) -> u32 {
    store.tallies.count(&need(key, false), NOW_S).await.unwrap().seen[0].windows[0].seen
}

#[tokio::test]
async fn what_was_acknowledged_is_found_after_closing() {
    let home = Home::embedded();
    let v = home.pending().await;
    let records = &home.store.records;
    records.guess(&owner(), &v.id, NOW_MS, [600, 0, 0]).await.unwrap();
    records.settle_guess(&owner(), &v.id, false, NOW_MS, Marks::default()).await.unwrap();
    let judged = journalled(&owner(), number(), NOW_MS);
    let entry = judged.entry.clone();
    records.journal(&judged.entry, judged.marks.clone());
    let home = home.reopened();
    let records = &home.store.records;
    assert_eq!(home.get(&v).await, Verification { checks_left: 4, ..v.clone() });
    assert_eq!(records.journalled(&owner(), &entry.attempt_id).await.unwrap(), Some(entry), "its basis too");
    assert_eq!(records.guesses_against(&owner(), v.number, [600, 0, 0], NOW_S).await.unwrap()[0].0, 1);
}

#[tokio::test]
async fn a_guess_paid_before_a_crash_is_gone_and_the_last_one_ends_it() {
    let home = Home::embedded();
    let v = home.pending().await;
    for _ in 0..5 {
        assert!(matches!(
            home.store.records.guess(&owner(), &v.id, NOW_MS, [0; 3]).await.unwrap(),
            Guess::Paid(_)
        ));
    }
    assert_eq!(home.get(&v).await.status, Status::Pending);
    let home = home.reopened();
    let records = &home.store.records;
    let after = home.get(&v).await;
    assert_eq!((after.status, after.checks_left), (Status::TooManyChecks, 0));
    let settled = records.settle_guess(&owner(), &v.id, true, NOW_MS, Marks::default()).await.unwrap();
    assert!(!settled, "who compared it is gone");
    assert!(matches!(records.guess(&owner(), &v.id, NOW_MS, [0; 3]).await.unwrap(), Guess::NoneLeft(_)));
    let many = VerificationFilter { status: Some(Status::TooManyChecks), ..VerificationFilter::default() };
    assert_eq!(records.verifications(&owner(), &many, &page(9)).await.unwrap().rows.len(), 1);
    records.expire(v.expires_ms, 0).await.unwrap();
    assert_eq!(home.get(&v).await.status, Status::TooManyChecks, "and stays so");
}

#[tokio::test]
async fn tallies_come_back_exactly() {
    let home = Home::embedded();
    let key = key();
    for n in 0..10 {
        let marks = count(&home, key).await;
        home.store.records.journal_marks(marks);
        if n == 4 {
            home.store.records.settle_down().await.unwrap();
        }
        if n == 6 {
            // Counted, and saved, but never journalled: the saved tallies alone know of it.
            count(&home, key).await;
            home.store.records.settle_down().await.unwrap();
        }
    }
    let home = home.reopened();
    assert_eq!(seen(&home.store, key).await, 11);
    count(&home, key).await;
    let home = home.reopened();
    assert_eq!(seen(&home.store, key).await, 11, "neither saved nor journalled: lost, as evidence may be");
    let saved = home.folder.as_ref().unwrap().file().with_extension("tallies");
    std::fs::remove_file(&saved).unwrap();
    let home = home.reopened();
    assert_eq!(seen(&home.store, key).await, 10, "rebuilt from the journal alone");
}

#[tokio::test]
async fn torn_and_foreign_saved_tallies_are_refused_and_rebuilt() {
    let home = Home::embedded();
    let key = key();
    let marks = count(&home, key).await;
    home.store.records.journal_marks(marks);
    home.store.records.settle_down().await.unwrap();
    let saved = home.folder.as_ref().unwrap().file().with_extension("tallies");
    let whole = std::fs::read(&saved).unwrap();
    let mut flipped = whole.clone();
    flipped[100] ^= 1;
    let foreign = Home::embedded();
    count(&foreign, key).await;
    count(&foreign, key).await;
    foreign.store.records.settle_down().await.unwrap();
    let foreign = std::fs::read(foreign.folder.as_ref().unwrap().file().with_extension("tallies")).unwrap();
    let mut home = home;
    for bytes in [&whole[..whole.len() - 1], &whole[..7], &[], &flipped[..], &foreign[..], &whole[..]] {
        std::fs::write(&saved, bytes).unwrap();
        home = home.reopened();
        assert_eq!(seen(&home.store, key).await, 1);
    }
}

#[tokio::test]
async fn a_newer_schema_and_other_files_are_refused_by_name() {
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    let conn = rusqlite::Connection::open(folder.file()).unwrap();
    conn.execute_batch("PRAGMA user_version = 999").unwrap();
    drop(conn);
    let error = open(&folder.file()).err().unwrap().to_string();
    assert!(error.contains("schema 999") && error.contains("restore a backup"), "{error}");
    std::fs::write(folder.file(), vec![7; 9999]).unwrap();
    let error = open(&folder.file()).err().unwrap();
    assert!(matches!(error, StoreError::Unreadable(_)), "{error}");
}

#[tokio::test]
async fn one_process_at_a_time_and_nobody_else_may_read() {
    let home = Home::embedded();
    home.pending().await;
    home.store.records.settle_down().await.unwrap();
    let folder = home.folder.as_ref().unwrap();
    let error = open(&folder.file()).err().unwrap().to_string();
    assert!(error.contains("in use by another cofferdam"), "{error}");
    #[cfg(unix)]
    for file in std::fs::read_dir(&folder.0).unwrap() {
        let file = file.unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
    }
    let folder = Folder(std::mem::take(&mut folder.0.clone()));
    drop(home.store);
    drop(open(&folder.file()).unwrap());
}

/// A full disk, as SQLite tells of it: the file may grow no further.
#[tokio::test]
async fn a_full_disk_refuses_writes_and_heals_by_itself() {
    let folder = Folder::new();
    let records = super::open_for_tests(&folder.file());
    let v = start(&owner(), number(), NOW_MS);
    let first = v.verification.clone();
    assert_eq!(records.begin(v).await.unwrap(), Started::Made);
    records.cap_pages(true).await;
    let mut refused = None;
    for _ in 0..200 {
        let next = start(&owner(), number(), NOW_MS);
        let id = next.verification.id.clone();
        if let Err(error) = records.begin(next).await {
            refused = Some((id, error));
            break;
        }
    }
    let (id, error) = refused.expect("the disk fills up");
    assert!(matches!(error, StoreError::Full), "{error:?}");
    assert_eq!(records.get(&owner(), &id).await.unwrap(), None, "what was refused is not there");
    assert_eq!(records.get(&owner(), &first.id).await.unwrap().unwrap().id, first.id, "reads go on");
    let judged: Vec<_> = (0..100).map(|n| journalled(&owner(), number(), NOW_MS + n)).collect();
    let entry = judged[99].entry.clone();
    for one in &judged {
        assert!(records.queue.push(&super::Line::of(&one.entry, one.marks.clone()).unwrap().view()));
    }
    assert!(matches!(records.queue.flush().await, Err(StoreError::Full)));
    records.cap_pages(false).await;
    assert_eq!(records.begin(start(&owner(), number(), NOW_MS)).await.unwrap(), Started::Made);
    records.queue.flush().await.unwrap();
    let found = records.find_entry(Some(&owner()), &entry.attempt_id).await.unwrap();
    assert_eq!(found, Some(entry), "the journal kept it meanwhile");
}

#[tokio::test]
async fn a_verification_has_room_for_so_many_attempts_and_its_neighbour_keeps_its_own() {
    let folder = Folder::new();
    let records = super::open_for_tests(&folder.file());
    let (one, next) = (start(&owner(), number(), NOW_MS), start(&owner(), number(), NOW_MS));
    let (v, neighbour) = (one.verification.clone(), next.verification.clone());
    assert_eq!(records.begin(one).await.unwrap(), Started::Made);
    assert_eq!(records.begin(next).await.unwrap(), Started::Made);
    let id = v.attempts[0].id.clone();
    let last = "UPDATE attempts SET row = row + 1021 WHERE id = ?1";
    records.writer.change(move |tx| tx.run(last, [id])).await.unwrap();
    let mut more = again(&v, v.resend_at_ms);
    let at_ms = more.resend_at_ms;
    assert_eq!(Box::pin(records.once_more(more)).await.unwrap(), AgainAnswer::Made, "the 1023rd");
    more = again(&v, at_ms);
    let answer = Box::pin(records.once_more(more)).await.unwrap();
    assert_eq!(answer, AgainAnswer::TooSoon { at_ms: v.expires_ms });
    let found = records.get(&owner(), &v.id).await.unwrap().unwrap();
    assert_eq!(found.attempts.iter().map(|a| a.ordinal).collect::<Vec<_>>(), [1022, 1023]);
    assert_eq!(records.get(&owner(), &neighbour.id).await.unwrap(), Some(neighbour));
}

/// Makes every row of the journal one of an earlier format: 4, 3, and 2, which did not fold.
fn as_before(tx: &super::writer::Tx<'_>, number: i64) -> Result<(), StoreError> {
    let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = tx
        .prepare("SELECT seq, body, marks FROM journal")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect)
        .map_err(super::sql)?;
    for (seq, body, marks) in rows {
        let format = Format::of(number)?;
        let mut before = Vec::new();
        for line in TODAY.lines(&TODAY.plain(&body)?) {
            before.extend(in_format(line?, format));
        }
        let body = folded(format, before)?;
        let mut marks = TODAY.plain(&marks)?.into_owned();
        if number != 2 {
            let mut fold = Fold::earlier();
            fold.add(&marks);
            marks = fold.end();
        }
        tx.run(
            "UPDATE journal SET format = ?2, body = ?3, marks = ?4 WHERE seq = ?1",
            (seq, number, body, marks),
        )?;
    }
    Ok(())
}

#[tokio::test]
async fn rows_of_the_format_before_are_read_and_erased_as_well() {
    for format in 2..=5 {
        let folder = Folder::new();
        let records = super::open_for_tests(&folder.file());
        let (one, fresh) = (number(), number());
        let of = |n| journalled(&owner(), if n % 2 == 0 { one } else { number() }, NOW_MS + n);
        let marks = |n: i64| Marks(vec![n as u8; n as usize]);
        let judged: Vec<_> = (0..40).map(|n| Journalled { marks: marks(n), ..of(n) }).collect();
        for one in &judged {
            assert!(records.queue.push(&super::Line::of(&one.entry, one.marks.clone()).unwrap().view()));
        }
        records.queue.flush().await.unwrap();
        if format != 5 {
            records.writer.change(move |tx| as_before(tx, format)).await.unwrap();
        }
        assert_eq!(records.page_of_journal(0, 99).await.unwrap().0, judged);
        assert_eq!(records.erase_numbers(&[(owner(), one)], fresh).await.unwrap().journal, 20);
        for mut judged in judged {
            let entry = &mut judged.entry;
            if entry.attempt.place.number == one {
                entry.attempt.place.number = fresh;
            }
            let found = records.find_entry(Some(&owner()), &entry.attempt_id).await.unwrap();
            assert_eq!(found.as_ref(), Some(&*entry), "format {format}");
        }
    }
}

#[tokio::test]
async fn a_change_that_fails_is_undone_alone() {
    let folder = Folder::new();
    let records = super::open_for_tests(&folder.file());
    let write = |name: &'static str, fails: bool| {
        records.writer.change(move |tx| {
            tx.run("INSERT INTO meta (name, value) VALUES (?1, 1)", [name])?;
            assert!(name != "panics", "on purpose");
            if fails { Err(StoreError::Away("on purpose".into())) } else { Ok(()) }
        })
    };
    let (a, b, c, d) =
        tokio::join!(write("a", false), write("b", true), write("panics", false), write("d", false));
    assert!(a.is_ok() && b.is_err() && c.is_err() && d.is_ok());
    let names: i64 = records
        .read(|conn| {
            conn.query_row("SELECT count(*) FROM meta WHERE name IN ('a', 'b', 'panics', 'd')", [], |row| {
                row.get(0)
            })
            .map_err(super::sql)
        })
        .await
        .unwrap();
    assert_eq!(names, 2);
}

#[tokio::test]
async fn a_full_queue_loses_and_counts() {
    let queue = super::Queue::default();
    let line = super::Line::of_marks(Marks(vec![0; 1 << 20]));
    let taken = (0..80).filter(|_| queue.push(&line.view())).count();
    assert_eq!((taken, queue.lost()), (64, 16));
}

#[tokio::test]
async fn the_journal_stays_within_its_size() {
    let folder = Folder::new();
    let options = StoreOptions { journal_bytes_max: 60_000, ..StoreOptions::at(folder.file()) };
    let store = Store::embedded(&options, SetClock::at(NOW_MS), &*SetDice::seeded(1)).unwrap();
    let mut last = None;
    for n in 0..2_000 {
        let judged = journalled(&owner(), number(), NOW_MS + n);
        last = Some(judged.entry.clone());
        store.records.journal(&judged.entry, judged.marks.clone());
    }
    store.records.flush().await.unwrap();
    let (rows, _) = store.records.journal_page(0, 9_999).await.unwrap();
    assert_eq!(rows.len(), 2_000, "no tallies are saved yet, so none of it may go");
    store.records.settle_down().await.unwrap();
    for n in 0..64 {
        let judged = journalled(&owner(), number(), NOW_MS + 2_000 + n);
        last = Some(judged.entry.clone());
        store.records.journal(&judged.entry, judged.marks.clone());
        store.records.flush().await.unwrap();
    }
    let last = last.unwrap();
    assert_eq!(store.records.journalled(&owner(), &last.attempt_id).await.unwrap(), Some(last));
    let (rows, _) = store.records.journal_page(0, 9_999).await.unwrap();
    assert!(rows.len() < 1_000, "{} left", rows.len());
    let later = NOW_MS + 40 * 86_400_000;
    assert!(store.records.sweep(later, &keep()).await.unwrap().journal >= 1, "and what is old goes by age");
}
