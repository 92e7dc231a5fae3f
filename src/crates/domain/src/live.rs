//! Rows of the live pages, as the WebSocket topics carry them. Names of queues and users are filled in by the
//! application, which knows them.

use crate::agent::{AgentStatus, CallcenterState};
use crate::call::{CallDirection, CallPhase};
use crate::ids::{CallId, LegId, ServerId, VisitId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Topic `calls`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRow {
    /// The call.
    pub id: CallId,
    /// Where.
    pub server_id: ServerId,
    /// From where to where.
    pub direction: CallDirection,
    /// What it is doing.
    pub phase: CallPhase,
    /// The party that began it.
    pub caller_number: String,
    /// Its name as shown.
    pub caller_name: String,
    /// The number that was called.
    pub callee_number: String,
    /// Code of the last queue; resolves `queue_id`.
    pub queue_code: Option<String>,
    /// Filled in by the application.
    pub queue_id: Option<i64>,
    /// Filled in by the application.
    pub queue_name: Option<String>,
    /// The extension of ours that talks, rings or dialled.
    pub agent_extension: Option<String>,
    /// Filled in by the application.
    pub agent_name: Option<String>,
    /// Gateway, if one is used.
    pub gateway: Option<String>,
    /// Creation of the first leg.
    pub started_at: DateTime<Utc>,
    /// Answer of the caller's leg.
    pub answered_at: Option<DateTime<Utc>>,
    /// Begin of the open queue visit.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Begin of the conversation that is going on.
    pub talking_since: Option<DateTime<Utc>>,
    /// Begin of the open hold.
    pub held_since: Option<DateTime<Utc>>,
    /// End.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Topic `waiting`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// The visit.
    pub id: VisitId,
    /// Its call.
    pub call_id: CallId,
    /// Where.
    pub server_id: ServerId,
    /// Code of the queue.
    pub queue_code: String,
    /// Filled in by the application.
    pub queue_id: Option<i64>,
    /// Filled in by the application.
    pub queue_name: Option<String>,
    /// Number of the caller.
    pub caller_number: String,
    /// Name of the caller.
    pub caller_name: String,
    /// Begin of the wait.
    pub joined_at: DateTime<Utc>,
    /// Place in the queue by time of joining, from 1.
    pub position: u32,
    /// Extensions being rung for this caller (several with ring-all).
    pub offered_to: Vec<String>,
}

/// Topic `agents`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentRow {
    /// `server:extension`.
    pub id: String,
    /// Where.
    pub server_id: ServerId,
    /// Extension number.
    pub extension: String,
    /// Filled in by the application.
    pub name: Option<String>,
    /// Filled in by the application.
    pub user_id: Option<i64>,
    /// Filled in by the application.
    pub user_name: Option<String>,
    /// Whether a phone is registered.
    pub registered: bool,
    /// First axis.
    pub status: AgentStatus,
    /// Second axis.
    pub state: CallcenterState,
    /// Reason of the break; filled in by the application.
    pub reason: Option<String>,
    /// Begin of the status.
    pub status_since: Option<DateTime<Utc>>,
    /// Begin of the state.
    pub state_since: Option<DateTime<Utc>>,
    /// End of the rest after the last queue call.
    pub wrap_up_until: Option<DateTime<Utc>>,
    /// Codes of the queues.
    pub queues: Vec<String>,
    /// The call on this extension now.
    pub call: Option<AgentCall>,
}

/// The call on an agent's extension, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentCall {
    /// The call.
    pub id: CallId,
    /// The agent's own leg.
    pub leg_id: LegId,
    /// From where to where.
    pub direction: CallDirection,
    /// Seen from the agent: dialing, ringing, talking, held.
    pub phase: CallPhase,
    /// Number of the other party.
    pub party_number: String,
    /// Name of the other party.
    pub party_name: String,
    /// Code of the queue it came from.
    pub queue_code: Option<String>,
    /// How long the caller had waited, milliseconds.
    pub waited_ms: i64,
    /// Begin of the phase.
    pub since: DateTime<Utc>,
    /// Begin of the open hold.
    pub held_since: Option<DateTime<Utc>>,
}
