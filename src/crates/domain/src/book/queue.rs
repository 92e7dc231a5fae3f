//! News of queue members. `members-count` is not even decoded: it stays one too high after each answer (61).

use super::{CallBook, Changes, limits};
use crate::call::CallState;
use crate::event::{LeaveCause, QueueChange, QueueEvent};
use crate::ids::{CallId, LegId, VisitId};
use crate::leg::LegState;
use crate::timeline::{Happening, TimelineEntry};
use crate::visit::{OfferResult, OfferState, VisitState};
use chrono::{DateTime, Duration, Utc};

impl CallBook {
    pub(super) fn apply_queue(
        &mut self,
        event: &QueueEvent,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
        changes: &mut Changes,
    ) {
        let Some(mut id) = self.leg_calls.get(&event.session).copied() else {
            // The caller's leg is older than our subscription: the resync brings leg and visit.
            self.ignored += 1;
            return;
        };
        match &event.change {
            QueueChange::AgentAnswered { agent, agent_leg } => {
                if let Some(leg) = agent_leg {
                    id = self.tie(id, *leg, now, changes);
                    self.name_agent_leg(id, *leg, agent);
                }
                changes.touch_agent(agent);
            }
            QueueChange::AgentEnded { agent, agent_leg } => {
                if let Some(state) = self.agent_mut(agent) {
                    // The wrap-up counts from here; neither a state nor an event marks it (57, 60).
                    state.last_bridge_end = state.last_bridge_end.max(Some(at));
                }
                if let Some(leg) = agent_leg {
                    id = self.tie(id, *leg, now, changes);
                }
                changes.touch_agent(agent);
            }
            QueueChange::Offered { agent } | QueueChange::OfferFailed { agent, .. } => {
                changes.touch_agent(agent);
            }
            QueueChange::Joined { .. } | QueueChange::Left { .. } => {}
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.apply_queue(event, at, &mut changes.timeline) {
            self.settle(id, now, changes);
        }
    }

    /// The queue knows whose leg it is even where the channel did not say.
    fn name_agent_leg(&mut self, call: CallId, leg: LegId, agent: &str) {
        let known = self.calls.get_mut(&call).and_then(|call| call.leg_mut(leg));
        if let Some(state) = known.filter(|state| state.extension.is_none()) {
            state.extension = Some(agent.to_owned());
            self.list_extension(Some(agent), leg);
        }
    }
}

impl CallState {
    fn apply_queue(&mut self, event: &QueueEvent, at: DateTime<Utc>, out: &mut Vec<TimelineEntry>) -> bool {
        let visit_id = VisitId::derive(event.member, event.session);
        let queue = event.queue.as_deref().unwrap_or_default();
        let index = match self.visits.iter().position(|visit| visit.id == visit_id) {
            Some(index) => index,
            // Whatever is told of a stay makes it known, if only late; the end alone makes none.
            None if matches!(event.change, QueueChange::Left { .. }) => return false,
            None => {
                // CC-Member-Joined-Time would be the first call's after a resume (66); the event's own time is right.
                let visit = VisitState::new(event.member, event.session, queue, at);
                let place = self.visits.partition_point(|known| known.joined_at <= at);
                self.visits.insert(place, visit);
                place
            }
        };
        let visit = &mut self.visits[index];
        let what = match &event.change {
            QueueChange::Joined { resumed, .. } => {
                if visit.joined_seen {
                    return false;
                }
                (visit.joined_seen, visit.joined_at) = (true, at);
                Some(Happening::QueueJoined {
                    queue: visit.queue.clone(),
                    resumed: *resumed,
                })
            }
            QueueChange::Offered { agent } => visit.offer(agent, at).then(|| Happening::Offered {
                queue: visit.queue.clone(),
                agent: agent.clone(),
            }),
            QueueChange::OfferFailed { agent, cause } => {
                let result = OfferResult::from_cause(cause.as_deref());
                visit
                    .close_offer(agent, result, at)
                    .then(|| Happening::OfferEnded {
                        agent: agent.clone(),
                        result: result.as_str(),
                    })
            }
            QueueChange::AgentAnswered { agent, agent_leg } => {
                if !visit.answered_seen {
                    (visit.answered_seen, visit.answered_at) = (true, Some(at));
                }
                // A first agent may have been lost before the bridge: the last one served.
                if visit.answered_at.is_none_or(|known| known <= at) {
                    visit.agent = Some(agent.clone());
                    visit.agent_leg = agent_leg.or(visit.agent_leg);
                }
                visit
                    .close_offer(agent, OfferResult::Answered, at)
                    .then(|| Happening::OfferEnded {
                        agent: agent.clone(),
                        result: OfferResult::Answered.as_str(),
                    })
            }
            // The cause here is the origination's, not the end's (62): only that it ended counts.
            QueueChange::AgentEnded { agent, agent_leg } => {
                visit.agent = visit.agent.take().or_else(|| Some(agent.clone()));
                visit.agent_leg = visit.agent_leg.or(*agent_leg);
                None
            }
            QueueChange::Left {
                how,
                agent,
                agent_leg,
            } => {
                if visit.left_seen || (visit.joined_seen && at < visit.joined_at) {
                    return false;
                }
                let is_new = visit.leave.is_none();
                (visit.left_seen, visit.left_at, visit.leave) = (true, Some(at), Some(*how));
                if *how == LeaveCause::Served {
                    visit.agent = visit.agent.take().or_else(|| agent.clone());
                    visit.agent_leg = visit.agent_leg.or(*agent_leg);
                }
                is_new.then(|| Happening::QueueLeft {
                    queue: visit.queue.clone(),
                    how: how.as_str(),
                })
            }
        };
        if let Some(what) = what {
            self.note(out, Some(event.session), at, what);
        }
        true
    }
}

/// An event and a leg within this time speak of the same offer: the leg is made some 20 ms after the choice.
const SAME_OFFER: Duration = Duration::seconds(2);

impl VisitState {
    /// Opens an offer; `false` if it is known or there are too many.
    fn offer(&mut self, agent: &str, at: DateTime<Utc>) -> bool {
        // Agents may refuse and be offered again at once: only the very same instant is the same telling.
        if self
            .offers
            .iter()
            .any(|offer| offer.seen && offer.agent == agent && offer.offered_at == at)
        {
            return false;
        }
        if let Some(known) = self.offer_near(agent, at, |offer| !offer.seen) {
            (known.seen, known.offered_at) = (true, at);
            return false;
        }
        if self.offers.len() >= limits::OFFERS {
            return false;
        }
        let offer = OfferState {
            agent: agent.to_owned(),
            offered_at: at,
            seen: true,
            ended_at: None,
            result: None,
            seen_end: false,
        };
        let place = self.offers.partition_point(|known| known.offered_at <= at);
        self.offers.insert(place, offer);
        true
    }

    /// Closes the newest offer to an agent that no event has closed; the failure may come after the caller has left
    /// (64). Whether it was open.
    fn close_offer(&mut self, agent: &str, result: OfferResult, at: DateTime<Utc>) -> bool {
        let mut offers = self
            .offers
            .iter_mut()
            .rev()
            .filter(|offer| offer.agent == agent && offer.offered_at <= at);
        // Only the newest can be meant: an older one that is still open has lost its end.
        let Some(offer) = offers.next().filter(|offer| !offer.seen_end) else {
            return false;
        };
        let was_open = offer.result.is_none();
        (offer.ended_at, offer.result, offer.seen_end) = (Some(at), Some(result), true);
        was_open
    }

    fn offer_near(
        &mut self,
        agent: &str,
        at: DateTime<Utc>,
        fits: impl Fn(&OfferState) -> bool,
    ) -> Option<&mut OfferState> {
        let near = self
            .offers
            .iter_mut()
            .filter(|offer| offer.agent == agent && fits(offer));
        near.min_by_key(|offer| (offer.offered_at - at).abs())
            .filter(|offer| (offer.offered_at - at).abs() <= SAME_OFFER)
    }

    /// What an agent's leg tells of its offer, where no event did.
    pub(super) fn offer_of_leg(&mut self, leg: &LegState) {
        let Some(agent) = &leg.extension else { return };
        let ended_at = leg.answered_at.or(leg.ended_at);
        let result = match (leg.answered_at, leg.ended_at) {
            (Some(_), _) => Some(OfferResult::Answered),
            (None, Some(_)) => Some(OfferResult::from_cause(leg.end.cause.as_deref())),
            (None, None) => None,
        };
        if let Some(offer) = self.offer_near(agent, leg.created_at, |_| true) {
            if !offer.seen_end {
                (offer.ended_at, offer.result) = (ended_at, result);
            }
            return;
        }
        if self.offers.len() >= limits::OFFERS {
            return;
        }
        let offer = OfferState {
            agent: agent.clone(),
            offered_at: leg.created_at,
            seen: false,
            ended_at,
            result,
            seen_end: false,
        };
        let place = self
            .offers
            .partition_point(|known| known.offered_at <= offer.offered_at);
        self.offers.insert(place, offer);
    }
}
