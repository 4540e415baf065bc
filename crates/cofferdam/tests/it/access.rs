//! Every line of the API, with no key, with every wrong one and with the wrong method.

use crate::support::{ADMIN, Program};
use serde_json::json;

/// The line's address with something in each field.
fn filled(path: &str) -> String {
    path.split('/')
        .map(|step| if step.starts_with('{') { "nothing" } else { step })
        .collect::<Vec<_>>()
        .join("/")
}

/// A key of each scope, made by the admin.
async fn keys(program: &Program) -> Vec<(&'static str, String)> {
    let mut admin = program.client(ADMIN);
    let mut keys = Vec::new();
    for scope in ["verify", "assess", "read", "manage"] {
        let made = admin.post("/v1/keys", &json!({"scopes": [scope], "world": "test"})).await.expect(201);
        keys.push((scope, made["secret"].as_str().unwrap().to_owned()));
    }
    keys
}

#[tokio::test]
async fn every_line_asks_for_a_key_and_for_its_scope() {
    let program = Program::start().await;
    let keys = keys(&program).await;
    let lines = cofferdam::http::table();
    assert!(lines.len() > 40);
    for (method, path, scopes) in lines {
        let address = filled(path);
        if scopes.is_empty() {
            assert_ne!(
                program.stranger().send(method, &address, &[], b"").await.status,
                401,
                "{method} {path}"
            );
            continue;
        }
        let reply = program.stranger().send(method, &address, &[], b"").await;
        reply.problem(401, "unauthorized");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        program
            .client("cfd_test_nonsense")
            .send(method, &address, &[], b"")
            .await
            .problem(401, "unauthorized");
        for (scope, key) in &keys {
            let reply = program.client(key).send(method, &address, &[], b"").await;
            if scopes.contains(scope) {
                assert!(
                    !matches!(reply.status, 401 | 403 | 500..),
                    "{method} {path} {scope}: {}",
                    reply.status
                );
            } else {
                reply.problem(403, "forbidden");
            }
        }
        let reply = program.client(ADMIN).send(method, &address, &[], b"").await;
        assert!(!matches!(reply.status, 401 | 403 | 500..), "{method} {path} admin: {}", reply.status);
    }
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_go() {
    let program = Program::start().await;
    let lines = cofferdam::http::table();
    let mut client = program.client(ADMIN);
    for (_, path, _) in &lines {
        let takes: Vec<&str> = lines.iter().filter(|line| line.1 == *path).map(|line| line.0).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECTED"] {
            if takes.contains(&method) {
                continue;
            }
            let reply = client.send(method, &filled(path), &[], b"").await;
            reply.problem(405, "method_not_allowed");
            let allow = reply.header("allow").unwrap();
            assert!(takes.iter().all(|method| allow.contains(method)), "{path}: {allow}");
        }
        let reply = client.send("OPTIONS", &filled(path), &[], b"").await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, None));
        assert!(reply.header("allow").is_some());
    }
}

#[tokio::test]
async fn only_an_admin_names_a_tenant_and_a_revoked_key_is_dead_at_once() {
    let program = Program::start().await;
    let header = |name: &'static str| [("cofferdam-tenant", name)];
    let mut manage = program.client(&program.manage);
    manage.send("GET", "/v1/profiles", &header("other"), b"").await.problem(403, "forbidden");
    let mut admin = program.client(ADMIN);
    admin.send("GET", "/v1/profiles", &header("nobody"), b"").await.problem(404, "not_found");
    admin.send("GET", "/v1/profiles", &header("default"), b"").await.expect(200);
    let made = manage.post("/v1/keys", &json!({"scopes": ["read"]})).await.expect(201);
    let mut made_key = program.client(made["secret"].as_str().unwrap());
    made_key.get("/v1/profiles").await.expect(200);
    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(manage.delete(&path).await.status, 204);
    made_key.get("/v1/profiles").await.problem(401, "unauthorized");
    manage.post("/v1/keys", &json!({"scopes": ["admin"]})).await.problem(403, "forbidden");
}
