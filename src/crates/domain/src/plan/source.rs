//! The rows a plan is built from. They mirror the configuration tables but know nothing of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::hours::Hours;

/// Everything one voice server needs, as read from the configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanSource {
    /// The server itself.
    pub server: ServerSpec,
    /// Its SIP gateways.
    pub gateways: Vec<GatewaySpec>,
    /// Its extensions.
    pub extensions: Vec<ExtensionSpec>,
    /// Its queues.
    pub queues: Vec<QueueSpec>,
    /// Agents: extensions that may take queue calls.
    pub agents: Vec<AgentSpec>,
    /// Which agent serves which queue.
    pub tiers: Vec<TierSpec>,
    /// Routing rules, in any order.
    pub routes: Vec<RouteSpec>,
    /// Named prompts: what a `sound` field may name → what the switch plays (path or URL).
    pub sounds: BTreeMap<String, String>,
}

/// A voice server.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerSpec {
    /// Key of the row; part of the URLs the switch calls.
    pub id: i64,
    /// The literal SIP domain, written wherever a domain is needed.
    pub sip_domain: String,
    /// Port of the phones' SIP profile.
    pub internal_port: u16,
    /// Port of the gateways' SIP profile.
    pub external_port: u16,
    /// Port for browser phones without TLS.
    pub ws_port: Option<u16>,
    /// Port for browser phones with TLS.
    pub wss_port: Option<u16>,
    /// Codec preference, for instance `OPUS,PCMA,PCMU`.
    pub codecs: String,
    /// Folder for recordings as the switch sees it: absolute, or below `${recordings_dir}`.
    pub record_dir: String,
    /// How the switch reaches us, without a trailing slash.
    pub control_url: String,
    /// User of the credentials which the switch presents.
    pub http_user: String,
    /// Password of these credentials; goes into json_cdr.conf, never into a log.
    pub http_password: String,
}

impl std::fmt::Debug for ServerSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerSpec")
            .field("id", &self.id)
            .field("sip_domain", &self.sip_domain)
            .field("control_url", &self.control_url)
            .finish_non_exhaustive()
    }
}

/// How a gateway is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayKind {
    /// Peer by address, no registration.
    Nni,
    /// We register with a user name.
    Uni,
    /// Registration as an IMS subscriber.
    Ims,
}

/// Transport of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// UDP, the default.
    Udp,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
}

/// A SIP gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct GatewaySpec {
    /// Key of the row.
    pub id: i64,
    /// Name on the switch.
    pub name: String,
    /// How it is attached.
    pub kind: GatewayKind,
    /// Host name or address of the peer.
    pub proxy: String,
    /// Port of the peer; absent = 5060 or what DNS says.
    pub port: Option<u16>,
    /// Realm; absent = the proxy.
    pub realm: Option<String>,
    /// User for registration and challenges.
    pub user_name: Option<String>,
    /// Clear password: the switch needs it to answer challenges.
    pub password: Option<String>,
    /// Whether we register.
    pub register: bool,
    /// Transport.
    pub transport: Transport,
    /// `from-user`.
    pub from_user: Option<String>,
    /// `from-domain`.
    pub from_domain: Option<String>,
    /// `outbound-proxy`, host or host:port.
    pub outbound_proxy: Option<String>,
    /// `register-proxy`, host or host:port.
    pub register_proxy: Option<String>,
    /// Number that inbound calls of a registered gateway arrive at; absent = the called user.
    pub extension: Option<String>,
    /// Whether the caller's number goes into From.
    pub caller_id_in_from: bool,
    /// Seconds between OPTIONS pings; absent = none.
    pub ping_secs: Option<u32>,
    /// Registration expiry in seconds.
    pub expire_secs: u32,
    /// Pause after a failed registration in seconds.
    pub retry_secs: u32,
    /// Digits put before every number sent to this gateway.
    pub add_prefix: String,
    /// Most calls at once; absent = no limit.
    pub max_channels: Option<u32>,
    /// Addresses the peer calls from, as far as the caller of `build` resolved names; addresses written
    /// literally in the proxies are added by `build`.
    pub addresses: Vec<IpAddr>,
    /// Disabled gateways are not served.
    pub is_enabled: bool,
}

impl GatewaySpec {
    /// A peer without registration, with the defaults of a new row.
    pub fn peer(id: i64, name: &str, proxy: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            kind: GatewayKind::Nni,
            proxy: proxy.to_owned(),
            port: None,
            realm: None,
            user_name: None,
            password: None,
            register: false,
            transport: Transport::Udp,
            from_user: None,
            from_domain: None,
            outbound_proxy: None,
            register_proxy: None,
            extension: None,
            caller_id_in_from: true,
            ping_secs: None,
            expire_secs: 600,
            retry_secs: 30,
            add_prefix: String::new(),
            max_channels: None,
            addresses: Vec::new(),
            is_enabled: true,
        }
    }
}

impl std::fmt::Debug for GatewaySpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewaySpec")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

/// What answers when an extension is dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionKind {
    /// A phone.
    Direct,
    /// A menu (not served yet).
    Ivr,
    /// A queue.
    Queue,
    /// A robot (not served yet).
    Robot,
}

/// An extension: a short number, with or without a phone.
#[derive(Clone, PartialEq, Eq)]
pub struct ExtensionSpec {
    /// Key of the row.
    pub id: i64,
    /// The short number, digits only; it is the SIP user and the agent's name too.
    pub number: String,
    /// Shown to the called party.
    pub display_name: String,
    /// What answers.
    pub kind: ExtensionKind,
    /// md5(number:domain:password) in lower-case hex; the clear password stays in the store.
    pub a1_hash: String,
    /// Gateway of this extension for calls out.
    pub gateway_id: Option<i64>,
    /// Queue behind the number, for kind `queue`.
    pub queue_id: Option<i64>,
    /// Whether it may call outside numbers.
    pub may_dial_out: bool,
    /// Whether its calls are recorded.
    pub record: bool,
    /// Outside number shown on calls out.
    pub caller_id_number: Option<String>,
    /// Seconds its phone rings.
    pub ring_secs: u32,
    /// Disabled extensions do not exist for the switch.
    pub is_enabled: bool,
}

impl ExtensionSpec {
    /// A phone with the defaults of a new row.
    pub fn phone(id: i64, number: &str, a1_hash: &str) -> Self {
        Self {
            id,
            number: number.to_owned(),
            display_name: String::new(),
            kind: ExtensionKind::Direct,
            a1_hash: a1_hash.to_owned(),
            gateway_id: None,
            queue_id: None,
            may_dial_out: false,
            record: false,
            caller_id_number: None,
            ring_secs: 30,
            is_enabled: true,
        }
    }

    /// A number that leads into a queue.
    pub fn queue(id: i64, number: &str, queue_id: i64) -> Self {
        Self {
            kind: ExtensionKind::Queue,
            queue_id: Some(queue_id),
            ..Self::phone(id, number, "")
        }
    }
}

impl std::fmt::Debug for ExtensionSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExtensionSpec")
            .field("id", &self.id)
            .field("number", &self.number)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What happens to a caller whom the queue gave back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverflowSpec {
    /// The call ends.
    Hangup,
    /// Into another queue, by its row key.
    Queue(i64),
    /// To an extension, by its number.
    Extension(String),
}

/// A queue; the parameters bear the names and units of mod_callcenter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the switch's own parameters"
)]
pub struct QueueSpec {
    /// Key of the row.
    pub id: i64,
    /// Name on the switch.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// `strategy`.
    pub strategy: String,
    /// `moh-sound`: a name of [`PlanSource::sounds`], a path, a stream or a URL.
    pub moh_sound: String,
    /// `announce-sound`.
    pub announce_sound: Option<String>,
    /// `announce-frequency` in seconds.
    pub announce_frequency_secs: u32,
    /// Whether answered calls are recorded.
    pub record: bool,
    /// `time-base-score` is `system` rather than `queue`.
    pub score_from_system: bool,
    /// `max-wait-time` in seconds, 0 = for ever.
    pub max_wait_secs: u32,
    /// `max-wait-time-with-no-agent` in seconds, 0 = for ever.
    pub max_wait_no_agent_secs: u32,
    /// `max-wait-time-with-no-agent-time-reached` in seconds.
    pub max_wait_no_agent_reached_secs: u32,
    /// `tier-rules-apply`.
    pub tier_rules_apply: bool,
    /// `tier-rule-wait-second`.
    pub tier_rule_wait_secs: u32,
    /// `tier-rule-wait-multiply-level`.
    pub tier_rule_wait_multiply_level: bool,
    /// `tier-rule-no-agent-no-wait`.
    pub tier_rule_no_agent_no_wait: bool,
    /// `abandoned-resume-allowed`.
    pub abandoned_resume_allowed: bool,
    /// `discard-abandoned-after` in seconds.
    pub discard_abandoned_after_secs: u32,
    /// Where callers go whom the queue gives back.
    pub overflow: OverflowSpec,
    /// Disabled queues are not served.
    pub is_enabled: bool,
}

impl QueueSpec {
    /// A queue with the defaults of a new row.
    pub fn new(id: i64, code: &str) -> Self {
        Self {
            id,
            code: code.to_owned(),
            name: code.to_owned(),
            strategy: "longest-idle-agent".to_owned(),
            moh_sound: "hold".to_owned(),
            announce_sound: None,
            announce_frequency_secs: 0,
            record: false,
            score_from_system: false,
            max_wait_secs: 0,
            max_wait_no_agent_secs: 0,
            max_wait_no_agent_reached_secs: 5,
            tier_rules_apply: false,
            tier_rule_wait_secs: 300,
            tier_rule_wait_multiply_level: true,
            tier_rule_no_agent_no_wait: false,
            abandoned_resume_allowed: false,
            discard_abandoned_after_secs: 60,
            overflow: OverflowSpec::Hangup,
            is_enabled: true,
        }
    }
}

/// An agent: an extension that takes queue calls. Its name on the switch is the extension's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSpec {
    /// Key of the row.
    pub id: i64,
    /// The extension.
    pub extension_id: i64,
    /// `max-no-answer`.
    pub max_no_answer: u32,
    /// `wrap-up-time` in seconds.
    pub wrap_up_secs: u32,
    /// `reject-delay-time` in seconds.
    pub reject_delay_secs: u32,
    /// `busy-delay-time` in seconds.
    pub busy_delay_secs: u32,
    /// `no-answer-delay-time` in seconds.
    pub no_answer_delay_secs: u32,
    /// Seconds a queue call rings at the agent.
    pub ring_secs: u32,
}

impl AgentSpec {
    /// An agent with the defaults of a new row.
    pub fn new(id: i64, extension_id: i64) -> Self {
        Self {
            id,
            extension_id,
            max_no_answer: 3,
            wrap_up_secs: 10,
            reject_delay_secs: 10,
            busy_delay_secs: 60,
            no_answer_delay_secs: 5,
            ring_secs: 20,
        }
    }
}

/// Membership of an agent in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierSpec {
    /// The queue.
    pub queue_id: i64,
    /// The agent row (not the extension).
    pub agent_id: i64,
    /// Smaller is tried first.
    pub level: u32,
    /// Order within the level.
    pub position: u32,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    /// To the extension dialled.
    Basic,
    /// Out through a gateway.
    Outbound,
    /// From outside to a short number, with hours.
    Inbound,
    /// Into a queue.
    Queue,
}

/// Who a rule is for: our own phones, or calls from gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteContext {
    /// Calls of registered phones, and calls moved about by agents.
    Internal,
    /// Calls that come in through a gateway.
    Inbound,
}

impl RouteContext {
    /// Name of the dialplan context on the switch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "default",
            Self::Inbound => "public",
        }
    }

    /// The context of this name, if it is one of ours.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Self::Internal),
            "public" => Some(Self::Inbound),
            _ => None,
        }
    }
}

/// A routing rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteSpec {
    /// Key of the row.
    pub id: i64,
    /// Shown in the console and in the dry run.
    pub name: String,
    /// Smaller is tried first; equal positions go by id.
    pub position: i32,
    /// What it does.
    pub kind: RouteKind,
    /// Who it is for.
    pub context: RouteContext,
    /// A number, or a regular expression ([`crate::pattern::Pattern`]).
    pub pattern: String,
    /// Outbound: the gateway; absent = that of the calling extension.
    pub gateway_id: Option<i64>,
    /// Outbound: tried when the first gateway cannot carry the call.
    pub fallback_gateway_id: Option<i64>,
    /// Outbound: digits taken off the front of the number.
    pub strip_digits: u32,
    /// Outbound: digits put before what is left.
    pub add_prefix: String,
    /// Outbound: seconds the far end may ring.
    pub ring_secs: u32,
    /// Record calls of this rule.
    pub record: bool,
    /// Inbound: the short number to go to.
    pub target_number: Option<String>,
    /// Queue and inbound: the queue to go to.
    pub queue_id: Option<i64>,
    /// Inbound and queue: when the rule is open; absent = always.
    pub hours: Option<Hours>,
    /// Prompt outside the hours: a name of [`PlanSource::sounds`], a path, a stream or a URL.
    pub off_hours_prompt: Option<String>,
    /// Disabled rules are skipped.
    pub is_enabled: bool,
}

impl RouteSpec {
    /// A rule with the defaults of a new row; its position is its key.
    pub fn new(id: i64, kind: RouteKind, context: RouteContext, pattern: &str) -> Self {
        Self {
            id,
            name: format!("rule {id}"),
            position: id as i32,
            kind,
            context,
            pattern: pattern.to_owned(),
            gateway_id: None,
            fallback_gateway_id: None,
            strip_digits: 0,
            add_prefix: String::new(),
            ring_secs: 60,
            record: false,
            target_number: None,
            queue_id: None,
            hours: None,
            off_hours_prompt: None,
            is_enabled: true,
        }
    }
}
