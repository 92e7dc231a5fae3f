//! The tables of callcenter.db, and how callcenter.conf fills them.

use crate::clock::{Micros, SECOND};
use crate::event::Str;
use crate::xml::Node;

/// Words of the `status` axis: what the agent says he is.
pub(crate) const STATUSES: [&str; 4] = ["Logged Out", "Available", "Available (On Demand)", "On Break"];
/// Words of the `state` axis: what the queue does with him.
pub(crate) const STATES: [&str; 5] = ["Idle", "Waiting", "Receiving", "In a queue call", "Reserved"];
/// Words of the tier's own axis.
pub(crate) const TIER_STATES: [&str; 6] = [
    "No Answer",
    "Ready",
    "Offering",
    "Active Inbound",
    "Standby",
    "Unknown",
];

/// A row of `queue list`.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) calls_answered: u64,
    pub(crate) calls_abandoned: u64,
    pub(crate) last_agent_exist: u64,
    pub(crate) last_agent_check: u64,
}

impl Queue {
    fn read(node: &Node) -> Option<Self> {
        Some(Self {
            name: node.attribute("name")?.to_owned(),
            params: node.params("param"),
            calls_answered: 0,
            calls_abandoned: 0,
            last_agent_exist: 0,
            last_agent_check: 0,
        })
    }

    pub(crate) fn text(&self, name: &str, otherwise: &'static str) -> &str {
        self.params
            .iter()
            .find(|(key, _)| key == name)
            .map_or(otherwise, |(_, value)| value.as_str())
    }

    pub(crate) fn number(&self, name: &str, otherwise: u64) -> u64 {
        self.text(name, "").parse().unwrap_or(otherwise)
    }

    pub(crate) fn flag(&self, name: &str, otherwise: bool) -> bool {
        let text = self.text(name, "");
        if text.is_empty() {
            otherwise
        } else {
            crate::engine::channel::truthy(text)
        }
    }

    pub(crate) fn strategy(&self) -> &str {
        self.text("strategy", "longest-idle-agent")
    }
}

/// A row of `agent list`. Times are epoch seconds.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) uuid: String,
    pub(crate) contact: String,
    pub(crate) status: String,
    pub(crate) state: String,
    pub(crate) max_no_answer: u64,
    pub(crate) wrap_up_time: u64,
    pub(crate) reject_delay_time: u64,
    pub(crate) busy_delay_time: u64,
    pub(crate) no_answer_delay_time: u64,
    pub(crate) last_bridge_start: u64,
    pub(crate) last_bridge_end: u64,
    pub(crate) last_offered_call: u64,
    pub(crate) last_status_change: u64,
    pub(crate) no_answer_count: u64,
    pub(crate) calls_answered: u64,
    pub(crate) talk_time: u64,
    pub(crate) ready_time: u64,
    pub(crate) external_calls: i64,
}

impl Agent {
    pub(crate) fn new(name: &str, kind: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            uuid: String::new(),
            contact: String::new(),
            status: "Logged Out".into(),
            state: "Waiting".into(),
            max_no_answer: 0,
            wrap_up_time: 0,
            reject_delay_time: 0,
            busy_delay_time: 0,
            no_answer_delay_time: 0,
            last_bridge_start: 0,
            last_bridge_end: 0,
            last_offered_call: 0,
            last_status_change: 0,
            no_answer_count: 0,
            calls_answered: 0,
            talk_time: 0,
            ready_time: 0,
            external_calls: 0,
        }
    }
}

/// A row of `tier list`.
#[derive(Debug, Clone)]
pub(crate) struct Tier {
    pub(crate) queue: String,
    pub(crate) agent: String,
    pub(crate) state: String,
    pub(crate) level: u64,
    pub(crate) position: u64,
}

/// A row of `queue list members`. Times are epoch seconds.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) uuid: String,
    pub(crate) queue: String,
    pub(crate) session: String,
    pub(crate) cid_number: String,
    pub(crate) cid_name: String,
    pub(crate) system_epoch: u64,
    pub(crate) joined_epoch: u64,
    pub(crate) rejoined_epoch: u64,
    pub(crate) bridge_epoch: u64,
    pub(crate) abandoned_epoch: u64,
    pub(crate) base_score: u64,
    pub(crate) serving_agent: String,
    pub(crate) serving_system: &'static str,
    pub(crate) state: &'static str,
    /// When this session joined; differs from `joined_epoch` after a resume.
    pub(crate) called: u64,
    /// When the music began.
    pub(crate) music_started: Micros,
    /// Last tier tried, for top-down.
    pub(crate) last_tier: (u64, u64),
    pub(crate) last_originated: u64,
}

/// One agent's phone rings (or talks) for one member.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) id: u64,
    pub(crate) queue: String,
    pub(crate) agent: String,
    pub(crate) member: String,
    pub(crate) session: String,
    pub(crate) cid_name: String,
    pub(crate) cid_number: String,
    pub(crate) joined: u64,
    pub(crate) called: u64,
    pub(crate) answered: u64,
    pub(crate) dial: u64,
    pub(crate) agent_uuid: Option<Str>,
    /// The agent's status when the offer began (On Demand agents become Idle afterwards).
    pub(crate) on_demand: bool,
    pub(crate) ending: bool,
}

/// All tables.
#[derive(Debug, Default)]
pub(crate) struct CallCenter {
    pub(crate) queues: Vec<Queue>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) tiers: Vec<Tier>,
    pub(crate) members: Vec<Member>,
    pub(crate) offers: Vec<Offer>,
    pub(crate) tick_armed: bool,
}

impl CallCenter {
    pub(crate) fn queue(&mut self, name: &str) -> Option<&mut Queue> {
        self.queues.iter_mut().find(|queue| queue.name == name)
    }

    pub(crate) fn agent(&mut self, name: &str) -> Option<&mut Agent> {
        self.agents.iter_mut().find(|agent| agent.name == name)
    }

    pub(crate) fn member(&mut self, uuid: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.uuid == uuid)
    }

    pub(crate) fn has_queue(&self, name: &str) -> bool {
        self.queues.iter().any(|queue| queue.name == name)
    }

    /// While an answered offer lives, its legs' CHANNEL_DESTROY waits (surprises 59).
    pub(crate) fn holds(&self, uuid: &str) -> bool {
        self.offers.iter().any(|offer| {
            offer.answered > 0 && (offer.agent_uuid.as_deref() == Some(uuid) || offer.session == uuid)
        })
    }

    /// Loads a whole callcenter.conf, or only the named queue with the agents and tiers of the document.
    pub(crate) fn load(&mut self, configuration: &Node, only: Option<&str>) -> Vec<AgentLoad> {
        let mut queues = Vec::new();
        configuration.find_all("queue", &mut queues);
        for queue in queues.into_iter().filter_map(Queue::read) {
            if only.is_none_or(|only| only == queue.name) {
                self.queues.retain(|known| known.name != queue.name);
                self.queues.push(queue);
            }
        }
        let loads = self.load_agents(configuration, None);
        self.load_tiers(configuration);
        loads
    }

    /// Attributes are re-applied over the rows; what the attributes do not name stays (facts.md §4).
    pub(crate) fn load_agents(&mut self, configuration: &Node, only: Option<&str>) -> Vec<AgentLoad> {
        let mut nodes = Vec::new();
        configuration.find_all("agent", &mut nodes);
        let mut loads = Vec::new();
        for node in nodes {
            let Some(name) = node.attribute("name") else {
                continue;
            };
            if only.is_some_and(|only| only != name) {
                continue;
            }
            if !self.agents.iter().any(|agent| agent.name == name) {
                self.agents
                    .push(Agent::new(name, node.attribute("type").unwrap_or("callback")));
            }
            let Some(agent) = self.agent(name) else { continue };
            let number = |key: &str| node.attribute(key).and_then(|value| value.parse::<u64>().ok());
            for (key, field) in [
                ("max-no-answer", &mut agent.max_no_answer),
                ("wrap-up-time", &mut agent.wrap_up_time),
                ("reject-delay-time", &mut agent.reject_delay_time),
                ("busy-delay-time", &mut agent.busy_delay_time),
                ("no-answer-delay-time", &mut agent.no_answer_delay_time),
            ] {
                if let Some(value) = number(key) {
                    *field = value;
                }
            }
            let contact = node.attribute("contact").map(str::to_owned);
            let status = node.attribute("status").map(str::to_owned);
            if let Some(contact) = &contact {
                agent.contact.clone_from(contact);
            }
            if let Some(status) = &status {
                agent.status.clone_from(status);
            }
            loads.push(AgentLoad {
                name: name.to_owned(),
                contact,
                status,
            });
        }
        loads
    }

    pub(crate) fn load_tiers(&mut self, configuration: &Node) {
        let mut nodes = Vec::new();
        configuration.find_all("tier", &mut nodes);
        for node in nodes {
            let (Some(queue), Some(agent)) = (node.attribute("queue"), node.attribute("agent")) else {
                continue;
            };
            let number = |key: &str| {
                node.attribute(key)
                    .and_then(|value| value.parse().ok())
                    .unwrap_or(1)
            };
            let (level, position) = (number("level"), number("position"));
            match self
                .tiers
                .iter_mut()
                .find(|tier| tier.queue == queue && tier.agent == agent)
            {
                Some(tier) => (tier.level, tier.position) = (level, position),
                None => self.tiers.push(Tier {
                    queue: queue.to_owned(),
                    agent: agent.to_owned(),
                    state: "Ready".into(),
                    level,
                    position,
                }),
            }
        }
    }

    /// At load all states are reset, members become Abandoned; status and counters survive (facts.md §4).
    pub(crate) fn after_restart(&mut self, now: Micros) {
        for agent in &mut self.agents {
            agent.state = "Waiting".into();
            agent.uuid.clear();
            agent.external_calls = 0;
        }
        for tier in &mut self.tiers {
            tier.state = "Ready".into();
        }
        for member in &mut self.members {
            member.state = "Abandoned";
            member.session.clear();
            member.abandoned_epoch = now / SECOND;
        }
        self.queues.clear();
        self.offers.clear();
        self.tick_armed = false;
    }
}

/// What a (re)load applied to an agent; each of them fires an event.
#[derive(Debug)]
pub(crate) struct AgentLoad {
    pub(crate) name: String,
    pub(crate) contact: Option<String>,
    pub(crate) status: Option<String>,
}
