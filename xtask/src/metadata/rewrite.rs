//! What people put before a national number and the library takes away or changes: a country's patterns of
//! national prefixes, spelt out as a list in the order in which a backtracking matcher would try them.

use super::regex::{Digits, Tree, parse};

/// One way of matching the pattern: `sets.len()` digits are consumed; the number becomes `insert`, then the
/// digits from `kept.0` to `kept.1`, then all that follows the match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewrite {
    pub(crate) sets: Vec<Digits>,
    pub(crate) to_the_end: bool,
    pub(crate) insert: Vec<u8>,
    pub(crate) kept: (usize, usize),
}

#[derive(Debug, Clone, Default)]
struct Way {
    sets: Vec<Digits>,
    to_the_end: bool,
    groups: [Option<(usize, usize)>; 3],
}

pub(crate) fn rewrites(pattern: &str, transform: &str) -> Result<Vec<Rewrite>, String> {
    if pattern.is_empty() {
        return Ok(Vec::new());
    }
    let tree = parse(pattern)?;
    extend(&[Way::default()], &tree).into_iter().map(|way| finish(way, transform)).collect()
}

/// All ways in which `tree` may continue the ways so far, first choice first.
fn extend(ways: &[Way], tree: &Tree) -> Vec<Way> {
    let mut found = Vec::new();
    for way in ways {
        match tree {
            Tree::Set(set) => {
                let mut way = way.clone();
                way.sets.push(*set);
                found.push(way);
            }
            Tree::End => {
                let mut way = way.clone();
                way.to_the_end = true;
                found.push(way);
            }
            Tree::All(parts) => {
                let mut inner = vec![way.clone()];
                for part in parts {
                    inner = extend(&inner, part);
                }
                found.append(&mut inner);
            }
            Tree::One(choices) => {
                for choice in choices {
                    found.append(&mut extend(std::slice::from_ref(way), choice));
                }
            }
            Tree::Times(part, low, high) => {
                for times in (*low..=*high).rev() {
                    let mut inner = vec![way.clone()];
                    for _ in 0..times {
                        inner = extend(&inner, part);
                    }
                    found.append(&mut inner);
                }
            }
            Tree::Group(number, part) => {
                let from = way.sets.len();
                for mut inner in extend(std::slice::from_ref(way), part) {
                    let to = inner.sets.len();
                    if let Some(group) = inner.groups.get_mut(usize::from(*number)) {
                        *group = Some((from, to));
                    }
                    found.push(inner);
                }
            }
        }
    }
    found
}

fn finish(way: Way, transform: &str) -> Result<Rewrite, String> {
    let end = way.sets.len();
    let [_, first, second] = way.groups;
    let empty = |group: Option<(usize, usize)>| group.is_none_or(|(from, to)| from == to);
    let applies = !transform.is_empty() && (!empty(second) || (!empty(first) && second.is_none()));
    let (insert, kept) = if applies {
        let (head, group) = transform.split_once('$').ok_or("a transform without a group")?;
        let kept = match group {
            "1" => first,
            "2" => second,
            _ => return Err(format!("cannot read the transform `{transform}`")),
        };
        (head.bytes().map(|b| b - b'0').collect(), kept.unwrap_or((end, end)))
    } else {
        (Vec::new(), (end, end))
    };
    Ok(Rewrite { sets: way.sets, to_the_end: way.to_the_end, insert, kept })
}
