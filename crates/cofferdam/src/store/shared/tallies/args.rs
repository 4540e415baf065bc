//! Arguments of a step, one behind the other: an attempt has dozens of a few bytes each.

use std::io::Write as _;

/// Arguments, in order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Args {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Args {
    pub fn with_capacity(many: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(many) }
    }

    pub fn push(&mut self, arg: &[u8]) {
        self.bytes.extend_from_slice(arg);
        self.end();
    }

    /// A whole number in digits.
    pub fn push_figure(&mut self, figure: i64) {
        // To memory: nothing can fail.
        let _ = write!(self.bytes, "{figure}");
        self.end();
    }

    /// One of words, the highest byte of each first.
    pub fn push_words(&mut self, words: impl IntoIterator<Item = u32>) {
        for word in words {
            self.bytes.extend_from_slice(&word.to_be_bytes());
        }
        self.end();
    }

    fn end(&mut self) {
        self.ends.push(self.bytes.len() as u32);
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes they have together.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let own = self.bytes.get(from..*end as usize).unwrap_or_default();
            from = *end as usize;
            own
        })
    }
}

impl From<Vec<Vec<u8>>> for Args {
    fn from(each: Vec<Vec<u8>>) -> Self {
        let mut args = Self::with_capacity(each.len(), each.iter().map(Vec::len).sum());
        for arg in &each {
            args.push(arg);
        }
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_what_was_put_there() {
        let mut args = Args::from(vec![b"i32".to_vec(), Vec::new()]);
        args.push_figure(-40);
        args.push_words([1, 0x0102_0304]);
        let each: Vec<&[u8]> = args.iter().collect();
        assert_eq!(each, [&b"i32"[..], b"", b"-40", &[0, 0, 0, 1, 1, 2, 3, 4]]);
        assert_eq!((args.len(), args.bytes()), (4, 14));
        assert_ne!(args, Args::from(vec![b"i3".to_vec(), b"2".to_vec(), b"-40".to_vec(), each[3].to_vec()]));
    }
}
