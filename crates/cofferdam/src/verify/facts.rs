//! Changes standing facts: with the audit, in one transaction, and taken in here before it is answered.
//! Called by the use cases of profiles, lists, keys and tenants.

use super::{Caller, VerifyError};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::{AuditEntry, FactAnswer, FactChange, FactEdit, Page, PageAsk};

/// What the audit remembers of a change.
pub(super) struct Note<'a> {
    pub action: &'static str,
    pub subject: &'a str,
    /// Without secrets and full numbers.
    pub detail: serde_json::Value,
}

/// An entry of the audit.
pub(super) fn audit(app: &App, caller: &Caller, note: &Note<'_>) -> AuditEntry {
    let at_ms = app.clock.now_ms();
    AuditEntry {
        id: id::new(Noun::Audit, at_ms, &*app.dice),
        owner: caller.owner.clone(),
        at_ms,
        actor: caller.key.clone(),
        request_id: (!caller.request_id.is_empty()).then(|| caller.request_id.clone()),
        action: note.action.to_owned(),
        subject: note.subject.to_owned(),
        detail: note.detail.to_string(),
    }
}

/// Changes facts; the version at which the installation's facts then stand.
pub(super) async fn change(
    app: &App,
    caller: &Caller,
    change: FactEdit,
    note: Note<'_>,
) -> Result<u64, VerifyError> {
    let audit = audit(app, caller, &note);
    match app.store.records.change_facts(FactChange { change, audit }).await? {
        FactAnswer::Done(version) => {
            app.standing.refresh(app).await?;
            Ok(version)
        }
        FactAnswer::Duplicate(id) => Err(VerifyError::Duplicate(id)),
        FactAnswer::Moved(_) => Err(VerifyError::State("it was changed meanwhile".to_owned())),
        FactAnswer::Unknown => Err(VerifyError::NotFound),
    }
}

/// A page of what stands in memory, by identifier. `rows` come in ascending order.
pub(super) fn page<T>(rows: impl DoubleEndedIterator<Item = (String, T)>, ask: &PageAsk) -> Page<T> {
    let after = ask.after.as_deref();
    let beyond = |id: &str| match after {
        Some(after) if ask.descending => id < after,
        Some(after) => id > after,
        None => true,
    };
    let limit = ask.limit.clamp(1, 200) as usize;
    let mut found: Vec<(String, T)> = if ask.descending {
        rows.rev().filter(|(id, _)| beyond(id)).take(limit + 1).collect()
    } else {
        rows.filter(|(id, _)| beyond(id)).take(limit + 1).collect()
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let next = if more { found.last().map(|(id, _)| id.clone()) } else { None };
    Page { rows: found.into_iter().map(|(_, row)| row).collect(), next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_walk_over_all_rows_once_in_both_directions() {
        for descending in [false, true] {
            let mut ask = PageAsk { limit: 3, after: None, descending };
            let mut seen = Vec::new();
            loop {
                let rows = (0..10).map(|n| (format!("{n}"), n));
                let page = page(rows, &ask);
                seen.extend(page.rows);
                match page.next {
                    Some(next) => ask.after = Some(next),
                    None => break,
                }
            }
            if descending {
                seen.reverse();
            }
            assert_eq!(seen, (0..10).collect::<Vec<_>>());
        }
    }
}
