//! The README's sixty seconds, word for word, as somebody does them who has just cloned.

use super::folder::Folder;
use super::server::{Server, free_port, program, until};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const README: &str = include_str!("../../../../../README.md");

/// The fenced blocks under a heading.
fn blocks(heading: &str) -> Vec<String> {
    let section = README.split("\n## ").find(|part| part.starts_with(heading)).expect("the heading");
    let mut blocks = Vec::new();
    let mut parts = section.split("```");
    parts.next();
    while let (Some(block), rest) = (parts.next(), parts.next()) {
        blocks.push(block.split_once('\n').map_or("", |(_, text)| text).to_owned());
        if rest.is_none() {
            break;
        }
    }
    blocks
}

/// The first word that starts so.
fn word(text: &str, start: &str) -> Option<String> {
    let at = text.find(start)?;
    Some(text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
}

/// The newest code that was shown: six digits, alone.
fn code(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '_');
    words.rfind(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned)
}

/// A reader at a shell, who puts in what stood in the answers before.
struct Reader<'a> {
    folder: &'a Path,
    address: String,
    key: String,
    /// Lines that hold for the whole session: the key, the alias.
    session: String,
    seen: String,
}

impl Reader<'_> {
    fn fill(&self, block: &str) -> String {
        let mut text = block.replace("cfd_test_…", &self.key).replace("127.0.0.1:8080", &self.address);
        for (blank, value) in [
            ("VERIFICATION", word(&self.seen, "ver_")),
            ("ASSESSMENT", self.seen.rfind("asm_").and_then(|at| word(&self.seen[at..], "asm_"))),
            ("CODE", code(&self.seen)),
        ] {
            if text.contains(blank)
                && !text.contains(&format!("{blank}="))
                && !text.contains(&format!("_{blank}"))
            {
                let value = value
                    .unwrap_or_else(|| panic!("nothing that has been shown is a {blank}:\n{}", self.seen));
                text = text.replace(blank, &value);
            }
        }
        text
    }

    fn run(&mut self, block: &str) {
        if block
            .lines()
            .all(|line| line.starts_with("export ") || line.starts_with("alias ") || line.is_empty())
        {
            self.session.push_str(&self.fill(block));
            return;
        }
        // A block's later lines may ask for what its earlier ones show.
        let joined = block.replace("\\\n", " ");
        for line in joined.lines().filter(|line| !line.trim().is_empty()) {
            let line = self.fill(line);
            let script = format!("shopt -s expand_aliases\n{}\n{line}\n", self.session);
            let mut shell = Command::new("bash");
            shell.args(["-eu", "-o", "pipefail", "-c", &script]).current_dir(self.folder).env_clear();
            shell.env("PATH", std::env::var("PATH").unwrap_or_default()).env("HOME", self.folder);
            shell.env("COFFERDAM_URL", format!("http://{}", self.address));
            let output = shell.stdin(Stdio::null()).output().unwrap();
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            // `cofferdam send` says by its exit code that a message was refused: that is what this line shows.
            let refused = line.contains("send +12125550131");
            assert!(
                output.status.success() || refused,
                "`{line}` failed: {:?}\n{shown}\n{complaint}",
                output.status
            );
            println!("$ {line}\n{shown}{complaint}");
            self.seen.push_str(&shown);
            self.seen.push_str(&complaint);
            self.seen.push('\n');
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_walk_of_the_readme_works_word_for_word() {
    let folder = Folder::new("walk");
    std::fs::create_dir_all(folder.join("target/release")).unwrap();
    std::os::unix::fs::symlink(program(), folder.join("target/release/cofferdam")).unwrap();
    let walk = blocks("Sixty seconds");
    assert!(walk.len() >= 4, "the walk has {} blocks", walk.len());
    // The walk's own port where it is free, another where somebody has it.
    let port = if TcpListener::bind("127.0.0.1:8080").is_ok() { 8080 } else { free_port() };
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(folder.join("target/release/cofferdam"));
    command.arg("dev").current_dir(folder.path()).env_clear();
    if port != 8080 {
        println!("port 8080 is taken: the walk uses {address}");
        command.args(["--listen", &address]);
    }
    let server = Server::of(command, address.parse().unwrap());
    let api = server.api("");
    until("it is ready", Duration::from_secs(5), || async {
        api.send("GET", "/readyz", &[], None).await.is_some_and(|answer| answer.status == 200)
    })
    .await;
    let mut key = None;
    until("it has printed a key", Duration::from_secs(5), || {
        key = word(&server.said(), "cfd_test_");
        std::future::ready(key.is_some())
    })
    .await;
    let mut reader = Reader {
        folder: folder.path(),
        address,
        key: key.unwrap(),
        session: String::new(),
        seen: String::new(),
    };
    for block in &walk {
        reader.run(block);
    }
    assert!(reader.seen.contains("approved"), "no code was approved:\n{}", reader.seen);
    assert!(
        reader.seen.to_lowercase().contains("premium"),
        "nothing says why the premium number was refused:\n{}",
        reader.seen
    );
}
