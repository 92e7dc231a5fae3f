//! Control from outside the calls: scripted callers, uuid_* commands' effects, sendmsg and sendevent.

use super::run::Run;
use super::{Engine, Timer, Waiting};
use crate::causes::Cause;
use crate::clock::MS;
use crate::dialplan::Action;
use crate::event::{Event, Str, known_event};
use crate::protocol::Packet;

/// What an outside caller does after so many milliseconds.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Press(String),
    Hangup,
    /// Hangs up unless somebody talks with him by then.
    GiveUp,
    /// Hangs up after so many milliseconds of talk.
    TalkFor(u64),
}

/// The deeds of one caller in order of time.
#[derive(Debug, Default)]
pub(crate) struct Script {
    deeds: Vec<Deed>,
}

impl Engine {
    /// Adds deeds to a caller, each so many milliseconds from now.
    pub(crate) fn script(&mut self, uuid: &Str, deeds: Vec<(u64, Deed)>) {
        for (millis, deed) in deeds {
            if let Deed::TalkFor(talk) = deed {
                if let Some(leg) = self.channel(uuid) {
                    leg.hangup_after_talk = talk;
                }
                continue;
            }
            let script = self.scripts.entry(uuid.clone()).or_default();
            script.deeds.push(deed);
            let step = script.deeds.len() - 1;
            self.after(
                millis * MS,
                Timer::Script {
                    uuid: uuid.clone(),
                    step,
                },
            );
        }
    }

    pub(crate) fn script_step(&mut self, uuid: &str, step: usize) {
        let Some(deed) = self
            .scripts
            .get(uuid)
            .and_then(|script| script.deeds.get(step))
            .cloned()
        else {
            return;
        };
        match deed {
            Deed::Press(digits) => self.press(uuid, &digits, "RTP"),
            Deed::Hangup => self.far_hangs_up(uuid),
            Deed::GiveUp => {
                if self.channels.get(uuid).is_some_and(|leg| leg.partner.is_none()) {
                    self.far_hangs_up(uuid);
                }
            }
            Deed::TalkFor(_) => {}
        }
    }

    /// Takes a leg out of whatever it does, so that it can be transferred, parked or bridged. The partner of a
    /// bridge goes on for itself; with `keep_partner` the caller looks after it.
    pub(crate) fn take_out(&mut self, uuid: &str, keep_partner: bool) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let partner = leg.partner.clone();
        leg.plan.clear();
        leg.generation += 1;
        match std::mem::take(&mut leg.run) {
            Run::Dialling(dial) => {
                self.cancel_dial(dial, Cause::ORIGINATOR_CANCEL);
                self.complete_app(uuid, "_none_");
            }
            Run::Bridged | Run::UuidBridged => {
                if let Some(partner) = partner {
                    self.part(uuid, &partner);
                    self.complete_app(uuid, "_none_");
                    if !keep_partner {
                        let in_app = self.channels.get(&partner).is_some_and(|leg| leg.app.is_some());
                        if let Some(leg) = self.channel(&partner) {
                            leg.run = if in_app { Run::Bridged } else { Run::UuidBridged };
                        }
                        self.after_bridge(&partner, Cause::NORMAL_CLEARING);
                    }
                }
            }
            Run::Playback(playback) => {
                self.playback_stopped(uuid, &playback.file, playback.started, "break");
                self.complete_app(uuid, "FILE PLAYED");
            }
            Run::Queue(member) => {
                self.member_taken_out(uuid, &member);
                self.complete_app(uuid, "_none_");
            }
            Run::Park => {
                self.emit(uuid, "CHANNEL_UNPARK");
                self.complete_app(uuid, "_none_");
            }
            Run::Digits(_) | Run::Ivr(_) => {
                self.stop_prompt(uuid, "break");
                self.complete_app(uuid, "_none_");
            }
            _ => self.complete_app(uuid, "_none_"),
        }
    }

    /// `uuid_bridge A B` of the api: what else they talked with ends (surprises 38).
    pub(crate) fn bridge_legs(&mut self, a: &str, b: &str) {
        for leg in [a, b] {
            self.take_out(leg, false);
        }
        let both_up = [a, b]
            .iter()
            .all(|leg| self.channels.get(*leg).is_some_and(|leg| !leg.ended));
        if both_up {
            self.uuid_bridge(a, b);
        }
    }

    /// `sendmsg`; `+OK` means queued, whatever it contains (surprises 17).
    pub(crate) fn send_msg(&mut self, uuid: &str, packet: &Packet) -> String {
        if !self.channels.contains_key(uuid) {
            return format!("-ERR invalid session id [{uuid}]");
        }
        match packet.header("call-command") {
            Some("hangup") => {
                let cause = packet
                    .header("hangup-cause")
                    .and_then(Cause::parse)
                    .unwrap_or(Cause::NORMAL_CLEARING);
                self.hangup_by_switch(uuid, cause);
            }
            Some("execute") => {
                let app = packet.header("execute-app-name").unwrap_or_default();
                let data = packet
                    .header("execute-app-arg")
                    .or(packet.body.as_deref())
                    .unwrap_or_default();
                let action = Action::new(app, data);
                let app_uuid = packet.header("Event-UUID").map(str::to_owned);
                let busy = self
                    .channels
                    .get(uuid)
                    .is_some_and(|leg| leg.app.is_some() && !matches!(leg.run, Run::Park));
                if busy {
                    if let Some(leg) = self.channel(uuid) {
                        leg.plan.push_back(action);
                    }
                } else {
                    self.execute_while_parked(uuid, &action, app_uuid);
                }
            }
            _ => {}
        }
        "+OK".into()
    }

    /// Runs one application on a parked (or idle) leg, which is parked again afterwards.
    fn execute_while_parked(&mut self, uuid: &str, action: &Action, app_uuid: Option<String>) {
        let parked = self.channels.get_mut(uuid).and_then(|leg| leg.app.take());
        if parked.is_some()
            && let Some(leg) = self.channel(uuid)
        {
            leg.plan.push_front(Action::new("park", ""));
        }
        match self.execute(uuid, action, app_uuid) {
            super::exec::Ran::Done => {
                self.complete_app(uuid, "_none_");
                if let Some(leg) = self.channel(uuid) {
                    leg.plan.pop_front();
                    leg.app = parked;
                    leg.run = Run::Park;
                }
            }
            super::exec::Ran::Waits | super::exec::Ran::Left => {}
        }
    }

    /// `sendevent`: fired as it is, with an id; an unknown name becomes CUSTOM (trace 01d).
    pub(crate) fn send_event(&mut self, name: &str, packet: &Packet) -> String {
        let known = known_event(name).unwrap_or("CUSTOM");
        let subclass = packet.header("Event-Subclass").map(str::to_owned);
        let id = self.rng.uuid();
        let mut event = Event::new(known);
        event.subclass = (known == "CUSTOM").then(|| subclass.clone().unwrap_or_default());
        if let Some(subclass) = &subclass {
            event.push("Event-Subclass", subclass);
        }
        let command = if name.is_empty() {
            "sendevent".to_owned()
        } else {
            format!("sendevent {name}")
        };
        event.push("Command", command);
        for (header, value) in &packet.headers {
            if !header.eq_ignore_ascii_case("Event-Subclass") {
                event.push(header.clone(), value);
            }
        }
        event.push("Event-UUID", &id);
        self.standard_headers(known, None, &mut event.head);
        event.body.clone_from(&packet.body);
        self.fire(event);
        format!("+OK {id}")
    }

    /// `msleep`.
    pub(crate) fn reply_later(&mut self, millis: u64, waiting: Waiting, text: &str) {
        let id = self.id();
        self.waiting.insert(id, waiting);
        self.after(
            millis * MS,
            Timer::Reply {
                waiting: id,
                text: text.to_owned(),
            },
        );
    }
}
