//! One call of the script: which records, what is added to each, and what stood there before.
//!
//! It knows the script's argument format and sends nothing.

use super::args::Args;
use super::name::{Name, Names};
use cofferdam_engine::evidence::{Add, Width};
use redis::Cmd;

/// What is done to a record. The numbers are the script's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// Nothing: it is read.
    Look = 0,
    Plain = 1,
    Rich = 2,
    Seen = 3,
    Recent = 4,
    Limit = 5,
    Prove = 6,
    Gone = 7,
    Set = 8,
    Append = 9,
    /// Set where there is nothing.
    Fill = 10,
    /// Counts of a limit that are less are made this.
    Raise = 11,
}

/// Bytes of what a section of the script's arguments begins with.
const HEAD: usize = 16;

/// Parts of a rich record, and of what is done to it.
pub mod part {
    /// The sums that a plain record has too.
    pub const OWN: u8 = 1;
    /// Those of the control group.
    pub const TRUSTED: u8 = 2;
    /// The buckets of the week.
    pub const WEEK: u8 = 4;
    /// The two eras.
    pub const ERAS: u8 = 8;
    /// The first moment.
    pub const FIRST: u8 = 16;
    /// The record is made if there is none.
    pub const MAKE: u8 = 32;
    /// Of the two upper bits, how full the servers are: a record that is made is kept for an eighth, a sixty-fourth …
    pub const FULLER: u8 = 64;
    /// Of a number or session: as a newcomer, asked for, and a code came back.
    pub const NEWCOMER: u8 = 1;
    pub const ASKED: u8 = 2;
    pub const CONVERTED: u8 = 4;
}

/// What is done to one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub name: Name,
    pub act: Act,
    pub parts: u8,
    pub at_s: u32,
    pub expires_s: u32,
    /// Which of the call's arguments.
    pub args: usize,
}

impl Step {
    pub fn look(name: Name) -> Self {
        Self { name, act: Act::Look, parts: 0, at_s: 0, expires_s: 0, args: 0 }
    }

    /// Whether another differs in its record alone.
    fn is_like(&self, other: &Self) -> bool {
        *self == Self { name: self.name, ..*other }
    }
}

/// Steps and what they share.
#[derive(Debug, Default)]
pub struct Call {
    pub steps: Vec<Step>,
    args: Vec<Args>,
    /// They are several attempts'.
    several: bool,
}

/// What a command of the script answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// What stood there before.
    Olds,
    Nothing,
}

impl Call {
    pub fn new() -> Self {
        Self { steps: Vec::with_capacity(32), args: vec![Args::default()], several: false }
    }

    /// Arguments for steps to come.
    pub fn args(&mut self, args: impl Into<Args>) -> usize {
        self.args.push(args.into());
        self.args.len() - 1
    }

    /// The same, where others may have theirs alike already.
    fn args_alike(&mut self, args: &Args) -> usize {
        match self.args.iter().position(|own| own == args) {
            Some(known) => known,
            None => self.args(args.clone()),
        }
    }

    /// Several calls as one, steps that are alike side by side; and for each of their steps in turn which of its own it
    /// is. A record that is in several of them tells each what stood before it.
    pub fn together(calls: &[Self]) -> (Self, Vec<usize>) {
        let mut all = Self::new();
        all.several = calls.len() > 1;
        let mut steps = Vec::with_capacity(calls.iter().map(|call| call.steps.len()).sum());
        for call in calls {
            let args: Vec<usize> = call.args.iter().map(|args| all.args_alike(args)).collect();
            // What one attempt does twice to a record keeps its order.
            let moves = all.several && !is_twice(call.steps.iter().map(|step| step.name));
            let like = |step: &Step| (step.act, step.args, step.parts, step.at_s, step.expires_s);
            for step in &call.steps {
                let step = Step { args: args.get(step.args).copied().unwrap_or(0), ..*step };
                steps.push((moves.then(|| like(&step)), steps.len(), step));
            }
        }
        // Its numbers keep the order of those alike.
        steps.sort_unstable_by_key(|(like, n, _)| (*like, *n));
        let mut places = vec![0; steps.len()];
        for (at, (_, n, step)) in steps.into_iter().enumerate() {
            all.steps.push(step);
            if let Some(place) = places.get_mut(n) {
                *place = at;
            }
        }
        (all, places)
    }

    /// What was kept under a number.
    pub fn args_of(&self, args: usize) -> Option<&Args> {
        self.args.get(args)
    }

    /// The steps of one of a cluster's tags, or all: their numbers, in order.
    pub fn groups(&self, whole: bool) -> Vec<Vec<usize>> {
        if whole {
            return vec![(0..self.steps.len()).collect()];
        }
        let mut groups = vec![Vec::new(); super::name::GROUPS as usize];
        for (n, step) in self.steps.iter().enumerate() {
            if let Some(group) = groups.get_mut(step.name.group() as usize) {
                group.push(n);
            }
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// Some of the steps as a command: the script by its sum, or its whole text.
    pub fn command(&self, of: &[usize], names: &Names, script: &Script, whole: bool, want: Want) -> Cmd {
        let steps: Vec<&Step> = of.iter().filter_map(|n| self.steps.get(*n)).collect();
        if want == Want::Olds && steps.iter().all(|step| step.act == Act::Look) {
            // What only looks needs no script.
            let mut command = Cmd::with_capacity(1 + steps.len(), 4 + names.bytes(steps.len()));
            command.arg("MGET");
            add_names(&mut command, &steps, names);
            return command;
        }
        // Each tag has its share of a call's arguments, about.
        let share = |all: usize| 1 + all * steps.len() / self.steps.len().max(1);
        let many = self.args.iter().map(|args| 1 + args.len()).sum();
        let bytes = self.args.iter().map(|args| HEAD + args.bytes()).sum();
        let args = (share(many), share(bytes));
        let mut command = script.command(whole, (steps.len(), names), args);
        add_names(&mut command, &steps, names);
        let twice = match (is_twice(steps.iter().map(|step| step.name)), self.several) {
            (false, _) => 0,
            (true, false) => 2,
            (true, true) => 6,
        };
        command.arg(twice + u8::from(want == Want::Olds));
        let mut n = 0;
        while let Some(step) = steps.get(n) {
            let alike = steps.iter().skip(n + 1).take_while(|other| step.is_like(other)).count() + 1;
            let args = self.args_of(step.args);
            let args_len = args.map_or(0, Args::len);
            let many = alike as u16;
            let mut head = [0; HEAD];
            let [kind, parts, rest @ ..] = &mut head;
            (*kind, *parts) = (step.act as u8, step.parts);
            let figures = many.to_be_bytes().into_iter().chain(step.at_s.to_be_bytes());
            let figures = figures.chain(step.expires_s.to_be_bytes()).chain((args_len as u32).to_be_bytes());
            rest.iter_mut().zip(figures).for_each(|(place, byte)| *place = byte);
            command.arg(&head[..]);
            for arg in args.into_iter().flat_map(Args::iter) {
                command.arg(arg);
            }
            n += alike;
        }
        command
    }
}

fn add_names(command: &mut Cmd, steps: &[&Step], names: &Names) {
    let mut text = Vec::with_capacity(64);
    for step in steps {
        text.clear();
        names.write(step.name, &mut text);
        command.arg(&text[..]);
    }
}

/// Whether a record is there more than once.
fn is_twice(names: impl Iterator<Item = Name>) -> bool {
    let mut names: Vec<Name> = names.collect();
    names.sort_unstable();
    names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

/// Additions as the script takes them.
pub fn adds(adds: impl IntoIterator<Item = Add>) -> Args {
    let mut args = Args::with_capacity(36, 160);
    for add in adds {
        args.push(match add.width {
            Width::Signed => b"i32",
            Width::Count => b"u32",
            Width::Long => b"i64",
        });
        args.push_figure(add.at as i64 * 8);
        args.push_figure(add.amount);
    }
    args
}

/// The script, and the sum under which servers know it.
#[derive(Debug)]
pub struct Script {
    pub text: &'static str,
    pub sum: String,
}

impl Script {
    pub fn new() -> Self {
        Self::of(include_str!("script.lua"))
    }

    /// A script of this text.
    pub fn of(text: &'static str) -> Self {
        Self { text, sum: redis::Script::new(text).get_hash().to_owned() }
    }

    /// The beginning of its call: by its sum, or with its whole text, and how many keys follow. It has room for those,
    /// and for so many arguments of so many bytes.
    pub fn command(&self, whole: bool, (keys, names): (usize, &Names), (args, bytes): (usize, usize)) -> Cmd {
        let (by, script) = if whole { ("EVAL", self.text) } else { ("EVALSHA", self.sum.as_str()) };
        let mut command = Cmd::with_capacity(3 + keys + args, 16 + script.len() + names.bytes(keys) + bytes);
        command.arg(by).arg(script).arg(keys);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::super::name::Holds;
    use super::*;

    #[test]
    fn calls_that_go_together_have_what_is_alike_once_and_keep_their_own_answers() {
        let call = |keys: [u64; 3]| {
            let mut call = Call::new();
            let step = |key, act, args| Step {
                name: Name::new(Holds::Limit, key),
                act,
                parts: 0,
                at_s: 9,
                expires_s: 60,
                args,
            };
            let args = [b"one", b"two"].map(|arg| call.args(vec![arg.to_vec()]));
            call.steps = vec![step(keys[0], Act::Limit, args[1]), step(keys[1], Act::Limit, args[0])];
            call.steps.push(Step::look(Name::new(Holds::Proof, keys[2])));
            call
        };
        let calls = [call([1, 2, 3]), call([4, 5, 6])];
        let (all, places) = Call::together(&calls);
        assert_eq!(all.args.len(), 3, "and none at all");
        let own: Vec<Step> = places.iter().map(|at| all.steps[*at]).collect();
        assert_eq!(own.iter().map(|step| step.name.key).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(all.steps.iter().map(|step| step.name.key).collect::<Vec<_>>(), [3, 6, 2, 5, 1, 4]);
        assert!(own.iter().zip(calls.iter().flat_map(|call| &call.steps)).all(|(a, b)| a.act == b.act));
        assert_eq!(all.args_of(own[3].args).unwrap().iter().collect::<Vec<_>>(), [b"two"]);
        let (one, places) = Call::together(&calls[..1]);
        assert_eq!((one.steps.len(), places), (3, vec![0, 1, 2]), "one stays as it is");
    }
}
