//! Keys, tenants, lists and profiles: at once, and apart.

use super::*;
use crate::store::row::{PageAsk, Status, World};
use crate::verify::lists::{self, ListName, NewEntry};
use crate::verify::{KeyScope, keys::AuthError, keys::KeyAsk};
use cofferdam_engine::limit::{Limit, LimitScope};
use cofferdam_engine::signal::Code;

const ADMIN: &str = "an-admin-key-of-the-settings-of-some-length";

#[tokio::test]
async fn a_revoked_key_ends_at_once_and_a_settings_key_replaces_the_one_before() {
    let house = house().await;
    let key = house.live_key.expose();
    assert!(key.starts_with("cfd_live_") && key.len() >= 9 + 32);
    let id = keys::caller(&house.app, key, None, "").unwrap().key;
    keys::revoke(&house.app, &house.manage, &id).await.unwrap();
    assert_eq!(keys::caller(&house.app, key, None, "").unwrap_err(), AuthError::Unauthorized);
    for unknown in ["", "cfd_live_x", &"x".repeat(100_000)] {
        assert_eq!(keys::caller(&house.app, unknown, None, "").unwrap_err(), AuthError::Unauthorized);
    }
    tenants::first_start(&house.app, Some(ADMIN), Some("cfd_test_one")).await.unwrap();
    assert!(keys::caller(&house.app, ADMIN, None, "").unwrap().scopes.contains(&KeyScope::Admin));
    assert!(keys::caller(&house.app, "cfd_test_one", None, "").is_ok());
    let again = tenants::first_start(&house.app, Some(ADMIN), Some("cfd_test_two")).await.unwrap();
    assert!(again.made.is_none());
    assert!(keys::caller(&house.app, "cfd_test_one", None, "").is_err());
    assert!(keys::caller(&house.app, "cfd_test_two", None, "").is_ok());
    assert!(keys::caller(&house.app, ADMIN, None, "").is_ok());
}

#[tokio::test]
async fn tenants_are_apart_and_only_an_admin_names_one() {
    let house = house().await;
    tenants::first_start(&house.app, Some(ADMIN), None).await.unwrap();
    let admin = keys::caller(&house.app, ADMIN, None, "").unwrap();
    let shop = tenants::create(&house.app, &admin, "shop").await.unwrap();
    let twice = tenants::create(&house.app, &admin, "shop").await;
    assert!(matches!(twice, Err(VerifyError::Duplicate(_))));
    assert!(tenants::create(&house.app, &admin, "no name").await.is_err());
    for name in ["shop", shop.tenant.id.as_str()] {
        let there = keys::caller(&house.app, ADMIN, Some(name), "").unwrap();
        assert_eq!(there.owner.tenant, shop.tenant.id);
    }
    assert_eq!(keys::caller(&house.app, ADMIN, Some("none"), "").unwrap_err(), AuthError::NoTenant);
    let theirs = shop.test.secret.expose();
    assert_eq!(keys::caller(&house.app, theirs, Some("default"), "").unwrap_err(), AuthError::NotAdmin);
    let theirs = keys::caller(&house.app, theirs, Some("shop"), "").unwrap();
    // Another tenant's verification is unknown, and its limits are its own.
    for _ in 0..5 {
        house.started("+12125550123").await;
    }
    let id = house.started("+12125550124").await;
    let foreign = crate::verify::get::get(&house.app, &theirs, &id).await;
    assert!(matches!(foreign, Err(VerifyError::NotFound)));
    let started = start::start(&house.app, &theirs, to("+12125550123")).await.unwrap();
    assert_eq!(started.verification.status, Status::Pending);
    let page = PageAsk { limit: 50, after: None, descending: false };
    assert_eq!(keys::list(&house.app, &theirs, &page).rows.len(), 1, "its world's alone");
    assert!(keys::revoke(&house.app, &theirs, &house.test.key).await.is_err());
}

#[tokio::test]
async fn a_key_cannot_make_itself_more_than_it_is() {
    let house = house().await;
    let ask = |world, scope| KeyAsk { name: None, world, scopes: vec![scope], expires_ms: None };
    let admin = keys::create(&house.app, &house.manage, &ask(World::Live, KeyScope::Admin)).await;
    assert!(matches!(admin, Err(VerifyError::Invalid(_))));
    let new = keys::create(&house.app, &house.manage, &ask(World::Test, KeyScope::Read)).await.unwrap();
    let caller = keys::caller(&house.app, new.secret.expose(), None, "").unwrap();
    assert_eq!((caller.owner, caller.scopes), (house.test.owner.clone(), vec![KeyScope::Read]));
    let mut brief = ask(World::Test, KeyScope::Read);
    brief.expires_ms = Some(NOON + 1_000);
    let brief = keys::create(&house.app, &house.manage, &brief).await.unwrap();
    assert!(keys::caller(&house.app, brief.secret.expose(), None, "").is_ok());
    house.clock.step(1_000);
    assert!(keys::caller(&house.app, brief.secret.expose(), None, "").is_err());
}

#[tokio::test]
async fn a_test_key_makes_sees_and_revokes_no_live_key() {
    let house = house().await;
    let ask = |world| KeyAsk { name: None, world, scopes: vec![KeyScope::Verify], expires_ms: None };
    assert!(
        keys::create(&house.app, &house.test, &ask(World::Live)).await.is_err(),
        "a way into the live world"
    );
    assert!(keys::create(&house.app, &house.test, &ask(World::Test)).await.is_ok());
    for id in [&house.live.key, &house.manage.key] {
        assert!(
            keys::get(&house.app, &house.test, id).is_err(),
            "an id of one world is unknown in the other"
        );
        assert!(keys::revoke(&house.app, &house.test, id).await.is_err());
    }
    let page = PageAsk { limit: 200, after: None, descending: false };
    let seen = keys::list(&house.app, &house.test, &page).rows;
    assert!(seen.len() == 2 && seen.iter().all(|key| key.world == World::Test), "{seen:?}");
    assert_eq!(keys::list(&house.app, &house.manage, &page).rows.len(), 4, "a live key sees both");
}

#[tokio::test]
async fn who_still_holds_the_old_profile_brings_it_back_for_nobody() {
    let house = house().await;
    let (app, owner) = (&house.app, &house.test.owner);
    let old = profiles::named(app, owner, None).unwrap();
    let edit = ProfileEdit { locked_country: Some(Some("GB".into())), ..ProfileEdit::default() };
    house.profile(edit).await;
    // An attempt that read its profile just before the change and is judged just after it.
    app.standing.basis(owner, &old, Channel::Sms, None);
    let new = profiles::named(app, owner, None).unwrap();
    let basis = app.standing.basis(owner, &new, Channel::Sms, None);
    assert_eq!(basis.terms.locked_country, new.locked_country, "an acknowledged change was undone");
}

fn entry(value: &str) -> NewEntry {
    NewEntry { value: value.to_owned(), country: None, expires_ms: None, note: None }
}

#[tokio::test]
async fn a_list_acts_on_the_next_start_and_knows_every_spelling() {
    let house = house().await;
    let add = |list, value: &str| {
        let value = entry(value);
        let (app, caller) = (house.app.clone(), house.test.clone());
        async move { lists::add(&app, &caller, list, &value).await }
    };
    let denied = add(ListName::Deny, "+1 (212) 555-0123").await.unwrap();
    assert_eq!(denied.value.as_deref(), Some("+12125550123"));
    let twice = add(ListName::Deny, "001 212 555 0123").await;
    assert!(matches!(twice, Err(VerifyError::Duplicate(id)) if id == denied.id), "{:?}", denied.id);
    let blocked = house.start("+12125550123").await.unwrap();
    assert_eq!(blocked.verification.status, Status::Blocked);
    let reasons = &blocked.judged.unwrap().assessment.reasons;
    assert!(reasons.iter().any(|reason| reason.code == Code::ListDeny));
    // The live world has lists of its own.
    let page = PageAsk { limit: 50, after: None, descending: false };
    let live = lists::list(&house.app, &house.live, ListName::Deny, &page).await.unwrap();
    assert_eq!(live.rows.len(), 0);
    assert!(lists::remove(&house.app, &house.live, ListName::Deny, &denied.id).await.is_err());
    assert!(lists::remove(&house.app, &house.test, ListName::Safe, &denied.id).await.is_err());
    lists::remove(&house.app, &house.test, ListName::Deny, &denied.id).await.unwrap();
    assert_eq!(house.start("+12125550123").await.unwrap().verification.status, Status::Pending);
    for wrong in ["", "+", "+1415x*", "300.1.1.1", "10.0.0.0/33", "+1212555"] {
        assert!(matches!(add(ListName::Safe, wrong).await, Err(VerifyError::Invalid(_))), "{wrong}");
    }
}

#[tokio::test]
async fn an_entry_ends_by_itself_and_makes_room() {
    let house = house().await;
    let mut brief = entry("+1212555*");
    brief.expires_ms = Some(NOON + 1_000);
    let first = lists::add(&house.app, &house.test, ListName::Deny, &brief).await.unwrap();
    assert_eq!(house.start("+12125550123").await.unwrap().verification.status, Status::Blocked);
    house.clock.step(1_000);
    assert_eq!(house.start("+12125550123").await.unwrap().verification.status, Status::Pending);
    let second = lists::add(&house.app, &house.test, ListName::Deny, &entry("+1212555*")).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(house.start("+12125550123").await.unwrap().verification.status, Status::Blocked);
    lists::end_over(&house.app).await.unwrap();
    let page = PageAsk { limit: 50, after: None, descending: false };
    let rows = lists::list(&house.app, &house.test, ListName::Deny, &page).await.unwrap().rows;
    assert_eq!(rows.iter().map(|row| &row.id).collect::<Vec<_>>(), [&second.id]);
}

#[tokio::test]
async fn erasing_a_number_leaves_it_nowhere_and_lists_forget_it() {
    let house = house().await;
    let id = house.started("+12125550123").await;
    lists::add(&house.app, &house.test, ListName::Deny, &entry("+12125550123")).await.unwrap();
    tenants::first_start(&house.app, Some(ADMIN), None).await.unwrap();
    let admin = keys::caller(&house.app, ADMIN, None, "").unwrap();
    let swept = crate::verify::erase::erase(&house.app, &admin, "+12125550123", None).await.unwrap();
    assert_eq!((swept.verifications, swept.list_entries), (1, 1));
    let seen = crate::verify::get::get(&house.app, &house.test, &id).await.unwrap();
    assert!(seen.to.is_none());
    assert_eq!(house.start("+12125550123").await.unwrap().verification.status, Status::Pending);
}

#[tokio::test]
async fn a_fourth_window_in_one_scope_is_refused_by_name() {
    let house = house().await;
    let edit = |window_s| ProfileEdit {
        name: Some(format!("p{window_s}")),
        limits: BTreeMap::from([(LimitScope::Country, vec![Limit { max: 1, window_s }])]),
        ..ProfileEdit::default()
    };
    for window_s in [60, 600, 3600] {
        profiles::create(&house.app, &house.test, &edit(window_s)).await.unwrap();
    }
    let Err(VerifyError::Invalid(faults)) = profiles::create(&house.app, &house.test, &edit(86_400)).await
    else {
        panic!("taken")
    };
    assert_eq!(faults[0].field, "limits.country");
    let mut same = edit(600);
    same.name = Some("other".to_owned());
    profiles::create(&house.app, &house.test, &same).await.unwrap();
    let twice = profiles::create(&house.app, &house.test, &same).await;
    assert!(matches!(twice, Err(VerifyError::Duplicate(_))));
    assert!(matches!(profiles::delete(&house.app, &house.test, "default").await, Err(VerifyError::State(_))));
    profiles::delete(&house.app, &house.test, "other").await.unwrap();
    assert!(profiles::get(&house.app, &house.test, "other").is_err());
}
