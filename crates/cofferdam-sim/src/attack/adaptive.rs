//! Attackers who go on as they are answered. Each sees only what a caller's form would show: whether the message
//! came, whether a challenge was asked for. What they do about it is one file each.

mod edge;
mod hand;
mod mover;
mod returner;
mod rival;
mod slower;
mod warmer;

pub(super) use edge::edge;
pub(super) use mover::mover;
pub(super) use returner::returner;
pub(super) use rival::rival;
pub(super) use slower::slower;
pub(super) use warmer::warmer;
