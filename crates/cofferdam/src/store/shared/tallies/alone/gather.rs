//! Attempts that wait at the same moment go to the servers in one call.
//!
//! While a call is under way those who come gather; when it is answered they go together. Nobody waits for
//! anybody else where nothing is under way, and there is no timer. It knows the format of the script's arguments.

use super::super::call::Script;
use super::super::limits::{limit_expires_s, limit_image};
use super::super::link::Link;
use super::super::name::{Name, Names};
use super::super::queue::{Queue, Tell};
use super::super::together::{Olds, again};
use crate::store::StoreError;
use arrayvec::ArrayVec;
use cofferdam_engine::limit::WINDOWS;
use cofferdam_engine::need::RECORDS;
use cofferdam_engine::tally::{LimitRecord, width_of};
use redis::{Cmd, Value};
use std::collections::HashSet;

/// Attempts of one call: half a millisecond of the server's time, in which it answers nobody else.
const TOGETHER: usize = 48;
/// Kinds of one call: an addition names its own in seven bits.
const KINDS: usize = 100;
/// Bytes of a kind's arguments, about.
const KIND: usize = 140;
/// Keys of an attempt: what was proved, and what is counted.
pub const KEYS: usize = RECORDS + 5;

/// An attempt on its way.
pub struct Item {
    /// What is looked at, what is added to, and guards, in this order. Guards are looked for where the first stands.
    pub names: ArrayVec<Name, KEYS>,
    pub looks: u8,
    /// The windows of each addition.
    pub adds: ArrayVec<[u32; WINDOWS], RECORDS>,
    pub at_s: u32,
}

impl Item {
    /// How many names come before its guards.
    fn sure(&self) -> usize {
        usize::from(self.looks) + self.adds.len()
    }
}

type Waiting = (Box<Item>, Tell<Olds>);

/// Those who wait, and how they are sent.
pub struct Gather {
    queue: Queue<Box<Item>, Olds>,
    script: Script,
}

/// A moment and the windows that are counted in then.
type Kind = (u32, [u32; WINDOWS]);

/// The arguments of one call, but for the script's name.
struct Packed {
    names: Vec<Name>,
    /// How many of them come before the guards.
    sure: usize,
    spec: Vec<u8>,
    kinds: Vec<Kind>,
}

impl Gather {
    pub fn new() -> Self {
        Self { queue: Queue::new(), script: Script::of(include_str!("../alone.lua")) }
    }

    /// Goes with the next call, and answers what stood before.
    pub async fn send(&self, item: Box<Item>) -> Result<Olds, StoreError> {
        self.queue.send(item).await
    }

    /// Sends whoever waits, until it is ended.
    pub async fn run(&self, link: &Link) {
        loop {
            self.queue.come().await;
            loop {
                let mut going = self.queue.take(TOGETHER, |_| 1);
                if going.is_empty() {
                    break;
                }
                let (packed, fit) = Packed::of(&going);
                if fit < going.len() {
                    // More kinds than a call has room for: clocks jump.
                    self.queue.put_back(going.split_off(fit));
                }
                let answer = link.ask(|whole| packed.command(&link.names, &self.script, whole)).await;
                if let Err(why) = &answer {
                    self.queue.fail(why);
                }
                tell(going, packed.names.len(), packed.sure, answer);
            }
        }
    }
}

/// Tells each what stood in its keys: the answer names the places of those that were there.
fn tell(going: Vec<Waiting>, keys: usize, sure: usize, answer: Result<Value, StoreError>) {
    let there = match answer {
        Ok(Value::Array(there)) => there,
        Ok(_) => Vec::new(),
        Err(why) => return going.into_iter().for_each(|(_, tell)| _ = tell.send(Err(again(&why)))),
    };
    let mut olds = vec![None; keys];
    let mut there = there.into_iter();
    while let (Some(Value::Int(at)), Some(Value::BulkString(bytes))) = (there.next(), there.next()) {
        if let Some(place) = usize::try_from(at - 1).ok().and_then(|at| olds.get_mut(at)) {
            *place = Some(bytes);
        }
    }
    let mut guards = olds.split_off(sure.min(keys)).into_iter();
    let mut olds = olds.into_iter();
    for (item, tell) in going {
        let sure = item.sure();
        let own = olds.by_ref().take(sure).chain(guards.by_ref().take(item.names.len() - sure));
        // Whoever waited may be gone.
        let _ = tell.send(Ok(own.collect()));
    }
}

impl Packed {
    /// The arguments of as many as fit, and how many those are.
    fn of(going: &[Waiting]) -> (Self, usize) {
        let keys = going.iter().map(|(item, _)| item.names.len()).sum();
        let (names, spec) = (Vec::with_capacity(keys), Vec::with_capacity(keys));
        let mut packed = Self { names, sure: 0, spec, kinds: Vec::new() };
        let mut met = HashSet::with_capacity_and_hasher(keys, foldhash::fast::RandomState::default());
        let mut fit = going.len();
        for (n, (item, _)) in going.iter().enumerate() {
            if packed.kinds.len() + item.adds.len() > KINDS {
                fit = n;
                break;
            }
            let (sure, guards) = item.names.split_at(item.sure());
            packed.names.extend(sure);
            packed.spec.extend([item.looks, item.adds.len() as u8, guards.len() as u8]);
            let added = sure.iter().skip(usize::from(item.looks));
            for (windows_s, name) in item.adds.iter().zip(added) {
                let kind = (item.at_s, *windows_s);
                let known = packed.kinds.iter().position(|known| *known == kind);
                let at = known.unwrap_or_else(|| {
                    packed.kinds.push(kind);
                    packed.kinds.len() - 1
                });
                let again = if met.insert(name.key) { 0 } else { 128 };
                packed.spec.push(at as u8 | again);
            }
        }
        packed.sure = packed.names.len();
        packed.names.extend(going.iter().take(fit).flat_map(|(item, _)| item.names.iter().skip(item.sure())));
        (packed, fit)
    }

    fn command(&self, names: &Names, script: &Script, whole: bool) -> Cmd {
        let args = (2 + 3 * self.kinds.len(), 8 + self.spec.len() + KIND * self.kinds.len());
        let mut command = script.command(whole, (self.names.len(), names), args);
        let mut text = Vec::with_capacity(64);
        for name in &self.names {
            text.clear();
            names.write(*name, &mut text);
            command.arg(&text[..]);
        }
        command.arg(self.sure).arg(&self.spec[..]);
        for (at_s, windows_s) in &self.kinds {
            let mut fresh = LimitRecord::default();
            fresh.add(*at_s, windows_s, 1);
            command.arg(limit_expires_s(windows_s)).arg(&limit_image(&fresh)[..]);
            let words = core::iter::once(*at_s).chain(windows_s.map(width_of));
            command.arg(&words.flat_map(u32::to_be_bytes).collect::<Vec<u8>>()[..]);
        }
        command
    }
}
