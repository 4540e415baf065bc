//! The cluster on one machine: compose file, load balancer, Valkey's settings, and the script that draws secrets.

use super::yaml::{load, names, seconds, texts};
use super::{NOBODY, folder, is_served, settings, text, values, variables};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

const NODES: [&str; 3] = ["node-1", "node-2", "node-3"];

/// A copy of the folder in which secrets were drawn; gone with the test.
struct Drawn(PathBuf);

impl Drawn {
    fn new(name: &str) -> Self {
        let to = std::env::temp_dir().join(format!("cofferdam-packaging-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&to);
        std::fs::create_dir_all(&to).unwrap();
        std::fs::copy(folder("compose/make-secrets.sh"), to.join("make-secrets.sh")).unwrap();
        let drawn = Self(to);
        drawn.draw();
        drawn
    }

    fn draw(&self) {
        let out = Command::new("sh").arg(self.0.join("make-secrets.sh")).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let told = String::from_utf8(out.stdout).unwrap();
        for secret in ["secrets.key", "postgres_password"].map(|name| self.read(name)) {
            assert!(!told.contains(secret.trim()), "no secret is printed");
        }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join("secrets").join(name)).unwrap()
    }

    fn mode(&self, name: &str) -> u32 {
        std::fs::metadata(self.0.join("secrets").join(name)).unwrap().permissions().mode() & 0o777
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a node of the compose file is told.
fn environment(node: &Value, drawn: &Drawn) -> BTreeMap<String, String> {
    let mut all = variables(&drawn.read("node.env"));
    for (name, value) in node["environment"].as_object().unwrap() {
        all.insert(name.clone(), value.as_str().unwrap().to_owned());
    }
    all
}

#[test]
fn every_node_starts_with_settings_that_the_program_takes() {
    let (file, drawn) = (load("compose/compose.yaml"), Drawn::new("settings"));
    let mut told = BTreeSet::new();
    for name in NODES {
        let node = &file["services"][name];
        let environment = environment(node, &drawn);
        let read = settings("cofferdam.toml", &text("compose/cofferdam.toml"), &environment);
        let shared = read.store.shared.expect("both addresses are there");
        told.insert(shared.node.unwrap());
        let port = read.listen.address.port().to_string();
        assert!(texts(&node["expose"]).contains(&port.as_str()), "{name}: {port}");
        assert!(read.listen.address.ip().is_unspecified(), "the balancer reaches it");
        assert!(seconds(&node["stop_grace_period"]) > read.listen.stop_timeout.as_secs());
        let key = read.secrets.key_file.unwrap();
        let secret = key.strip_prefix("/run/secrets").unwrap().to_str().unwrap();
        assert!(texts(&node["secrets"]).contains(&secret), "{secret} is mounted");
        let asked = texts(&node["healthcheck"]["test"])[3];
        assert!(
            asked.contains(&format!("/dev/tcp/127.0.0.1/{port}")) && asked.contains("GET /healthz HTTP/1.1")
        );
        let target = &node["configs"][0]["target"];
        assert!(text("container/Dockerfile").contains(target.as_str().unwrap()), "where the image looks");
    }
    assert_eq!(told.len(), NODES.len(), "each node has a name of its own");
}

#[test]
fn what_is_named_is_there_and_what_is_there_is_named() {
    let file = load("compose/compose.yaml");
    let services = file["services"].as_object().unwrap();
    for (kind, field) in
        [("secrets", "secrets"), ("configs", "configs"), ("networks", "networks"), ("volumes", "volumes")]
    {
        let mut used = BTreeSet::new();
        for service in services.values() {
            for item in service[field].as_array().into_iter().flatten() {
                let name = item.as_str().or_else(|| item["source"].as_str()).unwrap();
                used.insert(name.split(':').next().unwrap());
            }
        }
        assert_eq!(used, names(&file[kind]).into_iter().collect(), "{kind}");
    }
    let drawn = Drawn::new("named");
    for (name, secret) in file["secrets"].as_object().unwrap() {
        let path = secret["file"].as_str().unwrap();
        let within = path.strip_prefix("./secrets/").unwrap_or_else(|| panic!("{name} is where git looks"));
        assert!(!drawn.read(within).is_empty(), "{name} is drawn");
    }
    for config in file["configs"].as_object().unwrap().values() {
        assert!(!text(&format!("compose/{}", config["file"].as_str().unwrap())).is_empty());
    }
    let ignored = text("compose/.gitignore");
    assert!(ignored.lines().any(|line| line == "/secrets/") && ignored.lines().any(|line| line == "/.env"));
    for (name, service) in services {
        assert_eq!(service["restart"], "unless-stopped", "{name} comes back");
        assert!(service["healthcheck"]["test"].is_array(), "{name} is looked at");
        let image = service["image"].as_str().unwrap();
        assert!(image.contains(':') && !image.ends_with(":latest"), "`{image}` says which version");
        for after in names(&service["depends_on"]) {
            assert!(services[after]["healthcheck"].is_object());
            assert_eq!(service["depends_on"][after]["required"], false, "{name} outlives {after}'s absence");
        }
    }
}

#[test]
fn the_balancer_knows_every_node_and_asks_what_is_answered() {
    let (file, haproxy) = (load("compose/compose.yaml"), text("compose/haproxy.cfg"));
    let read = settings("cofferdam.toml", &text("compose/cofferdam.toml"), &BTreeMap::new());
    let expected: Vec<String> =
        NODES.iter().map(|node| format!("{node} {node}:{}", read.listen.address.port())).collect();
    assert_eq!(values(&haproxy, "server"), expected);
    assert_eq!(values(&haproxy, "balance"), ["leastconn"]);
    for sticky in ["cookie", "stick-table", "stick", "hash-type"] {
        assert!(values(&haproxy, sticky).is_empty(), "{sticky}: any node answers any call");
    }
    let checks = values(&haproxy, "http-check");
    let path = checks[0].split(' ').skip_while(|word| *word != "uri").nth(1).unwrap();
    assert!(path == "/readyz" && is_served(path), "{path}");
    let away = values(&haproxy, "http-error")[0];
    assert!(
        away.starts_with("status 503 ") && away.contains(" retry-after 1 "),
        "what a node would say: {away}"
    );
    let body: Value = serde_json::from_str(away.split('\'').nth(1).unwrap()).unwrap();
    assert_eq!((&body["status"], &body["code"]), (&503.into(), &"store_away".into()));
    assert!(values(&haproxy, "retry-on") == ["conn-failure"], "what a node has seen is never sent again");
    let bound = values(&haproxy, "bind")[0].trim_start_matches(':');
    let published = texts(&file["services"]["balancer"]["ports"]);
    assert_eq!(published, [format!("127.0.0.1:8080:{bound}")], "loopback while there is no certificate");
    let subnet = file["networks"]["outside"]["ipam"]["config"][0]["subnet"].as_str().unwrap();
    let proxies = text("compose/cofferdam.toml");
    assert!(proxies.contains(&format!("trusted_proxies = [\"{subnet}\"]")), "{subnet}");
    assert_eq!(file["networks"]["inside"]["internal"], true, "records and tallies have no way out");
    for store in ["postgres", "valkey"] {
        assert_eq!(texts(&file["services"][store]["networks"]), ["inside"]);
        assert!(file["services"][store]["ports"].is_null(), "{store} is not published");
    }
}

#[test]
fn the_store_that_the_nodes_look_for_is_the_one_that_starts() {
    let (file, drawn) = (load("compose/compose.yaml"), Drawn::new("store"));
    let told = variables(&drawn.read("node.env"));
    let postgres = &file["services"]["postgres"]["environment"];
    assert_eq!(
        told["COFFERDAM_STORE__POSTGRES_URL"],
        format!(
            "postgres://{}:{}@postgres:5432/{}",
            postgres["POSTGRES_USER"].as_str().unwrap(),
            drawn.read("postgres_password"),
            postgres["POSTGRES_DB"].as_str().unwrap(),
        )
    );
    let command = texts(&file["services"]["postgres"]["command"]).join(" ");
    assert!(!command.contains("fsync") && !command.contains("synchronous_commit"), "{command}");
    let valkey = text("compose/valkey.conf");
    let password = drawn.read("valkey_password.conf");
    let password = password.trim().strip_prefix("requirepass ").unwrap();
    let port = values(&valkey, "port")[0];
    assert_eq!(told["COFFERDAM_STORE__REDIS_URL"], format!("redis://:{password}@valkey:{port}"));
    assert_eq!(values(&valkey, "maxmemory-policy"), ["noeviction"], "counts do not vanish unseen");
    let included = values(&valkey, "include")[0].strip_prefix("/run/secrets/").unwrap();
    assert!(texts(&file["services"]["valkey"]["secrets"]).contains(&included));
    assert!(values(&valkey, "requirepass").is_empty(), "no password in a file that git keeps");
}

#[test]
fn secrets_are_drawn_once_and_closed() {
    let drawn = Drawn::new("drawn");
    let files = ["secrets.key", "postgres_password", "valkey_password.conf", "node.env"];
    let before = files.map(|file| drawn.read(file));
    drawn.draw();
    assert_eq!(before, files.map(|file| drawn.read(file)), "a second run changes nothing");
    assert_eq!(drawn.mode("."), 0o700);
    assert_eq!(files.map(|file| drawn.mode(file)), [0o400, 0o400, 0o444, 0o400]);
    let (version, key) = before[0].trim().split_once(':').unwrap();
    assert!(version == "1" && key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_ne!(before, files.map(|file| Drawn::new("again").read(file)), "another cluster has others");
    let told = variables(&std::fs::read_to_string(drawn.0.join(".env")).unwrap());
    let file = load("compose/compose.yaml");
    let user = file["services"]["node-1"]["user"].as_str().unwrap();
    for name in ["COFFERDAM_UID", "COFFERDAM_GID"] {
        assert!(told.contains_key(name) && user.contains(&format!("${{{name}:-{NOBODY}}}")), "{name}");
    }
}
