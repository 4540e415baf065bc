//! What is asked: assessments of a million people, and of a few who come again and again.

use std::io::Write as _;

/// How many people there are. Each has a number, a device, a session and a user; two hundred thousand addresses are
/// theirs together.
const PEOPLE: u64 = 1_000_000;
/// Those whose limits are met, and how often one of them asks.
pub const HOT: u64 = 20;
const EVERY: u64 = 20;

/// Whose turn it is: somebody of the million, by chance that is the same in every run.
fn person(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 31;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ x >> 29) % PEOPLE
}

/// Which of those who come again asks in the `n`th call, if one does.
pub fn hot(n: u64) -> Option<u64> {
    n.is_multiple_of(EVERY).then_some(n / EVERY % HOT)
}

/// The `n`th call, head and body.
pub fn call(into: &mut Vec<u8>, n: u64, profile: &str, with_hot: bool) {
    let k = person(n);
    let a = k % 200_000;
    let mut body = Vec::with_capacity(400);
    let hot = hot(n).filter(|_| with_hot);
    let user = hot.map_or_else(|| format!("user-{k:08}"), |hot| format!("again-{hot:07}"));
    write!(
        body,
        r#"{{"to":"+44740{k:07}","channel":"sms","profile":"{profile}","client":{{"ip":"{}.{}.{}.{}","device_id":"device-{k:08}","session_id":"session-{k:08}","user_id":"{user}","user_agent":"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"}}}}"#,
        20 + a % 150,
        a * 7 % 256,
        a * 13 % 256,
        a % 254 + 1
    )
    .unwrap();
    write!(
        into,
        "POST /v1/assessments HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        crate::KEY,
        body.len()
    )
    .unwrap();
    into.extend_from_slice(&body);
}
