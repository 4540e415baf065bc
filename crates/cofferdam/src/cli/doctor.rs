//! `cofferdam doctor`: what is wrong with this machine, and how to mend it. Changes nothing, sends nothing.

use super::backup::LAST;
use super::error::CliError;
use super::out::Out;
use super::server::runtime;
use super::settings::{Read, SettingsArgs, read};
use crate::clock::{Clock as _, SystemClock, SystemDice};
use crate::config::{ProviderKind, Settings, SharedChoice};
use crate::provider::http::HttpProvider;
use crate::secrets::file;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  cofferdam doctor --config cofferdam.toml
  cofferdam doctor --json | jq '.checks[] | select(.state != \"ok\")'";

/// Says what is wrong with this machine, and how to mend it. Changes nothing and sends nothing;
/// providers are connected to, without a message.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES, after_help = "Exit codes: 0 nothing is wrong (warnings aside), 1 something is, 2 the settings are not valid.")]
pub struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warning,
    Wrong,
}

/// What one look found.
struct Found {
    name: String,
    state: State,
    what: String,
    mend: &'static str,
}

impl Found {
    fn ok(name: &str, what: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Ok, what: what.into(), mend: "" }
    }

    fn warning(name: &str, what: impl Into<String>, mend: &'static str) -> Self {
        Self { name: name.to_owned(), state: State::Warning, what: what.into(), mend }
    }

    fn wrong(name: &str, what: impl Into<String>, mend: &'static str) -> Self {
        Self { name: name.to_owned(), state: State::Wrong, what: what.into(), mend }
    }
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let settings = match read(&args.settings)? {
        Read::Good(settings) => *settings,
        Read::Bad(errors) => return Err(super::settings::wrong(&errors)),
    };
    let mut found = vec![Found::ok("settings", "valid"), clock()];
    found.push(secrets(&settings));
    found.extend(match &settings.store.shared {
        Some(both) => shared(&settings, both)?,
        None => store(&settings),
    });
    found.extend(disk(&settings));
    found.push(backup(&settings));
    found.extend(routes(&settings));
    found.extend(providers(&settings)?);
    let wrong = found.iter().any(|found| found.state == State::Wrong);
    let checks = found.iter().map(|found| {
        let mend = Some(found.mend).filter(|mend| !mend.is_empty());
        json!({ "name": found.name, "state": word(found.state), "what": found.what, "mend": mend })
    });
    let json = json!({ "ok": !wrong, "checks": checks.collect::<Vec<_>>() });
    out.data(&json, || found.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    if wrong { Err(CliError::no()) } else { Ok(()) }
}

fn word(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Wrong => "wrong",
    }
}

fn line(found: &Found) -> String {
    let mend =
        if found.mend.is_empty() { String::new() } else { format!("\n           mend: {}", found.mend) };
    format!("{:8} {}: {}{mend}", word(found.state), found.name, found.what)
}

/// The program is younger than this; a clock before it is wrong. 2026-11-21.
const BORN_MS: i64 = 1_795_219_200_000;
const DAY_MS: i64 = 24 * 3_600_000;

fn clock() -> Found {
    let now = SystemClock.now_ms();
    if (BORN_MS..BORN_MS + 20 * 365 * DAY_MS).contains(&now) {
        Found::ok("clock", "plausible")
    } else {
        Found::wrong(
            "clock",
            "the machine's clock is years off",
            "set it, and keep it by NTP: codes and limits live by it",
        )
    }
}

fn secrets(settings: &Settings) -> Found {
    let Some(path) = settings.secrets.file(&settings.store) else {
        return Found::ok("secrets", "from the settings");
    };
    if !path.exists() && !settings.store.stands() {
        return Found::ok("secrets", format!("`{}` will be made at the first start", path.display()));
    }
    match file::load(&settings.secrets, &settings.store, &SystemDice::default()) {
        Ok(secrets) => Found::ok("secrets", format!("version {}", secrets.current())),
        Err(error) => Found::wrong("secrets", error.to_string(), "without the right key nothing can be read"),
    }
}

/// Whether the store opens. One that a server has open is looked at from outside only.
fn store(settings: &Settings) -> Vec<Found> {
    let Some(path) = settings.store.file().filter(|path| path.exists()) else {
        return vec![Found::ok("store", "will be made at the first start")];
    };
    let mut found = vec![match crate::store::look(path) {
        Ok(what) => Found::ok("store", what),
        Err(error) => Found::wrong("store", error.to_string(), "see docs/guides/backup.md"),
    }];
    found.extend(open_to_others(path));
    found
}

/// Both halves of a store that machines share.
fn shared(settings: &Settings, both: &SharedChoice) -> Result<Vec<Found>, CliError> {
    // Without a key that can be read there is none to compare; that was told above.
    let secrets = file::load(&settings.secrets, &settings.store, &SystemDice::default());
    let key = secrets.map_or_else(|_| String::new(), |secrets| secrets.name());
    let parts = runtime()?.block_on(crate::store::look_shared(both, &SystemClock, &key));
    let found = parts.into_iter().map(|part| match part.found {
        Ok(what) => Found::ok(part.name, what),
        Err(error) => Found::wrong(part.name, error, "see docs/guides/several-machines.md"),
    });
    Ok(found.collect())
}

/// The store's own file and what stands beside it under its name.
fn open_to_others(store: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    let name = store.display();
    let beside = ["-wal", "-shm"].map(|end| format!("{name}{end}").into());
    for file in beside.into_iter().chain([store.to_owned(), store.with_extension("tallies")]) {
        let mode = std::fs::metadata(&file).map_or(0, |data| data.permissions().mode());
        if mode & 0o007 != 0 {
            let what = format!("`{}` can be read by others (mode {:04o})", file.display(), mode & 0o777);
            found.push(Found::warning("modes", what, "chmod o-rwx, and look who could read it"));
        }
    }
    found
}

fn disk(settings: &Settings) -> Option<Found> {
    let path = settings.store.file()?;
    // The folder may not be there yet: then the one above it is where it will be.
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let free = rustix::fs::statvfs(there).ok()?;
    let mib = free.f_bavail.saturating_mul(free.f_frsize) >> 20;
    let journal_mib = settings.store.journal_bytes_max >> 20;
    let mend = "make room, move `store.path`, or lower `store.journal_mib_max`";
    Some(if mib < 256 {
        Found::wrong("disk", format!("{mib} MiB free"), mend)
    } else if mib < journal_mib {
        Found::warning("disk", format!("{mib} MiB free, and the journal may take {journal_mib} MiB"), mend)
    } else {
        Found::ok("disk", format!("{mib} MiB free"))
    })
}

fn backup(settings: &Settings) -> Found {
    if settings.store.shared.is_some() {
        return Found::ok("backup", "the store is in PostgreSQL: its own tools copy it");
    }
    let Some(path) = settings.store.file().filter(|path| path.exists()) else {
        return Found::ok("backup", "nothing to back up yet");
    };
    let made = std::fs::metadata(path.with_extension(LAST)).and_then(|data| data.modified()).ok();
    let made = made.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let now = u64::try_from(SystemClock.now_ms()).unwrap_or(0);
    match made.map(|at| Duration::from_millis(now).saturating_sub(at).as_secs() / 3600) {
        None => Found::warning(
            "backup",
            "none was made with `cofferdam backup`",
            "make one, and keep secrets.key elsewhere",
        ),
        Some(hours) if hours > 48 => {
            Found::warning("backup", format!("the last is {hours} hours old"), "make one each day")
        }
        Some(hours) => Found::ok("backup", format!("the last is {hours} hours old")),
    }
}

fn routes(settings: &Settings) -> Vec<Found> {
    let mut found = Vec::new();
    if !settings.sends_for_real() {
        found.push(Found::warning(
            "routes",
            "no provider is set: messages stay in the outbox",
            "see docs/guides/going-live.md",
        ));
    }
    for provider in &settings.providers {
        let ProviderKind::Http(http) = &provider.kind else { continue };
        if !settings.routes.contains(&provider.name) {
            found.push(Found::warning(
                "routes",
                format!("`{}` is in no route", provider.name),
                "add it to `routes`, or remove it",
            ));
        }
        if in_the_open(http.url.lead()) {
            let what = format!("`{}` is sent codes without TLS", provider.name);
            found.push(Found::warning("routes", what, "use an `https://` address"));
        }
        if http.delivery.is_some() && settings.listen.public_url.is_none() {
            let what = format!("`{}` cannot report deliveries", provider.name);
            found.push(Found::warning("deliveries", what, "set `listen.public_url`"));
        }
    }
    found
}

/// Whether an address leaves this machine unencrypted. What cannot be read is not called open.
fn in_the_open(url: &str) -> bool {
    let Some(host) = url.strip_prefix("http://").and_then(|rest| rest.split(['/', '?']).next()) else {
        return false;
    };
    !(host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]"))
}

fn providers(settings: &Settings) -> Result<Vec<Found>, CliError> {
    let mut found = Vec::new();
    for provider in &settings.providers {
        let ProviderKind::Http(http) = &provider.kind else { continue };
        let name = format!("provider {}", provider.name);
        let reached = match HttpProvider::new(&provider.name, (**http).clone(), None) {
            Ok(made) => runtime()?.block_on(made.reach()),
            Err(error) => Err(error.to_string()),
        };
        found.push(match reached {
            Ok(()) => Found::ok(&name, "reached"),
            Err(error) => Found::wrong(&name, error, "is its `url` right, and may this machine reach it?"),
        });
    }
    Ok(found)
}
