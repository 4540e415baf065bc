//! From the embedded store to this one and back: the same, row by row.

use crate::store::contract::Home;
use crate::store::moving::tests::filled;
use crate::store::moving::{copy, sums};
use crate::store::row::Table;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_moved_here_and_back_is_the_same_row_by_row() {
    let Some(here) = Home::postgres().await else { return };
    let from = filled().await;
    assert!(here.store.records.is_empty().await.unwrap());
    for progress in copy(&*from.store.records, &*here.store.records, false, |_| ()).await.unwrap() {
        assert_eq!(progress.read, progress.new, "{progress:?}");
    }
    assert!(!here.store.records.is_empty().await.unwrap());
    let sums_of = async |home: &Home| sums(&*home.store.records, |_| ()).await.unwrap();
    let before = sums_of(&from).await;
    assert_eq!(sums_of(&here).await, before);
    // Once more: all but the judged attempts, which nobody moves twice, are known.
    for progress in copy(&*from.store.records, &*here.store.records, false, |_| ()).await.unwrap() {
        assert!(progress.table == Table::Journal || progress.new == 0, "{progress:?}");
    }
    let Some(there) = Home::postgres().await else { return };
    copy(&*from.store.records, &*there.store.records, false, |_| ()).await.unwrap();
    let back = Home::embedded();
    copy(&*there.store.records, &*back.store.records, false, |_| ()).await.unwrap();
    assert_eq!(sums_of(&back).await, before);
    // What goes on there goes on behind what was taken in.
    there.pending().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn portions_follow_one_another_in_every_table() {
    let Some(here) = Home::postgres().await else { return };
    for n in 0..3 {
        // One of a name stands once: a store of its own each, all into the same.
        let from = if n == 0 { filled().await } else { Home::embedded() };
        copy(&*from.store.records, &*here.store.records, false, |_| ()).await.unwrap();
    }
    for _ in 0..7 {
        here.pending().await;
    }
    for table in Table::ALL {
        let all = here.store.records.hand_out(table, None, 1_000).await.unwrap().rows;
        let (mut some, mut after) = (Vec::new(), None);
        loop {
            let stretch = here.store.records.hand_out(table, after.as_deref(), 1).await.unwrap();
            some.extend(stretch.rows);
            after = stretch.next;
            if after.is_none() {
                break;
            }
        }
        assert!(!all.is_empty() && some == all, "{table:?}");
    }
}
