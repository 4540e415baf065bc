//! What everybody can see: health, metrics, document, pages, and what every answer carries.

use crate::support::Program;
use serde_json::json;

#[tokio::test]
async fn health_needs_no_key_and_tells_nothing_more() {
    let program = Program::start().await;
    let mut stranger = program.stranger();
    assert_eq!(stranger.get("/healthz").await.expect(200), json!({"status": "ok"}));
    let ready = stranger.get("/readyz").await.expect(200);
    let names: Vec<&String> = ready.as_object().unwrap().keys().collect();
    assert_eq!(names, ["records", "status", "tallies"]);
    for part in ["records", "tallies"] {
        assert_eq!(ready[part]["ok"], json!(true), "{ready}");
        assert!(ready[part]["since"].as_str().unwrap().starts_with("20"), "{ready}");
    }
}

#[tokio::test]
async fn every_answer_has_its_own_request_id_and_is_not_kept_by_others() {
    let program = Program::start().await;
    let mut client = program.tester();
    let mut ids = std::collections::HashSet::new();
    for path in ["/healthz", "/v1/status", "/v1/nothing", "/docs"] {
        let reply = client.send("GET", path, &[("request-id", "req_mine")], b"").await;
        assert!(ids.insert(reply.header("request-id").unwrap().to_owned()));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
    assert!(!ids.contains("req_mine"));
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let program = Program::start().await;
    let mut client = program.tester();
    let get = client.get("/healthz").await;
    let head = client.send("HEAD", "/healthz", &[], b"").await;
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, get.header("content-length"), 0)
    );
}

#[tokio::test]
async fn the_document_names_every_line_with_its_scopes() {
    let program = Program::start().await;
    let document = program.stranger().get("/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    let mut seen = 0;
    for (method, path, scopes) in cofferdam::http::table() {
        if path.starts_with("/docs") || path == "/metrics" {
            continue;
        }
        let operation = &document["paths"][path][method.to_lowercase()];
        assert!(operation["responses"].is_object(), "{method} {path}");
        if !scopes.is_empty() {
            assert_eq!(operation["x-scopes"], json!(scopes), "{method} {path}");
            assert!(operation["responses"]["401"].is_object());
        }
        seen += 1;
    }
    assert!(seen > 30);
}

#[tokio::test]
async fn pages_are_readable_without_scripts_and_load_only_our_style() {
    let program = Program::start().await;
    let mut stranger = program.stranger();
    let page = stranger.get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    assert!(!page.text().contains("<script"));
    assert_eq!(stranger.get("/docs/style.css").await.header("content-type"), Some("text/css; charset=utf-8"));
    stranger.get("/docs/errors/nothing").await.problem(404, "not_found");
    for path in ["/docs/errors/invalid_number", "/docs/reasons/limit.number"] {
        assert_eq!(stranger.get(path).await.status, 200);
    }
}

#[tokio::test]
async fn metrics_count_calls_by_line_and_name_no_caller() {
    let program = Program::start().await;
    let mut client = program.tester();
    client.get("/v1/verifications/ver_00000000000000000000000000000000").await.problem(404, "not_found");
    client.get("/v1/secret-path-of-a-caller").await.problem(404, "not_found");
    let text = program.stranger().get("/metrics").await.text();
    assert!(text.contains("route=\"/v1/verifications/{id}\""), "{text}");
    assert!(!text.contains("secret-path") && !text.contains("ver_0"));
}

#[tokio::test]
async fn status_says_how_the_server_is() {
    let program = Program::start().await;
    let status = program.tester().get("/v1/status").await.expect(200);
    assert_eq!(
        (&status["world"], &status["records"]["ok"], &status["tallies"]["ok"]),
        (&json!("test"), &json!(true), &json!(true))
    );
}

#[tokio::test]
async fn a_delivery_without_its_token_is_answered_like_no_provider() {
    let program = Program::start().await;
    let mut stranger = program.stranger();
    for path in ["/v1/deliveries/outbox/wrong", "/v1/deliveries/nobody/wrong"] {
        stranger.post(path, &json!({"status": "delivered"})).await.problem(404, "not_found");
    }
}
