//! What the switch answers when it is asked for everything: input of [`crate::book::CallBook::reconcile`].

use crate::agent::{AgentStatus, CallcenterState, TierState};
use crate::ids::LegId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The switch's own lists. A list that could not be had is `None` and corrects nothing.
#[derive(Clone, Debug, Default)]
pub struct SwitchSnapshot {
    /// When the first list was asked for, by the *switch's* clock as far as known: what began later is newer than
    /// the lists.
    pub asked_at: Option<DateTime<Utc>>,
    /// `show channels`. Lags behind the events.
    pub channels: Option<Vec<SnapshotChannel>>,
    /// `callcenter_config queue list members` of all queues.
    pub members: Option<Vec<SnapshotMember>>,
    /// `callcenter_config agent list` with the tiers.
    pub agents: Option<Vec<SnapshotAgent>>,
    /// `show registrations`.
    pub registrations: Option<Vec<SnapshotRegistration>>,
    /// `sofia xmlstatus gateway`.
    pub gateways: Option<Vec<SnapshotGateway>>,
}

/// One row of `show channels`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotChannel {
    /// The channel.
    pub leg: LegId,
    /// `callstate`: `ACTIVE`, `RINGING`, `HELD`…
    pub callstate: String,
    /// `call_uuid` of the row.
    pub call_uuid: Option<LegId>,
}

/// One row of `queue list members`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotMember {
    /// Code of the queue.
    pub queue: String,
    /// `uuid`.
    pub member: Uuid,
    /// `session_uuid`; empty for what a crash left behind (surprises 77).
    pub session: Option<LegId>,
    /// `joined_epoch`, or `rejoined_epoch` if that is set.
    pub joined_at: DateTime<Utc>,
    /// `cid_number`.
    pub caller_number: String,
    /// `cid_name`.
    pub caller_name: String,
    /// `serving_agent`, without `@domain`.
    pub serving_agent: Option<String>,
    /// `bridge_epoch`; 0 = `None`.
    pub served_at: Option<DateTime<Utc>>,
    /// `state`.
    pub state: MemberState,
}

/// `state` of a member row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// Waits.
    Waiting,
    /// An agent is being rung.
    Trying,
    /// Talks with an agent.
    Answered,
    /// Gone; the row stays for `discard-abandoned-after` (surprises 63, 77).
    Abandoned,
}

/// One row of `agent list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotAgent {
    /// Extension, without `@domain`.
    pub extension: String,
    /// `status`.
    pub status: AgentStatus,
    /// `state`.
    pub state: CallcenterState,
    /// `last_status_change`.
    pub last_status_change: Option<DateTime<Utc>>,
    /// `last_bridge_end`.
    pub last_bridge_end: Option<DateTime<Utc>>,
    /// `wrap_up_time`, seconds.
    pub wrap_up_secs: i64,
    /// Queue code and tier state.
    pub tiers: Vec<(String, TierState)>,
}

/// One row of `show registrations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRegistration {
    /// `reg_user`.
    pub extension: String,
    /// `url`.
    pub contact: String,
    /// `network_ip`:`network_port`.
    pub address: String,
    /// `expires`: an absolute instant *including* the margin of 60 s (surprises 52).
    pub expires_at: Option<DateTime<Utc>>,
}

/// One gateway of `sofia xmlstatus gateway`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotGateway {
    /// Its name.
    pub name: String,
    /// `<state>`: `NOREG`, `REGED`…
    pub state: String,
    /// `<status>`: UP or DOWN (surprises 54).
    pub up: Option<bool>,
}
