//! What is written to the ledger and read back from it, and how it looks as rows.

use chrono::{DateTime, Utc};
use domain::{
    agent::{AgentStatus, CallcenterState},
    book::{Merge, StoredConnection},
    call::CallRecord,
    ids::{CallId, LegId, OfferId, RecordingId, ServerId, VisitId},
    leg::LegRecord,
    recording::RecordingRecord,
    timeline::TimelineEntry,
    visit::{OfferRecord, VisitRecord},
};
use entity::{agent_state, call, call_event, leg, queue_offer, queue_visit, recording};
use serde::de::{
    DeserializeOwned, IntoDeserializer,
    value::{Error as WordError, StrDeserializer},
};
use uuid::Uuid;

/// A call with the configured things that it refers to. The reducer knows only the switch's names of them.
#[derive(Clone, Debug)]
pub struct ResolvedCall {
    /// The call.
    pub record: CallRecord,
    /// `queues.id` of the last queue.
    pub queue_id: Option<i64>,
    /// `users.id` of the agent, from the seat if the channel did not say.
    pub user_id: Option<i64>,
}

/// A stretch of time that an agent spent in one status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStretch {
    /// UUIDv7.
    pub id: Uuid,
    /// Where.
    pub server: ServerId,
    /// Extension number.
    pub extension: String,
    /// Who sat there.
    pub user_id: Option<i64>,
    /// First axis.
    pub status: AgentStatus,
    /// Why not ready.
    pub reason: Option<String>,
    /// Second axis.
    pub state: CallcenterState,
    /// Begin.
    pub started_at: DateTime<Utc>,
    /// End; open if empty.
    pub ended_at: Option<DateTime<Utc>>,
    /// The call it was spent on.
    pub call_id: Option<CallId>,
}

/// Everything that one transaction writes.
#[derive(Clone, Debug, Default)]
pub struct LedgerBatch {
    /// Calls, each once.
    pub calls: Vec<ResolvedCall>,
    /// Legs, each once.
    pub legs: Vec<LegRecord>,
    /// Queue visits with their offers, each once, and the id of the queue.
    pub visits: Vec<(VisitRecord, Option<i64>)>,
    /// Recordings, each once.
    pub recordings: Vec<RecordingRecord>,
    /// Calls that were emptied into others: their stored time lines move.
    pub merges: Vec<Merge>,
    /// New time line entries.
    pub timeline: Vec<TimelineEntry>,
    /// Changed stretches: those that end stand before those that begin.
    pub stretches: Vec<AgentStretch>,
}

impl LedgerBatch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.timeline.is_empty() && self.stretches.is_empty()
    }
}

pub(super) fn call_row(resolved: ResolvedCall, now: DateTime<Utc>) -> call::Model {
    let ResolvedCall {
        record,
        queue_id,
        user_id,
    } = resolved;
    call::Model {
        id: record.id.0,
        server_id: record.server_id.0,
        direction: record.direction.as_str().to_owned(),
        state: if record.is_ended { "ended" } else { "live" }.to_owned(),
        result: record.result.map(|result| result.as_str().to_owned()),
        caller_number: record.caller_number,
        caller_name: record.caller_name,
        callee_number: record.callee_number,
        gateway: record.gateway,
        queue_id,
        queue_code: record.queue_code,
        agent_extension: record.agent_extension,
        user_id: record.user_id.or(user_id),
        route_id: record.route_id,
        started_at: record.started_at,
        answered_at: record.answered_at,
        talk_started_at: record.talk_started_at,
        ended_at: record.ended_at,
        wait_ms: record.wait_ms,
        ring_ms: record.ring_ms,
        talk_ms: record.talk_ms,
        hold_ms: record.hold_ms,
        hangup_cause: record.hangup_cause,
        hangup_side: record.hangup_side.map(|side| side.as_str().to_owned()),
        end_mark: record.end_mark.map(|mark| mark.as_str().to_owned()),
        leg_count: record.leg_count,
        has_recording: record.has_recording,
        merged_into: record.merged_into.map(|id| id.0),
        version: record.version,
        updated_at: now,
    }
}

pub(super) fn call_record(row: call::Model) -> Option<CallRecord> {
    Some(CallRecord {
        id: CallId(row.id),
        server_id: ServerId(row.server_id),
        direction: word(&row.direction)?,
        is_ended: row.state == "ended",
        result: row.result.as_deref().and_then(word),
        caller_number: row.caller_number,
        caller_name: row.caller_name,
        callee_number: row.callee_number,
        gateway: row.gateway,
        queue_code: row.queue_code,
        agent_extension: row.agent_extension,
        user_id: row.user_id,
        route_id: row.route_id,
        started_at: row.started_at,
        answered_at: row.answered_at,
        talk_started_at: row.talk_started_at,
        ended_at: row.ended_at,
        wait_ms: row.wait_ms,
        ring_ms: row.ring_ms,
        talk_ms: row.talk_ms,
        hold_ms: row.hold_ms,
        hangup_cause: row.hangup_cause,
        hangup_side: row.hangup_side.as_deref().and_then(word),
        end_mark: row.end_mark.as_deref().and_then(word),
        leg_count: row.leg_count,
        has_recording: row.has_recording,
        merged_into: row.merged_into.map(CallId),
        version: row.version,
    })
}

pub(super) fn leg_row(record: LegRecord) -> leg::Model {
    leg::Model {
        id: record.id.0,
        call_id: record.call_id.0,
        server_id: record.server_id.0,
        role: record.role.as_str().to_owned(),
        direction: record.direction.as_str().to_owned(),
        number: record.number,
        name: record.name,
        extension: record.extension,
        user_id: record.user_id,
        gateway: record.gateway,
        channel_name: record.channel_name,
        created_at: record.created_at,
        ringing_at: record.ringing_at,
        answered_at: record.answered_at,
        first_bridged_at: record.first_bridged_at,
        ended_at: record.ended_at,
        hold_ms: record.hold_ms,
        talk_ms: record.talk_ms,
        hangup_cause: record.hangup_cause,
        q850: record.q850,
        sip_status: record.sip_status,
        hangup_by: record.hangup_by.map(|by| by.as_str().to_owned()),
        originate_disposition: record.originate_disposition,
        from_events: record.from_events,
        from_cdr: record.from_cdr,
        end_mark: record.end_mark.map(|mark| mark.as_str().to_owned()),
    }
}

pub(super) fn leg_record(row: leg::Model) -> Option<LegRecord> {
    Some(LegRecord {
        id: LegId(row.id),
        call_id: CallId(row.call_id),
        server_id: ServerId(row.server_id),
        role: word(&row.role)?,
        direction: word(&row.direction)?,
        number: row.number,
        name: row.name,
        extension: row.extension,
        user_id: row.user_id,
        gateway: row.gateway,
        channel_name: row.channel_name,
        created_at: row.created_at,
        ringing_at: row.ringing_at,
        answered_at: row.answered_at,
        first_bridged_at: row.first_bridged_at,
        ended_at: row.ended_at,
        hold_ms: row.hold_ms,
        talk_ms: row.talk_ms,
        hangup_cause: row.hangup_cause,
        q850: row.q850,
        sip_status: row.sip_status,
        hangup_by: row.hangup_by.as_deref().and_then(word),
        originate_disposition: row.originate_disposition,
        from_events: row.from_events,
        from_cdr: row.from_cdr,
        end_mark: row.end_mark.as_deref().and_then(word),
    })
}

pub(super) fn visit_row(record: &VisitRecord, queue_id: Option<i64>) -> queue_visit::Model {
    queue_visit::Model {
        id: record.id.0,
        call_id: record.call_id.0,
        leg_id: record.leg_id.0,
        server_id: record.server_id.0,
        queue_id,
        queue_code: record.queue_code.clone(),
        member_uuid: record.member_uuid,
        joined_at: record.joined_at,
        answered_at: record.answered_at,
        left_at: record.left_at,
        outcome: record.outcome.as_str().to_owned(),
        agent_extension: record.agent_extension.clone(),
        agent_leg_id: record.agent_leg_id.map(|id| id.0),
        offers: i32::try_from(record.offers.len()).unwrap_or(i32::MAX),
        wait_ms: record.wait_ms,
        talk_ms: record.talk_ms,
    }
}

pub(super) fn visit_record(row: queue_visit::Model, offers: Vec<OfferRecord>) -> Option<VisitRecord> {
    Some(VisitRecord {
        id: VisitId(row.id),
        call_id: CallId(row.call_id),
        leg_id: LegId(row.leg_id),
        server_id: ServerId(row.server_id),
        queue_code: row.queue_code,
        member_uuid: row.member_uuid,
        joined_at: row.joined_at,
        answered_at: row.answered_at,
        left_at: row.left_at,
        outcome: word(&row.outcome)?,
        agent_extension: row.agent_extension,
        agent_leg_id: row.agent_leg_id.map(LegId),
        offers,
        wait_ms: row.wait_ms,
        talk_ms: row.talk_ms,
    })
}

pub(super) fn offer_row(record: OfferRecord) -> queue_offer::Model {
    queue_offer::Model {
        id: record.id.0,
        visit_id: record.visit_id.0,
        agent_extension: record.agent_extension,
        offered_at: record.offered_at,
        ended_at: record.ended_at,
        result: record.result.map(|result| result.as_str().to_owned()),
    }
}

pub(super) fn offer_record(row: queue_offer::Model) -> OfferRecord {
    OfferRecord {
        id: OfferId(row.id),
        visit_id: VisitId(row.visit_id),
        agent_extension: row.agent_extension,
        offered_at: row.offered_at,
        ended_at: row.ended_at,
        result: row.result.as_deref().and_then(word),
    }
}

pub(super) fn recording_row(record: RecordingRecord) -> recording::Model {
    recording::Model {
        id: record.id.0,
        call_id: record.call_id.0,
        leg_id: record.leg_id.0,
        server_id: record.server_id.0,
        path: record.path,
        started_at: record.started_at,
        ended_at: record.ended_at,
        duration_ms: record.duration_ms,
        size_bytes: record.size_bytes,
        state: record.state.as_str().to_owned(),
    }
}

pub(super) fn recording_record(row: recording::Model) -> Option<RecordingRecord> {
    Some(RecordingRecord {
        id: RecordingId(row.id),
        call_id: CallId(row.call_id),
        leg_id: LegId(row.leg_id),
        server_id: ServerId(row.server_id),
        path: row.path,
        started_at: row.started_at,
        ended_at: row.ended_at,
        duration_ms: row.duration_ms,
        size_bytes: row.size_bytes,
        state: word(&row.state)?,
    })
}

pub(super) fn event_row(entry: &TimelineEntry) -> call_event::Model {
    call_event::Model {
        id: entry.id.0,
        call_id: entry.call_id.0,
        leg_id: entry.leg_id.map(|id| id.0),
        at: entry.at,
        seq: entry.seq,
        kind: entry.what.kind().to_owned(),
        detail: entry.what.detail(),
    }
}

pub(super) fn stretch_row(stretch: AgentStretch) -> agent_state::Model {
    agent_state::Model {
        id: stretch.id,
        server_id: stretch.server.0,
        extension: stretch.extension,
        user_id: stretch.user_id,
        status: stretch.status.as_str().to_owned(),
        reason: stretch.reason,
        state: Some(stretch.state.as_str().to_owned()),
        started_at: stretch.started_at,
        ended_at: stretch.ended_at,
        call_id: stretch.call_id.map(|id| id.0),
    }
}

pub(super) fn stretch(row: agent_state::Model) -> Option<AgentStretch> {
    Some(AgentStretch {
        id: row.id,
        server: ServerId(row.server_id),
        extension: row.extension,
        user_id: row.user_id,
        status: word(&row.status)?,
        reason: row.reason,
        state: row.state.as_deref().and_then(word).unwrap_or_default(),
        started_at: row.started_at,
        ended_at: row.ended_at,
        call_id: row.call_id.map(CallId),
    })
}

/// Reads a stored word by the same names that the domain serialises.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    let words: StrDeserializer<'_, WordError> = text.into_deserializer();
    T::deserialize(words).ok()
}

pub(super) fn connection(row: &call_event::Model) -> Option<StoredConnection> {
    StoredConnection::from_row(row.leg_id.map(LegId), row.at, &row.kind, &row.detail)
}
