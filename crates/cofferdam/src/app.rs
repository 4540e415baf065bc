//! What the program holds while it runs: built once, passed down, never global.
//!
//! [`App::assemble`] puts given parts together, as tests do; [`App::build`] finds the parts that the
//! settings name. Neither serves anything: `cli` starts the listeners and the jobs.

use crate::clock::{Clock, Dice, SystemClock, SystemDice};
use crate::config::{ProviderKind, Settings};
use crate::provider::Provider;
use crate::provider::http::{ClientError, HttpProvider};
use crate::provider::metered::Metered;
use crate::provider::outbox::Outbox;
use crate::provider::token;
use crate::secrets::Secrets;
use crate::secrets::file::{self, SecretsError};
use crate::store::health::Health;
use crate::store::row::Retention;
use crate::store::{self, Store};
use crate::telemetry::Metrics;
use crate::verify::blocks::Blocks;
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
    /// How its parts are.
    pub health: Health,
    /// Standing facts, cached by version.
    pub standing: Arc<Standing>,
    /// Standing blocks.
    pub blocks: Arc<Blocks>,
    /// Sends under way, which a graceful stop waits for.
    pub sends: Arc<Sends>,
    /// How long codes have lived by a clock that nobody sets.
    pub lives: Arc<Lives>,
    /// Whom we send through, in the order of the routes; the outbox is always among them, last where no
    /// route names it.
    pub providers: Vec<Arc<dyn Provider>>,
    /// What is counted about ourselves.
    pub metrics: Arc<Metrics>,
}

/// Why the program does not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Without its secret key.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// Without its store.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// With another secret key than its store was written under.
    #[error(
        "this is not the secret key that the store was written under: numbers, codes and answers in it could \
         not be read again. Bring `secrets.key` from where it was (with several machines: from another of them)"
    )]
    OtherSecret,
    /// Without a provider's client.
    #[error("provider `{name}`: {error}")]
    Provider {
        /// Which.
        name: String,
        /// Why.
        error: ClientError,
    },
}

impl App {
    /// Puts the parts together.
    pub fn assemble(
        settings: Settings,
        secrets: Secrets,
        store: Store,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
    ) -> Result<Self, AppError> {
        let metrics = Arc::new(Metrics::new());
        metrics.started_at(clock.now_ms());
        let health = Health::since(clock.now_ms());
        let providers = providers(&settings, &secrets, &store, &dice)?;
        let counted = |inner| -> Arc<dyn Provider> { Arc::new(Metered::new(inner, metrics.clone())) };
        let providers = providers.into_iter().map(counted).collect();
        Ok(Self {
            keyer: secrets.keyer(),
            clock,
            dice,
            settings: Arc::new(settings),
            secrets: Arc::new(secrets),
            store,
            health,
            standing: Arc::new(Standing::new()),
            blocks: Arc::new(Blocks::new()),
            sends: Arc::new(Sends::new()),
            lives: Arc::new(Lives::new()),
            providers,
            metrics,
        })
    }

    /// Finds the parts that the settings name: the secret key first, made at the first start, then the
    /// store, recovered. Blocks while the store recovers.
    pub fn build(settings: Settings) -> Result<Self, AppError> {
        let (clock, dice): (Arc<dyn Clock>, Arc<dyn Dice>) =
            (Arc::new(SystemClock), Arc::new(SystemDice::default()));
        let secrets = file::load(&settings.secrets, &settings.store, &*dice)?;
        let store = store::open(&settings.store, clock.clone(), dice.clone())?;
        Self::assemble(settings, secrets, store, clock, dice)
    }

    /// Finds the parts, and makes sure that they belong together: the store remembers which secret key it was
    /// written under, so that a machine with another one does no harm.
    pub async fn recovered(settings: Settings) -> Result<Self, AppError> {
        // Recovery reads the journal, which may take its time: not on a thread that serves.
        let built = tokio::task::spawn_blocking(|| Self::build(settings)).await;
        let app = built.map_err(|error| store::StoreError::Away(error.to_string()))??;
        agree(&app.store, &app.secrets).await?;
        app.standing.refresh(&app).await?;
        crate::verify::recover::catch_up(&app).await?;
        Ok(app)
    }

    /// How long things are kept, as the settings say.
    pub fn retention(&self) -> Retention {
        let keep = &self.settings.retention;
        Retention {
            numbers_ms: keep.numbers_ms,
            verifications_ms: keep.verifications_ms,
            journal_ms: keep.journal_ms,
            audit_ms: keep.audit_ms,
            idempotency_ms: keep.idempotency_ms,
            outbox_ms: keep.outbox_ms,
            outbox_rows: keep.outbox_messages_max,
        }
    }

    /// Where a provider may report what became of a message, if we can be reached.
    pub fn delivery_url(&self, provider: &str) -> Option<String> {
        let public_url = self.settings.listen.public_url.as_deref()?;
        Some(token::delivery_url(&self.secrets, public_url, provider))
    }
}

/// Makes sure that a store is of this secret key.
pub async fn agree(store: &Store, secrets: &Secrets) -> Result<(), AppError> {
    let name = secrets.name();
    if store.records.agree("secret key", &name).await? == name { Ok(()) } else { Err(AppError::OtherSecret) }
}

/// Those of the routes in their order, then the outbox where no route names it: test keys need it.
fn providers(
    settings: &Settings,
    secrets: &Secrets,
    store: &Store,
    dice: &Arc<dyn Dice>,
) -> Result<Vec<Arc<dyn Provider>>, AppError> {
    let routed = settings.routes.iter().filter_map(|name| settings.provider(name));
    let outbox = settings.providers.iter().filter(|provider| {
        matches!(provider.kind, ProviderKind::Outbox) && !settings.routes.contains(&provider.name)
    });
    let mut providers: Vec<Arc<dyn Provider>> = Vec::new();
    for provider in routed.chain(outbox) {
        let name = &provider.name;
        providers.push(match &provider.kind {
            ProviderKind::Outbox => Arc::new(Outbox::new(name, store.records.clone(), dice.clone())),
            ProviderKind::Http(http) => {
                let public_url = settings.listen.public_url.as_deref();
                let delivery_url = public_url
                    .filter(|_| http.delivery.is_some())
                    .map(|public_url| token::delivery_url(secrets, public_url, name));
                let made = HttpProvider::new(name, (**http).clone(), delivery_url);
                Arc::new(made.map_err(|error| AppError::Provider { name: name.clone(), error })?)
            }
        });
    }
    Ok(providers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(folder: &std::path::Path, key: &str) -> Settings {
        let text = format!(
            "[store]\npath = \"{}\"\n[secrets]\nkey = \"1:{}\"\n",
            folder.join("cofferdam.db").display(),
            key.repeat(32)
        );
        Settings::read("cofferdam.toml", &text, []).unwrap()
    }

    #[tokio::test]
    async fn a_store_is_not_opened_with_another_secret_key() {
        let folder = std::env::temp_dir().join(format!("cofferdam-app-{}", std::process::id()));
        drop(App::recovered(settings(&folder, "ab")).await.unwrap());
        let refused = App::recovered(settings(&folder, "cd")).await.err().unwrap().to_string();
        assert!(refused.contains("not the secret key") && !refused.contains("abab"), "{refused}");
        drop(App::recovered(settings(&folder, "ab")).await.unwrap());
        let _ = std::fs::remove_dir_all(&folder);
    }
}
