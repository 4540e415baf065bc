//! The service unit, and the settings beside it.

use super::{settings, text, values, variables};
use std::collections::BTreeMap;
use std::process::Command;

/// Keys of systemd 252 (Debian 12) that the unit uses; a typo in a unit is passed over in silence.
const KNOWN: &str = "Description Documentation Wants After StartLimitIntervalSec Type User Group EnvironmentFile \
    ExecStart Restart RestartPreventExitStatus RestartSec TimeoutStopSec KillSignal LimitNOFILE OOMPolicy \
    MemoryMax StateDirectory StateDirectoryMode ConfigurationDirectory ConfigurationDirectoryMode WorkingDirectory UMask \
    ProtectSystem ProtectHome PrivateTmp PrivateDevices PrivateUsers ProtectProc ProcSubset RemoveIPC \
    ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectControlGroups ProtectClock ProtectHostname \
    LockPersonality MemoryDenyWriteExecute RestrictNamespaces RestrictRealtime RestrictSUIDSGID NoNewPrivileges \
    CapabilityBoundingSet AmbientCapabilities SystemCallArchitectures SystemCallFilter SystemCallErrorNumber \
    RestrictAddressFamilies LimitCORE WantedBy";

const UNIT: &str = "systemd/cofferdam.service";

#[test]
fn every_key_of_the_unit_is_one_that_systemd_knows() {
    for line in text(UNIT).lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '['])) {
        let key = line.split('=').next().unwrap();
        assert!(KNOWN.split_whitespace().any(|known| known == key), "`{key}`");
    }
}

#[test]
fn systemd_itself_takes_the_unit_and_calls_it_closed() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("no systemd-analyze on this machine: the keys alone were looked at");
        return;
    }
    let folder = std::env::temp_dir().join(format!("cofferdam-unit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let unit = folder.join("cofferdam.service");
    // `verify` wants a program that is there.
    let here = text(UNIT).replace("/usr/local/bin/cofferdam", env!("CARGO_BIN_EXE_cofferdam"));
    std::fs::write(&unit, here).unwrap();
    let say = |args: &[&str]| {
        let out = Command::new("systemd-analyze").args(args).arg(&unit).output().unwrap();
        (out.status.success(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
    };
    let (good, words) = say(&["verify"]);
    let (closed, security) = say(&["security", "--offline=yes", "--no-pager", "--threshold=20"]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(good && !words.contains("cofferdam.service:"), "{words}");
    assert!(closed, "an exposure of 2.0 or more: {security}");
}

#[test]
fn the_settings_beside_the_unit_fit_it() {
    let unit = text(UNIT);
    let state = format!("/var/lib/{}", values(&unit, "StateDirectory")[0]);
    let named = "/etc/cofferdam/cofferdam.toml";
    assert!(values(&unit, "ExecStart")[0].ends_with(&format!("serve --config {named}")));
    let one = settings("cofferdam.toml", &text("systemd/cofferdam.toml"), &BTreeMap::new());
    assert_eq!(one.store.folder().unwrap().to_str().unwrap(), state, "all else is read-only");
    assert!(one.listen.address.ip().is_loopback(), "a proxy with TLS stands before it");
    let shared = text("systemd/cofferdam-shared.toml");
    // What its head says that the secrets' file holds.
    let told = shared.lines().filter_map(|line| line.strip_prefix("#   ")).collect::<Vec<_>>().join("\n");
    let told = variables(&told.replace('…', &"x".repeat(32)));
    let several = settings("cofferdam-shared.toml", &shared, &told);
    assert!(several.store.shared.is_some() && one.store.shared.is_none());
    assert_eq!(several.secrets.key_file.unwrap().parent().unwrap().to_str().unwrap(), state);
    for read in [one.listen, several.listen] {
        let stop: u64 = values(&unit, "TimeoutStopSec")[0].trim_end_matches('s').parse().unwrap();
        assert!(stop > read.stop_timeout.as_secs(), "{stop} s are too short");
    }
    assert_eq!(
        values(&text("systemd/cofferdam.sysusers"), "u")[0].split(' ').next(),
        Some(values(&unit, "User")[0])
    );
}

#[test]
fn settings_that_starting_again_would_not_mend_end_with_the_code_that_the_unit_names() {
    let file = std::env::temp_dir().join(format!("cofferdam-wrong-{}.toml", std::process::id()));
    std::fs::write(&file, "[listen]\nadress = \"127.0.0.1:0\"\n").unwrap();
    for command in [&["serve", "--config"][..], &["check-config"]] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
        let code = program.args(command).arg(&file).env_clear().output().unwrap().status.code();
        assert_eq!(
            code.unwrap().to_string(),
            values(&text(UNIT), "RestartPreventExitStatus")[0],
            "{command:?}"
        );
    }
    std::fs::remove_file(&file).unwrap();
}
