//! A store as the program before wrote it: schema 1, with its indices and JSON.

use super::super::verifications::read_fixed;
use super::*;
use rusqlite::{Connection, params};

/// Writes the records of a closed store anew as schema 1 had them.
fn as_version_1(file: &Path) {
    let old = file.with_extension("old");
    let conn = Connection::open(&old).unwrap();
    conn.execute_batch(include_str!("../schema/V1.sql")).unwrap();
    conn.execute("ATTACH ?1 AS today", [file.to_str().unwrap()]).unwrap();
    for table in
        ["meta", "attempts", "reservations", "spend", "journal", "bases", "outcomes", "facts", "audit"]
    {
        conn.execute(&format!("INSERT INTO main.{table} SELECT * FROM today.{table}"), []).unwrap();
    }
    for table in ["verifications", "idempotency", "outbox"] {
        conn.execute(&format!("INSERT INTO main.{table} SELECT * FROM today.{table}"), []).unwrap();
    }
    conn.execute("INSERT INTO main.exact SELECT name, until_s, buckets FROM today.exact", []).unwrap();
    let fixed: Vec<(i64, Vec<u8>)> = conn
        .prepare("SELECT row, fixed FROM main.verifications")
        .and_then(|mut s| s.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .unwrap();
    for (row, bytes) in fixed {
        let json = serde_json::to_vec(&read_fixed(&bytes).unwrap()).unwrap();
        conn.execute("UPDATE main.verifications SET fixed = ?2 WHERE row = ?1", params![row, json]).unwrap();
    }
    conn.execute_batch("PRAGMA user_version = 1; DETACH today; PRAGMA journal_mode = WAL").unwrap();
    conn.close().unwrap();
    std::fs::rename(&old, file).unwrap();
}

#[tokio::test]
async fn a_store_of_schema_1_is_brought_up_to_date_with_all_that_it_knew() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let mut begun = Vec::new();
    for n in 0..40 {
        let mut one = start(&owner(), number(), NOW_MS + n);
        one.reservations = vec![limit(LimitScope::Number, one.verification.number.0 as u64, 1, 3_600)];
        let key = IdempotencyKey { owner: owner(), scopes: "verify".into(), key: format!("key {n}") };
        one.idempotency = Some(key.clone());
        let v = one.verification.clone();
        assert_eq!(store.records.start(one).await.unwrap(), Started::Made);
        begun.push((v, key));
    }
    drop(store);
    as_version_1(&folder.file());
    let store = open(&folder.file()).unwrap();
    let records = &store.records;
    for (v, key) in begun {
        let found = records.verification(&owner(), &v.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&v));
        let filter = VerificationFilter { number: Some(v.number), ..VerificationFilter::default() };
        assert_eq!(
            records.verifications(&owner(), &filter, &page(9)).await.unwrap().rows,
            std::slice::from_ref(&v)
        );
        let mut next = start(&owner(), v.number, NOW_MS + 100);
        next.idempotency = Some(key);
        assert_eq!(records.start(next).await.unwrap(), Started::Taken(v.id.clone()));
        let mut next = start(&owner(), v.number, NOW_MS + 100);
        next.reservations = vec![limit(LimitScope::Number, v.number.0 as u64, 1, 3_600)];
        assert!(matches!(records.start(next).await.unwrap(), Started::Refused(Refusal::Limit { .. })));
        let mut next = start(&owner(), v.number, NOW_MS + 100);
        next.verification.fixed.profile.clone_from(&v.fixed.profile);
        next.restart = Restart::Conflict;
        assert_eq!(records.start(next).await.unwrap(), Started::Pending(v.id));
    }
}

#[test]
fn a_fixed_part_that_was_packed_stays_readable() {
    use super::super::verifications::write_fixed;
    let fixed = start(&owner(), cofferdam_engine::Pseudonym(7), NOW_MS).verification.fixed;
    let mut full = fixed.clone();
    full.metadata.insert("order".into(), "17".into());
    full.metadata.insert("shop".into(), "é".into());
    full.template = Some("plain".into());
    full.magic_ending = Some(42);
    for one in [fixed, full] {
        assert_eq!(read_fixed(&write_fixed(&one).unwrap()).unwrap(), one);
        assert_eq!(read_fixed(&serde_json::to_vec(&one).unwrap()).unwrap(), one, "as schema 1 wrote it");
        let bytes = write_fixed(&one).unwrap();
        for end in 0..bytes.len() {
            assert!(read_fixed(&bytes[..end]).is_err(), "torn at {end}");
        }
    }
}
