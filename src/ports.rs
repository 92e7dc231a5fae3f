//! The few traits that services call and that tests replace.

use std::{error::Error, time::Duration};

use chrono::{DateTime, SubsecRound as _, Utc};
use domain::{
    command::{AgentLimits, SwitchCommand, Tier},
    ids::ServerId,
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::error::AppError;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The current instant, truncated to microseconds (what both databases keep).
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// Where ids and secrets come from.
pub trait IdGen: Send + Sync {
    /// A time-ordered id (UUIDv7).
    fn uuid(&self) -> Uuid;
    /// 32 unpredictable bytes, for tokens and passwords.
    fn token(&self) -> [u8; 32];
}

/// Ids from the operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl IdGen for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn token(&self) -> [u8; 32] {
        rand::random()
    }
}

/// What part of the configuration of a voice server was edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigPart {
    /// Addresses, passwords, switching on and off: the session itself has to be made anew.
    Server,
    /// Extensions: directory entries.
    Extensions,
    /// Queues, agents, tiers.
    Queues,
    /// Routing rules.
    Routes,
    /// Gateways of the external profile.
    Gateways,
}

/// A committed edit of the configuration of one voice server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConfigChanged {
    /// The voice server.
    pub server: ServerId,
    /// What was edited.
    pub part: ConfigPart,
}

/// Told after each committed edit of what the switch is served, so that the plan is rebuilt and the switch
/// is healed. Never waits and never fails: a nudge that is lost is made good by the next periodic reconcile.
pub trait PlanNudge: Send + Sync {
    /// Called after the commit.
    fn config_changed(&self, change: ConfigChanged);

    /// Called after the commit, besides [`PlanNudge::config_changed`], when the agents of a queue were edited: the
    /// switch keeps agents in a database of its own and is told by safe commands (facts.md §4).
    fn agents_changed(&self, _change: AgentsChanged) {}
}

/// A committed edit of the agents of one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentsChanged {
    /// The voice server.
    pub server: ServerId,
    /// Code of the queue, its name on the switch.
    pub queue: String,
    /// Agents that were not in the queue before.
    pub added: Vec<AgentPlace>,
    /// Agents whose place or limits are different now.
    pub changed: Vec<AgentPlace>,
    /// Names (extension numbers) of agents that have left the queue. They may be in other queues.
    pub removed: Vec<String>,
}

/// An agent in a queue, as the switch has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPlace {
    /// Level and position.
    pub tier: Tier,
    /// Pauses and patience.
    pub limits: AgentLimits,
    /// How long its phone rings, seconds.
    pub ring_secs: u32,
}

/// Tries whether a voice server can be steered, without keeping the connection.
pub trait SwitchProbe: Send + Sync {
    /// Connects, signs in, asks for the version, leaves. Answers within a few seconds, whatever happens.
    fn probe(&self, target: ProbeTarget) -> BoxFuture<'_, ProbeReport>;
}

/// The Event Socket to try.
#[derive(Clone)]
pub struct ProbeTarget {
    /// Host name or address.
    pub address: String,
    /// Port.
    pub port: u16,
    /// Password; never logged.
    pub password: String,
}

/// What a try has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeOutcome {
    /// We can steer it.
    Ok,
    /// Nobody answers there, or not in time.
    Unreachable,
    /// It answers, but not to this password.
    WrongPassword,
    /// It does not let us in from this address (`apply-inbound-acl`).
    Refused,
    /// What answers is no Event Socket.
    NotASwitch,
}

/// Result of [`SwitchProbe::probe`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ProbeReport {
    /// What it has shown.
    pub outcome: ProbeOutcome,
    /// For people: what to do about it.
    pub detail: String,
    /// Version of the switch, if it let us in.
    pub version: Option<String>,
}

/// How the connections to the voice servers are.
pub trait SwitchStatuses: Send + Sync {
    /// The row of the live topic `servers`; `None` when nothing is known about this server.
    fn status(&self, server: ServerId) -> Option<serde_json::Value>;
}

/// What the switch answered to a command that it carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwitchReply {
    /// The text after `+OK`, often empty.
    pub text: String,
}

/// Why a command has no good answer. Only the first two may be shown as "failed".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// The switch refused, with its own words.
    #[error("the voice server refused: {0}")]
    Rejected(String),
    /// Our account at the switch may not do this.
    #[error("the voice server does not allow this command")]
    Denied,
    /// It was not sent, because the switch is away.
    #[error("the voice server cannot be reached: {0}")]
    Unreachable(String),
    /// It was sent, and nobody knows whether it took effect. Never repeated automatically.
    #[error("the voice server did not say whether it carried out the command")]
    UnknownOutcome,
}

impl From<SwitchError> for AppError {
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::Rejected(text) => {
                Self::conflict("switch.rejected", format!("The voice server refused: {text}"))
            }
            SwitchError::Denied => Self::conflict("switch.denied", "The voice server does not allow this."),
            SwitchError::Unreachable(_) => Self::unavailable(
                "switch.unreachable",
                "The voice server cannot be reached at the moment.",
            ),
            SwitchError::UnknownOutcome => Self::unknown_outcome(
                "switch.unknown_outcome",
                "The voice server did not answer in time; the command may have taken effect.",
            ),
        }
    }
}

/// Commands to the voice servers.
pub trait Switch: Send + Sync {
    /// Sends one command and waits for its answer, at most until `deadline` has passed. State changes only by
    /// the events that come back.
    fn run(
        &self,
        server: ServerId,
        command: SwitchCommand,
        deadline: Duration,
    ) -> BoxFuture<'_, Result<SwitchReply, SwitchError>>;
}

/// When a background task is told to stop; the stages stop one after the other, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Accepting requests and answering them.
    Http,
    /// WebSockets: told that the server goes away.
    Sockets,
    /// Jobs and timers: nothing new is begun.
    Jobs,
    /// Events that were received are applied to the end.
    Pump,
    /// What was decided is written and sent.
    Outbox,
    /// Sessions to the voice servers: said goodbye.
    Switch,
    /// The built-in switch.
    Simulator,
}

impl Stage {
    /// All stages, in the order of stopping.
    pub const ALL: [Self; 7] = [
        Self::Http,
        Self::Sockets,
        Self::Jobs,
        Self::Pump,
        Self::Outbox,
        Self::Switch,
        Self::Simulator,
    ];
}

/// How a background task ended.
pub type TaskResult = Result<(), Box<dyn Error + Send + Sync>>;

/// Makes a background task; called again after each failure. The token says when to stop.
pub type TaskFactory = Box<dyn FnMut(CancellationToken) -> BoxFuture<'static, TaskResult> + Send>;

/// Boxes a closure that makes a background task.
pub fn task<F, Fut>(mut make: F) -> TaskFactory
where
    F: FnMut(CancellationToken) -> Fut + Send + 'static,
    Fut: Future<Output = TaskResult> + Send + 'static,
{
    Box::new(move |stop| Box::pin(make(stop)))
}

/// The only way to start something in the background, so that stopping knows of each task.
pub trait Tasks: Send + Sync {
    /// Starts a named task of a stage. When it fails or panics it is made again, after a growing pause;
    /// when it returns `Ok` it is done. The returned token stops this task alone.
    fn start(&self, stage: Stage, name: String, make: TaskFactory) -> CancellationToken;
}

/// How a part of the system is, for `/readyz` and the banners of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartStatus {
    /// Works.
    Ok,
    /// Works in part; people should know (a voice server is away).
    Degraded {
        /// Stable code.
        code: &'static str,
        /// For humans.
        detail: String,
    },
    /// Does not work, and without it we should get no requests.
    Down {
        /// Stable code.
        code: &'static str,
        /// For humans.
        detail: String,
    },
}

/// Where each part reports how it is.
pub trait Health: Send + Sync {
    /// Reports the status of `part` (`database`, `switch:3` …); cheap when nothing changed.
    fn report(&self, part: &str, status: PartStatus);
    /// The part no longer exists.
    fn forget(&self, part: &str);
}
