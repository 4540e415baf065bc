//! `cofferdam simulate`, by the built program: an attack is seen being stopped, the same seed gives the same figures, and
//! what is wrong is named.

use super::support::Program;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cofferdam-simulate-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .arg("simulate")
        .args(args)
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn without_arguments_an_attack_is_seen_being_stopped() {
    let folder = Folder::new("short");
    let (code, shown, said) = run(&folder.0, &[]);
    assert_eq!((code, said.as_str()), (0, ""), "no bar where nobody looks");
    for part in
        ["a flood", "░", "would have been spent: $", "was spent: $", "good stopped", "cofferdam-simulate.svg"]
    {
        assert!(shown.contains(part), "`{part}` is missing:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "no colours where nobody looks");
    let picture = std::fs::read_to_string(folder.0.join("cofferdam-simulate.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("first stop"));

    let (code, first, _) = run(&folder.0, &["--json"]);
    assert_eq!(code, 0);
    let json: Value = serde_json::from_str(&first).unwrap();
    let engine = &json["judges"][0];
    let share = |name: &str| engine[name]["share"].as_f64().unwrap();
    assert!(engine["would_have_been_spent_micros"].as_i64().unwrap() > 100_000_000, "{engine}");
    assert!(share("leaked") < 0.1 && engine["first_stop"].as_f64().unwrap() < 30.0, "{engine}");
    assert!(share("good_stopped") < 0.01 && share("good_challenged") < 0.05, "{engine}");
    assert_eq!(engine["missed"], 0);

    // Another run gives the same bytes, another seed other figures.
    assert_eq!(run(&folder.0, &["--json"]).1, first);
    assert_ne!(run(&folder.0, &["--json", "--seed", "4"]).1, first);
}

#[test]
fn recipes_stand_beside_the_engine_and_seeds_are_pooled() {
    let folder = Folder::new("recipes");
    let path = folder.0.join("day.txt");
    std::fs::write(&path, "about a day\ndays 2\nquiet 1\npeople 300\nattack one_server messages=300\n")
        .unwrap();
    let args =
        ["--json", "--recipes", "--seeds", "2", "--scenario", path.to_str().unwrap(), "--svg", "drawn.svg"];
    let (code, shown, said) = run(&folder.0, &args);
    assert_eq!(code, 0, "{said}");
    let json: Value = serde_json::from_str(&shown).unwrap();
    let judges = json["judges"].as_array().unwrap();
    assert_eq!((judges.len(), &json["seeds"]), (8, &serde_json::json!([1, 2])));
    assert!(judges.iter().all(|judge| judge["campaigns"] == 2), "{shown}");
    assert!(folder.0.join("drawn.svg").exists() && json["picture"] == "drawn.svg");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = Folder::new("wrong");
    std::fs::write(folder.0.join("bad.txt"), "days 3\nattack flood megaphones=3\n").unwrap();
    for (args, says) in [
        (&["floods"][..], "FAMILY: no attack is called `floods`"),
        (&["--scenario", "nowhere"], "--scenario `nowhere` cannot be read"),
        (&["--scenario", "bad.txt"], "bad.txt: line 2: `megaphones=3`"),
        (&["--days", "0"], "--days"),
        (&["--density", "middling"], "--density"),
        (&["--level", "strict"], "basic, standard or max"),
        (&["--seeds", "0"], "--seeds"),
        (&["--against", "nonsense", "--key", "k"], "`nonsense` is not an address"),
        (&["--against", "http://127.0.0.1:9"], "a key is needed"),
    ] {
        let (code, shown, said) = run(&folder.0, args);
        assert_eq!((code, shown.as_str()), (2, ""), "{args:?}: {said}");
        assert!(said.contains(says), "{args:?}: {said}");
    }
    let (code, _, said) = run(&folder.0, &["--against", "http://127.0.0.1:9", "--key", "k"]);
    assert_eq!(code, 3, "{said}");
    let (code, shown, _) = run(&folder.0, &["--list"]);
    assert!(
        code == 0 && ["flood", "telnyx", "mixed-thin"].iter().all(|name| shown.contains(name)),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_is_attacked_through_its_api() {
    let program = Program::start().await;
    let (url, key) = (format!("http://{}", program.address), program.live.clone());
    let ended = tokio::task::spawn_blocking(move || {
        let folder = Folder::new("against");
        run(&folder.0, &["--json", "--against", &url, "--key", &key, "--attempts", "120"])
    });
    let (code, shown, said) = ended.await.unwrap();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("ended after 120 attempts"), "{said}");
    let json: Value = serde_json::from_str(&shown).unwrap();
    let server = &json["judges"][0];
    assert_eq!((&server["name"], &server["attempts"]), (&"server".into(), &120.into()), "{shown}");
    // The server has judged them, and was told what became of them.
    let metrics = program.stranger().get("/metrics").await;
    let counted = metrics
        .text()
        .lines()
        .any(|line| line.starts_with("cofferdam_assessments_total") && !line.ends_with(" 0"));
    assert!(counted || metrics.status != 200, "{}", metrics.text());
}
