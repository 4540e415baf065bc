//! Calls that wait at the same moment go to the servers as one.
//!
//! While a call is under way those that come gather; when it is answered they go together, those of round one and of
//! round two. Nobody waits where nothing is under way, and there is no timer. A call's fixed price, and whatever
//! attempts of one second have in common, is paid once for all of them.

use super::Inner;
use super::call::{Call, Want};
use crate::store::StoreError;
use std::sync::Arc;

/// Steps that go together: a millisecond of the server's time, in which it answers nobody else.
const STEPS: usize = 400;

/// What stood before, in the order of a call's steps.
pub type Olds = Vec<Option<Vec<u8>>>;

/// What stood before, and how many batches of what follows decisions were begun when it was asked for.
pub type Answer = (Olds, u64);

/// Sends those that wait, until it is ended.
pub async fn run(inner: Arc<Inner>) {
    loop {
        inner.together.come().await;
        loop {
            // The server would not answer before it is through with the batch that is under way.
            drop(inner.sending.lock().await);
            let (calls, tells): (Vec<Call>, Vec<_>) =
                inner.together.take(STEPS, |call| call.steps.len()).into_iter().unzip();
            if calls.is_empty() {
                break;
            }
            let begun = inner.pending().begun();
            let (call, places) = Call::together(&calls);
            match inner.link.run(&call, Want::Olds).await {
                Ok(mut olds) => {
                    let mut places = places.into_iter();
                    for (call, tell) in calls.iter().zip(tells) {
                        let own = places.by_ref().take(call.steps.len());
                        let own = own.map(|at| olds.get_mut(at).and_then(Option::take)).collect();
                        // Whoever waited may be gone.
                        let _ = tell.send(Ok((own, begun)));
                    }
                }
                Err(why) => {
                    inner.together.fail(&why);
                    for tell in tells {
                        let _ = tell.send(Err(again(&why)));
                    }
                }
            }
        }
    }
}

/// The same error, for another who waits for the same call: whether it was counted is known where the call did not
/// reach the servers.
pub fn again(why: &StoreError) -> StoreError {
    match why {
        StoreError::Away(why) => StoreError::Away(why.clone()),
        StoreError::Unknown(why) => StoreError::Unknown(why.clone()),
        other => StoreError::Unknown(other.to_string()),
    }
}
