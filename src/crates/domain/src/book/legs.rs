//! News of channels.

use super::{CallBook, Changes, limits};
use crate::call::{Bridge, CallState};
use crate::event::{EndFacts, JoinKind, LegChange, LegEvent, LegFacts};
use crate::ids::{LegId, RecordingId};
use crate::leg::EndMark;
use crate::recording::Recording;
use crate::timeline::{Happening, TimelineEntry};
use chrono::{DateTime, Duration, Utc};

impl CallBook {
    pub(super) fn apply_leg(
        &mut self,
        event: &LegEvent,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
        changes: &mut Changes,
    ) {
        let Some(mut id) = self.place(event.leg, &event.facts, now, changes) else {
            self.ignored += 1;
            return;
        };
        // What makes calls one comes first: afterwards everything concerns one call.
        match &event.change {
            LegChange::Bridged { a, b } => {
                let other = if *a == event.leg { *b } else { *a };
                id = self.tie(id, other, now, changes);
            }
            LegChange::Seen => {
                if let Some(partner) = event.facts.partner {
                    id = self.tie(id, partner, now, changes);
                }
            }
            LegChange::Joined {
                target: Some(target), ..
            } => id = self.tie(id, *target, now, changes),
            LegChange::Joined { room: Some(room), .. } => id = self.enter_room(id, room, at, now, changes),
            _ => {}
        }
        if let Some(extension) = &event.facts.extension {
            changes.touch_agent(extension);
            self.list_extension(Some(extension), event.leg);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.apply(event, at, &mut changes.timeline) {
            if let Some(extension) = call.leg(event.leg).and_then(|leg| leg.extension.as_deref()) {
                changes.touch_agent(extension);
            }
            self.settle(id, now, changes);
        }
    }
}

impl CallState {
    /// Takes news of one of the legs in. Returns whether anything may have changed.
    fn apply(&mut self, event: &LegEvent, at: DateTime<Utc>, out: &mut Vec<TimelineEntry>) -> bool {
        let id = event.leg;
        if event.change == LegChange::EarlyMedia {
            // Before the facts are taken in: they would call it ringing.
            self.early_media(id, event.facts.ringing_at.unwrap_or(at), out);
        }
        self.learn(id, &event.facts, out);
        if let Some(leg) = self.leg_mut(id) {
            leg.from_events = true;
        }
        match &event.change {
            LegChange::Created | LegChange::EarlyMedia => {}
            LegChange::Seen => self.see(id, &event.facts, out),
            LegChange::Ringing => self.ring(id, event.facts.ringing_at.unwrap_or(at), out),
            LegChange::Answered => self.answer(id, event.facts.answered_at.unwrap_or(at), out),
            LegChange::Bridged { a, b } => {
                let bridge = Bridge {
                    a: *a,
                    b: Some(*b),
                    from: event.facts.bridged_at.unwrap_or(at),
                    to: None,
                    seen: true,
                };
                self.add_bridge(bridge, out);
            }
            LegChange::Unbridged { a, b } => self.unbridge(*a, *b, at, out),
            LegChange::Held => self.hold(id, at, out),
            LegChange::Retrieved => self.retrieve(id, at, out),
            LegChange::HungUp => {
                let ended_at = event.facts.hungup_at.unwrap_or(at);
                self.end_leg(id, event.facts.end.as_deref(), ended_at, out);
            }
            LegChange::Destroyed => self.end_leg(
                id,
                event.facts.end.as_deref(),
                event.facts.hungup_at.unwrap_or(at),
                out,
            ),
            LegChange::RecordingStarted { path } => self.start_recording(id, path, at, out),
            LegChange::RecordingStopped {
                path,
                duration_ms,
                size_bytes,
            } => {
                self.stop_recording(id, path, at, *duration_ms, *size_bytes, out);
            }
            LegChange::Digit { digit } => self.note(out, Some(id), at, Happening::Dtmf { digit: *digit }),
            LegChange::Joined { how, target, .. } => self.join(id, *how, *target, at, out),
        }
        true
    }

    /// Takes over what the channel says about itself.
    pub(super) fn learn(&mut self, id: LegId, facts: &LegFacts, out: &mut Vec<TimelineEntry>) {
        if let Some(kind) = facts.marks.as_ref().and_then(|marks| marks.kind) {
            self.kind = self.kind.or(Some(kind));
        }
        let Some(leg) = self.leg_mut(id) else { return };
        leg.learn(facts);
        let rings = leg.ringing_at.is_none().then_some(facts.ringing_at).flatten();
        let answers = leg.answered_at.is_none().then_some(facts.answered_at).flatten();
        if let Some(at) = rings {
            self.ring(id, at, out);
        }
        if let Some(at) = answers {
            self.answer(id, at, out);
        }
    }

    /// A dump of a channel: what is going on right now.
    fn see(&mut self, id: LegId, facts: &LegFacts, out: &mut Vec<TimelineEntry>) {
        if let (Some(from), Some(partner)) = (facts.bridged_at, facts.partner) {
            self.add_bridge(
                Bridge {
                    a: id,
                    b: Some(partner),
                    from,
                    to: None,
                    seen: false,
                },
                out,
            );
        }
        let Some(leg) = self.leg_mut(id) else { return };
        match (leg.held_since, facts.held_since) {
            (None, Some(since)) if leg.is_live() => {
                leg.held_since = Some(since);
                leg.hold_ms_before = leg.hold_ms;
            }
            (Some(_), None) => leg.held_since = None,
            _ => {}
        }
    }

    /// The far end rings or, for a leg that came in, its party now hears it (24).
    fn ring(&mut self, id: LegId, at: DateTime<Utc>, out: &mut Vec<TimelineEntry>) {
        if let Some(leg) = self.leg_mut(id)
            && leg.ringing_at.is_none()
        {
            leg.ringing_at = Some(at);
            self.note(out, Some(id), at, Happening::Ringing);
        }
    }

    fn early_media(&mut self, id: LegId, at: DateTime<Utc>, out: &mut Vec<TimelineEntry>) {
        if let Some(leg) = self.leg_mut(id)
            && !leg.early_media
        {
            leg.early_media = true;
            leg.ringing_at = leg.ringing_at.or(Some(at));
            self.note(out, Some(id), at, Happening::EarlyMedia);
        }
    }

    fn answer(&mut self, id: LegId, at: DateTime<Utc>, out: &mut Vec<TimelineEntry>) {
        if let Some(leg) = self.leg_mut(id)
            && leg.answered_at.is_none()
        {
            leg.answered_at = Some(at);
            self.note(out, Some(id), at, Happening::Answered);
        }
    }

    /// Adds a connection, or completes the one that is known. Both sources bear the same begin (`bridged_time`) for
    /// the leg that they speak of; the two legs of a bridge differ by less than the tolerance.
    pub(super) fn add_bridge(&mut self, bridge: Bridge, out: &mut Vec<TimelineEntry>) {
        let same = |known: &&mut Bridge| {
            let legs = match (known.b, bridge.b) {
                (Some(_), Some(b)) => known.has(bridge.a) && known.has(b),
                // A record may not name the other leg; what was seen without one is a conference.
                _ if known.seen && bridge.seen => known.a == bridge.a && known.b == bridge.b,
                _ => known.has(bridge.a) || bridge.has(known.a),
            };
            legs && (known.from - bridge.from).abs() <= SAME_BRIDGE
        };
        if let Some(known) = self.bridges.iter_mut().find(same) {
            if bridge.seen && !known.seen {
                (known.a, known.b, known.from, known.seen) = (bridge.a, bridge.b, bridge.from, true);
            }
            known.b = known.b.or(bridge.b);
            known.to = earlier(known.to, bridge.to);
            return;
        }
        if self.bridges.len() >= limits::BRIDGES {
            return;
        }
        self.bridges.push(bridge);
        self.bridges.sort_by_key(|bridge| bridge.from);
        if let Some(with) = bridge.b {
            self.note(out, Some(bridge.a), bridge.from, Happening::Bridged { with });
        }
        if let Some(to) = bridge.to {
            self.note(out, Some(bridge.a), to, Happening::Unbridged { with: bridge.b });
        }
    }

    /// Only the pair of the bridge counts; the other headers may speak of the new partner (27, 37).
    fn unbridge(&mut self, a: LegId, b: Option<LegId>, at: DateTime<Utc>, out: &mut Vec<TimelineEntry>) {
        let fits = |bridge: &&mut Bridge| {
            bridge.has(a)
                && b.is_none_or(|b| bridge.has(b))
                && bridge.from <= at
                && bridge.to.is_none_or(|to| at < to)
        };
        // Several may fit if the end of an older one was lost; the newest is meant.
        if let Some(bridge) = self
            .bridges
            .iter_mut()
            .filter(fits)
            .max_by_key(|bridge| bridge.from)
        {
            let was_open = bridge.to.is_none();
            bridge.to = Some(at);
            if was_open {
                self.note(out, Some(a), at, Happening::Unbridged { with: b });
            }
        }
    }

    fn hold(&mut self, id: LegId, at: DateTime<Utc>, out: &mut Vec<TimelineEntry>) {
        if let Some(leg) = self.leg_mut(id)
            && leg.is_live()
            && leg.held_since.is_none()
            && leg.hold_changed_at.is_none_or(|last| last < at)
        {
            leg.held_since = Some(at);
            leg.hold_ms_before = leg.hold_ms;
            leg.hold_changed_at = Some(at);
            self.note(out, Some(id), at, Happening::Held);
        }
    }

    /// Also comes in the burst of the hang-up (34): a hold that was closed by the end is closed only once.
    fn retrieve(&mut self, id: LegId, at: DateTime<Utc>, out: &mut Vec<TimelineEntry>) {
        if let Some(leg) = self.leg_mut(id)
            && leg.close_hold(at)
        {
            self.note(out, Some(id), at, Happening::Retrieved);
        }
    }

    /// The end of a leg, seen on an event. A concluded end gives way to it.
    fn end_leg(
        &mut self,
        id: LegId,
        end: Option<&EndFacts>,
        at: DateTime<Utc>,
        out: &mut Vec<TimelineEntry>,
    ) {
        let Some(leg) = self.leg_mut(id) else { return };
        if let Some(end) = end {
            leg.learn_end(end);
        }
        let is_new = leg.ended_at.is_none();
        if is_new || leg.end_mark.is_some() {
            leg.close_hold(at);
            leg.ended_at = Some(at);
            leg.end_mark = None;
        }
        let transferred = match leg.end.endpoint_disposition.as_deref() {
            Some("BLIND_TRANSFER") => Some("blind"),
            Some("ATTENDED_TRANSFER") => Some("attended"),
            _ => None,
        };
        if is_new {
            let cause = leg.end.cause.clone();
            self.note(out, Some(id), at, Happening::HungUp { cause });
        }
        // The phone that transferred leaves; only its completed hang-up says so (36, 37).
        if let Some(how) = transferred
            && self
                .leg_mut(id)
                .is_some_and(|leg| !std::mem::replace(&mut leg.transferred, true))
        {
            self.note(out, Some(id), at, Happening::Transferred { how });
        }
    }

    /// The end of a leg that nobody saw.
    pub(super) fn conclude_leg(
        &mut self,
        id: LegId,
        mark: EndMark,
        at: DateTime<Utc>,
        changes: &mut Changes,
    ) {
        let Some(leg) = self.leg_mut(id) else { return };
        if leg.ended_at.is_some() {
            return;
        }
        let at = at.max(leg.created_at);
        leg.close_hold(at);
        leg.ended_at = Some(at);
        leg.end_mark = Some(mark);
        if let Some(extension) = &leg.extension {
            changes.touch_agent(extension);
        }
        let cause = leg.end.cause.clone();
        self.note(&mut changes.timeline, Some(id), at, Happening::HungUp { cause });
    }

    fn start_recording(&mut self, leg: LegId, path: &str, at: DateTime<Utc>, out: &mut Vec<TimelineEntry>) {
        let id = RecordingId::derive(leg, path);
        let is_full = self.recordings.len() >= limits::RECORDINGS;
        match self.recordings.iter_mut().find(|recording| recording.id == id) {
            Some(known) if known.seen => {}
            Some(known) => {
                known.started_at = at;
                known.seen = true;
            }
            None if is_full => {}
            None => {
                let mut recording = Recording::new(leg, path, at);
                recording.seen = true;
                self.recordings.push(recording);
                self.note(
                    out,
                    Some(leg),
                    at,
                    Happening::RecordingStarted {
                        path: path.to_owned(),
                    },
                );
            }
        }
    }

    fn stop_recording(
        &mut self,
        leg: LegId,
        path: &str,
        at: DateTime<Utc>,
        duration_ms: Option<i64>,
        size_bytes: Option<i64>,
        out: &mut Vec<TimelineEntry>,
    ) {
        // The recording follows a transferred leg: the stop may come from another leg than the start (facts §3).
        let known = self
            .recordings
            .iter_mut()
            .filter(|recording| recording.path == path);
        let Some(recording) =
            known.min_by_key(|recording| (recording.ended_at.is_some(), recording.leg != leg))
        else {
            let started_at = at - Duration::milliseconds(duration_ms.unwrap_or(0));
            let mut recording = Recording::new(leg, path, started_at);
            (recording.ended_at, recording.duration_ms, recording.size_bytes) =
                (Some(at), duration_ms, size_bytes);
            if self.recordings.len() < limits::RECORDINGS {
                self.recordings.push(recording);
            }
            return;
        };
        let was_open = recording.ended_at.is_none() || !recording.seen_end;
        recording.ended_at = Some(recording.ended_at.filter(|_| recording.seen_end).unwrap_or(at));
        recording.seen_end = true;
        recording.duration_ms = duration_ms.or(recording.duration_ms);
        recording.size_bytes = size_bytes.or(recording.size_bytes);
        if was_open {
            self.note(
                out,
                Some(leg),
                at,
                Happening::RecordingStopped {
                    path: path.to_owned(),
                },
            );
        }
    }

    /// Eavesdrop and three-way bring no bridge (39); the supervisor is never a party. In a conference everybody is.
    fn join(
        &mut self,
        id: LegId,
        how: JoinKind,
        target: Option<LegId>,
        at: DateTime<Utc>,
        out: &mut Vec<TimelineEntry>,
    ) {
        match how {
            JoinKind::Eavesdrop | JoinKind::ThreeWay => {
                let Some(leg) = self.leg_mut(id) else { return };
                if !std::mem::replace(&mut leg.supervises, true) {
                    self.note(out, Some(id), at, Happening::Joined { how, target });
                }
            }
            JoinKind::Conference => {
                let known = self
                    .bridges
                    .iter()
                    .any(|b| b.a == id && b.b.is_none() && b.from == at);
                if !known && self.bridges.len() < limits::BRIDGES {
                    self.bridges.push(Bridge {
                        a: id,
                        b: None,
                        from: at,
                        to: None,
                        seen: true,
                    });
                    self.bridges.sort_by_key(|bridge| bridge.from);
                    self.note(out, Some(id), at, Happening::Joined { how, target });
                }
            }
        }
    }

    /// A call is over when all its legs are. Between legs anything may come first, so a late leg revives it.
    pub(super) fn settle(&mut self, out: &mut Vec<TimelineEntry>) {
        if self.legs.is_empty() {
            return;
        }
        let mut last = None;
        for leg in &self.legs {
            let Some(at) = leg.ended_at else {
                (self.ended_at, self.end_mark) = (None, None);
                return;
            };
            last = last.max(Some(at));
        }
        let is_new = self.ended_at.is_none();
        self.ended_at = last;
        self.end_mark = self.legs.iter().filter_map(|leg| leg.end_mark).min();
        if let (true, Some(at)) = (is_new, last) {
            let mark = self.end_mark.map(EndMark::as_str);
            self.note(out, None, at, Happening::Ended { mark });
        }
    }
}

/// The two legs of one bridge bear begins up to 20 ms apart.
const SAME_BRIDGE: Duration = Duration::milliseconds(100);

fn earlier(one: Option<DateTime<Utc>>, two: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}
