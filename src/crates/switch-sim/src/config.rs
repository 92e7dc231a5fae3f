//! What kind of switch to be: identity, where to ask, who is on the phone.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::ClockMode;

/// A text that is not printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An HTTP address that is posted to with Basic auth, sent without being asked.
#[derive(Debug, Clone)]
pub struct HttpTarget {
    /// Where to post.
    pub url: String,
    /// Basic auth user.
    pub user: String,
    /// Basic auth password.
    pub password: Secret,
    /// The switch has no default: without one it waits for ever (facts.md §1).
    pub timeout: Duration,
}

/// Answers XML requests inside the process; the form fields go in, a document comes out.
pub type LocalXml = Arc<dyn Fn(&[(String, String)]) -> Option<String> + Send + Sync>;

/// Who serves directory, dialplan and configuration.
#[derive(Clone, Default)]
pub enum XmlSource {
    /// Nobody: every lookup fails as it does when the server is away.
    #[default]
    Nobody,
    /// mod_xml_curl.
    Http(HttpTarget),
    /// A function, for tests.
    Local(LocalXml),
}

impl fmt::Debug for XmlSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("Nobody"),
            Self::Http(target) => f.debug_tuple("Http").field(target).finish(),
            Self::Local(_) => f.write_str("Local"),
        }
    }
}

/// How a phone behaves when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pickup {
    /// Rings until somebody says answer: `uuid_phone_event talk`, `sim phone <user> answer`.
    Manual,
    /// Answers after `low..=high` milliseconds and hangs up after `talk_low..=talk_high` milliseconds of
    /// talk (0 = never by itself).
    Auto {
        /// Shortest ringing.
        low: u64,
        /// Longest ringing.
        high: u64,
        /// Shortest talk; 0 and 0 means the other side hangs up.
        talk_low: u64,
        /// Longest talk.
        talk_high: u64,
    },
    /// Rings and nobody comes.
    NoAnswer,
    /// Refuses after so many milliseconds with this SIP status (486 busy, 603 rejected, 480 unavailable).
    Refuse {
        /// Milliseconds of ringing before the refusal; 0 refuses without ringing.
        after: u64,
        /// SIP status.
        status: u16,
    },
}

impl Pickup {
    /// Answers after exactly `ms` and never hangs up by itself.
    pub fn after(ms: u64) -> Self {
        Self::Auto {
            low: ms,
            high: ms,
            talk_low: 0,
            talk_high: 0,
        }
    }
}

/// A telephone that can register with the switch.
#[derive(Debug, Clone)]
pub struct PhoneConfig {
    /// User part, the extension number.
    pub user: String,
    /// Its password; checked against the directory that is served.
    pub password: Secret,
    /// Register at the start and again before expiry.
    pub register: bool,
    /// Behaviour when called.
    pub pickup: Pickup,
    /// UDP port the phone seems to have.
    pub port: u16,
    /// Seconds it registers for.
    pub expires: u64,
}

impl PhoneConfig {
    /// A desk phone that registers and waits to be answered by hand.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        let user = user.into();
        let port = 5000
            + user
                .bytes()
                .fold(0u16, |sum, byte| (sum * 10 + u16::from(byte % 10)) % 5000);
        Self {
            user,
            password: Secret::new(password),
            register: true,
            pickup: Pickup::Manual,
            port,
            expires: 3600,
        }
    }

    /// The same phone with another behaviour.
    #[must_use]
    pub fn pickup(mut self, pickup: Pickup) -> Self {
        self.pickup = pickup;
        self
    }
}

/// What the far end of a gateway does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 180, then 200 after `ring` ms; hangs up after `talk` ms (0 = waits for the other side).
    Answer {
        /// Milliseconds of ringing.
        ring: u64,
        /// Milliseconds of talk.
        talk: u64,
    },
    /// 183 with media, then 200 after `media` ms; hangs up after `talk` ms (0 = waits).
    EarlyAnswer {
        /// Milliseconds of early media.
        media: u64,
        /// Milliseconds of talk.
        talk: u64,
    },
    /// 180 and nothing more.
    NoAnswer,
    /// A SIP refusal after `after` ms.
    Refuse {
        /// Milliseconds before the refusal.
        after: u64,
        /// SIP status.
        status: u16,
    },
}

/// A gateway's far end: the first rule whose suffix fits the dialled number decides.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Name as in sofia.conf; `*` fits every gateway that has no entry of its own.
    pub name: String,
    /// Number suffix → outcome.
    pub rules: Vec<(String, Outcome)>,
    /// When no rule fits.
    pub otherwise: Outcome,
    /// Far end answers pings.
    pub up: bool,
}

impl GatewayConfig {
    /// Numbers ending in 486, 480, 404, 603, 503 are refused with it, 408 is never answered, 183 has early
    /// media, all others answer after one second.
    pub fn standard(name: impl Into<String>) -> Self {
        let refuse = |status: u16| (status.to_string(), Outcome::Refuse { after: 0, status });
        Self {
            name: name.into(),
            rules: vec![
                refuse(486),
                refuse(480),
                refuse(404),
                refuse(603),
                refuse(503),
                ("408".into(), Outcome::NoAnswer),
                ("183".into(), Outcome::EarlyAnswer { media: 2000, talk: 0 }),
            ],
            otherwise: Outcome::Answer { ring: 1000, talk: 0 },
            up: true,
        }
    }
}

/// Invented outside callers for demos and load.
#[derive(Debug, Clone)]
pub struct GeneratorConfig {
    /// Numbers that are called.
    pub numbers: Vec<String>,
    /// Mean rate.
    pub calls_per_hour: u64,
    /// Of 100 callers so many give up after `patience_secs` when nobody has answered.
    pub impatient_percent: u64,
    /// Patience of the impatient, from–to seconds.
    pub patience_secs: (u64, u64),
    /// Talk before the caller hangs up, from–to seconds.
    pub talk_secs: (u64, u64),
    /// No further call while so many outside callers are on the line.
    pub max_concurrent: usize,
}

/// Everything a simulator needs to start.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// Event Socket address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Event Socket password.
    pub password: Secret,
    /// `switchname` of switch.conf, also the hostname.
    pub switchname: String,
    /// SIP domain of the phones.
    pub domain: String,
    /// mod_xml_curl.
    pub xml: XmlSource,
    /// mod_json_cdr; `None` takes url and credentials from the served json_cdr.conf, if there is one.
    pub cdr: Option<HttpTarget>,
    /// Where records go that could not be posted (`err-log-dir`).
    pub cdr_spool: Option<PathBuf>,
    /// Pause between attempts to post a record; the switch has one second.
    pub cdr_retry_delay: Duration,
    /// `$${recordings_dir}`; also where the wav files are written.
    pub recordings_dir: PathBuf,
    /// Write wav files at RECORD_STOP.
    pub write_recordings: bool,
    /// Further global variables, for `$${…}` in served documents; they replace those of the same name.
    pub globals: Vec<(String, String)>,
    /// Decides ids, jitter and callers.
    pub seed: u64,
    /// Real or virtual time.
    pub clock: ClockMode,
    /// Phones.
    pub phones: Vec<PhoneConfig>,
    /// Far ends of gateways.
    pub gateways: Vec<GatewayConfig>,
    /// Invented callers.
    pub generator: Option<GeneratorConfig>,
    /// HEARTBEAT interval; the switch has 20 s.
    pub heartbeat: Duration,
    /// Batching of events per connection; the switch has about 20 ms.
    pub flush_every: Duration,
    /// `max-sessions`.
    pub max_sessions: u64,
}

impl SimConfig {
    /// A seed that differs at every start: a real-time switch must not repeat its uuids.
    pub fn seed_from_clock() -> u64 {
        crate::clock::real_now()
    }
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            password: Secret::new("ClueCon"),
            switchname: "sim1".into(),
            domain: "call.test".into(),
            xml: XmlSource::Nobody,
            cdr: None,
            cdr_spool: None,
            cdr_retry_delay: Duration::from_secs(1),
            recordings_dir: PathBuf::from("recordings"),
            write_recordings: false,
            globals: Vec::new(),
            seed: 1,
            clock: ClockMode::Real,
            phones: Vec::new(),
            gateways: vec![GatewayConfig::standard("*")],
            generator: None,
            heartbeat: Duration::from_secs(20),
            flush_every: Duration::ZERO,
            max_sessions: 1000,
        }
    }
}
