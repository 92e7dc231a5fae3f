//! Feeds traces to a book and writes down what came of it.

use bytes::BytesMut;
use chrono::{DateTime, Utc};
use cordboard::telephony::decode::decode;
use domain::book::{CallBook, Changes};
use domain::call::CallState;
use domain::event::SwitchEvent;
use domain::ids::{LegId, ServerId};
use domain::leg::EndMark;
use domain::timeline::{Happening, TimelineEntry};
use esl::Event;
use esl::codec::FrameCodec;
use esl::trace::Trace;
use std::collections::HashMap;
use std::fmt::Write as _;
use tokio_util::codec::Decoder as _;

/// Everything that a trace's events say, connection after connection, with the switch process that said it.
pub(super) fn events_of(trace: &Trace) -> Vec<(SwitchEvent, String)> {
    let mut events = Vec::new();
    for event in raw_events(trace) {
        let core = event.get("Core-UUID").unwrap_or_default().into_owned();
        if let Some(event) = decode(&event) {
            events.push((event, core));
        }
    }
    events
}

/// All events of a trace that our client can read (plain and JSON; not XML).
pub(super) fn raw_events(trace: &Trace) -> Vec<Event> {
    let mut events = Vec::new();
    for connection in trace.connections() {
        let mut bytes = BytesMut::from(&trace.received(connection)[..]);
        let mut codec = FrameCodec::default();
        while let Ok(Some(frame)) = codec.decode(&mut bytes) {
            events.extend(Event::from_frame(&frame).ok());
        }
    }
    events
}

/// A book after a trace, with all that it told on the way.
pub(super) struct Played {
    pub(super) book: CallBook,
    pub(super) timeline: Vec<TimelineEntry>,
    pub(super) begin: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
}

/// Plays a trace. Another process of the switch ends what the first one had (surprises 76).
pub(super) fn play(trace: &Trace) -> Played {
    let events = events_of(trace);
    let first = events.iter().map(|(event, _)| event.at).min().unwrap_or_default();
    let mut played = Played {
        book: CallBook::new(ServerId(1)),
        timeline: Vec::new(),
        begin: first,
        end: first,
    };
    let mut core = None;
    for (event, process) in &events {
        if core.as_ref().is_some_and(|core| core != process) {
            // Nobody knows more than that they lived until the last word.
            let changes = played.book.end_all(EndMark::SwitchLost, played.end, event.at);
            played.keep(changes);
        }
        core = Some(process.clone());
        let changes = played.book.apply(event, event.at);
        played.keep(changes);
        played.end = played.end.max(event.at);
    }
    played
}

impl Played {
    pub(super) fn keep(&mut self, changes: Changes) {
        for merge in &changes.merged {
            for entry in self
                .timeline
                .iter_mut()
                .filter(|entry| entry.call_id == merge.from)
            {
                entry.call_id = merge.into;
            }
        }
        self.timeline.extend(changes.timeline);
    }

    /// The calls in the order of their begin, without the emptied ones.
    pub(super) fn calls(&self) -> Vec<&CallState> {
        let mut calls: Vec<_> = self
            .book
            .calls()
            .filter(|call| call.merged_into.is_none())
            .collect();
        calls.sort_by_key(|call| call.root().map(|root| (root.created_at, root.id)));
        calls
    }

    /// What came of it, compact and readable, with letters for legs and seconds since the first event.
    pub(super) fn transcript(&self) -> String {
        let mut names = Names::of(&self.calls());
        let mut out = String::new();
        for (number, call) in self.calls().into_iter().enumerate() {
            self.write_call(&mut out, number + 1, call, &mut names);
        }
        let merged = self
            .book
            .calls()
            .filter(|call| call.merged_into.is_some())
            .count();
        if merged > 0 {
            let _ = writeln!(out, "calls that became part of another: {merged}");
        }
        let mut agents: Vec<_> = self.book.agents().collect();
        agents.sort_by_key(|agent| agent.extension.clone());
        for agent in agents {
            let _ = write!(
                out,
                "agent {} {} {}",
                agent.extension,
                agent.status.as_str(),
                agent.state.as_str()
            );
            let times =
                [agent.status_since, agent.state_since, agent.last_bridge_end].map(|at| self.time(at));
            let _ = writeln!(
                out,
                "  status since {} state since {} last call end {}",
                times[0], times[1], times[2]
            );
        }
        let mut phones: Vec<_> = self.book.registrations().collect();
        phones.sort_by_key(|phone| phone.extension.clone());
        for phone in phones {
            let expires = self.time(phone.expires_at);
            let _ = writeln!(
                out,
                "phone {} at {} since {} until {expires}",
                phone.extension,
                phone.address,
                self.time(Some(phone.since))
            );
        }
        let mut gateways: Vec<_> = self.book.gateways().collect();
        gateways.sort_by_key(|gateway| gateway.name.clone());
        for gateway in gateways {
            let _ = writeln!(
                out,
                "gateway {} {} ping {:?} since {} down {}",
                gateway.name,
                gateway.state,
                gateway.ping_up,
                self.time(Some(gateway.since)),
                gateway.is_down(self.end)
            );
        }
        if self.book.ignored() > 0 {
            let _ = writeln!(out, "ignored: {}", self.book.ignored());
        }
        out
    }

    fn write_call(&self, out: &mut String, number: usize, call: &CallState, names: &mut Names) {
        let record = call.to_record(self.end);
        let _ = writeln!(
            out,
            "call {number} {} {} {} -> {} ({}){}{}{}{}",
            record.direction.as_str(),
            record
                .result
                .map_or(call.phase().as_str(), |result| result.as_str()),
            record.caller_number,
            record.callee_number,
            record.caller_name,
            record
                .gateway
                .as_ref()
                .map_or(String::new(), |gateway| format!(" gateway {gateway}")),
            record
                .queue_code
                .as_ref()
                .map_or(String::new(), |queue| format!(" queue {queue}")),
            record
                .agent_extension
                .as_ref()
                .map_or(String::new(), |agent| format!(" agent {agent}")),
            record
                .end_mark
                .map_or(String::new(), |mark| format!(" MARK {}", mark.as_str())),
        );
        let _ = writeln!(
            out,
            "  start {} answer {} talk {} end {}  wait {} ring {} talk {} hold {} ms  {} by {}",
            self.time(Some(record.started_at)),
            self.time(record.answered_at),
            self.time(record.talk_started_at),
            self.time(record.ended_at),
            record.wait_ms,
            record.ring_ms,
            record.talk_ms,
            record.hold_ms,
            record.hangup_cause.as_deref().unwrap_or("-"),
            record.hangup_side.map_or("-", |side| side.as_str()),
        );
        for leg in call.leg_records(self.end) {
            let _ = writeln!(
                out,
                "  leg {} {} {} {}{}{}  start {} ring {} answer {} bridge {} end {}  talk {} hold {} ms  {}/{}/{} by {}{}{}",
                names.leg(leg.id),
                leg.role.as_str(),
                leg.direction.as_str(),
                leg.number,
                leg.extension
                    .as_ref()
                    .map_or(String::new(), |extension| format!(" ext {extension}")),
                leg.gateway
                    .as_ref()
                    .map_or(String::new(), |gateway| format!(" gateway {gateway}")),
                self.time(Some(leg.created_at)),
                self.time(leg.ringing_at),
                self.time(leg.answered_at),
                self.time(leg.first_bridged_at),
                self.time(leg.ended_at),
                leg.talk_ms,
                leg.hold_ms,
                leg.hangup_cause.as_deref().unwrap_or("-"),
                leg.q850.map_or("-".to_owned(), |code| code.to_string()),
                leg.sip_status.map_or("-".to_owned(), |code| code.to_string()),
                leg.hangup_by.map_or("-", |by| by.as_str()),
                leg.originate_disposition
                    .as_ref()
                    .map_or(String::new(), |word| format!(" dialled: {word}")),
                leg.end_mark
                    .map_or(String::new(), |mark| format!(" MARK {}", mark.as_str())),
            );
        }
        for visit in call.visit_records(self.end) {
            let _ = writeln!(
                out,
                "  visit {} by {} {}  joined {} answered {} left {}  wait {} talk {} ms{}",
                visit.queue_code,
                names.leg(visit.leg_id),
                visit.outcome.as_str(),
                self.time(Some(visit.joined_at)),
                self.time(visit.answered_at),
                self.time(visit.left_at),
                visit.wait_ms,
                visit.talk_ms,
                visit
                    .agent_extension
                    .as_ref()
                    .map_or(String::new(), |agent| format!(" agent {agent}")),
            );
            for offer in visit.offers {
                let _ = writeln!(
                    out,
                    "    offer {} {} {} {}",
                    offer.agent_extension,
                    self.time(Some(offer.offered_at)),
                    self.time(offer.ended_at),
                    offer.result.map_or("-", |result| result.as_str())
                );
            }
        }
        for recording in call.recording_records() {
            let _ = writeln!(
                out,
                "  recording by {} {} .. {} {} ms {} bytes {}",
                names.leg(recording.leg_id),
                self.time(Some(recording.started_at)),
                self.time(recording.ended_at),
                recording.duration_ms.unwrap_or(-1),
                recording.size_bytes.unwrap_or(-1),
                recording.state.as_str(),
            );
        }
        for entry in self.timeline.iter().filter(|entry| entry.call_id == call.id) {
            let leg = entry.leg_id.map_or("-".to_owned(), |leg| names.leg(leg));
            let detail = match &entry.what {
                Happening::RecordingStarted { .. }
                | Happening::RecordingStopped { .. }
                | Happening::MergedFrom { .. } => String::new(),
                what => names.replace(&what.detail().to_string()),
            };
            let _ = writeln!(
                out,
                "    {} {leg} {} {detail}",
                self.time(Some(entry.at)),
                entry.what.kind()
            );
        }
    }

    fn time(&self, at: Option<DateTime<Utc>>) -> String {
        let Some(at) = at else { return "-".to_owned() };
        let millis = (at - self.begin).num_milliseconds();
        let (sign, millis) = if millis < 0 { ("-", -millis) } else { ("", millis) };
        format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
    }
}

/// Letters for legs, in the order of the calls and of their legs.
pub(super) struct Names(HashMap<LegId, String>);

impl Names {
    pub(super) fn of(calls: &[&CallState]) -> Self {
        let mut names = Self(HashMap::new());
        for leg in calls.iter().flat_map(|call| &call.legs) {
            names.leg(leg.id);
        }
        names
    }

    pub(super) fn leg(&mut self, leg: LegId) -> String {
        let next = self.0.len() as u8;
        let fresh = if next < 26 {
            char::from(b'A' + next).to_string()
        } else {
            format!("L{next}")
        };
        self.0.entry(leg).or_insert(fresh).clone()
    }

    fn replace(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (leg, name) in &self.0 {
            text = text.replace(&leg.to_string(), name);
        }
        text
    }
}
