use super::*;

async fn change(home: &Home, change: FactEdit) -> FactAnswer {
    let audit = audit(&owner(), NOW_MS);
    home.store.records.change_facts(FactChange { change, audit }).await.unwrap()
}

async fn insert(home: &Home, facts: &[Fact]) -> FactAnswer {
    change(home, FactEdit::Insert(facts.to_vec())).await
}

pub async fn facts_change_by_version(home: Home) {
    let records = &home.store.records;
    let (a, b) = (fact(&owner(), "a"), fact(&owner(), "b"));
    assert_eq!(insert(&home, &[a.clone(), b.clone()]).await, FactAnswer::Done(2));
    let all = records.facts_since(0, 99).await.unwrap();
    assert_eq!(all, [Fact { version: 1, ..a.clone() }, Fact { version: 2, ..b.clone() }]);
    let newer = Fact { body: "{\"a\":2}".into(), ..a.clone() };
    let update = |if_version| FactEdit::Update { fact: newer.clone(), if_version };
    assert_eq!(change(&home, update(Some(7))).await, FactAnswer::Moved(1));
    assert_eq!(change(&home, update(Some(1))).await, FactAnswer::Done(3));
    assert_eq!(change(&home, update(Some(1))).await, FactAnswer::Moved(3));
    assert_eq!(change(&home, update(None)).await, FactAnswer::Done(4));
    let delete = |owner: &Owner, id: &str| FactEdit::Delete {
        owner: owner.clone(),
        kind: FactKind::SafeEntry,
        id: id.into(),
    };
    for other in others() {
        assert_eq!(change(&home, delete(&other, &b.id)).await, FactAnswer::Unknown);
        let fact = Fact { owner: other.clone(), ..newer.clone() };
        assert_eq!(change(&home, FactEdit::Update { fact, if_version: None }).await, FactAnswer::Unknown);
    }
    assert_eq!(change(&home, delete(&owner(), &b.id)).await, FactAnswer::Done(5));
    assert_eq!(change(&home, delete(&owner(), &b.id)).await, FactAnswer::Unknown);
    let since = records.facts_since(2, 99).await.unwrap();
    assert_eq!(since.iter().map(|f| (f.version, f.gone)).collect::<Vec<_>>(), [(4, false), (5, true)]);
    assert!(since[1].body.is_empty(), "what is gone keeps nothing of its content");
    assert_eq!(records.facts_since(0, 1).await.unwrap().len(), 1);
}

pub async fn a_unique_text_stands_once(home: Home) {
    let first = fact(&owner(), "same");
    assert_eq!(insert(&home, std::slice::from_ref(&first)).await, FactAnswer::Done(1));
    let both = [fact(&owner(), "other"), fact(&owner(), "same")];
    assert_eq!(insert(&home, &both).await, FactAnswer::Duplicate(first.id.clone()));
    assert_eq!(home.store.records.facts_since(0, 9).await.unwrap().len(), 1, "all or none");
    let twins = [fact(&owner(), "twin"), fact(&owner(), "twin")];
    assert_eq!(insert(&home, &twins).await, FactAnswer::Duplicate(twins[0].id.clone()));
    for other in others() {
        assert!(matches!(insert(&home, &[fact(&other, "same")]).await, FactAnswer::Done(_)));
    }
    let denied = Fact { kind: FactKind::DenyEntry, ..fact(&owner(), "same") };
    assert!(matches!(insert(&home, &[denied]).await, FactAnswer::Done(_)), "each kind its own");
    let moved = Fact { unique: "same".into(), ..fact(&owner(), "elsewhere") };
    insert(&home, &[Fact { unique: "elsewhere".into(), ..moved.clone() }]).await;
    let update = FactEdit::Update { fact: moved, if_version: None };
    assert_eq!(change(&home, update).await, FactAnswer::Duplicate(first.id.clone()));
    let gone = FactEdit::Delete { owner: owner(), kind: FactKind::SafeEntry, id: first.id };
    change(&home, gone).await;
    assert!(matches!(insert(&home, &[fact(&owner(), "same")]).await, FactAnswer::Done(_)), "free again");
    let over = Fact { expires_ms: Some(NOW_MS), ..fact(&owner(), "over") };
    insert(&home, &[over]).await;
    assert!(
        matches!(insert(&home, &[fact(&owner(), "over")]).await, FactAnswer::Done(_)),
        "what is over gives way"
    );
}

pub async fn the_audit_tells_every_change(home: Home) {
    let records = &home.store.records;
    insert(&home, &[fact(&owner(), "a")]).await;
    insert(&home, &[fact(&owner(), "a")]).await;
    let entry = audit(&owner(), NOW_MS + 1);
    records.audit_add(entry.clone()).await.unwrap();
    let newest = PageAsk { limit: 1, after: None, descending: true };
    let first = records.audit(&owner(), &newest).await.unwrap();
    assert_eq!(first.rows, [entry]);
    let rest = PageAsk { after: first.next, limit: 9, ..newest };
    assert_eq!(
        records.audit(&owner(), &rest).await.unwrap().rows.len(),
        1,
        "the refused change is in no audit"
    );
    for other in others() {
        assert!(records.audit(&other, &page(9)).await.unwrap().rows.is_empty());
    }
}

pub async fn outbox_rows_are_listed(home: Home) {
    let records = &home.store.records;
    let (one, two) = (number(), number());
    for n in 0..4 {
        let row = OutboxRow {
            id: new_id(Noun::OutboxMessage, NOW_MS + n),
            owner: owner(),
            attempt: "att_a".into(),
            verification: "ver_a".into(),
            number: if n % 2 == 0 { one } else { two },
            channel: cofferdam_engine::Channel::Sms,
            at_ms: NOW_MS + n,
        };
        records.outbox_put(row).await.unwrap();
    }
    let list = async |owner: &Owner, number| records.outbox(owner, number, &page(9)).await.unwrap().rows;
    let times: Vec<_> = list(&owner(), None).await.iter().map(|row| row.at_ms - NOW_MS).collect();
    assert_eq!(times, [0, 1, 2, 3]);
    assert_eq!(list(&owner(), Some(one)).await.len(), 2);
    for other in others() {
        assert!(list(&other, None).await.is_empty());
        assert_eq!(records.outbox_clear(&other, None).await.unwrap(), 0);
    }
    assert_eq!(records.outbox_clear(&owner(), Some(one)).await.unwrap(), 2);
    assert_eq!(records.outbox_clear(&owner(), None).await.unwrap(), 2);
}
