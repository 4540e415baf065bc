//! Judges one attempt: asked → identified → lists and proofs → needs → counted → assessed.
//!
//! Shared by `start`, `resend`, `challenge` and `assess`. It asks the tallies twice and makes no
//! choices: what an assessment says is done by its callers. Where the tallies are away it goes on
//! `blind`; where the records are away nothing is sent, so a caller that sends fails there.

mod alone;
mod wanted;

use super::profile::Profile;
use super::{Client, VerifyError, magic};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::StoreError;
use crate::store::row::{Basis, JournalEntry, Journalled, Owner, Refusal, Reservation};
use crate::store::tallies::{Followed, Identified, Lesson, Marks};
use cofferdam_atlas::Destination;
use cofferdam_engine::assessment::AssessedScope;
use cofferdam_engine::evidence::{self, Ask, Fate};
use cofferdam_engine::known::{Blind, Seen, SeenWindow};
use cofferdam_engine::limit::{Limit, LimitScope};
use cofferdam_engine::need::Need;
use cofferdam_engine::signal::{Code, Evidence};
use cofferdam_engine::tally::Change;
use cofferdam_engine::{
    Asked, Assessment, Attempt, Channel, Decision, Effect, Identity, Known, Needs, Policy, Reason,
};
use std::net::IpAddr;
use std::sync::Arc;
use wanted::Wanted;

/// What is judged.
pub(super) struct Case<'a> {
    pub owner: &'a Owner,
    pub profile: &'a Profile,
    pub to: &'a Destination,
    /// The address in clear, for the lists; gone when a code is sent again.
    pub ip: Option<IpAddr>,
    pub attempt: Attempt,
    pub verification: Option<String>,
    pub assess_only: bool,
}

/// What came of it.
pub(super) struct Judged {
    pub entry: Box<JournalEntry>,
    /// What the tallies did, for the journal.
    pub marks: Marks,
}

/// What an attempt is made of, besides who asks.
pub(super) struct Sought<'a> {
    pub to: &'a Destination,
    pub client: &'a Client,
    pub channel: Channel,
    pub price_micros: Option<i64>,
    pub at_ms: i64,
}

/// The facts of an attempt, under keyed names.
pub(super) fn attempt(app: &App, owner: &Owner, profile: &Profile, sought: &Sought<'_>) -> Attempt {
    let Sought { to, client, channel, price_micros, at_ms } = *sought;
    let (realm, commons) = app
        .standing
        .world(owner, |world| (world.realm, world.commons))
        .unwrap_or_else(|| super::standing::realms(&app.secrets, owner));
    let asked = Asked {
        at_ms,
        dice: app.dice.roll(),
        realm,
        commons,
        profile: &profile.id,
        channel,
        destination: to,
        price_micros,
        ip: client.ip,
        ip_facts: client.ip.map(cofferdam_atlas::ip_facts).unwrap_or_default(),
        asn: client.asn,
        ip_country: client.ip_country,
        device_id: client.device_id.as_deref(),
        session_id: client.session_id.as_deref(),
        user_id: client.user_id.as_deref(),
        user_agent: client.user_agent.as_deref(),
    };
    Attempt::of(&asked, &app.keyer)
}

/// Judges.
pub(super) async fn judge(app: &App, case: Case<'_>) -> Result<Judged, VerifyError> {
    let magic = magic::judged(magic::ending(case.owner.world, case.to));
    let basis = app.standing.basis(case.owner, case.profile, case.attempt.channel, magic);
    if !basis.terms.evidence {
        return alone::judge(app, case, basis).await;
    }
    // Twice as much stands in it, which the others need not carry.
    Box::pin(weighed(app, case, basis)).await
}

/// Judges with evidence.
async fn weighed(app: &App, case: Case<'_>, basis: Arc<Basis>) -> Result<Judged, VerifyError> {
    let at_s = seconds(case.attempt.at_ms);
    // Round one: who asks.
    let (identified, mut away) = who_asks(app, &case.attempt, at_s).await;
    let identity = identity(app, &case, &basis.policy, identified);
    // Round two: how much was seen, this attempt included.
    let mut wanted = Wanted::of(&case, &identity, &basis);
    let mut ask = cofferdam_engine::ask(&case.attempt, &identity, &basis.policy);
    ask.word = app.blocks.word(case.owner, &case.attempt, &identity, &ask, &basis);
    // Kilobytes, so they stay where they are.
    let mut known = Box::<Known>::default();
    known.identity = identity;
    let mut counted = Found::default();
    if away.is_none() {
        match app.store.tallies.count_with(&wanted.needs, &ask, &mut known).await {
            Ok(marks) => counted = Found { marks, exact: wanted.exact_of(&mut known) },
            Err(error) => away = Some(error),
        }
    }
    if away.is_some() {
        wanted.without_exact();
    }
    // From this process's own copy where the home has one; else from nothing.
    let counted_here = match &away {
        Some(why) => app.store.tallies.count_blind(&wanted.needs, &ask, why, &mut known).await,
        None => true,
    };
    if away.is_some() && known.blind.is_none() {
        known.blind = Some(Blind::Tallies { nodes: 1 });
    }
    if let Some(need) = wanted.needs.iter().find(|need| need.scope == LimitScope::NumberChecks) {
        wrong_guesses(app, &case, &basis, need, &mut known, at_s).await?;
    }
    let mut judged = assessed(app, case, known, basis, wanted.reservations, counted);
    if counted_here {
        judged.follow(app, &ask).await;
    }
    Ok(judged)
}

/// What the tallies found besides what is known, and did.
#[derive(Default)]
struct Found {
    marks: Marks,
    /// Of exact limits, which are few or none.
    exact: Vec<Seen>,
}

/// Once all is known. Nothing here waits, so that nothing of it stands in what is waited for.
fn assessed(
    app: &App,
    case: Case<'_>,
    known: Box<Known>,
    basis: Arc<Basis>,
    reservations: Vec<Reservation>,
    found: Found,
) -> Judged {
    let assessment = cofferdam_engine::assess(&case.attempt, &known, &basis.policy, &basis.terms);
    counted(app, case.owner, &assessment, known.blind.is_some());
    let mut judged = Judged { entry: entry(app, case, known, basis, assessment), marks: found.marks };
    judged.reserve_lightly(reservations, &found.exact);
    judged
}

/// Round one; where the shared tallies are away, what this process knows of it, and why.
async fn who_asks(app: &App, attempt: &Attempt, at_s: u32) -> (Identified, Option<StoreError>) {
    let (inquiry, faces) = (cofferdam_engine::identify(attempt), evidence::faces(attempt));
    match app.store.tallies.identify(&inquiry, &faces, at_s).await {
        Ok(identified) => (identified, None),
        Err(error) => {
            let own = app.store.tallies.identify_blind(&inquiry, &faces, at_s).await;
            (own.unwrap_or_default(), Some(error))
        }
    }
}

/// For the metrics.
fn counted(app: &App, owner: &Owner, assessment: &Assessment, blind: bool) {
    let decision = match assessment.decision {
        Decision::Allow => "allow",
        Decision::Challenge => "challenge",
        Decision::Block => "block",
    };
    app.metrics.assessed(owner.world.name(), decision);
    for reason in &assessment.reasons {
        app.metrics.reason(reason.code.text());
    }
    if blind {
        app.metrics.blind.inc();
    }
}

/// What lists and proofs say of who asks.
fn identity(app: &App, case: &Case<'_>, policy: &Policy, identified: Identified) -> Identity {
    let Identified { proofs, glimpse } = identified;
    let (number, at_ms) = (case.attempt.place.number, case.attempt.at_ms);
    let found =
        app.standing.world(case.owner, |world| world.lists.find(number, case.to.number, case.ip, at_ms));
    let mut identity = Identity {
        number_proved_s: proofs.number_s,
        device_proved_s: proofs.device_s,
        user_proved_s: proofs.user_s,
        number_device_proved_s: proofs.number_device_s,
        number_user_proved_s: proofs.number_user_s,
        glimpse,
        ..Identity::default()
    };
    found.unwrap_or_default().put_into(&mut identity);
    identity.blocks = app.blocks.met(case.owner, &case.attempt, policy);
    identity
}

/// Wrong guesses stand in the records, exact.
async fn wrong_guesses(
    app: &App,
    case: &Case<'_>,
    basis: &Basis,
    need: &Need,
    known: &mut Known,
    at_s: u32,
) -> Result<(), StoreError> {
    if basis.terms.limits.number_checks.is_empty() {
        return Ok(());
    }
    let number = case.attempt.place.number;
    let stand = app.store.records.guesses_against(case.owner, number, need.windows_s, at_s).await?;
    let mut seen = Seen { scope: need.scope, windows: Default::default() };
    for ((window, window_s), (count, frees_in_s)) in seen.windows.iter_mut().zip(need.windows_s).zip(stand) {
        *window = SeenWindow { window_s, seen: count, frees_in_s };
    }
    match known.seen.iter_mut().find(|seen| seen.scope == need.scope) {
        Some(read) => *read = seen,
        None => {
            // There is room: scopes are fewer than records.
            let _ = known.seen.try_push(seen);
        }
    }
    Ok(())
}

fn entry(
    app: &App,
    case: Case<'_>,
    known: Box<Known>,
    basis: Arc<Basis>,
    assessment: Assessment,
) -> Box<JournalEntry> {
    let at_ms = case.attempt.at_ms;
    Box::new(JournalEntry {
        assessment_id: id::new(Noun::Assessment, at_ms, &*app.dice),
        attempt_id: id::new(Noun::Attempt, at_ms, &*app.dice),
        verification: case.verification,
        owner: case.owner.clone(),
        attempt: case.attempt,
        known,
        basis,
        assessment,
        assess_only: case.assess_only,
        reservations: Vec::new(),
    })
}

/// The limit that this attempt passes, with what stood before it.
fn over(judged: &Judged, seen: &Seen) -> Option<(LimitScope, Limit, SeenWindow)> {
    let limits = judged.entry.basis.terms.limits.of(seen.scope);
    let passed = limits.iter().filter_map(|limit| {
        let window = seen.windows.iter().find(|window| window.window_s == limit.window_s)?;
        let stood = SeenWindow { seen: window.seen.saturating_sub(1), ..*window };
        (window.seen > limit.max).then_some((seen.scope, *limit, stood))
    });
    passed.max_by_key(|(.., window)| window.frees_in_s)
}

/// What an assessment wants reserved.
pub(super) fn reservations(assessment: &Assessment) -> Vec<Reservation> {
    reservations_of(&assessment.effects)
}

/// What effects want reserved.
fn reservations_of(effects: &[Effect]) -> Vec<Reservation> {
    let wanted = effects.iter().filter_map(|effect| match effect {
        Effect::Reserve { scope, key, limits, windows_s } => Some(Reservation::Limit {
            scope: *scope,
            key: *key,
            limits: limits.iter().copied().collect(),
            windows_s: *windows_s,
        }),
        Effect::GiveBack
        | Effect::Prove { .. }
        | Effect::EndEntry { .. }
        | Effect::Explain { .. }
        | Effect::Strike { .. }
        | Effect::OpenBlock(_)
        | Effect::StopAtBlock { .. }
        | Effect::PassBlock { .. } => None,
    });
    wanted.collect()
}

fn light_needs(reservations: &[Reservation]) -> Needs {
    let needs = reservations.iter().filter_map(|reservation| match reservation {
        Reservation::Limit { scope, key, windows_s, .. } => {
            Some(Need { scope: *scope, key: *key, windows_s: *windows_s, add: true })
        }
        Reservation::Money { .. } => None,
    });
    needs.take(Needs::new().capacity()).collect()
}

/// All that stands counted in the tallies for a judged attempt, as changes that take it away.
pub(super) fn give_back(entry: &JournalEntry) -> Vec<Change> {
    let Some((needs, at_s)) = needs(entry) else { return Vec::new() };
    let light = light_needs(&entry.reservations);
    cofferdam_engine::give_back(&needs, at_s).chain(cofferdam_engine::give_back(&light, at_s)).collect()
}

/// What a passed challenge adds: from now on the attempt counts as sent.
pub(super) fn count_passed(entry: &JournalEntry) -> Vec<Change> {
    let Some((needs, at_s)) = needs(entry) else { return Vec::new() };
    let mut attempt = entry.attempt.clone();
    attempt.challenge_passed = true;
    let (basis, known) = (&entry.basis, &entry.known);
    let passed = cofferdam_engine::assess(&attempt, known, &basis.policy, &basis.terms);
    let light = light_needs(&reservations(&passed));
    cofferdam_engine::changes(&needs, at_s).chain(cofferdam_engine::changes(&light, at_s)).collect()
}

/// What was counted for an attempt, and when; `None` if nothing was. One that was judged blind was counted in
/// this process's copy, if it has one: what was seen says so.
fn needs(entry: &JournalEntry) -> Option<(Needs, u32)> {
    let (basis, identity) = (&entry.basis, &entry.known.identity);
    let mut needs = cofferdam_engine::needs(&entry.attempt, identity, &basis.policy, &basis.terms);
    if entry.known.blind.is_some() {
        needs.retain(|need| entry.known.seen.iter().any(|seen| seen.scope == need.scope));
    }
    (entry.known.blind.is_none() || !needs.is_empty()).then(|| (needs, seconds(entry.attempt.at_ms)))
}

impl Judged {
    /// What is to be done.
    pub fn followed(&self) -> Decision {
        self.entry.assessment.followed()
    }

    /// Has the tallies remember what was decided; what is not sent is given back with it.
    async fn follow(&mut self, app: &App, ask: &Ask) {
        let fate = match self.followed() {
            Decision::Allow => Fate::Sent,
            Decision::Challenge => Fate::Challenged,
            Decision::Block => Fate::Stopped,
        };
        let changes = if fate == Fate::Sent { Vec::new() } else { give_back(&self.entry) };
        if fate != Fate::Sent {
            self.entry.reservations.clear();
        }
        let assessment = &self.entry.assessment;
        let followed = Followed {
            name: name(&self.entry.assessment_id),
            ask,
            fate,
            score: assessment.score,
            effects: &assessment.effects,
            changes: &changes,
        };
        app.blocks.follow(app, &self.entry, followed.name, ask);
        // Away: what was counted leaves its windows by itself, and evidence knows less.
        if let Ok(marks) = app.store.tallies.follow(&followed).await {
            self.marks.and(&marks);
        }
    }

    /// Gives back what was counted: it is not sent after all.
    pub async fn give_back(&mut self, app: &App) {
        let changes = give_back(&self.entry);
        self.entry.reservations.clear();
        if self.entry.basis.terms.evidence {
            not_sent(app, &self.entry.assessment_id).await;
        }
        if changes.is_empty() {
            return;
        }
        // Away: what was counted leaves its windows by itself.
        if let Ok(marks) = app.store.tallies.raise(&changes).await {
            self.marks.and(&marks);
        }
    }

    /// What it becomes when the records refuse.
    pub async fn refused(mut self, app: &App, refusal: &Refusal) -> Self {
        if let Refusal::Limit { scope, limit, seen, frees_in_s } = refusal {
            let window = SeenWindow { window_s: limit.window_s, seen: *seen, frees_in_s: *frees_in_s };
            self.entry.assessment = self.entry.assessment.refused(*scope, window, *limit);
        }
        self.give_back(app).await;
        self
    }

    /// What it becomes when a budget is spent.
    pub async fn exhausted(mut self, app: &App) -> Self {
        self.give_back(app).await;
        let assessment = &mut self.entry.assessment;
        assessment.decision = Decision::Block;
        assessment.enforced = true;
        assessment.effects.clear();
        if assessment.reasons.is_full() {
            assessment.reasons.pop();
        }
        let (code, evidence) = (Code::BudgetExhausted, Evidence::default());
        assessment.reasons.insert(0, Reason { code, points: 0, evidence });
        self
    }

    /// The error of a limit that is met; `None` if something else decided.
    pub fn limited(&self) -> Option<VerifyError> {
        let assessment = &self.entry.assessment;
        let Some(AssessedScope::Limit(scope)) = assessment.scope else { return None };
        let code = Code::Limit(scope);
        let others = assessment.reasons.iter().any(|r| r.code.refuses() && !matches!(r.code, Code::Limit(_)));
        let reason = assessment.reasons.iter().find(|reason| reason.code == code).filter(|_| !others)?;
        (self.followed() == Decision::Block).then(|| VerifyError::Limited {
            scope,
            attempt: self.entry.attempt_id.clone(),
            assessment: self.entry.assessment_id.clone(),
            retry_after_ms: assessment.retry_after_ms.unwrap_or(1000).max(1000),
            max: reason.evidence.expected as u32,
            window_s: reason.evidence.window_s,
        })
    }

    /// For the journal.
    pub fn journalled(&self) -> Journalled {
        Journalled { entry: JournalEntry::clone(&self.entry), marks: self.marks.clone() }
    }
}

/// The name under which the tallies know an attempt, from the identifier of its assessment: a
/// verification names the assessment of each of its attempts, also of one that was only challenged.
pub(super) fn name(assessment: &str) -> u64 {
    let mut name = 0xcbf2_9ce4_8422_2325_u64;
    for byte in assessment.bytes() {
        name = (name ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    name ^ (name >> 29)
}

/// A message that was to go out did not: that nobody answers it says nothing.
pub(super) async fn not_sent(app: &App, assessment: &str) {
    // Away: evidence knows less, and its messages fade.
    let _ = app.store.tallies.learn(&[(name(assessment), Lesson::NotSent)]).await;
}

/// Unix seconds of Unix milliseconds.
pub(super) fn seconds(at_ms: i64) -> u32 {
    u32::try_from(at_ms.max(0) / 1000).unwrap_or(u32::MAX)
}
