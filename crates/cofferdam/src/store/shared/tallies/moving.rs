//! Handing what the servers hold out to another home, and taking it in from one, while no node serves.

use super::call::{Act, Call, Step, Want};
use super::counting::{PLAIN_S, RECENT_S, RICH_S, SEEN_S};
use super::mend::bytes;
use super::name::{Holds, Name};
use super::{Inner, limits, nodes};
use crate::store::StoreError;
use crate::store::tallies::{MovedTallies, MovedTally, Tallied};
use cofferdam_engine::evidence::{Kept, OpenAttempt};
use redis::Value;

/// Keys that a server is asked to look at together.
const AT_ONCE: usize = 1_000;
/// Before the identifier of an open attempt's owner ends.
const OWNER: usize = 8;

/// What a key holds of the kinds that are moved, and for how long it is kept.
fn holds(of: Tallied) -> (Holds, u32) {
    match of {
        Tallied::Limit => (Holds::Limit, limits::LIMIT_S),
        Tallied::Proof => (Holds::Proof, limits::PROOF_S),
        Tallied::Evidence(Kept::Plain) => (Holds::Plain, PLAIN_S),
        Tallied::Evidence(Kept::Rich) => (Holds::Rich, RICH_S),
        Tallied::Evidence(Kept::Seen) => (Holds::Seen, SEEN_S),
        Tallied::Evidence(Kept::Recent) => (Holds::Recent, RECENT_S),
        Tallied::Open => (Holds::Open, nodes::OPEN_S),
    }
}

impl Inner {
    /// The place is the servers' own.
    pub async fn give(&self, after: Option<&str>) -> Result<MovedTallies, StoreError> {
        if self.link.is_cluster() {
            return Err(StoreError::Unreadable(
                "the tallies of a Redis cluster cannot be taken back: move to one server first".into(),
            ));
        }
        if after.is_none() && nodes::any_lives(&self.link, Some(self.node.id())).await? {
            // What it writes from now on would be missing where this is moved to.
            return Err(StoreError::Away(
                "another machine serves from this store: stop all of them, and wait five seconds".into(),
            ));
        }
        let pattern = format!("{}*", self.link.names.begin());
        let asked = redis::cmd("SCAN")
            .arg(after.unwrap_or("0"))
            .arg("MATCH")
            .arg(pattern)
            .arg("COUNT")
            .arg(AT_ONCE)
            .to_owned();
        let Value::Array(found) = self.link.send(&asked).await? else { return Err(odd()) };
        let mut found = found.into_iter();
        let place = found.next().and_then(bytes).and_then(|place| String::from_utf8(place).ok());
        let (Some(place), Some(Value::Array(keys))) = (place, found.next()) else { return Err(odd()) };
        let of = |key: Value| {
            let (letter, key) = self.link.names.read(&bytes(key)?)?;
            let of = Tallied::ALL.into_iter().find(|of| holds(*of).0.letter() == letter)?;
            Some((of, key))
        };
        let keys: Vec<(Tallied, u64)> = keys.into_iter().filter_map(of).collect();
        let mut call = Call::new();
        call.steps.extend(keys.iter().map(|(of, key)| Step::look(Name::new(holds(*of).0, *key))));
        let images = self.link.run(&call, Want::Olds).await?;
        let whole = |((of, key), image): (&(Tallied, u64), Option<Vec<u8>>)| {
            let mut image = image?;
            if *of == Tallied::Open {
                // Without whose it was.
                image = image.get(OWNER..)?.to_vec();
            }
            Some(MovedTally { of: *of, key: *key, image })
        };
        let rows = keys.iter().zip(images).filter_map(whole).collect();
        Ok(MovedTallies { rows, next: (place != "0").then_some(place) })
    }

    pub async fn put(&self, rows: Vec<MovedTally>, at_s: u32) -> Result<u64, StoreError> {
        let taken = rows.len() as u64;
        let mut call = Call::new();
        let mut open = Vec::new();
        for MovedTally { of, key, image } in rows {
            if of == Tallied::Open {
                open.push(OpenAttempt::read(&image).map_err(|_| odd())?);
                continue;
            }
            let (holds, expires_s) = holds(of);
            let args = call.args(vec![image]);
            let name = Name::new(holds, key);
            call.steps.push(Step { name, act: Act::Fill, parts: 0, at_s: 0, expires_s, args });
        }
        if !call.steps.is_empty() {
            self.link.run(&call, Want::Nothing).await?;
        }
        if let Some(until_s) = open.iter().map(OpenAttempt::at_s).max() {
            // They become this process's, which ends soon; then whoever lives takes them over.
            let names: Vec<(u64, u32)> =
                open.iter().map(|attempt| (attempt.name(), attempt.at_s())).collect();
            self.evidence(|evidence| evidence.take_over(open, until_s.min(at_s)));
            for some in names.chunks(AT_ONCE) {
                for (name, at_s) in some {
                    self.enter(*name, *at_s);
                }
                self.flush().await;
            }
        }
        Ok(taken)
    }
}

fn odd() -> StoreError {
    StoreError::Unreadable("what Redis says is not what was asked for".into())
}
