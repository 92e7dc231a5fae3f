//! Calls: one conversation each, from the first leg to the end of the last. Everything a call *is* follows from its
//! legs, bridges and visits; see [`crate::derive`] for how.

use crate::event::CallKind;
use crate::ids::{CallId, EntryId, LegId, ServerId};
use crate::leg::{EndMark, LegState};
use crate::recording::Recording;
use crate::timeline::{Happening, TimelineEntry};
use crate::visit::VisitState;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a call came from and went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    /// From outside.
    Inbound,
    /// To the outside.
    Outbound,
    /// Between extensions.
    Internal,
}

impl CallDirection {
    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// Two people talked, or a machine (menu, robot) served a caller who asked for nobody.
    Answered,
    /// The caller gave up in a queue.
    Abandoned,
    /// Rang in vain.
    NoAnswer,
    /// Was busy.
    Busy,
    /// Was refused.
    Rejected,
    /// Could not be set up: wrong number, gateway down, phone away, switch lost.
    Failed,
    /// The caller gave up before anybody answered.
    Cancelled,
    /// Left its queue unserved and was not served elsewhere (time-out, nobody there, exit key, taken out).
    Overflowed,
    /// Nobody saw how it went.
    Unknown,
}

impl CallResult {
    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Overflowed => "overflowed",
            Self::Unknown => "unknown",
        }
    }
}

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HangupSide {
    /// The party that began it.
    Caller,
    /// The party that was called: callee or agent.
    Callee,
    /// The switch: dialplan, command, time-out, loss.
    System,
}

impl HangupSide {
    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
            Self::System => "system",
        }
    }
}

/// What a call is doing, for the live pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallPhase {
    /// Being dialled, nothing rings yet.
    Dialing,
    /// In the dialplan: menu, prompt, robot, parked.
    Routing,
    /// In a queue and nobody is being rung.
    Waiting,
    /// Some called phone rings.
    Ringing,
    /// Two answered parties are connected.
    Talking,
    /// The same, and one of them is on hold.
    Held,
    /// Over.
    Ended,
}

impl CallPhase {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dialing => "dialing",
            Self::Routing => "routing",
            Self::Waiting => "waiting",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Held => "held",
            Self::Ended => "ended",
        }
    }
}

/// A connection of two legs (`CHANNEL_BRIDGE` to `CHANNEL_UNBRIDGE`). Not yet talk: it may precede the answer
/// (surprises 25).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// One leg.
    pub a: LegId,
    /// The other; a call record alone may not name it.
    pub b: Option<LegId>,
    /// Begin.
    pub from: DateTime<Utc>,
    /// End, if seen; the end of either leg ends it too.
    pub to: Option<DateTime<Utc>>,
    /// Told by an event, or reconstructed from a call record or a dump.
    pub seen: bool,
}

impl Bridge {
    /// Whether the leg takes part.
    pub fn has(&self, leg: LegId) -> bool {
        self.a == leg || self.b == Some(leg)
    }
}

/// One call in memory.
#[derive(Clone, Debug)]
pub struct CallState {
    /// Computed from the first leg.
    pub id: CallId,
    /// Where.
    pub server: ServerId,
    /// The legs in the order of their creation; the first is the root of the call, from which its id comes.
    pub legs: Vec<LegState>,
    /// Legs that were mentioned as parent or partner but have not told of themselves yet.
    pub expected: Vec<LegId>,
    /// Connections of legs, in the order of their begin.
    pub bridges: Vec<Bridge>,
    /// Queue visits in the order of joining.
    pub visits: Vec<VisitState>,
    /// Recordings in the order of their begin.
    pub recordings: Vec<Recording>,
    /// What our dialplan said that it is.
    pub kind: Option<CallKind>,
    /// Set when all legs have ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Set if the end was concluded, not seen.
    pub end_mark: Option<EndMark>,
    /// The call that took over our legs.
    pub merged_into: Option<CallId>,
    /// Grows with each change; stored, so that an older state never overwrites a newer one.
    pub version: i32,
    /// Number of the newest time line entry.
    pub last_seq: i32,
    /// When the last news came in, by our clock: ended calls are forgotten some time after.
    pub touched_at: DateTime<Utc>,
}

/// One call as stored. Mirrors the table `calls`; `queue_id` is resolved by the application from `queue_code`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Computed from the first leg.
    pub id: CallId,
    /// Where.
    pub server_id: ServerId,
    /// From where to where.
    pub direction: CallDirection,
    /// `false` = the state `live`, `true` = `ended`.
    pub is_ended: bool,
    /// Set once ended.
    pub result: Option<CallResult>,
    /// The party that began the call; for click to dial the agent.
    pub caller_number: String,
    /// Its name as shown.
    pub caller_name: String,
    /// The number that was called.
    pub callee_number: String,
    /// Gateway, if one was used.
    pub gateway: Option<String>,
    /// Code of the last queue.
    pub queue_code: Option<String>,
    /// The extension of ours that talked or, failing that, dialled.
    pub agent_extension: Option<String>,
    /// User behind that extension, from our mark on the channel.
    pub user_id: Option<i64>,
    /// The route that decided.
    pub route_id: Option<i64>,
    /// Creation of the first leg.
    pub started_at: DateTime<Utc>,
    /// When the caller's leg was answered, be it by a machine.
    pub answered_at: Option<DateTime<Utc>>,
    /// When two answered parties were first connected.
    pub talk_started_at: Option<DateTime<Utc>>,
    /// End of the last leg.
    pub ended_at: Option<DateTime<Utc>>,
    /// Time in queues without an agent, milliseconds.
    pub wait_ms: i64,
    /// Time that the party which answered (or the last one that did not) was rung, milliseconds.
    pub ring_ms: i64,
    /// Time in which two answered parties were connected, holds included, milliseconds.
    pub talk_ms: i64,
    /// The part of it on hold, milliseconds.
    pub hold_ms: i64,
    /// The true cause (surprises 29, 30).
    pub hangup_cause: Option<String>,
    /// Who ended it.
    pub hangup_side: Option<HangupSide>,
    /// Set if the end was concluded, not seen.
    pub end_mark: Option<EndMark>,
    /// Number of legs.
    pub leg_count: i32,
    /// Whether anything was recorded.
    pub has_recording: bool,
    /// The call that took over our legs, if this one was emptied by an attended transfer.
    pub merged_into: Option<CallId>,
    /// Grows with each change.
    pub version: i32,
}

impl CallState {
    /// An empty call; the first leg comes next.
    pub fn new(id: CallId, server: ServerId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            server,
            legs: Vec::new(),
            expected: Vec::new(),
            bridges: Vec::new(),
            visits: Vec::new(),
            recordings: Vec::new(),
            kind: None,
            ended_at: None,
            end_mark: None,
            merged_into: None,
            version: 0,
            last_seq: 0,
            touched_at: now,
        }
    }

    /// The first leg: the one that was not made for another leg, then the oldest. A leg may bear the same
    /// microsecond as the one that it was made for (03c).
    pub fn root(&self) -> Option<&LegState> {
        self.legs.first()
    }

    /// The leg of this id.
    pub fn leg(&self, id: LegId) -> Option<&LegState> {
        self.legs.iter().find(|leg| leg.id == id)
    }

    /// The same, to be changed.
    pub fn leg_mut(&mut self, id: LegId) -> Option<&mut LegState> {
        self.legs.iter_mut().find(|leg| leg.id == id)
    }

    /// Whether the call is over.
    pub fn is_ended(&self) -> bool {
        self.ended_at.is_some()
    }

    /// Puts the legs into their order.
    pub fn sort_legs(&mut self) {
        self.legs
            .sort_by_key(|leg| (leg.created_at, leg.parent.is_some(), leg.id));
    }

    /// Adds an entry to the time line.
    pub fn note(
        &mut self,
        out: &mut Vec<TimelineEntry>,
        leg: Option<LegId>,
        at: DateTime<Utc>,
        what: Happening,
    ) {
        self.last_seq += 1;
        let subject = leg.map_or(self.id.0, |leg| leg.0);
        let id = EntryId::derive(subject, what.kind(), at, what.discriminator());
        out.push(TimelineEntry {
            id,
            call_id: self.id,
            leg_id: leg,
            at,
            seq: self.last_seq,
            what,
        });
    }
}
