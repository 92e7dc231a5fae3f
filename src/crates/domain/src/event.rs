//! What the switch tells, in our words. Decoded by `telephony::decode`; one event concerns one channel, one queue
//! member, one agent, one registration or one gateway.

use crate::agent::{AgentStatus, CallcenterState};
use crate::ids::LegId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// One piece of news from one voice server.
#[derive(Clone, Debug, PartialEq)]
pub struct SwitchEvent {
    /// `Event-Date-Timestamp`: the switch's clock. May step back against the event before (surprises 11).
    pub at: DateTime<Utc>,
    /// `Event-Sequence`; not monotonic on the wire (surprises 11), 0 if absent.
    pub sequence: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// Something about a channel.
    Leg(Box<LegEvent>),
    /// Something about a queue member (`callcenter::info`, member and offer actions).
    Queue(Box<QueueEvent>),
    /// Something about an agent (`callcenter::info`, agent actions).
    Agent(AgentEvent),
    /// A phone registered or went away.
    Registration(RegistrationEvent),
    /// A gateway changed.
    Gateway(GatewayEvent),
    /// `SHUTDOWN`: the HANGUPs of all channels follow (surprises 75).
    Shutdown,
}

/// News of one channel, with what the channel says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct LegEvent {
    /// The channel.
    pub leg: LegId,
    /// What changed.
    pub change: LegChange,
    /// Absolute facts about the channel, true whatever was missed before.
    pub facts: LegFacts,
}

/// What changed on a channel.
#[derive(Clone, Debug, PartialEq)]
pub enum LegChange {
    /// `CHANNEL_CREATE`. Not guaranteed to come (surprises 21).
    Created,
    /// The channel was seen alive (`uuid_dump`, `CHANNEL_ORIGINATE`…): only the facts matter.
    Seen,
    /// `CHANNEL_PROGRESS`, and `CHANNEL_CALLSTATE` RINGING of an outgoing leg.
    Ringing,
    /// `CHANNEL_PROGRESS_MEDIA`: early media (183 with a session description).
    EarlyMedia,
    /// `CHANNEL_ANSWER`.
    Answered,
    /// `CHANNEL_BRIDGE`: sent once, on the A leg (surprises 27); may precede any answer (surprises 25).
    Bridged {
        /// `Bridge-A-Unique-ID`: first in the bridge, not in the call.
        a: LegId,
        /// `Bridge-B-Unique-ID`.
        b: LegId,
    },
    /// `CHANNEL_UNBRIDGE`: the pair is the one of `Bridge-A/B-Unique-ID`; `Other-Leg` may be the new partner
    /// (surprises 27, 37) and is not looked at.
    Unbridged {
        /// `Bridge-A-Unique-ID`.
        a: LegId,
        /// `Bridge-B-Unique-ID`, if told.
        b: Option<LegId>,
    },
    /// `CHANNEL_HOLD`: this party put the other one on hold (surprises 35).
    Held,
    /// `CHANNEL_UNHOLD`; comes in the burst of the hang-up too (surprises 34).
    Retrieved,
    /// `CHANNEL_HANGUP` or, richer, `CHANNEL_HANGUP_COMPLETE`.
    HungUp,
    /// `CHANNEL_DESTROY`: the last word about a channel, sometimes the only one (surprises 21).
    Destroyed,
    /// `RECORD_START`.
    RecordingStarted {
        /// File as the switch sees it.
        path: String,
    },
    /// `RECORD_STOP`; why it stopped is not to be interpreted (surprises 44).
    RecordingStopped {
        /// File as the switch sees it.
        path: String,
        /// `variable_record_ms`, milliseconds.
        duration_ms: Option<i64>,
        /// `variable_record_file_size`, bytes.
        size_bytes: Option<i64>,
    },
    /// `DTMF`.
    Digit {
        /// One of `0-9*#A-D`.
        digit: char,
    },
    /// `CHANNEL_EXECUTE` of an application that ties this leg to another one without a bridge
    /// (`eavesdrop`, `three_way`, `conference`; surprises 39).
    Joined {
        /// How.
        how: JoinKind,
        /// The leg that is listened to, if the application names one.
        target: Option<LegId>,
        /// Name of the conference, without profile and flags.
        room: Option<String>,
    },
}

/// An application that ties legs without `CHANNEL_BRIDGE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// `eavesdrop`: a supervisor listens.
    Eavesdrop,
    /// `three_way`: a supervisor talks too.
    ThreeWay,
    /// `conference`.
    Conference,
}

/// Absolute facts that nearly every channel event repeats. `None` and `false` mean *not told*.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LegFacts {
    /// `Call-Direction` as the switch sees it: `inbound` = the far end called us.
    pub inbound: Option<bool>,
    /// `Channel-Name`, e.g. `sofia/internal/1003@127.0.0.1:5303`.
    pub channel_name: Option<String>,
    /// `Caller-Caller-ID-Number`.
    pub caller_number: Option<String>,
    /// `Caller-Caller-ID-Name`.
    pub caller_name: Option<String>,
    /// `Caller-Destination-Number`; changes with a transfer.
    pub destination: Option<String>,
    /// Destination of the newest profile, where the teller knows both (call records).
    pub routed_to: Option<String>,
    /// Extension behind the channel: authenticated user, dialled user or queue agent; without `@domain`.
    pub extension: Option<String>,
    /// Gateway the channel goes through.
    pub gateway: Option<String>,
    /// `Caller-Channel-Created-Time`.
    pub created_at: Option<DateTime<Utc>>,
    /// `Caller-Channel-Progress-Time` or `-Progress-Media-Time`, the earlier.
    pub ringing_at: Option<DateTime<Utc>>,
    /// `Caller-Channel-Answered-Time`.
    pub answered_at: Option<DateTime<Utc>>,
    /// `Caller-Channel-Bridged-Time`: begin of the newest bridge of the newest caller profile.
    pub bridged_at: Option<DateTime<Utc>>,
    /// `Caller-Channel-Hangup-Time`.
    pub hungup_at: Option<DateTime<Utc>>,
    /// `Caller-Channel-Hold-Accum` (microseconds there), milliseconds.
    pub hold_ms: Option<i64>,
    /// The leg that this one was made for: `variable_originating_leg_uuid` or, for an agent's leg,
    /// `variable_cc_member_session_uuid` (surprises 26). Never `Other-Leg-Unique-ID`: that one changes.
    pub parent: Option<LegId>,
    /// The leg at the other end of the bridge now; only when asked by `uuid_dump`.
    pub partner: Option<LegId>,
    /// Begin of an open hold; only when asked by `uuid_dump`.
    pub held_since: Option<DateTime<Utc>>,
    /// `variable_cc_member_uuid` of an agent's leg: whom it was made for.
    pub serves_member: Option<Uuid>,
    /// How it ended; only on the hang-up events.
    pub end: Option<Box<EndFacts>>,
    /// Our own marks on the channel.
    pub marks: Option<Box<Marks>>,
}

/// How a leg ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndFacts {
    /// `Hangup-Cause`, e.g. `NORMAL_CLEARING`.
    pub cause: Option<String>,
    /// `variable_hangup_cause_q850`.
    pub q850: Option<i32>,
    /// `variable_sip_term_status` or the status in `variable_proto_specific_hangup_cause`.
    pub sip_status: Option<i32>,
    /// `variable_sip_hangup_disposition`.
    pub disposition: Option<HangupDisposition>,
    /// `variable_originate_disposition`: what became of the leg that this one dialled (surprises 29).
    pub originate_disposition: Option<String>,
    /// `variable_last_bridge_hangup_cause`.
    pub last_bridge_cause: Option<String>,
    /// `variable_transfer_disposition` (`recv_replace`, `replaced`, `bridge`…; surprises 36, 37).
    pub transfer_disposition: Option<String>,
    /// `variable_endpoint_disposition` (`ANSWER`, `BLIND_TRANSFER`, `ATTENDED_TRANSFER`…).
    pub endpoint_disposition: Option<String>,
}

/// Who ended a leg, seen from its SIP dialog (`sip_hangup_disposition`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HangupDisposition {
    /// This party hung up.
    RecvBye,
    /// The switch ended it.
    SendBye,
    /// The caller gave up before the answer.
    RecvCancel,
    /// The switch took the invitation back.
    SendCancel,
    /// The phone answered with an error.
    RecvRefuse,
    /// The switch refused the caller.
    SendRefuse,
}

/// Channel variables that our own dialplan and originate commands set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// `cordboard_kind`.
    pub kind: Option<CallKind>,
    /// `cordboard_route`: key of the route that decided.
    pub route_id: Option<i64>,
    /// `cordboard_intent`.
    pub intent: Option<Uuid>,
    /// `cordboard_user`.
    pub user_id: Option<i64>,
}

/// What our dialplan said that a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// From a gateway to us.
    Inbound,
    /// From us through a gateway.
    Outbound,
    /// Between extensions.
    Internal,
    /// Click to dial: the agent's phone rings first (10a to 10d).
    Click,
}

/// News of a queue member.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueEvent {
    /// `CC-Queue`; absent in some agent actions.
    pub queue: Option<String>,
    /// `CC-Member-UUID`.
    pub member: Uuid,
    /// `CC-Member-Session-UUID`: the caller's leg.
    pub session: LegId,
    /// What happened.
    pub change: QueueChange,
}

/// What happened to a queue member. `members-count` is not even decoded: it is wrong after each answer (surprises 61).
#[derive(Clone, Debug, PartialEq)]
pub enum QueueChange {
    /// `member-queue-start`, or `member-queue-resume` after an abandoned call (surprises 66).
    Joined {
        /// Whether the place of an earlier call of this number was given back.
        resumed: bool,
        /// `CC-Member-CID-Number`.
        caller_number: Option<String>,
        /// `CC-Member-CID-Name`.
        caller_name: Option<String>,
    },
    /// `agent-offering`; carries no channel (surprises 68).
    Offered {
        /// Extension of the agent.
        agent: String,
    },
    /// `bridge-agent-fail`: the offer ended without an answer; may come after [`QueueChange::Left`] (surprises 64).
    OfferFailed {
        /// Extension of the agent.
        agent: String,
        /// `CC-Hangup-Cause`: here it *is* the reason.
        cause: Option<String>,
    },
    /// `bridge-agent-start`.
    AgentAnswered {
        /// Extension of the agent.
        agent: String,
        /// `CC-Agent-UUID`.
        agent_leg: Option<LegId>,
    },
    /// `bridge-agent-end`. `CC-Hangup-Cause` is the origination's and not decoded (surprises 62).
    AgentEnded {
        /// Extension of the agent.
        agent: String,
        /// `CC-Agent-UUID`.
        agent_leg: Option<LegId>,
    },
    /// `member-queue-end`.
    Left {
        /// How.
        how: LeaveCause,
        /// Extension of the agent who served, if any.
        agent: Option<String>,
        /// `CC-Agent-UUID`.
        agent_leg: Option<LegId>,
    },
}

/// How a member left its queue (`CC-Cause` and `CC-Cancel-Reason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeaveCause {
    /// `Terminated`: was served.
    Served,
    /// `BREAK_OUT`: hung up, or taken out by transfer or kill: the leg's own end tells which (surprises 63).
    BreakOut,
    /// `TIMEOUT`: max-wait-time.
    Timeout,
    /// `NO_AGENT_TIMEOUT`.
    NoAgent,
    /// `EXIT_WITH_KEY`.
    ExitKey,
    /// Any other reason.
    Other,
}

/// News of an agent. There is none for wrap-up, tier changes and deletion (surprises 57, 60).
#[derive(Clone, Debug, PartialEq)]
pub struct AgentEvent {
    /// Extension, without `@domain`.
    pub agent: String,
    /// What changed.
    pub change: AgentChange,
}

/// What changed about an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentChange {
    /// `agent-status-change`; repeated when the same status is set again (surprises 57).
    Status(AgentStatus),
    /// `agent-state-change`.
    State(CallcenterState),
    /// `agent-add`.
    Added,
}

/// A phone registered or went away: `sofia::register`, `unregister` or `expire` only. `pre_register` and
/// `register_attempt` say nothing (surprises 49, 50).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationEvent {
    /// `from-user`, or `user` in `expire` (surprises 51).
    pub extension: String,
    /// `false` for `unregister` and `expire`.
    pub registered: bool,
    /// `contact` as sent.
    pub contact: Option<String>,
    /// `user-agent`.
    pub user_agent: Option<String>,
    /// `network-ip`:`network-port`.
    pub address: Option<String>,
    /// `expires`, seconds from now.
    pub expires_secs: Option<i64>,
}

/// A gateway changed (`sofia::gateway_state`, `_add`, `_delete`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayEvent {
    /// Its name.
    pub gateway: String,
    /// What changed.
    pub change: GatewayChange,
}

/// What changed about a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayChange {
    /// `gateway_state`. Flaps at each refresh (surprises 53), `NOREG` for ever without registration (54).
    State {
        /// `State`, e.g. `REGED`, `NOREG`.
        state: String,
        /// `Ping-Status`: `Some(true)` for UP.
        ping_up: Option<bool>,
        /// `Status`, SIP, e.g. 403.
        sip_status: Option<i32>,
        /// `Phrase`.
        phrase: Option<String>,
    },
    /// `gateway_add`.
    Added,
    /// `gateway_delete`.
    Deleted,
}
