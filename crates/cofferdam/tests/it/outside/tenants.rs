//! A tenant and a world see themselves alone: what is another's answers exactly like what is not.

use super::api::{Answer, Api};
use super::dice::{fictional, live};
use super::schema::{Operation, operations};
use super::server::{ADMIN, Keys, Place, Server};
use super::simulator::{Behaviour, Simulator};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SCOPES: [&str; 4] = ["verify", "assess", "read", "manage"];

/// A key of a tenant with these scopes.
async fn key(server: &Server, tenant: &str, world: &str, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": "made by a test", "world": world, "scopes": scopes });
    let made = server.api(ADMIN).send("POST", "/v1/keys", &[("Cofferdam-Tenant", tenant)], Some(&body)).await;
    let made = made.unwrap().want(201);
    (made.text("id"), made.text("secret"))
}

/// A harmless body for an operation.
fn body_for(operation: &Operation) -> Option<Value> {
    if operation.method == "GET" || operation.method == "DELETE" {
        return None;
    }
    let last = operation.path.rsplit('/').next().unwrap_or_default();
    Some(match last {
        "check" => json!({ "code": "00000" }),
        "challenge" => json!({ "answer": "pass" }),
        "label" => json!({ "label": "good" }),
        "verifications" | "assessments" => json!({ "to": fictional(77) }),
        "events" => json!({ "events": [] }),
        "lookup" => json!({ "number": fictional(77) }),
        _ if operation.path.ends_with("/profiles/{id}") => json!({ "checks": 3 }),
        _ => json!({}),
    })
}

/// One of everything that has an identifier: by the start of the path that leads to it.
async fn one_of_each(
    server: &Server,
    all: &Api,
    tenant: &str,
    world: &str,
    to: &str,
) -> BTreeMap<&'static str, String> {
    let started = all.post("/v1/verifications", json!({ "to": to })).await.want(201);
    assert_eq!(started.text("status"), "pending", "{}", started.text);
    let judged = all.post("/v1/assessments", json!({ "to": to })).await.want(201);
    let profile = all.post("/v1/profiles", json!({ "name": format!("of-{tenant}-{world}") })).await.want(201);
    let mut made = BTreeMap::from([
        ("/v1/verifications/", started.text("id")),
        ("/v1/assessments/", judged.text("id")),
        ("/v1/profiles/", profile.text("id")),
    ]);
    for (list, value) in [("safe", "203.0.113.9"), ("deny", "203.0.113.10")] {
        let entry = all.post(&format!("/v1/lists/{list}/entries"), json!({ "value": value })).await.want(201);
        let place = if list == "safe" { "/v1/lists/safe/entries/" } else { "/v1/lists/deny/entries/" };
        made.insert(place, entry.text("id"));
    }
    made.insert("/v1/keys/", key(server, tenant, world, &["read"]).await.0);
    made
}

/// The same kind of name, for something that nobody has.
fn unknown(id: &str) -> String {
    let (noun, rest) = id.split_at(id.len() / 2);
    let turned: String = rest.chars().rev().map(|c| if c == '0' { '1' } else { c }).collect();
    if turned == rest { format!("{noun}{}", "1".repeat(rest.len())) } else { format!("{noun}{turned}") }
}

struct Two {
    server: Server,
    a: Keys,
    b: Keys,
    /// Keys with all scopes: tenant and world.
    all: BTreeMap<(&'static str, &'static str), Api>,
    provider: Simulator,
    place: Place,
}

async fn two() -> Two {
    let provider = Simulator::start(Behaviour::Accept).await;
    let place = Place::new("tenants", &provider.settings("a", 2));
    let server = place.start().await;
    let a = server.tenant("anna").await;
    let b = server.tenant("bert").await;
    let mut all = BTreeMap::new();
    for tenant in ["anna", "bert"] {
        for world in ["live", "test"] {
            all.insert((tenant, world), server.api(&key(&server, tenant, world, &SCOPES).await.1));
        }
    }
    Two { server, a, b, all, provider, place }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_identifier_answers_like_one_that_nobody_has_on_every_endpoint() {
    let two = two().await;
    let operations = operations(&two.server.api(ADMIN)).await;
    let mut compared = 0;
    for (world, to) in [("live", live(1)), ("test", fictional(1))] {
        let owner = &two.all[&("anna", world)];
        let made = one_of_each(&two.server, owner, "anna", world, &to).await;
        let mut before = Vec::new();
        for (place, id) in &made {
            before.push(owner.send("GET", &format!("{place}{id}"), &[], None).await.unwrap().text);
        }
        let other_world = if world == "live" { "test" } else { "live" };
        for stranger in [("bert", world), ("bert", other_world), ("anna", other_world)] {
            for operation in operations.iter().filter(|operation| operation.path.contains('{')) {
                let filled = |place: &&str| {
                    operation
                        .path
                        .replace("{list}", place.split('/').nth(3).unwrap_or(""))
                        .starts_with(*place)
                };
                let Some(place) = made.keys().find(|place| filled(place)) else { continue };
                // Keys are a tenant's in both worlds: only another tenant is a stranger to them.
                if *place == "/v1/keys/" && stranger.0 == "anna" {
                    continue;
                }
                compare(
                    &two.all[&stranger],
                    operation,
                    place,
                    &made[place],
                    &format!("{stranger:?} at {world}"),
                )
                .await;
                compared += 1;
            }
        }
        for ((place, id), before) in made.iter().zip(before) {
            let after = owner.send("GET", &format!("{place}{id}"), &[], None).await.unwrap();
            let changing = after.status != 404 && before == after.text || after.status != 200;
            assert!(changing, "{place}{id} was changed by a stranger:\n{before}\n{}", after.text);
        }
    }
    println!("tenants: {compared} pairs of answers compared");
    assert!(compared >= 40, "only {compared} pairs: the document names its identifiers otherwise");
}

async fn compare(stranger: &Api, operation: &Operation, place: &str, id: &str, who: &str) {
    let tail = operation.path.rsplit_once('}').map_or("", |(_, tail)| tail);
    let body = body_for(operation);
    let mut answers = Vec::new();
    for id in [id.to_owned(), unknown(id)] {
        let path = format!("{place}{id}{tail}");
        let answer = stranger.send(&operation.method, &path, &[], body.as_ref()).await.unwrap();
        let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        answers.push((answer.status, names, answer.without_request_id().replace(&id, "ID")));
    }
    assert_eq!(answers[0], answers[1], "{who}: {} {}", operation.method, operation.path);
    assert_eq!(answers[0].0, 404, "{who}: {} {}: {}", operation.method, operation.path, answers[0].2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_numbers_names_and_idempotency_keys_are_each_tenants_own() {
    let two = two().await;
    let (anna, bert) = (&two.all[&("anna", "test")], &two.all[&("bert", "test")]);
    let to = fictional(2);
    let query = to.replace('+', "%2B");
    let once = [("Idempotency-Key", "same-key")];
    let body = json!({ "to": to });
    let first = anna.send("POST", "/v1/verifications", &once, Some(&body)).await.unwrap().want(201);
    let second = bert.send("POST", "/v1/verifications", &once, Some(&body)).await.unwrap().want(201);
    assert_ne!(first.text("id"), second.text("id"), "one tenant was given the other's answer");
    let live = &two.all[&("anna", "live")];
    for (other, path) in [
        (bert, format!("/v1/assessments?attempt={}", first.text("attempts.0.id"))),
        (live, format!("/v1/assessments?attempt={}", first.text("attempts.0.id"))),
        (live, format!("/v1/verifications?to={query}")),
    ] {
        let answer = other.get(&path).await;
        let nothing = answer.status == 404 || answer.at("data").as_array().is_some_and(Vec::is_empty);
        assert!(nothing, "{path}: {}", answer.text);
    }
    for path in [format!("/v1/verifications?to={query}"), format!("/v1/outbox?to={query}")] {
        let answer = bert.get(&path).await.want(200);
        assert!(!answer.text.contains(&first.text("id")), "{path}: {}", answer.text);
        assert!(answer.text.contains(&second.text("id")), "{path}: {}", answer.text);
    }
    // Events of an attempt that is not ours are as unknown as those of none.
    for attempt in [first.text("attempts.0.id"), unknown(&first.text("attempts.0.id"))] {
        let event = json!({ "events": [{ "attempt": attempt, "type": "delivery", "status": "delivered" }] });
        let told = bert.post("/v1/events", event).await.want(202);
        assert_eq!(told.text("results.0.status"), "unknown", "{}", told.text);
    }
    anna.post("/v1/lists/deny/entries", json!({ "value": to })).await.want(201);
    assert_eq!(anna.post("/v1/assessments", body.clone()).await.want(201).text("decision"), "block");
    assert_eq!(bert.post("/v1/assessments", body.clone()).await.want(201).text("decision"), "allow");
    bert.post("/v1/lists/deny/entries", json!({ "value": to })).await.want(201);
    anna.post("/v1/profiles", json!({ "name": "annas-own" })).await.want(201);
    let foreign = bert.post("/v1/verifications", json!({ "to": to, "profile": "annas-own" })).await;
    let none = bert.post("/v1/verifications", json!({ "to": to, "profile": "nobodys-own" })).await;
    assert_eq!((foreign.status, none.status), (422, 422), "{}", foreign.text);
    let same =
        |answer: &Answer| answer.without_request_id().replace("annas-own", "X").replace("nobodys-own", "X");
    assert_eq!(same(&foreign), same(&none));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_does_what_its_scopes_say_in_the_document_and_nothing_else() {
    let two = two().await;
    let mut keys = BTreeMap::new();
    for scope in SCOPES {
        keys.insert(scope, two.server.api(&key(&two.server, "anna", "test", &[scope]).await.1));
    }
    let mut asked = 0;
    for operation in operations(&two.server.api(ADMIN)).await {
        let path = operation.path.replace("{list}", "safe").replace("{number}", "%2B447700900123");
        let path = path
            .split('/')
            .map(|part| if part.starts_with('{') { "unknown" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        if !path.starts_with("/v1/") || path.starts_with("/v1/deliveries/") {
            continue;
        }
        let body = body_for(&operation);
        let what = format!("{} {}", operation.method, operation.path);
        assert!(!operation.scopes.is_empty(), "{what} states no scope in the document");
        for wrong in ["", "cfd_live_nonsense", "cfd_test_0000000000000000000000000000000000000000", "\u{e4}"]
        {
            let answer = two
                .server
                .api("")
                .send(
                    &operation.method,
                    &path,
                    &[("Authorization", &format!("Bearer {wrong}"))],
                    body.as_ref(),
                )
                .await;
            assert_eq!(answer.unwrap().status, 401, "{what} with the key {wrong:?}");
        }
        let bare = two.server.api("").send(&operation.method, &path, &[], body.as_ref()).await.unwrap();
        assert_eq!(bare.status, 401, "{what} without a key");
        assert!(!bare.header("www-authenticate").is_empty(), "{what}: 401 without WWW-Authenticate");
        for (scope, api) in &keys {
            let answer = api.send(&operation.method, &path, &[], body.as_ref()).await.unwrap();
            let allowed = operation.scopes.iter().any(|one| one == scope);
            let refused = answer.status == 403;
            assert_eq!(
                refused, !allowed,
                "{what} needs {:?}, the key has {scope}: {}",
                operation.scopes, answer.text
            );
            assert_ne!(answer.status, 401, "{what}");
            asked += 1;
        }
    }
    println!("tenants: {asked} pairs of key and operation");
    // An installation's business is for admins; no tenant's key may name another tenant.
    for api in [&two.a.manage, &two.a.test, &two.b.live] {
        assert_eq!(two.server.api(api).post("/v1/tenants", json!({ "name": "mine" })).await.status, 403);
        let named = [("Cofferdam-Tenant", "bert")];
        let answer = two.server.api(&two.a.manage).send("GET", "/v1/profiles", &named, None).await.unwrap();
        assert!(matches!(answer.status, 400 | 403), "a tenant's key named another tenant: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_stops_at_once_and_stays_stopped_after_a_crash() {
    let two = two().await;
    let (id, secret) = key(&two.server, "anna", "live", &SCOPES).await;
    let api = two.server.api(&secret);
    api.get("/v1/profiles").await.want(200);
    let manage = two.server.api(&two.a.manage);
    assert_eq!(
        two.server.api(&two.b.manage).delete(&format!("/v1/keys/{id}")).await.status,
        404,
        "a stranger revoked it"
    );
    api.get("/v1/profiles").await.want(200);
    manage.delete(&format!("/v1/keys/{id}")).await.want(204);
    assert_eq!(api.get("/v1/profiles").await.status, 401);
    assert_eq!(manage.delete(&format!("/v1/keys/{id}")).await.status, 404, "revoked twice");
    let kept = key(&two.server, "anna", "live", &["read"]).await.1;
    two.server.kill();
    let server = two.place.start().await;
    assert_eq!(server.api(&secret).get("/v1/profiles").await.status, 401, "alive again after a crash");
    server.api(&kept).get("/v1/profiles").await.want(200);
    let listed = server.api(&two.a.manage).get("/v1/keys?limit=200").await.want(200);
    assert!(
        !listed.text.contains(&secret) && !listed.text.contains(&kept),
        "a list of keys shows their secrets"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_key_refuses_fiction_and_a_test_key_reaches_no_provider() {
    let two = two().await;
    let refused = two.server.api(&two.a.live).post("/v1/verifications", json!({ "to": fictional(3) })).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "invalid_number"), "{}", refused.text);
    assert!(refused.text.contains("fictional"), "{}", refused.text);
    let to = live(9);
    let started = two.server.api(&two.a.test).post("/v1/verifications", json!({ "to": to })).await.want(201);
    assert_eq!(started.text("attempts.0.status"), "sent", "{}", started.text);
    assert_eq!(two.server.api(&two.a.test).code_of(&to).await.len(), 6);
    assert!(two.provider.taken().is_empty(), "a test key reached a provider");
    let outbox = two.server.api(&two.a.live).get("/v1/outbox").await;
    assert_eq!(outbox.status, 404, "{}", outbox.text);
}
