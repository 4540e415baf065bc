//! The loop, the page and the words, with a judge of our own that blocks by a simple rule.

use super::drive::{Events, Stop, drive};
use super::input::{Lines, open, whole};
use super::progress::Progress;
use super::{Source, policy, report, told};
use cofferdam_engine::{Decision, Level};
use cofferdam_sim::summary::{Note, Summary};
use cofferdam_sim::{AttemptEvent, Became, Decided, Judge, Pipe, import};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc;

/// Blocks the third and later attempts to numbers that share all but four digits, until a code came back.
#[derive(Default)]
struct Simple {
    seen: std::collections::BTreeMap<String, u32>,
    learned: u32,
}

impl Judge for Simple {
    fn decide(&mut self, attempt: &AttemptEvent, _: i64) -> Decided {
        let end = attempt.phone.len().saturating_sub(4);
        let key: String = attempt.phone.chars().take(end).collect();
        let seen = self.seen.entry(key).or_default();
        *seen += 1;
        let decision = if *seen > 2 { Decision::Block } else { Decision::Allow };
        let reasons =
            if decision == Decision::Block { vec!["<b>\"density\"&".to_owned()] } else { Vec::new() };
        Decided { decision, score: Some(f64::from(self.learned) / 100.0), reasons, evidence: None }
    }

    fn learn(&mut self, _: &str, _: Became, _: i64) {
        self.learned += 1;
    }
}

fn source() -> Source {
    Source {
        format: None,
        level: "standard",
        file: "<history>.jsonl".into(),
        currency: None,
        notes: Vec::new(),
    }
}

fn played(text: &str) -> (String, Summary, Result<(), Stop>) {
    let mut events = Events::Lines(Lines::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec()))));
    let mut output = Vec::new();
    let mut summary = Summary::default();
    let mut pipe: Pipe<_, Note> = Pipe::new(Simple::default());
    let ended =
        drive(&mut events, &mut pipe, Some(&mut summary), &mut output, (false, &|_| None), &Progress::none());
    (String::from_utf8(output).unwrap(), summary, ended)
}

const STREAM: &str = "\u{feff}{\"type\":\"attempt\",\"id\":\"a1\",\"ts\":1773453600000,\"phone\":\"+447700900123\",\"price\":0.05}\r\n\
    \n\
    {\"type\":\"weather\"}\n\
    {\"type\":\"check\",\"attempt_id\":\"a1\",\"ts\":1773453605000,\"result\":\"ok\"}\n\
    {\"type\":\"attempt\",\"id\":\"a2\",\"ts\":1773453610000,\"phone\":\"+447700900124\",\"price\":0.05}\n\
    {\"type\":\"attempt\",\"id\":\"a3\",\"ts\":1773453620000,\"phone\":\"+447700900125\",\"price\":0.05}\n\
    {\"type\":\"check\",\"attempt_id\":\"a3\",\"ts\":1773453625000,\"result\":\"ok\"}";

#[test]
fn a_decision_is_written_for_each_attempt_in_order() {
    let (output, summary, ended) = played(STREAM);
    assert!(ended.is_ok());
    assert_eq!(
        output,
        "{\"attempt_id\":\"a1\",\"decision\":\"allow\",\"score\":0,\"reasons\":[]}\n\
         {\"attempt_id\":\"a2\",\"decision\":\"allow\",\"score\":0.01,\"reasons\":[]}\n\
         {\"attempt_id\":\"a3\",\"decision\":\"block\",\"score\":0.01,\"reasons\":[\"<b>\\\"density\\\"&\"]}\n"
    );
    assert_eq!(summary.all.blocked_converted, 1);
}

#[test]
fn a_malformed_line_is_named_and_what_was_decided_before_it_is_written() {
    for (bad, says) in [
        ("{\"type\":\"attempt\"}".to_owned(), "line 8: `id` is missing"),
        ("nonsense".to_owned(), "line 8: not a JSON object"),
        ("x".repeat(20_000), "line 8: longer than 16384 bytes"),
    ] {
        let (output, _, ended) = played(&format!("{STREAM}\n{bad}\n{STREAM}"));
        let Err(Stop::Input(fault)) = ended else { panic!("{bad}") };
        assert!(fault.to_string().starts_with(says), "{fault}");
        assert_eq!(output.lines().count(), 3);
    }
}

/// Hands over what it is sent, and ends when the sender goes.
struct Wire(mpsc::Receiver<Vec<u8>>);

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.recv().map_or(Ok(0), |bytes| bytes.as_slice().read(buffer))
    }
}

/// Sends on what is flushed, and nothing else.
struct Flushed(Vec<u8>, mpsc::Sender<Vec<u8>>);

impl Write for Flushed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if !self.0.is_empty() {
            let _ = self.1.send(std::mem::take(&mut self.0));
        }
        Ok(())
    }
}

#[test]
fn whoever_waits_for_a_decision_has_it_before_the_next_line_is_read() {
    let (lines, wire) = mpsc::channel();
    let (flushed, decisions) = mpsc::channel();
    let replay = std::thread::spawn(move || {
        let mut events = Events::Lines(Lines::new(Box::new(Wire(wire))));
        let mut pipe: Pipe<_, Note> = Pipe::new(Simple::default());
        let mut output = Flushed(Vec::new(), flushed);
        drive(&mut events, &mut pipe, None, &mut output, (true, &|_| None), &Progress::none()).unwrap();
    });
    for line in STREAM.trim_start_matches('\u{feff}').split_inclusive('\n') {
        lines.send(line.as_bytes().to_vec()).unwrap();
        if line.contains("attempt\",\"id") {
            let decision = decisions
                .recv_timeout(std::time::Duration::from_secs(20))
                .expect("a decision before the next line");
            assert_eq!(String::from_utf8(decision).unwrap().lines().count(), 1);
        }
    }
    drop(lines);
    replay.join().unwrap();
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("cofferdam-replay-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn packed_files_may_have_several_members_and_say_when_they_are_cut_off() {
    let mut two = packed("one\n");
    two.extend(packed("two\n"));
    let file = File::new("two.jsonl.gz", &two);
    assert_eq!(whole(open(&file.0).unwrap().0).unwrap(), "one\ntwo\n");
    for cut in [5, two.len() - 4, two.len() / 2 + 3] {
        let file = File::new("cut.jsonl.gz", &two[..cut]);
        assert!(whole(open(&file.0).unwrap().0).unwrap_err().contains("cut off"), "{cut}");
    }
    let file = File::new("plain.jsonl.gz", STREAM.as_bytes());
    assert!(whole(open(&file.0).unwrap().0).unwrap_err().contains("no gzip"));
}

#[test]
fn a_policy_document_stands_over_its_level() {
    let file = File::new("policy.toml", b"level = \"max\"\n[weights]\nbase_points = -5000\n");
    let read = policy::read(None, Some(&file.0)).unwrap();
    assert_eq!((read.level, read.weights.base_points), (Level::Max, -5000));
    let max = cofferdam_engine::Policy::builtin(Level::Max);
    assert_eq!(read.weights.user_worth_micros, max.weights.user_worth_micros);
    assert_eq!(policy::read(Some(Level::Basic), Some(&file.0)).unwrap().level, Level::Basic);
    let json = File::new("policy.json", b"{\"weights\":{\"base_points\":-4000}}");
    assert_eq!(policy::read(None, Some(&json.0)).unwrap().weights.base_points, -4000);
    for (text, says) in [
        ("[weights]\nbase_pints = 1\n", "base_pints"),
        ("level = \"strict\"\n", "`level`"),
        ("level = \n", "line 1"),
        ("[weights]\nbase_points = \"much\"\n", "invalid type"),
    ] {
        let file = File::new("wrong.toml", text.as_bytes());
        let error = policy::read(None, Some(&file.0)).unwrap_err();
        assert!(error.code == 2 && error.what.contains(says), "{}", error.what);
    }
}

#[test]
fn the_page_escapes_what_came_from_the_stream_and_hides_numbers() {
    let (_, summary, _) = played(STREAM);
    let page = report::page(&summary, &source());
    assert!(
        page.contains("&lt;b&gt;&quot;density&quot;&amp;") && !page.contains("<b>\"density"),
        "reasons are escaped"
    );
    assert!(page.contains("&lt;history&gt;.jsonl") && !page.contains("<history>"));
    assert!(!page.contains("900125") && page.contains("+44770090••••"), "no whole number");
    assert!(
        !page.contains("<script") && !page.contains("http://") && !page.contains("https://"),
        "nothing is fetched"
    );
    assert!(page.contains("United Kingdom") && page.contains("first stop"));
    assert!(page.contains("<b>1</b> of 1 blocked attempts"));
}

#[test]
fn a_stream_without_attempts_has_a_page_and_words_of_its_own() {
    let (output, summary, ended) = played("\n\n{\"type\":\"weather\"}\n");
    assert!(ended.is_ok() && output.is_empty());
    assert!(report::page(&summary, &source()).contains("There was nothing to judge"));
    assert!(told::text(&summary, &source()).contains("no attempts"));
    assert_eq!(told::json(&summary, &source())["figures"]["attempts"], 0);
}

#[test]
fn the_words_and_the_json_have_the_same_figures() {
    let (_, summary, _) = played(STREAM);
    let text = told::text(&summary, &source());
    for line in
        ["attempts                          3", "saved                        0.0500  33.3 %", "after 2 sent"]
    {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let json = told::json(&summary, &source());
    assert_eq!(json["figures"]["saved"], 0.05);
    assert_eq!(json["figures"]["first_stop"]["sent_before"], 2);
    assert_eq!(json["countries"][0]["country"], "GB");
    assert_eq!(json["outcomes"]["withheld"], 1);
}

#[test]
fn amounts_are_written_for_people() {
    for (micros, text) in [
        (0, "0.00"),
        (8_300, "0.0083"),
        (49, "0.0000"),
        (50, "0.0001"),
        (9_999_999, "10.0000"),
        (1_234_567_890_000, "1,234,567.89"),
        (-52_000, "-0.0520"),
        (10_005_000, "10.01"),
    ] {
        assert_eq!(told::amount_of(micros, micros), text, "{micros}");
    }
    assert_eq!(told::share(1, 3000), "< 0.1 %");
    assert_eq!(told::share(0, 0), "–");
    assert_eq!(told::moment(1_773_453_600_000), "2026-03-14 02:00:00 UTC");
}

#[test]
fn every_format_stands_in_the_help() {
    for format in import::FORMATS {
        assert!(super::FORMATS.contains(format.name), "{}", format.name);
    }
}
