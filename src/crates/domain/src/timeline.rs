//! The time line of a call: what happened, in the words of people who handle calls.

use crate::event::JoinKind;
use crate::ids::{CallId, EntryId, LegId};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// One entry. Mirrors the table `call_events`.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    /// Computed from subject, kind and instant: inserting it twice is harmless.
    pub id: EntryId,
    /// The call it belongs to at the time it was made.
    pub call_id: CallId,
    /// The leg it is about.
    pub leg_id: Option<LegId>,
    /// The switch's clock.
    pub at: DateTime<Utc>,
    /// Order inside the call, from 1; order of arrival, while `at` is the order of happening.
    pub seq: i32,
    /// What happened.
    pub what: Happening,
}

/// What happened. The words of `kind` are stable: they are stored and translated by the console.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// A leg appeared.
    LegCreated {
        /// `inbound` = the far end called us.
        direction: &'static str,
        /// Number of the party.
        number: String,
    },
    /// A phone rings.
    Ringing,
    /// Sound before the answer (announcements of the far network).
    EarlyMedia,
    /// A leg was answered.
    Answered,
    /// A caller entered a queue.
    QueueJoined {
        /// Code of the queue.
        queue: String,
        /// Whether an earlier place was given back.
        resumed: bool,
    },
    /// A waiting caller was offered to an agent.
    Offered {
        /// Code of the queue.
        queue: String,
        /// Extension of the agent.
        agent: String,
    },
    /// An offer ended.
    OfferEnded {
        /// Extension of the agent.
        agent: String,
        /// `answered`, `no_answer`, `rejected`…
        result: &'static str,
    },
    /// A caller left a queue. Whether given up or taken out is known only later (surprises 63): see the visit.
    QueueLeft {
        /// Code of the queue.
        queue: String,
        /// `served`, `break_out`, `timeout`, `no_agent`, `exit_key`, `other`.
        how: &'static str,
    },
    /// Two legs were connected.
    Bridged {
        /// The other leg.
        with: LegId,
    },
    /// Two legs were parted.
    Unbridged {
        /// The other leg, if known.
        with: Option<LegId>,
    },
    /// This party put the other on hold.
    Held,
    /// The hold ended.
    Retrieved,
    /// A key was pressed.
    Dtmf {
        /// The key.
        digit: char,
    },
    /// The conversation moved on to somebody else.
    Transferred {
        /// `blind`, `attended` or `replaced`.
        how: &'static str,
    },
    /// A supervisor or a conference joined in.
    Joined {
        /// How.
        how: JoinKind,
        /// The leg that is listened to.
        target: Option<LegId>,
    },
    /// Two calls became one conversation: the legs of the other call are here now.
    MergedFrom {
        /// The emptied call.
        call: CallId,
    },
    /// A file was opened.
    RecordingStarted {
        /// As the switch sees it.
        path: String,
    },
    /// A file was closed.
    RecordingStopped {
        /// As the switch sees it.
        path: String,
    },
    /// A leg ended.
    HungUp {
        /// `NORMAL_CLEARING`…
        cause: Option<String>,
    },
    /// The whole call was over.
    Ended {
        /// Set if the end was concluded, not seen.
        mark: Option<&'static str>,
    },
}

impl Happening {
    /// The stable word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LegCreated { .. } => "leg_created",
            Self::Ringing => "ringing",
            Self::EarlyMedia => "early_media",
            Self::Answered => "answered",
            Self::QueueJoined { .. } => "queue_joined",
            Self::Offered { .. } => "offered",
            Self::OfferEnded { .. } => "offer_ended",
            Self::QueueLeft { .. } => "queue_left",
            Self::Bridged { .. } => "bridged",
            Self::Unbridged { .. } => "unbridged",
            Self::Held => "held",
            Self::Retrieved => "retrieved",
            Self::Dtmf { .. } => "dtmf",
            Self::Transferred { .. } => "transferred",
            Self::Joined { .. } => "joined",
            Self::MergedFrom { .. } => "merged_from",
            Self::RecordingStarted { .. } => "recording_started",
            Self::RecordingStopped { .. } => "recording_stopped",
            Self::HungUp { .. } => "hung_up",
            Self::Ended { .. } => "ended",
        }
    }

    /// What tells two happenings of one kind, subject and instant apart (ring-all offers several agents at once).
    pub fn discriminator(&self) -> &str {
        match self {
            Self::Offered { agent, .. } | Self::OfferEnded { agent, .. } => agent,
            Self::QueueJoined { queue, .. } | Self::QueueLeft { queue, .. } => queue,
            Self::RecordingStarted { path } | Self::RecordingStopped { path } => path,
            _ => "",
        }
    }

    /// The particulars, for the column `detail`; an empty object if there are none.
    pub fn detail(&self) -> Value {
        match self {
            Self::LegCreated { direction, number } => json!({ "direction": direction, "number": number }),
            Self::QueueJoined { queue, resumed } => json!({ "queue": queue, "resumed": resumed }),
            Self::Offered { queue, agent } => json!({ "queue": queue, "agent": agent }),
            Self::OfferEnded { agent, result } => json!({ "agent": agent, "result": result }),
            Self::QueueLeft { queue, how } => json!({ "queue": queue, "how": how }),
            Self::Bridged { with } => json!({ "with": with }),
            Self::Unbridged { with } => json!({ "with": with }),
            Self::Dtmf { digit } => json!({ "digit": digit }),
            Self::Transferred { how } => json!({ "how": how }),
            Self::Joined { how, target } => json!({ "how": how.as_str(), "target": target }),
            Self::MergedFrom { call } => json!({ "call": call }),
            Self::RecordingStarted { path } | Self::RecordingStopped { path } => json!({ "path": path }),
            Self::HungUp { cause } => json!({ "cause": cause }),
            Self::Ended { mark } => json!({ "mark": mark }),
            Self::Ringing | Self::EarlyMedia | Self::Answered | Self::Held | Self::Retrieved => json!({}),
        }
    }
}

impl JoinKind {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eavesdrop => "eavesdrop",
            Self::ThreeWay => "three_way",
            Self::Conference => "conference",
        }
    }
}
