//! The second source: call records of the switch, and calls taken back from the store.

use super::{CallBook, Changes, limits};
use crate::call::{Bridge, CallDirection, CallRecord, CallState};
use crate::cdr::{CdrLeg, CdrVisit};
use crate::event::{CallKind, EndFacts, LeaveCause};
use crate::ids::{CallId, LegId, RecordingId, VisitId};
use crate::leg::{EndMark, LegDirection, LegRecord, LegRole, LegState};
use crate::recording::{Recording, RecordingRecord, RecordingState};
use crate::timeline::{Happening, TimelineEntry};
use crate::visit::{OfferRecord, OfferState, VisitOutcome, VisitRecord, VisitState};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

/// A call out of the store: enough to go on with it as if it had never left memory.
#[derive(Clone, Debug)]
pub struct StoredCall {
    /// The row of `calls`.
    pub call: CallRecord,
    /// The rows of `legs`.
    pub legs: Vec<LegRecord>,
    /// The rows of `queue_visits` with their offers.
    pub visits: Vec<VisitRecord>,
    /// The rows of `recordings`.
    pub recordings: Vec<RecordingRecord>,
    /// The rows of `call_events` of the kinds `bridged`, `unbridged` and `joined`, see
    /// [`StoredConnection::from_row`].
    pub connections: Vec<StoredConnection>,
    /// The highest `seq` of `call_events`.
    pub last_seq: i32,
}

/// A connection or its end in a stored time line.
#[derive(Clone, Copy, Debug)]
pub struct StoredConnection {
    /// `leg_id`.
    pub leg: LegId,
    /// `at`.
    pub at: DateTime<Utc>,
    /// Whether it begins a connection.
    pub begins: bool,
    /// `detail.with`.
    pub with: Option<LegId>,
}

impl StoredConnection {
    /// Reads a row of `call_events`; `None` if it is of another kind.
    pub fn from_row(leg: Option<LegId>, at: DateTime<Utc>, kind: &str, detail: &Value) -> Option<Self> {
        let text = |name: &str| detail.get(name).and_then(Value::as_str);
        let begins = match kind {
            "bridged" => true,
            // A conference connects without naming anybody.
            "joined" if text("how") == Some("conference") => true,
            "unbridged" => false,
            _ => return None,
        };
        let with = text("with").and_then(LegId::parse);
        Some(Self {
            leg: leg?,
            at,
            begins,
            with,
        })
    }
}

impl CallBook {
    /// Takes one call record in; the same record twice, or before its events, changes nothing more. If the call is
    /// not in memory, look its legs up in the store ([`CdrLeg::leg`], [`CdrLeg::relatives`]) and
    /// [`CallBook::adopt`] it first.
    pub fn apply_cdr(&mut self, cdr: &CdrLeg, now: DateTime<Utc>) -> Changes {
        let mut changes = Changes::default();
        let Some(mut id) = self.place(cdr.leg, &cdr.facts, now, &mut changes) else {
            self.ignored += 1;
            return changes;
        };
        for partner in cdr.bridges.iter().filter_map(|bridge| bridge.partner) {
            id = self.tie(id, partner, now, &mut changes);
        }
        if let Some(leg) = cdr.visit.as_ref().and_then(|visit| visit.agent_leg) {
            id = self.tie(id, leg, now, &mut changes);
        }
        self.list_extension(cdr.facts.extension.as_deref(), cdr.leg);
        if let Some(call) = self.calls.get_mut(&id) {
            call.apply_cdr(cdr, &mut changes.timeline);
            self.settle(id, now, &mut changes);
        }
        changes
    }

    /// Puts a call from the store back into memory, so that a late record or a restart finds it. A call that is in
    /// memory already stays as it is there.
    pub fn adopt(&mut self, stored: &StoredCall, now: DateTime<Utc>) -> CallId {
        let id = stored.call.id;
        if self.calls.contains_key(&id) || self.calls.len() >= limits::CALLS {
            return id;
        }
        let call = CallState::from_stored(stored, now);
        for leg in &call.legs {
            self.leg_calls.insert(leg.id, id);
            self.list_extension(leg.extension.as_deref(), leg.id);
        }
        self.calls.insert(id, call);
        id
    }
}

impl CallState {
    fn apply_cdr(&mut self, cdr: &CdrLeg, out: &mut Vec<TimelineEntry>) {
        let id = cdr.leg;
        if let Some(leg) = self.leg_mut(id) {
            leg.from_cdr = true;
        }
        self.learn(id, &cdr.facts, out);
        for bridge in &cdr.bridges {
            let (from, to) = (bridge.from, Some(bridge.to));
            self.add_bridge(
                Bridge {
                    a: id,
                    b: bridge.partner,
                    from,
                    to,
                    seen: false,
                },
                out,
            );
        }
        if let Some(visit) = &cdr.visit {
            self.learn_visit(id, visit, out);
        }
        if let Some(path) = &cdr.recording {
            self.learn_recording(
                id,
                &path.path,
                path.started_at,
                cdr.ended_at,
                path.duration_ms,
                path.size_bytes,
            );
        }
        let Some(leg) = self.leg_mut(id) else { return };
        leg.learn_end(&cdr.end);
        // An end that was seen is exact already; one that was concluded gives way to the switch's own word.
        if leg.ended_at.is_none() || matches!(leg.end_mark, Some(EndMark::SwitchLost | EndMark::Resync)) {
            let is_new = leg.ended_at.is_none();
            leg.close_hold(cdr.ended_at);
            leg.ended_at = Some(cdr.ended_at);
            leg.end_mark = Some(EndMark::Cdr);
            let cause = leg.end.cause.clone();
            if is_new {
                self.note(out, Some(id), cdr.ended_at, Happening::HungUp { cause });
            }
        }
        self.rebuild_offers();
    }

    /// Whole seconds: an instant that an event told stays.
    fn learn_visit(&mut self, session: LegId, told: &CdrVisit, out: &mut Vec<TimelineEntry>) {
        let id = VisitId::derive(told.member, session);
        let index = self
            .visits
            .iter()
            .position(|visit| visit.id == id)
            .unwrap_or_else(|| {
                let visit = VisitState::new(told.member, session, &told.queue, told.joined_at);
                let place = self
                    .visits
                    .partition_point(|known| known.joined_at <= told.joined_at);
                self.visits.insert(place, visit);
                let what = Happening::QueueJoined {
                    queue: told.queue.clone(),
                    resumed: false,
                };
                self.note(out, Some(session), told.joined_at, what);
                place
            });
        let visit = &mut self.visits[index];
        if told.answered_at.is_some() {
            visit.answered_at = visit.answered_at.or(told.answered_at);
            visit.agent = visit.agent.take().or_else(|| told.agent.clone());
            visit.agent_leg = visit.agent_leg.or(told.agent_leg);
        }
        if visit.leave.is_none() {
            visit.leave = match (&told.cancel_reason, told.answered_at) {
                (_, Some(_)) => Some(LeaveCause::Served),
                (Some(reason), None) => Some(LeaveCause::from_reason(reason)),
                (None, None) => None,
            };
            visit.left_at = visit.left_at.or(told.left_at);
        }
    }

    fn learn_recording(
        &mut self,
        leg: LegId,
        path: &str,
        started_at: Option<DateTime<Utc>>,
        ended_at: DateTime<Utc>,
        duration_ms: Option<i64>,
        size_bytes: Option<i64>,
    ) {
        let id = RecordingId::derive(leg, path);
        let is_full = self.recordings.len() >= limits::RECORDINGS;
        // The recording may have followed a transfer to this leg: then it is known under another one.
        let known = self
            .recordings
            .iter_mut()
            .find(|known| known.id == id || known.path == path);
        let recording = match known {
            Some(known) => known,
            None if is_full => return,
            None => {
                let guess = duration_ms.map(|ms| ended_at - Duration::milliseconds(ms));
                self.recordings.push(Recording::new(
                    leg,
                    path,
                    started_at.or(guess).unwrap_or(ended_at),
                ));
                let Some(new) = self.recordings.last_mut() else {
                    return;
                };
                new
            }
        };
        recording.ended_at = recording.ended_at.or(Some(ended_at));
        recording.duration_ms = recording.duration_ms.or(duration_ms);
        recording.size_bytes = recording.size_bytes.or(size_bytes);
    }

    /// Offers of which no event told, out of the legs that were made for the caller and have a record.
    fn rebuild_offers(&mut self) {
        let Self { visits, legs, .. } = self;
        for visit in visits {
            let member = Some(visit.member);
            for leg in legs
                .iter()
                .filter(|leg| leg.from_cdr && leg.serves_member == member)
            {
                visit.offer_of_leg(leg);
            }
        }
    }

    /// A call as the store knows it.
    fn from_stored(stored: &StoredCall, now: DateTime<Utc>) -> Self {
        let record = &stored.call;
        let mut call = Self::new(record.id, record.server_id, now);
        call.kind = Some(match record.direction {
            CallDirection::Inbound => CallKind::Inbound,
            CallDirection::Outbound => CallKind::Outbound,
            CallDirection::Internal => CallKind::Internal,
        });
        call.legs = stored.legs.iter().map(LegState::from_record).collect();
        if let Some(root) = call
            .legs
            .iter_mut()
            .find(|leg| CallId::derive(leg.id, leg.created_at) == record.id)
        {
            root.caller_number.clone_from(&record.caller_number);
            root.caller_name.clone_from(&record.caller_name);
            root.destination.clone_from(&record.callee_number);
        }
        // Who was made for whom is not stored. The first leg is the one from which the id comes; one that called in
        // was made for nobody; the others were made for the first or for somebody after it.
        call.legs.sort_by_key(|leg| {
            (
                CallId::derive(leg.id, leg.created_at) != record.id,
                leg.created_at,
                leg.id,
            )
        });
        let root = call.legs.first().map(|leg| leg.id);
        for leg in call
            .legs
            .iter_mut()
            .skip(1)
            .filter(|leg| leg.direction == LegDirection::Outbound)
        {
            leg.parent = root;
        }
        call.sort_legs();
        call.visits = stored.visits.iter().map(VisitState::from_record).collect();
        call.visits.sort_by_key(|visit| visit.joined_at);
        for row in stored
            .legs
            .iter()
            .filter(|row| row.role == LegRole::Agent && Some(row.id) != root)
        {
            // An agent's leg was made for the stay that had begun then.
            let visit = call
                .visits
                .iter()
                .rev()
                .find(|visit| visit.joined_at <= row.created_at);
            let member = visit.or(call.visits.first()).map(|visit| visit.member);
            if let Some(leg) = call.leg_mut(row.id) {
                leg.serves_member = member;
            }
        }
        call.recordings = stored.recordings.iter().map(Recording::from_record).collect();
        let mut connections = stored.connections.clone();
        connections.sort_by_key(|connection| (connection.at, !connection.begins));
        for connection in connections {
            let a = connection.leg;
            if connection.begins {
                call.bridges.push(Bridge {
                    a,
                    b: connection.with,
                    from: connection.at,
                    to: None,
                    seen: true,
                });
                continue;
            }
            let fits = |b: &&mut Bridge| {
                b.to.is_none() && b.has(a) && connection.with.is_none_or(|with| b.has(with))
            };
            if let Some(bridge) = call
                .bridges
                .iter_mut()
                .filter(fits)
                .max_by_key(|bridge| bridge.from)
            {
                bridge.to = Some(connection.at);
            }
        }
        call.ended_at = record.ended_at;
        call.end_mark = record.end_mark;
        call.merged_into = record.merged_into;
        call.version = record.version;
        call.last_seq = stored.last_seq;
        call
    }
}

impl LegState {
    fn from_record(record: &LegRecord) -> Self {
        let mut leg = Self::new(record.id, record.created_at);
        leg.direction = record.direction;
        leg.channel_name.clone_from(&record.channel_name);
        match record.direction {
            LegDirection::Inbound => {
                leg.caller_number.clone_from(&record.number);
                leg.caller_name.clone_from(&record.name);
            }
            LegDirection::Outbound => leg.destination.clone_from(&record.number),
        }
        leg.extension.clone_from(&record.extension);
        leg.gateway.clone_from(&record.gateway);
        leg.user_id = record.user_id;
        leg.ringing_at = record.ringing_at;
        leg.answered_at = record.answered_at;
        leg.ended_at = record.ended_at;
        leg.hold_ms = record.hold_ms;
        leg.end = EndFacts {
            cause: record.hangup_cause.clone(),
            q850: record.q850,
            sip_status: record.sip_status,
            originate_disposition: record.originate_disposition.clone(),
            ..EndFacts::default()
        };
        leg.ended_by = record.hangup_by;
        leg.end_mark = record.end_mark;
        leg.from_events = record.from_events;
        leg.from_cdr = record.from_cdr;
        leg.supervises = record.role == LegRole::Supervisor;
        leg
    }
}

impl VisitState {
    fn from_record(record: &VisitRecord) -> Self {
        let mut visit = Self::new(
            record.member_uuid,
            record.leg_id,
            &record.queue_code,
            record.joined_at,
        );
        (visit.joined_seen, visit.answered_seen) = (true, record.answered_at.is_some());
        visit.answered_at = record.answered_at;
        (visit.left_at, visit.left_seen) = (record.left_at, record.left_at.is_some());
        visit.leave = match record.outcome {
            VisitOutcome::Waiting => None,
            VisitOutcome::Answered => record.left_at.map(|_| LeaveCause::Served),
            VisitOutcome::Abandoned | VisitOutcome::Removed => Some(LeaveCause::BreakOut),
            VisitOutcome::Timeout => Some(LeaveCause::Timeout),
            VisitOutcome::NoAgent => Some(LeaveCause::NoAgent),
            VisitOutcome::ExitKey => Some(LeaveCause::ExitKey),
            VisitOutcome::Lost => Some(LeaveCause::Other),
        };
        visit.agent.clone_from(&record.agent_extension);
        visit.agent_leg = record.agent_leg_id;
        let offer = |offer: &OfferRecord| OfferState {
            agent: offer.agent_extension.clone(),
            offered_at: offer.offered_at,
            seen: true,
            ended_at: offer.ended_at,
            result: offer.result,
            seen_end: offer.result.is_some(),
        };
        visit.offers = record.offers.iter().map(offer).collect();
        visit
    }
}

impl Recording {
    fn from_record(record: &RecordingRecord) -> Self {
        let mut recording = Self::new(record.leg_id, &record.path, record.started_at);
        recording.seen = true;
        recording.seen_end = record.state == RecordingState::Ready;
        recording.ended_at = record.ended_at;
        recording.duration_ms = record.duration_ms;
        recording.size_bytes = record.size_bytes;
        recording
    }
}
