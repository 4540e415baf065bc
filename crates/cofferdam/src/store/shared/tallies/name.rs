//! The names of keys: what an installation's begin with, the layout's version, where in a cluster a key lives,
//! what kind it is, and which.
//!
//! A key's lowest bits choose one of 32 tags, each in the middle of its thirty-second of a cluster's slots:
//! so few that an attempt's thirty keys come to about twenty calls at most however many nodes there are, and so
//! evenly that 2, 4, 8, 16 or 32 nodes have the same share. Tables use a key's upper bits.

/// What a key holds, as its name says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holds {
    Plain,
    Rich,
    Seen,
    Recent,
    Limit,
    Proof,
    /// An open attempt.
    Open,
    /// The names of what a node has open, by quarter of an hour.
    Opened,
    /// What others were told of a node's attempts.
    Inbox,
    /// That a node lives.
    Lease,
    /// All nodes, and when they were last heard of.
    Nodes,
    /// That the store was not emptied since.
    Mark,
    /// Whether it takes what is written.
    Probe,
}

impl Holds {
    pub const fn letter(self) -> u8 {
        match self {
            Self::Plain => b'p',
            Self::Rich => b'r',
            Self::Seen => b's',
            Self::Recent => b'n',
            Self::Limit => b'l',
            Self::Proof => b'v',
            Self::Open => b'o',
            Self::Opened => b'q',
            Self::Inbox => b'i',
            Self::Lease => b'a',
            Self::Nodes => b'w',
            Self::Mark => b'm',
            Self::Probe => b't',
        }
    }
}

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    pub key: u64,
    pub holds: Holds,
}

/// How many tags.
pub const GROUPS: u64 = 32;
/// Each hashes to the middle of its thirty-second of the slots; a test holds them to it.
const TAGS: [&str; GROUPS as usize] = [
    "6u", "by", "25", "f9", "tf", "db", "o2", "gg", "8c", "06", "po", "4v", "ed", "m1", "fa", "iq", "k4",
    "ca", "4h", "x5", "63", "ez", "2s", "yk", "z6", "rc", "ab", "i7", "c9", "tx", "gy", "p8",
];
/// Of the images and the script: another layout's keys are other keys.
const LAYOUT: u32 = cofferdam_engine::evidence::image::LAYOUT;

impl Name {
    pub const fn new(holds: Holds, key: u64) -> Self {
        Self { key, holds }
    }

    /// Which of the tags.
    pub fn group(self) -> u64 {
        self.key % GROUPS
    }
}

/// Writes names.
#[derive(Debug, Clone)]
pub struct Names(String);

impl Names {
    pub fn of(prefix: &str) -> Self {
        Self(format!("{prefix}{LAYOUT}:"))
    }

    /// What all of them begin with.
    pub fn begin(&self) -> &str {
        &self.0
    }

    /// A name as the server has it.
    pub fn text(&self, name: Name) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.0.len() + 21);
        self.write(name, &mut text);
        text
    }

    /// The same behind what stands there.
    pub fn write(&self, name: Name, text: &mut Vec<u8>) {
        let tag = TAGS.get(name.group() as usize).copied().unwrap_or_default();
        text.extend_from_slice(self.0.as_bytes());
        text.push(b'{');
        text.extend_from_slice(tag.as_bytes());
        text.extend_from_slice(b"}");
        text.push(name.holds.letter());
        text.extend((0..16).rev().map(|n| digit(name.key >> (4 * n))));
    }
}

impl Names {
    /// What a name says, where it is one of ours.
    pub fn read(&self, text: &[u8]) -> Option<(u8, u64)> {
        let rest = text.strip_prefix(self.0.as_bytes())?.strip_prefix(b"{")?;
        let at = rest.iter().position(|byte| *byte == b'}')?;
        let (letter, key) = rest.get(at + 1..)?.split_first()?;
        let key = std::str::from_utf8(key).ok().filter(|key| key.len() == 16)?;
        Some((*letter, u64::from_str_radix(key, 16).ok()?))
    }
}

fn digit(n: u64) -> u8 {
    let n = (n & 15) as u8;
    if n < 10 { b'0' + n } else { b'a' + n - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CRC-16/XMODEM, as clusters use it.
    fn slot(tag: &str) -> u16 {
        let mut crc = 0u16;
        for byte in tag.bytes() {
            crc ^= u16::from(byte) << 8;
            for _ in 0..8 {
                crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x1021 } else { crc << 1 };
            }
        }
        crc % 16_384
    }

    #[test]
    fn tags_are_spread_evenly_over_the_slots() {
        assert_eq!(slot("123456789"), 0x31c3);
        for (n, tag) in TAGS.into_iter().enumerate() {
            let middle = n as i32 * 512 + 256;
            assert!((i32::from(slot(tag)) - middle).abs() < 32, "{tag}");
        }
    }

    #[test]
    fn a_name_says_installation_layout_place_kind_and_key() {
        let names = Names::of("cofferdam");
        let text = names.text(Name::new(Holds::Rich, 0x0123_4567_89ab_cde0));
        assert_eq!(text, b"cofferdam1:{6u}r0123456789abcde0");
        assert_eq!(names.read(&text), Some((b'r', 0x0123_4567_89ab_cde0)));
        assert_eq!(Names::of("another").read(&text), None);
    }
}
