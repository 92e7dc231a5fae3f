//! Agents as the switch's queueing knows them. Three axes that move on their own, never one enum: the *status* that
//! a person chose, the *state* of the machine, and the *tier state* per queue (mod_callcenter.c, `cc_agent_status_t`,
//! `cc_agent_state_t`, `cc_tier_state_t`).

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// What the person (or a supervisor, or the no-answer rule) chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// Not in the queues.
    #[default]
    LoggedOut,
    /// Takes calls.
    Available,
    /// Takes one call, then waits to be asked for (surprises 71).
    AvailableOnDemand,
    /// Not ready.
    OnBreak,
}

impl AgentStatus {
    /// The switch's word.
    pub fn switch_word(self) -> &'static str {
        match self {
            Self::LoggedOut => "Logged Out",
            Self::Available => "Available",
            Self::AvailableOnDemand => "Available (On Demand)",
            Self::OnBreak => "On Break",
        }
    }

    /// Reads the switch's word.
    pub fn from_switch(word: &str) -> Option<Self> {
        [
            Self::LoggedOut,
            Self::Available,
            Self::AvailableOnDemand,
            Self::OnBreak,
        ]
        .into_iter()
        .find(|status| status.switch_word().eq_ignore_ascii_case(word))
    }

    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Available => "available",
            Self::AvailableOnDemand => "available_on_demand",
            Self::OnBreak => "on_break",
        }
    }
}

/// What the queueing machine does with the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallcenterState {
    /// On demand, after a call: not offered until set to waiting (surprises 71).
    Idle,
    /// May be offered; also right after a call, during the wrap-up (surprises 60).
    #[default]
    Waiting,
    /// Is being offered a call.
    Receiving,
    /// Talks with a queue caller.
    InAQueueCall,
    /// Held back for an offer (`reserve-agents`).
    Reserved,
}

impl CallcenterState {
    /// The switch's word.
    pub fn switch_word(self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::Waiting => "Waiting",
            Self::Receiving => "Receiving",
            Self::InAQueueCall => "In a queue call",
            Self::Reserved => "Reserved",
        }
    }

    /// Reads the switch's word.
    pub fn from_switch(word: &str) -> Option<Self> {
        [
            Self::Idle,
            Self::Waiting,
            Self::Receiving,
            Self::InAQueueCall,
            Self::Reserved,
        ]
        .into_iter()
        .find(|state| state.switch_word().eq_ignore_ascii_case(word))
    }

    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Receiving => "receiving",
            Self::InAQueueCall => "in_a_queue_call",
            Self::Reserved => "reserved",
        }
    }
}

/// What one queue does with the agent. No event tells it (surprises 57): only snapshots do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TierState {
    /// Not known or none.
    #[default]
    NoAnswer,
    /// Can be offered.
    Ready,
    /// Is being offered.
    Offering,
    /// Serves a caller of this queue.
    ActiveInbound,
    /// Serves a caller of another queue.
    Standby,
}

impl TierState {
    /// Reads the switch's word; an unknown one is [`TierState::NoAnswer`].
    pub fn from_switch(word: &str) -> Self {
        match word {
            "Ready" => Self::Ready,
            "Offering" => Self::Offering,
            "Active Inbound" => Self::ActiveInbound,
            "Standby" => Self::Standby,
            _ => Self::NoAnswer,
        }
    }
}

/// One agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentState {
    /// Extension number, which is also the agent's name on the switch.
    pub extension: String,
    /// First axis.
    pub status: AgentStatus,
    /// Since when; `None` = not seen to change.
    pub status_since: Option<DateTime<Utc>>,
    /// Second axis.
    pub state: CallcenterState,
    /// Since when; `None` = not seen to change.
    pub state_since: Option<DateTime<Utc>>,
    /// Third axis: queue code and tier state, from snapshots.
    pub tiers: Vec<(String, TierState)>,
    /// End of the last queue call: the wrap-up counts from here (surprises 60).
    pub last_bridge_end: Option<DateTime<Utc>>,
    /// Configured wrap-up, seconds, from snapshots.
    pub wrap_up_secs: i64,
}

impl AgentState {
    /// An agent of whom nothing is known but the name.
    pub fn new(extension: &str) -> Self {
        Self {
            extension: extension.to_owned(),
            status: AgentStatus::default(),
            status_since: None,
            state: CallcenterState::default(),
            state_since: None,
            tiers: Vec::new(),
            last_bridge_end: None,
            wrap_up_secs: 0,
        }
    }

    /// Until when the agent rests after the last queue call; `None` if the rest is over or there was none.
    /// Neither a state nor an event of the switch marks it (surprises 57, 60).
    pub fn wrap_up_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let until = self.last_bridge_end? + Duration::seconds(self.wrap_up_secs);
        (self.wrap_up_secs > 0 && now < until && self.state != CallcenterState::InAQueueCall).then_some(until)
    }

    /// Whether the switch would offer a waiting caller now. It looks at nothing else: not at the agent's own calls
    /// (surprises 70), not at the registration (05j).
    pub fn can_be_offered(&self, now: DateTime<Utc>) -> bool {
        matches!(
            self.status,
            AgentStatus::Available | AgentStatus::AvailableOnDemand
        ) && self.state == CallcenterState::Waiting
            && self.wrap_up_until(now).is_none()
    }
}
