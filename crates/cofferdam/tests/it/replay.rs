//! `cofferdam replay`, by the built program: what is wrong is named on standard error, with its exit code.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn run(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .arg("replay")
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The samples of the importers.
fn export(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cofferdam-sim/tests/data/exports");
    folder.join(name).display().to_string()
}

#[test]
fn wrong_arguments_end_with_2() {
    let sample = export("twilio-messages.sample.csv");
    for (args, says) in [
        (&[][..], "FILE"),
        (&["--level", "strict", &sample], "basic, standard or max"),
        (&["--tallies", "postgres://localhost", &sample], "`memory`, or the address of one Redis"),
        (&["--tallies", "redis+cluster://localhost", &sample], "`memory`, or the address of one Redis"),
        (&["--tallies", "redis://localhost", "--state", "here", &sample], "cannot be used with"),
        (&["--from", "sinch", &sample], "no format `sinch`; known are plivo-mdr"),
        (&["--policy", "/nowhere/policy.toml", &sample], "`/nowhere/policy.toml` cannot be read"),
    ] {
        let (code, out, error) = run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(error.contains(says), "{args:?}: {error}");
    }
}

#[test]
fn with_json_errors_are_json_on_standard_error() {
    let (code, out, error) = run(&["--json", "--from", "sinch", "nothing.csv"]);
    assert_eq!((code, out.as_str()), (2, ""));
    let error: serde_json::Value = serde_json::from_str(&error).unwrap();
    assert!(error["error"].as_str().unwrap().contains("sinch"));
}

fn with_input(args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .arg("replay")
        .args(args)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cofferdam-replay-it-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.0.join(name), bytes).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Two hundred people, then an attack on one prefix; outcomes as if all had been sent.
fn stream() -> String {
    let mut text = String::new();
    let mut line = |line: String| text.push_str(&(line + "\n"));
    let at = |n: u64| 1_773_453_600_000 + n * 60_000;
    for n in 0..400_u64 {
        let attack = n >= 200;
        let phone =
            if attack { format!("+4477009{:05}", n * 3) } else { format!("+1212555{:04}", 100 + n % 100) };
        let ts = if attack { at(200) + n * 2_000 } else { at(n) };
        line(format!(
            r#"{{"type":"attempt","id":"a{n}","ts":{ts},"phone":"{phone}","price":0.05,"ip":"198.51.100.{}"}}"#,
            n % 250
        ));
        line(format!(
            r#"{{"type":"challenge","attempt_id":"a{n}","ts":{},"result":"{}"}}"#,
            ts + 1,
            if attack { "failed" } else { "passed" }
        ));
        if !attack {
            line(format!(r#"{{"type":"check","attempt_id":"a{n}","ts":{},"result":"ok"}}"#, ts + 900));
        }
    }
    text
}

#[test]
fn every_attempt_is_decided_in_order_and_always_the_same_way() {
    let folder = Folder::new("order");
    let file = folder.file("s.jsonl", stream().as_bytes());
    let (code, first, error) = run(&[&file]);
    assert_eq!((code, error.as_str()), (0, ""));
    let decisions: Vec<serde_json::Value> =
        first.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(decisions.len(), 400);
    for (n, decision) in decisions.iter().enumerate() {
        assert_eq!(decision["attempt_id"], format!("a{n}"));
        let score = decision["score"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&score));
        if decision["decision"] != "allow" {
            assert!(decision["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{decision}");
        }
    }
    assert!(decisions[350..].iter().any(|decision| decision["decision"] != "allow"), "the attack is noticed");
    // Again, from standard input, packed, and into a file: the same bytes.
    assert_eq!(run(&[&file]).1, first);
    assert_eq!(with_input(&["-"], stream().as_bytes()).1, first);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(stream().as_bytes()).unwrap();
    let packed = folder.file("s.jsonl.gz", &packer.finish().unwrap());
    let out = folder.path("out.jsonl");
    assert_eq!(run(&[&packed, "--out", &out]).1, "");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), first);
}

#[test]
fn a_driver_has_each_decision_before_it_writes_the_next_line() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .args(["replay", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut decisions = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in stream().lines().take(60) {
        writeln!(stdin, "{line}").unwrap();
        if line.contains(r#""type":"attempt""#) {
            // Were it not flushed, this would wait for ever.
            assert!(decisions.next().unwrap().unwrap().starts_with(r#"{"attempt_id":"a"#));
        }
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert!(decisions.next().is_none());
}

#[test]
fn a_malformed_line_ends_it_with_2_and_its_number() {
    let good = stream();
    let three: String = good.split_inclusive('\n').take(3).collect();
    for (bad, says) in [
        ("nonsense", "line 4: not a JSON object"),
        (r#"{"type":"attempt","id":"x","ts":1}"#, "line 4: `phone` is missing"),
        (r#"{"type":"attempt","id":"x","ts":1,"phone":"+1","price":1e999}"#, "line 4: `price`"),
    ] {
        let (code, out, error) = with_input(&["-"], format!("{three}{bad}\n{good}").as_bytes());
        assert_eq!((code, out.lines().count()), (2, 1), "{bad}");
        assert!(error.contains(says), "{error}");
    }
    let folder = Folder::new("cut");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(good.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let (code, _, error) = run(&[&folder.file("s.jsonl.gz", &packed[..packed.len() / 2])]);
    assert_eq!(code, 2);
    assert!(error.contains("cut off"), "{error}");
    let (code, out, _) = run(&[&folder.file("empty.jsonl", b"")]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(run(&[&folder.path("nowhere.jsonl")]).0, 2);
}

#[test]
fn what_is_no_number_is_decided_and_blocked() {
    let line = br#"{"type":"attempt","id":"x","ts":1,"phone":"nonsense"}"#;
    let (code, out, _) = with_input(&["-"], line);
    assert_eq!(code, 0);
    let decision: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&decision["decision"], &decision["reasons"][0]), (&"block".into(), &"number.invalid".into()));
}

#[test]
fn a_state_makes_two_pieces_one_stream() {
    let folder = Folder::new("state");
    let text = stream();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let whole = with_input(&["-"], text.as_bytes()).1;
    let state = folder.path("state");
    let mut pieces = String::new();
    for piece in [&lines[..301], &lines[301..640], &lines[640..]] {
        let (code, out, error) = with_input(&["-", "--state", &state], piece.concat().as_bytes());
        assert_eq!((code, error.as_str()), (0, ""));
        pieces.push_str(&out);
    }
    // What is usual is worked out every five minutes and not saved, so a score may move a little where a piece
    // begins; no decision does.
    let decided = |text: &str| -> Vec<(String, String)> {
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.map(|line| (line["attempt_id"].to_string(), line["decision"].to_string())).collect()
    };
    assert_eq!(decided(&pieces), decided(&whole));
    let other = folder.file("other", b"cofferdam replay state 99\n");
    let (code, _, error) = with_input(&["-", "--state", &other], text.as_bytes());
    assert_eq!(code, 2);
    assert!(error.contains("version `99`"), "{error}");
}

#[test]
fn exports_are_replayed_with_summary_and_page() {
    let folder = Folder::new("exports");
    let page = folder.path("report.html");
    for name in
        ["twilio-messages.sample.csv", "vonage-verify.sample.csv", "twilio-verify-attempts.sample.jsonl"]
    {
        let format = name.split('.').next().unwrap();
        let (code, out, error) =
            run(&["--json", "--from", format, &export(name), "--summary", "--report", &page]);
        assert_eq!((code, out.lines().count()), (0, 24), "{error}");
        let summary: serde_json::Value = serde_json::from_str(&error).unwrap();
        assert_eq!(summary["figures"]["attempts"], 24);
        assert!(summary["figures"]["would_have_spent"].as_f64().unwrap() > 0.5);
        let page = std::fs::read_to_string(&page).unwrap();
        assert!(page.starts_with("<!doctype html>") && page.contains("By country"));
        assert!(!page.contains("7700900410"), "no whole number");
    }
    let (code, _, error) = run(&["--from", "twilio-messages", &export("telnyx-mdr.sample.csv")]);
    assert_eq!(code, 2);
    assert!(error.contains("that of `telnyx-mdr`"), "{error}");
}

#[test]
fn tallies_in_redis_give_the_same_decisions_and_leave_nothing() {
    let Some(server) = crate::servers::redis::Server::start() else { return };
    let own = run(&["--from", "twilio-messages", &export("twilio-messages.sample.csv")]);
    server.say(&["set", "cofferdam2:somebody else's", "stays"]);
    for url in [server.url(), server.socket_url()] {
        let shared =
            run(&["--from", "twilio-messages", "--tallies", &url, &export("twilio-messages.sample.csv")]);
        assert_eq!(shared, own, "{url}");
        assert_eq!(server.say(&["--raw", "keys", "*"]), "cofferdam2:somebody else's");
    }
    let (port, sample) = (server.port, export("twilio-messages.sample.csv"));
    drop(server);
    let secret = format!("redis://me:right-horse@127.0.0.1:{port}");
    let (code, out, error) = run(&["--from", "twilio-messages", "--tallies", &secret, &sample]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(error.contains("nobody listens there") && !error.contains("horse"), "{error}");
}
