//! Legs: one channel of the switch each. Instants are absolute facts of the switch's clock, so telling one twice or
//! late changes nothing.

use crate::event::{EndFacts, HangupDisposition, LegFacts};
use crate::ids::{CallId, LegId, ServerId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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

/// Why an end is known although nobody saw it. The worst comes first: it marks the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

/// One leg in memory.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one leg")]
pub struct LegState {
    /// The channel.
    pub id: LegId,
    /// Inbound or outbound.
    pub direction: LegDirection,
    /// `sofia/internal/1003@127.0.0.1:5303`.
    pub channel_name: String,
    /// Number of the calling party as this leg first showed it.
    pub caller_number: String,
    /// Name of the calling party as this leg first showed it.
    pub caller_name: String,
    /// The number first dialled on this leg.
    pub destination: String,
    /// The number dialled last: moves on with transfers.
    pub routed_to: String,
    /// Extension behind the leg.
    pub extension: Option<String>,
    /// Gateway of the leg.
    pub gateway: Option<String>,
    /// Begin.
    pub created_at: DateTime<Utc>,
    /// First ringing or early media; of an inbound leg: when its party first heard it.
    pub ringing_at: Option<DateTime<Utc>>,
    /// Answer.
    pub answered_at: Option<DateTime<Utc>>,
    /// End.
    pub ended_at: Option<DateTime<Utc>>,
    /// Open hold that this party asked for.
    pub held_since: Option<DateTime<Utc>>,
    /// Newest change of hold that was taken in: an older one told late is passed over.
    pub hold_changed_at: Option<DateTime<Utc>>,
    /// Closed holds that this party asked for, milliseconds.
    pub hold_ms: i64,
    /// What the closed holds were when the open one began: the switch's own sum and ours must not be added up.
    pub hold_ms_before: i64,
    /// Whether early media was told.
    pub early_media: bool,
    /// Whether a transfer by this party was told.
    pub transferred: bool,
    /// How it ended.
    pub end: EndFacts,
    /// Which side ended it.
    pub ended_by: Option<HangupBy>,
    /// Set if the end was concluded, not seen.
    pub end_mark: Option<EndMark>,
    /// User, from our mark on the channel.
    pub user_id: Option<i64>,
    /// Route, from our mark on the channel.
    pub route_id: Option<i64>,
    /// The leg this one was made for.
    pub parent: Option<LegId>,
    /// The queue member that this agent's leg was made for.
    pub serves_member: Option<Uuid>,
    /// Listens or joins in; never a party of the conversation.
    pub supervises: bool,
    /// Events told of it.
    pub from_events: bool,
    /// A call record told of it.
    pub from_cdr: bool,
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
    /// A leg of which only its begin is known.
    pub fn new(id: LegId, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            direction: LegDirection::Inbound,
            channel_name: String::new(),
            caller_number: String::new(),
            caller_name: String::new(),
            destination: String::new(),
            routed_to: String::new(),
            extension: None,
            gateway: None,
            created_at,
            ringing_at: None,
            answered_at: None,
            ended_at: None,
            held_since: None,
            hold_changed_at: None,
            hold_ms: 0,
            hold_ms_before: 0,
            early_media: false,
            transferred: false,
            end: EndFacts::default(),
            ended_by: None,
            end_mark: None,
            user_id: None,
            route_id: None,
            parent: None,
            serves_member: None,
            supervises: false,
            from_events: false,
            from_cdr: false,
        }
    }

    /// Whether the leg is alive.
    pub fn is_live(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether the leg was answered.
    pub fn is_answered(&self) -> bool {
        self.answered_at.is_some()
    }

    /// Whether the leg goes to the outside: through a gateway, or through another profile than the one of the phones.
    pub fn is_external(&self) -> bool {
        let profile = self
            .channel_name
            .strip_prefix("sofia/")
            .and_then(|rest| rest.split('/').next());
        self.gateway.is_some() || profile.is_some_and(|name| name != PHONE_PROFILE)
    }

    /// The number of the party at the other end of the leg.
    pub fn party_number(&self) -> &str {
        match (self.direction, &self.extension) {
            (LegDirection::Inbound, _) => &self.caller_number,
            // The contact of a browser phone is a random word; the extension is who it is.
            (LegDirection::Outbound, Some(extension)) => extension,
            (LegDirection::Outbound, None) => &self.destination,
        }
    }

    /// The name of the party at the other end of the leg, if it announced one.
    pub fn party_name(&self) -> &str {
        match self.direction {
            LegDirection::Inbound => &self.caller_name,
            LegDirection::Outbound => "",
        }
    }

    /// Takes over what does not change any more: the first telling wins, so order and repetition do not matter.
    /// Instants that mark a transition (ringing, answer, end) are the business of the call.
    pub fn learn(&mut self, facts: &LegFacts) {
        if let Some(inbound) = facts.inbound {
            self.direction = if inbound {
                LegDirection::Inbound
            } else {
                LegDirection::Outbound
            };
        }
        fill(&mut self.channel_name, facts.channel_name.as_ref());
        fill(&mut self.caller_number, facts.caller_number.as_ref());
        fill(&mut self.caller_name, facts.caller_name.as_ref());
        fill(&mut self.destination, facts.destination.as_ref());
        // After the record came, an event can only be a late one.
        if let Some(destination) = facts.routed_to.as_ref().or(facts.destination.as_ref())
            && (!self.from_cdr || self.routed_to.is_empty() || facts.routed_to.is_some())
            && self.routed_to != *destination
        {
            self.routed_to.clone_from(destination);
        }
        if self.extension.is_none() {
            self.extension.clone_from(&facts.extension);
        }
        if self.gateway.is_none() {
            self.gateway.clone_from(&facts.gateway);
        }
        self.parent = self.parent.or(facts.parent);
        self.serves_member = self.serves_member.or(facts.serves_member);
        if let Some(marks) = &facts.marks {
            self.user_id = self.user_id.or(marks.user_id);
            self.route_id = self.route_id.or(marks.route_id);
        }
        if let Some(hold_ms) = facts.hold_ms {
            self.hold_ms = self.hold_ms.max(hold_ms);
        }
    }

    /// Closes the open hold; `false` if there is none or the news is older than what is known.
    pub fn close_hold(&mut self, at: DateTime<Utc>) -> bool {
        let Some(since) = self.held_since.filter(|since| *since <= at) else {
            return false;
        };
        let closed = self.hold_ms_before + (at - since).num_milliseconds();
        self.hold_ms = self.hold_ms.max(closed);
        self.held_since = None;
        self.hold_changed_at = Some(at);
        true
    }

    /// Takes over how the leg ended; the hang-up tells little, its completion and the record more.
    pub fn learn_end(&mut self, end: &EndFacts) {
        let known = &mut self.end;
        for (mine, told) in [
            (&mut known.cause, &end.cause),
            (&mut known.originate_disposition, &end.originate_disposition),
            (&mut known.last_bridge_cause, &end.last_bridge_cause),
            (&mut known.transfer_disposition, &end.transfer_disposition),
            (&mut known.endpoint_disposition, &end.endpoint_disposition),
        ] {
            if told.is_some() {
                mine.clone_from(told);
            }
        }
        known.q850 = end.q850.or(known.q850);
        known.sip_status = end.sip_status.or(known.sip_status);
        known.disposition = end.disposition.or(known.disposition);
        self.ended_by = end.disposition.map(HangupBy::from).or(self.ended_by);
    }
}

/// The profile that phones register at; every other one leads outside. The served configuration has these two.
const PHONE_PROFILE: &str = "internal";

fn fill(mine: &mut String, told: Option<&String>) {
    if mine.is_empty()
        && let Some(told) = told
    {
        mine.clone_from(told);
    }
}
