//! The few traits that services call and that tests replace.

use chrono::{DateTime, SubsecRound as _, Utc};
use uuid::Uuid;

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
    /// `voice_servers.id`.
    pub server_id: i64,
    /// What was edited.
    pub part: ConfigPart,
}

/// Told after each committed edit of what the switch is served, so that the plan is rebuilt and the switch
/// is healed. Never waits and never fails: a nudge that is lost is made good by the next periodic reconcile.
pub trait PlanNudge: Send + Sync {
    /// Called after the commit.
    fn config_changed(&self, change: ConfigChanged);
}
