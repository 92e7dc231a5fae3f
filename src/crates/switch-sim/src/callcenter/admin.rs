//! `callcenter_config`: the commands that change something (replies of traces 06a and 01d).

use super::model::{Agent, STATES, STATUSES, TIER_STATES, Tier};
use crate::engine::{Engine, Waiting, Wanted};
use crate::xml::Node;

/// A command that needs callcenter.conf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reload {
    Queue(String),
    Agent(String),
    Tier,
}

const USAGE: &str =
    "-USAGE: \ncallcenter_config <target> <args>,\n\tcallcenter_config agent add [name] [type] | \n";

/// Splits at blanks; single quotes keep them (double quotes do not, facts.md §4).
fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut current = String::new();
    let (mut quoted, mut started) = (false, false);
    for character in text.chars() {
        match character {
            '\'' => (quoted, started) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if started {
                    out.push(std::mem::take(&mut current));
                    started = false;
                }
            }
            c => {
                current.push(c);
                started = true;
            }
        }
    }
    if started {
        out.push(current);
    }
    out
}

impl Engine {
    /// `callcenter_config <argument>`.
    pub(crate) fn callcenter_config(&mut self, waiting: Waiting) {
        if !self.modules.contains("mod_callcenter") {
            return self.finish(&waiting, "-ERR callcenter_config Command not found!\n");
        }
        let words = words(&waiting.argument);
        let parts: Vec<&str> = words.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["queue", "load" | "reload", name] => {
                let command = Reload::Queue((*name).to_owned());
                self.ask_for_center(command, waiting.clone(), &[("CC-Queue", name)]);
            }
            ["agent", "reload", name] => {
                let command = Reload::Agent((*name).to_owned());
                self.ask_for_center(command, waiting.clone(), &[]);
            }
            ["tier", "reload", ..] => self.ask_for_center(Reload::Tier, waiting.clone(), &[]),
            ["tier", "add", queue, agent, ..]
                if !self.cc.has_queue(queue) && self.cc.agents.iter().any(|a| a.name == *agent) =>
            {
                let wanted = Wanted::UnknownQueueTier {
                    queue: (*queue).to_owned(),
                    waiting: waiting.clone(),
                };
                self.fetch_configuration("callcenter.conf", &[("CC-Queue", queue)], wanted);
            }
            _ => {
                let text = self.center_command(&parts);
                self.finish(&waiting, text);
            }
        }
    }

    /// A command again, after the queue it named was looked for.
    pub(crate) fn call_center_command_after_load(&mut self, argument: &str) -> String {
        let words = words(argument);
        let parts: Vec<&str> = words.iter().map(String::as_str).collect();
        self.center_command(&parts)
    }

    fn ask_for_center(&mut self, command: Reload, waiting: Waiting, fields: &[(&'static str, &str)]) {
        self.fetch_configuration("callcenter.conf", fields, Wanted::CallCenter { command, waiting });
    }

    /// callcenter.conf has come for a reload. When it did not, the queue is gone and so are its callers' rows
    /// (facts.md §4, "queue reload while the server fails").
    pub(crate) fn call_center_document(&mut self, command: &Reload, waiting: &Waiting, root: Option<&Node>) {
        let configuration = root.and_then(|root| root.find("configuration"));
        let text = match (command, configuration) {
            (Reload::Queue(name), Some(configuration)) => {
                self.cc.queues.retain(|queue| queue.name != *name);
                let loads = self.cc.load(configuration, Some(name));
                if self.cc.has_queue(name) {
                    self.fire_loads(loads);
                    "+OK\n"
                } else {
                    "-ERR Invalid Queue not found!\n"
                }
            }
            (Reload::Queue(name), None) => {
                self.cc.queues.retain(|queue| queue.name != *name);
                self.cc.members.retain(|member| member.queue != *name);
                "-ERR Invalid Queue not found!\n"
            }
            (Reload::Agent(name), Some(configuration)) => {
                let loads = self.cc.load_agents(configuration, Some(name));
                let found = !loads.is_empty();
                self.fire_loads(loads);
                if found {
                    "+OK\n"
                } else {
                    "-ERR Invalid Agent not found!\n"
                }
            }
            (Reload::Tier, Some(configuration)) => {
                self.cc.load_tiers(configuration);
                "+OK\n"
            }
            (Reload::Agent(_), None) => "-ERR Invalid Agent not found!\n",
            (Reload::Tier, None) => "-ERR Invalid Tier not found!\n",
        };
        self.finish(waiting, text);
    }

    /// A queue that was asked for lazily.
    pub(crate) fn load_queue(&mut self, name: &str, root: Option<&Node>) {
        let served = |node: &&Node| {
            let mut queues = Vec::new();
            node.find_all("queue", &mut queues);
            queues.iter().any(|queue| queue.attribute("name") == Some(name))
        };
        if let Some(configuration) = root.and_then(|root| root.find("configuration")).filter(served) {
            let loads = self.cc.load(configuration, Some(name));
            self.fire_loads(loads);
        }
    }

    fn fire_loads(&mut self, loads: Vec<super::model::AgentLoad>) {
        for load in loads {
            if let Some(contact) = load.contact {
                self.emit_agent(
                    &load.name,
                    "agent-contact-change",
                    Some(("CC-Agent-Contact", contact)),
                );
            }
            if let Some(status) = load.status {
                self.emit_agent(
                    &load.name,
                    "agent-status-change",
                    Some(("CC-Agent-Status", status)),
                );
            }
        }
    }

    fn emit_agent(&mut self, name: &str, action: &str, value: Option<(&'static str, String)>) {
        let mut headers = vec![("CC-Agent", name.to_owned()), ("CC-Action", action.to_owned())];
        headers.extend(value);
        self.emit_cc(None, &headers);
    }

    /// Changes the state axis and says so.
    pub(crate) fn set_agent_state(&mut self, name: &str, state: &str) {
        let now = self.epoch();
        let Some(agent) = self.cc.agent(name) else { return };
        state.clone_into(&mut agent.state);
        if state == "Receiving" {
            agent.last_offered_call = now;
        }
        self.emit_agent(
            name,
            "agent-state-change",
            Some(("CC-Agent-State", state.to_owned())),
        );
    }

    /// Changes the status axis: counters are zeroed on becoming Available from another status, ringing offers
    /// are cancelled on leaving it.
    pub(crate) fn set_agent_status(&mut self, name: &str, status: &str) {
        let now = self.epoch();
        let Some(agent) = self.cc.agent(name) else { return };
        if status == "Available" && agent.status != "Available" {
            agent.talk_time = 0;
            agent.calls_answered = 0;
            agent.no_answer_count = 0;
        }
        status.clone_into(&mut agent.status);
        agent.last_status_change = now;
        if status != "Available" {
            self.cancel_offers_to(name);
        }
        self.emit_agent(
            name,
            "agent-status-change",
            Some(("CC-Agent-Status", status.to_owned())),
        );
        self.arm_queue_tick();
    }

    fn center_command(&mut self, parts: &[&str]) -> String {
        match parts {
            ["agent", "add", name, kind] => self.add_agent(name, kind),
            ["agent", "add", name] => self.add_agent(name, "callback"),
            ["agent", "del", name] => {
                self.cc.agents.retain(|agent| agent.name != *name);
                self.cc.tiers.retain(|tier| tier.agent != *name);
                "+OK\n".into()
            }
            // Without quotes the second word of a status is not seen as part of it (surprises 56).
            ["agent", "set", key, name, value, ..] => self.set_agent(key, name, value),
            ["agent", "get", key, name] => self.get_agent(key, name),
            ["tier", "add", queue, agent, rest @ ..] => self.add_tier(queue, agent, rest),
            ["tier", "set", key, queue, agent, value] => self.set_tier(key, queue, agent, value),
            ["tier", "del", queue, agent] => {
                self.cc
                    .tiers
                    .retain(|tier| tier.queue != *queue || tier.agent != *agent);
                "+OK\n".into()
            }
            ["queue", "unload", name] => {
                self.cc.queues.retain(|queue| queue.name != *name);
                "+OK\n".into()
            }
            ["queue", "count", rest @ ..] => self.count(rest),
            ["agent" | "tier" | "queue", "list", ..] => self.center_list(parts),
            _ => USAGE.into(),
        }
    }

    fn add_agent(&mut self, name: &str, kind: &str) -> String {
        if !matches!(kind, "callback" | "uuid-standby") {
            return "-ERR Agent type invalid!\n".into();
        }
        if self.cc.agents.iter().any(|agent| agent.name == name) {
            return "-ERR Agent already exist!\n".into();
        }
        self.cc.agents.push(Agent::new(name, kind));
        let headers = [
            ("CC-Agent", name.to_owned()),
            ("CC-Agent-Type", kind.to_owned()),
            ("CC-Action", "agent-add".to_owned()),
        ];
        self.emit_cc(None, &headers);
        "+OK\n".into()
    }

    fn set_agent(&mut self, key: &str, name: &str, value: &str) -> String {
        let Some(agent) = self.cc.agent(name) else {
            return "-ERR Agent not found!\n".into();
        };
        let number = value.parse::<u64>().unwrap_or(0);
        match key {
            "status" => match STATUSES.iter().find(|status| **status == value) {
                Some(status) => self.set_agent_status(name, status),
                None => return "-ERR Invalid Agent Status!\n".into(),
            },
            "state" => match STATES.iter().find(|state| **state == value) {
                Some(state) => {
                    self.set_agent_state(name, state);
                    self.arm_queue_tick();
                }
                None => return "-ERR Invalid Agent State!\n".into(),
            },
            "contact" => {
                value.clone_into(&mut agent.contact);
                self.emit_agent(
                    name,
                    "agent-contact-change",
                    Some(("CC-Agent-Contact", value.to_owned())),
                );
            }
            "type" if matches!(value, "callback" | "uuid-standby") => value.clone_into(&mut agent.kind),
            "type" => return "-ERR Agent type invalid!\n".into(),
            "ready_time" => agent.ready_time = number,
            "max_no_answer" => agent.max_no_answer = number,
            "wrap_up_time" => agent.wrap_up_time = number,
            "reject_delay_time" => agent.reject_delay_time = number,
            "busy_delay_time" => agent.busy_delay_time = number,
            "no_answer_delay_time" => agent.no_answer_delay_time = number,
            _ => return "-ERR Invalid Agent Update KEY!\n".into(),
        }
        "+OK\n".into()
    }

    /// Even reading fires an event; an empty value is `-ERR no reply` (surprises 57).
    fn get_agent(&mut self, key: &str, name: &str) -> String {
        let Some(agent) = self.cc.agent(name).cloned() else {
            return "-ERR Agent not found!\n".into();
        };
        let (action, header, value) = match key {
            "status" => ("agent-status-get", Some("CC-Agent-Status"), agent.status),
            "state" => ("agent-state-get", Some("CC-Agent-State"), agent.state),
            "uuid" => ("agent-uuid-get", None, agent.uuid),
            _ => return "-ERR Invalid Agent Update KEY!\n".into(),
        };
        let extra = match header {
            Some(header) => Some((header, value.clone())),
            None if value.is_empty() => None,
            None => Some(("CC-Agent-UUID", value.clone())),
        };
        self.emit_agent(name, action, extra);
        value
    }

    fn add_tier(&mut self, queue: &str, agent: &str, rest: &[&str]) -> String {
        if !self.cc.has_queue(queue) {
            return "-ERR Queue not found!\n".into();
        }
        if !self.cc.agents.iter().any(|known| known.name == agent) {
            return "-ERR Agent not found!\n".into();
        }
        if self
            .cc
            .tiers
            .iter()
            .any(|tier| tier.queue == queue && tier.agent == agent)
        {
            return "-ERR Tier already exist!\n".into();
        }
        let number = |at: usize| rest.get(at).and_then(|value| value.parse().ok()).unwrap_or(1);
        self.cc.tiers.push(Tier {
            queue: queue.to_owned(),
            agent: agent.to_owned(),
            state: "Ready".into(),
            level: number(0),
            position: number(1),
        });
        self.arm_queue_tick();
        "+OK\n".into()
    }

    fn set_tier(&mut self, key: &str, queue: &str, agent: &str, value: &str) -> String {
        let found = self
            .cc
            .tiers
            .iter_mut()
            .find(|tier| tier.queue == queue && tier.agent == agent);
        let Some(tier) = found else {
            return "-ERR Agent not found!\n".into();
        };
        match key {
            "level" => tier.level = value.parse().unwrap_or(1),
            "position" => tier.position = value.parse().unwrap_or(1),
            "state" if TIER_STATES.contains(&value) => value.clone_into(&mut tier.state),
            "state" => return "-ERR Invalid Tier State!\n".into(),
            _ => return "-ERR Invalid Tier Update KEY!\n".into(),
        }
        "+OK\n".into()
    }

    fn count(&mut self, parts: &[&str]) -> String {
        self.discard_abandoned();
        let number = match parts {
            [] => self.cc.queues.len(),
            ["members", queue] => self
                .cc
                .members
                .iter()
                .filter(|member| member.queue == *queue)
                .count(),
            ["tiers", queue] => self.cc.tiers.iter().filter(|tier| tier.queue == *queue).count(),
            ["agents", queue, rest @ ..] => self.queue_agents(queue, rest.first(), rest.get(1)).len(),
            _ => return USAGE.into(),
        };
        format!("{number}\n")
    }

    /// Agents of a queue, of one status and state when given.
    pub(super) fn queue_agents(
        &self,
        queue: &str,
        status: Option<&&str>,
        state: Option<&&str>,
    ) -> Vec<&Agent> {
        let in_queue = |agent: &&Agent| {
            self.cc
                .tiers
                .iter()
                .any(|tier| tier.queue == queue && tier.agent == agent.name)
        };
        self.cc
            .agents
            .iter()
            .filter(in_queue)
            .filter(|agent| status.is_none_or(|status| agent.status == **status))
            .filter(|agent| state.is_none_or(|state| agent.state == **state))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn single_quotes_keep_blanks() {
        assert_eq!(
            super::words("agent set status 1003@x 'On Break'"),
            ["agent", "set", "status", "1003@x", "On Break"]
        );
        assert_eq!(super::words("a '' b"), ["a", "", "b"]);
    }
}
