//! Legs: one channel of the switch each. Instants are absolute facts of the switch's clock, so telling one twice or
//! late changes nothing.

use crate::event::{HangupDisposition, LegFacts, Marks};
use crate::ids::{CallId, LegId, ServerId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the party of a leg is in its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegRole {
    /// Began the call.
    Caller,
    /// A queue agent, or the agent who clicked to dial.
    Agent,
    /// Was called.
    Callee,
    /// Belonged to the consultation that became part of this call by an attended transfer.
    Consult,
    /// Listens or joins in.
    Supervisor,
    /// Anything else.
    Other,
}

impl LegRole {
    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Agent => "agent",
            Self::Callee => "callee",
            Self::Consult => "consult",
            Self::Supervisor => "supervisor",
            Self::Other => "other",
        }
    }
}

/// Who set up the leg, seen from the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegDirection {
    /// The far end called the switch.
    Inbound,
    /// The switch called the far end.
    Outbound,
}

impl LegDirection {
    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// Why an end is known although nobody saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndMark {
    /// The switch stopped or crashed with the call up.
    SwitchLost,
    /// A resync found the channel gone.
    Resync,
    /// Only the call record told.
    Cdr,
}

impl EndMark {
    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SwitchLost => "switch_lost",
            Self::Resync => "resync",
            Self::Cdr => "cdr",
        }
    }

    /// Reads the word of the tables.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::SwitchLost, Self::Resync, Self::Cdr]
            .into_iter()
            .find(|mark| mark.as_str() == word)
    }
}

/// One leg.
#[derive(Clone, Debug, PartialEq)]
pub struct LegState {
    /// The channel.
    pub id: LegId,
    /// Inbound or outbound; `None` while only somebody else has mentioned the leg.
    pub direction: Option<LegDirection>,
    /// What it is in its call; see [`LegRole`].
    pub role: LegRole,
    /// `sofia/internal/1003@127.0.0.1:5303`.
    pub channel_name: String,
    /// Number of the calling party as this leg shows it.
    pub caller_number: String,
    /// Name of the calling party as this leg shows it.
    pub caller_name: String,
    /// The number first dialled on this leg; a transfer does not change it here.
    pub destination: String,
    /// Extension behind the leg.
    pub extension: Option<String>,
    /// Gateway of the leg.
    pub gateway: Option<String>,
    /// Begin.
    pub created_at: DateTime<Utc>,
    /// First ringing or early media.
    pub ringing_at: Option<DateTime<Utc>>,
    /// Answer.
    pub answered_at: Option<DateTime<Utc>>,
    /// End.
    pub ended_at: Option<DateTime<Utc>>,
    /// Open hold that this party asked for.
    pub held_since: Option<DateTime<Utc>>,
    /// Closed holds that this party asked for, milliseconds.
    pub hold_ms: i64,
    /// How it ended.
    pub end: crate::event::EndFacts,
    /// Our marks on the channel.
    pub marks: Marks,
    /// The leg this one was made for.
    pub parent: Option<LegId>,
    /// Events told of it.
    pub from_events: bool,
    /// A call record told of it.
    pub from_cdr: bool,
    /// Set if the end was concluded, not seen.
    pub end_mark: Option<EndMark>,
}

/// Which side ended the leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HangupBy {
    /// The party of this leg: hung up, gave up or refused.
    #[serde(rename = "self")]
    Party,
    /// The switch: because of the other leg, the dialplan, a command or a time-out.
    Switch,
}

impl HangupBy {
    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Party => "self",
            Self::Switch => "switch",
        }
    }
}

impl From<HangupDisposition> for HangupBy {
    fn from(disposition: HangupDisposition) -> Self {
        match disposition {
            HangupDisposition::RecvBye | HangupDisposition::RecvCancel | HangupDisposition::RecvRefuse => {
                Self::Party
            }
            HangupDisposition::SendBye | HangupDisposition::SendCancel | HangupDisposition::SendRefuse => {
                Self::Switch
            }
        }
    }
}

/// One leg as stored. Mirrors the table `legs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegRecord {
    /// The channel.
    pub id: LegId,
    /// Its call.
    pub call_id: CallId,
    /// Where.
    pub server_id: ServerId,
    /// What it is in its call.
    pub role: LegRole,
    /// Inbound or outbound.
    pub direction: LegDirection,
    /// Number of the party at the other end of this leg.
    pub number: String,
    /// Name of that party.
    pub name: String,
    /// Extension behind the leg.
    pub extension: Option<String>,
    /// User, from our mark on the channel.
    pub user_id: Option<i64>,
    /// Gateway of the leg.
    pub gateway: Option<String>,
    /// Name of the channel.
    pub channel_name: String,
    /// Begin.
    pub created_at: DateTime<Utc>,
    /// First ringing.
    pub ringing_at: Option<DateTime<Utc>>,
    /// Answer.
    pub answered_at: Option<DateTime<Utc>>,
    /// First connection to another leg; may precede the answer (surprises 25).
    pub first_bridged_at: Option<DateTime<Utc>>,
    /// End.
    pub ended_at: Option<DateTime<Utc>>,
    /// Time that this party kept others on hold, milliseconds.
    pub hold_ms: i64,
    /// Time in conversation (both sides answered and connected, hold included), milliseconds.
    pub talk_ms: i64,
    /// `NORMAL_CLEARING`…
    pub hangup_cause: Option<String>,
    /// Q.850 number of the cause.
    pub q850: Option<i32>,
    /// SIP status.
    pub sip_status: Option<i32>,
    /// Which side ended it.
    pub hangup_by: Option<HangupBy>,
    /// What became of the leg that this one dialled (surprises 29).
    pub originate_disposition: Option<String>,
    /// Events told of it.
    pub from_events: bool,
    /// A call record told of it.
    pub from_cdr: bool,
    /// Set if the end was concluded, not seen.
    pub end_mark: Option<EndMark>,
}

impl LegState {
    /// A leg that somebody mentioned.
    pub fn new(id: LegId, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            direction: None,
            role: LegRole::Other,
            channel_name: String::new(),
            caller_number: String::new(),
            caller_name: String::new(),
            destination: String::new(),
            extension: None,
            gateway: None,
            created_at,
            ringing_at: None,
            answered_at: None,
            ended_at: None,
            held_since: None,
            hold_ms: 0,
            end: crate::event::EndFacts::default(),
            marks: Marks::default(),
            parent: None,
            from_events: false,
            from_cdr: false,
            end_mark: None,
        }
    }

    /// Takes over what the channel says about itself. What is known stays.
    pub fn learn(&mut self, _facts: &LegFacts) {}
}
