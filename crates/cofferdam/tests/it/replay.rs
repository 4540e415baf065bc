//! `cofferdam replay`, by the built program: what is wrong is named on standard error, with its exit code.

use std::path::Path;
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
        (&["--tallies", "redis://localhost", &sample], "memory"),
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
