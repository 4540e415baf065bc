//! The patterns of the numbering plans, read into a tree. They are finite: digits, sets, groups, alternatives
//! and bounded repetition; anything else is refused, so that a new kind of pattern is noticed and not misread.

/// A set of digits, one bit each.
pub(crate) type Digits = u16;
pub(crate) const ANY: Digits = 0x3ff;

#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Set(Digits),
    All(Vec<Tree>),
    One(Vec<Tree>),
    Times(Box<Tree>, u8, u8),
    /// A capturing group, counted from 1.
    Group(u8, Box<Tree>),
    /// `$`
    End,
}

pub(crate) fn parse(text: &str) -> Result<Tree, String> {
    let mut parser = Parser { rest: text.as_bytes(), groups: 0 };
    let tree = parser.alternatives()?;
    if parser.rest.is_empty() { Ok(tree) } else { Err(format!("cannot read the pattern `{text}`")) }
}

struct Parser<'a> {
    rest: &'a [u8],
    groups: u8,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        if let Some(rest) = self.rest.strip_prefix(text) {
            self.rest = rest;
            return true;
        }
        false
    }

    fn alternatives(&mut self) -> Result<Tree, String> {
        let mut found = vec![self.sequence()?];
        while self.eat(b"|") {
            found.push(self.sequence()?);
        }
        Ok(if found.len() == 1 { found.remove(0) } else { Tree::One(found) })
    }

    fn sequence(&mut self) -> Result<Tree, String> {
        let mut found = Vec::new();
        while let Some(next) = self.peek() {
            if next == b'|' || next == b')' {
                break;
            }
            let atom = self.atom()?;
            found.push(self.repeated(atom)?);
        }
        Ok(Tree::All(found))
    }

    fn atom(&mut self) -> Result<Tree, String> {
        match self.next() {
            Some(digit @ b'0'..=b'9') => Ok(Tree::Set(1 << (digit - b'0'))),
            Some(b'\\') if self.eat(b"d") => Ok(Tree::Set(ANY)),
            Some(b'[') => self.set(),
            Some(b'$') => Ok(Tree::End),
            Some(b'(') => {
                let number = if self.eat(b"?:") {
                    None
                } else {
                    self.groups += 1;
                    Some(self.groups)
                };
                let inner = self.alternatives()?;
                if !self.eat(b")") {
                    return Err("a group does not end".to_owned());
                }
                Ok(match number {
                    Some(number) => Tree::Group(number, Box::new(inner)),
                    None => inner,
                })
            }
            other => Err(format!("cannot read {other:?} in a pattern")),
        }
    }

    fn set(&mut self) -> Result<Tree, String> {
        let mut digits = 0;
        loop {
            match self.next() {
                Some(b']') => return Ok(Tree::Set(digits)),
                Some(from @ b'0'..=b'9') => {
                    let to = if self.eat(b"-") { self.next().unwrap_or(0) } else { from };
                    if !to.is_ascii_digit() {
                        return Err("a set does not end".to_owned());
                    }
                    for digit in from..=to {
                        digits |= 1 << (digit - b'0');
                    }
                }
                Some(b'\\') if self.eat(b"d") => digits = ANY,
                other => return Err(format!("cannot read {other:?} in a set")),
            }
        }
    }

    fn repeated(&mut self, atom: Tree) -> Result<Tree, String> {
        if self.eat(b"?") {
            return Ok(Tree::Times(Box::new(atom), 0, 1));
        }
        if !self.eat(b"{") {
            return Ok(atom);
        }
        let low = self.count();
        let high = if self.eat(b",") { self.count() } else { low };
        if high < low || !self.eat(b"}") {
            return Err("cannot read how often a part repeats".to_owned());
        }
        Ok(Tree::Times(Box::new(atom), low, high))
    }

    fn count(&mut self) -> u8 {
        let mut count = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            count = count * 10 + (digit - b'0');
            self.next();
        }
        count
    }
}
