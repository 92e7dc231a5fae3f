//! What we ask of a switch, in our words. The text on the wire is the business of `telephony::commands`.

use crate::agent::{AgentStatus, CallcenterState};
use crate::ids::LegId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One request to one voice server. Agents and queues are named as the switch names them: extension number and code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum SwitchCommand {
    /// Makes a callback agent; harmless if it exists.
    AddAgent {
        /// Extension.
        agent: String,
    },
    /// Removes an agent with its tiers; fine if absent (surprises 16).
    DelAgent {
        /// Extension.
        agent: String,
    },
    /// How the agent is reached and how patient the queue is with it.
    SetAgentLimits(AgentLimits),
    /// Sets how the agent's phone is dialled.
    SetAgentContact {
        /// Extension.
        agent: String,
        /// Ring time, seconds; part of the contact because queues have no ring time of their own.
        ring_secs: u32,
        /// Plays the work number to the agent before the talk.
        announce: Option<String>,
    },
    /// Ready, not ready, logged out.
    SetAgentStatus {
        /// Extension.
        agent: String,
        /// Wanted status.
        status: AgentStatus,
    },
    /// On-demand agents go back to waiting by this (surprises 71).
    SetAgentState {
        /// Extension.
        agent: String,
        /// Wanted state.
        state: CallcenterState,
    },
    /// Puts an agent into a queue.
    AddTier(Tier),
    /// Changes level and position.
    SetTier(Tier),
    /// Takes an agent out of a queue; fine if absent (surprises 16).
    DelTier {
        /// Code of the queue.
        queue: String,
        /// Extension.
        agent: String,
    },
    /// Makes a queue known. Resets the status of all agents to the configured one (surprises 58).
    LoadQueue {
        /// Code of the queue.
        queue: String,
    },
    /// Applies changed parameters of a queue. Only while we can answer the switch's request for them.
    ReloadQueue {
        /// Code of the queue.
        queue: String,
    },
    /// Forgets a queue; fine if absent.
    UnloadQueue {
        /// Code of the queue.
        queue: String,
    },
    /// Rings an extension and connects it to a number when it answers.
    Originate(Originate),
    /// Ends a leg.
    Hangup {
        /// The leg.
        leg: LegId,
        /// E.g. `NORMAL_CLEARING`, `CALL_REJECTED`.
        cause: HangupCause,
    },
    /// The party of this leg puts the other on hold.
    Hold {
        /// The agent's own leg.
        leg: LegId,
    },
    /// Ends the hold. Never sent as a toggle.
    Retrieve {
        /// The agent's own leg.
        leg: LegId,
    },
    /// Asks the phone to pick up (NOTIFY `Event: talk`); phones without it keep ringing.
    AnswerPhone {
        /// The ringing leg.
        leg: LegId,
    },
    /// Reads the gateways of a profile anew.
    RescanProfile {
        /// Name of the SIP profile.
        profile: String,
    },
    /// Drops a gateway; a rescan brings back what is configured.
    KillGateway {
        /// Name of the SIP profile.
        profile: String,
        /// Name of the gateway.
        gateway: String,
    },
    /// Reads the access lists anew. Only while we can answer.
    ReloadAcl,
    /// Loads a module that is missing after a start without us.
    LoadModule {
        /// E.g. `mod_callcenter`.
        module: String,
    },
    /// Drops the registrations of an extension.
    FlushRegistration {
        /// Extension.
        extension: String,
    },
}

/// Limits of one agent, all in seconds except the count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentLimits {
    /// Extension.
    pub agent: String,
    /// Unanswered offers before the switch sets On Break; 0 = never.
    pub max_no_answer: u32,
    /// Rest after a call.
    pub wrap_up_secs: u32,
    /// Rest after a rejected offer.
    pub reject_delay_secs: u32,
    /// Rest after a busy phone.
    pub busy_delay_secs: u32,
    /// Rest after an unanswered offer.
    pub no_answer_delay_secs: u32,
}

/// An agent's place in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Code of the queue.
    pub queue: String,
    /// Extension.
    pub agent: String,
    /// Smaller is asked first.
    pub level: u32,
    /// Order inside the level.
    pub position: u32,
}

/// Click to dial: the extension's phone rings first, then the number is routed as if the extension had dialled it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Originate {
    /// Chosen by us, so that the events name it and a lost reply does not matter.
    pub leg: LegId,
    /// The intent this belongs to.
    pub intent: Uuid,
    /// Extension that rings first.
    pub extension: String,
    /// Number to be dialled then.
    pub number: String,
    /// Shown on the extension's phone while it rings.
    pub display_number: String,
    /// How long the extension may ring, seconds.
    pub ring_secs: u32,
    /// Ask the phone to pick up by itself.
    pub auto_answer: bool,
    /// Who pressed the button.
    pub user_id: Option<i64>,
}

/// Causes that we give to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HangupCause {
    /// The ordinary end.
    NormalClearing,
    /// The agent refuses the offer: counts as rejected, not as unanswered.
    CallRejected,
    /// Takes back an invitation.
    OriginatorCancel,
}

impl HangupCause {
    /// The switch's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NormalClearing => "NORMAL_CLEARING",
            Self::CallRejected => "CALL_REJECTED",
            Self::OriginatorCancel => "ORIGINATOR_CANCEL",
        }
    }
}
