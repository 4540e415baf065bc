//! The same traffic against a running server, through its API: an assessment an attempt, and what became of it as
//! events. The server's clock is now, so days are pressed into minutes: it shows the way through the API and that an
//! attack is stopped there, not the figures of the same days in their own time. Bounded by `--attempts`.

use super::super::client::{Line, ServerArgs};
use super::runs::Runs;
use super::{Args, CliError, Done, Out, Plan, plan, progress};
use cofferdam_engine::Decision;
use cofferdam_sim::stream::{AttemptEvent, Became, OutcomeEvent};
use cofferdam_sim::trial::Taken;
use cofferdam_sim::world::Happening;
use cofferdam_sim::{Decided, World};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Outcomes of one call.
const EVENTS: usize = 40;

/// Runs the first seed.
pub fn run(args: &Args, plan: &Plan, out: &Out) -> Result<Vec<Done>, CliError> {
    if args.recipes || plan.seeds.len() > 1 {
        return Err(CliError::input(
            "--recipes and --seeds go with the engine in this program, not with a server",
        ));
    }
    let server = ServerArgs::at(&args.against, args.key.as_deref(), args.tenant.as_deref());
    let mut live = Live { line: Line::open(&server)?, names: HashMap::new(), waiting: Vec::new() };
    let mut world =
        World::of(&plan.scenario, plan.scenario.seed).map_err(|error| plan::wrong(&plan.name, &error))?;
    let progress = progress::Progress::of(1);
    let (mut taken, mut attempts, mut parts) = (Taken::default(), 0, 0);
    let cut = loop {
        let Some(happening) = world.happen() else { break false };
        match happening {
            Happening::Outcome(outcome) => live.became(&outcome)?,
            Happening::Attempt(_) if attempts == args.attempts => break true,
            Happening::Attempt(posed) => {
                let decided = live.decide(&posed.attempt, posed.price_micros)?;
                let sent = match decided.decision {
                    Decision::Allow => true,
                    Decision::Challenge => posed.passes,
                    Decision::Block => false,
                };
                world.decided(decided.decision);
                taken.take(&posed, &decided, sent);
                attempts += 1;
                let now = attempts * progress::PARTS / args.attempts.max(1);
                progress.add(now - parts);
                parts = now;
            }
        }
    };
    live.flush()?;
    progress.clear();
    if cut {
        out.say(&format!("ended after {attempts} attempts: --attempts allows more"));
    }
    out.say("a server's clock is now: these days were pressed into minutes, so paces are not those of the scenario");
    let mut runs = Runs::default();
    let mut trial = taken.close();
    runs.beats = std::mem::take(&mut trial.beats);
    runs.pooled.add(trial);
    Ok(vec![Done { name: "server".to_owned(), what: args.against.clone(), runs }])
}

/// A server that judges.
struct Live<'a> {
    line: Line<'a>,
    /// Its name for each attempt that something may yet become of.
    names: HashMap<String, String>,
    waiting: Vec<Value>,
}

impl Live<'_> {
    fn decide(&mut self, attempt: &AttemptEvent, price_micros: i64) -> Result<Decided, CliError> {
        let answer = self.line.call(Method::POST, "/v1/assessments", Some(&body(attempt, price_micros)));
        let blocked = Decided { decision: Decision::Block, score: None, reasons: Vec::new(), evidence: None };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if is_number(&error) => return Ok(blocked),
            Err(error) => return Err(error),
        };
        let word = answer.get("decision").cloned().unwrap_or_default();
        let decision: Decision = serde_json::from_value(word).map_err(|_| {
            CliError::failed("the server's answer has no `decision` that is known here")
                .mend("is it a cofferdam of this version?")
        })?;
        // In shadow everything passes, whatever would have been decided.
        let enforced = answer.get("enforced").and_then(Value::as_bool).unwrap_or(true);
        let decision = if enforced { decision } else { Decision::Allow };
        if decision != Decision::Block
            && let Some(name) = answer.get("attempt").and_then(Value::as_str)
        {
            self.names.insert(attempt.id.clone(), name.to_owned());
        }
        let score = answer.get("score").and_then(Value::as_f64);
        Ok(Decided { decision, score, ..blocked })
    }

    fn became(&mut self, outcome: &OutcomeEvent) -> Result<(), CliError> {
        let Some(name) = self.names.get(&outcome.attempt_id) else { return Ok(()) };
        self.waiting.push(match outcome.what {
            Became::Challenge { passed } => {
                json!({ "type": "challenge", "attempt": name, "result": if passed { "passed" } else { "failed" } })
            }
            Became::Delivery(status) => json!({ "type": "delivery", "attempt": name, "status": status }),
            Became::Check(result) => json!({ "type": "check", "attempt": name, "result": result }),
        });
        if self.waiting.len() >= EVENTS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), CliError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let events = std::mem::take(&mut self.waiting);
        self.line.call(Method::POST, "/v1/events", Some(&json!({ "events": events }))).map(|_| ())
    }
}

/// A number that no plan has is refused before it is judged.
fn is_number(error: &CliError) -> bool {
    error.problem.as_ref().and_then(|problem| problem.get("code")) == Some(&json!("invalid_number"))
}

/// What is told of an attempt. Profiles stay out: the server does not have those of the scenario.
fn body(attempt: &AttemptEvent, price_micros: i64) -> Value {
    let mut client = Map::new();
    let texts = [
        ("ip", &attempt.ip),
        ("ip_country", &attempt.ip_country),
        ("device_id", &attempt.device_id),
        ("session_id", &attempt.session_id),
        ("user_id", &attempt.user_id),
        ("user_agent", &attempt.user_agent),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            client.insert(name.to_owned(), text.as_str().into());
        }
    }
    if let Some(asn) = attempt.asn {
        client.insert("asn".to_owned(), asn.into());
    }
    let price = price_micros.max(0);
    json!({
        "to": attempt.phone,
        "channel": attempt.channel,
        "client": client,
        "price": { "amount": format!("{}.{:06}", price / 1_000_000, price % 1_000_000), "currency": "USD" },
    })
}
