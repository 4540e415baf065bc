//! Every table is handed out in portions that follow one another, however short.

use crate::store::contract::Home;
use crate::store::moving::tests::fill;
use crate::store::row::Table;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn portions_follow_one_another_in_every_table() {
    let Some(here) = Home::postgres().await else { return };
    fill(&here).await;
    // More than ten, so that an order of texts would not be one of numbers.
    for _ in 0..12 {
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
