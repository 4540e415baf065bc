//! The pieces of a journal row, each written as what differs from the piece before.
//!
//! Writing the journal's bytes is what it costs, and two lines that follow one another are alike byte
//! for byte but for their names and times: folded, a row is less than half as long. Pieces are only
//! compared place by place, which is nearly as quick as copying them. It knows nothing of what a piece
//! says; [`super`] folds rows as they are written and unfolds them as they are read.
//!
//! A piece is its length, and then in turn how many bytes are those of the piece before at the same
//! place, how many are not, and these. Numbers are seven bits a byte, the lowest first.
//!
//! A field that is a byte longer than in the piece before would make all behind it unlike. So once in a piece
//! none may be said to be alike and none not: from there on places are counted from the ends of both.
//! And the pieces of a row may take turns: the first byte says how many kinds of pieces follow one another, and
//! each is compared with the last of its kind. (Rows of earlier formats have neither.)

use crate::store::StoreError;

/// So many bytes must be alike for it to be worth a word: saying it takes two.
const ALIKE_MIN: usize = 4;
/// So many for places to be counted from the end.
const ENDING_MIN: usize = 8;
/// Kinds of pieces that may take turns.
const KINDS_MAX: usize = 2;

/// Folds pieces one after the other.
pub(in crate::store) struct Fold<'a> {
    to: Vec<u8>,
    /// The last piece of each kind, the longest ago first.
    before: [&'a [u8]; KINDS_MAX],
    kinds: usize,
    ends: bool,
}

impl<'a> Fold<'a> {
    /// Into an empty row that stands where another stood, for pieces of so many kinds, one or two.
    pub(in crate::store) fn within(mut to: Vec<u8>, kinds: usize) -> Self {
        to.clear();
        to.push(kinds as u8);
        Self { to, before: [&[]; KINDS_MAX], kinds, ends: true }
    }

    /// Into an empty row as earlier formats have it.
    pub(in crate::store) fn earlier() -> Self {
        Self { to: Vec::new(), before: [&[]; KINDS_MAX], kinds: 1, ends: false }
    }

    /// Adds a piece.
    pub(in crate::store) fn add(&mut self, piece: &'a [u8]) {
        number(piece.len(), &mut self.to);
        let [one, other] = self.before;
        let whole = if self.kinds == 1 { other } else { one };
        let (mut piece_left, mut before) = (piece, whole);
        let mut may_end = self.ends && piece.len() != whole.len();
        while !piece_left.is_empty() {
            let same = alike(piece_left, before);
            (piece_left, before) = (rest(piece_left, same), rest(before, same));
            let unlike = unlike(piece_left, before);
            let ending = if may_end { to_end(piece_left, whole, unlike) } else { None };
            let other = ending.unwrap_or(unlike);
            // Of nothing at all one would read the other.
            if same + other > 0 {
                number(same, &mut self.to);
                number(other, &mut self.to);
            }
            self.to.extend_from_slice(piece_left.get(..other).unwrap_or(&[]));
            (piece_left, before) = (rest(piece_left, other), rest(before, other));
            if ending.is_some() {
                self.to.extend_from_slice(&[0, 0]);
                (before, may_end) = (rest(whole, whole.len() - piece_left.len()), false);
            }
        }
        self.before = [other, piece];
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
    let four = |bytes: &[u8], at: usize| {
        bytes.get(at..).and_then(<[u8]>::first_chunk).map(|four: &[u8; ALIKE_MIN]| u32::from_le_bytes(*four))
    };
    let mut at = 0;
    while let (Some(a), Some(b)) = (four(one, at), four(other, at)) {
        let differ = a ^ b;
        if differ == 0 {
            return at;
        }
        // None begins before the last that differs.
        at += ALIKE_MIN - differ.leading_zeros() as usize / 8;
    }
    one.len()
}

/// After how many bytes of a piece's rest, fewer than these, it is like `whole` if both end together; `None` if it
/// nowhere is.
fn to_end(rest_of_it: &[u8], whole: &[u8], before: usize) -> Option<usize> {
    // The first of them may stand before the other's beginning.
    let lead = rest_of_it.len().saturating_sub(whole.len());
    let (one, other) = (rest(rest_of_it, lead), rest(whole, whole.len().saturating_sub(rest_of_it.len())));
    let mut at = 0;
    while lead + at < before && at + ENDING_MIN <= one.len() {
        let differ = eight(rest(one, at)) ^ eight(rest(other, at));
        if differ == 0 {
            return Some(lead + at);
        }
        at += ENDING_MIN - differ.leading_zeros() as usize / 8;
    }
    None
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
    let (kinds, row) = row.split_first().ok_or_else(torn)?;
    if !(1..=KINDS_MAX).contains(&usize::from(*kinds)) {
        return Err(torn());
    }
    pieces(row, usize::from(*kinds), true)
}

/// The same of a row as earlier formats have it.
pub(in crate::store) fn unfold_earlier(row: &[u8]) -> Result<Vec<u8>, StoreError> {
    pieces(row, 1, false)
}

fn torn() -> StoreError {
    StoreError::Unreadable("a row of the journal is torn".into())
}

fn pieces(mut row: &[u8], kinds: usize, ends: bool) -> Result<Vec<u8>, StoreError> {
    let mut whole = Vec::with_capacity(row.len() * 3);
    let (mut longer_ago, mut last) = (0..0, 0..0);
    while !row.is_empty() {
        let begins = whole.len();
        let before = if kinds == 1 { &last } else { &longer_ago };
        piece(&mut row, before.clone(), ends, &mut whole).ok_or_else(torn)?;
        (longer_ago, last) = (last, begins..whole.len());
    }
    Ok(whole)
}

fn piece(
    row: &mut &[u8],
    before: std::ops::Range<usize>,
    mut may_end: bool,
    whole: &mut Vec<u8>,
) -> Option<()> {
    let ends = whole.len().checked_add(read_number(row)?)?;
    let mut at = before.start;
    while whole.len() < ends {
        let (same, other) = (read_number(row)?, read_number(row)?);
        if same + other == 0 {
            at = before.end.checked_sub(ends - whole.len()).filter(|at| may_end && *at >= before.start)?;
            may_end = false;
            continue;
        }
        if whole.len() + same + other > ends || (same > 0 && at + same > before.end) {
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
        folded_by(Fold::within(Vec::new(), 1), pieces)
    }

    fn folded_by<'a>(mut fold: Fold<'a>, pieces: &'a [Vec<u8>]) -> Vec<u8> {
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
            assert_eq!(unfold(&folded(&pieces)).unwrap(), pieces.concat());
            assert_eq!(unfold(&folded_by(Fold::within(vec![1], 2), &pieces)).unwrap(), pieces.concat());
            assert_eq!(unfold_earlier(&folded_by(Fold::earlier(), &pieces)).unwrap(), pieces.concat());
        }
        assert_eq!(unfold(&folded(&[vec![], vec![1; 10_000], vec![]])).unwrap(), [1; 10_000]);
    }

    /// Looking eight bytes ahead passes over no place that byte by byte would be found.
    #[test]
    fn the_first_place_that_is_alike_is_found() {
        let dice = SetDice::seeded(7);
        for _ in 0..20_000 {
            let text = |longest| -> Vec<u8> {
                (0..dice.roll() % longest).map(|_| u8::from(dice.roll().is_multiple_of(4))).collect()
            };
            let (one, other, before) = (text(40), text(40), dice.roll() as usize % 40);
            let alike = |at: usize, from: usize, n: usize| {
                at + n <= one.len() && one[at..at + n] == other[from..from + n]
            };
            let first = (0..one.len().min(other.len()))
                .find(|at| at + ALIKE_MIN <= other.len() && alike(*at, *at, ALIKE_MIN));
            assert_eq!(unlike(&one, &other), first.unwrap_or(one.len()), "{one:?} {other:?}");
            let ending = (0..one.len()).take(before).find(|at| {
                let from = (at + other.len()).checked_sub(one.len());
                from.is_some_and(|from| alike(*at, from, ENDING_MIN))
            });
            assert_eq!(to_end(&one, &other, before), ending, "{before} {one:?} {other:?}");
        }
    }

    #[test]
    fn like_pieces_cost_little() {
        let pieces: Vec<Vec<u8>> =
            (0..100_u8).map(|n| [&[1; 300][..], &[n; 8], &[2; 200]].concat()).collect();
        assert!(folded(&pieces).len() < 508 + 100 * 20);
    }

    #[test]
    fn a_field_of_another_length_costs_little_more_and_each_kind_is_like_its_own() {
        // What varies stands between what does not, and between two pieces of one kind stands one of another.
        let piece = |n: u8| [&[1; 100][..], &vec![n; 3 + usize::from(n % 4)], &[2; 200]].concat();
        let other = |n: u8| [&[3; 50][..], &[n; 2], &[4; 60]].concat();
        let pieces: Vec<Vec<u8>> = (0..100).flat_map(|n| [piece(n), other(n)]).collect();
        let row = folded_by(Fold::within(Vec::new(), 2), &pieces);
        assert_eq!(unfold(&row).unwrap(), pieces.concat());
        assert!(row.len() < 500 + 200 * 16, "{}", row.len());
        assert!(
            folded(&pieces).len() > 3 * row.len()
                && folded_by(Fold::earlier(), &pieces).len() > 3 * row.len()
        );
    }

    #[test]
    fn whatever_a_byte_becomes_unfolding_ends() {
        let dice = SetDice::seeded(6);
        for round in 0..200 {
            let row = folded_by(Fold::within(Vec::new(), 1 + round % 2), &pieces(&dice));
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
        assert!(unfold_earlier(&[4, 4, 0]).is_err());
        assert!(unfold_earlier(&[4, 0, 0, 0, 0]).is_err());
        assert!(unfold_earlier(&[1, 0, 1]).is_err());
        assert!(unfold(&[1, 4, 0, 0, 0, 0]).is_err(), "to the end of what has none");
        assert!(unfold(&[1, 1, 0, 1, 7, 1, 0, 0, 0, 0, 1, 0]).is_err(), "twice to the end");
        assert!(unfold(&[0]).is_err() && unfold(&[3]).is_err() && unfold(&[]).is_err(), "kinds");
    }
}
