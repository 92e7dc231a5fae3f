//! Comparing the book with the switch's own lists: after each connect, on a timer, on a nudge. Idempotent; what it
//! corrects is counted, because a rising count is the alarm for lost events.

use super::{CallBook, Changes, Registration};
use crate::agent::AgentState;
use crate::event::LeaveCause;
use crate::ids::{CallId, LegId, VisitId};
use crate::snapshot::{
    MemberState, SnapshotAgent, SnapshotChannel, SnapshotGateway, SnapshotMember, SnapshotRegistration,
    SwitchSnapshot,
};
use crate::timeline::Happening;
use crate::visit::VisitState;
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// What a reconcile found.
#[derive(Clone, Debug, Default)]
pub struct Corrections {
    /// What was corrected in the book.
    pub changes: Changes,
    /// Number of corrections, not counting first knowledge.
    pub count: usize,
    /// Legs that we hold for alive and the list lacks. The list lags behind the events, so ask `uuid_exists` and, if
    /// the answer is `false`, call [`CallBook::end_leg`] and count a correction.
    pub doubtful: Vec<LegId>,
    /// Legs that the list has and we do not, or know too little of: ask `uuid_dump` and apply what it says
    /// (`LegChange::Seen`). A row of the list alone lacks the instant from which the call's id follows.
    pub unknown: Vec<LegId>,
}

impl CallBook {
    /// Compares with the switch's own lists. Does not end and not begin calls by itself: see
    /// [`Corrections::doubtful`] and [`Corrections::unknown`]. A channel whose end was seen is never taken up again,
    /// however long the list still has it.
    pub fn reconcile(&mut self, snapshot: &SwitchSnapshot, now: DateTime<Utc>) -> Corrections {
        let mut found = Corrections::default();
        let asked_at = snapshot.asked_at.unwrap_or(now);
        if let Some(channels) = &snapshot.channels {
            self.compare_channels(channels, &mut found);
        }
        if let Some(members) = &snapshot.members {
            self.compare_members(members, asked_at, now, &mut found);
        }
        if let Some(agents) = &snapshot.agents {
            self.compare_agents(agents, asked_at, &mut found);
        }
        if let Some(registrations) = &snapshot.registrations {
            self.compare_registrations(registrations, asked_at, &mut found);
        }
        if let Some(gateways) = &snapshot.gateways {
            self.compare_gateways(gateways, asked_at, &mut found);
        }
        found
    }

    fn compare_channels(&self, channels: &[SnapshotChannel], found: &mut Corrections) {
        let listed: HashSet<LegId> = channels.iter().map(|channel| channel.leg).collect();
        for call in self.live_calls() {
            let missing = call
                .legs
                .iter()
                .filter(|leg| leg.is_live() && !listed.contains(&leg.id));
            found.doubtful.extend(missing.map(|leg| leg.id));
        }
        for channel in channels {
            let known = self
                .call_of_leg(channel.leg)
                .and_then(|call| call.leg(channel.leg));
            let enough = match known {
                None => false,
                Some(leg) if !leg.is_live() => true,
                Some(leg) => match channel.callstate.as_str() {
                    "HELD" => leg.answered_at.is_some() && leg.held_since.is_some(),
                    "ACTIVE" | "UNHELD" | "RING_WAIT" => {
                        leg.answered_at.is_some() && leg.held_since.is_none()
                    }
                    _ => true,
                },
            };
            if !enough {
                found.unknown.push(channel.leg);
            }
        }
    }

    fn compare_members(
        &mut self,
        members: &[SnapshotMember],
        asked_at: DateTime<Utc>,
        now: DateTime<Utc>,
        found: &mut Corrections,
    ) {
        let mut listed = HashSet::new();
        for member in members {
            // Abandoned rows stay for a while, after a crash even of callers that were being served (63, 77).
            let (Some(session), false) = (member.session, member.state == MemberState::Abandoned) else {
                continue;
            };
            listed.insert(VisitId::derive(member.member, session));
            let Some(id) = self.leg_calls.get(&session).copied() else {
                continue;
            };
            let Some(call) = self.calls.get_mut(&id) else {
                continue;
            };
            if call.leg(session).is_none_or(|leg| !leg.is_live()) {
                continue;
            }
            let visit_id = VisitId::derive(member.member, session);
            let known = call.visits.iter().position(|visit| visit.id == visit_id);
            let index = known.unwrap_or_else(|| {
                let visit = VisitState::new(member.member, session, &member.queue, member.joined_at);
                let place = call
                    .visits
                    .partition_point(|other| other.joined_at <= member.joined_at);
                call.visits.insert(place, visit);
                let what = Happening::QueueJoined {
                    queue: member.queue.clone(),
                    resumed: false,
                };
                call.note(&mut found.changes.timeline, Some(session), member.joined_at, what);
                place
            });
            let visit = &mut call.visits[index];
            let served = member.state == MemberState::Answered && visit.answered_at.is_none();
            if served {
                visit.answered_at = member.served_at.or(Some(asked_at));
                visit.agent.clone_from(&member.serving_agent);
            }
            if known.is_none() || served {
                found.count += 1;
                self.settle(id, now, &mut found.changes);
            }
        }
        let gone: Vec<(CallId, VisitId)> = self
            .waiting()
            .filter(|(_, visit)| visit.joined_at < asked_at && !listed.contains(&visit.id))
            .map(|(call, visit)| (call.id, visit.id))
            .collect();
        for (call_id, visit_id) in gone {
            let Some(call) = self.calls.get_mut(&call_id) else {
                continue;
            };
            let Some(visit) = call.visits.iter_mut().find(|visit| visit.id == visit_id) else {
                continue;
            };
            visit.left_at = Some(asked_at);
            visit.leave = Some(LeaveCause::Other);
            found.count += 1;
            self.settle(call_id, now, &mut found.changes);
        }
    }

    fn compare_agents(&mut self, agents: &[SnapshotAgent], asked_at: DateTime<Utc>, found: &mut Corrections) {
        let listed: HashSet<&str> = agents.iter().map(|agent| agent.extension.as_str()).collect();
        // Deleting an agent fires no event (57).
        let gone: Vec<String> = self
            .agents
            .keys()
            .filter(|name| !listed.contains(name.as_str()))
            .cloned()
            .collect();
        for name in gone {
            self.agents.remove(&name);
            found.changes.touch_agent(&name);
        }
        for row in agents {
            let is_new = !self.agents.contains_key(&row.extension);
            let Some(agent) = self.agent_mut(&row.extension) else {
                continue;
            };
            let before = agent.clone();
            agent.correct(row, asked_at);
            if !is_new && (agent.status, agent.state) != (before.status, before.state) {
                found.count += 1;
            }
            if is_new || *agent != before {
                found.changes.touch_agent(&row.extension);
            }
        }
    }

    fn compare_registrations(
        &mut self,
        registrations: &[SnapshotRegistration],
        asked_at: DateTime<Utc>,
        found: &mut Corrections,
    ) {
        let listed: HashSet<&str> = registrations.iter().map(|row| row.extension.as_str()).collect();
        let gone: Vec<String> = self
            .registrations
            .values()
            .filter(|known| known.since < asked_at && !listed.contains(known.extension.as_str()))
            .map(|known| known.extension.clone())
            .collect();
        for extension in gone {
            self.registrations.remove(&extension);
            found.count += 1;
            found.changes.touch_agent(&extension);
            found.changes.registrations.push(extension);
        }
        for row in registrations {
            if let Some(known) = self.registrations.get_mut(&row.extension) {
                known.contact.clone_from(&row.contact);
                known.address.clone_from(&row.address);
                known.expires_at = row.expires_at.or(known.expires_at);
                continue;
            }
            // Registrations survive a restart of the switch without a word (77): this is no correction.
            let registration = Registration {
                extension: row.extension.clone(),
                contact: row.contact.clone(),
                address: row.address.clone(),
                user_agent: String::new(),
                expires_at: row.expires_at,
                since: asked_at,
            };
            self.registrations.insert(row.extension.clone(), registration);
            found.changes.touch_agent(&row.extension);
            found.changes.registrations.push(row.extension.clone());
        }
    }

    fn compare_gateways(
        &mut self,
        gateways: &[SnapshotGateway],
        asked_at: DateTime<Utc>,
        found: &mut Corrections,
    ) {
        let listed: HashSet<&str> = gateways.iter().map(|row| row.name.as_str()).collect();
        let gone: Vec<String> = self
            .gateways
            .keys()
            .filter(|name| !listed.contains(name.as_str()))
            .cloned()
            .collect();
        for name in gone {
            self.gateways.remove(&name);
            found.changes.gateways.push(name);
        }
        for row in gateways {
            let gateway = self.gateway_entry(&row.name, asked_at);
            if gateway.since > asked_at {
                continue;
            }
            let before = (gateway.state.clone(), gateway.ping_up);
            gateway.set(&row.state, row.up, asked_at);
            if before != (row.state.clone(), row.up) {
                found.changes.gateways.push(row.name.clone());
            }
        }
    }
}

impl AgentState {
    /// Takes the switch's row over, except what changed after it was asked for.
    fn correct(&mut self, row: &SnapshotAgent, asked_at: DateTime<Utc>) {
        if self.status_since.is_none_or(|since| since <= asked_at) && self.status != row.status {
            self.status = row.status;
            self.status_since = row.last_status_change.or(Some(asked_at));
        }
        self.status_since = self.status_since.or(row.last_status_change);
        if self.state_since.is_none_or(|since| since <= asked_at) && self.state != row.state {
            self.state = row.state;
            self.state_since = Some(asked_at);
        }
        // Whole seconds there: ours is the better one if it is of the same second or newer.
        if let Some(end) = row.last_bridge_end
            && self
                .last_bridge_end
                .is_none_or(|known| known.timestamp() < end.timestamp())
        {
            self.last_bridge_end = Some(end);
        }
        self.wrap_up_secs = row.wrap_up_secs;
        self.tiers.clone_from(&row.tiers);
    }
}
