//! Queue visits: one stay of one caller in one queue, and the offers made meanwhile.

use crate::event::LeaveCause;
use crate::ids::{CallId, LegId, OfferId, ServerId, VisitId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitOutcome {
    /// Still waiting.
    Waiting,
    /// An agent answered.
    Answered,
    /// The caller gave up: `BREAK_OUT` *and* the caller's own hang-up (surprises 63).
    Abandoned,
    /// Waited too long.
    Timeout,
    /// Nobody was there to serve.
    NoAgent,
    /// Left by a key.
    ExitKey,
    /// Taken out by somebody: `BREAK_OUT` without the caller's hang-up (surprises 63).
    Removed,
    /// The switch died or the end was not seen.
    Lost,
}

impl VisitOutcome {
    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::Timeout => "timeout",
            Self::NoAgent => "no_agent",
            Self::ExitKey => "exit_key",
            Self::Removed => "removed",
            Self::Lost => "lost",
        }
    }
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferResult {
    /// The agent took the call.
    Answered,
    /// The phone rang in vain.
    NoAnswer,
    /// The phone was busy.
    Busy,
    /// The agent refused.
    Rejected,
    /// No phone was there (05j).
    NotRegistered,
    /// The caller hung up meanwhile.
    Cancelled,
    /// Another agent was quicker (05i).
    LoseRace,
    /// Anything else.
    Failed,
}

impl OfferResult {
    /// Reads `CC-Hangup-Cause` of `bridge-agent-fail`.
    pub fn from_cause(cause: Option<&str>) -> Self {
        match cause.unwrap_or_default() {
            "NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" => Self::NoAnswer,
            "USER_BUSY" => Self::Busy,
            "CALL_REJECTED" => Self::Rejected,
            "USER_NOT_REGISTERED" | "SUBSCRIBER_ABSENT" => Self::NotRegistered,
            "ORIGINATOR_CANCEL" => Self::Cancelled,
            "LOSE_RACE" => Self::LoseRace,
            _ => Self::Failed,
        }
    }

    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Rejected => "rejected",
            Self::NotRegistered => "not_registered",
            Self::Cancelled => "cancelled",
            Self::LoseRace => "lose_race",
            Self::Failed => "failed",
        }
    }
}

/// One offer. Mirrors the table `queue_offers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRecord {
    /// Of visit, agent and instant.
    pub id: OfferId,
    /// The visit.
    pub visit_id: VisitId,
    /// Extension of the agent.
    pub agent_extension: String,
    /// When the agent was chosen.
    pub offered_at: DateTime<Utc>,
    /// When it was decided.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it was decided.
    pub result: Option<OfferResult>,
}

/// One visit in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct VisitState {
    /// Of member and session.
    pub id: VisitId,
    /// The caller's leg.
    pub leg: LegId,
    /// Code of the queue.
    pub queue: String,
    /// The switch's member uuid.
    pub member: Uuid,
    /// Begin of this stay.
    pub joined_at: DateTime<Utc>,
    /// Whether an event told the begin; a record tells whole seconds only.
    pub joined_seen: bool,
    /// When an agent answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// Whether an event told it.
    pub answered_seen: bool,
    /// When the visit was over.
    pub left_at: Option<DateTime<Utc>>,
    /// Whether an event told it.
    pub left_seen: bool,
    /// Why it was over.
    pub leave: Option<LeaveCause>,
    /// Extension of the agent who served.
    pub agent: Option<String>,
    /// Leg of that agent.
    pub agent_leg: Option<LegId>,
    /// The offers in order.
    pub offers: Vec<OfferState>,
}

/// One offer in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferState {
    /// Extension of the agent.
    pub agent: String,
    /// When the agent was chosen; if nobody told, when its leg was made.
    pub offered_at: DateTime<Utc>,
    /// Whether an event told it.
    pub seen: bool,
    /// When it was decided.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it was decided.
    pub result: Option<OfferResult>,
    /// Whether an event told the end.
    pub seen_end: bool,
}

impl VisitState {
    /// A visit that just began.
    pub fn new(member: Uuid, session: LegId, queue: &str, joined_at: DateTime<Utc>) -> Self {
        Self {
            id: VisitId::derive(member, session),
            leg: session,
            queue: queue.to_owned(),
            member,
            joined_at,
            joined_seen: false,
            answered_at: None,
            answered_seen: false,
            left_at: None,
            left_seen: false,
            leave: None,
            agent: None,
            agent_leg: None,
            offers: Vec::new(),
        }
    }
}

impl LeaveCause {
    /// The stable word of the time line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::BreakOut => "break_out",
            Self::Timeout => "timeout",
            Self::NoAgent => "no_agent",
            Self::ExitKey => "exit_key",
            Self::Other => "other",
        }
    }

    /// Reads `CC-Cancel-Reason`.
    pub fn from_reason(reason: &str) -> Self {
        match reason {
            "BREAK_OUT" => Self::BreakOut,
            "TIMEOUT" => Self::Timeout,
            "NO_AGENT_TIMEOUT" => Self::NoAgent,
            "EXIT_WITH_KEY" => Self::ExitKey,
            _ => Self::Other,
        }
    }
}

/// One visit as stored. Mirrors the table `queue_visits`; `queue_id` is resolved by the application from the code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VisitRecord {
    /// Of member and session.
    pub id: VisitId,
    /// The call of the caller's leg.
    pub call_id: CallId,
    /// The caller's leg.
    pub leg_id: LegId,
    /// Where.
    pub server_id: ServerId,
    /// Code of the queue.
    pub queue_code: String,
    /// The switch's member uuid.
    pub member_uuid: Uuid,
    /// Begin of this stay, not of a resumed one (surprises 66).
    pub joined_at: DateTime<Utc>,
    /// When an agent answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// When the visit was over, talk included.
    pub left_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: VisitOutcome,
    /// Extension of the agent who served.
    pub agent_extension: Option<String>,
    /// Leg of that agent.
    pub agent_leg_id: Option<LegId>,
    /// The offers, in order; the table keeps their number.
    pub offers: Vec<OfferRecord>,
    /// From joining to the answer or the leaving, milliseconds; up to now for a waiting one.
    pub wait_ms: i64,
    /// Conversation with the agent, milliseconds.
    pub talk_ms: i64,
}
