//! The switch itself: a state machine without I/O. Inputs are method calls with the time set before;
//! everything that must happen outside is collected as [`Output`] and drained by the driver.

mod bridge;
pub(crate) mod channel;
mod control;
mod dialling;
mod digits;
mod exec;
mod far;
mod fetch;
mod fire;
mod hangup;
mod inbound;
mod ivr;
mod media;
mod routing;
mod run;
mod stamps;
mod timers;
mod vars;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::callcenter::CallCenter;
use crate::clock::Micros;
use crate::config::SimConfig;
use crate::demo::Generator;
use crate::event::{Event, Str};
use crate::protocol::LogLine;
use crate::rng::Rng;
use crate::sofia::Sofia;
pub(crate) use channel::{CallState, Channel, Far};
pub(crate) use control::Deed;
use control::Script;
use dialling::Dial;
pub(crate) use dialling::DialOwner;
pub(crate) use exec::Ran;
pub(crate) use far::Step;
pub(crate) use fetch::Wanted;
pub(crate) use fire::VERSION;
pub(crate) use hangup::EndedBy;
pub(crate) use inbound::auth_fields;
pub(crate) use run::Run;
pub(crate) use timers::Timer;

/// Who waits for the answer of an api command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ticket {
    /// A connection (or the handle), by number.
    Caller(u64),
    /// `bgapi`: the answer becomes a BACKGROUND_JOB event.
    Job(String),
}

/// An api command that is still being worked on.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) ticket: Ticket,
    pub(crate) command: String,
    pub(crate) argument: String,
}

/// What the world outside has to do.
#[derive(Debug)]
pub(crate) enum Output {
    Event(Arc<Event>),
    Log(LogLine),
    /// Answer of an api command for [`Ticket::Caller`].
    Reply {
        caller: u64,
        text: String,
    },
    /// mod_xml_curl wants a document.
    Fetch {
        id: u64,
        form: Vec<(String, String)>,
    },
    /// mod_json_cdr has a record.
    Cdr {
        uuid: String,
        is_a_leg: bool,
        body: String,
    },
    /// A recording ended; the file must exist before the event is believed.
    Wav {
        path: PathBuf,
        millis: u64,
        stereo: bool,
        seed: u64,
    },
    /// Faults that concern sockets.
    Socket(SocketFault),
}

/// A fault for the protocol side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocketFault {
    Stall(bool),
    RefuseAuth(bool),
    RejectAccess(bool),
    Silent(bool),
    Reorder(bool),
    Lose(u32),
    Delay(u64),
    Clear,
    /// Ends all connections; the flag says whether with the shutdown notice.
    Close(bool),
}

/// The switch.
pub(crate) struct Engine {
    pub(crate) config: Arc<SimConfig>,
    pub(crate) now: Micros,
    pub(crate) rng: Rng,
    pub(crate) started: Micros,
    pub(crate) core_uuid: String,
    sequence: u64,
    next_session: u64,
    next_id: u64,
    pub(crate) peak_sessions: u64,
    pub(crate) channels: BTreeMap<Str, Channel>,
    timers: BTreeMap<(Micros, u64), Timer>,
    dials: BTreeMap<u64, Dial>,
    fetches: BTreeMap<u64, Wanted>,
    pub(crate) waiting: BTreeMap<u64, Waiting>,
    scripts: BTreeMap<Str, Script>,
    pub(crate) cc: CallCenter,
    pub(crate) sofia: Sofia,
    pub(crate) globals: Vec<(String, String)>,
    pub(crate) modules: BTreeSet<&'static str>,
    pub(crate) cdr_from_config: Option<crate::config::HttpTarget>,
    pub(crate) generator: Option<Generator>,
    pub(crate) max_sessions: u64,
    pub(crate) sps: u64,
    pub(crate) paused_inbound: bool,
    outputs: Vec<Output>,
}

impl Engine {
    /// A switch that has just been started: modules are asked for their documents, phones register.
    pub(crate) fn new(config: Arc<SimConfig>, now: Micros) -> Self {
        let mut rng = Rng::new(config.seed);
        let core_uuid = rng.uuid();
        let sofia = Sofia::new(&config);
        let generator = config.generator.clone().map(Generator::new);
        let max_sessions = config.max_sessions;
        let mut engine = Self {
            globals: globals(&config, &core_uuid),
            config,
            now,
            rng,
            started: now,
            core_uuid,
            // Booting fires events too: the first that a client sees is about 480 (surprises 76).
            sequence: 480,
            next_session: 0,
            next_id: 0,
            peak_sessions: 0,
            channels: BTreeMap::new(),
            timers: BTreeMap::new(),
            dials: BTreeMap::new(),
            fetches: BTreeMap::new(),
            waiting: BTreeMap::new(),
            scripts: BTreeMap::new(),
            cc: CallCenter::default(),
            sofia,
            modules: BTreeSet::from(["mod_commands", "mod_dptools", "mod_event_socket", "mod_xml_curl"]),
            cdr_from_config: None,
            generator,
            max_sessions,
            sps: 1000,
            paused_inbound: false,
            outputs: Vec::new(),
        };
        engine.boot();
        engine
    }

    /// Kills the process and starts it anew: calls are gone without a word, registrations and agents'
    /// counters survive, the Core-UUID is new (surprises 76, 77).
    pub(crate) fn restart(&mut self) {
        self.core_uuid = self.rng.uuid();
        self.globals = globals(&self.config, &self.core_uuid);
        self.started = self.now;
        self.sequence = 480;
        self.peak_sessions = 0;
        self.channels.clear();
        self.timers.clear();
        self.dials.clear();
        self.fetches.clear();
        self.waiting.clear();
        self.scripts.clear();
        self.modules
            .retain(|name| !matches!(*name, "mod_sofia" | "mod_callcenter" | "mod_json_cdr"));
        self.cc.after_restart(self.now);
        self.sofia.after_restart();
        self.boot();
    }

    fn boot(&mut self) {
        self.after(self.config.heartbeat.as_micros() as Micros, Timer::Heartbeat);
        self.after(30 * crate::clock::SECOND, Timer::RegistrationSweep);
        self.load_next_module(0);
        if self.generator.is_some() {
            self.after(2 * crate::clock::SECOND, Timer::Generator);
        }
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.outputs.push(output);
    }

    /// Everything that has to happen outside since the last call.
    pub(crate) fn drain(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// Answers an api command.
    pub(crate) fn finish(&mut self, waiting: &Waiting, text: impl Into<String>) {
        let text = text.into();
        self.emit_api(&waiting.command, &waiting.argument);
        match &waiting.ticket {
            Ticket::Caller(caller) => {
                let caller = *caller;
                self.push(Output::Reply { caller, text });
            }
            Ticket::Job(job) => self.emit_job(job, &waiting.command, &waiting.argument, text),
        }
    }

    /// True while documents are on their way; the virtual clock waits for them.
    pub(crate) fn is_fetching(&self) -> bool {
        !self.fetches.is_empty()
    }

    pub(crate) fn channel(&mut self, uuid: &str) -> Option<&mut Channel> {
        self.channels.get_mut(uuid)
    }

    /// Legs in the order of their creation.
    pub(crate) fn legs(&self) -> Vec<&Channel> {
        let mut legs: Vec<_> = self.channels.values().collect();
        legs.sort_by_key(|leg| leg.session_id);
        legs
    }

    /// Dial attempts that are running.
    pub(crate) fn dial_count(&self) -> usize {
        self.dials.len()
    }

    /// Sessions since the start, for `status`.
    pub(crate) fn sessions_since_start(&self) -> u64 {
        self.next_session
    }
}

fn globals(config: &SimConfig, core_uuid: &str) -> Vec<(String, String)> {
    let recordings = config.recordings_dir.to_string_lossy().into_owned();
    let base = "/usr/local/freeswitch";
    let own: Vec<(String, String)> = [
        ("hostname", config.switchname.clone()),
        ("local_ip_v4", "127.0.0.1".into()),
        ("local_mask_v4", "255.255.255.0".into()),
        ("local_ip_v6", "::1".into()),
        ("bind_ip", "127.0.0.1".into()),
        ("base_dir", base.into()),
        ("recordings_dir", recordings),
        ("sounds_dir", format!("{base}/share/freeswitch/sounds")),
        ("conf_dir", format!("{base}/etc/freeswitch")),
        ("log_dir", format!("{base}/var/log/freeswitch")),
        ("run_dir", format!("{base}/var/run/freeswitch")),
        ("db_dir", format!("{base}/var/lib/freeswitch/db")),
        ("mod_dir", format!("{base}/lib/freeswitch/mod")),
        ("certs_dir", format!("{base}/etc/freeswitch/tls")),
        ("storage_dir", format!("{base}/var/lib/freeswitch/storage")),
        ("cache_dir", format!("{base}/var/cache/freeswitch")),
        ("domain", config.domain.clone()),
        ("switchname", config.switchname.clone()),
        ("core_uuid", core_uuid.to_owned()),
        ("hold_music", "local_stream://moh".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let configured = |name: &str| config.globals.iter().any(|(known, _)| known == name);
    own.into_iter()
        .filter(|(name, _)| !configured(name))
        .chain(config.globals.clone())
        .collect()
}
