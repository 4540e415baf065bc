//! The command line, by the built program: data, words, exit codes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The program with an environment of its own.
fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> (i32, String, String) {
    told(program(args).output().unwrap())
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn with_input(args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child =
        program(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    told(output)
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cofferdam-cli-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const COMMANDS: [&str; 22] = [
    "dev",
    "serve",
    "check-config",
    "doctor",
    "send",
    "check",
    "outbox",
    "lookup",
    "assess",
    "explain",
    "replay",
    "simulate",
    "keys",
    "allow",
    "deny",
    "blocks",
    "unblock",
    "backup",
    "restore",
    "migrate",
    "erase",
    "completions",
];

#[test]
fn every_command_is_there_and_its_help_starts_with_examples() {
    let (code, all, _) = run(&["--help"]);
    assert_eq!(code, 0);
    assert!(all.starts_with("Examples:"), "{all}");
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "{command}");
        let (code, help, _) = run(&[command, "--help"]);
        assert_eq!(code, 0, "{command}");
        assert!(help.starts_with("Examples:\n"), "{command}: {help}");
        assert!(help.contains("--json"), "{command} takes --json");
        assert!(!help.contains('\u{1b}'), "{command}: no colour where there is no terminal");
    }
    assert_eq!(run(&["--version"]).0, 0);
}

#[test]
fn wrong_arguments_end_with_2_and_typos_are_answered() {
    for args in
        [&["sedn"][..], &[], &["check"], &["outbox", "--wait", "31"], &["allow"], &["completions", "tcsh"]]
    {
        let (code, out, _) = run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
    }
    assert!(run(&["sedn"]).2.contains("send"), "suggests what was meant");
}

#[test]
fn lookup_says_what_is_known_of_a_number_offline() {
    let (code, out, _) = run(&["lookup", "--json", "+442079460018"]);
    assert_eq!(code, 0);
    let known = json(&out);
    assert_eq!(known["e164"], "+442079460018");
    assert_eq!(
        (&known["country"], &known["country3"], &known["calling_code"]),
        (&"GB".into(), &"GBR".into(), &"44".into())
    );
    assert_eq!(
        (&known["kind"], &known["tariff"], &known["fictional"]),
        (&"fixed".into(), &"standard".into(), &true.into())
    );
    assert_eq!(known["national"], "020 7946 0018");
    let national = run(&["lookup", "--json", "--country", "gb", "020 7946 0018"]).1;
    assert_eq!(json(&national), known, "one normal form for all spellings");
    let (code, out, _) = run(&["lookup", "+442079460018"]);
    assert!(code == 0 && out.contains("United Kingdom") && out.contains("fixed"), "{out}");
    assert_eq!(run(&["lookup", "--country", "XX", "1"]).0, 2);
}

#[test]
fn lookup_reads_lines_and_answers_each_by_a_line() {
    let mut input = b"+442079460018\nnonsense\n+1\n\n\xff\xfe\n+12125550100".to_vec();
    input.extend_from_slice(b"\n");
    input.extend(std::iter::repeat_n(b'1', 10_000_000));
    input.extend_from_slice(b"\n+447700900123\r\n");
    let (code, out, _) = with_input(&["lookup", "--json", "-"], &input);
    assert_eq!(code, 1, "some are invalid");
    let lines: Vec<serde_json::Value> = out.lines().map(json).collect();
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[1], serde_json::json!({"input": "nonsense", "error": "not_a_number"}));
    assert_eq!(lines[2]["error"], "too_short");
    assert_eq!(lines[5]["e164"], "+12125550100");
    assert_eq!(lines[6]["error"], "too_long", "ten million digits are one short answer");
    assert_eq!(lines[7]["e164"], "+447700900123");
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let mut child = program(&["lookup", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let line = b"+442079460018\n".repeat(1000);
        (0..200).for_each(|_| drop(stdin.write_all(&line)));
    });
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (code, _, words) = told(child.wait_with_output().unwrap());
    writer.join().unwrap();
    assert_eq!((code, words.as_str()), (0, ""));
}

#[test]
fn check_config_says_valid_or_what_is_wrong_where() {
    let folder = Folder::new("config");
    let good = folder.file("good.toml", "[provider.main]\nurl = \"https://sms.example/\"\n");
    let (code, out, _) = run(&["check-config", &good]);
    assert!(code == 0 && out.contains("sends through main"), "{out}");
    let bad = folder.file("bad.toml", "[listen]\n\nadress = \"x\"\n[limits]\nrequests_max = 0\n");
    let (code, out, words) = run(&["check-config", &bad]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        words.contains("bad.toml:3") && words.contains("`listen.adress`") && words.contains("bad.toml:5"),
        "{words}"
    );
    let (code, out, _) = run(&["check-config", "--json", &bad]);
    let found = json(&out);
    assert_eq!((code, &found["valid"]), (2, &false.into()));
    assert_eq!(found["errors"][0]["line"], 3);
    assert_eq!(found["errors"][0]["key"], "listen.adress");
    assert_eq!(run(&["check-config", &folder.path("none.toml")]).0, 2);
    std::fs::write(folder.0.join("bytes.toml"), b"a = 1\n\xff").unwrap();
    let (code, _, words) = run(&["check-config", &folder.path("bytes.toml")]);
    assert!(code == 2 && words.contains("bytes.toml:2"), "{words}");
    let set = program(&["check-config"]).env("COFFERDAM_LOG__LEVEL", "loud").output().unwrap();
    assert!(told(set).2.contains("environment `COFFERDAM_LOG__LEVEL`"));
}

#[test]
fn completions_are_written_for_three_shells() {
    for (shell, part) in
        [("bash", "complete "), ("zsh", "#compdef cofferdam"), ("fish", "complete -c cofferdam")]
    {
        let (code, out, _) = run(&["completions", shell]);
        assert!(code == 0 && out.contains(part) && out.contains("check-config"), "{shell}");
    }
}

#[test]
fn without_a_server_or_a_key_it_says_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for args in [
        &["send", "+12125550199"][..],
        &["check", "ver_x", "1"],
        &["outbox"],
        &["assess", "+12125550199"],
        &["explain", "asm_x"],
        &["keys", "list"],
        &["allow", "--list"],
        &["deny", "--list"],
        &["blocks"],
    ] {
        let (code, out, words) = told(program(args).args(["--url", &url, "--key", "k"]).output().unwrap());
        assert_eq!((code, out.as_str()), (3, ""), "{args:?}");
        assert!(words.contains("nobody answers") && words.contains("cofferdam dev"), "{words}");
        let (code, _, words) = told(program(args).args(["--url", &url]).output().unwrap());
        assert_eq!(code, 2, "{args:?}");
        assert!(words.contains("COFFERDAM_KEY"), "{words}");
    }
    let (code, out, _) = told(program(&["--json", "outbox", "--url", &url, "--key", "k"]).output().unwrap());
    assert_eq!(code, 3);
    assert!(json(&out)["error"].as_str().unwrap().contains("nobody answers"));
}

#[test]
fn doctor_looks_at_everything_and_changes_nothing() {
    let folder = Folder::new("doctor");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let settings =
        format!("[store]\npath = \"{}\"\n[provider.main]\nurl = \"http://{nobody}/\"\n", folder.path("c.db"));
    let settings = folder.file("c.toml", &settings);
    let (code, out, _) = run(&["doctor", "--json", "--config", &settings]);
    let found = json(&out);
    assert_eq!((code, &found["ok"]), (1, &false.into()), "the provider is not there");
    let of = |name: &str| {
        let checks = found["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {out}")).clone()
    };
    assert_eq!(of("provider main")["state"], "wrong");
    for name in ["settings", "clock", "secrets", "store"] {
        assert_eq!(of(name)["state"], "ok", "{name}: {out}");
    }
    assert!(of("disk")["what"].as_str().unwrap().contains("MiB free"));
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1, "nothing was made");
}

/// A running `dev` that keeps its data; ended with the test.
struct Dev {
    child: Child,
    url: String,
}

const KEY: &str = "cfd_test_0123456789abcdefghjkmnpqrstv";

impl Dev {
    fn start(data: &Path) -> Self {
        let mut child = program(&["dev", "--json", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("COFFERDAM_TEST_KEY", KEY)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut banner = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut banner).unwrap();
        let api = json(&banner)["api"].as_str().unwrap().to_owned();
        Self { child, url: api.trim_end_matches("/v1").to_owned() }
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        told(program(args).env("COFFERDAM_URL", &self.url).env("COFFERDAM_KEY", KEY).output().unwrap())
    }

    fn stop(&mut self) -> i32 {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_walk_by_the_command_line_alone() {
    let folder = Folder::new("walk");
    let mut dev = Dev::start(&folder.0.join("c.db"));
    let (code, out, _) = dev.run(&["send", "--json", "+12125550199", "--ip", "203.0.113.7"]);
    let verification = json(&out)["id"].as_str().unwrap().to_owned();
    assert_eq!(code, 0);
    let (_, right, _) = dev.run(&["outbox", "--latest", "--code", "--wait", "10"]);
    let right = right.trim();
    let wrong = if right == "000001" { "000002" } else { "000001" };
    let (code, out, _) = dev.run(&["check", &verification, wrong]);
    assert!(code == 1 && out.contains("wrong, 4 checks left"), "{out}");
    let (code, out, _) = dev.run(&["check", &verification, right]);
    assert_eq!((code, out.trim()), (0, "approved"));
    assert_eq!(dev.run(&["check", &verification, right]).0, 1, "already finished");

    let (code, out, _) = dev.run(&["send", "--json", "+12125550131"]);
    let blocked = json(&out);
    assert_eq!((code, &blocked["status"]), (1, &"blocked".into()));
    let assessment = blocked["assessment"]["id"].as_str().unwrap();
    let (code, out, _) = dev.run(&["explain", assessment]);
    assert!(code == 0 && out.contains("number.tariff"), "{out}");
    assert_eq!(dev.run(&["explain", blocked["id"].as_str().unwrap()]).0, 0);
    assert_eq!(dev.run(&["assess", "+12125550131"]).0, 1);
    assert_eq!(dev.run(&["send", "12"]).0, 2, "not a number");
    assert_eq!(dev.run(&["explain", "ver_nothing"]).0, 1);

    let (code, out, _) = dev.run(&["deny", "--json", "+12125550155", "--for", "24h", "--note", "ticket"]);
    let entry = json(&out);
    assert_eq!((code, &entry["value"]), (0, &"+12125550155".into()));
    assert_eq!(dev.run(&["send", "+12125550155"]).0, 1);
    assert_eq!(dev.run(&["deny", "+12125550155"]).0, 1, "it stands there already");
    assert!(dev.run(&["deny", "--list"]).1.contains("+12125550155"));
    assert_eq!(dev.run(&["deny", "--remove", entry["id"].as_str().unwrap()]).0, 0);
    assert_eq!(dev.run(&["send", "+12125550155"]).0, 0);
    assert_eq!(dev.run(&["outbox", "--clear"]).0, 0);
    assert_eq!(dev.run(&["outbox"]).1.trim(), "no messages");
    assert_eq!(dev.stop(), 0);
}

#[test]
fn a_backup_while_serving_restores_and_a_number_is_erased_offline() {
    let folder = Folder::new("backup");
    let data = folder.path("c.db");
    let mut dev = Dev::start(Path::new(&data));
    let (_, out, _) = dev.run(&["send", "--json", "+12125550177"]);
    let verification = json(&out)["id"].as_str().unwrap().to_owned();
    let copy = folder.path("copy.db");
    let (code, _, words) = run(&["backup", "--data", &data, &copy]);
    assert_eq!(code, 0, "{words}");
    assert_eq!(run(&["backup", "--data", &data, &copy]).0, 1, "nothing is written over");
    let (code, _, words) = run(&["erase", "--data", &data, "+12125550177"]);
    assert!(code == 1 && words.contains("stop it first"), "{words}");
    assert_eq!(dev.stop(), 0);

    let there = Folder::new("restored");
    let restored = there.path("c.db");
    let (code, _, words) = run(&["restore", "--data", &restored, &copy]);
    assert!(code == 0 && words.contains("secrets.key"), "{words}");
    assert_eq!(run(&["restore", "--data", &restored, &copy]).0, 1, "a store is there");
    let refused = program(&["dev", "--listen", "127.0.0.1:0", "--data", &restored]).output().unwrap();
    let (code, _, words) = told(refused);
    assert!(code == 1 && words.contains("bring the key back"), "{words}");
    std::fs::copy(folder.0.join("secrets.key"), there.0.join("secrets.key")).unwrap();
    let mut dev = Dev::start(Path::new(&restored));
    let read = |dev: &Dev| {
        let (code, out, _) = dev.run(&["check", "--json", &verification, "x"]);
        (code, json(&out))
    };
    let (code, found) = read(&dev);
    assert_eq!((code, &found["to"]), (1, &"+12125550177".into()), "{found}");
    assert_eq!(dev.stop(), 0);

    let (code, out, _) = run(&["erase", "--json", "--data", &restored, "+12125550177"]);
    assert!(code == 0 && json(&out)["erased"]["verifications"] == 1, "{out}");
    let mut dev = Dev::start(Path::new(&restored));
    let (_, found) = read(&dev);
    assert!(!found.to_string().contains("+12125550177"), "{found}");
    assert_eq!(dev.stop(), 0);
}

#[test]
fn a_move_between_homes_names_what_is_missing_before_it_touches_anything() {
    let folder = Folder::new("migrate");
    let (there, nowhere) = (&*folder.file("there.db", ""), &*folder.path("nowhere.db"));
    let shared = [
        ("COFFERDAM_STORE__POSTGRES_URL", "postgres://u:hunter2@127.0.0.1:9/d"),
        ("COFFERDAM_STORE__REDIS_URL", "redis://:hunter3@127.0.0.1:9/"),
    ];
    for (args, set, part) in [
        (&["migrate", "--to", "shared", "--data", there][..], false, "store.postgres_url"),
        (&["migrate", "--to", "shared", "--data", nowhere], true, "there is no store"),
        (&["migrate", "--to", "embedded", "--data", there], true, "is there already"),
        (&["migrate", "--to", "shared", "--dry-run", "--verify"], true, "cannot be used with"),
        (&["migrate"], true, "--to"),
    ] {
        let mut command = program(args);
        if set {
            command.envs(shared);
        }
        let (code, _, words) = told(command.output().unwrap());
        assert_eq!(code, 2, "{args:?}: {words}");
        assert!(words.contains(part) && !words.contains("hunter"), "{args:?}: {words}");
    }
}
