//! Runs many trials side by side, a thread a core, and pools them by group. Each run has its own world and judge, so
//! that the figures do not depend on how many threads there are.

use super::progress::{PARTS, Progress};
use cofferdam_sim::scenario::{Scenario, ScenarioError};
use cofferdam_sim::trial::{Beat, Pooled, Trial, Who};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One run.
pub struct Job<'a> {
    /// With which it is pooled.
    pub group: usize,
    pub scenario: &'a Scenario,
    pub seed: u64,
    pub who: Who,
}

/// What came of a group.
#[derive(Default)]
pub struct Runs {
    pub pooled: Pooled,
    /// The attack of the first run, message by message.
    pub beats: Vec<Beat>,
}

/// Runs all; a group each, in their order. What is wrong with a scenario is told of the first job that has it.
pub fn all(jobs: &[Job<'_>], groups: usize) -> Result<Vec<Runs>, ScenarioError> {
    let progress = Progress::of(jobs.len());
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<Result<Trial, ScenarioError>>>> =
        jobs.iter().map(|_| Mutex::new(None)).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(job), Some(place)) = (jobs.get(at), done.get(at)) else { return };
                    let first = jobs.iter().position(|other| other.group == job.group) == Some(at);
                    let trial = one(job, &progress).map(|trial| Trial {
                        // Only the first is drawn.
                        beats: if first { trial.beats } else { Vec::new() },
                        ..trial
                    });
                    if let Ok(mut place) = place.lock() {
                        *place = Some(trial);
                    }
                }
            });
        }
    });
    progress.clear();
    let mut all: Vec<Runs> = (0..groups).map(|_| Runs::default()).collect();
    for (job, trial) in jobs.iter().zip(done) {
        let trial = trial.into_inner().ok().flatten();
        let (Some(into), Some(trial)) = (all.get_mut(job.group), trial) else { continue };
        let mut trial = trial?;
        if into.pooled.figures.runs == 0 {
            into.beats = std::mem::take(&mut trial.beats);
        }
        into.pooled.add(trial);
    }
    Ok(all)
}

fn one(job: &Job<'_>, progress: &Progress) -> Result<Trial, ScenarioError> {
    let mut told = 0;
    let trial = Trial::run(job.scenario, job.seed, &job.who, |share| {
        let now = ((share * PARTS as f64) as u64).min(PARTS);
        if now > told {
            progress.add(now - told);
            told = now;
        }
    });
    progress.add(PARTS - told);
    trial
}
