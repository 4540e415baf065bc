//! The use cases on the real memory store, with a clock that is set and providers that do as they are told.

mod alone;
mod assessing;
mod blind;
mod blocking;
mod checking;
mod faulty;
mod jobs;
mod limiting;
mod magical;
mod recovering;
mod rejudging;
mod sending;
mod settled;
mod standing_facts;
mod starting;

use super::keys::{self, Secret};
use super::outbox::OutboxMessage;
use super::profile::ProfileEdit;
use super::{Caller, Client, StartInput, Verified, VerifyError, outbox, profiles, start, tenants};
use crate::app::App;
use crate::clock::{SetClock, SetDice};
use crate::config::Settings;
use crate::provider::{
    Accepted, Callback, CallbackError, Delivery, DeliveryOf, Message, Provider, SendError,
};
use crate::secrets::Secrets;
use crate::store::Store;
use async_trait::async_trait;
use cofferdam_engine::Channel;
use cofferdam_engine::outcome::DeliveryStatus;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Two hours into a day in 2027.
const NOON: i64 = 1_800_000_000_000;

/// A program in the process, with its first tenant.
struct House {
    app: Arc<App>,
    clock: Arc<SetClock>,
    live: Caller,
    manage: Caller,
    test: Caller,
    live_key: Secret,
}

async fn house() -> House {
    house_with(Vec::new()).await
}

async fn house_with(providers: Vec<Arc<dyn Provider>>) -> House {
    house_of(providers, |store| store).await
}

async fn house_of(providers: Vec<Arc<dyn Provider>>, change: impl FnOnce(Store) -> Store) -> House {
    let (clock, dice) = (SetClock::at(NOON), SetDice::seeded(7));
    let secrets = Secrets::new(BTreeMap::from([(1, zeroize::Zeroizing::new([7; 32]))])).unwrap();
    let store = change(Store::memory(clock.clone(), &*dice).unwrap());
    let mut app = App::assemble(Settings::defaults(), secrets, store, clock.clone(), dice).unwrap();
    app.providers.extend(providers);
    let app = Arc::new(app);
    let made = tenants::first_start(&app, None, None).await.unwrap().made.unwrap();
    let caller = |key: &Secret| keys::caller(&app, key.expose(), None, "req_test").unwrap();
    let (live, manage, test) =
        (caller(&made.live.secret), caller(&made.manage.secret), caller(&made.test.secret));
    House { live, manage, test, live_key: made.live.secret, clock, app }
}

/// A verification asked for.
fn to(number: &str) -> StartInput {
    StartInput {
        to: number.to_owned(),
        country: None,
        channel: None,
        profile: None,
        client: Client::default(),
        locale: None,
        brand: None,
        sender_id: None,
        app_hash: None,
        code: None,
        metadata: BTreeMap::new(),
        idempotency: None,
    }
}

impl House {
    async fn start(&self, number: &str) -> Result<Verified, VerifyError> {
        start::start(&self.app, &self.test, to(number)).await
    }

    /// Starts and gives the identifier.
    async fn started(&self, number: &str) -> String {
        self.start(number).await.unwrap().verification.id
    }

    async fn latest(&self, number: &str) -> OutboxMessage {
        match outbox::latest(&self.app, &self.test, Some((number, None)), 0).await {
            Ok(message) => message,
            Err(error) => panic!("no message: {error}"),
        }
    }

    async fn messages(&self, number: &str) -> usize {
        let page = crate::store::row::PageAsk { limit: 200, after: None, descending: false };
        outbox::list(&self.app, &self.test, Some((number, None)), &page)
            .await
            .map_or(0, |page| page.rows.len())
    }

    async fn check(&self, id: &str, code: &str) -> Result<crate::store::row::Status, VerifyError> {
        super::check::check(&self.app, &self.test, id, code).await.map(|checked| checked.status)
    }

    async fn profile(&self, edit: ProfileEdit) {
        let mut manager = self.manage.clone();
        manager.owner = self.test.owner.clone();
        profiles::update(&self.app, &manager, "default", &edit).await.unwrap();
    }
}

/// A code that is wrong for sure.
fn wrong(code: &str) -> String {
    let mut wrong = code.to_owned();
    let last = wrong.pop().and_then(|c| c.to_digit(10)).unwrap();
    wrong.push(char::from_digit((last + 1) % 10, 10).unwrap());
    wrong
}

/// What a provider of the tests does with a message.
#[derive(Clone)]
enum Does {
    Takes,
    Refuses,
    NotNow,
    Resets,
    Hangs(Arc<Notify>),
}

/// A provider that does as it is told, in order, and remembers what reached it.
struct Told {
    name: &'static str,
    does: Mutex<VecDeque<Does>>,
    reached: Mutex<Vec<(String, String)>>,
}

impl Told {
    fn to(name: &'static str, does: impl IntoIterator<Item = Does>) -> Arc<Self> {
        Arc::new(Self { name, does: Mutex::new(does.into_iter().collect()), reached: Mutex::default() })
    }

    fn reached(&self) -> Vec<(String, String)> {
        self.reached.lock().unwrap().clone()
    }
}

#[async_trait]
impl Provider for Told {
    fn name(&self) -> &str {
        self.name
    }

    fn carries(&self, channel: Channel) -> bool {
        channel == Channel::Sms
    }

    async fn send(&self, message: &Message<'_>) -> Result<Accepted, SendError> {
        self.reached.lock().unwrap().push((message.attempt.to_owned(), message.to.number.to_string()));
        let does = self.does.lock().unwrap().pop_front().unwrap_or(Does::Takes);
        let detail = || "as told".to_owned();
        if let Does::Hangs(until) = &does {
            until.notified().await;
        }
        match does {
            Does::Takes | Does::Hangs(_) => Ok(Accepted { reference: Some(detail()), ..Accepted::default() }),
            Does::Refuses => Err(SendError::Rejected { detail: detail() }),
            Does::NotNow => Err(SendError::Unavailable { detail: detail(), retry_after: None }),
            Does::Resets => Err(SendError::Unknown { detail: detail() }),
        }
    }

    /// `attempt status` in words, if the token was right.
    fn delivery(&self, callback: &Callback<'_>) -> Result<Delivery, CallbackError> {
        if !callback.token_ok {
            return Err(CallbackError::NotAuthentic);
        }
        let text = String::from_utf8_lossy(callback.body).into_owned();
        let (attempt, status) = text.split_once(' ').ok_or(CallbackError::Nothing)?;
        let status = match status {
            "delivered" => DeliveryStatus::Delivered,
            _ => DeliveryStatus::Undelivered,
        };
        Ok(Delivery { of: DeliveryOf::Attempt(attempt.to_owned()), status, price: None })
    }
}
