//! What no honest caller sends: every case to every line. The answer is a 4xx problem that names what was
//! wrong; never a 5xx, never a dropped connection.

use crate::support::{ADMIN, Client, Program, Reply};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// A body that a line's own fields cannot excuse.
struct Case {
    name: String,
    content_type: &'static str,
    body: Vec<u8>,
    statuses: &'static [u16],
}

fn case(name: impl Into<String>, body: impl Into<Vec<u8>>) -> Case {
    Case { name: name.into(), content_type: "application/json", body: body.into(), statuses: &[400, 422] }
}

fn typed(content_type: &'static str, body: impl Into<Vec<u8>>, statuses: &'static [u16]) -> Case {
    Case { name: content_type.to_owned(), content_type, body: body.into(), statuses }
}

/// Bodies that are no JSON object at all.
fn malformed() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "{",
        "}",
        "[",
        "]",
        "nul",
        "tru",
        "\"",
        "\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\" 1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":0x1}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":-}",
        "{}{}",
        "{} x",
        "{},",
        "[]",
        "[{}]",
        "null",
        "true",
        "1",
        "-1",
        "1.5",
        "\"text\"",
        "{\"a\":1e999}",
        "{\"a\":-1e999}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"a\":\"line\nbreak\"}",
        "/*c*/{}",
        "{}//c",
        "<xml/>",
        "a=b",
        "\u{feff}{}",
        "{\"\":1}",
        "{\"a\":undefined}",
        "{\"a\":[}",
        "{\"a\":{]}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
    ]
    .into_iter()
    .map(|text| case(format!("text {text:?}"), text))
    .collect();
    for bytes in [
        &b"{\"a\":\"\xff\"}"[..],
        b"\xff\xfe{\0}\0",
        b"{\"a\":\"\xc0\xaf\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"\x00",
        b"\x1f\x8b\x08",
        b"{\"a\":\"\x01\"}",
        b"{\"a\":\"\x7f\xf8\"}",
    ] {
        cases.push(case(format!("bytes {bytes:?}"), bytes));
    }
    for number in [
        "00", "1e", "--1", "1-", "1_000", "1,5", "0b1", "1e+", "١", "½", "1..2", ".", "-.1", "1e1.5", "0x",
        "∞",
    ] {
        cases.push(case(format!("number {number}"), format!("{{\"a\":{number}}}")));
    }
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [17, 200, 20_000 / open.len()] {
            cases.push(case(format!("{depth} deep"), open.repeat(depth)));
            cases.push(case(
                format!("{depth} deep, closed"),
                format!("{}1{}", open.repeat(depth), close.repeat(depth)),
            ));
        }
    }
    cases
}

/// Objects that no line takes.
fn unknown() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in [
        "zzz",
        "__proto__",
        "constructor",
        "To",
        "TO",
        "to ",
        " to",
        "status",
        "id",
        "tenant",
        "world",
        "admin",
        "$ref",
        "a.b",
        "a[b]",
        "\\u0000",
        "\\u202e",
        "💥",
        "null",
        "checks_left",
        "owner",
        "score",
        "decision",
        "enforced",
        "approved",
        "attempts",
        "realm",
        "secret",
        "keys",
        "events.0",
        "limits.",
        "..",
        "/",
        "<b>",
        "'",
        "client.ip",
    ] {
        cases.push(case(format!("field {name}"), format!("{{\"{name}\":1}}")));
        cases.push(case(format!("twice {name}"), format!("{{\"{name}\":1,\"{name}\":1}}")));
    }
    cases.push(case("a long name", format!("{{\"{}\":1}}", "n".repeat(50_000))));
    cases.push(case(
        "many names",
        format!("{{{}}}", (0..2_000).map(|n| format!("\"f{n}\":0")).collect::<Vec<_>>().join(",")),
    ));
    cases.push(case("escaped twice", "{\"to\":\"+12125550100\",\"\\u0074o\":\"+12125550101\"}"));
    cases.push(case("a long list", format!("{{\"zzz\":[{}0]}}", "0,".repeat(20_000))));
    cases
}

/// Other types of content.
fn contents() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "text/plain",
        "text/html",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json5",
        "application/",
        "/",
        "json",
        "application/json; charset=utf-16",
        "application/json; charset=\"latin1\"",
        "image/png",
        "video/mp4",
        "application/msgpack",
        "application/json-patch+json",
        "text/json",
        "application/octet-stream",
    ]
    .into_iter()
    .map(|content_type| typed(content_type, "{\"zzz\":1}", &[400, 415]))
    .collect();
    let form = "application/x-www-form-urlencoded";
    for text in [
        "zzz=1",
        "to=%",
        "to=%zz",
        "to=%ff",
        "a[=1",
        "a]=1",
        "[a]=1",
        "a[b=1",
        "a[b]c=1",
        "to=1&to=2",
        "a[b]=1&a=2",
        "=x",
        "a[][]=1",
        "a[b][c][d][e]=1",
        "zzz[]=1",
        "client[zzz]=1&zzz=2",
        "{\"to\":1}",
    ] {
        cases.push(typed(form, text, &[400, 415, 422]));
    }
    cases.push(typed(form, "zzz=1&".repeat(5_000), &[400, 415, 422]));
    cases
}

/// Values that a field refuses: each of these, in each field of a line.
fn values() -> Vec<Value> {
    let mut values: Vec<Value> = vec![
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"zzz": 1}),
        json!(["zzz"]),
        json!(""),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!("\r\nInjected: 1"),
        json!("\u{1b}[31m"),
        json!("\u{7f}"),
        json!("\u{85}"),
        json!([null]),
        json!([{}]),
    ];
    values.push(json!("x".repeat(60_000)));
    values
}

/// The lines that take a body, with a body that they take and its fields.
fn lines(id: &str) -> Vec<(&'static str, String, Value, Vec<&'static str>)> {
    let client = [
        "client.ip",
        "client.device_id",
        "client.session_id",
        "client.user_id",
        "client.user_agent",
        "client.ja4",
        "client.asn",
        "client.ip_country",
    ];
    let with = |own: &[&'static str]| own.iter().copied().chain(client).collect::<Vec<_>>();
    let profile = [
        "name",
        "channel",
        "code_length",
        "lifetime_s",
        "checks",
        "resend_after_s",
        "send_wait_s",
        "destinations.sms",
        "locked_country",
        "level",
        "mode",
        "restart",
        "limits.number",
        "own_codes",
        "template",
        "app_hash",
    ];
    let entry = vec!["value", "country", "expires_at", "note"];
    vec![
        (
            "POST",
            "/v1/verifications".into(),
            json!({"to": "+12125550123"}),
            with(&[
                "to",
                "country",
                "channel",
                "profile",
                "locale",
                "brand",
                "sender_id",
                "app_hash",
                "code",
                "waiver_reason",
                "workflow",
                "metadata.k",
            ]),
        ),
        ("POST", format!("/v1/verifications/{id}/check"), json!({"code": "1"}), vec!["code"]),
        ("POST", format!("/v1/verifications/{id}/resend"), json!({}), vec!["channel"]),
        ("POST", format!("/v1/verifications/{id}/challenge"), json!({"answer": "no"}), vec!["answer"]),
        (
            "POST",
            "/v1/assessments".into(),
            json!({"to": "+12125550123"}),
            with(&["to", "country", "channel", "profile", "price", "price.amount", "price.currency"]),
        ),
        ("POST", "/v1/assessments/asm_0/label".into(), json!({"label": "good"}), vec!["label", "note"]),
        ("POST", "/v1/numbers/lookup".into(), json!({"number": "+12125550123"}), vec!["number", "country"]),
        ("POST", "/v1/profiles".into(), json!({"name": "hostile"}), profile.to_vec()),
        ("PATCH", "/v1/profiles/default".into(), json!({}), profile.to_vec()),
        ("POST", "/v1/lists/safe/entries".into(), json!({"value": "+12125550123"}), entry.clone()),
        ("POST", "/v1/lists/deny/entries".into(), json!({"value": "+12125550123"}), entry),
        (
            "POST",
            "/v1/keys".into(),
            json!({"scopes": ["read"]}),
            vec!["scopes", "world", "name", "expires_at"],
        ),
        ("POST", "/v1/tenants".into(), json!({"name": "hostile"}), vec!["name"]),
        ("POST", "/v1/blocks/blk_0/lift".into(), json!({}), vec!["trusted_for_s", "note"]),
        ("POST", "/v1/events".into(), json!({"events": []}), vec!["events"]),
        ("POST", format!("/v1/verifications/{id}/cancel"), json!({}), vec![]),
    ]
}

#[track_caller]
fn refused(reply: &Reply, what: &str) -> Value {
    assert!(
        (400..500).contains(&reply.status),
        "{what}: {} {}",
        reply.status,
        String::from_utf8_lossy(&reply.body)
    );
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{what}");
    let body = reply.json();
    assert!(body["code"].is_string() && body["detail"].is_string(), "{what}: {body}");
    assert!(!reply.text().bytes().any(|b| b < b' '), "{what}: control characters in the answer");
    body
}

async fn pending(client: &mut Client) -> String {
    let made = client.post("/v1/verifications", &json!({"to": "+12125550199"})).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn key_for(program: &Program, path: &str) -> String {
    if path == "/v1/tenants" { ADMIN.to_owned() } else { program.test.clone() }
}

#[tokio::test]
async fn every_hostile_body_is_refused_by_every_line_with_a_named_field() {
    let program = Program::start().await;
    let id = pending(&mut program.tester()).await;
    let cases: Vec<Case> = [malformed(), unknown(), contents()].into_iter().flatten().collect();
    assert!(cases.len() >= 200, "{}", cases.len());
    for (method, path, _, _) in lines(&id) {
        let mut client = program.client(&key_for(&program, &path));
        for case in &cases {
            let what = format!("{method} {path}: {}", case.name);
            let reply = client.send(method, &path, &[("content-type", case.content_type)], &case.body).await;
            let body = refused(&reply, &what);
            assert!(case.statuses.contains(&reply.status), "{what}: {} {body}", reply.status);
            if reply.status == 422 {
                assert!(body["errors"][0]["field"].is_string(), "{what}: {body}");
            }
        }
    }
    // Nothing of all that was counted as a guess.
    let left = program.tester().get(&format!("/v1/verifications/{id}")).await.expect(200);
    assert_eq!((&left["status"], &left["checks_left"]), (&json!("pending"), &json!(5)));
}

/// Puts `value` at a dotted path, and says which field a fault must name.
fn put(body: &Value, path: &str, value: &Value) -> Value {
    let mut body = body.clone();
    let mut at = &mut body;
    let steps: Vec<&str> = path.split('.').collect();
    for step in &steps {
        if !at.is_object() {
            *at = json!({});
        }
        at = at.as_object_mut().unwrap().entry(*step).or_insert(json!(null));
    }
    *at = value.clone();
    body
}

#[tokio::test]
async fn every_wrong_value_is_refused_in_every_field_by_its_name() {
    let program = Program::start().await;
    let id = pending(&mut program.tester()).await;
    let mut tried = 0;
    for (method, path, body, fields) in lines(&id) {
        let mut client = program.client(&key_for(&program, &path));
        for field in fields {
            for value in values() {
                let sent = put(&body, field, &value);
                let shown = value.to_string();
                let what = format!("{method} {path}: {field} = {}", &shown[..shown.len().min(40)]);
                let reply = client.call(method, &path, &sent).await;
                tried += 1;
                if takes(field, &value) {
                    assert!(reply.status < 500, "{what}: {}", reply.status);
                    continue;
                }
                let refusal = refused(&reply, &what);
                let named = refusal["errors"][0]["field"].as_str().unwrap_or("");
                let top = field.split('.').next().unwrap();
                assert!(
                    named == field || named.starts_with(&format!("{field}.")) || named == top,
                    "{what}: {refusal}"
                );
            }
        }
    }
    assert!(tried > 1_500, "{tried}");
}

/// What is odd and yet no mistake of shape.
fn takes(field: &str, value: &Value) -> bool {
    match field {
        // Lists may be empty, and empty lists switch limits off; a workflow may be empty.
        "limits.number" | "destinations.sms" | "events" | "workflow" => {
            value == &json!([]) || field == "events"
        }
        // Notes are for people, who break lines.
        "waiver_reason" | "note" | "template" | "metadata.k" => value == &json!("\r\nInjected: 1"),
        _ => false,
    }
}

#[tokio::test]
async fn sizes_are_bounded() {
    let program = Program::start().await;
    let mut client = program.tester();
    let json = [("content-type", "application/json")];
    let large = format!("{{\"to\":\"{}\"}}", "1".repeat(70_000));
    for path in ["/v1/verifications", "/v1/assessments", "/v1/profiles", "/v1/keys"] {
        client.send("POST", path, &json, large.as_bytes()).await.problem(413, "body_too_large");
    }
    let huge = vec![b' '; 9 * 1024 * 1024];
    for path in ["/v1/events", "/v1/lists/deny/entries"] {
        client.send("POST", path, &json, &huge).await.problem(413, "body_too_large");
        let reply = client.send("POST", path, &json, large.as_bytes()).await;
        assert_eq!(reply.status, 422, "{path}");
    }
}

#[tokio::test]
async fn addresses_and_query_strings_play_no_tricks() {
    let program = Program::start().await;
    let mut client = program.tester();
    for path in [
        "/v1/verifications/..",
        "/v1/verifications/../keys",
        "/v1/verifications/%2e%2e",
        "/v1/verifications/%2e%2e%2fkeys",
        "/v1/verifications/a%2fb",
        "/v1/verifications/a%5cb",
        "/v1/verifications/%00",
        "/v1/verifications/%",
        "/v1/verifications/%zz",
        "/v1/verifications/%ff",
        "/v1/verifications/%c0%ae",
        "/v1/verifications/a;b",
        "/v1//verifications",
        "//v1/verifications",
        "/v1/verifications/",
        "/V1/verifications",
        "/v1/./verifications",
        "/v1/verifications/ver_%0d%0aa",
        "/v1/verifications/'%20or%201=1",
        "/v1/verifications/%E2%80%AE",
        "/v1/numbers/%00",
        "/v1/numbers/+",
        "/v1/numbers/..%2f",
        "/v1/profiles/%2e",
        "/docs/errors/..%2f..",
        "/docs/errors/%3Cscript%3E",
        "/v1/lists/other/entries",
        "/v1/keys/*",
        "/.env",
        "/v1/../../etc/passwd",
        "/v1",
        "/",
        "/v1/a/b/c/d/e/f/g/h/i/j/k",
    ] {
        refused(&client.get(path).await, path);
    }
    refused(&client.get(&format!("/v1/verifications/{}", "a".repeat(5_000))).await, "a long address");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
        ("limit=a", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("order=up", "order"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("zzz=1", "zzz"),
        ("limit=1&limit=2", "limit"),
        ("since=yesterday", "since"),
        ("status=odd", "status"),
        ("to=%00", "to"),
        ("country=xx", "country"),
        ("limit[a]=1", "limit"),
        ("limit[]=1", "limit"),
        ("to=%ff", "to"),
    ] {
        let path = format!("/v1/verifications?{query}");
        let body = refused(&client.get(&path).await, &path);
        assert_eq!(
            body["errors"][0]["field"].as_str().unwrap().split('[').next().unwrap(),
            field,
            "{path}: {body}"
        );
    }
    refused(&client.get(&format!("/v1/verifications?to={}", "1".repeat(5_000))).await, "a long query");
    refused(&client.get("/v1/outbox/latest?wait_s=31").await, "a long wait");
}

#[tokio::test]
async fn headers_play_no_tricks() {
    let program = Program::start().await;
    let mut client = program.tester();
    for headers in [
        &[("accept", "text/html")][..],
        &[("accept", "application/json;q=0")],
        &[("content-type", "application/json"), ("content-type", "text/plain")],
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
        &[("authorization", "Bearer x")],
        &[("cofferdam-tenant", "other")],
        &[("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "b")],
    ] {
        refused(
            &client.send("POST", "/v1/assessments", headers, b"{\"to\":\"+12125550123\"}").await,
            &format!("{headers:?}"),
        );
    }
    let many: Vec<(String, String)> = (0..200).map(|n| (format!("x-{n}"), "1".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let reply = client.send("GET", "/healthz", &many, b"").await;
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    let forged = [
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("content-type", "application/json"),
    ];
    client.post("/v1/lists/deny/entries", &json!({"value": "203.0.113.9"})).await.expect(201);
    let judged =
        client.send("POST", "/v1/assessments", &forged, b"{\"to\":\"+12125550123\"}").await.expect(201);
    assert_eq!(judged["decision"], "allow");
}

/// Any JSON, with names that lines know among them.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[+0-9 ()-]{0,20}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("to".to_owned()),
        Just("client".to_owned()),
        Just("ip".to_owned()),
        Just("code".to_owned()),
        Just("events".to_owned()),
        Just("name".to_owned()),
        Just("limits".to_owned()),
        Just("price".to_owned()),
        Just("value".to_owned()),
        Just("type".to_owned()),
        any::<String>(),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[tokio::test]
async fn no_random_body_breaks_anything() {
    let program = Program::start().await;
    let id = pending(&mut program.tester()).await;
    let mut runner = TestRunner::deterministic();
    let strategy = any_json();
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    for (method, path, _, _) in lines(&id) {
        let mut client = program.client(&key_for(&program, &path));
        for n in 0..60 {
            let body = if n % 4 == 0 {
                bytes.new_tree(&mut runner).unwrap().current()
            } else {
                strategy.new_tree(&mut runner).unwrap().current().to_string().into_bytes()
            };
            let reply = client.send(method, &path, &[("content-type", "application/json")], &body).await;
            assert!(
                reply.status < 500,
                "{method} {path}: {} for {:?}",
                reply.status,
                String::from_utf8_lossy(&body)
            );
        }
    }
}
