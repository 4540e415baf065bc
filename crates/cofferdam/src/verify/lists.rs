//! The safe list and the deny list.
//!
//! Numbers and addresses are personal data, so their values are sealed where they rest; the index that
//! is asked for every attempt is the engine's, and `standing` keeps it.

use super::facts::{self, Note};
use super::{Caller, FieldError, VerifyError};
use crate::app::App;
use crate::id::{self, Noun};
use crate::secrets::Purpose;
use crate::store::row::{Fact, FactEdit, FactKind, Owner, Page, PageAsk, number_unique};
use cofferdam_atlas::Country;
use cofferdam_engine::known::ListedKind;
use cofferdam_engine::list::{List, ListKey, ListValue, ListValueError};
use cofferdam_engine::{Entry, Realm};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use cofferdam_engine::list::List as ListName;

/// An entry to add.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// As people type it.
    pub value: String,
    /// Country of a national form.
    pub country: Option<Country>,
    /// When it ends by itself.
    pub expires_ms: Option<i64>,
    /// For people.
    pub note: Option<String>,
}

/// An entry as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    pub id: String,
    /// Normalised; `None` once erased.
    pub value: Option<String>,
    pub kind: ListedKind,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
    pub note: Option<String>,
}

/// What is in an entry's fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryBody {
    /// What kind of value.
    pub kind: ListedKind,
    /// The value, where it is nobody's: a run of numbers, a domain.
    pub clear: Option<String>,
    /// The value, sealed with the entry's identifier as context.
    pub sealed: Option<Vec<u8>>,
    /// For people.
    pub note: Option<String>,
}

/// An entry as the cache holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFact {
    pub id: String,
    pub list: List,
    pub created_ms: i64,
    pub until_ms: Option<i64>,
    pub body: EntryBody,
}

impl EntryFact {
    /// Its value in clear; `None` once erased.
    pub fn value(&self, app: &App) -> Option<String> {
        if let Some(clear) = &self.body.clear {
            return Some(clear.clone());
        }
        let opened = app.secrets.open(self.id.as_bytes(), self.body.sealed.as_deref()?)?;
        Some(std::str::from_utf8(&opened).ok()?.to_owned())
    }

    /// What the index matches it by.
    pub fn key(&self, app: &App, realm: Realm) -> Option<ListKey> {
        let value = ListValue::parse(&self.value(app)?, None).ok()?;
        Some(value.key(&app.keyer, realm))
    }

    fn view(&self, app: &App) -> ListEntry {
        ListEntry {
            id: self.id.clone(),
            value: self.value(app),
            kind: self.body.kind,
            created_ms: self.created_ms,
            expires_ms: self.until_ms,
            note: self.body.note.clone(),
        }
    }
}

/// Adds an entry; [`VerifyError::Duplicate`] if its normalised value stands already.
pub async fn add(app: &App, caller: &Caller, list: List, entry: &NewEntry) -> Result<ListEntry, VerifyError> {
    let at_ms = app.clock.now_ms();
    let value = ListValue::parse(&entry.value, entry.country).map_err(|error| refused(&error))?;
    if entry.expires_ms.is_some_and(|until| until <= at_ms) {
        return Err(invalid("expires_at", "invalid", "must be in the future"));
    }
    let fact = fact(app, &caller.owner, list, &value, entry, at_ms);
    let (id, kind) = (fact.id.clone(), fact.kind);
    let added = put(app, caller, list, fact.clone()).await;
    // One that is over and not yet swept away stands in nobody's way.
    if let Err(VerifyError::Duplicate(old)) = &added
        && over(app, &caller.owner, old, at_ms)
    {
        end(app, caller, list, kind, old).await?;
        put(app, caller, list, fact).await?;
    } else {
        added?;
    }
    let entry = app.standing.world(&caller.owner, |world| world.entries.get(&id).cloned()).flatten();
    entry.map(|entry| entry.view(app)).ok_or(VerifyError::NotFound)
}

/// Removes an entry.
pub async fn remove(app: &App, caller: &Caller, list: List, id: &str) -> Result<(), VerifyError> {
    end(app, caller, list, fact_kind(list), id).await
}

/// Entries, by identifier. Those that are over are not shown.
#[allow(clippy::unused_async, reason = "entries leave the process's memory once a home holds more of them")]
pub async fn list(
    app: &App,
    caller: &Caller,
    list: List,
    page: &PageAsk,
) -> Result<Page<ListEntry>, VerifyError> {
    let at_ms = app.clock.now_ms();
    let page = app.standing.world(&caller.owner, |world| {
        let stands =
            |entry: &EntryFact| entry.list == list && entry.until_ms.is_none_or(|until| until > at_ms);
        let entries = world.entries.iter().filter(|(_, entry)| stands(entry));
        facts::page(entries.map(|(id, entry)| (id.clone(), entry)), page).map_rows(|entry| entry.view(app))
    });
    Ok(page.unwrap_or(Page { rows: Vec::new(), next: None }))
}

/// Ends entries whose time is over. They match nothing already; this takes their rows away.
pub async fn end_over(app: &App) -> Result<(), crate::store::StoreError> {
    let at_ms = app.clock.now_ms();
    for (owner, entry) in over_now(app, at_ms) {
        let caller = Caller {
            key: "time".to_owned(),
            owner: owner.clone(),
            scopes: Vec::new(),
            request_id: String::new(),
        };
        // Any other error: somebody else ended it.
        if let Err(VerifyError::Store(error)) =
            end(app, &caller, entry.list, fact_kind(entry.list), &entry.id).await
        {
            return Err(error);
        }
    }
    Ok(())
}

/// A bounded number of entries that are over.
fn over_now(app: &App, at_ms: i64) -> Vec<(Owner, EntryFact)> {
    app.standing.read(|state| {
        let all =
            state.worlds.iter().flat_map(|(owner, world)| world.entries.values().map(move |e| (owner, e)));
        let ended = all.filter(|(_, entry)| {
            let standing = Entry { id: String::new(), until_ms: entry.until_ms };
            !cofferdam_engine::review(&[standing], at_ms).is_empty()
        });
        ended.take(1000).map(|(owner, entry)| (owner.clone(), entry.clone())).collect()
    })
}

impl<T> Page<T> {
    fn map_rows<U>(self, to: impl Fn(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(to).collect(), next: self.next }
    }
}

fn fact(app: &App, owner: &Owner, list: List, value: &ListValue, entry: &NewEntry, at_ms: i64) -> Fact {
    let id = id::new(Noun::ListEntry, at_ms, &*app.dice);
    let text = value.to_string();
    let personal = matches!(value, ListValue::Number(_) | ListValue::Address(_) | ListValue::Cidr(..));
    let body = EntryBody {
        kind: kind(value),
        clear: (!personal).then(|| text.clone()),
        sealed: personal.then(|| app.secrets.seal(&*app.dice, id.as_bytes(), text.as_bytes())),
        note: entry.note.clone(),
    };
    Fact {
        kind: fact_kind(list),
        owner: owner.clone(),
        unique: unique(app, owner, value),
        created_ms: at_ms,
        expires_ms: entry.expires_ms,
        body: serde_json::to_string(&body).unwrap_or_default(),
        version: 0,
        gone: false,
        id,
    }
}

/// What two entries of the same value share: the keyed name of a number, by which it is erased too.
fn unique(app: &App, owner: &Owner, value: &ListValue) -> String {
    let realm = super::standing::realm(&app.secrets, owner);
    if let ListKey::Number(name) = value.key(&app.keyer, realm) {
        return number_unique(name);
    }
    let text = value.to_string();
    super::standing::hex(&app.secrets.mac(Purpose::Pseudonym, &[b"list", text.as_bytes()]))
}

async fn put(app: &App, caller: &Caller, list: List, fact: Fact) -> Result<u64, VerifyError> {
    let action = match list {
        List::Safe => "list.safe.add",
        List::Deny => "list.deny.add",
    };
    let subject = fact.id.clone();
    let detail = json!({ "expires_ms": fact.expires_ms });
    facts::change(app, caller, FactEdit::Insert(vec![fact]), Note { action, subject: &subject, detail }).await
}

async fn end(app: &App, caller: &Caller, list: List, kind: FactKind, id: &str) -> Result<(), VerifyError> {
    let action = match list {
        List::Safe => "list.safe.remove",
        List::Deny => "list.deny.remove",
    };
    let change = FactEdit::Delete { owner: caller.owner.clone(), kind, id: id.to_owned() };
    facts::change(app, caller, change, Note { action, subject: id, detail: json!({}) }).await?;
    Ok(())
}

fn over(app: &App, owner: &Owner, id: &str, at_ms: i64) -> bool {
    let until = app.standing.world(owner, |world| world.entries.get(id).and_then(|entry| entry.until_ms));
    until.flatten().is_some_and(|until| until <= at_ms)
}

/// The kind of fact that a list's entries are.
pub(super) fn fact_kind(list: List) -> FactKind {
    match list {
        List::Safe => FactKind::SafeEntry,
        List::Deny => FactKind::DenyEntry,
    }
}

fn kind(value: &ListValue) -> ListedKind {
    match value {
        ListValue::Number(_) => ListedKind::Number,
        ListValue::Prefix(_) => ListedKind::Prefix,
        ListValue::Address(_) => ListedKind::Address,
        ListValue::Cidr(..) => ListedKind::Cidr,
        ListValue::EmailDomain(_) => ListedKind::EmailDomain,
    }
}

fn refused(error: &ListValueError) -> VerifyError {
    let code = match error {
        ListValueError::Number(_, why) => why.code(),
        _ => "invalid",
    };
    invalid("value", code, &error.to_string())
}

fn invalid(field: &str, code: &'static str, detail: &str) -> VerifyError {
    VerifyError::Invalid(vec![FieldError { field: field.to_owned(), code, detail: detail.to_owned() }])
}
