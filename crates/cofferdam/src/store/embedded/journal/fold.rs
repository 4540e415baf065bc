//! The pieces of a journal row, each written as what differs from the piece before.
//!
//! Writing the journal's bytes is what it costs, and two lines that follow one another are alike byte
//! for byte but for their names and times: folded, a row is less than half as long. Pieces are only
//! compared place by place, which is nearly as quick as copying them. It knows nothing of what a piece
//! says; [`super`] folds rows as they are written and unfolds them as they are read.
//!
//! A piece is its length, and then in turn how many bytes are those of the piece before at the same
//! place, how many are not, and these. Numbers are seven bits a byte, the lowest first.

use crate::store::StoreError;

/// So many bytes must be alike for it to be worth a word: saying it takes two.
const ALIKE_MIN: usize = 4;

/// Folds pieces one after the other.
pub(in crate::store) struct Fold<'a> {
    to: Vec<u8>,
    before: &'a [u8],
}

impl<'a> Fold<'a> {
    /// Into an empty row, for which so many bytes will mostly do.
    pub(in crate::store) fn with_capacity(bytes: usize) -> Self {
        Self { to: Vec::with_capacity(bytes), before: &[] }
    }

    /// Into an empty row that stands where another stood.
    pub(in crate::store) fn within(mut to: Vec<u8>) -> Self {
        to.clear();
        Self { to, before: &[] }
    }

    /// Adds a piece.
    pub(in crate::store) fn add(&mut self, piece: &'a [u8]) {
        number(piece.len(), &mut self.to);
        let (mut piece_left, mut before) = (piece, self.before);
        while !piece_left.is_empty() {
            let same = alike(piece_left, before);
            (piece_left, before) = (rest(piece_left, same), rest(before, same));
            let other = unlike(piece_left, before);
            number(same, &mut self.to);
            number(other, &mut self.to);
            self.to.extend_from_slice(piece_left.get(..other).unwrap_or(&[]));
            (piece_left, before) = (rest(piece_left, other), rest(before, other));
        }
        self.before = piece;
    }

    /// The row.
    pub(in crate::store) fn end(self) -> Vec<u8> {
        self.to
    }
}

fn rest(bytes: &[u8], from: usize) -> &[u8] {
    bytes.get(from..).unwrap_or(&[])
}

/// How many first bytes are the same, eight at a time.
fn alike(one: &[u8], other: &[u8]) -> usize {
    let mut same = 0;
    for (a, b) in one.chunks_exact(8).zip(other.chunks_exact(8)) {
        let differ = eight(a) ^ eight(b);
        if differ != 0 {
            return same + differ.trailing_zeros() as usize / 8;
        }
        same += 8;
    }
    same + rest(one, same).iter().zip(rest(other, same)).take_while(|(a, b)| a == b).count()
}

fn eight(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

/// How many bytes there are before some that are worth saying to be the same.
fn unlike(one: &[u8], other: &[u8]) -> usize {
    let here = one.windows(ALIKE_MIN).zip(other.windows(ALIKE_MIN)).position(|(a, b)| a == b);
    here.unwrap_or(one.len())
}

fn number(mut n: usize, to: &mut Vec<u8>) {
    while n > 0x7f {
        to.push(n as u8 | 0x80);
        n >>= 7;
    }
    to.push(n as u8);
}

fn read_number(from: &mut &[u8]) -> Option<usize> {
    let mut n = 0_usize;
    for shift in (0..28).step_by(7) {
        let (byte, later) = from.split_first()?;
        *from = later;
        n |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

/// The pieces of a folded row, one behind the other.
pub(in crate::store) fn unfold(row: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut whole = Vec::with_capacity(row.len() * 3);
    let (mut row, mut before) = (row, 0..0);
    while !row.is_empty() {
        let begins = whole.len();
        piece(&mut row, before, &mut whole)
            .ok_or_else(|| StoreError::Unreadable("a row of the journal is torn".into()))?;
        before = begins..whole.len();
    }
    Ok(whole)
}

fn piece(row: &mut &[u8], before: std::ops::Range<usize>, whole: &mut Vec<u8>) -> Option<()> {
    let ends = whole.len().checked_add(read_number(row)?)?;
    let mut at = before.start;
    while whole.len() < ends {
        let (same, other) = (read_number(row)?, read_number(row)?);
        if same + other == 0 || whole.len() + same + other > ends || (same > 0 && at + same > before.end) {
            return None;
        }
        whole.extend_from_within(at..at + same);
        let (own, later) = row.split_at_checked(other)?;
        whole.extend_from_slice(own);
        *row = later;
        at += same + other;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Dice as _, SetDice};

    fn folded(pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut fold = Fold::with_capacity(0);
        for piece in pieces {
            fold.add(piece);
        }
        fold.end()
    }

    /// Pieces that are each the one before with some bytes changed, put in or taken out.
    fn pieces(dice: &SetDice) -> Vec<Vec<u8>> {
        let mut piece = vec![7; (dice.roll() % 300) as usize];
        let mut all = Vec::new();
        for _ in 0..dice.roll() % 40 {
            for _ in 0..dice.roll() % 6 {
                let at = (dice.roll() % 320) as usize;
                match dice.roll() % 4 {
                    0 if at < piece.len() => drop(piece.remove(at)),
                    1 if at <= piece.len() => piece.insert(at, dice.roll() as u8),
                    2 => piece.truncate(at),
                    _ => piece.iter_mut().skip(at).take(9).for_each(|byte| *byte = dice.roll() as u8),
                }
            }
            all.push(piece.clone());
        }
        all
    }

    #[test]
    fn what_was_folded_unfolds_to_the_same() {
        let dice = SetDice::seeded(5);
        for _ in 0..2_000 {
            let pieces = pieces(&dice);
            let row = folded(&pieces);
            assert_eq!(unfold(&row).unwrap(), pieces.concat());
        }
        assert_eq!(unfold(&folded(&[vec![], vec![1; 10_000], vec![]])).unwrap(), [1; 10_000]);
    }

    #[test]
    fn like_pieces_cost_little() {
        let pieces: Vec<Vec<u8>> =
            (0..100_u8).map(|n| [&[1; 300][..], &[n; 8], &[2; 200]].concat()).collect();
        assert!(folded(&pieces).len() < 508 + 100 * 20);
    }

    #[test]
    fn whatever_a_byte_becomes_unfolding_ends() {
        let dice = SetDice::seeded(6);
        for _ in 0..200 {
            let row = folded(&pieces(&dice));
            for end in 0..row.len() {
                // Torn between two pieces it is a shorter row; elsewhere it is refused.
                let _ = unfold(&row[..end]);
            }
            for _ in 0..200 {
                let mut broken = row.clone();
                if let Some(byte) = broken.get_mut((dice.roll() % 4_000) as usize) {
                    *byte = dice.roll() as u8;
                }
                let _ = unfold(&broken);
            }
        }
        // More of the piece before than there is, and nothing for ever.
        assert!(unfold(&[4, 4, 0]).is_err());
        assert!(unfold(&[4, 0, 0, 0, 0]).is_err());
        assert!(unfold(&[1, 0, 1]).is_err());
    }
}
