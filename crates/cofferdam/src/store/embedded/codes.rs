//! Small integers in rows, and the values they stand for. Numbers here are for ever.

use crate::store::StoreError;
use crate::store::row::{AttemptStatus, FactKind, Status, World};
use cofferdam_engine::{Channel, Pseudonym};

macro_rules! codes {
    ($type:ty, $to:ident, $of:ident, { $($variant:ident = $n:literal),* $(,)? }) => {
        pub(super) fn $to(value: $type) -> i64 {
            match value { $(<$type>::$variant => $n),* }
        }

        pub(super) fn $of(n: i64) -> Result<$type, StoreError> {
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
pub(super) fn name(number: Pseudonym) -> [u8; 16] {
    number.0.to_be_bytes()
}

/// A keyed name from a row.
pub(super) fn name_of(bytes: [u8; 16]) -> Pseudonym {
    Pseudonym(u128::from_be_bytes(bytes))
}

/// Whether a verification can still change.
pub(super) fn open(status: Status) -> bool {
    matches!(status, Status::Pending | Status::ChallengeRequired)
}
