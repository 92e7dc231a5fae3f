//! One leg: its states, its caller profile, its variables, and the headers that events show of them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::run::{Overlay, Recording, Run};
use crate::causes::Cause;
use crate::clock::Micros;
use crate::dialplan::Action;
use crate::event::{Headers, Str, Vars};

/// Who made the leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    Outbound,
}

impl Direction {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// `Channel-State` with the numbers of switch_channel_state_t.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cs {
    New,
    Init,
    Routing,
    SoftExecute,
    Execute,
    ExchangeMedia,
    ConsumeMedia,
    Hangup,
    Reporting,
    Destroy,
}

impl Cs {
    pub(crate) fn word_and_number(self) -> (&'static str, &'static str) {
        match self {
            Self::New => ("CS_NEW", "0"),
            Self::Init => ("CS_INIT", "2"),
            Self::Routing => ("CS_ROUTING", "2"),
            Self::SoftExecute => ("CS_SOFT_EXECUTE", "3"),
            Self::Execute => ("CS_EXECUTE", "4"),
            Self::ExchangeMedia => ("CS_EXCHANGE_MEDIA", "5"),
            Self::ConsumeMedia => ("CS_CONSUME_MEDIA", "7"),
            Self::Hangup => ("CS_HANGUP", "10"),
            Self::Reporting => ("CS_REPORTING", "11"),
            Self::Destroy => ("CS_DESTROY", "12"),
        }
    }
}

/// `Channel-Call-State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallState {
    Down,
    Ringing,
    Early,
    Active,
    Held,
    RingWait,
    Hangup,
    Unheld,
}

impl CallState {
    pub(crate) fn word_and_number(self) -> (&'static str, &'static str) {
        match self {
            Self::Down => ("DOWN", "0"),
            Self::Ringing => ("RINGING", "2"),
            Self::Early => ("EARLY", "3"),
            Self::Active => ("ACTIVE", "4"),
            Self::Held => ("HELD", "5"),
            Self::RingWait => ("RING_WAIT", "6"),
            Self::Hangup => ("HANGUP", "7"),
            Self::Unheld => ("UNHELD", "8"),
        }
    }
}

/// `Answer-State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Ringing,
    Early,
    Answered,
    Hangup,
}

impl Answer {
    fn word(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Early => "early",
            Self::Answered => "answered",
            Self::Hangup => "hangup",
        }
    }
}

/// The caller profile: `Caller-*`, and `Other-Leg-*` on the partner.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profile {
    pub(crate) username: String,
    pub(crate) dialplan: String,
    pub(crate) cid_name: String,
    pub(crate) cid_number: String,
    pub(crate) orig_cid_name: String,
    pub(crate) orig_cid_number: String,
    pub(crate) callee_name: String,
    pub(crate) callee_number: String,
    pub(crate) network_addr: String,
    pub(crate) ani: String,
    pub(crate) destination: String,
    pub(crate) source: String,
    pub(crate) transfer_source: String,
    pub(crate) context: String,
    pub(crate) rdnis: String,
}

/// All in µs since 1970, 0 = not yet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) profile_created: Micros,
    pub(crate) created: Micros,
    pub(crate) answered: Micros,
    pub(crate) progress: Micros,
    pub(crate) progress_media: Micros,
    pub(crate) hangup: Micros,
    pub(crate) transfer: Micros,
    pub(crate) bridged: Micros,
    pub(crate) last_hold: Micros,
    pub(crate) hold_accum: Micros,
}

/// The partner as this leg last saw it.
#[derive(Debug, Clone)]
pub(crate) struct OtherLeg {
    /// This leg was originated by the partner (`originator`) or the other way round (`originatee`).
    pub(crate) is_originator: bool,
    pub(crate) uuid: Str,
    pub(crate) channel_name: String,
    pub(crate) direction: Direction,
    pub(crate) profile: Profile,
    pub(crate) times: Times,
}

/// What is at the far end of the leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Far {
    /// One of our phones, by user.
    Phone(String),
    /// An outside caller.
    Outside,
    /// A gateway.
    Gateway { name: String },
    /// `null/`, `loopback/`: nobody.
    Nobody,
}

/// A finished caller profile, for the record's callflow.
#[derive(Debug, Clone)]
pub(crate) struct PastProfile {
    pub(crate) profile: Profile,
    pub(crate) times: Times,
    pub(crate) extension: Option<(String, Vec<Action>)>,
}

/// One leg.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) uuid: Str,
    pub(crate) session_id: u64,
    pub(crate) name: String,
    pub(crate) direction: Direction,
    pub(crate) far: Far,
    pub(crate) cs: Cs,
    pub(crate) call_state: CallState,
    pub(crate) answer: Answer,
    pub(crate) hit_dialplan: bool,
    pub(crate) presence_id: String,
    pub(crate) call_uuid: Str,
    pub(crate) has_codec: bool,
    pub(crate) profile: Profile,
    pub(crate) profile_index: u32,
    pub(crate) past: Vec<PastProfile>,
    pub(crate) extension: Option<(String, Vec<Action>)>,
    pub(crate) times: Times,
    pub(crate) other: Option<OtherLeg>,
    pub(crate) vars: Arc<Vars>,
    pub(crate) cause: Option<Cause>,
    /// The dial attempt that created this leg.
    pub(crate) dial: Option<u64>,
    /// Actions still to be done.
    pub(crate) plan: VecDeque<Action>,
    pub(crate) run: Run,
    /// Application that has sent CHANNEL_EXECUTE and not yet CHANNEL_EXECUTE_COMPLETE: name, data, uuid.
    pub(crate) app: Option<(String, String, String)>,
    /// Distinguishes timers of the present application from those of earlier ones.
    pub(crate) generation: u64,
    /// What the last application inside this one answered; `bridge` passes it on (trace 09b).
    pub(crate) inner_response: Option<&'static str>,
    /// The leg this one talks to.
    pub(crate) partner: Option<Str>,
    /// True on the leg that sent CHANNEL_BRIDGE.
    pub(crate) bridge_a: bool,
    /// A broadcast or hold music over a bridge.
    pub(crate) overlay: Option<Overlay>,
    pub(crate) recordings: Vec<Recording>,
    pub(crate) app_log: Vec<(String, String, Micros)>,
    /// Agent whose `external_calls_count` this leg raised.
    pub(crate) tracked_agent: Option<String>,
    /// Milliseconds of talk after which the far end hangs up by itself.
    pub(crate) hangup_after_talk: u64,
    /// CHANNEL_HANGUP was sent.
    pub(crate) ended: bool,
}

impl Channel {
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.vars
            .iter()
            .find(|(key, _)| &**key == name)
            .map(|(_, value)| &**value)
    }

    /// Sets a variable; an empty value removes it (surprises 14).
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let vars = Arc::make_mut(&mut self.vars);
        let at = vars.iter().position(|(key, _)| &**key == name);
        match (at, value.is_empty()) {
            (Some(at), true) => {
                vars.remove(at);
            }
            (Some(at), false) => vars[at].1 = value.into(),
            (None, true) => {}
            (None, false) => vars.push((name.into(), value.into())),
        }
    }

    /// True for `true`, `yes`, `on`, `1`, as `switch_true`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.var(name).is_some_and(truthy)
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.answer == Answer::Answered
    }

    /// As the partner sees it.
    pub(crate) fn as_other(&self, is_originator: bool) -> OtherLeg {
        OtherLeg {
            is_originator,
            uuid: self.uuid.clone(),
            channel_name: self.name.clone(),
            direction: self.direction,
            profile: self.profile.clone(),
            // The originator is copied when the leg is made, without its times (trace 03a).
            times: if is_originator {
                Times::default()
            } else {
                self.times
            },
        }
    }

    /// Starts a new caller profile, as a transfer or uuid_bridge does; the old one stays for the record.
    pub(crate) fn new_profile(&mut self, now: Micros, transfer_source: String) {
        let mut times = self.times;
        times.transfer = now;
        times.bridged = if self.profile_index == 1 { 0 } else { times.bridged };
        self.past.push(PastProfile {
            profile: self.profile.clone(),
            times,
            extension: self.extension.take(),
        });
        self.profile_index += 1;
        self.times.profile_created = now;
        self.set("transfer_history", &transfer_source);
        self.set("transfer_source", &transfer_source);
        self.profile.transfer_source = transfer_source;
    }

    /// An originated leg that runs an application or a dialplan: the one who was called becomes the caller
    /// (facts.md §11, traces 10d and 10e). True when it was done now.
    pub(crate) fn flip_caller(&mut self) -> bool {
        if self.direction == Direction::Inbound || self.var("channel_cid_flipped").is_some() {
            return false;
        }
        let profile = &mut self.profile;
        std::mem::swap(&mut profile.cid_name, &mut profile.callee_name);
        std::mem::swap(&mut profile.cid_number, &mut profile.callee_number);
        profile.rdnis.clone_from(&profile.destination);
        let callee = profile.callee_number.clone();
        self.set("pre_transfer_caller_id_number", &callee);
        self.set("channel_cid_flipped", "yes");
        true
    }

    /// The channel's own headers, `Channel-State` to the end of `Other-Leg-*`.
    pub(crate) fn headers(&self, out: &mut Headers) {
        let mut push = |name: &'static str, value: &str| out.push((name.into(), value.to_owned()));
        let (state, number) = self.cs.word_and_number();
        push("Channel-State", state);
        push("Channel-Call-State", self.call_state.word_and_number().0);
        push("Channel-State-Number", number);
        push("Channel-Name", &self.name);
        push("Unique-ID", &self.uuid);
        push("Call-Direction", self.direction.word());
        push("Presence-Call-Direction", self.direction.word());
        push(
            "Channel-HIT-Dialplan",
            if self.hit_dialplan { "true" } else { "false" },
        );
        if !self.presence_id.is_empty() {
            push("Channel-Presence-ID", &self.presence_id);
        }
        push("Channel-Call-UUID", &self.call_uuid);
        push("Answer-State", self.answer.word());
        if let Some(cause) = self.cause {
            push("Hangup-Cause", cause.name());
        }
        if self.has_codec {
            push("Channel-Read-Codec-Name", "PCMU");
            push("Channel-Read-Codec-Rate", "8000");
            push("Channel-Read-Codec-Bit-Rate", "64000");
            push("Channel-Write-Codec-Name", "PCMU");
            push("Channel-Write-Codec-Rate", "8000");
            push("Channel-Write-Codec-Bit-Rate", "64000");
        }
        let index = self.profile_index;
        profile_headers(
            "Caller",
            &self.uuid,
            self.direction,
            &self.name,
            &self.profile,
            &self.times,
            Some(index),
            out,
        );
        if let Some(other) = &self.other {
            out.push((
                "Other-Type".into(),
                if other.is_originator {
                    "originator"
                } else {
                    "originatee"
                }
                .into(),
            ));
            let (uuid, name) = (&other.uuid, &other.channel_name);
            profile_headers(
                "Other-Leg",
                uuid,
                other.direction,
                name,
                &other.profile,
                &other.times,
                None,
                out,
            );
        }
    }
}

/// `switch_true`.
pub(crate) fn truthy(value: &str) -> bool {
    ["true", "yes", "on", "1", "enabled", "active", "allow", "t"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(value))
}

#[expect(
    clippy::too_many_arguments,
    reason = "one flat block of headers, written in the order of the wire"
)]
fn profile_headers(
    prefix: &str,
    uuid: &str,
    direction: Direction,
    channel_name: &str,
    profile: &Profile,
    times: &Times,
    index: Option<u32>,
    out: &mut Headers,
) {
    let mut push = |name: &str, value: String| out.push((format!("{prefix}-{name}").into(), value));
    push("Direction", direction.word().into());
    let logical = if prefix == "Caller" {
        direction
    } else {
        Direction::Inbound
    };
    push("Logical-Direction", logical.word().into());
    let texts = [
        ("Username", &profile.username),
        ("Dialplan", &profile.dialplan),
        ("Caller-ID-Name", &profile.cid_name),
        ("Caller-ID-Number", &profile.cid_number),
        ("Orig-Caller-ID-Name", &profile.orig_cid_name),
        ("Orig-Caller-ID-Number", &profile.orig_cid_number),
        ("Callee-ID-Name", &profile.callee_name),
        ("Callee-ID-Number", &profile.callee_number),
        ("Network-Addr", &profile.network_addr),
        ("ANI", &profile.ani),
        ("Destination-Number", &profile.destination),
    ];
    for (name, value) in texts {
        if !value.is_empty() {
            push(name, value.clone());
        }
    }
    push("Unique-ID", uuid.to_owned());
    push("Source", profile.source.clone());
    for (name, value) in [
        ("Transfer-Source", &profile.transfer_source),
        ("Context", &profile.context),
        ("RDNIS", &profile.rdnis),
    ] {
        if !value.is_empty() {
            push(name, value.clone());
        }
    }
    push("Channel-Name", channel_name.to_owned());
    if let Some(index) = index {
        push("Profile-Index", index.to_string());
    }
    for (name, value) in [
        ("Profile-Created-Time", times.profile_created),
        ("Channel-Created-Time", times.created),
        ("Channel-Answered-Time", times.answered),
        ("Channel-Progress-Time", times.progress),
        ("Channel-Progress-Media-Time", times.progress_media),
        ("Channel-Hangup-Time", times.hangup),
        ("Channel-Transfer-Time", times.transfer),
        ("Channel-Resurrect-Time", 0),
        ("Channel-Bridged-Time", times.bridged),
        ("Channel-Last-Hold", times.last_hold),
        ("Channel-Hold-Accum", times.hold_accum),
    ] {
        push(name, value.to_string());
    }
    push("Screen-Bit", "true".into());
    push("Privacy-Hide-Name", "false".into());
    push("Privacy-Hide-Number", "false".into());
}
