//! Small integers in rows, and the values they stand for. Numbers here are for ever.

use crate::store::StoreError;
use crate::store::row::{AttemptStatus, FactKind, Owner, Status, World};
use cofferdam_engine::{Channel, Pseudonym};

macro_rules! codes {
    ($type:ty, $to:ident, $of:ident, { $($variant:ident = $n:literal),* $(,)? }) => {
        pub(in crate::store) fn $to(value: $type) -> i64 {
            match value { $(<$type>::$variant => $n),* }
        }

        pub(in crate::store) fn $of(n: i64) -> Result<$type, StoreError> {
            match n {
                $($n => Ok(<$type>::$variant),)*
                _ => Err(StoreError::Unreadable(format!(concat!("`{}` is no ", stringify!($type)), n))),
            }
        }
    };
}

codes!(World, world, world_of, { Live = 0, Test = 1 });
codes!(Status, status, status_of, {
    Pending = 0, ChallengeRequired = 1, Blocked = 2, Approved = 3, Expired = 4, Canceled = 5, Failed = 6,
    TooManyChecks = 7,
});
codes!(AttemptStatus, attempt_status, attempt_status_of, {
    Queued = 0, Sent = 1, Delivered = 2, Undelivered = 3, Failed = 4, Blocked = 5, Unknown = 6,
});
codes!(Channel, channel, channel_of, { Sms = 0, Voice = 1, Whatsapp = 2, Email = 3 });
codes!(FactKind, fact_kind, fact_kind_of, {
    Tenant = 0, Key = 1, Profile = 2, SafeEntry = 3, DenyEntry = 4, Policy = 5, Block = 6,
});

/// A keyed name as it stands in rows.
pub(in crate::store) fn name(number: Pseudonym) -> [u8; 16] {
    number.0.to_be_bytes()
}

/// A keyed name from a row.
pub(in crate::store) fn name_of(bytes: [u8; 16]) -> Pseudonym {
    Pseudonym(u128::from_be_bytes(bytes))
}

/// The number that an identifier begins with: its twelve first letters, which are its time and some chance.
/// Identifiers in order have such numbers in order, and hardly two of them the same. In rows, for ever.
pub(in crate::store) fn moment(id: &str) -> i64 {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    const FIRST: u32 = 12;
    let rest = id.split_once('_').map_or("", |(_, rest)| rest);
    let (mut n, mut read) = (0, 0);
    for letter in rest.bytes().take(FIRST as usize) {
        let five = LETTERS.partition_point(|known| *known < letter);
        let left = 5 * (FIRST - read);
        match LETTERS.get(five) {
            Some(found) if *found == letter => (n, read) = (n << 5 | five as i64, read + 1),
            // Of what is no letter: before the first that is greater, or behind all that begin like it.
            Some(_) => return (n << 5 | five as i64) << (left - 5),
            None => return ((n + 1) << left) - 1,
        }
    }
    n << (5 * (FIRST - read))
}

/// The number of a tenant's world, to lead an index with: three bytes. Two may share one, so tenant and
/// world are compared as well. FNV-1a, in rows, for ever.
pub(in crate::store) fn space(owner: &Owner) -> i64 {
    let bytes = owner.tenant.bytes().chain([0, world(owner.world) as u8]);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ((hash ^ hash >> 32) & 0x007f_ffff) as i64
}

/// Attempts that a verification may have: their rows lie behind one another.
pub(in crate::store) const ATTEMPTS: i64 = 1024;

/// The row of an attempt of the verification in `row`.
pub(in crate::store) fn attempt_row(row: i64, ordinal: u32) -> i64 {
    row * ATTEMPTS + i64::from(ordinal)
}

/// The first and last row that attempts of a verification may have.
pub(in crate::store) fn attempt_rows(row: i64) -> [i64; 2] {
    [row * ATTEMPTS, row * ATTEMPTS + ATTEMPTS - 1]
}

/// Whether a verification can still change.
pub(in crate::store) fn open(status: Status) -> bool {
    matches!(status, Status::Pending | Status::ChallengeRequired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_the_order_of_identifiers_and_of_what_is_none() {
        let mut ids: Vec<String> = [
            "ver_",
            "ver_0",
            "ver_00",
            "ver_0zz",
            "ver_b",
            "ver_i",
            "ver_i0zzzzzzzzzzzzz",
            "ver_j",
            "ver_zzzzzzzzzzzz",
            "ver_é",
        ]
        .map(str::to_owned)
        .into();
        let dice = crate::clock::SetDice::seeded(3);
        for at_ms in [0, 1, 5_000, 1_790_000_000_000, 1_790_000_000_001, (1 << 48) - 1] {
            ids.extend((0..5).map(|_| crate::id::new(crate::id::Noun::Verification, at_ms, &*dice)));
        }
        ids.sort();
        assert!(ids.is_sorted_by_key(|id| moment(id)));
        assert!(ids.iter().all(|id| moment(id) >= 0));
        assert_eq!([moment("none"), moment(""), moment("att_1")], [0, 0, 1 << 55]);
    }

    #[test]
    fn the_number_of_a_space_is_for_ever() {
        let of = |tenant: &str, world| space(&Owner { tenant: tenant.into(), world });
        let all = [of("ten_a", World::Live), of("ten_a", World::Test), of("", World::Live)];
        assert_eq!(all, [6_232_675, 6_233_776, 5_892_074]);
    }
}
