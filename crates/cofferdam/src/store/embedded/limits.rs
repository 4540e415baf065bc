//! Exact limits: how many stand in a window, to a sixtieth of it, on the strict side.
//!
//! One row holds all windows of a tenant's scope and key, as buckets of absolute time. The oldest
//! bucket that a window touches counts whole, so a limit is never passed, and frees at most a
//! sixtieth of the window late. Arithmetic alone, but for reading and writing the row; called by
//! [`super::ledger`] and [`super::guesses`] within their transactions.

use super::codes;
use super::late::Late;
use super::sql;
use super::writer::Tx;
use crate::store::StoreError;
use crate::store::row::{MovedBucket, MovedLimit, Owner};
use cofferdam_engine::limit::{Limit, LimitScope};
use rusqlite::{Connection, OptionalExtension as _, params};

/// Buckets that make one window.
const BUCKETS: u32 = 60;
/// A bucket that begins further ahead than this is of a clock that was set back, not of a caller who
/// came a moment earlier: it does not count, or a step of the clock would lock people out.
const AHEAD_S: u32 = 60;

/// A count in a bucket of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Bucket {
    pub(in crate::store) window_s: u32,
    pub(in crate::store) at: u32,
    pub(in crate::store) n: u32,
}

/// All buckets of one scope and key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct Buckets(pub(in crate::store) Vec<Bucket>);

fn width_s(window_s: u32) -> u32 {
    window_s.div_ceil(BUCKETS).max(1)
}

/// The oldest bucket that a window ending at `at_s` touches.
fn oldest(window_s: u32, at_s: u32) -> u32 {
    (at_s + 1).saturating_sub(window_s) / width_s(window_s)
}

impl Buckets {
    fn counted(&self, window_s: u32, at_s: u32) -> impl Iterator<Item = &Bucket> {
        let from = oldest(window_s, at_s);
        let to = at_s.saturating_add(AHEAD_S) / width_s(window_s);
        self.0.iter().filter(move |b| b.window_s == window_s && (from..=to).contains(&b.at))
    }

    /// How many stand in the window that ends at `at_s`.
    pub(in crate::store) fn seen(&self, window_s: u32, at_s: u32) -> u32 {
        self.counted(window_s, at_s).map(|b| b.n).sum()
    }

    /// In how many seconds fewer than `max` stand in it; 0: that is so now.
    pub(in crate::store) fn frees_in_s(&self, window_s: u32, at_s: u32, max: u32) -> u32 {
        let mut left = self.seen(window_s, at_s);
        let mut counted: Vec<_> = self.counted(window_s, at_s).collect();
        counted.sort_unstable_by_key(|b| b.at);
        let mut leaves_in_s = 0;
        for bucket in counted {
            if left < max.max(1) {
                break;
            }
            left -= bucket.n;
            // It leaves when its last second is a whole window ago.
            let gone_s = (bucket.at + 1) * width_s(window_s) + window_s - 1;
            leaves_in_s = gone_s.saturating_sub(at_s);
        }
        // A limit of nought never frees; a window later it is worth looking whether it still stands.
        if max == 0 { leaves_in_s.max(window_s) } else { leaves_in_s }
    }

    /// Adds one to each window; answers with the buckets that it stands in, to give it back.
    pub(in crate::store) fn add(
        &mut self,
        windows_s: impl IntoIterator<Item = u32>,
        at_s: u32,
    ) -> Vec<Bucket> {
        let mut added: Vec<Bucket> = Vec::new();
        for window_s in windows_s {
            if window_s == 0 || added.iter().any(|b| b.window_s == window_s) {
                continue;
            }
            let at = at_s / width_s(window_s);
            match self.0.iter_mut().find(|b| b.window_s == window_s && b.at == at) {
                Some(bucket) => bucket.n = bucket.n.saturating_add(1),
                None => self.0.push(Bucket { window_s, at, n: 1 }),
            }
            added.push(Bucket { window_s, at, n: 1 });
        }
        added
    }

    /// Takes one out of each of these buckets.
    pub(in crate::store) fn take_back(&mut self, added: &[Bucket]) {
        for of in added {
            let found = self.0.iter_mut().find(|b| b.window_s == of.window_s && b.at == of.at);
            if let Some(bucket) = found {
                bucket.n = bucket.n.saturating_sub(of.n);
            }
        }
    }

    /// Takes one out of each window, from the oldest bucket since `since_s`: what is left is newer
    /// than in truth, which errs on the strict side.
    pub(in crate::store) fn take_oldest(&mut self, since_s: u32) {
        let mut windows: Vec<u32> = self.0.iter().map(|b| b.window_s).collect();
        windows.sort_unstable();
        windows.dedup();
        for window_s in windows {
            let since = since_s / width_s(window_s);
            let of_window = self.0.iter_mut().filter(|b| b.window_s == window_s && b.n > 0 && b.at >= since);
            if let Some(bucket) = of_window.min_by_key(|b| b.at) {
                bucket.n -= 1;
            }
        }
    }

    /// By when all of it is gone.
    pub(in crate::store) fn until_s(&self) -> i64 {
        let gone = self
            .0
            .iter()
            .map(|b| (i64::from(b.at) + 1) * i64::from(width_s(b.window_s)) + i64::from(b.window_s));
        gone.max().unwrap_or(0)
    }

    /// Drops what no window reaches any more. Answers by when all is gone, in Unix seconds.
    pub(in crate::store) fn tidy(&mut self, at_s: u32) -> i64 {
        self.0.retain(|b| b.n > 0 && b.at >= oldest(b.window_s, at_s));
        self.until_s()
    }

    pub(in crate::store) fn bytes(&self) -> Vec<u8> {
        write_buckets(&self.0)
    }
}

/// Buckets as bytes: three words each.
pub(in crate::store) fn write_buckets(buckets: &[Bucket]) -> Vec<u8> {
    buckets.iter().flat_map(|b| [b.window_s, b.at, b.n]).flat_map(u32::to_le_bytes).collect()
}

/// Buckets from bytes.
pub(in crate::store) fn read_buckets(bytes: &[u8]) -> Option<Vec<Bucket>> {
    let each = bytes.chunks_exact(12);
    if !each.remainder().is_empty() {
        return None;
    }
    each.map(|twelve| {
        let word = |at: usize| Some(u32::from_le_bytes(twelve.get(at..at + 4)?.try_into().ok()?));
        Some(Bucket { window_s: word(0)?, at: word(4)?, n: word(8)? })
    })
    .collect()
}

/// The name of a row: tenant, world, scope and key.
pub(in crate::store) fn name(owner: &Owner, scope: LimitScope, key: u64) -> Vec<u8> {
    let mut name = Vec::with_capacity(owner.tenant.len() + 11);
    name.extend_from_slice(owner.tenant.as_bytes());
    name.push(0);
    name.push(codes::world(owner.world) as u8);
    name.push(scope_code(scope));
    name.extend_from_slice(&key.to_be_bytes());
    name
}

/// A row as another home is told of it.
pub(in crate::store) fn moved(name: &[u8], buckets: &[u8]) -> Result<MovedLimit, StoreError> {
    let torn = || StoreError::Unreadable("an exact limit".into());
    let (tenant, rest) =
        name.iter().position(|byte| *byte == 0).map(|at| name.split_at(at)).ok_or_else(torn)?;
    let [0, world, scope, key @ ..] = rest else { return Err(torn()) };
    let scope = SCOPES.into_iter().find(|known| scope_code(*known) == *scope).ok_or_else(torn)?;
    let mut buckets: Vec<MovedBucket> = read_buckets(buckets)
        .ok_or_else(torn)?
        .into_iter()
        .map(|b| MovedBucket { window_s: b.window_s, at: b.at, n: b.n })
        .collect();
    buckets.sort_unstable();
    Ok(MovedLimit {
        owner: Owner {
            tenant: String::from_utf8(tenant.to_vec()).map_err(|_| torn())?,
            world: codes::world_of(i64::from(*world))?,
        },
        scope,
        key: u64::from_be_bytes(key.try_into().map_err(|_| torn())?),
        buckets,
    })
}

/// What another home says of it: name and buckets.
pub(in crate::store) fn taken_in(moved: &MovedLimit) -> (Vec<u8>, Vec<u8>) {
    let buckets = moved.buckets.iter().map(|b| Bucket { window_s: b.window_s, at: b.at, n: b.n });
    let buckets: Vec<Bucket> = buckets.collect();
    (name(&moved.owner, moved.scope, moved.key), write_buckets(&buckets))
}

const SCOPES: [LimitScope; 15] = [
    LimitScope::Number,
    LimitScope::NumberChecks,
    LimitScope::Tenant,
    LimitScope::Ip,
    LimitScope::Ipv4_24,
    LimitScope::Ipv6_64,
    LimitScope::Ipv6_48,
    LimitScope::Device,
    LimitScope::Session,
    LimitScope::User,
    LimitScope::UserAgent,
    LimitScope::Prefix,
    LimitScope::Network,
    LimitScope::Country,
    LimitScope::Profile,
];

/// Whether a row is of a scope: its code stands before the eight bytes of the key.
pub(in crate::store) fn is_of(name: &[u8], scope: LimitScope) -> bool {
    name.len().checked_sub(9).and_then(|at| name.get(at)) == Some(&scope_code(scope))
}

/// For ever, like all codes in rows.
fn scope_code(scope: LimitScope) -> u8 {
    match scope {
        LimitScope::Number => 0,
        LimitScope::NumberChecks => 1,
        LimitScope::Tenant => 2,
        LimitScope::Ip => 3,
        LimitScope::Ipv4_24 => 4,
        LimitScope::Ipv6_64 => 5,
        LimitScope::Ipv6_48 => 6,
        LimitScope::Device => 7,
        LimitScope::Session => 8,
        LimitScope::User => 9,
        LimitScope::UserAgent => 10,
        LimitScope::Prefix => 11,
        LimitScope::Network => 12,
        LimitScope::Country => 13,
        LimitScope::Profile => 14,
    }
}

/// A row as it stands.
pub(super) struct Standing {
    /// Its number; none if there is no such row yet.
    row: Option<i64>,
    /// The key of its name.
    key: i64,
    pub(super) buckets: Buckets,
}

/// Reads a row.
pub(super) fn read(conn: &Connection, late: &Late, name: &[u8]) -> Result<Standing, StoreError> {
    let key = late.exact.key(name);
    for row in late.exact.rows_of(conn, key)? {
        let bytes: Option<Vec<u8>> = conn
            .prepare_cached("SELECT buckets FROM exact WHERE row = ?1 AND name = ?2")
            .and_then(|mut s| s.query_row(params![row, name], |row| row.get(0)).optional())
            .map_err(sql)?;
        if let Some(bytes) = bytes {
            let torn = || StoreError::Unreadable("the buckets of an exact limit".into());
            let buckets = Buckets(read_buckets(&bytes).ok_or_else(torn)?);
            return Ok(Standing { row: Some(row), key, buckets });
        }
    }
    Ok(Standing { row: None, key, buckets: Buckets::default() })
}

/// Writes a row that was read, without what is over.
pub(super) fn write(tx: &Tx<'_>, name: &[u8], standing: Standing, at_s: u32) -> Result<(), StoreError> {
    let Standing { row, key, mut buckets } = standing;
    let until_s = buckets.tidy(at_s);
    match row {
        Some(row) => tx.run(
            "UPDATE exact SET until_s = ?2, buckets = ?3 WHERE row = ?1",
            params![row, until_s, buckets.bytes()],
        )?,
        None => tx.run(
            "INSERT INTO exact (row, name, until_s, buckets) VALUES (?1, ?2, ?3, ?4)",
            params![tx.late.exact.row(key), name, until_s, buckets.bytes()],
        )?,
    };
    Ok(())
}

/// Takes a row away; says whether there was one.
pub(super) fn remove(tx: &mut Tx<'_>, name: &[u8]) -> Result<bool, StoreError> {
    let late = tx.late;
    let Some(row) = read(tx.conn, late, name)?.row else { return Ok(false) };
    tx.run("DELETE FROM exact WHERE row = ?1", [row])?;
    late.exact.forget(tx, row, name)?;
    Ok(true)
}

/// The first limit that one more would pass, with how many stand in it and when it frees.
pub(in crate::store) fn refusal(buckets: &Buckets, limits: &[Limit], at_s: u32) -> Option<(Limit, u32, u32)> {
    // Of several, the one that frees last says when it is worth coming again.
    limits
        .iter()
        .map(|limit| (*limit, buckets.seen(limit.window_s, at_s)))
        .filter(|(limit, seen)| *seen >= limit.max)
        .map(|(limit, seen)| (limit, seen, buckets.frees_in_s(limit.window_s, at_s, limit.max)))
        .max_by_key(|(_, _, frees_in_s)| *frees_in_s)
}

#[cfg(test)]
mod tests;
