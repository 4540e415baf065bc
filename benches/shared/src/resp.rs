//! What Redis and its clients say to one another, as far as it takes to record calls and make them again.

use std::io::{Error, Read, Result, Write as _};

/// An answer.
#[derive(Debug)]
pub enum Reply {
    Word(String),
    Failed,
    Bytes(Vec<u8>),
    Nothing,
    Many,
}

/// Asks on a connection of one's own, and waits for the answer. A list is answered without what is in it.
pub fn ask(stream: &mut std::net::TcpStream, words: &[&str]) -> Result<Reply> {
    let mut call = format!("*{}\r\n", words.len());
    for word in words {
        call += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.write_all(call.as_bytes())?;
    let (mut have, mut part) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = reply_end(&have) {
            return Ok(reply(&have[..end]));
        }
        match stream.read(&mut part)? {
            0 => return Err(Error::other("Redis hung up")),
            n => have.extend_from_slice(&part[..n]),
        }
    }
}

fn reply(of: &[u8]) -> Reply {
    let line = line_end(of, 0).map_or(&[][..], |end| &of[1..end - 2]);
    let word = String::from_utf8_lossy(line).into_owned();
    match of.first() {
        Some(b'+' | b':') => Reply::Word(word),
        Some(b'-') => Reply::Failed,
        Some(b'$') if word == "-1" => Reply::Nothing,
        Some(b'$') => Reply::Bytes(of[line.len() + 3..of.len() - 2].to_vec()),
        Some(b'*') => Reply::Many,
        _ => Reply::Nothing,
    }
}

/// Where a line that begins here ends, its line end included.
fn line_end(of: &[u8], from: usize) -> Option<usize> {
    of.get(from..)?.windows(2).position(|two| two == b"\r\n").map(|at| from + at + 2)
}

fn number(of: &[u8]) -> i64 {
    std::str::from_utf8(of).unwrap().parse().unwrap()
}

/// Where the first value ends, if it is there whole.
pub fn reply_end(of: &[u8]) -> Option<usize> {
    end_of(of, 0)
}

fn end_of(of: &[u8], from: usize) -> Option<usize> {
    let line = line_end(of, from)?;
    match of[from] {
        b'$' => {
            let length = number(&of[from + 1..line - 2]);
            let end = if length < 0 { line } else { line + length as usize + 2 };
            (of.len() >= end).then_some(end)
        }
        b'*' => {
            let mut end = line;
            for _ in 0..number(&of[from + 1..line - 2]).max(0) {
                end = end_of(of, end)?;
            }
            Some(end)
        }
        _ => Some(line),
    }
}

/// The first word of a call, in upper case.
pub fn verb(call: &[u8]) -> String {
    let begin = line_end(call, 0).and_then(|at| line_end(call, at)).unwrap_or(0);
    let end = line_end(call, begin).map_or(begin, |end| end - 2);
    String::from_utf8_lossy(&call[begin..end]).to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_end() {
        for (text, end) in [
            (&b"+OK\r\n+"[..], Some(5)),
            (b"$3\r\na\r\n\r\n", Some(9)),
            (b"$3\r\na\r\n\r", None),
            (b"*2\r\n$-1\r\n:12\r\n", Some(14)),
            (b"*2\r\n$-1\r\n", None),
            (b"*0\r\n", Some(4)),
        ] {
            assert_eq!(reply_end(text), end, "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(verb(b"*2\r\n$7\r\nevalsha\r\n$1\r\nx\r\n"), "EVALSHA");
    }
}
