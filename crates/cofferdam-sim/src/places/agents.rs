//! What clients say of themselves: a mix of browsers and apps of many versions, the common ones far ahead. Honest
//! people and careful attackers draw from the same mix.

use crate::Dice;
use alloc::{format, string::String};

const PHONES: &[&str] = &[
    "SM-A145F",
    "SM-G991B",
    "SM-A546E",
    "SM-S911B",
    "Redmi Note 12",
    "Redmi 10",
    "Pixel 7",
    "Pixel 8a",
    "CPH2387",
    "moto g54",
    "M2101K6G",
    "TECNO KI7",
    "Infinix X6525",
    "V2207",
];

/// A user agent.
pub fn agent(dice: &mut Dice) -> String {
    // Squares make the first of a list, and the newest version, the common ones.
    let common = |dice: &mut Dice, below: u64| (dice.unit() * dice.unit() * below as f64) as u64;
    match dice.below(100) {
        0..28 => {
            let phone = PHONES.get(common(dice, PHONES.len() as u64) as usize).copied().unwrap_or("Pixel 7");
            let (android, chrome) = (15 - common(dice, 6), 134 - common(dice, 30));
            format!(
                "Mozilla/5.0 (Linux; Android {android}; {phone}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{chrome}.0.0.0 Mobile Safari/537.36"
            )
        }
        28..50 => {
            let (major, minor) = (18 - common(dice, 3), common(dice, 7));
            format!(
                "Mozilla/5.0 (iPhone; CPU iPhone OS {major}_{minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{major}.{minor} Mobile/15E148 Safari/604.1"
            )
        }
        50..68 => {
            let phone = PHONES.get(common(dice, PHONES.len() as u64) as usize).copied().unwrap_or("Pixel 7");
            let (minor, patch, android) = (31 - common(dice, 12), common(dice, 5), 15 - common(dice, 6));
            format!("App/4.{minor}.{patch} (Android {android}; {phone}) okhttp/4.12.0")
        }
        68..84 => {
            let (minor, patch) = (31 - common(dice, 12), common(dice, 5));
            format!("App/4.{minor}.{patch} (iOS {}.{}; iPhone)", 18 - common(dice, 3), common(dice, 7))
        }
        84..94 => {
            let chrome = 134 - common(dice, 30);
            format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{chrome}.0.0.0 Safari/537.36"
            )
        }
        94..98 => {
            let firefox = 136 - common(dice, 20);
            format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{firefox}.0) Gecko/20100101 Firefox/{firefox}.0"
            )
        }
        _ => {
            format!(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{}.{} Safari/605.1.15",
                18 - common(dice, 3),
                common(dice, 5)
            )
        }
    }
}
