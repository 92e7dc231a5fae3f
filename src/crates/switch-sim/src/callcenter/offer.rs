//! Offers: ring an agent for a member, bridge, end, fail (`outbound_agent_thread_run`).

use super::model::Offer;
use super::strategy::choose;
use crate::causes::Cause;
use crate::clock::MS;
use crate::engine::{DialOwner, Engine, Timer};

impl Engine {
    /// Looks for agents for all who wait, best score first.
    pub(crate) fn queue_tick(&mut self) {
        self.cc.tick_armed = false;
        self.discard_abandoned();
        let now = self.epoch();
        let mut waiting: Vec<(u64, usize)> = Vec::new();
        for (at, member) in self.cc.members.iter().enumerate() {
            let progressive = member.state == "Trying"
                && self
                    .cc
                    .queues
                    .iter()
                    .any(|q| q.name == member.queue && q.strategy().starts_with("ring-"));
            if member.state == "Waiting" || progressive {
                let system = self
                    .cc
                    .queues
                    .iter()
                    .any(|q| q.name == member.queue && q.text("time-base-score", "queue") == "system");
                let base = if system {
                    member.system_epoch
                } else {
                    member.joined_epoch
                };
                waiting.push((now.saturating_sub(base) + member.base_score, at));
            }
        }
        waiting.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
        let ids: Vec<String> = waiting
            .iter()
            .map(|(_, at)| self.cc.members[*at].uuid.clone())
            .collect();
        // Once a queue has nobody free, its other callers need not be looked at, unless the choice depends on how
        // long each of them has waited.
        let mut exhausted: Vec<String> = Vec::new();
        for id in ids {
            let Some(queue) = self.cc.member(&id).map(|member| member.queue.clone()) else {
                continue;
            };
            if !exhausted.contains(&queue) && !self.offer_member(&id) {
                exhausted.push(queue);
            }
        }
        if self
            .cc
            .members
            .iter()
            .any(|member| matches!(member.state, "Waiting" | "Trying"))
        {
            self.cc.tick_armed = true;
            self.after(100 * MS, Timer::QueueTick);
        }
    }

    /// False when no agent of the queue is free for anybody.
    fn offer_member(&mut self, id: &str) -> bool {
        let now = self.epoch();
        let shuffle = self.rng.next_u64();
        let Some(member) = self.cc.members.iter().find(|member| member.uuid == id).cloned() else {
            return true;
        };
        let Some(queue) = self
            .cc
            .queues
            .iter()
            .find(|queue| queue.name == member.queue)
            .cloned()
        else {
            return true;
        };
        let choice = choose(&self.cc, &queue, &member, now, shuffle);
        if let Some(queue) = self.cc.queue(&member.queue) {
            queue.last_agent_check = now;
            if choice.anybody {
                queue.last_agent_exist = now;
            }
        }
        let progressive = queue.strategy() == "ring-progressively";
        let delay = queue.number("ring-progressively-delay", 10);
        if progressive && member.last_originated > 0 && member.last_originated + delay > now {
            return true;
        }
        let together = queue.strategy().starts_with("ring-");
        for agent in &choice.ring {
            self.reserve(id, agent, together);
        }
        for agent in &choice.ring {
            self.start_offer(id, agent);
        }
        let depends_on_member = queue.flag("tier-rules-apply", false) || queue.strategy() == "top-down";
        depends_on_member || !choice.ring.is_empty()
    }

    /// The agent receives this member: nobody else gets him now.
    fn reserve(&mut self, member_id: &str, agent_name: &str, together: bool) {
        let now = self.epoch();
        let Some(queue) = self.cc.member(member_id).map(|member| member.queue.clone()) else {
            return;
        };
        self.set_agent_state(agent_name, "Receiving");
        let mut place = (0, 0);
        for tier in self.cc.tiers.iter_mut().filter(|tier| tier.agent == agent_name) {
            if tier.queue == queue {
                place = (tier.level, tier.position);
                tier.state = "Offering".into();
            } else if tier.state == "Ready" {
                tier.state = "Standby".into();
            }
        }
        if let Some(member) = self.cc.member(member_id) {
            member.state = "Trying";
            member.last_tier = place;
            member.last_originated = now;
            member.serving_system = "single_box";
            member.serving_agent = if together {
                "ring-all".into()
            } else {
                agent_name.to_owned()
            };
        }
    }

    fn start_offer(&mut self, member_id: &str, agent_name: &str) {
        let now = self.epoch();
        let Some(member) = self.cc.member(member_id).cloned() else {
            return;
        };
        let Some(agent) = self.cc.agent(agent_name).cloned() else {
            return;
        };
        let headers = [
            ("CC-Queue", member.queue.clone()),
            ("CC-Action", "agent-offering".into()),
            ("CC-Agent", agent.name.clone()),
            ("CC-Agent-Type", agent.kind.clone()),
            ("CC-Agent-System", "single_box".into()),
            ("CC-Member-UUID", member.uuid.clone()),
            ("CC-Member-Session-UUID", member.session.clone()),
            ("CC-Member-CID-Name", member.cid_name.clone()),
            ("CC-Member-CID-Number", member.cid_number.clone()),
        ];
        self.emit_cc(None, &headers);
        let id = self.id();
        let vars = self.agent_leg_vars(&member, &agent.name);
        let contact = self.expand(&member.session, &agent.contact);
        let dial = self.new_dial(DialOwner::Offer { offer: id }, &contact, vars, 60);
        self.cc.offers.push(Offer {
            id,
            queue: member.queue,
            agent: agent.name,
            member: member.uuid,
            session: member.session,
            cid_name: member.cid_name,
            cid_number: member.cid_number,
            joined: member.joined_epoch,
            called: now,
            answered: 0,
            dial,
            agent_uuid: None,
            on_demand: agent.status == "Available (On Demand)",
            ending: false,
        });
        self.next_group(dial);
    }

    /// Variables of the agent's leg; exported ones come from the member's leg.
    fn agent_leg_vars(&self, member: &super::Member, agent: &str) -> Vec<(String, String)> {
        let mut vars: Vec<(String, String)> = [
            ("cc_queue", member.queue.as_str()),
            ("cc_queue_joined_epoch", &member.joined_epoch.to_string()),
            ("cc_member_uuid", &member.uuid),
            ("cc_member_session_uuid", &member.session),
            ("cc_member_pre_answer_uuid", &member.uuid),
            ("cc_agent", agent),
            ("cc_agent_type", "callback"),
            ("cc_side", "agent"),
            ("loopback_bowout", "false"),
            ("ignore_early_media", "true"),
            ("origination_caller_id_name", &member.cid_name),
            ("origination_caller_id_number", &member.cid_number),
            ("originate_early_media", "false"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        if let Some(leg) = self.channels.get(member.session.as_str())
            && let Some(list) = leg.var("cc_export_vars")
        {
            vars.push(("cc_export_vars".into(), list.to_owned()));
            for name in list.split(',') {
                if let Some(value) = leg.var(name.trim()) {
                    vars.push((name.trim().to_owned(), value.to_owned()));
                }
            }
        }
        vars
    }

    fn offer(&mut self, id: u64) -> Option<Offer> {
        self.cc.offers.iter().find(|offer| offer.id == id).cloned()
    }

    /// The agent's leg was answered: bridge it with the member.
    pub(crate) fn offer_answered(&mut self, id: u64, agent_leg: &str) {
        let now = self.epoch();
        let Some(mut offer) = self.offer(id) else { return };
        let member_waits = self.cc.member(&offer.member).is_some_and(|m| m.state == "Trying");
        let member_up = self
            .channels
            .get(offer.session.as_str())
            .is_some_and(|leg| !leg.ended);
        if !member_waits || !member_up {
            self.cc.offers.retain(|other| other.id != id);
            self.hangup_by_switch(agent_leg, Cause::ORIGINATOR_CANCEL);
            return self.offer_was_cancelled(&offer);
        }
        offer.answered = now;
        offer.agent_uuid = Some(agent_leg.into());
        if let Some(row) = self.cc.offers.iter_mut().find(|row| row.id == id) {
            *row = offer.clone();
        }
        // Whoever else rings for this member loses the race (ring-all).
        let losers: Vec<Offer> = self
            .cc
            .offers
            .iter()
            .filter(|o| o.member == offer.member && o.id != id && o.answered == 0)
            .cloned()
            .collect();
        self.cc
            .offers
            .retain(|o| o.member != offer.member || o.id == id || o.answered > 0);
        if let Some(leg) = self.channel(agent_leg) {
            leg.set("cc_member_pre_answer_uuid", "");
        }
        let mut headers = vec![
            ("CC-Queue", offer.queue.clone()),
            ("CC-Action", "bridge-agent-start".into()),
            ("CC-Agent", offer.agent.clone()),
            ("CC-Agent-System", "single_box".into()),
            ("CC-Agent-UUID", agent_leg.to_owned()),
            ("CC-Agent-Called-Time", offer.called.to_string()),
            ("CC-Agent-Answered-Time", now.to_string()),
            ("CC-Member-Joined-Time", offer.joined.to_string()),
        ];
        headers.extend(member_headers(&offer));
        self.emit_cc(Some(agent_leg), &headers);
        let session = offer.session.clone();
        self.start_template_recording(&session, &offer.queue);
        for loser in &losers {
            self.cancel_dial(loser.dial, Cause::LOSE_RACE);
        }
        self.introduce(&session, agent_leg);
        self.stop_queue_music(&session, &offer.member, "done");
        self.emit_members_count(&offer.queue);
        for loser in &losers {
            self.fail_offer(loser, Cause::LOSE_RACE);
        }
        if let Some(leg) = self.channel(&session) {
            leg.set("cc_agent_uuid", agent_leg);
            leg.set("cc_cause", "answered");
            leg.set("cc_agent", &offer.agent);
            leg.set("cc_agent_bridged", "true");
            leg.set("cc_queue_answered_epoch", &now.to_string());
            leg.generation += 1;
        }
        if let Some(leg) = self.channel(agent_leg) {
            leg.set("cc_agent_bridged", "true");
        }
        self.complete_app(&session, "_none_");
        self.uuid_bridge(&session, agent_leg);
        if let Some(member) = self.cc.member(&offer.member) {
            member.state = "Answered";
            member.bridge_epoch = now;
            member.serving_agent.clone_from(&offer.agent);
        }
        if let Some(queue) = self.cc.queue(&offer.queue) {
            queue.calls_answered += 1;
        }
        if let Some(agent) = self.cc.agent(&offer.agent) {
            agent_leg.clone_into(&mut agent.uuid);
            agent.last_bridge_start = now;
            agent.calls_answered += 1;
            agent.no_answer_count = 0;
        }
        self.set_tier_state(&offer.queue, &offer.agent, "Active Inbound");
        self.set_agent_state(&offer.agent, "In a queue call");
    }

    fn start_template_recording(&mut self, session: &str, queue: &str) {
        let template = self
            .cc
            .queue(queue)
            .map(|queue| queue.text("record-template", "").to_owned())
            .unwrap_or_default();
        if template.is_empty() {
            return;
        }
        let path = self.expand(session, &template);
        if let Some(leg) = self.channel(session) {
            leg.set("cc_record_filename", &path);
        }
        self.start_recording(session, &path, false);
    }

    /// Nobody answered.
    pub(crate) fn offer_failed(&mut self, id: u64, cause: Cause) {
        let Some(offer) = self.offer(id) else { return };
        self.cc.offers.retain(|other| other.id != id);
        self.fail_offer(&offer, cause);
    }

    fn fail_offer(&mut self, offer: &Offer, cause: Cause) {
        let now = self.epoch();
        let others = self.cc.offers.iter().any(|other| other.member == offer.member);
        if let Some(member) = self.cc.member(&offer.member)
            && member.state == "Trying"
            && !others
        {
            member.state = "Waiting";
            member.serving_agent.clear();
            member.serving_system = "";
        }
        let Some(agent) = self.cc.agent(&offer.agent).cloned() else {
            return;
        };
        let no_answer_status = self
            .cc
            .queue(&offer.queue)
            .map(|q| q.text("agent-no-answer-status", "On Break").to_owned())
            .unwrap_or_default();
        let mut tier_state = "Ready";
        let delay = match cause.name() {
            "LOSE_RACE" | "ORIGINATOR_CANCEL" => 0,
            "USER_BUSY" | "NORMAL_CIRCUIT_CONGESTION" => agent.busy_delay_time,
            "CALL_REJECTED" => agent.reject_delay_time,
            // Against a fast loop on a phone that is gone.
            "USER_NOT_REGISTERED" => 5,
            _ => {
                tier_state = "No Answer";
                if let Some(agent) = self.cc.agent(&offer.agent) {
                    agent.no_answer_count += 1;
                }
                if agent.max_no_answer > 0 && agent.no_answer_count + 1 >= agent.max_no_answer {
                    self.emit_cc(
                        None,
                        &[
                            ("CC-Agent", agent.name.clone()),
                            ("CC-Action", "agent-max-no-answer".into()),
                            ("CC-Agent-No-Answer-Count", agent.max_no_answer.to_string()),
                            ("CC-Agent-No-Answer-Status", no_answer_status.clone()),
                            ("CC-Member-UUID", offer.member.clone()),
                            ("CC-Member-Session-UUID", offer.session.clone()),
                        ],
                    );
                    self.set_agent_status(&agent.name, &no_answer_status);
                }
                agent.no_answer_delay_time
            }
        };
        if delay > 0
            && let Some(agent) = self.cc.agent(&offer.agent)
        {
            agent.ready_time = now + delay;
        }
        let mut headers = vec![
            ("CC-Queue", offer.queue.clone()),
            ("CC-Action", "bridge-agent-fail".into()),
            ("CC-Hangup-Cause", cause.name().into()),
            ("CC-Agent", offer.agent.clone()),
            ("CC-Agent-System", "single_box".into()),
            ("CC-Agent-Called-Time", offer.called.to_string()),
            ("CC-Agent-Aborted-Time", now.to_string()),
        ];
        headers.extend(member_headers(offer));
        headers.push(("CC-Member-Joined-Time", offer.joined.to_string()));
        self.emit_cc(None, &headers);
        self.free_agent(offer, tier_state, false);
    }

    /// The agent can be offered again (or is Idle when he is On Demand).
    fn free_agent(&mut self, offer: &Offer, tier_state: &str, bridged: bool) {
        for tier in self.cc.tiers.iter_mut().filter(|tier| tier.agent == offer.agent) {
            let mine = tier.queue == offer.queue;
            if mine && matches!(tier.state.as_str(), "Active Inbound" | "Standby" | "Offering") {
                tier_state.clone_into(&mut tier.state);
            } else if !mine && tier.state == "Standby" {
                tier.state = "Ready".into();
            }
        }
        let state = if offer.on_demand && bridged {
            "Idle"
        } else {
            "Waiting"
        };
        self.set_agent_state(&offer.agent, state);
        self.arm_tick_if_waiting();
    }

    fn arm_tick_if_waiting(&mut self) {
        if self
            .cc
            .members
            .iter()
            .any(|member| matches!(member.state, "Waiting" | "Trying"))
        {
            self.arm_queue_tick();
        }
    }

    /// Takes the ringing offers of a member away and ends their legs; the events come later.
    pub(crate) fn cancel_offers_of(&mut self, member: &str) -> Vec<Offer> {
        let cancelled: Vec<Offer> = self
            .cc
            .offers
            .iter()
            .filter(|o| o.member == member && o.answered == 0)
            .cloned()
            .collect();
        self.cc.offers.retain(|o| o.member != member || o.answered > 0);
        for offer in &cancelled {
            self.cancel_dial(offer.dial, Cause::ORIGINATOR_CANCEL);
        }
        cancelled
    }

    pub(crate) fn offer_was_cancelled(&mut self, offer: &Offer) {
        self.fail_offer(offer, Cause::ORIGINATOR_CANCEL);
    }

    /// An agent left `Available` while his phone rings: the ring is cancelled.
    pub(crate) fn cancel_offers_to(&mut self, agent: &str) {
        let ringing: Vec<Offer> = self
            .cc
            .offers
            .iter()
            .filter(|o| o.agent == agent && o.answered == 0)
            .cloned()
            .collect();
        self.cc.offers.retain(|o| o.agent != agent || o.answered > 0);
        for offer in ringing {
            self.cancel_dial(offer.dial, Cause::ORIGINATOR_CANCEL);
            self.fail_offer(&offer, Cause::ORIGINATOR_CANCEL);
        }
    }

    /// The agent's leg has hung up; mod_callcenter notices within its poll.
    pub(crate) fn agent_leg_ended(&mut self, uuid: &str) {
        for offer in &mut self.cc.offers {
            if offer.agent_uuid.as_deref() == Some(uuid) && !offer.ending {
                offer.ending = true;
                let id = offer.id;
                return self.after(40 * MS, Timer::OfferEnd { offer: id });
            }
        }
    }

    /// bridge-agent-end, member-queue-end, state Waiting, and then the legs may go (surprises 59).
    pub(crate) fn offer_ended(&mut self, id: u64) {
        let now = self.epoch();
        let Some(offer) = self.offer(id) else { return };
        let agent_leg = offer.agent_uuid.clone().unwrap_or_else(|| "".into());
        let times = [
            ("CC-Agent-Called-Time", offer.called.to_string()),
            ("CC-Agent-Answered-Time", offer.answered.to_string()),
        ];
        let mut headers = vec![
            ("CC-Queue", offer.queue.clone()),
            ("CC-Action", "bridge-agent-end".into()),
            ("CC-Hangup-Cause", Cause::SUCCESS.name().into()),
            ("CC-Agent", offer.agent.clone()),
            ("CC-Agent-System", "single_box".into()),
            ("CC-Agent-UUID", agent_leg.to_string()),
            ("CC-Agent-Bridged", "true".into()),
        ];
        headers.extend(times.clone());
        headers.push(("CC-Member-Joined-Time", offer.joined.to_string()));
        headers.push(("CC-Bridge-Terminated-Time", now.to_string()));
        headers.extend(member_headers(&offer));
        self.emit_cc(Some(&agent_leg), &headers);
        if let Some(leg) = self.channel(&offer.session) {
            leg.set("cc_queue_terminated_epoch", &now.to_string());
        }
        if let Some(agent) = self.cc.agent(&offer.agent) {
            agent.uuid.clear();
            agent.last_bridge_end = now;
            agent.talk_time += now - agent.last_bridge_start;
        }
        self.cc.members.retain(|member| member.uuid != offer.member);
        let mut headers = vec![
            ("CC-Queue", offer.queue.clone()),
            ("CC-Action", "member-queue-end".into()),
            ("CC-Hangup-Cause", Cause::SUCCESS.name().into()),
            ("CC-Cause", "Terminated".into()),
            ("CC-Agent", offer.agent.clone()),
            ("CC-Agent-System", "single_box".into()),
            ("CC-Agent-UUID", agent_leg.to_string()),
        ];
        headers.extend(times);
        headers.push(("CC-Member-Leaving-Time", now.to_string()));
        headers.push(("CC-Member-Joined-Time", offer.joined.to_string()));
        headers.extend(member_headers(&offer));
        let session = offer.session.clone();
        self.emit_cc(Some(&session), &headers);
        self.cc.offers.retain(|other| other.id != id);
        self.free_agent(&offer, "Ready", true);
        for leg in [agent_leg.to_string(), session] {
            if self.channels.get(leg.as_str()).is_some_and(|leg| leg.ended) {
                self.destroy(&leg);
            }
        }
    }

    /// `callcenter_track`: the leg counts as an external call of the agent until it ends.
    pub(crate) fn track_agent(&mut self, uuid: &str, name: &str) {
        let name = name.trim().to_owned();
        let Some(agent) = self.cc.agent(&name) else { return };
        agent.external_calls += 1;
        if let Some(leg) = self.channel(uuid) {
            leg.set("cc_tracked_agent", &name);
            leg.tracked_agent = Some(name);
        }
    }

    pub(crate) fn untrack_agent(&mut self, uuid: &str) {
        let Some(name) = self
            .channels
            .get_mut(uuid)
            .and_then(|leg| leg.tracked_agent.take())
        else {
            return;
        };
        if let Some(agent) = self.cc.agent(&name) {
            agent.external_calls -= 1;
        }
        self.arm_tick_if_waiting();
    }

    fn set_tier_state(&mut self, queue: &str, agent: &str, state: &str) {
        for tier in self
            .cc
            .tiers
            .iter_mut()
            .filter(|tier| tier.queue == queue && tier.agent == agent)
        {
            state.clone_into(&mut tier.state);
        }
    }
}

fn member_headers(offer: &Offer) -> [(&'static str, String); 4] {
    [
        ("CC-Member-UUID", offer.member.clone()),
        ("CC-Member-Session-UUID", offer.session.clone()),
        ("CC-Member-CID-Name", offer.cid_name.clone()),
        ("CC-Member-CID-Number", offer.cid_number.clone()),
    ]
}
