//! Attempts that are judged without evidence: what they look up and count, in one call ([`gather`]).
//!
//! A second, smaller script counts them in the same records as the first, to the same bytes. A cluster would need
//! one call a tag, none of which sees the guards of the others: there what was proved is asked for first.

use super::name::{Holds, Name};
use super::together::Olds;
use super::{Inner, limits};
use crate::store::StoreError;
use crate::store::tallies::{Counted, CountedAlone, Marks, Proofs};
use arrayvec::ArrayVec;
use cofferdam_engine::known::Blind;
use cofferdam_engine::need::{Inquiry, RECORDS};
use cofferdam_engine::{Known, Needs};
pub use gather::Gather;
use gather::Item;
use std::sync::Arc;
use std::sync::atomic::Ordering;

mod gather;

/// Sends those who wait, until it is ended.
pub async fn run(inner: Arc<Inner>) {
    inner.alone.run(&inner.link).await;
}

/// The keys of an inquiry that forbid to count, and the others.
fn asked(inquiry: &Inquiry) -> ([Option<u64>; 2], [Option<u64>; 3]) {
    let Inquiry { number, device, user, number_device, number_user } = *inquiry;
    ([number_device, number_user], [Some(number), device, user])
}

fn item(inquiry: &Inquiry, needs: &Needs, at_s: u32) -> Item {
    let (guards, looks) = asked(inquiry);
    let mut item = Item { names: ArrayVec::new(), looks: 0, adds: ArrayVec::new(), at_s };
    let proof = |key| Name::new(Holds::Proof, key);
    item.names.extend(looks.into_iter().flatten().map(proof));
    let limit = |key| Name::new(Holds::Limit, key);
    item.names.extend(needs.iter().filter(|need| !need.add).map(|need| limit(need.key)));
    item.looks = item.names.len() as u8;
    for need in needs.iter().filter(|need| need.add) {
        item.names.push(limit(need.key));
        item.adds.push(need.windows_s);
    }
    item.names.extend(guards.into_iter().flatten().map(proof));
    item
}

impl Inner {
    pub(super) async fn count_alone(
        &self,
        inquiry: &Inquiry,
        needs: &Needs,
        at_s: u32,
    ) -> Result<CountedAlone, StoreError> {
        if self.settings.at_once {
            self.flush().await;
        }
        if self.link.is_cluster() {
            let proofs = self.identified(inquiry, None, at_s).await?.proofs;
            let counted = if proofs.of_pair() { None } else { Some(self.count(needs, at_s).await?) };
            return Ok(CountedAlone { proofs, counted });
        }
        let olds = self.alone.send(Box::new(item(inquiry, needs, at_s))).await?;
        Ok(self.counted_alone(inquiry, needs, at_s, &olds))
    }

    /// Takes an answer into the copy, and reads it.
    fn counted_alone(&self, inquiry: &Inquiry, needs: &Needs, at_s: u32, olds: &Olds) -> CountedAlone {
        let (guards, looks) = asked(inquiry);
        let sure = olds.len().saturating_sub(guards.into_iter().flatten().count());
        let (olds, of_guards) = olds.split_at(sure);
        let mut olds = olds.iter().map(Option::as_deref);
        let mut copy = self.copy();
        let mut proved = |key: u64, old: Option<&[u8]>| {
            let found = old.and_then(limits::proof_of);
            match found {
                Some(proof) => copy.proofs.prove(key, proof.at_s),
                None => copy.proofs.unprove(key),
            }
            found?.proved_s()
        };
        let [number, device, user] = looks.map(|key| key.and_then(|key| proved(key, olds.next().flatten())));
        let [number_device, number_user] = match number {
            Some(_) => {
                let mut olds = of_guards.iter().map(Option::as_deref);
                guards.map(|key| key.and_then(|key| proved(key, olds.next().flatten())))
            }
            // They were not looked for.
            None => [None; 2],
        };
        let proofs = Proofs::of([number, device, user, number_device, number_user]);
        if proofs.of_pair() {
            return CountedAlone { proofs, counted: None };
        }
        // What is only looked at comes first, then what is added to.
        let of = |adds: bool| needs.iter().enumerate().filter(move |(_, need)| need.add == adds);
        let mut before: ArrayVec<Option<&[u8]>, RECORDS> = needs.iter().map(|_| None).collect();
        for (n, _) in of(false).chain(of(true)) {
            if let Some(place) = before.get_mut(n) {
                *place = olds.next().flatten();
            }
        }
        let seen = Self::take_limits(&mut copy, needs, at_s, before);
        CountedAlone { proofs, counted: Some(Counted { seen, marks: Marks::default() }) }
    }

    /// Counts in the copy alone what nobody else will know of until the servers are back. `told`: they may have it
    /// already, and whoever sends it again counts it twice.
    pub(super) fn count_alone_in_copy(&self, needs: &Needs, at_s: u32, known: &mut Known, told: bool) {
        known.seen = self.copy().limits.count_all(needs, at_s);
        known.blind = Some(Blind::Tallies { nodes: self.nodes.load(Ordering::Relaxed).max(1) });
        self.limits_wait(needs, at_s, told);
    }
}
