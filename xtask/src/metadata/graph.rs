//! From the patterns of one calling code to a graph that is walked digit by digit. All patterns are followed at
//! once as a set of places (a non-deterministic automaton made deterministic as it is explored), together with
//! the ways of taking a national prefix away. Wherever what is left of a number no longer depends on its digits
//! but only on how many there are, the walk ends in a `Shape`. Equal parts are shared.
#![expect(clippy::indexing_slicing, reason = "indices are handed out here; a wrong one must stop the tool")]

use std::collections::HashMap;

use super::regex::{Digits, Tree};
use super::rewrite::Rewrite;

pub(crate) const LONGEST: usize = 15;
pub(crate) const SHORTEST: usize = 7;
/// Outcome by total length, from `SHORTEST` to `LONGEST`.
pub(crate) type Shape = [u16; LONGEST - SHORTEST + 1];

/// Places and the digits that lead from one to the next.
#[derive(Default)]
pub(crate) struct Places {
    edges: Vec<Vec<(Digits, u32)>>,
    free: Vec<Vec<u32>>,
    accepts: Vec<Option<u32>>,
    start: Vec<u32>,
}

impl Places {
    fn place(&mut self) -> u32 {
        self.edges.push(Vec::new());
        self.free.push(Vec::new());
        self.accepts.push(None);
        self.edges.len() as u32 - 1
    }

    /// Adds a pattern; a number that matches it whole reaches a place that carries `tag`. An open pattern also
    /// accepts whatever follows.
    pub(crate) fn pattern(&mut self, tree: &Tree, tag: u32, open: bool) -> Result<(), String> {
        let start = self.place();
        let end = self.follow(start, tree)?;
        let last = self.place();
        self.free[end as usize].push(last);
        self.accepts[last as usize] = Some(tag);
        if open {
            self.edges[last as usize].push((super::regex::ANY, last));
        }
        self.start.push(start);
        Ok(())
    }

    fn follow(&mut self, from: u32, tree: &Tree) -> Result<u32, String> {
        match tree {
            Tree::Set(set) => {
                let to = self.place();
                self.edges[from as usize].push((*set, to));
                Ok(to)
            }
            Tree::All(parts) => parts.iter().try_fold(from, |at, part| self.follow(at, part)),
            Tree::One(choices) => {
                let to = self.place();
                for choice in choices {
                    let begin = self.place();
                    self.free[from as usize].push(begin);
                    let end = self.follow(begin, choice)?;
                    self.free[end as usize].push(to);
                }
                Ok(to)
            }
            Tree::Times(part, low, high) => {
                let to = self.place();
                let mut at = from;
                for times in 0..=*high {
                    if times >= *low {
                        self.free[at as usize].push(to);
                    }
                    if times < *high {
                        at = self.follow(at, part)?;
                    }
                }
                Ok(to)
            }
            Tree::Group(_, part) => self.follow(from, part),
            Tree::End => Err("a pattern of numbers with an anchor".to_owned()),
        }
    }

    fn close(&self, mut open: Vec<u32>) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        while let Some(at) = open.pop() {
            if !found.contains(&at) {
                found.push(at);
                open.extend(&self.free[at as usize]);
            }
        }
        // A place that only leads on for free says nothing about the future.
        found.retain(|at| !self.edges[*at as usize].is_empty() || self.accepts[*at as usize].is_some());
        found.sort_unstable();
        found
    }
}

/// Allocations: which operator a prefix belongs to, for each length; the longest prefix that lists the length wins.
pub(crate) type ByLength = [u16; 18];
#[derive(Default)]
pub(crate) struct Allocations {
    nodes: Vec<([u32; 10], ByLength)>,
}

const NONE: u32 = u32::MAX;
/// A node's own answer says nothing about this length.
const UNSAID: u16 = u16::MAX;

impl Allocations {
    pub(crate) fn new() -> Self {
        Self { nodes: vec![([NONE; 10], [0; 18])] }
    }

    pub(crate) fn add(&mut self, prefix: &[u8], lengths: &[usize], network: u16) {
        let mut at = 0_usize;
        for digit in prefix {
            let next = self.nodes[at].0[usize::from(*digit)];
            at = if next == NONE {
                self.nodes.push(([NONE; 10], [UNSAID; 18]));
                let new = self.nodes.len() - 1;
                self.nodes[at].0[usize::from(*digit)] = new as u32;
                new
            } else {
                next as usize
            };
        }
        for length in lengths {
            self.nodes[at].1[*length] = network;
        }
    }

    /// Hands answers down and cuts what repeats its parent.
    pub(crate) fn finish(&mut self) {
        self.settle(0, [0; 18]);
    }

    fn settle(&mut self, at: usize, above: ByLength) -> bool {
        for (own, above) in self.nodes[at].1.iter_mut().zip(above) {
            if *own == UNSAID {
                *own = above;
            }
        }
        let own = self.nodes[at].1;
        let mut leaf = true;
        for digit in 0..10 {
            let child = self.nodes[at].0[digit];
            if child != NONE {
                if self.settle(child as usize, own) && self.nodes[child as usize].1 == own {
                    self.nodes[at].0[digit] = NONE;
                } else {
                    leaf = false;
                }
            }
        }
        leaf
    }
}

/// Where a number stands in all patterns and in the allocations.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Spot {
    places: Vec<u32>,
    node: u32,
    held: ByLength,
}

pub(crate) struct Judged {
    /// What the number is as it stands, `None` where it is nothing.
    pub(crate) class: Option<u16>,
    /// Whether the general pattern of the main region accepts it.
    pub(crate) viable: bool,
}

/// What the walk needs to know of the calling code.
pub(crate) trait Plan {
    fn judge(&self, tags: &[u32], networks: &ByLength, length: usize) -> Judged;
    /// Whether a number whose prefix was taken away may have this length.
    fn may_be_cut_to(&self, length: usize) -> bool;
    fn invalid(&self, length: usize) -> u16;
    fn rewritten(&self, rewrite: &Rewrite) -> u16;
}

pub(crate) struct Walk<'a, P> {
    pub(crate) plan: P,
    pub(crate) places: Places,
    pub(crate) allocations: Allocations,
    pub(crate) rewrites: Vec<Rewrite>,
    pub(crate) code_length: usize,
    pub(crate) graph: &'a mut Graph,
    spots: Vec<Spot>,
    spot_ids: HashMap<Spot, u32>,
    steps: HashMap<(u32, u8), u32>,
    judged: HashMap<(u32, usize), (Option<u16>, bool)>,
    seen: HashMap<Key, u32>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    depth: usize,
    spot: u32,
    threads: Vec<(u16, u32)>,
}

impl<'a, P: Plan> Walk<'a, P> {
    pub(crate) fn new(
        plan: P,
        places: Places,
        allocations: Allocations,
        rewrites: Vec<Rewrite>,
        code_length: usize,
        graph: &'a mut Graph,
    ) -> Self {
        Self {
            plan,
            places,
            allocations,
            rewrites,
            code_length,
            graph,
            spots: Vec::new(),
            spot_ids: HashMap::new(),
            steps: HashMap::new(),
            judged: HashMap::new(),
            seen: HashMap::new(),
        }
    }

    /// The entry for all numbers of the calling code.
    pub(crate) fn run(&mut self) -> u32 {
        let start = Spot {
            places: self.places.close(self.places.start.clone()),
            node: 0,
            held: self.allocations.nodes[0].1,
        };
        let spot = self.intern(start);
        let threads = (0..self.rewrites.len())
            .map(|at| {
                let insert = self.rewrites[at].insert.clone();
                (at as u16, insert.iter().fold(spot, |spot, digit| self.step(spot, *digit)))
            })
            .collect();
        let threads = self.prune(0, threads);
        self.explore(Key { depth: 0, spot, threads })
    }

    fn intern(&mut self, spot: Spot) -> u32 {
        if let Some(id) = self.spot_ids.get(&spot) {
            return *id;
        }
        let id = self.spots.len() as u32;
        self.spots.push(spot.clone());
        self.spot_ids.insert(spot, id);
        id
    }

    fn step(&mut self, spot: u32, digit: u8) -> u32 {
        if let Some(next) = self.steps.get(&(spot, digit)) {
            return *next;
        }
        let from = &self.spots[spot as usize];
        let mut open = Vec::new();
        for place in &from.places {
            for (set, to) in &self.places.edges[*place as usize] {
                if set & (1 << digit) != 0 {
                    open.push(*to);
                }
            }
        }
        let child = if from.node == NONE {
            NONE
        } else {
            self.allocations.nodes[from.node as usize].0[usize::from(digit)]
        };
        let held = if child == NONE { from.held } else { self.allocations.nodes[child as usize].1 };
        let mut next = Spot { places: self.places.close(open), node: child, held };
        if next.places.is_empty() {
            // Nothing is valid any more, so nobody's allocation matters.
            next.node = NONE;
            next.held = [0; 18];
        }
        let next = self.intern(next);
        self.steps.insert((spot, digit), next);
        next
    }

    fn judge(&mut self, spot: u32, length: usize) -> (Option<u16>, bool) {
        if let Some(judged) = self.judged.get(&(spot, length)) {
            return *judged;
        }
        let at = &self.spots[spot as usize];
        let mut tags: Vec<u32> =
            at.places.iter().filter_map(|place| self.places.accepts[*place as usize]).collect();
        tags.sort_unstable();
        let Judged { class, viable } = self.plan.judge(&tags, &at.held, length);
        self.judged.insert((spot, length), (class, viable));
        (class, viable)
    }

    /// Forgets the ways that a better one, already complete, has made pointless.
    fn prune(&self, depth: usize, mut threads: Vec<(u16, u32)>) -> Vec<(u16, u32)> {
        threads.retain(|(rule, _)| {
            let rule = &self.rewrites[usize::from(*rule)];
            !(rule.to_the_end && depth > rule.sets.len())
        });
        let done = threads.iter().position(|(rule, _)| {
            let rule = &self.rewrites[usize::from(*rule)];
            !rule.to_the_end && depth >= rule.sets.len()
        });
        if let Some(done) = done {
            threads.truncate(done + 1);
        }
        threads
    }

    fn follow(&mut self, key: &Key, digit: u8) -> Key {
        let mut threads = Vec::with_capacity(key.threads.len());
        for (rule, spot) in &key.threads {
            let rewrite = &self.rewrites[usize::from(*rule)];
            if let Some(set) = rewrite.sets.get(key.depth) {
                if set & (1 << digit) == 0 {
                    continue;
                }
                let kept = (rewrite.kept.0..rewrite.kept.1).contains(&key.depth);
                threads.push((*rule, if kept { self.step(*spot, digit) } else { *spot }));
            } else {
                threads.push((*rule, self.step(*spot, digit)));
            }
        }
        let depth = key.depth + 1;
        Key { depth, spot: self.step(key.spot, digit), threads: self.prune(depth, threads) }
    }

    /// What a number is that ends here.
    fn outcome(&mut self, key: &Key) -> u16 {
        let (class, viable) = self.judge(key.spot, key.depth);
        let matched = key.threads.iter().copied().find(|(rule, _)| {
            let rule = &self.rewrites[usize::from(*rule)];
            key.depth == rule.sets.len() || (key.depth > rule.sets.len() && !rule.to_the_end)
        });
        if let Some((rule, spot)) = matched {
            let rewrite = self.rewrites[usize::from(rule)].clone();
            let length =
                key.depth - rewrite.sets.len() + rewrite.insert.len() + (rewrite.kept.1 - rewrite.kept.0);
            let (other, other_viable) = self.judge(spot, length);
            let changed = !rewrite.insert.is_empty() || rewrite.kept != (0, rewrite.sets.len());
            if changed && (!viable || other_viable) && self.plan.may_be_cut_to(length) {
                let fits = (SHORTEST..=LONGEST).contains(&(self.code_length + length));
                return if other.is_some() && fits {
                    self.plan.rewritten(&rewrite)
                } else {
                    self.plan.invalid(length)
                };
            }
        }
        class.unwrap_or_else(|| self.plan.invalid(key.depth))
    }

    fn explore(&mut self, key: Key) -> u32 {
        if let Some(found) = self.seen.get(&key) {
            return *found;
        }
        let total = key.depth + self.code_length;
        let own = if (SHORTEST..=LONGEST).contains(&total) { self.outcome(&key) } else { 0 };
        let found = if total == LONGEST {
            let mut shape = Shape::default();
            shape[LONGEST - SHORTEST] = own;
            self.graph.shape(shape)
        } else {
            let mut children = [0; 10];
            for digit in 0..10_u8 {
                let next = self.follow(&key, digit);
                children[usize::from(digit)] = self.explore(next);
            }
            self.graph.join(children, total, own)
        };
        self.seen.insert(key, found);
        found
    }
}

pub(crate) const SHAPE: u32 = 1 << 31;

/// The graph of all calling codes.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<[u32; 11]>,
    node_ids: HashMap<[u32; 11], u32>,
    pub(crate) shapes: Vec<Shape>,
    shape_ids: HashMap<Shape, u32>,
}

impl Graph {
    pub(crate) fn shape(&mut self, shape: Shape) -> u32 {
        if let Some(id) = self.shape_ids.get(&shape) {
            return *id;
        }
        let id = self.shapes.len() as u32 | SHAPE;
        self.shapes.push(shape);
        self.shape_ids.insert(shape, id);
        id
    }

    pub(crate) fn join(&mut self, children: [u32; 10], total: usize, own: u16) -> u32 {
        let first = children[0];
        if first & SHAPE != 0 && children.iter().all(|child| *child == first) {
            let mut shape = self.shapes[(first & !SHAPE) as usize];
            if let Some(slot) = total.checked_sub(SHORTEST).and_then(|at| shape.get_mut(at)) {
                *slot = own;
            }
            return self.shape(shape);
        }
        let mut ended = Shape::default();
        if let Some(slot) = total.checked_sub(SHORTEST).and_then(|at| ended.get_mut(at)) {
            *slot = own;
        }
        let end = self.shape(ended);
        let mut node = [end; 11];
        node[..10].copy_from_slice(&children);
        if let Some(id) = self.node_ids.get(&node) {
            return *id;
        }
        let id = self.nodes.len() as u32;
        self.nodes.push(node);
        self.node_ids.insert(node, id);
        id
    }
}
