//! Where the tallies are and how they are reached. Addresses carry passwords, so nothing here shows them.

use crate::store::StoreError;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// How the tallies are reached.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `redis://`, `rediss://`, `unix://`, `redis+cluster://a,b,c` or `redis+sentinel://a,b,c/name`.
    pub url: SecretString,
    /// What the names of all keys begin with.
    pub prefix: String,
    /// What is not answered within this time is judged without.
    pub timeout: Duration,
    /// Keys of each kind in this process's copy.
    pub keys_max: usize,
    /// How far the servers' clocks may be apart from ours; none where time is made up.
    pub clock_apart_max: Option<Duration>,
    /// What follows a decision is sent before the next attempt is counted, not in batches: for a replay,
    /// which must come to the same as in one process.
    pub at_once: bool,
    /// From how much heat on records are summed here and sent a few times a second; what becomes of messages in those that
    /// hardly anybody was counted in is sent minutes later. None: never.
    pub summed_from: Option<u32>,
}

impl RedisSettings {
    /// The usual bounds.
    pub fn at(url: &str, prefix: &str) -> Self {
        Self {
            url: SecretString::from(url.to_owned()),
            prefix: prefix.to_owned(),
            timeout: Duration::from_millis(250),
            keys_max: 2_000_000,
            clock_apart_max: Some(Duration::from_mins(1)),
            at_once: false,
            summed_from: Some(super::sums::HOT),
        }
    }
}

/// Which servers.
#[derive(Debug, Clone)]
pub enum Target {
    One(ConnectionInfo),
    Cluster(Vec<ConnectionInfo>),
    /// Sentinels, the master's name, and how the master is reached.
    Sentinel(Vec<ConnectionInfo>, String, ConnectionInfo),
}

const FORMS: &str = "write `redis://[user:password@]host:port/0`, `rediss://…` with TLS, `unix:///path/to/redis.sock`, \
                     `redis+cluster://[user:password@]host:port,host:port` or \
                     `redis+sentinel://[user:password@]host:port,host:port/name`";

fn wrong(why: &str) -> StoreError {
    StoreError::Unreadable(format!("the address of Redis is {why}: {FORMS}"))
}

fn info(url: &str) -> Result<ConnectionInfo, StoreError> {
    let info = url.into_connection_info().map_err(|_| wrong("none that can be read"))?;
    let tcp = info.tcp_settings().clone().set_nodelay(true);
    Ok(info.set_tcp_settings(tcp))
}

/// Reads an address.
pub fn target(url: &SecretString) -> Result<Target, StoreError> {
    let url = url.expose_secret();
    if let Some(rest) = url.strip_prefix("redis+cluster://") {
        let (user, hosts) = parted(rest);
        let hosts = hosts.split('/').next().unwrap_or_default();
        return Ok(Target::Cluster(each(user, hosts, "")?));
    }
    if let Some(rest) = url.strip_prefix("redis+sentinel://") {
        let (user, hosts) = parted(rest);
        let (hosts, name) = hosts
            .split_once('/')
            .filter(|(_, name)| !name.is_empty())
            .ok_or_else(|| wrong("one of sentinels without the master's name"))?;
        let master = info(&format!("redis://{user}localhost"))?;
        return Ok(Target::Sentinel(each("", hosts, "")?, name.to_owned(), master));
    }
    Ok(Target::One(info(url)?))
}

/// User and password with their `@`, and the rest.
fn parted(rest: &str) -> (&str, &str) {
    rest.rfind('@').map_or(("", rest), |at| rest.split_at(at + 1))
}

fn each(user: &str, hosts: &str, path: &str) -> Result<Vec<ConnectionInfo>, StoreError> {
    hosts.split(',').map(|host| info(&format!("redis://{user}{host}{path}"))).collect()
}

impl Target {
    /// Where it is, for logs: no user, no password.
    pub fn shown(&self) -> String {
        let of = |infos: &[ConnectionInfo]| {
            infos.iter().map(|info| place(info.addr())).collect::<Vec<_>>().join(",")
        };
        match self {
            Self::One(info) => place(info.addr()),
            Self::Cluster(infos) => of(infos),
            Self::Sentinel(infos, name, _) => format!("{}/{name}", of(infos)),
        }
    }
}

fn place(addr: &ConnectionAddr) -> String {
    addr.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_secrets() {
        for (url, shown) in [
            ("redis://127.0.0.1:7000/0", "127.0.0.1:7000"),
            ("redis://me:right-horse@127.0.0.1", "127.0.0.1:6379"),
            ("unix:///run/redis.sock", "/run/redis.sock"),
            ("redis+cluster://:right-horse@a:1,b:2,c", "a:1,b:2,c:6379"),
            ("redis+sentinel://me:right-horse@a:26379,b:26379/cofferdam", "a:26379,b:26379/cofferdam"),
        ] {
            let target = target(&SecretString::from(url)).unwrap();
            assert_eq!(target.shown(), shown);
        }
        for url in ["redis+sentinel://right-horse@a:1", "http://right-horse@a", "redis+cluster://", "nothing"]
        {
            let error = target(&SecretString::from(url)).unwrap_err().to_string();
            assert!(error.contains("write `redis://") && !error.contains("right-horse"), "{error}");
        }
        let settings = RedisSettings::at("redis://:right-horse@a", "cofferdam");
        assert!(!format!("{settings:?}").contains("right-horse"));
    }
}
