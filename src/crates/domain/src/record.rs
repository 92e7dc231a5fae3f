//! Calls as they are stored: projections of the state, made whenever it changed.

use crate::call::{CallRecord, CallState};
use crate::derive::millis;
use crate::ids::OfferId;
use crate::leg::LegRecord;
use crate::recording::{RecordingRecord, RecordingState};
use crate::visit::{OfferRecord, OfferResult, OfferState, VisitRecord, VisitState};
use chrono::{DateTime, Utc};

impl CallState {
    /// The row of `calls`. `now` counts what is still going on.
    pub fn to_record(&self, now: DateTime<Utc>) -> CallRecord {
        let ended = self.is_ended() && self.merged_into.is_none();
        let agent_leg = self.agent_leg();
        CallRecord {
            id: self.id,
            server_id: self.server,
            direction: self.direction(),
            is_ended: self.is_ended(),
            result: ended.then(|| self.result()),
            caller_number: self.caller_number().to_owned(),
            caller_name: self.caller_name().to_owned(),
            callee_number: self.callee_number().to_owned(),
            gateway: self.gateway().map(str::to_owned),
            queue_code: self.visits.last().map(|visit| visit.queue.clone()),
            agent_extension: self.agent_extension().map(str::to_owned),
            user_id: agent_leg.and_then(|leg| leg.user_id),
            route_id: self.legs.iter().find_map(|leg| leg.route_id),
            started_at: self.root().map_or(self.touched_at, |root| root.created_at),
            answered_at: self.answered_at(),
            talk_started_at: self.talk_started_at(),
            ended_at: self.ended_at,
            wait_ms: self.wait_ms(now),
            ring_ms: self.ring_ms(now),
            talk_ms: self.talk_ms(now),
            hold_ms: self.hold_ms(now),
            hangup_cause: if ended {
                self.hangup_cause().map(str::to_owned)
            } else {
                None
            },
            hangup_side: if ended { self.hangup_side() } else { None },
            end_mark: self.end_mark,
            leg_count: self.legs.len() as i32,
            has_recording: !self.recordings.is_empty(),
            merged_into: self.merged_into,
            version: self.version,
        }
    }

    /// The rows of `legs`.
    pub fn leg_records(&self, now: DateTime<Utc>) -> Vec<LegRecord> {
        let record = |leg: &crate::leg::LegState| LegRecord {
            id: leg.id,
            call_id: self.id,
            server_id: self.server,
            role: self.role_of(leg),
            direction: leg.direction,
            number: leg.party_number().to_owned(),
            name: leg.party_name().to_owned(),
            extension: leg.extension.clone(),
            user_id: leg.user_id,
            gateway: leg.gateway.clone(),
            channel_name: leg.channel_name.clone(),
            created_at: leg.created_at,
            ringing_at: leg.ringing_at,
            answered_at: leg.answered_at,
            first_bridged_at: self
                .bridges
                .iter()
                .filter(|b| b.has(leg.id))
                .map(|b| b.from)
                .min(),
            ended_at: leg.ended_at,
            hold_ms: leg.hold_ms_until(now),
            talk_ms: self.leg_talk_ms(leg.id, now),
            hangup_cause: leg.end.cause.clone(),
            q850: leg.end.q850,
            sip_status: leg.end.sip_status,
            hangup_by: leg.ended_by,
            originate_disposition: leg.end.originate_disposition.clone(),
            from_events: leg.from_events,
            from_cdr: leg.from_cdr,
            end_mark: leg.end_mark,
        };
        self.legs.iter().map(record).collect()
    }

    /// The rows of `queue_visits` with their offers.
    pub fn visit_records(&self, now: DateTime<Utc>) -> Vec<VisitRecord> {
        let record = |visit: &VisitState| VisitRecord {
            id: visit.id,
            call_id: self.id,
            leg_id: visit.leg,
            server_id: self.server,
            queue_code: visit.queue.clone(),
            member_uuid: visit.member,
            joined_at: visit.joined_at,
            answered_at: visit.answered_at,
            left_at: self.visit_left_at(visit),
            outcome: self.visit_outcome(visit),
            agent_extension: visit.agent.clone(),
            agent_leg_id: visit.agent_leg,
            offers: self.offer_records(visit),
            wait_ms: self.visit_wait_ms(visit, now),
            talk_ms: self.visit_talk_ms(visit, now),
        };
        self.visits.iter().map(record).collect()
    }

    /// An offer that nobody closed ended with the wait.
    fn offer_records(&self, visit: &VisitState) -> Vec<OfferRecord> {
        let closed_at = visit.answered_at.or_else(|| self.visit_left_at(visit));
        let record = |offer: &OfferState| {
            let (ended_at, result) = match (offer.result, closed_at) {
                (None, Some(at)) => (Some(at.max(offer.offered_at)), Some(OfferResult::Cancelled)),
                (result, _) => (offer.ended_at, result),
            };
            OfferRecord {
                id: OfferId::derive(visit.id, &offer.agent, offer.offered_at),
                visit_id: visit.id,
                agent_extension: offer.agent.clone(),
                offered_at: offer.offered_at,
                ended_at,
                result,
            }
        };
        visit.offers.iter().map(record).collect()
    }

    /// The rows of `recordings`.
    pub fn recording_records(&self) -> Vec<RecordingRecord> {
        let record = |recording: &crate::recording::Recording| {
            // The switch closes the file before the leg is gone, even if the word of it was lost.
            let leg_ended = self.leg(recording.leg).and_then(|leg| leg.ended_at);
            let ended_at = recording.ended_at.or(leg_ended);
            RecordingRecord {
                id: recording.id,
                call_id: self.id,
                leg_id: recording.leg,
                server_id: self.server,
                path: recording.path.clone(),
                started_at: recording.started_at,
                ended_at,
                duration_ms: recording
                    .duration_ms
                    .or_else(|| ended_at.map(|at| millis(recording.started_at, at))),
                size_bytes: recording.size_bytes,
                state: if ended_at.is_some() {
                    RecordingState::Ready
                } else {
                    RecordingState::Recording
                },
            }
        };
        self.recordings.iter().map(record).collect()
    }
}
