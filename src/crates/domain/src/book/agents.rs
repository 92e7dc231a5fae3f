//! News of agents, phones and gateways.

use super::{CallBook, Changes, limits};
use crate::agent::{AgentState, AgentStatus, CallcenterState};
use crate::event::{AgentChange, AgentEvent, GatewayChange, GatewayEvent, RegistrationEvent};
use chrono::{DateTime, Duration, Utc};

/// A registered phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Extension number.
    pub extension: String,
    /// Contact as the switch holds it.
    pub contact: String,
    /// `network-ip`:`network-port`.
    pub address: String,
    /// `user-agent`.
    pub user_agent: String,
    /// When the switch drops it: nominal expiry and its margin of 60 s (51, 52).
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when we know it.
    pub since: DateTime<Utc>,
}

/// A gateway as the switch sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayView {
    /// Its name.
    pub name: String,
    /// `REGED`, `NOREG`, `TRYING`… A registering gateway leaves REGED for some two seconds at each refresh (53).
    pub state: String,
    /// Answer to the pings; without registration the only word on up or down (54).
    pub ping_up: Option<bool>,
    /// SIP status of the last registration.
    pub sip_status: Option<i32>,
    /// Its phrase.
    pub phrase: Option<String>,
    /// Since when state and ping are so.
    pub since: DateTime<Utc>,
    /// Since when it cannot be used; `None` while it can.
    pub down_since: Option<DateTime<Utc>>,
}

/// A refresh takes some two seconds in which the gateway is not REGED (53).
const FLAP: Duration = Duration::seconds(10);

impl GatewayView {
    fn new(name: &str, at: DateTime<Utc>) -> Self {
        Self {
            name: name.to_owned(),
            state: String::new(),
            ping_up: None,
            sip_status: None,
            phrase: None,
            since: at,
            down_since: None,
        }
    }

    /// Whether calls can go through it as far as the last news tells.
    fn is_up(&self) -> bool {
        matches!(self.state.as_str(), "REGED" | "NOREG") && self.ping_up != Some(false)
    }

    /// Whether it is down for longer than a refresh takes: the alarm.
    pub fn is_down(&self, now: DateTime<Utc>) -> bool {
        match self.down_since {
            None => false,
            Some(_)
                if self.ping_up == Some(false) || matches!(self.state.as_str(), "FAILED" | "FAIL_WAIT") =>
            {
                true
            }
            Some(since) => now >= since + FLAP,
        }
    }

    pub(super) fn set(&mut self, state: &str, ping_up: Option<bool>, at: DateTime<Utc>) {
        if self.state != state || (ping_up.is_some() && self.ping_up != ping_up) {
            self.since = at;
        }
        state.clone_into(&mut self.state);
        self.ping_up = ping_up.or(self.ping_up);
        self.down_since = if self.is_up() {
            None
        } else {
            self.down_since.or(Some(at))
        };
    }
}

impl CallBook {
    /// An agent, made known if it is not; `None` beyond the limit.
    pub(super) fn agent_mut(&mut self, extension: &str) -> Option<&mut AgentState> {
        if !self.agents.contains_key(extension) {
            if self.agents.len() >= limits::NAMES {
                self.ignored += 1;
                return None;
            }
            self.agents
                .insert(extension.to_owned(), AgentState::new(extension));
        }
        self.agents.get_mut(extension)
    }

    pub(super) fn apply_agent(&mut self, event: &AgentEvent, at: DateTime<Utc>, changes: &mut Changes) {
        let Some(agent) = self.agent_mut(&event.agent) else {
            return;
        };
        let changed = match event.change {
            // Setting the same status again tells it again (57): no change, and the clock goes on.
            AgentChange::Status(status) => agent.set_status(status, at),
            AgentChange::State(state) => agent.set_state(state, at),
            AgentChange::Added => true,
        };
        if changed {
            changes.touch_agent(&event.agent);
        }
    }

    pub(super) fn apply_registration(
        &mut self,
        event: &RegistrationEvent,
        at: DateTime<Utc>,
        changes: &mut Changes,
    ) {
        let extension = &event.extension;
        if !event.registered {
            if self.registrations.remove(extension).is_some() {
                changes.registrations.push(extension.clone());
                changes.touch_agent(extension);
            }
            return;
        }
        let known = self.registrations.get(extension);
        if known.is_none() && self.registrations.len() >= limits::NAMES {
            self.ignored += 1;
            return;
        }
        let registration = Registration {
            extension: extension.clone(),
            contact: event.contact.clone().unwrap_or_default(),
            address: event.address.clone().unwrap_or_default(),
            user_agent: event.user_agent.clone().unwrap_or_default(),
            expires_at: event.expires_secs.map(|secs| at + Duration::seconds(secs + 60)),
            since: known.map_or(at, |known| known.since),
        };
        if known.is_none() {
            changes.touch_agent(extension);
        }
        self.registrations.insert(extension.clone(), registration);
        changes.registrations.push(extension.clone());
    }

    pub(super) fn apply_gateway(&mut self, event: &GatewayEvent, at: DateTime<Utc>, changes: &mut Changes) {
        let name = &event.gateway;
        if event.change == GatewayChange::Deleted {
            if self.gateways.remove(name).is_some() {
                changes.gateways.push(name.clone());
            }
            return;
        }
        if !self.gateways.contains_key(name) && self.gateways.len() >= limits::NAMES {
            self.ignored += 1;
            return;
        }
        let gateway = self
            .gateways
            .entry(name.clone())
            .or_insert_with(|| GatewayView::new(name, at));
        if let GatewayChange::State {
            state,
            ping_up,
            sip_status,
            phrase,
        } = &event.change
        {
            gateway.set(state, *ping_up, at);
            // Only REGISTER and FAILED tell the answer (53).
            gateway.sip_status = sip_status.or(gateway.sip_status);
            if phrase.is_some() {
                gateway.phrase.clone_from(phrase);
            }
        }
        changes.gateways.push(name.clone());
    }

    pub(super) fn gateway_entry(&mut self, name: &str, at: DateTime<Utc>) -> &mut GatewayView {
        self.gateways
            .entry(name.to_owned())
            .or_insert_with(|| GatewayView::new(name, at))
    }

    /// One agent.
    pub fn agent(&self, extension: &str) -> Option<&AgentState> {
        self.agents.get(extension)
    }

    /// All agents that are known.
    pub fn agents(&self) -> impl Iterator<Item = &AgentState> {
        self.agents.values()
    }

    /// The phone of an extension.
    pub fn registration(&self, extension: &str) -> Option<&Registration> {
        self.registrations.get(extension)
    }

    /// All registered phones.
    pub fn registrations(&self) -> impl Iterator<Item = &Registration> {
        self.registrations.values()
    }

    /// All gateways that are known.
    pub fn gateways(&self) -> impl Iterator<Item = &GatewayView> {
        self.gateways.values()
    }
}

impl AgentState {
    /// Sets the first axis; `false` if it is so already or the news is old.
    pub(super) fn set_status(&mut self, status: AgentStatus, at: DateTime<Utc>) -> bool {
        if self.status_since.is_some_and(|since| at < since)
            || (self.status == status && self.status_since.is_some())
        {
            return false;
        }
        self.status = status;
        self.status_since = Some(at);
        true
    }

    /// Sets the second axis; `false` if it is so already or the news is old.
    pub(super) fn set_state(&mut self, state: CallcenterState, at: DateTime<Utc>) -> bool {
        if self.state_since.is_some_and(|since| at < since)
            || (self.state == state && self.state_since.is_some())
        {
            return false;
        }
        self.state = state;
        self.state_since = Some(at);
        true
    }
}
