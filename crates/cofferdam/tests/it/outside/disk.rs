//! A full disk: refused, nothing lost, and well again by itself when there is room.

use super::dice::fictional;
use super::kill_9::only;
use super::server::{Place, Server, TEST, alone, until};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Room of the small disk, in MiB.
const ROOM: u32 = 24;

/// A shell that puts a small disk under `data` in a world of mounts of its own, then becomes the program.
fn wrapper(place: &Place) -> Option<Vec<String>> {
    let data = place.data().display().to_string();
    std::fs::create_dir_all(&data).unwrap();
    let mount = format!("mount -t tmpfs -o size={ROOM}m,mode=700 tmpfs '{data}'");
    for unshare in [&["unshare", "-m"][..], &["unshare", "-r", "-m"][..]] {
        let mut words: Vec<String> = unshare.iter().map(ToString::to_string).collect();
        words.extend(["sh".to_owned(), "-c".to_owned(), format!("{mount} && exec \"$@\""), "sh".to_owned()]);
        let tried = Command::new(&words[0]).args(&words[1..]).arg("true").output();
        if tried.is_ok_and(|output| output.status.success()) {
            return Some(words);
        }
    }
    None
}

/// The small disk as the program sees it.
fn inside(place: &Place, server: &Server) -> PathBuf {
    let data = place.data();
    PathBuf::from(format!("/proc/{}/root", server.pid())).join(data.strip_prefix("/").unwrap())
}

/// Takes about ten seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_refused_as_503_reads_go_on_and_it_recovers_alone() {
    let _alone = alone().await;
    let place = Place::new("disk", "");
    let Some(words) = wrapper(&place) else {
        println!("skipped, because this machine does not let a test mount a small disk");
        return;
    };
    let place = place.through(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let server = place.start().await;
    let api = server.api(TEST);
    let profile = json!({ "name": "disk", "limits": only(&json!({})) });
    api.post("/v1/profiles", profile).await.want(201);
    let start = |n: usize| json!({ "to": fictional(n), "profile": "disk" });
    let mut made = Vec::new();
    for n in 0..20 {
        made.push(api.post("/v1/verifications", start(n)).await.want(201).text("id"));
    }
    let code = api.code_of(&fictional(0)).await;
    // What others write fills the disk to the last byte.
    let filler = inside(&place, &server).join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[7; 8192]).is_ok() {}
    while file.write_all(&[7; 1]).is_ok() {}

    let mut refused = 0;
    for n in 0..400 {
        let answer = api.post("/v1/verifications", start(20 + n)).await;
        match answer.status {
            // Room that was set aside before may still be used up: what is acknowledged counts.
            201 => made.push(answer.text("id")),
            503 => {
                assert!(!answer.header("retry-after").is_empty(), "503 without Retry-After: {}", answer.text);
                refused += 1;
            }
            other => panic!("{other} on a full disk: {}", answer.text),
        }
        if refused >= 20 {
            break;
        }
    }
    assert!(refused >= 20, "the disk is full, and only {refused} of 400 starts were refused");
    let checked = api.post(&format!("/v1/verifications/{}/check", made[0]), json!({ "code": code })).await;
    assert_eq!(checked.status, 503, "an approval that nothing holds: {}", checked.text);
    for id in &made {
        api.get(&format!("/v1/verifications/{id}")).await.want(200);
    }
    api.get("/healthz").await.want(200);

    drop(file);
    std::fs::remove_file(&filler).unwrap();
    let took = until("it takes starts again", Duration::from_secs(5), || async {
        let answer = api.post("/v1/verifications", start(500)).await;
        assert!(matches!(answer.status, 201 | 503), "{}", answer.text);
        answer.status == 201
    })
    .await;
    println!("disk: {refused} refused, well again after {took:?}");
    let approved =
        api.post(&format!("/v1/verifications/{}/check", made[0]), json!({ "code": code })).await.want(200);
    assert_eq!(approved.text("status"), "approved", "{}", approved.text);
    for id in &made {
        api.get(&format!("/v1/verifications/{id}")).await.want(200);
    }
}
