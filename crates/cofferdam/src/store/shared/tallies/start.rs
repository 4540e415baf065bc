//! What is asked of the servers before anything is entrusted to them. What will not do is refused by name.

use super::link::{Conn, Link, said};
use super::name::{Holds, Name, Names};
use super::settings::RedisSettings;
use crate::clock::Clock;
use crate::store::StoreError;
use redis::{RedisError, Value};
use std::time::Duration;

/// Older servers lack what the script needs.
const OLDEST: (u32, u32) = (6, 2);
/// Clocks that are further apart than this are told of.
const APART: Duration = Duration::from_secs(10);

/// Reaches the servers and looks whether they will do.
pub async fn reach(link: &Link, settings: &RedisSettings, clock: &dyn Clock) -> Result<Conn, StoreError> {
    let at = link.shown();
    let away = |error: RedisError| StoreError::Away(format!("Redis at {at}: {}", said(&error)));
    let mut conn = link.connect().await.map_err(away)?;
    for info in conn.send_all(redis::cmd("INFO")).await.map_err(away)? {
        suits(&text(&info)).map_err(|why| StoreError::Away(format!("Redis at {at} will not do: {why}")))?;
    }
    takes_writes(&mut conn, &link.names).await.map_err(away)?;
    if let Some(most) = settings.clock_apart_max {
        for time in conn.send_all(redis::cmd("TIME")).await.map_err(away)? {
            let apart = apart(&time, clock.now_ms());
            let seconds = apart.as_secs();
            if apart >= most {
                return Err(StoreError::Away(format!(
                    "the clock of Redis at {at} is {seconds} seconds apart from this machine's: let both be set by NTP"
                )));
            }
            if apart >= APART {
                tracing::warn!(servers = %at, seconds, "the clock of Redis is apart from this machine's");
            }
        }
    }
    Ok(conn)
}

/// Whether what is written is taken: it is no replica, and not full.
pub async fn takes_writes(conn: &mut Conn, names: &Names) -> Result<(), RedisError> {
    let name = names.text(Name::new(Holds::Probe, 0));
    conn.send(redis::cmd("SET").arg(name).arg("1").arg("EX").arg(10)).await.map(|_| ())
}

fn text(value: &Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text.clone(),
        _ => String::new(),
    }
}

/// Whether a server of this description will do, and if not, what mends it.
fn suits(info: &str) -> Result<(), String> {
    let of =
        |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let version = of("redis_version").unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let have = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if have < OLDEST {
        return Err(format!("it is of version {version}, and 6.2 is the oldest that will do: upgrade it"));
    }
    if of("role") == Some("slave") {
        return Err("it is a replica, which takes no writes: name the master, or the sentinels".to_owned());
    }
    match of("maxmemory_policy") {
        None | Some("noeviction") => Ok(()),
        Some(other) => Err(format!(
            "its `maxmemory-policy` is `{other}`, so counts would vanish without a word: set it to `noeviction`"
        )),
    }
}

/// How far a server's clock is apart.
fn apart(time: &Value, now_ms: i64) -> Duration {
    let Value::Array(parts) = time else { return Duration::ZERO };
    let mut parts = parts.iter().map(|part| match part {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).parse::<i64>().unwrap_or(0),
        Value::Int(n) => *n,
        _ => 0,
    });
    let (seconds, micros) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    Duration::from_millis((seconds * 1_000 + micros / 1_000).abs_diff(now_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_will_not_do_is_refused_by_name() {
        let info = |version: &str, role: &str, policy: &str| {
            format!("# Server\r\nredis_version:{version}\r\nrole:{role}\r\nmaxmemory_policy:{policy}\r\n")
        };
        assert_eq!(suits(&info("6.2.0", "master", "noeviction")), Ok(()));
        assert_eq!(suits(&info("10.0.1", "master", "noeviction")), Ok(()));
        for (info, says) in [
            (info("6.0.16", "master", "noeviction"), "upgrade"),
            (info("7.0.15", "slave", "noeviction"), "replica"),
            (info("7.0.15", "master", "allkeys-lru"), "`noeviction`"),
            (info("7.0.15", "master", "volatile-ttl"), "`volatile-ttl`"),
        ] {
            assert!(suits(&info).unwrap_err().contains(says));
        }
    }

    #[test]
    fn clocks_are_compared() {
        let time = Value::Array(vec![
            Value::BulkString(b"1700000000".to_vec()),
            Value::BulkString(b"500000".to_vec()),
        ]);
        assert_eq!(apart(&time, 1_700_000_061_500), Duration::from_secs(61));
    }
}
