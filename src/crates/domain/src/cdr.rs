//! The switch's call record of one leg (mod_json_cdr): the second source, for what the events lost.
//!
//! Instants come from the same clock as those of the events, in the same microseconds (`*_uepoch`,
//! `callflow[].times`), except the `cc_*` ones, which are whole seconds.

use crate::event::{CallKind, EndFacts, HangupDisposition, LegFacts, Marks};
use crate::ids::LegId;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::borrow::Cow;
use uuid::Uuid;

/// One leg as the switch recorded it after its end.
#[derive(Clone, Debug, PartialEq)]
pub struct CdrLeg {
    /// The channel.
    pub leg: LegId,
    /// What the channel said about itself.
    pub facts: LegFacts,
    /// How it ended.
    pub end: EndFacts,
    /// End of the leg.
    pub ended_at: DateTime<Utc>,
    /// Connections, one per caller profile that was bridged, oldest first.
    pub bridges: Vec<CdrBridge>,
    /// The queue visit, if the leg was a queue's member. Only the last one is recorded.
    pub visit: Option<CdrVisit>,
    /// The last recording.
    pub recording: Option<CdrRecording>,
}

/// A connection reconstructed from a caller profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CdrBridge {
    /// `bridged_time` of the profile.
    pub from: DateTime<Utc>,
    /// `transfer_time` of the profile or the hang-up; the end of the partner may have been earlier.
    pub to: DateTime<Utc>,
    /// The other leg, if it can be told.
    pub partner: Option<LegId>,
}

/// A queue visit out of the `cc_*` variables.
#[derive(Clone, Debug, PartialEq)]
pub struct CdrVisit {
    /// `cc_queue`.
    pub queue: String,
    /// `cc_member_uuid`.
    pub member: Uuid,
    /// `cc_queue_joined_epoch`.
    pub joined_at: DateTime<Utc>,
    /// `cc_queue_answered_epoch`.
    pub answered_at: Option<DateTime<Utc>>,
    /// `cc_queue_canceled_epoch` or `cc_queue_terminated_epoch`; the latter is missing when the hang-up ended both.
    pub left_at: Option<DateTime<Utc>>,
    /// `cc_cancel_reason`.
    pub cancel_reason: Option<String>,
    /// `cc_agent`, without `@domain`.
    pub agent: Option<String>,
    /// `cc_agent_uuid`.
    pub agent_leg: Option<LegId>,
}

/// A recording out of `cc_record_filename` or the log of applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdrRecording {
    /// As the switch sees it.
    pub path: String,
    /// `app_stamp` of the application, if one started it.
    pub started_at: Option<DateTime<Utc>>,
    /// `record_ms`.
    pub duration_ms: Option<i64>,
    /// `record_file_size`.
    pub size_bytes: Option<i64>,
}

/// Why a document is no call record.
#[derive(Debug, thiserror::Error)]
pub enum CdrError {
    /// Not JSON.
    #[error("the document is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The leg has no uuid that we could use (surprises 40).
    #[error("the document names no leg")]
    NoLeg,
    /// Without begin and end there is nothing to merge.
    #[error("the document has no {0}")]
    NoTime(&'static str),
}

impl CdrLeg {
    /// Reads a document of mod_json_cdr. Lenient: what is missing or odd is left out, except uuid, begin and end.
    /// Control characters inside strings, which the switch lets through, are replaced first.
    pub fn from_json(document: &[u8]) -> Result<Self, CdrError> {
        let document: Value = match serde_json::from_slice(document) {
            Ok(value) => value,
            Err(error) => serde_json::from_slice(&without_control_characters(document)).map_err(|_| error)?,
        };
        let variables = Variables::of(&document);
        let leg = variables.leg("uuid").ok_or(CdrError::NoLeg)?;
        let created_at = variables
            .micros("start_uepoch")
            .ok_or(CdrError::NoTime("begin"))?;
        let ended_at = variables.micros("end_uepoch").ok_or(CdrError::NoTime("end"))?;
        let profiles = profiles_of(&document, ended_at);
        let oldest = profiles.first();
        let is_agent = variables.get("cc_side").as_deref() == Some("agent");
        let inbound = variables.get("direction").map(|direction| direction == "inbound");
        let gateway = variables
            .text("sip_gateway_name")
            .or_else(|| variables.text("sip_gateway"));
        let channel_name = variables.text("channel_name");
        let destination = oldest.and_then(|profile| profile.destination.clone());
        let facts = LegFacts {
            inbound,
            extension: extension_of(
                inbound.unwrap_or(true),
                channel_name.as_deref().unwrap_or_default(),
                variables
                    .get(if inbound == Some(true) {
                        "user_name"
                    } else {
                        "dialed_user"
                    })
                    .as_deref(),
                if is_agent { variables.get("cc_agent") } else { None }.as_deref(),
                destination.as_deref(),
            ),
            channel_name,
            caller_number: oldest.and_then(|profile| profile.caller_number.clone()),
            caller_name: oldest.and_then(|profile| profile.caller_name.clone()),
            routed_to: profiles.last().and_then(|profile| profile.destination.clone()),
            destination,
            gateway,
            created_at: Some(created_at),
            ringing_at: earliest(
                variables.micros("progress_uepoch"),
                variables.micros("progress_media_uepoch"),
            ),
            answered_at: variables.micros("answer_uepoch"),
            bridged_at: None,
            hungup_at: Some(ended_at),
            hold_ms: variables.number("hold_accum_ms"),
            parent: variables.leg("originating_leg_uuid").or_else(|| {
                if is_agent {
                    variables.leg("cc_member_session_uuid")
                } else {
                    None
                }
            }),
            partner: None,
            held_since: None,
            serves_member: if is_agent {
                variables.uuid("cc_member_uuid")
            } else {
                None
            },
            end: None,
            marks: variables.marks().map(Box::new),
        };
        let bridges = profiles.iter().filter_map(Profile::bridge).collect();
        let visit = if is_agent { None } else { variables.visit() };
        let recording = variables.recording(&document);
        Ok(Self {
            leg,
            facts,
            end: variables.end(),
            ended_at,
            bridges,
            visit,
            recording,
        })
    }

    /// The other legs that this record speaks of: where to look for its call if the leg itself is unknown.
    pub fn relatives(&self) -> impl Iterator<Item = LegId> {
        let partners = self.bridges.iter().filter_map(|bridge| bridge.partner);
        let agent = self.visit.as_ref().and_then(|visit| visit.agent_leg);
        self.facts.parent.into_iter().chain(partners).chain(agent)
    }
}

/// Who is behind a channel: the authenticated user of a leg that came in, the queue agent or the dialled user of one
/// that went out; only legs of phones have one. Never the user part of a contact: browser phones make it up.
pub fn extension_of(
    inbound: bool,
    channel_name: &str,
    user: Option<&str>,
    agent: Option<&str>,
    destination: Option<&str>,
) -> Option<String> {
    let is_phone = channel_name.starts_with("sofia/internal/") || channel_name.is_empty();
    if !is_phone {
        return None;
    }
    let name = agent.or(user).or(if inbound { None } else { destination })?;
    Some(without_domain(name).to_owned()).filter(|name| !name.is_empty())
}

/// `1003@call.test` is `1003`: agents and users are known by their extension.
pub fn without_domain(name: &str) -> &str {
    name.split('@').next().unwrap_or_default()
}

/// One entry of `callflow`.
struct Profile {
    destination: Option<String>,
    caller_number: Option<String>,
    caller_name: Option<String>,
    bridged_at: Option<DateTime<Utc>>,
    left_at: DateTime<Utc>,
    partner: Option<LegId>,
}

impl Profile {
    fn bridge(&self) -> Option<CdrBridge> {
        let from = self.bridged_at?;
        Some(CdrBridge {
            from,
            to: self.left_at.max(from),
            partner: self.partner,
        })
    }
}

/// The caller profiles, oldest first. The document has the newest first.
fn profiles_of(document: &Value, ended_at: DateTime<Utc>) -> Vec<Profile> {
    let flow = document
        .get("callflow")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let read = |entry: &Value| {
        let profile = entry.get("caller_profile");
        let text = |name: &str| {
            let value = profile?.get(name)?.as_str()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let time = |name: &str| micros(entry.get("times")?.get(name)?.as_str()?);
        // The last one named is the one that was bridged: a hunt leaves all that were tried.
        let party = |kind: &str, list: &str| {
            let parties = profile?.get(kind)?.get(list)?.as_array()?;
            LegId::parse(parties.last()?.get("uuid")?.as_str()?)
        };
        Profile {
            destination: text("destination_number"),
            caller_number: text("caller_id_number"),
            caller_name: text("caller_id_name"),
            bridged_at: time("bridged_time"),
            left_at: time("transfer_time")
                .or_else(|| time("hangup_time"))
                .unwrap_or(ended_at),
            partner: party("originatee", "originatee_caller_profiles")
                .or_else(|| party("originator", "originator_caller_profiles")),
        }
    };
    flow.iter().rev().map(read).collect()
}

/// The channel variables, decoded if the module encoded them (`encode-values`).
struct Variables<'a> {
    map: Option<&'a Map<String, Value>>,
    encoded: bool,
}

impl<'a> Variables<'a> {
    fn of(document: &'a Value) -> Self {
        let map = document.get("variables").and_then(Value::as_object);
        // A time stamp always has a blank, which is never left alone by the encoding.
        let stamp = map.and_then(|map| map.get("start_stamp")).and_then(Value::as_str);
        Self {
            map,
            encoded: stamp.is_some_and(|stamp| stamp.contains("%20")),
        }
    }

    fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.map?.get(name)?.as_str().filter(|value| !value.is_empty())?;
        Some(if self.encoded {
            percent_decode(value)
        } else {
            Cow::Borrowed(value)
        })
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(Cow::into_owned)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    fn micros(&self, name: &str) -> Option<DateTime<Utc>> {
        micros(&self.get(name)?)
    }

    fn seconds(&self, name: &str) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.number(name).filter(|seconds| *seconds > 0)?, 0)
    }

    fn uuid(&self, name: &str) -> Option<Uuid> {
        Uuid::try_parse(&self.get(name)?).ok()
    }

    fn leg(&self, name: &str) -> Option<LegId> {
        LegId::parse(&self.get(name)?)
    }

    fn end(&self) -> EndFacts {
        let protocol = self.get("proto_specific_hangup_cause");
        let sip = protocol
            .as_deref()
            .and_then(|cause| cause.strip_prefix("sip:"))
            .and_then(|code| code.parse().ok());
        EndFacts {
            cause: self.text("hangup_cause"),
            q850: self.number("hangup_cause_q850").map(|number| number as i32),
            sip_status: self.number("sip_term_status").map(|number| number as i32).or(sip),
            disposition: self
                .get("sip_hangup_disposition")
                .and_then(|word| HangupDisposition::parse(&word)),
            originate_disposition: self.text("originate_disposition"),
            last_bridge_cause: self.text("last_bridge_hangup_cause"),
            transfer_disposition: self.text("transfer_disposition"),
            endpoint_disposition: self.text("endpoint_disposition"),
        }
    }

    fn marks(&self) -> Option<Marks> {
        Marks {
            kind: self.get("cordboard_kind").and_then(|word| CallKind::parse(&word)),
            route_id: self.number("cordboard_route"),
            intent: self.uuid("cordboard_intent"),
            user_id: self.number("cordboard_user"),
        }
        .filled()
    }

    fn visit(&self) -> Option<CdrVisit> {
        Some(CdrVisit {
            queue: self.text("cc_queue")?,
            member: self.uuid("cc_member_uuid")?,
            joined_at: self.seconds("cc_queue_joined_epoch")?,
            answered_at: self.seconds("cc_queue_answered_epoch"),
            left_at: self
                .seconds("cc_queue_canceled_epoch")
                .or_else(|| self.seconds("cc_queue_terminated_epoch")),
            cancel_reason: self.text("cc_cancel_reason"),
            agent: self.get("cc_agent").map(|name| without_domain(&name).to_owned()),
            agent_leg: self.leg("cc_agent_uuid"),
        })
    }

    /// The queue names its file; one that an application started stands in the log of applications.
    fn recording(&self, document: &Value) -> Option<CdrRecording> {
        let duration_ms = self.number("record_ms");
        let size_bytes = self.number("record_file_size");
        if let Some(path) = self.text("cc_record_filename") {
            return Some(CdrRecording {
                path,
                started_at: None,
                duration_ms,
                size_bytes,
            });
        }
        let log = document.get("app_log")?.get("applications")?.as_array()?;
        let entry = log.iter().rev().find(|entry| {
            matches!(
                entry.get("app_name").and_then(Value::as_str),
                Some("record_session" | "record")
            )
        })?;
        // `record` has limits behind the path.
        let path = entry
            .get("app_data")?
            .as_str()?
            .split(' ')
            .next()
            .filter(|path| !path.contains("${"))?;
        Some(CdrRecording {
            path: path.to_owned(),
            started_at: entry.get("app_stamp").and_then(Value::as_str).and_then(micros),
            duration_ms,
            size_bytes,
        })
    }
}

impl Marks {
    /// `None` if there is no mark at all.
    pub fn filled(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl CallKind {
    /// Reads `cordboard_kind`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "inbound" => Some(Self::Inbound),
            "outbound" => Some(Self::Outbound),
            "internal" => Some(Self::Internal),
            "click" => Some(Self::Click),
            _ => None,
        }
    }
}

impl HangupDisposition {
    /// Reads `sip_hangup_disposition`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "recv_bye" => Some(Self::RecvBye),
            "send_bye" => Some(Self::SendBye),
            "recv_cancel" => Some(Self::RecvCancel),
            "send_cancel" => Some(Self::SendCancel),
            "recv_refuse" => Some(Self::RecvRefuse),
            "send_refuse" => Some(Self::SendRefuse),
            _ => None,
        }
    }
}

/// Microseconds since the epoch; 0 = not happened.
fn micros(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(text.parse().ok().filter(|micros| *micros > 0)?)
}

fn earliest(one: Option<DateTime<Utc>>, two: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(two).min()
}

/// Only what `switch_url_encode` makes: `%XX`; `+` is no blank.
fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let pair = bytes
            .get(index + 1..index + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .filter(|_| bytes[index] == b'%');
        out.push(byte.unwrap_or(bytes[index]));
        index += if byte.is_some() { 3 } else { 1 };
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

fn without_control_characters(document: &[u8]) -> Vec<u8> {
    document
        .iter()
        .map(|byte| {
            if *byte < 0x20 && *byte != b'\n' {
                b' '
            } else {
                *byte
            }
        })
        .collect()
}
