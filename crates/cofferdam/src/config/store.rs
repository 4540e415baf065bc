//! `[store]`: where state lives.

use super::key::{Kind, SectionKeys, key};
use super::section::Section;
use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;
use std::time::Duration;

/// Keys of the section.
pub const SECTION: SectionKeys = SectionKeys {
    path: "store",
    doc: "Where state lives: in one local file for one machine, in PostgreSQL and Redis for several.",
    keys: &[
        key(
            "path",
            Kind::Path,
            "cofferdam.db",
            "The store's file. `secrets.key`, the saved tallies and the lock are beside it.",
            "beside the program, so that the first start needs nothing; a service sets it to a folder of its own",
        ),
        key(
            "postgres_url",
            Kind::Secret,
            "",
            "Records shared by several machines: `postgres://user:password@host/database`. Goes with \
             `redis_url`; `path` is then left alone.",
            "one machine needs none",
        ),
        key(
            "redis_url",
            Kind::Secret,
            "",
            "Tallies shared by several machines, in Redis or Valkey: `redis://`, `rediss://` or `unix://`; \
             `redis+cluster://a,b,c` for a cluster, `redis+sentinel://a,b,c/name` for sentinels. Goes with \
             `postgres_url`.",
            "one machine needs none",
        ),
        key(
            "postgres_url_file",
            Kind::Path,
            "",
            "A file that holds `postgres_url` and nothing else, as containers and systemd hand secrets over. Read at the start.",
            "one machine needs none",
        ),
        key("redis_url_file", Kind::Path, "", "The same for `redis_url`.", "one machine needs none"),
        key(
            "postgres_connections",
            Kind::Integer { min: 2, max: 500 },
            "16",
            "Connections to PostgreSQL that this machine holds at most.",
            "guess: three machines stay under PostgreSQL's own 100",
        ),
        key(
            "postgres_timeout_ms",
            Kind::Integer { min: 100, max: 60_000 },
            "2_000",
            "What PostgreSQL does not answer within this time is answered 503.",
            "guess: an answer later than this helps nobody who waits for a code",
        ),
        key(
            "postgres_schema",
            Kind::Text,
            "cofferdam",
            "The schema that the tables are in, made where it is missing: installations that share a database \
             differ in it.",
            "the program's name",
        ),
        key(
            "postgres_may_forget",
            Kind::Bool,
            "false",
            "Serve even where PostgreSQL may forget what it acknowledged (`fsync` or `synchronous_commit` off).",
            "a message that was sent must not be forgotten",
        ),
        key(
            "redis_prefix",
            Kind::Text,
            "cofferdam",
            "What the names of all keys in Redis begin with: installations that share a server differ in it.",
            "the program's name",
        ),
        key(
            "redis_timeout_ms",
            Kind::Integer { min: 10, max: 10_000 },
            "250",
            "What Redis does not answer within this time is judged from what this machine knows.",
            "guess: a hundred times what it takes; a message can wait for so long",
        ),
        key(
            "node",
            Kind::Text,
            "",
            "This machine's name among those that share a store, in logs and leases; no two may have the same. One that \
             begins again under its name takes over at once what it held; others wait some seconds.",
            "drawn at each start",
        ),
        key(
            "snapshot_s",
            Kind::Integer { min: 1, max: 3600 },
            "60",
            "How often the tallies are saved; what came since is read from the journal after a crash.",
            "guess: a minute of journal is read again in well under a second",
        ),
        key(
            "readers",
            Kind::Integer { min: 1, max: 64 },
            "4",
            "Connections that read beside the one that writes.",
            "guess: twice the cores of a small machine",
        ),
        key(
            "journal_mib_max",
            Kind::Integer { min: 16, max: 1_048_576 },
            "8192",
            "The journal's size on the disk; the oldest entries go first.",
            "guess: two to four million judged attempts at about 2 KB",
        ),
        key(
            "tally_keys_max",
            Kind::Integer { min: 1_000, max: 1_000_000_000 },
            "2_000_000",
            "Keys of tallies, of each kind, that are kept at once; what was not seen for longest goes first.",
            "guess: 240 MB when all are in use; a big day's numbers, devices and addresses",
        ),
    ],
};

/// Where state lives.
#[derive(Debug, Clone)]
pub struct StoreChoice {
    /// The file; `None` keeps all in memory (`cofferdam dev` without `--data`, tests).
    pub path: Option<PathBuf>,
    /// How often the tallies are saved.
    pub snapshot: Duration,
    /// Connections that read.
    pub readers: usize,
    /// The journal's size.
    pub journal_bytes_max: u64,
    /// Keys of tallies, of each kind.
    pub tally_keys_max: usize,
    /// Where several machines share it; `path` means nothing then.
    pub shared: Option<SharedChoice>,
}

/// Where the state of several machines lives.
#[derive(Debug, Clone)]
pub struct SharedChoice {
    /// Of the records.
    pub postgres_url: SecretString,
    /// Connections at most.
    pub postgres_connections: usize,
    /// How long an answer may take.
    pub postgres_timeout: Duration,
    /// The schema of the tables.
    pub postgres_schema: String,
    /// Serve even where it may forget what it acknowledged.
    pub postgres_may_forget: bool,
    /// Of the tallies.
    pub redis_url: SecretString,
    /// What all names of keys begin with.
    pub redis_prefix: String,
    /// How long an answer may take.
    pub redis_timeout: Duration,
    /// This machine's name, if it was given one.
    pub node: Option<String>,
}

impl StoreChoice {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            path: section.path_of("path"),
            snapshot: section.seconds("snapshot_s"),
            readers: section.integer("readers") as usize,
            journal_bytes_max: section.integer("journal_mib_max") << 20,
            tally_keys_max: section.integer("tally_keys_max") as usize,
            shared: SharedChoice::read(section),
        }
    }

    /// Nothing on a disk.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.path = None;
        self.shared = None;
        self
    }

    /// The folder of the store, for what stands beside it.
    pub fn folder(&self) -> Option<PathBuf> {
        let parent = self.path.as_ref()?.parent()?;
        Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() })
    }

    /// Whether a store stands there already; one that is shared is taken to.
    pub fn stands(&self) -> bool {
        self.shared.is_some() || self.path.as_ref().is_some_and(|path| path.exists())
    }

    /// The file of a store that is one machine's.
    pub fn file(&self) -> Option<&PathBuf> {
        self.path.as_ref().filter(|_| self.shared.is_none())
    }

    /// The store in the file, whatever is shared besides.
    #[must_use]
    pub fn in_file(mut self) -> Self {
        self.shared = None;
        self
    }
}

impl SharedChoice {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let millis = |section: &mut Section<'_>, name| Duration::from_millis(section.integer(name));
        let postgres = url(section, "postgres_url", "postgres_url_file");
        let redis = url(section, "redis_url", "redis_url_file");
        // What is wrong with a file was said already.
        let unread = |section: &Section<'_>, file: &str, url: &Option<SecretString>| {
            url.is_none() && section.node(file).is_some()
        };
        if unread(section, "postgres_url_file", &postgres) || unread(section, "redis_url_file", &redis) {
            return None;
        }
        let (postgres_connections, postgres_timeout) =
            (section.integer("postgres_connections") as usize, millis(section, "postgres_timeout_ms"));
        let postgres_schema = section.text("postgres_schema").unwrap_or_default();
        if !is_schema(&postgres_schema) {
            let mend = "use 1 to 40 letters of a to z, digits and `_`, a letter first";
            section.refuse("postgres_schema", "not a name that needs no quotes", mend);
        }
        let postgres_may_forget = section.bool("postgres_may_forget");
        let redis_timeout = millis(section, "redis_timeout_ms");
        let redis_prefix = section.text("redis_prefix").unwrap_or_default();
        if !is_name(&redis_prefix) {
            section.refuse("redis_prefix", "not a name", NAMES);
        }
        let node = section.text("node").filter(|node| !node.is_empty());
        if node.as_deref().is_some_and(|node| !is_name(node)) {
            section.refuse("node", "not a name", NAMES);
        }
        for (url, name, schemes) in
            [(&postgres, "postgres_url", POSTGRES_SCHEMES), (&redis, "redis_url", REDIS_SCHEMES)]
        {
            let known = |url: &SecretString| schemes.iter().any(|s| url.expose_secret().starts_with(s));
            if url.as_ref().is_some_and(|url| !known(url)) {
                let file = format!("{name}_file");
                let name = if section.node(name).is_none() { file.as_str() } else { name };
                section.refuse(name, "not such an address", format!("begin it with {}", list(schemes)));
            }
        }
        match (postgres, redis) {
            (Some(postgres_url), Some(redis_url)) => Some(Self {
                postgres_url,
                postgres_connections,
                postgres_timeout,
                postgres_schema,
                postgres_may_forget,
                redis_url,
                redis_prefix,
                redis_timeout,
                node,
            }),
            (Some(_), None) => {
                section.refuse("redis_url", "missing beside `postgres_url`", BOTH);
                None
            }
            (None, Some(_)) => {
                section.refuse("postgres_url", "missing beside `redis_url`", BOTH);
                None
            }
            (None, None) => None,
        }
    }
}

/// An address that holds a password: as it stands, or out of a file of its own.
fn url(section: &mut Section<'_>, name: &str, file: &str) -> Option<SecretString> {
    let Some(path) = section.path_of(file) else { return section.secret(name) };
    if section.node(name).is_some() {
        section.refuse(file, format!("`store.{name}` is set too"), "keep one of the two");
        return None;
    }
    let read = std::fs::read_to_string(&path).map(zeroize::Zeroizing::new);
    let refused = match read {
        Err(error) => Some(format!("`{}` cannot be read: {}", path.display(), error.kind())),
        Ok(text) => {
            let line = text.trim();
            if !line.is_empty() && !line.chars().any(|c| c.is_control() || c.is_whitespace()) {
                return Some(SecretString::from(line));
            }
            Some(format!("`{}` does not hold one address", path.display()))
        }
    };
    let mend = "put the address there, on one line, and let the program's user read it";
    section.refuse(file, refused.unwrap_or_default(), mend);
    None
}

const NAMES: &str = "use 1 to 64 letters, digits, `-`, `_` and `.`";
const BOTH: &str = "several machines need both; one machine needs neither, `store.path` alone";
const POSTGRES_SCHEMES: &[&str] = &["postgres://", "postgresql://"];
const REDIS_SCHEMES: &[&str] = &["redis://", "rediss://", "unix://", "redis+cluster://", "redis+sentinel://"];

fn list(schemes: &[&str]) -> String {
    schemes.iter().map(|scheme| format!("`{scheme}`")).collect::<Vec<_>>().join(", ")
}

fn is_schema(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    plain && text.len() <= 40 && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    (1..=64).contains(&text.len())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'))
}
