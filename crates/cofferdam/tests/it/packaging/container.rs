//! The image: what it starts, as whom, on which ports.

use super::{NOBODY, folder, is_served, text, values};

#[test]
fn the_image_starts_the_program_as_nobody_on_the_ports_of_the_settings() {
    let file = text("container/Dockerfile");
    assert_eq!(values(&file, "USER"), [format!("{NOBODY}:{NOBODY}")]);
    assert_eq!(values(&file, "EXPOSE"), ["8080 8081"]);
    assert_eq!(values(&file, "STOPSIGNAL"), ["SIGTERM"]);
    assert_eq!(values(&file, "ENTRYPOINT"), [r#"["/usr/local/bin/cofferdam"]"#]);
    assert_eq!(values(&file, "CMD"), [r#"["serve", "--config", "/etc/cofferdam/cofferdam.toml"]"#]);
    assert!(file.contains("cofferdam /usr/local/bin/cofferdam"), "the program is where the image starts it");
    for from in values(&file, "FROM") {
        let image = from.split(' ').next().unwrap();
        assert!(image.contains(':') && !image.ends_with(":latest"), "`{image}` says which version");
    }
    assert!(is_served("/healthz") && is_served("/readyz") && !is_served("/nowhere"));
}

#[test]
fn the_image_is_built_by_the_toolchain_that_the_workspace_asks_for() {
    let manifest = std::fs::read_to_string(folder("../Cargo.toml")).unwrap();
    let least = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    let number = |text: &str| -> Vec<u32> {
        text.trim_matches('"').split('.').map(|part| part.parse().unwrap()).collect()
    };
    let file = text("container/Dockerfile");
    let toolchain = values(&file, "ENV")[0].strip_prefix("RUSTUP_TOOLCHAIN=").unwrap();
    assert!(number(toolchain) >= number(least), "{toolchain} is older than {least}");
    let short = toolchain.rsplit_once('.').unwrap().0;
    assert!(values(&file, "FROM")[0].starts_with(&format!("rust:{short}-")), "the image brings it");
}

#[test]
fn what_the_build_reads_gets_into_the_build_and_secrets_do_not() {
    let ignore = text("container/Dockerfile.dockerignore");
    let kept: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert_eq!(ignore.lines().find(|line| !line.starts_with('#')), Some("**"), "all but what is named");
    for needed in ["Cargo.toml", "Cargo.lock", "crates", "xtask", "scenarios", "data"] {
        assert!(kept.contains(&needed), "{needed}");
    }
    for there in &kept {
        assert!(folder("..").join(there).exists(), "`{there}` is kept, and is not there");
    }
    for never in ["**/secrets", "**/*.env", "**/*.key", "**/*.db"] {
        assert!(ignore.lines().any(|line| line == never), "{never}");
    }
}
