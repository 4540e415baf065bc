//! The connection to the servers, and the breaker in front of it.
//!
//! One connection carries all calls side by side. While the servers are away calls fail at once, and somebody
//! tries to come through in the background, with pauses that chance parts from those of other nodes. A call whose
//! answer is lost was perhaps done: it is never sent again.

use super::call::{Call, Script, Want};
use super::name::Names;
use super::settings::Target;
use crate::store::StoreError;
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// So many calls without an answer, one after another, and the servers count as away.
const FAILURES: u32 = 3;

/// A connection.
#[derive(Clone)]
pub enum Conn {
    One(MultiplexedConnection),
    Many(ClusterConnection),
}

impl Conn {
    /// Sends a command.
    pub async fn send(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        match self {
            Self::One(one) => one.req_packed_command(command).await,
            Self::Many(many) => many.req_packed_command(command).await,
        }
        .and_then(Value::extract_error)
    }

    /// The same to every master; answers by master.
    pub async fn send_all(&mut self, command: Cmd) -> Result<Vec<Value>, RedisError> {
        use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
        match self {
            Self::One(one) => Ok(vec![one.req_packed_command(&command).await?.extract_error()?]),
            Self::Many(many) => {
                let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
                match many.route_command(command, all).await?.extract_error()? {
                    Value::Map(answers) => Ok(answers.into_iter().map(|(_, answer)| answer).collect()),
                    Value::Array(answers) => Ok(answers
                        .into_iter()
                        .map(|answer| match answer {
                            Value::Array(mut pair) if pair.len() == 2 => pair.pop().unwrap_or(Value::Nil),
                            other => other,
                        })
                        .collect()),
                    other => Ok(vec![other]),
                }
            }
        }
    }
}

/// How things stand.
struct Gate {
    conn: Option<Conn>,
    failures: u32,
    why: String,
}

/// The way to the servers.
pub struct Link {
    target: Target,
    timeout: Duration,
    pub names: Names,
    script: Script,
    gate: Mutex<Gate>,
    /// Told when the servers went away.
    pub broken: Notify,
}

impl Link {
    pub fn new(target: Target, timeout: Duration, names: Names) -> Arc<Self> {
        let gate = Gate { conn: None, failures: 0, why: "not reached yet".to_owned() };
        let (script, gate) = (Script::new(), Mutex::new(gate));
        Arc::new(Self { target, timeout, names, script, gate, broken: Notify::new() })
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that nobody uses yet.
    pub async fn connect(&self) -> Result<Conn, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout.max(Duration::from_secs(1))))
            .set_response_timeout(Some(self.timeout));
        match &self.target {
            Target::One(info) => {
                let client = Client::open(info.clone())?;
                Ok(Conn::One(client.get_multiplexed_async_connection_with_config(&config).await?))
            }
            Target::Cluster(infos) => {
                let client = ClusterClientBuilder::new(infos.clone())
                    .connection_timeout(self.timeout.max(Duration::from_secs(1)))
                    .response_timeout(self.timeout)
                    .overall_response_timeout(Some(self.timeout))
                    .retries(2)
                    .build()?;
                Ok(Conn::Many(client.get_async_connection().await?))
            }
            Target::Sentinel(sentinels, name, master) => {
                let addresses: Vec<_> = sentinels.iter().map(|info| info.addr().clone()).collect();
                let mut builder = SentinelClientBuilder::new(addresses, name, SentinelServerType::Master)?
                    .set_client_to_redis_tcp_settings(
                        redis::io::tcp::TcpSettings::default().set_nodelay(true),
                    );
                let redis = master.redis_settings();
                if let Some(user) = redis.username() {
                    builder = builder.set_client_to_redis_username(user);
                }
                if let Some(password) = redis.password() {
                    builder = builder.set_client_to_redis_password(password);
                }
                let mut client = builder.build()?;
                Ok(Conn::One(client.get_async_connection_with_config(&config).await?))
            }
        }
    }

    /// Where the servers are, for logs.
    pub fn shown(&self) -> String {
        self.target.shown()
    }

    /// Whether it has many servers.
    pub fn is_cluster(&self) -> bool {
        matches!(self.target, Target::Cluster(_))
    }

    /// Lets calls through.
    pub fn open(&self, conn: Conn) {
        let mut gate = self.gate();
        gate.conn = Some(conn);
        gate.failures = 0;
        gate.why.clear();
    }

    /// Why the servers are away; `None` if they are not.
    pub fn away(&self) -> Option<String> {
        let gate = self.gate();
        gate.conn.is_none().then(|| gate.why.clone())
    }

    /// The connection that calls go through.
    pub fn conn(&self) -> Option<Conn> {
        self.gate().conn.clone()
    }

    fn take(&self) -> Result<Conn, StoreError> {
        let gate = self.gate();
        gate.conn.clone().ok_or_else(|| StoreError::Away(format!("Redis: {}", gate.why)))
    }

    fn came(&self) {
        let mut gate = self.gate();
        gate.failures = 0;
    }

    /// What an error means for this call and those to come.
    pub fn failed(&self, error: &RedisError) -> StoreError {
        let told = said(error);
        let mut gate = self.gate();
        gate.failures += 1;
        let (open, known) = match error.kind() {
            // Nothing was done: it refuses whatever writes, and comes back by itself or with another master.
            ErrorKind::Server(
                ServerErrorKind::ReadOnly
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::NoPerm,
            )
            | ErrorKind::ClusterConnectionNotFound
            | ErrorKind::AuthenticationFailed => (true, true),
            ErrorKind::Server(_) | ErrorKind::Extension => (is_full(error), true),
            _ if error.is_timeout() => (gate.failures >= FAILURES, false),
            _ => (true, error.is_connection_refusal()),
        };
        if open && gate.conn.take().is_some() {
            gate.why.clone_from(&told);
            tracing::warn!(servers = %self.shown(), why = %told, "the shared tallies are away, attempts are judged blind");
            self.broken.notify_one();
        }
        let told = format!("Redis: {told}");
        if known { StoreError::Away(told) } else { StoreError::Unknown(told) }
    }

    /// Sends a command that is no script.
    pub async fn send(&self, command: &Cmd) -> Result<Value, StoreError> {
        let mut conn = self.take()?;
        match conn.send(command).await {
            Ok(value) => {
                self.came();
                Ok(value)
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Sends a call of a script by its sum, and with its whole text where the server does not know it.
    pub async fn ask(&self, command: impl Fn(bool) -> Cmd) -> Result<Value, StoreError> {
        let mut conn = self.take()?;
        let answer = match conn.send(&command(false)).await {
            Err(error) if is_unknown(&error) => conn.send(&command(true)).await,
            other => other,
        };
        answer.map_err(|error| self.failed(&error)).inspect(|_| self.came())
    }

    /// Runs the script: in one call, or in a cluster in one a tag, side by side. Answers in the order of the steps.
    pub async fn run(&self, call: &Call, want: Want) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        if call.steps.is_empty() {
            return Ok(Vec::new());
        }
        let conn = self.take()?;
        self.run_by(&conn, call, want).await.map_err(|error| self.failed(&error)).inspect(|_| self.came())
    }

    /// The same by a connection that calls do not come through yet.
    pub async fn run_by(
        &self,
        conn: &Conn,
        call: &Call,
        want: Want,
    ) -> Result<Vec<Option<Vec<u8>>>, RedisError> {
        let groups = call.groups(matches!(conn, Conn::One(_)));
        if let [whole] = &groups[..] {
            let mut conn = conn.clone();
            let answer = match conn.send(&self.command(call, whole, false, want)).await {
                Err(error) if is_unknown(&error) => conn.send(&self.command(call, whole, true, want)).await?,
                other => other?,
            };
            return Ok(if want == Want::Olds { olds(answer) } else { Vec::new() });
        }
        self.run_groups(conn, call, &groups, want).await
    }

    /// A call for each group, side by side.
    async fn run_groups(
        &self,
        conn: &Conn,
        call: &Call,
        groups: &[Vec<usize>],
        want: Want,
    ) -> Result<Vec<Option<Vec<u8>>>, RedisError> {
        let mut running = Vec::with_capacity(groups.len());
        for group in groups {
            let (mut conn, command) = (conn.clone(), self.command(call, group, false, want));
            running.push(tokio::spawn(async move { conn.send(&command).await }));
        }
        let mut all = vec![None; call.steps.len()];
        let (mut failed, mut done) = (None, false);
        for (group, running) in groups.iter().zip(running) {
            let mut answer =
                running.await.unwrap_or_else(|_| Err((ErrorKind::Client, "it was given up").into()));
            if answer.as_ref().is_err_and(is_unknown) {
                answer = conn.clone().send(&self.command(call, group, true, want)).await;
            }
            match answer {
                Err(error) => failed = Some(error),
                Ok(answer) => {
                    done = true;
                    for (n, old) in group.iter().zip(olds(answer)) {
                        if let Some(place) = all.get_mut(*n) {
                            *place = old;
                        }
                    }
                }
            }
        }
        match failed {
            None => Ok(all),
            // A part of it was done: whoever sends it again would count that twice.
            Some(error) if done && !error.is_timeout() => {
                Err(std::io::Error::new(std::io::ErrorKind::TimedOut, said(&error)).into())
            }
            Some(error) => Err(error),
        }
    }

    fn command(&self, call: &Call, of: &[usize], whole: bool, want: Want) -> Cmd {
        call.command(of, &self.names, &self.script, whole, want)
    }
}

/// Whether the server does not know the script: it was started anew, or joined.
fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

fn olds(answer: Value) -> Vec<Option<Vec<u8>>> {
    let Value::Array(olds) = answer else { return Vec::new() };
    let bytes = |value| match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    };
    olds.into_iter().map(bytes).collect()
}

fn is_full(error: &RedisError) -> bool {
    error.code() == Some("OOM") || error.to_string().contains("OOM ")
}

/// What happened, without addresses and secrets, and what mends it where somebody can.
pub fn said(error: &RedisError) -> String {
    let code = error.code().unwrap_or_default();
    match error.kind() {
        _ if is_full(error) => "it is full: raise its `maxmemory`".to_owned(),
        ErrorKind::AuthenticationFailed => "user or password is wrong, or one is missing".to_owned(),
        _ if code == "NOAUTH" || code == "WRONGPASS" => {
            "user or password is wrong, or one is missing".to_owned()
        }
        ErrorKind::Server(ServerErrorKind::ReadOnly) => {
            "it is a replica: name the master, or the sentinels".to_owned()
        }
        ErrorKind::Server(ServerErrorKind::NoPerm) => {
            "its user may not do what is needed: allow `~prefix*` and `+@all -@admin`".to_owned()
        }
        ErrorKind::Server(ServerErrorKind::BusyLoading) => "it is loading its data".to_owned(),
        ErrorKind::Server(ServerErrorKind::ClusterDown | ServerErrorKind::MasterDown) => {
            "a part of the cluster is down".to_owned()
        }
        ErrorKind::ClusterConnectionNotFound => "no node of the cluster answers for its slots".to_owned(),
        ErrorKind::MasterNameNotFoundBySentinel => "the sentinels know no master of this name".to_owned(),
        _ if error.to_string().contains("certificate") => {
            "its certificate is of no authority that this machine knows, or for another name: name the authority's \
             file in `SSL_CERT_FILE`, and the server as its certificate does"
                .to_owned()
        }
        _ if error.is_connection_refusal() => {
            "nobody listens there: is it running, and is `store.redis_url` right?".to_owned()
        }
        _ if error.is_timeout() => "it does not answer in time".to_owned(),
        _ if error.is_connection_dropped() => "the connection was cut".to_owned(),
        ErrorKind::Server(_) | ErrorKind::Extension => format!("it refused: {error}"),
        _ => "it cannot be reached".to_owned(),
    }
}
