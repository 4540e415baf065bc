//! Moving everything from one home to another, and comparing two.
//!
//! Table by table, some thousand rows at a time, each portion a transaction of the home that takes it in:
//! what was interrupted goes on where it ended when it is run again. Nobody serves from either meanwhile.

use super::StoreError;
use super::records::Records;
use super::row::{Moved, Table};
use super::tallies::{MovedTallies, Tallied, Tallies};
use sha2::{Digest as _, Sha256};

/// Rows a portion. A judged attempt is some kilobytes, so a portion stays a few megabytes.
const PORTION: u32 = 1_000;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Of which table.
    pub table: Table,
    /// Rows that were read of it.
    pub read: u64,
    /// Of those, the ones that did not stand in the other home yet.
    pub new: u64,
}

/// What a home holds of a table: how many rows, and a sum over what they say that does not mind their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    /// All rows' digests, added.
    digest: u128,
}

impl Sum {
    /// Whether as many rows, with another content.
    pub fn differs_in_content(&self, other: &Self) -> bool {
        self.rows == other.rows && self.digest != other.digest
    }

    fn add(&mut self, row: &Moved) {
        let text = format!("{row:?}");
        let digest = Sha256::digest(text.as_bytes());
        let half = digest.first_chunk::<16>().map_or(0, |bytes| u128::from_be_bytes(*bytes));
        self.rows += 1;
        self.digest = self.digest.wrapping_add(half);
    }
}

/// Copies all tables. `go_on`: some of it was copied before. `told` hears of every portion.
pub async fn copy(
    from: &dyn Records,
    to: &dyn Records,
    go_on: bool,
    mut told: impl FnMut(Progress),
) -> Result<Vec<Progress>, StoreError> {
    let mut all = Vec::new();
    from.flush().await?;
    for table in Table::ALL {
        let mut progress = Progress { table, read: 0, new: 0 };
        let mut after: Option<String> = None;
        loop {
            let stretch = from.hand_out(table, after.as_deref(), PORTION).await?;
            progress.read += stretch.rows.len() as u64;
            let known = go_on && stands(to, stretch.rows.first()).await?;
            if !stretch.rows.is_empty() && !known {
                progress.new += to.take_in(stretch.rows).await?;
            }
            told(progress);
            after = stretch.next;
            if after.is_none() {
                break;
            }
        }
        all.push(progress);
    }
    to.flush().await?;
    Ok(all)
}

/// Whether a portion that begins with this judged attempt was taken in before: all of it was, or nothing. Of the
/// other tables each row says by itself whether it stands.
async fn stands(to: &dyn Records, first: Option<&Moved>) -> Result<bool, StoreError> {
    let Some(Moved::Judged(entry)) = first else { return Ok(false) };
    Ok(to.journalled(&entry.owner, &entry.assessment_id).await?.is_some())
}

/// Takes limits, proofs and evidence over, with the attempts whose outcomes are awaited; answers with how many
/// records that were. Both move with the time of the move: what is over by then is left behind.
pub async fn copy_tallies(from: &dyn Tallies, to: &dyn Tallies, at_s: u32) -> Result<u64, StoreError> {
    let mut moved = 0;
    let mut after: Option<String> = None;
    let mut open = Vec::new();
    loop {
        let MovedTallies { rows, next } = from.hand_out(after.as_deref(), at_s).await?;
        // Last, whatever the order is in which they come: outcomes are added to records that stand.
        let (late, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.of == Tallied::Open);
        open.extend(late);
        if !rows.is_empty() {
            moved += to.take_in(rows, at_s).await?;
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    // Together, so that they stand in order of time.
    if !open.is_empty() {
        moved += to.take_in(open, at_s).await?;
    }
    Ok(moved)
}

/// What stands in each table.
pub async fn sums(of: &dyn Records, mut told: impl FnMut(Progress)) -> Result<Vec<(Table, Sum)>, StoreError> {
    let mut all = Vec::new();
    of.flush().await?;
    for table in Table::ALL {
        let mut sum = Sum::default();
        let mut after: Option<String> = None;
        loop {
            let stretch = of.hand_out(table, after.as_deref(), PORTION).await?;
            stretch.rows.iter().for_each(|row| sum.add(row));
            told(Progress { table, read: sum.rows, new: 0 });
            after = stretch.next;
            if after.is_none() {
                break;
            }
        }
        all.push((table, sum));
    }
    Ok(all)
}

#[cfg(test)]
pub(super) mod tests;
