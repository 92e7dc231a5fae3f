//! Events leave the engine here: standard headers, channel headers, variables.

use std::sync::Arc;

use super::{Engine, Output};
use crate::clock::{gmt, stamp, up_time};
use crate::event::{Event, Headers};

/// Version texts, as the traces' switch has them.
pub(crate) const VERSION: &str = "1.11.1-release+git~20260526T204126Z~c2c59645f6~64bit";

/// `Event-Calling-File`, `-Function`, `-Line-Number` of the traces.
fn calling(name: &str, subclass: Option<&str>) -> (&'static str, &'static str, &'static str) {
    match (name, subclass) {
        ("CHANNEL_CREATE", _) => ("switch_core_state_machine.c", "switch_core_session_run", "626"),
        ("CHANNEL_STATE", _) => (
            "switch_channel.c",
            "switch_channel_perform_set_running_state",
            "2409",
        ),
        ("CHANNEL_CALLSTATE", _) => ("switch_channel.c", "switch_channel_perform_set_callstate", "302"),
        ("CHANNEL_ANSWER", _) => ("switch_channel.c", "switch_channel_perform_mark_answered", "3848"),
        ("CHANNEL_EXECUTE", _) => ("switch_core_session.c", "switch_core_session_exec", "2949"),
        ("CHANNEL_EXECUTE_COMPLETE", _) => ("switch_core_session.c", "switch_core_session_exec", "2972"),
        ("CHANNEL_OUTGOING", _) => (
            "switch_core_session.c",
            "switch_core_session_outgoing_channel",
            "768",
        ),
        ("CHANNEL_BRIDGE", _) => ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", "1689"),
        ("CHANNEL_HANGUP_COMPLETE", _) => (
            "switch_core_state_machine.c",
            "switch_core_session_reporting_state",
            "943",
        ),
        ("CALL_UPDATE", _) => ("mod_sofia.c", "sofia_receive_message", "2133"),
        ("PLAYBACK_START", _) => ("switch_ivr_play_say.c", "switch_ivr_play_file", "1649"),
        ("PLAYBACK_STOP", _) => ("switch_ivr_play_say.c", "switch_ivr_play_file", "2023"),
        ("RECORD_START", _) => ("switch_ivr_play_say.c", "switch_ivr_record_file_event", "770"),
        ("RECORD_STOP", _) => ("switch_ivr_play_say.c", "switch_ivr_record_file_event", "1033"),
        ("HEARTBEAT", _) => ("switch_core.c", "send_heartbeat", "95"),
        ("BACKGROUND_JOB", _) => ("mod_event_socket.c", "api_exec", "1569"),
        ("API", _) => ("switch_loadable_module.c", "switch_api_execute", "2949"),
        (_, Some("callcenter::info")) => ("mod_callcenter.c", "cc_agent_update", "1043"),
        (_, Some(_)) => ("sofia_reg.c", "sofia_reg_handle_register_token", "1810"),
        _ => ("switch_channel.c", "switch_channel_perform_hangup", "3544"),
    }
}

impl Engine {
    /// The headers that every event starts with.
    pub(crate) fn standard_headers(&mut self, name: &str, subclass: Option<&str>, head: &mut Headers) {
        if let Some(subclass) = subclass {
            head.push(("Event-Subclass".into(), subclass.to_owned()));
        }
        self.sequence += 1;
        let (file, function, line) = calling(name, subclass);
        let switch = self.config.switchname.clone();
        for (header, value) in [
            ("Event-Name", name.to_owned()),
            ("Core-UUID", self.core_uuid.clone()),
            ("FreeSWITCH-Hostname", switch.clone()),
            ("FreeSWITCH-Switchname", switch),
            ("FreeSWITCH-IPv4", "127.0.0.1".to_owned()),
            ("FreeSWITCH-IPv6", "::1".to_owned()),
            ("Event-Date-Local", stamp(self.now)),
            ("Event-Date-GMT", gmt(self.now)),
            ("Event-Date-Timestamp", self.now.to_string()),
            ("Event-Calling-File", file.to_owned()),
            ("Event-Calling-Function", function.to_owned()),
            ("Event-Calling-Line-Number", line.to_owned()),
            ("Event-Sequence", self.sequence.to_string()),
        ] {
            head.push((header.into(), value));
        }
    }

    pub(crate) fn fire(&mut self, event: Event) {
        self.push(Output::Event(Arc::new(event)));
    }

    /// An event of a leg with its variables.
    pub(crate) fn emit(&mut self, uuid: &str, name: &'static str) {
        self.emit_with(uuid, name, &[], &[]);
    }

    /// An event of a leg with its variables; `before` stand ahead of the channel's headers, `after` behind
    /// the variables.
    pub(crate) fn emit_with(
        &mut self,
        uuid: &str,
        name: &'static str,
        before: &[(&'static str, &str)],
        after: &[(&'static str, &str)],
    ) {
        self.emit_leg(uuid, name, None, before, after, true);
    }

    /// An event of a leg without variables (CHANNEL_STATE, CHANNEL_CALLSTATE, CHANNEL_OUTGOING, DTMF;
    /// surprises 22).
    pub(crate) fn emit_bare(
        &mut self,
        uuid: &str,
        name: &'static str,
        before: &[(&'static str, &str)],
        after: &[(&'static str, &str)],
    ) {
        self.emit_leg(uuid, name, None, before, after, false);
    }

    /// A CUSTOM event, with the data of a leg when one is given.
    pub(crate) fn emit_custom(
        &mut self,
        subclass: &str,
        uuid: Option<&str>,
        tail: &[(&'static str, String)],
    ) {
        let after: Vec<(&'static str, &str)> =
            tail.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match uuid {
            Some(uuid) if self.channels.contains_key(uuid) => {
                self.emit_leg(uuid, "CUSTOM", Some(subclass), &[], &after, true);
            }
            _ => {
                let mut event = Event::new("CUSTOM");
                event.subclass = Some(subclass.to_owned());
                self.standard_headers("CUSTOM", Some(subclass), &mut event.head);
                for (name, value) in after {
                    event.push(name, value);
                }
                self.fire(event);
            }
        }
    }

    fn emit_leg(
        &mut self,
        uuid: &str,
        name: &'static str,
        subclass: Option<&str>,
        before: &[(&'static str, &str)],
        after: &[(&'static str, &str)],
        with_vars: bool,
    ) {
        let mut event = Event::new(name);
        event.subclass = subclass.map(str::to_owned);
        self.standard_headers(name, subclass, &mut event.head);
        for (header, value) in before {
            event.push(*header, *value);
        }
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        leg.headers(&mut event.head);
        if with_vars {
            event.vars = leg.vars.clone();
        }
        event.tail = after
            .iter()
            .map(|(header, value)| ((*header).into(), (*value).to_owned()))
            .collect();
        self.fire(event);
    }

    /// An event that belongs to no leg.
    pub(crate) fn emit_plain(&mut self, name: &'static str, headers: &[(&'static str, &str)]) {
        let mut event = Event::new(name);
        self.standard_headers(name, None, &mut event.head);
        for (header, value) in headers {
            event.push(*header, *value);
        }
        self.fire(event);
    }

    /// The API event, fired after every api command, internal ones included (surprises 74).
    pub(crate) fn emit_api(&mut self, command: &str, argument: &str) {
        let mut headers = vec![("API-Command", command)];
        if !argument.is_empty() {
            headers.push(("API-Command-Argument", argument));
        }
        self.emit_plain("API", &headers);
    }

    pub(crate) fn emit_job(&mut self, job: &str, command: &str, argument: &str, body: String) {
        let mut event = Event::new("BACKGROUND_JOB");
        self.standard_headers("BACKGROUND_JOB", None, &mut event.head);
        event.push("Job-UUID", job);
        event.push("Job-Command", command);
        if !argument.is_empty() {
            event.push("Job-Command-Arg", argument);
        }
        event.body = Some(if body.is_empty() {
            "-ERR no reply\n".into()
        } else {
            body
        });
        self.fire(event);
    }

    pub(crate) fn emit_heartbeat(&mut self) {
        let elapsed = self.now - self.started;
        let count = self.channels.len() as u64;
        self.peak_sessions = self.peak_sessions.max(count);
        let headers = [
            ("Event-Info", "System Ready".to_owned()),
            ("Up-Time", up_time(elapsed)),
            ("FreeSWITCH-Version", VERSION.to_owned()),
            ("Uptime-msec", (elapsed / 1000).to_string()),
            ("Session-Count", count.to_string()),
            ("Max-Sessions", self.max_sessions.to_string()),
            ("Session-Per-Sec", self.sps.to_string()),
            ("Session-Per-Sec-Last", "0".to_owned()),
            ("Session-Per-Sec-Max", "4".to_owned()),
            ("Session-Per-Sec-FiveMin", "3".to_owned()),
            ("Session-Since-Startup", self.next_session.to_string()),
            ("Session-Peak-Max", self.peak_sessions.to_string()),
            ("Session-Peak-FiveMin", self.peak_sessions.to_string()),
            ("Idle-CPU", "96.366667".to_owned()),
        ];
        let headers: Vec<(&'static str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.emit_plain("HEARTBEAT", &headers);
    }

    /// Changes the call state and says so.
    pub(crate) fn set_call_state(&mut self, uuid: &str, state: super::channel::CallState) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if leg.call_state == state {
            return;
        }
        let old = leg.call_state.word_and_number().0;
        leg.call_state = state;
        let number = state.word_and_number().1;
        self.emit_bare(
            uuid,
            "CHANNEL_CALLSTATE",
            &[
                ("Original-Channel-Call-State", old),
                ("Channel-Call-State-Number", number),
            ],
            &[],
        );
    }

    /// Changes the channel state and says so.
    pub(crate) fn set_cs(&mut self, uuid: &str, state: super::channel::Cs) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        leg.cs = state;
        self.emit_bare(uuid, "CHANNEL_STATE", &[], &[]);
    }
}
