//! Three nodes over one PostgreSQL and one Redis, each reached by a way that can be cut.

use super::way::Way;
use crate::outside::api::Api;
use crate::outside::kill_9::only;
use crate::outside::server::{ADMIN, Keys, Place, Server, until};
use crate::outside::simulator::{Behaviour, Simulator};
use crate::servers::{postgres, redis};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

pub const NODES: usize = 3;

/// Messages that one number may get, one device may ask for, and the capped tenant may send.
pub const PER_NUMBER: usize = 3;
pub const PER_DEVICE: usize = 6;
pub const PER_TENANT: usize = 25;
/// Guesses that a verification takes.
pub const GUESSES: usize = 5;

/// The secret key that all nodes share.
pub const SECRET: &str = "1:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// All of it.
pub struct Cluster {
    pub postgres: postgres::Server,
    pub redis: redis::Server,
    pub to_postgres: Way,
    pub to_redis: Way,
    pub provider: Arc<Simulator>,
    places: Vec<Place>,
    pub nodes: Vec<Option<Server>>,
    /// Of the tenant that most of the load is.
    pub keys: Keys,
    /// Of the tenant that may send [`PER_TENANT`] messages.
    pub capped: Keys,
}

/// The servers of one test and the ways to them; none where a program is missing.
pub struct Home {
    pub postgres: postgres::Server,
    pub redis: redis::Server,
    pub to_postgres: Way,
    pub to_redis: Way,
}

impl Home {
    pub async fn start() -> Option<Self> {
        let (postgres, redis) =
            tokio::task::block_in_place(|| Some((postgres::Server::start()?, redis::Server::start()?)))?;
        postgres.sql("postgres", "CREATE DATABASE cofferdam");
        let (to_postgres, to_redis) = (Way::to(postgres.port).await, Way::to(redis.port).await);
        Some(Self { postgres, redis, to_postgres, to_redis })
    }

    pub fn postgres_url(&self) -> String {
        postgres::url(self.to_postgres.port, "cofferdam")
    }

    pub fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.to_redis.port)
    }
}

/// A node's place: its own folder, and the shared home's addresses.
pub fn place(n: usize, settings: &str, postgres_url: &str, redis_url: &str) -> Place {
    Place::new(&format!("node-{n}"), settings)
        .with("COFFERDAM_STORE__POSTGRES_URL", postgres_url)
        .with("COFFERDAM_STORE__REDIS_URL", redis_url)
        .with("COFFERDAM_STORE__NODE", &format!("node-{n}"))
        .with("COFFERDAM_SECRETS__KEY", SECRET)
}

impl Cluster {
    /// Three nodes that are ready, and two tenants; none where a server's program is missing.
    pub async fn start() -> Option<Self> {
        let home = Home::start().await?;
        let redis_url = home.redis_url();
        Some(Self::over(home, &redis_url).await)
    }

    /// The same with tallies at this address.
    pub async fn over(home: Home, redis_url: &str) -> Self {
        let provider = Arc::new(Simulator::start(Behaviour::Accept).await);
        let settings = format!("routes = [\"a\"]\n{}", provider.settings("a", 5));
        let postgres_url = home.postgres_url();
        let places: Vec<Place> = (0..NODES).map(|n| place(n, &settings, &postgres_url, redis_url)).collect();
        // All at once: the first start of a store is made by whoever comes first.
        let (a, b, c) = tokio::join!(places[0].start(), places[1].start(), places[2].start());
        let (keys, capped) = (a.tenant("many").await, a.tenant("capped").await);
        for (keys, limits) in [
            (
                &keys,
                json!({
                    "number": [{ "max": PER_NUMBER, "window_s": 3600 }],
                    "device": [{ "max": PER_DEVICE, "window_s": 3600 }],
                }),
            ),
            (&capped, json!({ "tenant": [{ "max": PER_TENANT, "window_s": 3600 }] })),
        ] {
            // Limits hold in shadow, too; what detectors think of so much load from nowhere is another matter.
            let profile = json!({
                "name": "plain", "mode": "shadow", "checks": GUESSES, "resend_after_s": 1, "limits": only(&limits),
            });
            a.api(&keys.manage).post("/v1/profiles", profile).await.want(201);
        }
        let Home { postgres, redis, to_postgres, to_redis } = home;
        let nodes = vec![Some(a), Some(b), Some(c)];
        let made = Self { postgres, redis, to_postgres, to_redis, provider, places, nodes, keys, capped };
        for api in made.apis(&made.keys.manage).into_iter().chain(made.apis(&made.capped.manage)) {
            until("a new tenant and its profile are known everywhere", Duration::from_secs(5), || async {
                let answer = api.get("/v1/profiles").await;
                answer.status == 200 && answer.text.contains("\"plain\"")
            })
            .await;
        }
        made
    }

    /// A key at every node that lives.
    pub fn apis(&self, key: &str) -> Vec<Api> {
        self.nodes.iter().flatten().map(|node| node.api(key)).collect()
    }

    /// `kill -9` of one.
    pub fn kill(&mut self, n: usize) {
        self.nodes[n].take().expect("it lives").kill();
    }

    /// Starts it again.
    pub async fn begin(&mut self, n: usize) {
        self.nodes[n] = Some(self.places[n].start().await);
    }

    /// What `/readyz` says at each node that lives.
    pub async fn ready(&self) -> Vec<crate::outside::api::Answer> {
        let mut answers = Vec::new();
        for api in self.apis("") {
            answers.push(api.get("/readyz").await);
        }
        answers
    }

    /// Whether a part is up, as the metrics of each node that lives tell it.
    pub async fn part_up(&self, part: &str) -> Vec<bool> {
        let mut up = Vec::new();
        for node in self.nodes.iter().flatten() {
            let text = Api::new(&node.admin_url, ADMIN).get("/metrics").await.want(200).text;
            let begin = format!("cofferdam_part_up{{part=\"{part}\"}} ");
            let told = text.lines().find_map(|line| line.strip_prefix(&begin));
            up.push(told.unwrap_or_else(|| panic!("no {begin} in the metrics")).trim() == "1");
        }
        up
    }

    /// What the nodes have said.
    pub fn said(&self) -> String {
        self.places.iter().map(|place| String::from_utf8_lossy(&place.log()).into_owned()).collect()
    }
}
