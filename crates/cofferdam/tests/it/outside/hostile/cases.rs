//! The cases: bytes, bodies, paths.
#![expect(clippy::too_many_lines, reason = "tables of cases")]

use serde_json::Value;

/// A call written by hand.
pub fn call(method: &str, path: &str, key: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

const BODY: &str = r#"{"to":"+447700900123"}"#;

/// A call with nothing wrong in it.
pub fn good(key: &str) -> Vec<u8> {
    call("POST", "/v1/assessments", key, BODY).into_bytes()
}

/// What stands where an identifier should.
pub const PATHS: [&str; 22] = [
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "..",
    "%00",
    "ver_%00",
    "%ff%fe",
    "%c0%ae%c0%ae",
    "%",
    "%zz",
    "a%0d%0aSet-Cookie:%20x=1",
    "%F0%9F%92%A9",
    "ver_01J;drop",
    "ver_'%20OR%201=1--",
    "*",
    "%20",
    "ver_",
    "ver_00000000000000000000000000",
    "{id}",
    "%7Bid%7D",
    "null",
    "-1",
    "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
];

/// What stands where a value of a query should.
pub const QUERIES: [&str; 18] = [
    "",
    "%00",
    "-1",
    "0",
    "201",
    "1e9",
    "99999999999999999999",
    "%ff",
    "%",
    "%zz",
    "null",
    "true",
    "%0d%0ax:%20y",
    "a%26b",
    "..%2f",
    "%2B",
    "9999-99-99T99:99:99Z",
    "-300000000-01-01T00:00:00Z",
];

/// Connections that are opened and then starve the server: name, first bytes, a byte a second.
pub fn slow() -> Vec<(&'static str, Vec<u8>, Option<u8>)> {
    let head = "POST /v1/verifications HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let mut cases: Vec<(&'static str, Vec<u8>, Option<u8>)> = vec![
        ("silent", Vec::new(), None),
        ("half a first line", b"POST /v1/ver".to_vec(), None),
        ("head, a byte a second", b"GET /healthz HTTP/1.1\r\nx: ".to_vec(), Some(b'a')),
        ("head without its end", format!("{head}content-length: 10\r\n").into_bytes(), None),
        ("body that never comes", format!("{head}content-length: 100\r\n\r\n").into_bytes(), None),
        ("body, a byte a second", format!("{head}content-length: 1000\r\n\r\n{{").into_bytes(), Some(b' ')),
        (
            "chunk that never comes",
            format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n").into_bytes(),
            None,
        ),
        (
            "chunks, a byte a second",
            format!("{head}transfer-encoding: chunked\r\n\r\nfff\r\n").into_bytes(),
            Some(b' '),
        ),
        ("half a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM".to_vec(), None),
        (
            "HTTP/2 and then nothing",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec(),
            None,
        ),
    ];
    for _ in 0..20 {
        cases.push(("silent, one of many", Vec::new(), None));
    }
    cases
}

/// Bytes that are no good call: each is refused, or its connection closed, at once.
pub fn raw(key: &str) -> Vec<(String, Vec<u8>)> {
    let mut cases = Vec::new();
    lines(&mut cases);
    heads(key, &mut cases);
    lengths(key, &mut cases);
    targets(key, &mut cases);
    frames(&mut cases);
    cases
}

/// HTTP/2: the preface, and then what no peer may send.
fn frames(cases: &mut Vec<(String, Vec<u8>)>) {
    let frame = |kind: u8, flags: u8, stream: u32, body: &[u8]| {
        let mut bytes = (body.len() as u32).to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(body);
        bytes
    };
    let settings = frame(4, 0, 0, b"");
    let resets: Vec<u8> = (0..20_000u32)
        .flat_map(|n| {
            let stream = 2 * n + 1;
            // `:method GET`, `:path /`, `:scheme http`, from the static table; then the reset.
            [frame(1, 5, stream, &[0x82, 0x84, 0x86]), frame(3, 0, stream, &8u32.to_be_bytes())].concat()
        })
        .collect();
    let continued: Vec<u8> = (0..2_000).flat_map(|_| frame(9, 0, 1, &[0; 1000])).collect();
    for (name, bytes) in [
        ("settings of an odd length", frame(4, 0, 0, &[1, 2, 3])),
        ("settings on a stream", frame(4, 0, 1, b"")),
        ("a frame far too long", vec![0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]),
        ("headers that are no HPACK", [settings.clone(), frame(1, 5, 1, &[0xff; 200])].concat()),
        ("data without a stream", [settings.clone(), frame(0, 0, 1, b"x")].concat()),
        ("a push from a client", [settings.clone(), frame(5, 4, 1, &[0; 8])].concat()),
        ("streams opened and reset, 20,000 times", [settings.clone(), resets].concat()),
        ("a head that never ends", [settings.clone(), frame(1, 0, 1, &[0x82]), continued].concat()),
        ("a window of nothing", [settings.clone(), frame(8, 0, 0, &[0; 4])].concat()),
        (
            "ten thousand pings",
            [settings, (0..10_000).flat_map(|_| frame(6, 0, 0, &[0; 8])).collect()].concat(),
        ),
    ] {
        add(
            cases,
            &format!("HTTP/2: {name}"),
            [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), bytes].concat(),
        );
    }
}

fn add(cases: &mut Vec<(String, Vec<u8>)>, name: &str, bytes: impl AsRef<[u8]>) {
    cases.push((name.to_owned(), bytes.as_ref().to_vec()));
}

fn lines(cases: &mut Vec<(String, Vec<u8>)>) {
    for (n, line) in [
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/0.9\r\n\r\n",
        "GET / http/1.1\r\nhost: x\r\n\r\n",
        "G\0T / HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET / HTTP/1.1 extra\r\nhost: x\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03\r\n\r\n",
        "\r\n\r\n\r\n\r\nnonsense\r\n\r\n",
        "GET /\u{1} HTTP/1.1\r\nhost: x\r\n\r\n",
        "G(T / HTTP/1.1\r\nhost: x\r\n\r\n",
        "<html></html>\r\n\r\n",
        "EHLO mail\r\n\r\n",
        "*1\r\n$4\r\nPING\r\n\r\n",
        "SSH-2.0-x\r\n\r\n",
        "GET  / HTTP/1.1\r\nhost: x\r\n\r\n",
    ]
    .iter()
    .enumerate()
    {
        add(cases, &format!("line {n}"), line);
    }
    for method in
        ["CONNECT", "TRACE", "PROPFIND", "BREW", "get", "PURGE", "M-SEARCH", "LINK", "QUERY", "HACK"]
    {
        for path in ["/v1/verifications", "/healthz", "*"] {
            if method == "CONNECT" && path == "*" {
                continue;
            }
            add(
                cases,
                &format!("{method} {path}"),
                format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
            );
        }
    }
    add(cases, "a long method", format!("{} / HTTP/1.1\r\nhost: x\r\n\r\n", "A".repeat(100_000)));
    add(cases, "a long path", format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1_000_000)));
    add(cases, "zeros", [0; 4096]);
    add(cases, "all bytes", (0..=255).cycle().take(8192).collect::<Vec<u8>>());
    let mut bad = b"GET /healthz HTTP/1.1\r\nhost: x\r\nx: ".to_vec();
    bad.extend([0]);
    bad.extend(b"\r\n\r\n");
    add(cases, "NUL in a header", bad);
}

fn heads(key: &str, cases: &mut Vec<(String, Vec<u8>)>) {
    let with = |headers: &str| {
        format!(
            "POST /v1/assessments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n{headers}\r\n{BODY}"
        )
    };
    add(cases, "a megabyte of one header", with(&format!("x: {}\r\n", "a".repeat(1 << 20))));
    add(cases, "ten thousand headers", with(&"x: y\r\n".repeat(10_000)));
    add(cases, "a header without a colon", with("nothing here\r\n"));
    add(cases, "a header with a space before the colon", with("content-length : 22\r\n"));
    add(cases, "a folded header", with("x: a\r\n b\r\ncontent-length: 22\r\n"));
    add(cases, "an empty header name", with(": x\r\n"));
    add(cases, "a bare line feed in a header's middle", with("x: a\rb\r\n"));
    for content in [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "",
        ";",
        "application/jsonx",
        "application/json; charset=utf-16",
        "image/png",
        "application/x-ndjson",
    ] {
        let text = format!(
            "POST /v1/assessments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: {content}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        add(cases, &format!("content type `{content}`"), text);
    }
    for encoding in ["gzip", "br", "deflate, gzip", "identity, x"] {
        let text = format!(
            "POST /v1/assessments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-encoding: {encoding}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{}",
            BODY.len(),
            "\u{1f}".repeat(BODY.len())
        );
        add(cases, &format!("content encoding {encoding}"), text);
    }
    for authorization in [
        "Basic YTpi",
        "Bearer",
        "Bearer ",
        "bearer",
        "Bearer a b",
        "Digest x",
        "Bearer \u{e4}\u{f6}",
        "Bearer cfd_live_",
        "Bearer cfd_test_'--",
        "Negotiate x",
    ] {
        let text = format!(
            "POST /v1/assessments HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        add(cases, &format!("authorization `{authorization}`"), text);
    }
    let long = format!("Bearer cfd_live_{}", "a".repeat(7000));
    add(
        cases,
        "a long key",
        with(&format!("authorization: {long}\r\ncontent-length: 22\r\n")).replacen(
            &format!("authorization: Bearer {key}\r\n"),
            "",
            1,
        ),
    );
    let twice = format!(
        "GET /v1/profiles HTTP/1.1\r\nhost: x\r\nauthorization: Bearer nothing\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    );
    add(cases, "two keys, the first wrong", twice);
    for value in ["", "\u{1}", &"k".repeat(256), "a\tb", "\u{e4}"] {
        add(
            cases,
            &format!("idempotency key of {} bytes", value.len()),
            with(&format!(
                "idempotency-key: {value}\r\nconnection: close\r\ncontent-length: {}\r\n",
                BODY.len()
            )),
        );
    }
}

fn lengths(key: &str, cases: &mut Vec<(String, Vec<u8>)>) {
    let post = |headers: &str, body: &str| {
        format!(
            "POST /v1/assessments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}\r\n{body}"
        )
    };
    for length in [
        "-1",
        "+22",
        "0x16",
        "22, 22x",
        "99999999999999999999999",
        "1e1",
        "22 22",
        "",
        "abc",
        "2 2",
        "18446744073709551616",
    ] {
        add(
            cases,
            &format!("content length `{length}`"),
            post(&format!("content-length: {length}\r\n"), BODY),
        );
    }
    add(cases, "two lengths that differ", post("content-length: 22\r\ncontent-length: 5\r\n", BODY));
    add(cases, "a short length", post("content-length: 5\r\n", BODY));
    add(cases, "no length", post("", ""));
    add(cases, "a body announced far too large", post("content-length: 100000000000\r\n", BODY));
    let smuggled = "0\r\n\r\nGET /v1/profiles HTTP/1.1\r\nhost: x\r\n\r\n";
    for (n, encoding) in [
        "chunked\r\ncontent-length: 4",
        "xchunked",
        "chunked, identity",
        "identity, chunked, chunked",
        " chunked\r\ntransfer-encoding: identity",
        "\u{b}chunked",
        "gzip, chunked",
        "chunked;x",
    ]
    .iter()
    .enumerate()
    {
        add(
            cases,
            &format!("two ways to tell the length {n}"),
            post(&format!("transfer-encoding: {encoding}\r\n"), smuggled),
        );
    }
    for (n, chunk) in [
        "-1\r\nx",
        "zz\r\nx",
        "fffffffffffffffff\r\nx",
        "5;\0\r\nabcde\r\n0\r\n\r\n",
        "5\nabcde\n0\n\n",
        "5\r\nabcdefgh\r\n0\r\n\r\n",
        "0x5\r\nabcde\r\n0\r\n\r\n",
        "5 5\r\nabcde\r\n0\r\n\r\n",
    ]
    .iter()
    .enumerate()
    {
        add(cases, &format!("chunk {n}"), post("transfer-encoding: chunked\r\n", chunk));
    }
    let extension = format!("5;{}\r\nabcde\r\n0\r\n\r\n", "x".repeat(200_000));
    add(cases, "a long chunk extension", post("transfer-encoding: chunked\r\n", &extension));
    let trailers = format!("5\r\nabcde\r\n0\r\n{}\r\n", "x: y\r\n".repeat(20_000));
    add(cases, "many trailers", post("transfer-encoding: chunked\r\n", &trailers));
    add(
        cases,
        "an old version with chunks",
        post("transfer-encoding: chunked\r\n", smuggled).replace("HTTP/1.1", "HTTP/1.0"),
    );
    let huge = format!("{{\"to\":\"{}\"}}", "1".repeat(70_000));
    add(cases, "a body above the size", post(&format!("content-length: {}\r\n", huge.len()), &huge));
    let chunks = format!("{}0\r\n\r\n", format!("1000\r\n{}\r\n", " ".repeat(4096)).repeat(40));
    add(cases, "chunks above the size", post("transfer-encoding: chunked\r\n", &chunks));
    let continued = post("expect: 200-maybe\r\ncontent-length: 5\r\n", "abcde");
    add(cases, "an expectation that nobody knows", continued);
}

fn targets(key: &str, cases: &mut Vec<(String, Vec<u8>)>) {
    for path in [
        "/v1/../v1/profiles",
        "/v1//profiles",
        "//v1/profiles",
        "/v1/profiles/",
        "/V1/profiles",
        "/v1/profiles%00",
        "/v1%2fprofiles",
        "/%76%31/profiles/x/y",
        "/v1/profiles;x=1",
        "/./v1/profiles",
        "/v1/%2e%2e/v1/profiles",
        "/..%2f..%2fetc/passwd",
        "/v1/profiles\\",
        "/v1/verifications/..%2f..",
        "/docs/../openapi.json",
        "/docs/errors/..%2f..%2fsecrets.key",
        "/docs/reasons/%00",
        "/docs/errors/%2e%2e/%2e%2e/Cargo.toml",
        "/.git/config",
        "/secrets.key",
        "/v2/verifications",
        "/v1",
        "/v1/",
        "http://elsewhere/v1/nothing",
        "/v1/%F0%9F%92%A9",
        "/%ff%fe",
        "/v1/deliveries/a/b/c",
        "/v1/deliveries//",
        "/v1/outbox/latest/extra",
        "/%",
        "/%zz",
        "/v1/?x",
    ] {
        add(
            cases,
            &format!("GET {path}"),
            format!(
                "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
            ),
        );
    }
    for path in [
        "/v1/deliveries/a/b",
        "/v1/deliveries/outbox/x",
        "/v1/deliveries/%2e%2e/x",
        "/v1/deliveries/http/'--",
    ] {
        for body in ["", "{}", "status=delivered", "\u{1}\u{2}"] {
            add(cases, &format!("POST {path} {body:?}"), call("POST", path, key, body));
        }
    }
    for (method, path) in [
        ("DELETE", "/v1/verifications"),
        ("PUT", "/v1/verifications"),
        ("PATCH", "/v1/assessments"),
        ("POST", "/healthz"),
        ("POST", "/openapi.json"),
        ("DELETE", "/docs"),
        ("GET", "/v1/events"),
        ("PUT", "/v1/profiles"),
    ] {
        add(cases, &format!("{method} {path}"), call(method, path, key, ""));
    }
    let body = call("GET", "/v1/nothing", key, BODY);
    add(cases, "GET with a body, to nowhere", body);
}

/// Bodies that are refused whatever the operation: name, content type, bytes.
pub fn bodies(good: &Value) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    const JSON: &str = "application/json";
    let text = good.to_string();
    let inner = text.trim_start_matches('{').trim_end_matches('}').to_owned();
    let comma = if inner.is_empty() { "" } else { "," };
    let field = good.as_object().and_then(|map| map.keys().next()).cloned().unwrap_or_else(|| "x".to_owned());
    let mut cases: Vec<(&'static str, &'static str, Vec<u8>)> = vec![
        ("half", JSON, text.as_bytes()[..text.len() - 1].to_vec()),
        ("an array", JSON, b"[]".to_vec()),
        ("a number", JSON, b"1".to_vec()),
        ("a text", JSON, b"\"x\"".to_vec()),
        ("two values", JSON, format!("{text}{text}").into_bytes()),
        ("something after it", JSON, format!("{text}x").into_bytes()),
        ("single quotes", JSON, b"{'a':1}".to_vec()),
        ("a comment", JSON, format!("/* x */{text}").into_bytes()),
        ("a comma too many", JSON, format!("{{{inner}{comma}\"{field}\":1,}}").into_bytes()),
        ("NaN", JSON, format!("{{\"{field}\":NaN}}").into_bytes()),
        (
            "a field twice",
            JSON,
            format!("{{\"{field}\":\"+447700900123\",\"{field}\":\"+447700900124\"}}").into_bytes(),
        ),
        (
            "a field twice, once escaped",
            JSON,
            format!("{{{inner}{comma}\"\\u0061\":1,\"a\":2}}").into_bytes(),
        ),
        ("a proto field", JSON, format!("{{{inner}{comma}\"__proto__\":{{\"admin\":true}}}}").into_bytes()),
        (
            "a field it must not set",
            JSON,
            format!("{{{inner}{comma}\"status\":\"approved\",\"tenant\":\"other\"}}").into_bytes(),
        ),
        ("a NUL in a text", JSON, format!("{{{inner}{comma}\"x\":\"a\\u0000b\"}}").into_bytes()),
        ("half a surrogate", JSON, format!("{{\"{field}\":\"\\ud800\"}}").into_bytes()),
        ("a raw control character", JSON, format!("{{\"{field}\":\"a\u{1}b\"}}").into_bytes()),
        ("an escape of a terminal", JSON, format!("{{{inner}{comma}\"\\u001b[31mred\":1}}").into_bytes()),
        ("a line break in a name", JSON, format!("{{{inner}{comma}\"a\\nb\":1}}").into_bytes()),
        ("deep arrays", JSON, format!("{{\"{field}\":{}", "[".repeat(30_000)).into_bytes()),
        ("deep objects", JSON, format!("{{\"{field}\":{}1", "{\"a\":".repeat(10_000)).into_bytes()),
        ("a name of 60,000 letters", JSON, format!("{{\"{}\":1}}", "n".repeat(60_000)).into_bytes()),
        ("a number of 10,000 digits", JSON, format!("{{\"{field}\":{}}}", "9".repeat(10_000)).into_bytes()),
        ("a huge exponent", JSON, format!("{{\"{field}\":1e999999}}").into_bytes()),
        ("UTF-16", JSON, text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a byte order mark", JSON, format!("\u{feff}[{text}]").into_bytes()),
        ("no text at all", JSON, vec![0xff, 0xfe, 0x00]),
        ("blanks", JSON, b" \t\r\n ".to_vec()),
        ("another content type", "text/plain", text.clone().into_bytes()),
        (
            "XML",
            "application/xml",
            b"<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><x>&a;</x>".to_vec(),
        ),
        (
            "a form with broken escapes",
            "application/x-www-form-urlencoded",
            b"to=%zz&=&%=&no_such_field[a][b]=1".to_vec(),
        ),
        (
            "a form with a field twice",
            "application/x-www-form-urlencoded",
            b"no_such_field=1&no_such_field=2".to_vec(),
        ),
        ("a form of brackets", "application/x-www-form-urlencoded", b"no[[[=1&]]=2&client[ip][x]=1".to_vec()),
    ];
    let mut broken = format!("{{\"{field}\":\"").into_bytes();
    broken.extend([0xc3, 0x28, 0xff]);
    broken.extend(b"\"}");
    cases.push(("bytes that are no UTF-8", JSON, broken));
    cases
}
