//! The recipe's servers, in Node and in Python: what stands in `peers/`, with their libraries from the registries.

use crate::machine::{self, Core, Running, found};
use crate::servers::{Redis, until};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server that does the same for five limits.
pub struct Peer {
    pub name: &'static str,
    pub running: Running,
    pub port: u16,
}

const NODE: [(&str, &str); 2] = [
    ("package.json", include_str!("../peers/node/package.json")),
    ("server.js", include_str!("../peers/node/server.js")),
];
const PYTHON: [(&str, &str); 2] = [
    ("requirements.txt", include_str!("../peers/python/requirements.txt")),
    ("server.py", include_str!("../peers/python/server.py")),
];

/// Those that can be had here; of the others a word is printed.
pub fn start(redis: &Redis) -> Vec<Peer> {
    [node(redis), python(redis)]
        .into_iter()
        .filter_map(|peer| peer.inspect_err(|why| println!("left out: {why}")).ok())
        .collect()
}

fn folder(name: &str, sources: [(&str, &str); 2]) -> PathBuf {
    let folder = machine::target().join("shared-peers").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, text) in sources {
        std::fs::write(folder.join(file), text).unwrap();
    }
    folder
}

/// Runs what installs something, once.
fn install(mut command: Command, made: &Path, what: &str) -> Result<(), String> {
    if made.exists() {
        return Ok(());
    }
    println!("installing {what} (once)");
    let out = command.output().map_err(|error| format!("{what}: {error}"))?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    Err(format!("{what} cannot be installed: {}", said.lines().last().unwrap_or("no word")))
}

fn node(redis: &Redis) -> Result<Peer, String> {
    if !found("node") || !found("npm") {
        return Err("the Node recipe: node or npm is missing".into());
    }
    let folder = folder("node", NODE);
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock"]).current_dir(&folder);
    install(npm, &folder.join("node_modules/ioredis/package.json"), "Express and ioredis")?;
    let port = machine::free_port();
    let child = machine::on(Core::Servers, "node")
        .args(["server.js", &port.to_string(), &redis.port.to_string()])
        .current_dir(&folder)
        .env("NODE_ENV", "production")
        .spawn()
        .map_err(|error| format!("node: {error}"))?;
    Ok(up("Node, Express + ioredis", child, port))
}

fn python(redis: &Redis) -> Result<Peer, String> {
    if !found("python3") {
        return Err("the Python recipe: python3 is missing".into());
    }
    let folder = folder("python", PYTHON);
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "own"]).current_dir(&folder);
    install(venv, &folder.join("own/bin/pip"), "a Python environment")?;
    let mut pip = Command::new("own/bin/pip");
    pip.args(["install", "--quiet", "-r", "requirements.txt"]).current_dir(&folder);
    install(pip, &folder.join("own/bin/uvicorn"), "FastAPI and redis-py")?;
    let port = machine::free_port();
    let uvicorn = folder.join("own/bin/uvicorn");
    let child = machine::on(Core::Servers, uvicorn.to_str().unwrap())
        .args(["server:app", "--host", "127.0.0.1", "--port", &port.to_string(), "--no-access-log"])
        .args(["--log-level", "warning", "--loop", "uvloop", "--http", "httptools"])
        .current_dir(&folder)
        .env("REDIS_PORT", redis.port.to_string())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("uvicorn: {error}"))?;
    Ok(up("Python, FastAPI + redis-py", child, port))
}

fn up(name: &'static str, child: std::process::Child, port: u16) -> Peer {
    let peer = Peer { name, running: Running(child), port };
    until(name, || TcpStream::connect(("127.0.0.1", port)).is_ok());
    peer
}
