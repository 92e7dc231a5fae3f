//! What follows from the facts of a call: who is who, who talked with whom and for how long, what became of it.
//! Nothing here is stored in memory; each question is answered from legs, bridges and visits, so that an answer
//! never depends on the order in which the facts came in.

mod outcome;
mod talk;
mod waits;

use crate::call::{CallDirection, CallPhase, CallState};
use crate::event::CallKind;
use crate::ids::LegId;
use crate::leg::{LegDirection, LegRole, LegState};
use chrono::{DateTime, Duration, Utc};

pub use talk::Conversation;

/// A break-out this close to the caller's own end is the caller's.
const SAME_LEAVE: Duration = Duration::seconds(1);

/// Whole milliseconds between two instants, never negative: the switch's clock may step back (surprises 11).
pub(crate) fn millis(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to - from).num_milliseconds().max(0)
}

impl CallState {
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

    /// Name of the party that began the call. Of a leg that we made it would be the name that we showed, later even
    /// the switch's "Outbound Call" (10e).
    pub fn caller_name(&self) -> &str {
        self.root()
            .filter(|root| root.direction == LegDirection::Inbound)
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
}
