//! Those who wait for a call, in order. It sends nothing.

use crate::store::StoreError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// Whoever waits for an answer.
pub type Tell<A> = oneshot::Sender<Result<A, StoreError>>;

/// Those who wait, each with what it asks.
pub struct Queue<T, A> {
    waiting: Mutex<Vec<(T, Tell<A>)>>,
    come: Notify,
}

impl<T, A> Queue<T, A> {
    pub fn new() -> Self {
        Self { waiting: Mutex::default(), come: Notify::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(T, Tell<A>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the answer.
    pub async fn send(&self, what: T) -> Result<A, StoreError> {
        let (tell, told) = oneshot::channel();
        let first = {
            let mut waiting = self.waiting();
            waiting.push((what, tell));
            waiting.len() == 1
        };
        if first {
            self.come.notify_one();
        }
        told.await.unwrap_or_else(|_| Err(StoreError::Away("the store has stopped".into())))
    }

    /// Until somebody waits.
    pub async fn come(&self) {
        self.come.notified().await;
    }

    /// Takes the first of them, of so much weight together at most, but one at least.
    pub fn take(&self, most: usize, weight: impl Fn(&T) -> usize) -> Vec<(T, Tell<A>)> {
        let mut waiting = self.waiting();
        let mut all = 0;
        let fit = waiting.iter().take_while(|(what, _)| {
            all += weight(what);
            all <= most
        });
        let fit = fit.count().max(1);
        if fit < waiting.len() {
            let later = waiting.split_off(fit);
            return std::mem::replace(&mut *waiting, later);
        }
        std::mem::take(&mut *waiting)
    }

    /// Puts those who did not fit before the others.
    pub fn put_back(&self, later: Vec<(T, Tell<A>)>) {
        self.waiting().splice(..0, later);
    }

    /// Whoever gathered behind a call that failed does not wait for another to fail: nothing of it was sent.
    pub fn fail(&self, why: &StoreError) {
        for (_, tell) in std::mem::take(&mut *self.waiting()) {
            // Whoever waited may be gone.
            let _ = tell.send(Err(StoreError::Away(match why {
                StoreError::Away(why) | StoreError::Unknown(why) => why.clone(),
                other => other.to_string(),
            })));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_go_as_far_as_they_fit_and_one_at_least() {
        let queue = Queue::<usize, ()>::new();
        let send = |weight| queue.send(weight);
        let taken = async {
            queue.come().await;
            let mut each = Vec::new();
            loop {
                let some = queue.take(10, |weight| *weight);
                if some.is_empty() {
                    return each;
                }
                each.push(some.iter().map(|(weight, _)| *weight).collect::<Vec<_>>());
                for (_, tell) in some {
                    tell.send(Ok(())).unwrap();
                }
            }
        };
        let (taken, ..) = tokio::join!(taken, send(4), send(6), send(1), send(30), send(2));
        assert_eq!(taken.concat(), [4, 6, 1, 30, 2]);
        assert!(taken.iter().all(|some| some.len() == 1 || some.iter().sum::<usize>() <= 10), "{taken:?}");
    }

    #[tokio::test]
    async fn who_waits_behind_a_call_that_failed_was_not_counted() {
        let queue = Queue::<(), ()>::new();
        let failed = async {
            queue.come().await;
            queue.fail(&StoreError::Unknown("late".into()));
        };
        let (answer, ()) = tokio::join!(queue.send(()), failed);
        assert!(matches!(answer, Err(StoreError::Away(why)) if why == "late"));
    }
}
