//! Rows of the live pages, as the WebSocket topics carry them. Names of queues and users are filled in by the
//! application, which knows them.

use crate::agent::{AgentState, AgentStatus, CallcenterState};
use crate::book::CallBook;
use crate::call::{CallDirection, CallPhase, CallState};
use crate::ids::{CallId, LegId, ServerId, VisitId};
use crate::leg::{LegDirection, LegState};
use crate::visit::VisitState;
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
    /// While dialing: whether the agent's own phone still rings first.
    pub own_phone_rings: bool,
}

impl CallState {
    /// The row of topic `calls`.
    pub fn to_row(&self) -> CallRow {
        CallRow {
            id: self.id,
            server_id: self.server,
            direction: self.direction(),
            phase: self.phase(),
            caller_number: self.caller_number().to_owned(),
            caller_name: self.caller_name().to_owned(),
            callee_number: self.callee_number().to_owned(),
            queue_code: self.visits.last().map(|visit| visit.queue.clone()),
            queue_id: None,
            queue_name: None,
            agent_extension: self.agent_extension().map(str::to_owned),
            agent_name: None,
            gateway: self.gateway().map(str::to_owned),
            started_at: self.root().map_or(self.touched_at, |root| root.created_at),
            answered_at: self.answered_at(),
            waiting_since: self
                .visits
                .iter()
                .filter(|v| self.is_waiting(v))
                .map(|v| v.joined_at)
                .min(),
            talking_since: self.open_conversation().map(|talk| talk.from),
            held_since: self.held_since(),
            ended_at: self.ended_at,
        }
    }

    /// The call as the party of one leg sees it.
    pub fn agent_call(&self, leg: &LegState) -> AgentCall {
        let talk = self
            .conversations()
            .filter(|talk| talk.to.is_none())
            .find(|talk| talk.a == leg.id || talk.b == Some(leg.id));
        let partner = talk.and_then(|talk| if talk.a == leg.id { talk.b } else { Some(talk.a) });
        let partner = partner.and_then(|id| self.leg(id));
        let held_since = leg
            .held_since
            .or_else(|| partner.and_then(|partner| partner.held_since));
        let own_phone_rings = self.is_click()
            && self
                .root()
                .is_some_and(|root| root.id == leg.id && !root.is_answered());
        let (phase, since) = match (talk, leg.answered_at) {
            (Some(talk), _) => (
                if held_since.is_some() {
                    CallPhase::Held
                } else {
                    CallPhase::Talking
                },
                talk.from,
            ),
            // The phone of ours rings, and not because its agent dials.
            (None, None) if leg.direction == LegDirection::Outbound && !own_phone_rings => {
                (CallPhase::Ringing, leg.ringing_at.unwrap_or(leg.created_at))
            }
            // It is ours that calls, or that answered and now waits for the other one.
            (None, answered_at) => (CallPhase::Dialing, answered_at.unwrap_or(leg.created_at)),
        };
        let visit = self
            .visits
            .iter()
            .rev()
            .find(|visit| leg.serves_member == Some(visit.member) || visit.agent_leg == Some(leg.id));
        let (party_number, party_name) = self.party_of(leg, partner);
        AgentCall {
            id: self.id,
            leg_id: leg.id,
            direction: self.direction(),
            phase,
            party_number,
            party_name,
            queue_code: visit.map(|visit| visit.queue.clone()),
            waited_ms: visit.map_or(0, |visit| self.visit_wait_ms(visit, since)),
            since,
            held_since,
            own_phone_rings,
        }
    }

    /// Whom the party of a leg talks with, is rung by, or calls.
    fn party_of(&self, leg: &LegState, partner: Option<&LegState>) -> (String, String) {
        if let Some(partner) = partner {
            let name = if partner.party_name().is_empty() {
                ""
            } else {
                partner.party_name()
            };
            return (partner.party_number().to_owned(), name.to_owned());
        }
        let is_root = self.root().is_some_and(|root| root.id == leg.id);
        if !is_root && leg.direction == LegDirection::Outbound {
            // What the phone shows; the parent knows it better if it came from outside.
            let parent = leg.parent.and_then(|parent| self.leg(parent));
            let name = parent.map_or(leg.caller_name.as_str(), LegState::party_name);
            return (
                parent
                    .map_or(&leg.caller_number[..], LegState::party_number)
                    .to_owned(),
                name.to_owned(),
            );
        }
        match self.called_legs().filter(|called| called.id != leg.id).last() {
            Some(called) => (called.party_number().to_owned(), String::new()),
            None => (self.callee_number().to_owned(), String::new()),
        }
    }
}

impl CallBook {
    /// The rows of topic `waiting`, by queue and time of joining.
    pub fn waiting_rows(&self) -> Vec<WaitingRow> {
        let mut waiting: Vec<(&CallState, &VisitState)> = self.waiting().collect();
        waiting.sort_by(|(_, one), (_, two)| {
            (&one.queue, one.joined_at, one.id).cmp(&(&two.queue, two.joined_at, two.id))
        });
        let mut rows: Vec<WaitingRow> = Vec::with_capacity(waiting.len());
        for (call, visit) in waiting {
            let position = match rows.last() {
                Some(before) if before.queue_code == visit.queue => before.position + 1,
                _ => 1,
            };
            rows.push(WaitingRow {
                id: visit.id,
                call_id: call.id,
                server_id: call.server,
                queue_code: visit.queue.clone(),
                queue_id: None,
                queue_name: None,
                caller_number: call.waiting_number(visit).to_owned(),
                caller_name: call.caller_name().to_owned(),
                joined_at: visit.joined_at,
                position,
                offered_to: visit.open_offers().map(str::to_owned).collect(),
            });
        }
        rows
    }

    /// The call on an extension now; talking before ringing before dialing, then the newest.
    pub fn agent_call(&self, extension: &str) -> Option<AgentCall> {
        let live = self
            .legs_of_extension(extension)
            .filter(|(_, leg)| leg.is_live() && !leg.supervises);
        live.map(|(call, leg)| call.agent_call(leg))
            .max_by_key(|call| (call.phase.rank(), call.since))
    }

    /// The row of topic `agents`.
    pub fn agent_row(&self, agent: &AgentState, now: DateTime<Utc>) -> AgentRow {
        AgentRow {
            id: format!("{}:{}", self.server(), agent.extension),
            server_id: self.server(),
            extension: agent.extension.clone(),
            name: None,
            user_id: None,
            user_name: None,
            registered: self.registration(&agent.extension).is_some(),
            status: agent.status,
            state: agent.state,
            reason: None,
            status_since: agent.status_since,
            state_since: agent.state_since,
            wrap_up_until: agent.wrap_up_until(now),
            queues: agent.tiers.iter().map(|(queue, _)| queue.clone()).collect(),
            call: self.agent_call(&agent.extension),
        }
    }
}

impl CallState {
    /// Number of a waiting caller: of the customer also where we called him first (10e).
    fn waiting_number(&self, visit: &VisitState) -> &str {
        self.leg(visit.leg).map_or("", LegState::party_number)
    }
}

impl CallPhase {
    /// What an agent is busy with comes before what wants him.
    fn rank(self) -> u8 {
        match self {
            Self::Talking | Self::Held => 3,
            Self::Ringing => 2,
            Self::Dialing => 1,
            Self::Routing | Self::Waiting | Self::Ended => 0,
        }
    }
}

impl VisitState {
    /// Extensions that are being rung for this caller.
    pub fn open_offers(&self) -> impl Iterator<Item = &str> {
        self.offers
            .iter()
            .filter(|offer| offer.result.is_none())
            .map(|offer| offer.agent.as_str())
    }
}
