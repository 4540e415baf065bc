//! The shared tallies for a replay, which does one thing after another: under a prefix of their own, that is emptied before
//! and afterwards, on one server. What goes wrong is kept for whoever asks, since a judge of a stream answers whatever
//! happens.

use super::link::Link;
use super::name::{Holds, Name, Names};
use super::{Inner, RedisSettings, SharedTallies, mend, nodes, settings, start};
use crate::clock::{Clock, Dice};
use crate::store::StoreError;
use crate::store::tallies::{Followed, Lesson, Tallies as _};
use cofferdam_engine::effect::Effect;
use cofferdam_engine::evidence::{Ask, EvidenceSize, Faces, Fate};
use cofferdam_engine::need::Inquiry;
use cofferdam_engine::tally::Change;
use cofferdam_engine::{Known, Needs};
use cofferdam_sim::ours::{Identified, Tallies};
use redis::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;

/// What the keys of replays begin with. Nothing else is touched.
pub const PREFIX: &str = "cofferdam-replay";

/// Tallies of a replay.
pub struct ReplayTallies {
    runtime: Runtime,
    tallies: SharedTallies,
    failed: Option<StoreError>,
}

impl ReplayTallies {
    /// Empty ones at an address. Refused while another replay is under way there.
    pub fn open(url: &str, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Result<Self, StoreError> {
        Self::open_with(url, None, clock, dice)
    }

    /// The same; with records summed from some heat on, as a server does.
    pub(super) fn open_with(
        url: &str,
        summed_from: Option<u32>,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
    ) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| StoreError::Away(format!("no runtime: {error}")))?;
        let settings = RedisSettings {
            // Nobody waits for a replay, and what it cannot have in time ends it.
            timeout: std::time::Duration::from_secs(10),
            clock_apart_max: None,
            at_once: true,
            summed_from,
            ..RedisSettings::at(url, PREFIX)
        };
        let tallies = runtime.block_on(async {
            empty(&settings, &*clock).await?;
            super::open(settings, clock, dice).await
        })?;
        Ok(Self { runtime, tallies, failed: None })
    }

    /// How many records are summed right now.
    #[cfg(test)]
    pub fn summed(&self) -> usize {
        self.inner().pending().sums.len()
    }

    /// What went wrong first: nothing that was decided since stands.
    pub fn failed(&self) -> Option<&StoreError> {
        self.failed.as_ref()
    }

    fn run<T: Default>(&mut self, work: impl AsyncFnOnce(&SharedTallies) -> Result<T, StoreError>) -> T {
        if self.failed.is_some() {
            return T::default();
        }
        match self.runtime.block_on(work(&self.tallies)) {
            Ok(answer) => answer,
            Err(error) => {
                self.failed = Some(error);
                T::default()
            }
        }
    }

    fn inner(&self) -> &Inner {
        &self.tallies.inner
    }
}

impl Drop for ReplayTallies {
    fn drop(&mut self) {
        // Whoever renews the lease must not do so behind our back.
        self.tallies.tasks.iter().for_each(AbortHandle::abort);
        let settings = self.inner().settings.clone();
        let clock = Arc::clone(&self.inner().clock);
        let lease = self.inner().link.names.text(Name::new(Holds::Lease, self.inner().node.id()));
        let link = Arc::clone(&self.inner().link);
        self.runtime.block_on(async {
            let _ = link.send(redis::cmd("DEL").arg(lease)).await;
            if let Err(error) = empty(&settings, &*clock).await {
                tracing::warn!(%error, "what a replay left in Redis could not be taken away");
            }
        });
    }
}

/// Takes all keys of replays away, unless one is under way.
async fn empty(settings: &RedisSettings, clock: &dyn Clock) -> Result<(), StoreError> {
    let target = settings::target(&settings.url)?;
    if matches!(target, settings::Target::Cluster(_)) {
        return Err(StoreError::Unreadable("a replay takes one server, not a cluster".to_owned()));
    }
    let link = Link::new(target, settings.timeout, Names::of(&settings.prefix));
    link.open(start::reach(&link, settings, clock).await?);
    if nodes::any_lives(&link, None).await? {
        return Err(StoreError::Away(
            "another replay is under way on this Redis: let it end, or wait five seconds after it was killed"
                .to_owned(),
        ));
    }
    let mut cursor = b"0".to_vec();
    loop {
        let pattern = format!("{}*", link.names.begin());
        let found = link
            .send(redis::cmd("SCAN").arg(&cursor[..]).arg("MATCH").arg(pattern).arg("COUNT").arg(1_000))
            .await?;
        let Value::Array(found) = found else { return Ok(()) };
        let mut found = found.into_iter();
        cursor = found.next().and_then(mend::bytes).unwrap_or_else(|| b"0".to_vec());
        let Some(Value::Array(keys)) = found.next() else { return Ok(()) };
        if !keys.is_empty() {
            let keys: Vec<Vec<u8>> = keys.into_iter().filter_map(mend::bytes).collect();
            link.send(redis::cmd("UNLINK").arg(keys)).await?;
        }
        if cursor == b"0" {
            return Ok(());
        }
    }
}

impl Tallies for ReplayTallies {
    fn advance(&mut self, at_s: u32) {
        self.inner().evidence(|evidence| evidence.advance(at_s));
    }

    fn identify(&mut self, inquiry: &Inquiry, faces: &Faces, at_s: u32) -> Identified {
        let found = self.run(async |tallies| tallies.identify(inquiry, faces, at_s).await);
        let proofs = found.proofs;
        let proofs =
            [proofs.number_s, proofs.device_s, proofs.user_s, proofs.number_device_s, proofs.number_user_s];
        (proofs, found.glimpse)
    }

    fn count(&mut self, needs: &Needs, ask: &Ask, known: &mut Known) {
        let counted = self.run(async |tallies| {
            let mut known = Known::default();
            tallies.count_with(needs, ask, &mut known).await.map(|_| known)
        });
        (known.seen, known.evidence) = (counted.seen, counted.evidence);
    }

    fn decided(
        &mut self,
        id: u64,
        ask: &Ask,
        (fate, score, effects): (Fate, f64, &[Effect]),
        back: &[Change],
    ) {
        let followed = Followed { name: id, ask, fate, score, effects, changes: back };
        self.run(async |tallies| tallies.follow(&followed).await.map(|_| ()));
    }

    fn challenged(&mut self, id: u64, passed: bool) {
        self.run(async |tallies| tallies.learn(&[(id, Lesson::Challenged { passed })]).await.map(|_| ()));
    }

    fn undelivered(&mut self, id: u64) {
        self.run(async |tallies| tallies.learn(&[(id, Lesson::Undelivered)]).await.map(|_| ()));
    }

    fn converted(&mut self, id: u64, at_s: u32) {
        // What a stream's right code proves is said by the attempt itself; a server knows it from its records.
        let proved = self.inner().evidence(|evidence| evidence.converted(id, at_s));
        let changes: Vec<Change> = proved.into_iter().map(|key| Change::Prove { key, at_s }).collect();
        self.run(async |tallies| {
            tallies.raise_later(&changes);
            Ok(())
        });
    }

    fn size(&self) -> EvidenceSize {
        let size = self.tallies.size();
        EvidenceSize { keys: size.keys as usize, bytes: size.bytes as usize, open: 0 }
    }
}
