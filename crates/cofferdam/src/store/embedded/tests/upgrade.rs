//! Stores as programs before wrote them: schema 1, with its indices and JSON, and schema 2, whose attempts
//! name their verification.

use super::super::verifications::read_fixed;
use super::*;
use rusqlite::{Connection, params};

/// The columns of verifications that schemas 1 and 2 had, in their order.
const VERIFICATION: &str = "row, tenant, world, id, number, profile, status, created_ms, expires_ms, checks_left, \
    outstanding, paid_in, check_at_ms, resend_at_ms, finished_ms, sealed_to, own_code, fixed";

/// Writes the records of a closed store anew as an earlier schema had them.
fn as_version(version: u8, file: &Path) {
    let old = file.with_extension("old");
    let conn = Connection::open(&old).unwrap();
    conn.execute_batch(include_str!("../schema/V1.sql")).unwrap();
    if version == 2 {
        conn.execute_batch(include_str!("../schema/V2.sql")).unwrap();
    }
    conn.execute("ATTACH ?1 AS today", [file.to_str().unwrap()]).unwrap();
    for table in [
        "meta",
        "reservations",
        "spend",
        "journal",
        "bases",
        "outcomes",
        "facts",
        "audit",
        "idempotency",
        "outbox",
    ] {
        conn.execute(&format!("INSERT INTO main.{table} SELECT * FROM today.{table}"), []).unwrap();
    }
    conn.execute(
        &format!("INSERT INTO main.verifications SELECT {VERIFICATION} FROM today.verifications"),
        [],
    )
    .unwrap();
    conn.execute_batch(
        "INSERT INTO main.attempts SELECT v.id, a.row & 1023, a.id, tenant, world, channel, a.status, at_ms, \
         assessment, provider, reference, price_micros, currency, reserved \
         FROM today.attempts AS a JOIN today.verifications AS v ON v.row = a.row >> 10",
    )
    .unwrap();
    if version == 2 {
        for table in ["exact", "late", "late_numbers", "late_exact", "late_keys"] {
            conn.execute(&format!("INSERT INTO main.{table} SELECT * FROM today.{table}"), []).unwrap();
        }
    } else {
        as_json(&conn);
        conn.execute("INSERT INTO main.exact SELECT name, until_s, buckets FROM today.exact", []).unwrap();
    }
    conn.execute_batch(&format!("PRAGMA user_version = {version}; DETACH today; PRAGMA journal_mode = WAL"))
        .unwrap();
    conn.close().unwrap();
    std::fs::rename(&old, file).unwrap();
}

fn as_json(conn: &Connection) {
    let fixed: Vec<(i64, Vec<u8>)> = conn
        .prepare("SELECT row, fixed FROM main.verifications")
        .and_then(|mut s| s.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .unwrap();
    for (row, bytes) in fixed {
        let json = serde_json::to_vec(&read_fixed(&bytes).unwrap()).unwrap();
        conn.execute("UPDATE main.verifications SET fixed = ?2 WHERE row = ?1", params![row, json]).unwrap();
    }
}

#[tokio::test]
async fn a_store_of_schema_1_is_brought_up_to_date_with_all_that_it_knew() {
    Box::pin(knows_all(1)).await;
}

#[tokio::test]
async fn a_store_of_schema_2_is_brought_up_to_date_with_all_that_it_knew() {
    Box::pin(knows_all(2)).await;
}

async fn knows_all(version: u8) {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let mut begun = Vec::new();
    for n in 0..40 {
        let mut one = start(&owner(), number(), NOW_MS + n);
        one.reservations = vec![limit(LimitScope::Number, one.verification.number.0 as u64, 1, 3_600)];
        let key = IdempotencyKey { owner: owner(), scopes: "verify".into(), key: format!("key {n}") };
        one.idempotency = Some(key.clone());
        let mut v = one.verification.clone();
        assert_eq!(store.records.start(one).await.unwrap(), Started::Made);
        if n % 2 == 0 {
            let mut again = again(&v, v.resend_at_ms);
            again.attempt.reference = Some(format!("reference {n}"));
            again.attempt.provider = Some("prov".into());
            v.resend_at_ms = again.resend_at_ms;
            v.attempts.push(again.attempt.clone());
            assert_eq!(store.records.again(again).await.unwrap(), AgainAnswer::Made);
        }
        begun.push((v, key));
    }
    let all = store.records.verifications(&owner(), &VerificationFilter::default(), &page(99)).await.unwrap();
    drop(store);
    as_version(version, &folder.file());
    let store = open(&folder.file()).unwrap();
    let records = &store.records;
    let after = records.verifications(&owner(), &VerificationFilter::default(), &page(99)).await.unwrap();
    assert_eq!((after.rows.len(), after.rows), (40, all.rows), "in the same order");
    for (v, key) in begun {
        Box::pin(knows(records.as_ref(), &v, key)).await;
    }
}

async fn knows(records: &dyn crate::store::Records, v: &Verification, key: IdempotencyKey) {
    let found = records.verification(&owner(), &v.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(v));
    let filter = VerificationFilter { number: Some(v.number), ..VerificationFilter::default() };
    let of_number = records.verifications(&owner(), &filter, &page(9)).await.unwrap().rows;
    assert_eq!(of_number, std::slice::from_ref(v));
    let mut next = start(&owner(), v.number, NOW_MS + 100);
    next.idempotency = Some(key);
    assert_eq!(records.start(next).await.unwrap(), Started::Taken(v.id.clone()));
    let mut next = start(&owner(), v.number, NOW_MS + 100);
    next.reservations = vec![limit(LimitScope::Number, v.number.0 as u64, 1, 3_600)];
    assert!(matches!(records.start(next).await.unwrap(), Started::Refused(Refusal::Limit { .. })));
    let mut next = start(&owner(), v.number, NOW_MS + 100);
    next.verification.fixed.profile.clone_from(&v.fixed.profile);
    next.restart = Restart::Conflict;
    assert_eq!(records.start(next).await.unwrap(), Started::Pending(v.id.clone()));
    for attempt in &v.attempts {
        let over = HandOver {
            status: AttemptStatus::Sent,
            provider: Some("prov".into()),
            reference: None,
            price_micros: Some(7),
            currency: None,
            verification_failed: false,
            marks: Marks::default(),
        };
        assert!(records.handed_over(&owner(), &attempt.id, over).await.unwrap(), "queued until now");
    }
    let attempts = records.verification(&owner(), &v.id).await.unwrap().unwrap().attempts;
    assert!(attempts.iter().all(|attempt| attempt.status == AttemptStatus::Sent), "{attempts:?}");
    assert!(attempts.iter().zip(&v.attempts).all(|(now, before)| now.id == before.id), "in order");
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
