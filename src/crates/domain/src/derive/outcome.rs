//! What became of a call, why, and by whom.

use super::SAME_LEAVE;
use crate::call::{CallDirection, CallResult, CallState, HangupSide};
use crate::leg::{EndMark, HangupBy, LegRole, LegState};
use crate::visit::VisitOutcome;
use chrono::Duration;

/// Two ends within this time are one: the switch ends the partner some 20 ms after the party that hung up.
const SAME_END: Duration = Duration::milliseconds(500);

impl CallState {
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
        let Some(leg) = self.legs.iter().filter(ended_it).min_by_key(|leg| leg.ended_at) else {
            return Some(HangupSide::System);
        };
        Some(match self.role_of(leg) {
            LegRole::Caller => HangupSide::Caller,
            // Our agent is the calling side where we called the customer (10a, 10e).
            LegRole::Agent if self.is_click() || self.direction() == CallDirection::Outbound => {
                HangupSide::Caller
            }
            _ => HangupSide::Callee,
        })
    }
}
