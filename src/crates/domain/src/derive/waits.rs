//! Queue visits: how long, and how they ended.

use super::{SAME_LEAVE, millis};
use crate::call::CallState;
use crate::event::LeaveCause;
use crate::leg::{EndMark, HangupBy};
use crate::visit::{VisitOutcome, VisitState};
use chrono::{DateTime, Utc};

impl CallState {
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
}
