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
/// Of the names, the images and the scripts: another layout's keys are other keys. In the first the names were longer.
const LAYOUT: u32 = cofferdam_engine::evidence::image::LAYOUT + 1;
/// A key in so many digits of six bits. With the usual prefix a name is 27 bytes, and those up to 30 take the server
/// 32, of one line of a processor's cache; sixteen digits of four bits took it 48.
const DIGITS: usize = 11;

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
pub struct Names {
    begin: String,
    /// What they began with in the first layout.
    first: String,
}

impl Names {
    pub fn of(prefix: &str) -> Self {
        Self { begin: format!("{prefix}{LAYOUT}:"), first: format!("{prefix}1:") }
    }

    /// What all of them begin with.
    pub fn begin(&self) -> &str {
        &self.begin
    }

    /// How many bytes so many names have.
    pub fn bytes(&self, many: usize) -> usize {
        many * (self.begin.len() + 5 + DIGITS)
    }

    /// A name as the server has it.
    pub fn text(&self, name: Name) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.bytes(1));
        self.write(name, &mut text);
        text
    }

    /// The same behind what stands there.
    pub fn write(&self, name: Name, text: &mut Vec<u8>) {
        self.write_of(name.holds.letter(), name.key, text);
    }

    fn write_of(&self, letter: u8, key: u64, text: &mut Vec<u8>) {
        text.extend_from_slice(self.begin.as_bytes());
        text.push(b'{');
        text.extend_from_slice(tag(key).as_bytes());
        text.extend_from_slice(b"}");
        text.push(letter);
        text.extend((0..DIGITS).rev().map(|n| digit(key >> (6 * n))));
    }

    /// What a name says, where it is one of ours.
    pub fn read(&self, text: &[u8]) -> Option<(u8, u64)> {
        let (letter, digits) = behind_tag(text, &self.begin)?;
        if digits.len() != DIGITS {
            return None;
        }
        let add = |sum: u128, byte: &u8| Some(sum << 6 | u128::from(value(*byte)?));
        let key = digits.iter().try_fold(0, add)?;
        Some((letter, u64::try_from(key).ok()?))
    }

    /// A name as the first layout had it.
    pub fn first(&self, name: Name) -> Vec<u8> {
        let Name { key, holds } = name;
        format!("{}{{{}}}{}{key:016x}", self.first, tag(key), char::from(holds.letter())).into_bytes()
    }

    /// What all of those began with.
    pub fn first_begin(&self) -> &str {
        &self.first
    }

    /// The name that one of the first layout has now, where it is one of ours. It has the same tag.
    pub fn renewed(&self, first: &[u8]) -> Option<Vec<u8>> {
        let (letter, digits) = behind_tag(first, &self.first)?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.len() == 16)?;
        let key = u64::from_str_radix(digits, 16).ok()?;
        let mut text = Vec::new();
        self.write_of(letter, key, &mut text);
        Some(text)
    }
}

fn tag(key: u64) -> &'static str {
    TAGS.get((key % GROUPS) as usize).copied().unwrap_or_default()
}

/// What stands behind the tag of a name: what kind it is, and which.
fn behind_tag<'a>(text: &'a [u8], begin: &str) -> Option<(u8, &'a [u8])> {
    let rest = text.strip_prefix(begin.as_bytes())?.strip_prefix(b"{")?;
    let at = rest.iter().position(|byte| *byte == b'}')?;
    let (letter, digits) = rest.get(at + 1..)?.split_first()?;
    Some((*letter, digits))
}

/// In the order of their bytes, so that names sort as keys do.
const ALPHABET: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

fn digit(n: u64) -> u8 {
    ALPHABET.get((n & 63) as usize).copied().unwrap_or_default()
}

fn value(digit: u8) -> Option<u8> {
    ALPHABET.iter().position(|known| *known == digit).and_then(|at| at.try_into().ok())
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
        assert_eq!(text, b"cofferdam2:{6u}r-3YGLT8ewrV");
        assert_eq!(names.read(&text), Some((b'r', 0x0123_4567_89ab_cde0)));
        assert_eq!(Names::of("another").read(&text), None);
        for key in [0, 1, 31, 63, 64, u64::MAX, u64::MAX - 1, 0x9E37_79B9_7F4A_7C15] {
            assert_eq!(names.read(&names.text(Name::new(Holds::Seen, key))), Some((b's', key)));
        }
        // More than a key has, a sign that is none, and a digit too few.
        for odd in ["zzzzzzzzzzz", "-3YGLT8ewr!", "-3YGLT8ewr"] {
            assert_eq!(names.read(format!("cofferdam2:{{6u}}r{odd}").as_bytes()), None, "{odd}");
        }
        // As the first layout had it.
        let first = names.first(Name::new(Holds::Rich, 0x0123_4567_89ab_cde0));
        assert_eq!(first, b"cofferdam1:{6u}r0123456789abcde0");
        assert_eq!(names.renewed(&first), Some(text.clone()));
        for odd in [
            "cofferdam1:{6u}r0123456789abcdeg",
            "cofferdam1:somebody else's",
            "another1:{6u}r0123456789abcde0",
        ] {
            assert_eq!(names.renewed(odd.as_bytes()), None, "{odd}");
        }
        // What the server keeps in 32 bytes.
        assert!(text.len() <= 30);
    }
}
