//! What stands as bytes, and back: for whoever goes on with a saved stream. The live server keeps each
//! block in the records instead. Whole and damaged are told apart; a version stands in front.

use super::table::Awaited;
use super::{Block, Blocks, Held, State};
use crate::attempt::Channel;
use crate::evidence::Scope;
use crate::signal::EvidenceKey;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use arrayvec::ArrayVec;
use cofferdam_atlas::{Country, Prefix};

const VERSION: u32 = 1;
const CHANNELS: [Channel; 4] = [Channel::Sms, Channel::Voice, Channel::Whatsapp, Channel::Email];
const STATES: [State; 3] = [State::Shut, State::Trial, State::Ended];

impl Blocks {
    /// All of it, as bytes that [`Blocks::restore`] takes back.
    pub fn save(&self) -> Vec<u8> {
        let mut to = Vec::new();
        let word = |to: &mut Vec<u8>, n: u64| to.extend_from_slice(&n.to_le_bytes());
        word(&mut to, u64::from(VERSION));
        for n in [u64::from(self.day), self.spent_micros as u64, u64::from(self.reviewed_s)] {
            word(&mut to, n);
        }
        word(&mut to, self.all.len() as u64);
        for block in self.all.values() {
            write(block, &mut to);
        }
        word(&mut to, self.watched.len() as u64);
        for (key, (row, last_s)) in &self.watched {
            for n in [*key, u64::from(*row), u64::from(*last_s)] {
                word(&mut to, n);
            }
        }
        word(&mut to, self.awaited.len() as u64);
        for Awaited { id, key, at_s } in &self.awaited {
            for n in [*id, *key, u64::from(*at_s)] {
                word(&mut to, n);
            }
        }
        to
    }

    /// What was saved; `None` if the bytes are damaged or another version's.
    pub fn restore(bytes: &[u8]) -> Option<Self> {
        let mut from = Bytes(bytes);
        let mut blocks = Self::new();
        (from.short()? == VERSION).then_some(())?;
        (blocks.day, blocks.spent_micros, blocks.reviewed_s) =
            (from.short()?, from.word()? as i64, from.short()?);
        for _ in 0..from.word()? {
            let block = read(&mut from)?;
            blocks.marks.mark(block.key);
            blocks.all.insert(block.key, block);
        }
        for _ in 0..from.word()? {
            blocks.watched.insert(from.word()?, (from.short()?, from.short()?));
        }
        for _ in 0..from.word()? {
            blocks.awaited.push_back(Awaited { id: from.word()?, key: from.word()?, at_s: from.short()? });
        }
        from.0.is_empty().then_some(blocks)
    }
}

fn write(block: &Block, to: &mut Vec<u8>) {
    let channels = block.channels.iter().fold(0, |all, channel| all | 1 << *channel as u64);
    let state = STATES.iter().position(|state| *state == block.state).unwrap_or(0);
    let [first, second] = [0, 1].map(|at| block.within.get(at).copied().unwrap_or(0));
    let (kind, value) = shown(block.shown);
    let words = [
        block.scope as u64,
        block.key,
        kind,
        value,
        channels,
        block.within.len() as u64,
        first,
        second,
        u64::from(block.by_hand),
        state as u64,
        u64::from(block.opened_s),
        u64::from(block.since_s),
        block.until_s.map_or(u64::MAX, u64::from),
        u64::from(block.rung),
        u64::from(block.strikes.to_bits()),
        u64::from(block.struck_s),
        u64::from(block.pace.to_bits()),
        u64::from(block.usual.to_bits()),
        u64::from(block.asked.to_bits()),
        u64::from(block.asked_s),
        u64::from(block.rate.to_bits()),
        block.stopped,
        block.spared_micros as u64,
        u64::from(block.held.hour),
        u64::from(block.held.in_hour),
        u64::from(block.held.matured),
        u64::from(block.held.converted),
        u64::from(block.kept_open_s),
    ];
    for word in words {
        to.extend_from_slice(&word.to_le_bytes());
    }
}

fn read(from: &mut Bytes<'_>) -> Option<Block> {
    let scope = *Scope::EVERY.get(usize::try_from(from.word()?).ok()?)?;
    let (key, kind, value) = (from.word()?, from.word()?, from.word()?);
    let (channels, count) = (from.word()?, from.word()?);
    let within = [from.word()?, from.word()?].into_iter().take(usize::try_from(count).ok()?).collect();
    let named = |channel: &Channel| channels & (1 << *channel as u64) != 0;
    Some(Block {
        scope,
        key,
        shown: shown_of(kind, value)?,
        channels: CHANNELS.into_iter().filter(named).collect::<ArrayVec<_, 4>>(),
        within,
        by_hand: from.word()? != 0,
        state: *STATES.get(usize::try_from(from.word()?).ok()?)?,
        opened_s: from.short()?,
        since_s: from.short()?,
        until_s: Some(from.word()?).filter(|until| *until != u64::MAX).map(|until| until as u32),
        rung: from.word()? as u8,
        strikes: from.float()?,
        struck_s: from.short()?,
        pace: from.float()?,
        usual: from.float()?,
        asked: from.float()?,
        asked_s: from.short()?,
        rate: from.float()?,
        stopped: from.word()?,
        spared_micros: from.word()? as i64,
        held: Held {
            hour: from.short()?,
            in_hour: from.short()?,
            matured: from.short()?,
            converted: from.short()?,
        },
        kept_open_s: from.short()?,
    })
}

/// What is shown, as two words. What no block is about is nothing.
fn shown(key: EvidenceKey) -> (u64, u64) {
    match key {
        EvidenceKey::Prefix(prefix) => {
            let text = prefix.to_string();
            (1, text.trim_start_matches('+').parse().unwrap_or(0))
        }
        EvidenceKey::Country(country) => {
            (2, country.iso2().bytes().fold(0, |value, byte| value << 8 | u64::from(byte)))
        }
        EvidenceKey::Network(network) => (3, u64::from(network)),
        EvidenceKey::Evidence(scope) => (4, scope as u64),
        _ => (0, 0),
    }
}

fn shown_of(kind: u64, value: u64) -> Option<EvidenceKey> {
    Some(match kind {
        0 => EvidenceKey::None,
        1 => EvidenceKey::Prefix(Prefix::from_digits(value)?),
        2 => {
            let letters = [(value >> 8) as u8, value as u8];
            EvidenceKey::Country(Country::from_iso2(core::str::from_utf8(&letters).ok()?)?)
        }
        3 => EvidenceKey::Network(u32::try_from(value).ok()?),
        4 => EvidenceKey::Evidence(*Scope::EVERY.get(usize::try_from(value).ok()?)?),
        _ => return None,
    })
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn word(&mut self) -> Option<u64> {
        let (word, later) = self.0.split_first_chunk::<8>()?;
        self.0 = later;
        Some(u64::from_le_bytes(*word))
    }

    fn short(&mut self) -> Option<u32> {
        u32::try_from(self.word()?).ok()
    }

    fn float(&mut self) -> Option<f32> {
        self.short().map(f32::from_bits)
    }
}
