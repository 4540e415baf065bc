//! What the program holds while it runs: built once, passed down, never global.

use crate::clock::{Clock, Dice};
use crate::config::Settings;
use crate::provider::Provider;
use crate::secrets::Secrets;
use crate::store::Store;
use crate::telemetry::Metrics;
use crate::verify::lives::Lives;
use crate::verify::send::Sends;
use crate::verify::standing::Standing;
use cofferdam_engine::Keyer;
use std::sync::Arc;

/// Everything that a use case needs.
pub struct App {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub dice: Arc<dyn Dice>,
    /// How this machine runs.
    pub settings: Arc<Settings>,
    /// The installation's key.
    pub secrets: Arc<Secrets>,
    /// Makes keyed names.
    pub keyer: Keyer,
    /// State.
    pub store: Store,
    /// Standing facts, cached by version.
    pub standing: Arc<Standing>,
    /// Sends under way, which a graceful stop waits for.
    pub sends: Arc<Sends>,
    /// How long codes have lived by a clock that nobody sets.
    pub lives: Arc<Lives>,
    /// Whom we send through, in the order of the routes; the outbox is always among them.
    pub providers: Vec<Arc<dyn Provider>>,
    /// What is counted about ourselves.
    pub metrics: Arc<Metrics>,
}
