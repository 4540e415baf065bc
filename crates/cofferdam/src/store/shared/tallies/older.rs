//! What an installation counted under the names of the first layout, which were longer.
//!
//! The first node of this layout gives all of it its new name, once, as it starts. A node of the first that still
//! lives would count beside it unseen, so it is refused by name. In a cluster, which no one call walks through, what is
//! old is left to expire.

use super::link::{Conn, Link};
use super::mend::{away, bytes};
use super::name::{Holds, Name};
use super::nodes::heard;
use crate::store::StoreError;
use redis::{RedisError, Value};

/// Keys that are looked at together.
const AT_ONCE: usize = 1_000;
/// Each key its new name, unless something stands there already: another node may be at it too.
const RENAME: &str = "local many = 0
for n = 1, #KEYS, 2 do
  if redis.call('EXISTS', KEYS[n]) == 1 then many = many + redis.call('RENAMENX', KEYS[n], KEYS[n + 1]) end
end
return many";

/// Brings it over, if there is any.
pub async fn bring_over(link: &Link, conn: &mut Conn) -> Result<(), StoreError> {
    let failed = |error: RedisError| away(&error);
    let nodes = link.names.first(Name::new(Holds::Nodes, 0));
    let all = conn.send(redis::cmd("HGETALL").arg(nodes)).await.map_err(failed)?;
    for (id, _) in heard(all) {
        let lease = link.names.first(Name::new(Holds::Lease, id));
        if conn.send(redis::cmd("EXISTS").arg(lease)).await.map_err(failed)? == Value::Int(1) {
            return Err(StoreError::Away(format!(
                "a machine of an earlier version counts in Redis at {}, under names of its own: stop all such \
                 machines, wait five seconds, and start this one",
                link.shown()
            )));
        }
    }
    let mark = link.names.first(Name::new(Holds::Mark, 0));
    let stands = conn.send(redis::cmd("EXISTS").arg(mark)).await.map_err(failed)? == Value::Int(1);
    if !stands || link.is_cluster() {
        return Ok(());
    }
    let keys = rename_all(link, conn).await.map_err(failed)?;
    tracing::info!(keys, "what an earlier version counted has its new names");
    Ok(())
}

async fn rename_all(link: &Link, conn: &mut Conn) -> Result<i64, RedisError> {
    let pattern = format!("{}*", link.names.first_begin());
    let (mut place, mut many) = (b"0".to_vec(), 0);
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(&place[..]).arg("MATCH").arg(&pattern).arg("COUNT").arg(AT_ONCE);
        let Value::Array(found) = conn.send(&scan).await? else { return Ok(many) };
        let mut found = found.into_iter();
        let (Some(next), Some(Value::Array(keys))) = (found.next().and_then(bytes), found.next()) else {
            return Ok(many);
        };
        let pairs = keys.into_iter().filter_map(bytes);
        let pairs = pairs.filter_map(|first| link.names.renewed(&first).map(|renewed| [first, renewed]));
        let names: Vec<Vec<u8>> = pairs.flatten().collect();
        if !names.is_empty() {
            let call = redis::cmd("EVAL").arg(RENAME).arg(names.len()).arg(names).to_owned();
            if let Value::Int(renamed) = conn.send(&call).await? {
                many += renamed;
            }
        }
        if next == b"0" {
            return Ok(many);
        }
        place = next;
    }
}
