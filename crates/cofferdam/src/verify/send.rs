//! Hands messages over: at most once an attempt and route.
//!
//! The intent is durable before anything here runs. The next route is tried only where it is certain
//! that nothing was sent; what can't be known is `unknown` and never repeated. A send goes on when its
//! caller goes away, and a graceful stop waits for it. Called by `start`, `resend` and `challenge`.

use super::magic::{self, Sending};
use super::{VerifyError, code, judge, message, report};
use crate::app::App;
use crate::provider::{Message, SendError};
use crate::store::StoreError;
use crate::store::row::{AttemptStatus, HandOver, JournalEntry, Owner, Status, Verification, World};
use crate::store::tallies::Marks;
use cofferdam_atlas::Destination;
use cofferdam_engine::outcome::DeliveryStatus;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};

/// A provider that does not even keep its own time-out.
const GUARD: Duration = Duration::from_secs(90);

/// How often the outcome of a hand-over is brought to the records while its caller waits.
const TELLINGS: u32 = 6;
/// And how often behind the answer, before it is left to be `unknown`: as long as a queued attempt stays so.
const TELLINGS_LATER: u32 = 300;

/// Callers who may wait for a test message at once. Each of them holds a place among the calls being
/// worked on, and each looks again at every message.
const WAITS: usize = 128;

/// Sends under way.
pub struct Sends {
    running: watch::Sender<usize>,
    /// Raised when the outbox has something new.
    pub(super) outbox: Notify,
    /// Places for those who wait for that.
    pub(super) waits: Semaphore,
    /// Deliveries that magic numbers will report, by time.
    later: Mutex<BTreeMap<(i64, String), DeliveryStatus>>,
}

impl Default for Sends {
    fn default() -> Self {
        Self::new()
    }
}

/// One that is under way; it ends when this is dropped, also by a panic.
struct Running(Arc<Sends>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.send_modify(|running| *running = running.saturating_sub(1));
    }
}

impl Sends {
    /// None yet.
    pub fn new() -> Self {
        Self {
            running: watch::Sender::new(0),
            outbox: Notify::new(),
            waits: Semaphore::new(WAITS),
            later: Mutex::default(),
        }
    }

    /// Runs something that must not stop half-way when its caller goes away.
    pub async fn survive<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T, VerifyError>> + Send + 'static,
    ) -> Result<T, VerifyError> {
        let lost = |_| VerifyError::Store(StoreError::Unknown("the work ended early".to_owned()));
        self.spawn(work).await.map_err(lost)?
    }

    fn spawn<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.running.send_modify(|running| *running += 1);
        let running = Running(Arc::clone(self));
        tokio::spawn(async move {
            let done = work.await;
            drop(running);
            done
        })
    }

    /// Lets something run behind the answer, which a graceful stop waits for.
    pub fn behind(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.spawn(work));
    }

    /// Waits for the sends under way, at most so long; whether all ended. Called when nothing new comes.
    pub async fn drain(&self, at_most: Duration) -> bool {
        let mut running = self.running.subscribe();
        tokio::time::timeout(at_most, running.wait_for(|running| *running == 0))
            .await
            .is_ok_and(|seen| seen.is_ok())
    }

    fn deliver_later(&self, at_ms: i64, attempt: &str, status: DeliveryStatus) {
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        later.insert((at_ms, attempt.to_owned()), status);
    }

    /// Takes the deliveries whose time has come.
    pub(super) fn due(&self, now_ms: i64) -> Vec<(String, i64, DeliveryStatus)> {
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = later.split_off(&(now_ms.saturating_add(1), String::new()));
        let due = std::mem::replace(&mut *later, rest);
        due.into_iter().map(|((at_ms, attempt), status)| (attempt, at_ms, status)).collect()
    }
}

/// An attempt to send: its intent is durable.
pub(super) struct Job {
    pub verification: Verification,
    pub to: Destination,
    /// The judgement of the attempt to send.
    pub entry: Box<JournalEntry>,
    pub ordinal: u32,
    /// An earlier attempt may have reached the person: this one's failure is not the verification's.
    pub sent_before: bool,
}

/// Sends; answers with the verification as it then stands, or, if that takes longer than the profile
/// lets a caller wait, as it stood: queued.
pub(super) async fn send(app: &Arc<App>, job: Job) -> Verification {
    let mut verification = job.verification.clone();
    let attempt = job.entry.attempt_id.clone();
    let wait = Duration::from_secs(u64::from(verification.fixed.send_wait_s));
    let going = app.sends.spawn(hand_over(Arc::clone(app), job));
    if let Ok(Ok((over, status))) = tokio::time::timeout(wait, going).await {
        if let Some(row) = verification.attempts.iter_mut().find(|row| row.id == attempt) {
            row.status = status;
            row.provider = over.provider;
            row.reference = over.reference;
            row.price_micros = over.price_micros;
            row.currency = over.currency;
        }
        if over.verification_failed {
            verification.status = Status::Failed;
        }
    }
    verification
}

/// Hands over, records what came of it, and plays what a magic number asks for.
async fn hand_over(app: Arc<App>, job: Job) -> (HandOver, AttemptStatus) {
    let sending = magic::sending(job.verification.fixed.magic_ending, job.ordinal);
    let mut over = match sending {
        Sending::Usual | Sending::DeliveredAfter(_) => routes(&app, &job).await,
        Sending::Undelivered => handed(AttemptStatus::Sent),
        Sending::TimesOut => handed(AttemptStatus::Unknown),
    };
    if over.status == AttemptStatus::Failed {
        over.verification_failed &= !job.sent_before;
        // Away: what was counted leaves its windows by itself.
        let changes = judge::give_back(&job.entry);
        over.marks = app.store.tallies.raise(&changes).await.unwrap_or_default();
        judge::not_sent(&app, &job.entry.assessment_id).await;
    }
    if !tell(&app, &job, &over).await {
        let (owner, attempt) = (job.verification.owner.clone(), job.entry.attempt_id.clone());
        app.sends.behind(tell_later(Arc::clone(&app), owner, attempt, over.clone()));
    }
    let mut status = over.status;
    if status == AttemptStatus::Sent && job.verification.owner.world == World::Test {
        app.sends.outbox.notify_waiters();
        status = play(&app, &job, sending, status).await;
    }
    (over, status)
}

/// What a magic number's message is reported as.
async fn play(app: &App, job: &Job, sending: Sending, status: AttemptStatus) -> AttemptStatus {
    let (attempt, now_ms) = (&job.entry.attempt_id, app.clock.now_ms());
    let (told, becomes) = match sending {
        Sending::DeliveredAfter(0) => (DeliveryStatus::Delivered, AttemptStatus::Delivered),
        Sending::Undelivered => (DeliveryStatus::Undelivered, AttemptStatus::Undelivered),
        Sending::DeliveredAfter(ms) => {
            app.sends.deliver_later(now_ms.saturating_add(ms), attempt, DeliveryStatus::Delivered);
            return status;
        }
        Sending::Usual | Sending::TimesOut => return status,
    };
    match report::delivery(app, None, attempt.clone(), now_ms, told).await {
        Ok(_) => becomes,
        Err(_) => status,
    }
}

/// Tries the routes in their order.
async fn routes(app: &App, job: &Job) -> HandOver {
    let (verification, fixed) = (&job.verification, &job.verification.fixed);
    // Without the code there is nothing to send, and it is certain that nothing was sent.
    let Some(code) = code::of(&app.secrets, verification) else { return failed() };
    let body = message::render(verification, &code);
    let channel = job.entry.attempt.channel;
    let message = Message {
        owner: &verification.owner,
        number: verification.number,
        at_ms: app.clock.now_ms(),
        attempt: &job.entry.attempt_id,
        verification: &verification.id,
        to: &job.to,
        channel,
        body: &body,
        code: code.expose(),
        sender_id: fixed.sender_id.as_deref(),
        locale: fixed.locale.as_deref(),
        delivery_url: None,
    };
    // A test key reaches nobody, and a live key's messages never stay in the house.
    let in_house = verification.owner.world == World::Test;
    let routes = app.providers.iter().filter(|p| p.carries(channel) && p.stays_in_house() == in_house);
    for provider in routes {
        match app.store.records.still_ours(message.attempt).await {
            Ok(true) => {}
            // Nothing was sent, and nothing may be any more; others may have sent a further attempt meanwhile.
            Ok(false) => return handed(AttemptStatus::Failed),
            Err(error) => {
                tracing::warn!(%error, "a message was not handed over, since the records could not be asked");
                return failed();
            }
        }
        let sent = tokio::time::timeout(GUARD, provider.send(&message)).await;
        let sent = sent.unwrap_or(Err(SendError::Unknown { detail: "no answer".to_owned() }));
        let mut over = handed(AttemptStatus::Sent);
        over.provider = Some(provider.name().to_owned());
        match sent {
            Ok(accepted) => {
                // A provider that queues has it all the same; its delivery says what became of it.
                over.status = AttemptStatus::Sent;
                over.reference = accepted.reference;
                over.price_micros = accepted.price.as_ref().map(|price| price.micros);
                over.currency = accepted.price.map(|price| price.currency);
                return over;
            }
            Err(error) if error.next_route_may_be_tried() => {
                tracing::warn!(
                    provider = provider.name(),
                    "a route did not take a message, the next is tried"
                );
            }
            Err(SendError::Unknown { .. }) => {
                over.status = AttemptStatus::Unknown;
                return over;
            }
            Err(_) => {
                over.status = AttemptStatus::Failed;
                over.verification_failed = true;
                return over;
            }
        }
    }
    failed()
}

/// Certainly nothing was sent, and the verification ends with it.
fn failed() -> HandOver {
    HandOver { verification_failed: true, ..handed(AttemptStatus::Failed) }
}

fn handed(status: AttemptStatus) -> HandOver {
    HandOver {
        status,
        provider: None,
        reference: None,
        price_micros: None,
        currency: None,
        verification_failed: false,
        marks: Marks::default(),
    }
}

/// Brings it to the records, a few times; whether they heard of it.
async fn tell(app: &App, job: &Job, over: &HandOver) -> bool {
    let (owner, attempt) = (&job.verification.owner, &job.entry.attempt_id);
    let mut pause = Duration::from_millis(50);
    for _ in 0..TELLINGS {
        match app.store.records.handed_over(owner, attempt, over.clone()).await {
            Ok(_) => return true,
            Err(error) => tracing::warn!(%error, attempt, "what became of an attempt was not recorded"),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    false
}

/// Goes on with it once a second; what the records never hear of becomes `unknown` by itself.
async fn tell_later(app: Arc<App>, owner: Owner, attempt: String, over: HandOver) {
    for _ in 0..TELLINGS_LATER {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if app.store.records.handed_over(&owner, &attempt, over.clone()).await.is_ok() {
            return;
        }
    }
    tracing::warn!(attempt, "what became of an attempt was never recorded");
}
