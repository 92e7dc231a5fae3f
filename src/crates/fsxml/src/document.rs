//! The documents as data. Each struct is what its template sees.

use serde::Serialize;

/// A document that the switch may ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// "Not found": the switch goes on to its snapshot and its static files. Only for what is none of our
    /// business; a deleted thing gets its empty container instead (facts.md §0.3).
    NotFound,
    /// A domain of the directory.
    Directory(Directory),
    /// A context of the dialplan.
    Dialplan(Dialplan),
    /// A configuration.
    Configuration(Configuration),
    /// All of it in one file, for the time when we are away.
    Snapshot(Snapshot),
}

/// A configuration document.
#[derive(Debug, Clone, PartialEq)]
pub enum Configuration {
    /// `sofia.conf`.
    Sofia(Sofia),
    /// `callcenter.conf`.
    Callcenter(Callcenter),
    /// `acl.conf`.
    Acl(Acl),
    /// `json_cdr.conf`.
    JsonCdr(JsonCdr),
    /// `httapi.conf`.
    Httapi(Httapi),
    /// `conference.conf`.
    Conference,
    /// `ivr.conf`.
    Ivr,
    /// `local_stream.conf`.
    LocalStream,
    /// A configuration without settings, by its name.
    Empty(&'static str),
}

/// A domain with users. Without users: the domain is ours, the user is not (any more).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Directory {
    /// The domain asked for.
    pub domain: String,
    /// One user for a lookup, all of them in the snapshot.
    pub users: Vec<User>,
}

/// A directory user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Number of the extension.
    pub number: String,
    /// md5(number:domain:password).
    pub a1_hash: String,
    /// Set on the caller's leg after authentication.
    pub variables: Vec<Pair>,
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Name.
    pub name: &'static str,
    /// Value.
    pub value: String,
}

impl Pair {
    /// A pair.
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: value.into(),
        }
    }
}

/// A dialplan context.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Dialplan {
    /// Context asked for.
    pub context: String,
    /// The decided extension, or none, or (in the snapshot) all.
    pub extensions: Vec<Extension>,
}

/// A dialplan extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extension {
    /// Shows in the switch's log.
    pub name: String,
    /// All must hold; the last one carries the actions.
    pub conditions: Vec<Condition>,
}

/// A condition with its actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// Field it looks at; absent = always true.
    pub field: Option<String>,
    /// Regular expression.
    pub expression: String,
    /// When it holds.
    pub actions: Vec<Step>,
    /// When it does not.
    pub otherwise: Vec<Step>,
}

/// An application with its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Application.
    pub application: &'static str,
    /// Data.
    pub data: String,
}

/// SIP profiles and gateways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sofia {
    /// The literal SIP domain, also the realm.
    pub domain: String,
    /// Port of the phones' profile.
    pub internal_port: u16,
    /// Port of the gateways' profile.
    pub external_port: u16,
    /// WebSocket port.
    pub ws_port: Option<u16>,
    /// Secure WebSocket port.
    pub wss_port: Option<u16>,
    /// Codec preference.
    pub codecs: String,
    /// Context of calls that nobody authenticated.
    pub inbound_context: &'static str,
    /// Gateways.
    pub gateways: Vec<Named>,
}

/// A named thing with parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Name on the switch.
    pub name: String,
    /// Parameters in order.
    pub params: Vec<Pair>,
}

/// Queues, agents and tiers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Callcenter {
    /// Queues.
    pub queues: Vec<Named>,
    /// Agents.
    pub agents: Vec<Agent>,
    /// Tiers.
    pub tiers: Vec<Tier>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// Number of the extension.
    pub name: String,
    /// Dial string, ring time included.
    pub contact: String,
    /// `max-no-answer`.
    pub max_no_answer: u32,
    /// Seconds.
    pub wrap_up_secs: u32,
    /// Seconds.
    pub reject_delay_secs: u32,
    /// Seconds.
    pub busy_delay_secs: u32,
    /// Seconds.
    pub no_answer_delay_secs: u32,
}

/// A tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tier {
    /// Agent.
    pub agent: String,
    /// Queue.
    pub queue: String,
    /// Level.
    pub level: u32,
    /// Position.
    pub position: u32,
}

/// Networks that may call through the gateways' profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acl {
    /// In CIDR form.
    pub networks: Vec<String>,
}

/// Where call records go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JsonCdr {
    /// Our address for records.
    pub url: String,
    /// `user:password`.
    pub credentials: String,
}

/// Settings of mod_httapi, through which prompts are fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Httapi {
    /// The module wants some address; it is not used.
    pub url: String,
}

/// The snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Configurations.
    pub configurations: Vec<Configuration>,
    /// The domain with all users; `None` leaves the section out, because an empty section hides the static
    /// fallback (facts.md §1).
    pub directory: Option<Directory>,
    /// Contexts; empty leaves the section out.
    pub contexts: Vec<Dialplan>,
}
