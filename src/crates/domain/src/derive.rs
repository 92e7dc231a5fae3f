//! What follows from the facts of a call: who is who, who talked with whom and for how long, what became of it.
//! Nothing here is stored in memory; each question is answered from legs, bridges and visits, so that an answer
//! never depends on the order in which the facts came in.

use crate::call::{Bridge, CallDirection, CallPhase, CallResult, CallState, HangupSide};
use crate::event::{CallKind, LeaveCause};
use crate::ids::LegId;
use crate::leg::{EndMark, HangupBy, LegDirection, LegRole, LegState};
use crate::visit::{VisitOutcome, VisitState};
use chrono::{DateTime, Duration, Utc};

/// A stretch of time in which two answered parties were connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// One leg.
    pub a: LegId,
    /// The other, if known.
    pub b: Option<LegId>,
    /// Begin.
    pub from: DateTime<Utc>,
    /// End; `None` = going on.
    pub to: Option<DateTime<Utc>>,
}

/// Two ends within this time are one: the switch ends the partner some 20 ms after the party that hung up.
const SAME_END: Duration = Duration::milliseconds(500);

/// A break-out this close to the caller's own end is the caller's.
const SAME_LEAVE: Duration = Duration::seconds(1);

impl CallState {
    /// The conversations in the order of their begin. A bridge is none before both sides have answered: early media
    /// connects the legs of a call that may still be refused (surprises 25, 07j).
    pub fn conversations(&self) -> impl Iterator<Item = Conversation> {
        self.bridges
            .iter()
            .filter_map(|bridge| self.conversation_of(bridge))
    }

    fn conversation_of(&self, bridge: &Bridge) -> Option<Conversation> {
        let a = self.leg(bridge.a)?;
        let b = bridge.b.and_then(|id| self.leg(id));
        // A dump may name a partner that is long gone; a bridge that was seen needs no second witness.
        if b.is_none() && bridge.b.is_some() && !bridge.seen {
            return None;
        }
        if a.supervises || b.is_some_and(|leg| leg.supervises) {
            return None;
        }
        let mut from = bridge.from.max(a.answered_at?);
        if let Some(leg) = b {
            from = from.max(leg.answered_at?);
        }
        // A leg is in one bridge at a time: whoever is bridged anew has left the old one.
        let next = self
            .bridges
            .iter()
            .filter(|other| other.from > bridge.from && other.shares_leg_with(bridge));
        let to = [
            bridge.to,
            a.ended_at,
            b.and_then(|leg| leg.ended_at),
            next.map(|other| other.from).min(),
        ]
        .into_iter()
        .flatten()
        .min();
        to.is_none_or(|to| to > from).then_some(Conversation {
            a: bridge.a,
            b: bridge.b,
            from,
            to,
        })
    }

    /// Time in which any two parties talked, holds included. `now` closes what is going on.
    pub fn talk_ms(&self, now: DateTime<Utc>) -> i64 {
        let mut spans: Vec<_> = self
            .conversations()
            .map(|talk| (talk.from, talk.to.unwrap_or(now)))
            .collect();
        spans.sort_unstable();
        let (mut total, mut reached) = (Duration::zero(), None::<DateTime<Utc>>);
        for (from, to) in spans {
            let from = reached.map_or(from, |reached| from.max(reached));
            if to > from {
                total += to - from;
                reached = Some(to);
            }
        }
        total.num_milliseconds()
    }

    /// Time in which this leg talked.
    pub fn leg_talk_ms(&self, leg: LegId, now: DateTime<Utc>) -> i64 {
        let mine = self
            .conversations()
            .filter(|talk| talk.a == leg || talk.b == Some(leg));
        let total = mine.fold(Duration::zero(), |sum, talk| {
            sum + (talk.to.unwrap_or(now) - talk.from)
        });
        total.num_milliseconds().max(0)
    }

    /// When anybody first talked.
    pub fn talk_started_at(&self) -> Option<DateTime<Utc>> {
        self.conversations().map(|talk| talk.from).min()
    }

    /// The conversation that is going on; the newest if there are several.
    pub fn open_conversation(&self) -> Option<Conversation> {
        self.conversations()
            .filter(|talk| talk.to.is_none())
            .max_by_key(|talk| talk.from)
    }

    /// Time on hold, never more than was talked. A consultation is time on hold for the held party.
    pub fn hold_ms(&self, now: DateTime<Utc>) -> i64 {
        let held: i64 = self.legs.iter().map(|leg| leg.hold_ms_until(now)).sum();
        held.min(self.talk_ms(now))
    }

    /// Begin of the open hold.
    pub fn held_since(&self) -> Option<DateTime<Utc>> {
        self.legs
            .iter()
            .filter(|leg| leg.is_live())
            .filter_map(|leg| leg.held_since)
            .min()
    }

    /// What a leg is in the call.
    pub fn role_of(&self, leg: &LegState) -> LegRole {
        let is_root = self.root().is_some_and(|root| root.id == leg.id);
        match leg.direction {
            _ if leg.supervises => LegRole::Supervisor,
            LegDirection::Inbound if is_root => LegRole::Caller,
            // A second leg that called in came with a call that was merged into this one.
            LegDirection::Inbound => LegRole::Consult,
            LegDirection::Outbound if leg.serves_member.is_some() => LegRole::Agent,
            LegDirection::Outbound if self.visits.iter().any(|visit| visit.agent_leg == Some(leg.id)) => {
                LegRole::Agent
            }
            // We rang an extension of ours first: click to dial, its leg is the agent's (10a to 10d).
            LegDirection::Outbound if is_root && !leg.is_external() => LegRole::Agent,
            LegDirection::Outbound => LegRole::Callee,
        }
    }

    /// From where to where. A first leg from or to the outside decides by itself, whatever the dialplan of a later
    /// transfer marked; for one of our own phones the first mark of the dialplan does (a call to a gateway that is
    /// down has no other leg, 07k), and without a mark the first leg that was called.
    pub fn direction(&self) -> CallDirection {
        let Some(root) = self.root() else {
            return CallDirection::Internal;
        };
        let called_outside = self.called_legs().next().map(LegState::is_external);
        match (root.direction, root.is_external(), self.kind, called_outside) {
            (LegDirection::Inbound, true, ..) => CallDirection::Inbound,
            (_, false, Some(CallKind::Internal), _) => CallDirection::Internal,
            (LegDirection::Outbound, true, ..)
            | (_, false, Some(CallKind::Outbound), _)
            | (_, false, _, Some(true))
            | (_, false, Some(CallKind::Click), None) => CallDirection::Outbound,
            (_, false, ..) => CallDirection::Internal,
        }
    }

    /// The legs that were called on behalf of the call, in order; not the one that began it.
    pub fn called_legs(&self) -> impl Iterator<Item = &LegState> {
        self.legs
            .iter()
            .skip(1)
            .filter(|leg| leg.direction == LegDirection::Outbound && !leg.supervises)
    }

    /// Whether the call began at an extension that we rang first.
    pub fn is_click(&self) -> bool {
        self.root()
            .is_some_and(|root| root.direction == LegDirection::Outbound && !root.is_external())
    }

    /// Number of the party that began the call; for click to dial the extension.
    pub fn caller_number(&self) -> &str {
        self.root().map_or("", |root| {
            if self.is_click() {
                root.party_number()
            } else {
                &root.caller_number
            }
        })
    }

    /// Name of the party that began the call.
    pub fn caller_name(&self) -> &str {
        self.root()
            .filter(|_| !self.is_click())
            .map_or("", |root| &root.caller_name)
    }

    /// The number that was called: as the caller dialled it, not where it was routed.
    pub fn callee_number(&self) -> &str {
        let Some(root) = self.root() else { return "" };
        if !self.is_click() {
            return &root.destination;
        }
        match self.called_legs().next() {
            Some(leg) => leg.party_number(),
            None if root.routed_to != root.destination => &root.routed_to,
            None => "",
        }
    }

    /// The gateway that was used.
    pub fn gateway(&self) -> Option<&str> {
        self.legs.iter().find_map(|leg| leg.gateway.as_deref())
    }

    /// When the switch answered the caller, be it by a machine; for click to dial: when the called party answered.
    pub fn answered_at(&self) -> Option<DateTime<Utc>> {
        if self.is_click() {
            return self.called_legs().filter_map(|leg| leg.answered_at).min();
        }
        self.root().and_then(|root| root.answered_at)
    }

    /// The leg of ours that talked last or, failing that, was rung or dialled.
    pub fn agent_leg(&self) -> Option<&LegState> {
        if let Some(leg) = self
            .visits
            .iter()
            .rev()
            .find_map(|visit| self.leg(visit.agent_leg?))
        {
            return Some(leg);
        }
        let ours = |leg: &&LegState| leg.extension.is_some() && !leg.supervises;
        let root = self.root().filter(ours);
        match self.direction() {
            CallDirection::Outbound => {
                root.or_else(|| self.called_legs().filter(ours).max_by_key(|leg| leg.answered_at))
            }
            CallDirection::Inbound | CallDirection::Internal => self
                .called_legs()
                .filter(ours)
                .filter(|leg| leg.answered_at.is_some())
                .last()
                .or_else(|| self.called_legs().filter(ours).last())
                .or(root),
        }
    }

    /// Extension of that leg.
    pub fn agent_extension(&self) -> Option<&str> {
        let served = self
            .visits
            .iter()
            .rev()
            .find_map(|visit| visit.answered_at.and(visit.agent.as_deref()));
        served.or_else(|| self.agent_leg().and_then(|leg| leg.extension.as_deref()))
    }

    /// How long the party that answered, or the last one that did not, was rung.
    pub fn ring_ms(&self, now: DateTime<Utc>) -> i64 {
        let answered = self
            .called_legs()
            .filter(|leg| leg.answered_at.is_some())
            .min_by_key(|leg| leg.answered_at);
        let root = self
            .root()
            .filter(|root| root.direction == LegDirection::Outbound);
        let Some(leg) = answered.or_else(|| self.called_legs().last()).or(root) else {
            return 0;
        };
        let Some(from) = leg.ringing_at else { return 0 };
        millis(from, leg.answered_at.or(leg.ended_at).unwrap_or(now))
    }

    /// How long the caller waited in queues without an agent.
    pub fn wait_ms(&self, now: DateTime<Utc>) -> i64 {
        self.visits
            .iter()
            .map(|visit| self.visit_wait_ms(visit, now))
            .sum()
    }

    /// How long the caller waited in this stay.
    pub fn visit_wait_ms(&self, visit: &VisitState, now: DateTime<Utc>) -> i64 {
        let until = visit
            .answered_at
            .or_else(|| self.visit_left_at(visit))
            .unwrap_or(now);
        millis(visit.joined_at, until)
    }

    /// When the stay was over. The end of the caller's leg ends it even if the queue's own word was lost.
    pub fn visit_left_at(&self, visit: &VisitState) -> Option<DateTime<Utc>> {
        visit
            .left_at
            .or_else(|| self.leg(visit.leg).and_then(|leg| leg.ended_at))
    }

    /// Whether the caller waits and nobody has answered.
    pub fn is_waiting(&self, visit: &VisitState) -> bool {
        visit.answered_at.is_none() && self.visit_left_at(visit).is_none()
    }

    /// How the stay ended. `BREAK_OUT` is the same for a caller who gave up and for one whom somebody took out by
    /// transfer or kill: the caller's own hang-up tells them apart (surprises 63).
    pub fn visit_outcome(&self, visit: &VisitState) -> VisitOutcome {
        if visit.answered_at.is_some() {
            return VisitOutcome::Answered;
        }
        let leg = self.leg(visit.leg);
        let ended_at = leg.and_then(|leg| leg.ended_at);
        match visit.leave {
            Some(LeaveCause::Served) => VisitOutcome::Answered,
            Some(LeaveCause::Timeout) => VisitOutcome::Timeout,
            Some(LeaveCause::NoAgent) => VisitOutcome::NoAgent,
            Some(LeaveCause::ExitKey) => VisitOutcome::ExitKey,
            Some(LeaveCause::Other) => VisitOutcome::Lost,
            None if ended_at.is_none() => VisitOutcome::Waiting,
            None if leg
                .is_some_and(|leg| matches!(leg.end_mark, Some(EndMark::SwitchLost | EndMark::Resync))) =>
            {
                VisitOutcome::Lost
            }
            Some(LeaveCause::BreakOut) | None => {
                let left_at = visit.left_at.or(ended_at);
                let with_the_leave = ended_at
                    .zip(left_at)
                    .is_some_and(|(ended, left)| ended <= left + SAME_LEAVE);
                // Until the completion of the hang-up tells the side, the caller is the likely one.
                let by_caller = leg.is_none_or(|leg| leg.ended_by != Some(HangupBy::Switch));
                if with_the_leave && by_caller {
                    VisitOutcome::Abandoned
                } else {
                    VisitOutcome::Removed
                }
            }
        }
    }

    /// How long the caller talked with the agent of this stay.
    pub fn visit_talk_ms(&self, visit: &VisitState, now: DateTime<Utc>) -> i64 {
        let Some(agent) = visit.agent_leg else { return 0 };
        self.conversations()
            .filter(|talk| {
                (talk.a == visit.leg && talk.b == Some(agent))
                    || (talk.a == agent && talk.b == Some(visit.leg))
            })
            .map(|talk| millis(talk.from, talk.to.unwrap_or(now)))
            .sum()
    }

    /// What the call is doing.
    pub fn phase(&self) -> CallPhase {
        if self.is_ended() {
            return CallPhase::Ended;
        }
        if let Some(talk) = self.open_conversation() {
            let held = |id: LegId| self.leg(id).is_some_and(|leg| leg.held_since.is_some());
            return if held(talk.a) || talk.b.is_some_and(held) {
                CallPhase::Held
            } else {
                CallPhase::Talking
            };
        }
        let mut called = self.legs.iter().filter(|leg| {
            leg.direction == LegDirection::Outbound
                && leg.is_live()
                && leg.answered_at.is_none()
                && !leg.supervises
        });
        let dialing = called.clone().next().is_some();
        if called.any(|leg| leg.ringing_at.is_some()) {
            CallPhase::Ringing
        } else if self.visits.iter().any(|visit| self.is_waiting(visit)) {
            CallPhase::Waiting
        } else if dialing {
            CallPhase::Dialing
        } else {
            CallPhase::Routing
        }
    }

    /// The true cause. The caller's leg of an unanswered call ends with whatever the dialplan did last; what became
    /// of the attempt stands in `originate_disposition` (surprises 29, 30), except after early media, which counts as
    /// success there: then it is the cause of the last bridge (07j).
    pub fn hangup_cause(&self) -> Option<&str> {
        let root = self.root()?;
        let own = root.end.cause.as_deref();
        if self.talk_started_at().is_some() {
            return own;
        }
        match root.end.originate_disposition.as_deref() {
            None => own,
            Some("SUCCESS") => root.end.last_bridge_cause.as_deref().or(own),
            attempted => attempted,
        }
    }

    /// What became of the call.
    pub fn result(&self) -> CallResult {
        if self.talk_started_at().is_some() {
            return CallResult::Answered;
        }
        if matches!(self.end_mark, Some(EndMark::SwitchLost | EndMark::Resync)) {
            return CallResult::Unknown;
        }
        let Some(root) = self.root() else {
            return CallResult::Unknown;
        };
        if let Some(visit) = self.visits.last() {
            let killed = root
                .ended_at
                .zip(visit.left_at)
                .is_some_and(|(ended, left)| ended <= left + SAME_LEAVE);
            return match self.visit_outcome(visit) {
                VisitOutcome::Answered => CallResult::Answered,
                VisitOutcome::Abandoned => CallResult::Abandoned,
                VisitOutcome::Removed if killed => CallResult::Failed,
                VisitOutcome::Timeout
                | VisitOutcome::NoAgent
                | VisitOutcome::ExitKey
                | VisitOutcome::Removed => CallResult::Overflowed,
                VisitOutcome::Waiting | VisitOutcome::Lost => CallResult::Unknown,
            };
        }
        let attempted = self.called_legs().next().is_some() || root.end.originate_disposition.is_some();
        if root.answered_at.is_some() && !attempted {
            // A menu, a prompt or a robot served the caller, and nobody else was asked for.
            return CallResult::Answered;
        }
        match self.hangup_cause().unwrap_or_default() {
            "USER_BUSY" => CallResult::Busy,
            "NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" => CallResult::NoAnswer,
            "CALL_REJECTED" => CallResult::Rejected,
            "ORIGINATOR_CANCEL" => CallResult::Cancelled,
            "" => CallResult::Unknown,
            _ => CallResult::Failed,
        }
    }

    /// Who ended the call: the party whose own end came with the end of the call.
    pub fn hangup_side(&self) -> Option<HangupSide> {
        let ended_at = self.ended_at?;
        if matches!(self.end_mark, Some(EndMark::SwitchLost | EndMark::Resync)) {
            return Some(HangupSide::System);
        }
        let ended_it = |leg: &&LegState| {
            leg.ended_by == Some(HangupBy::Party)
                && !leg.supervises
                && leg.ended_at.is_some_and(|at| at + SAME_END >= ended_at)
        };
        let root = self.root().map(|root| root.id);
        Some(
            match self.legs.iter().filter(ended_it).min_by_key(|leg| leg.ended_at) {
                Some(leg) if Some(leg.id) == root => HangupSide::Caller,
                Some(_) => HangupSide::Callee,
                None => HangupSide::System,
            },
        )
    }
}

impl Bridge {
    fn shares_leg_with(&self, other: &Self) -> bool {
        self.has(other.a) || other.b.is_some_and(|leg| self.has(leg))
    }
}

impl LegState {
    /// Time that this party kept others on hold.
    pub fn hold_ms_until(&self, now: DateTime<Utc>) -> i64 {
        let Some(since) = self.held_since else {
            return self.hold_ms;
        };
        self.hold_ms
            .max(self.hold_ms_before + millis(since, self.ended_at.unwrap_or(now)))
    }
}

/// Whole milliseconds between two instants, never negative: the switch's clock may step back (surprises 11).
pub(crate) fn millis(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to - from).num_milliseconds().max(0)
}
