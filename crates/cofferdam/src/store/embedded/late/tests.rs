use super::*;
use crate::store::contract::Folder;
use crate::store::embedded::{Embedded, open_for_tests};

/// Gives rows to some names, in one transaction each.
async fn rows(records: &Embedded, names: std::ops::Range<u32>) -> Vec<(u32, i64)> {
    let mut rows = Vec::new();
    for n in names {
        let row = records.writer.change(move |tx| {
            let row = tx.late.exact.row(tx.late.exact.key(&n.to_be_bytes()));
            let text = "INSERT INTO exact (row, name, until_s, buckets) VALUES (?1, ?2, 0, x'')";
            tx.run(text, rusqlite::params![row, n.to_be_bytes()])?;
            Ok(row)
        });
        rows.push((n, row.await.unwrap()));
    }
    rows
}

/// Whether each name leads to its row, and to nothing else.
async fn found(records: &Embedded, all: &[(u32, i64)]) -> bool {
    let (late, all) = (std::sync::Arc::clone(&records.late), all.to_vec());
    let look = move |conn: &Connection| {
        let mut rows = all.iter().map(|(name, _)| late.exact.rows(conn, &name.to_be_bytes()));
        Ok(all.iter().all(|(_, row)| rows.next().unwrap().unwrap() == [*row]))
    };
    records.read(look).await.unwrap()
}

async fn number(records: &Embedded, text: &'static str) -> i64 {
    records.read(move |conn| conn.query_row(text, [], |row| row.get(0)).map_err(sql)).await.unwrap()
}

#[tokio::test]
async fn an_entry_is_found_at_every_step_of_its_way_and_after_reopening() {
    let folder = Folder::new();
    let records = open_for_tests(&folder.file());
    let mut all = Vec::new();
    for n in 0..5 * PORTION as u32 {
        all.extend(rows(&records, n..n + 1).await);
        assert!(found(&records, &all).await, "after {n}");
    }
    let until = number(&records, "SELECT until FROM late WHERE name = 'late_exact'").await;
    assert!(until >= 3 * PORTION as i64, "{until}");
    let in_memory = {
        let inner = records.late.exact.inner();
        inner.young.len() + inner.old.len()
    };
    assert!(in_memory <= 3 * PORTION, "{in_memory}");
    drop(records);
    let records = open_for_tests(&folder.file());
    assert!(found(&records, &all).await, "after reopening");
}

#[tokio::test]
async fn no_row_below_the_mark_is_given_again() {
    let folder = Folder::new();
    let records = open_for_tests(&folder.file());
    let all = rows(&records, 0..4 * PORTION as u32).await;
    let last = all.last().unwrap().1;
    for (name, row) in all {
        let change = records.writer.change(move |tx| {
            tx.run("DELETE FROM exact WHERE row = ?1", [row])?;
            let late = tx.late;
            late.exact.forget(tx, row, &name.to_be_bytes())
        });
        change.await.unwrap();
    }
    assert_eq!(number(&records, "SELECT count(*) FROM late_exact").await, 0);
    let until = number(&records, "SELECT until FROM late WHERE name = 'late_exact'").await;
    drop(records);
    let records = open_for_tests(&folder.file());
    let row = rows(&records, 9_999..10_000).await[0].1;
    assert!(row > until && until > 0 && row <= last + 1, "{row}, {until}, {last}");
    drop(records);
    let records = open_for_tests(&folder.file());
    assert!(found(&records, &[(9_999, row)]).await);
}

#[tokio::test]
async fn what_an_undone_change_took_away_is_still_found() {
    let folder = Folder::new();
    let records = open_for_tests(&folder.file());
    let (name, row) = rows(&records, 7..8).await[0];
    let change = records.writer.change(move |tx| {
        let late = tx.late;
        late.exact.forget(tx, row, &name.to_be_bytes())?;
        Err::<(), _>(StoreError::Away("on purpose".into()))
    });
    assert!(change.await.is_err());
    assert!(found(&records, &[(7, row)]).await);
}
