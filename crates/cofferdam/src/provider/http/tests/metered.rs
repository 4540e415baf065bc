//! What is counted of a provider's calls.

use super::sim::{Does, Sim};
use super::{message, plain};
use crate::provider::Provider as _;
use crate::provider::http::HttpProvider;
use crate::provider::metered::Metered;
use crate::telemetry::Metrics;
use std::sync::Arc;

#[tokio::test]
async fn calls_are_counted_by_what_the_provider_said_and_given_up_ones_end() {
    let metrics = Arc::new(Metrics::new());
    for (does, said) in [
        (Does::Answer(200, "", "{}".to_owned()), "accepted"),
        (Does::Answer(400, "", "{}".to_owned()), "rejected"),
        (Does::Reset, "unknown"),
    ] {
        let sim = Sim::start(does).await;
        let provider = HttpProvider::new("main", plain(&sim.url()), None).unwrap();
        let _ = Metered::new(Arc::new(provider), metrics.clone()).send(&message("x")).await;
        let line = format!("cofferdam_sends_total{{provider=\"main\",result=\"{said}\"}} 1");
        assert!(metrics.scrape().contains(&line), "{said}");
    }
    let sim = Sim::start(Does::Hang).await;
    let provider = HttpProvider::new("main", plain(&sim.url()), None).unwrap();
    let provider = Metered::new(Arc::new(provider), metrics.clone());
    let message = message("x");
    let send = provider.send(&message);
    drop(tokio::time::timeout(std::time::Duration::from_millis(50), send).await);
    assert!(metrics.scrape().contains("cofferdam_sends_under_way 0"));
}
