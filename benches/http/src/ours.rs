//! Ours: the whole API over an embedded store, journal included.

use cofferdam::app::App;
use cofferdam::clock::{SystemClock, SystemDice};
use cofferdam::config::Settings;
use cofferdam::http::{Listeners, serve as serve_api};
use cofferdam::secrets::Secrets;
use cofferdam::store::{Store, StoreOptions};
use cofferdam::verify::tenants::first_start;
use std::sync::Arc;
use zeroize::Zeroizing;

/// `store.tally_keys_max`, for a large installation.
const KEYS_MAX: usize = 24_000_000;

/// Serves it.
pub fn serve(address: &str, store: &str) {
    crate::on_one_thread(async {
        let clock = Arc::new(SystemClock);
        let dice = Arc::new(SystemDice::default());
        let mut options = StoreOptions::at(store);
        // Twenty thousand people a second are more than the usual ceiling has room for after half a minute: then
        // newcomers share cells, and are refused by limits.
        options.tally_keys_max = KEYS_MAX;
        let store = Store::embedded(&options, clock.clone(), &*dice).unwrap();
        let secrets = Secrets::new([(1, Zeroizing::new([7; 32]))].into()).unwrap();
        let app = Arc::new(App::assemble(Settings::defaults(), secrets, store, clock, dice).unwrap());
        first_start(&app, Some(crate::KEY), None).await.unwrap();
        let api = tokio::net::TcpListener::bind(address).await.unwrap();
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        serve_api(app, Listeners { api, admin: None }, stopped).await.unwrap();
    });
}
