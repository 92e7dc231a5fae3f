//! `uuid_*`: one leg at a time.

use crate::causes::Cause;
use crate::clock::MS;
use crate::dialplan::Action;
use crate::engine::{CallState, Engine, Far, Timer};

const GONE: &str = "-ERR No such channel!\n";
const SUCCESS: &str = "+OK Success\n";

impl Engine {
    pub(super) fn uuid_command(&mut self, command: &str, argument: &str) -> String {
        let words: Vec<&str> = argument.split_whitespace().collect();
        let first = words.first().copied().unwrap_or_default();
        let exists = |engine: &Self, uuid: &str| engine.channels.get(uuid).is_some_and(|leg| !leg.ended);
        match (command, words.as_slice()) {
            ("exists", _) => return exists(self, first).to_string(),
            ("kill", []) => return "-USAGE: <uuid> [cause]\n".into(),
            ("bridge", [a, b, ..]) => {
                if !exists(self, a) || !exists(self, b) {
                    return "-ERR Invalid uuid\n".into();
                }
                let (a, b) = ((*a).to_owned(), (*b).to_owned());
                self.bridge_legs(&a, &b);
                return format!("+OK {b}\n");
            }
            ("hold", _) => return self.uuid_hold(&words),
            (_, []) => return format!("-USAGE: uuid_{command} <uuid>\n"),
            _ => {}
        }
        if !exists(self, first) {
            return GONE.into();
        }
        let uuid = first.to_owned();
        let rest = argument[first.len()..].trim_start();
        match command {
            "kill" => {
                let cause = words
                    .get(1)
                    .and_then(|name| Cause::parse(name))
                    .unwrap_or(Cause::NORMAL_CLEARING);
                // Only a signal: the reply comes first, the hang-up after it (surprises 11).
                self.after(
                    0,
                    Timer::Kill {
                        uuid: uuid.into(),
                        cause,
                    },
                );
                "+OK\n".into()
            }
            "getvar" => match self.channels.get(uuid.as_str()).and_then(|leg| leg.var(rest)) {
                Some(value) => value.to_owned(),
                None => "_undef_".into(),
            },
            "setvar" => {
                let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
                if let Some(leg) = self.channel(&uuid) {
                    leg.set(name, value);
                }
                "+OK\n".into()
            }
            "setvar_multi" => {
                for (name, value) in rest.split(';').filter_map(|pair| pair.split_once('=')) {
                    if let Some(leg) = self.channel(&uuid) {
                        leg.set(name, value);
                    }
                }
                "+OK\n".into()
            }
            "dump" => self.dump(&uuid, rest == "json"),
            "transfer" => self.uuid_transfer(&uuid, rest),
            "broadcast" => self.uuid_broadcast(&uuid, rest),
            "phone_event" => self.phone_event(&uuid, rest),
            "record" => self.uuid_record(&uuid, rest),
            "send_dtmf" => {
                self.send_dtmf(&uuid, rest);
                "+OK\n".into()
            }
            "recv_dtmf" => {
                self.press(&uuid, rest, "APP");
                "+OK\n".into()
            }
            "break" => {
                self.stop_overlay(&uuid, "break");
                self.break_app(&uuid);
                "+OK\n".into()
            }
            "park" => {
                let partner = self
                    .channels
                    .get(uuid.as_str())
                    .and_then(|leg| leg.partner.clone());
                self.take_out(&uuid, partner.is_some());
                self.park(&uuid);
                if let Some(partner) = partner {
                    self.park(&partner);
                }
                "+OK\n".into()
            }
            "answer" => {
                self.answer(&uuid);
                "+OK\n".into()
            }
            "preanswer" | "pre_answer" => {
                self.pre_answer(&uuid);
                "+OK\n".into()
            }
            "display" | "chat" | "audio" | "displace" => SUCCESS.into(),
            _ => format!("-ERR uuid_{command} Command not found!\n"),
        }
    }

    fn uuid_hold(&mut self, words: &[&str]) -> String {
        let (mode, uuid) = match words {
            [mode @ ("off" | "toggle"), uuid, ..] => (*mode, (*uuid).to_owned()),
            [uuid, ..] => ("on", (*uuid).to_owned()),
            [] => return "-USAGE: [off|toggle] <uuid> [<display>]\n".into(),
        };
        let Some(leg) = self.channels.get(uuid.as_str()).filter(|leg| leg.is_answered()) else {
            return "-ERR Operation failed\n".into();
        };
        let held = leg.call_state == CallState::Held;
        match (mode, held) {
            ("on" | "toggle", false) => self.hold(&uuid),
            ("off" | "toggle", true) => self.unhold(&uuid),
            ("on", true) => {}
            _ => return "-ERR Operation failed\n".into(),
        }
        SUCCESS.into()
    }

    /// `[-bleg|-both] <number> [<dialplan> [<context>]]`.
    fn uuid_transfer(&mut self, uuid: &str, rest: &str) -> String {
        let (flag, target) = match rest.split_once(' ') {
            Some((flag @ ("-bleg" | "-both"), target)) => (flag, target.trim()),
            _ => ("", rest),
        };
        if target.is_empty() {
            return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n".into();
        }
        let partner = self.channels.get(uuid).and_then(|leg| leg.partner.clone());
        match (flag, partner) {
            ("-bleg", Some(partner)) => {
                self.take_out(&partner, false);
                self.transfer(&partner, target);
            }
            ("-bleg", None) => return "-ERR Invalid B-leg\n".into(),
            ("-both", Some(partner)) => {
                self.take_out(uuid, true);
                self.transfer(uuid, target);
                self.transfer(&partner, target);
            }
            (_, partner) => {
                let talked = partner.is_some();
                self.retarget(uuid, target);
                self.take_out(uuid, false);
                if talked {
                    self.ring_again(uuid);
                }
                self.transfer(uuid, target);
            }
        }
        "+OK\n".into()
    }

    /// `<path>|<app>::<args> [aleg|bleg|both]`; the answer comes before anything happened.
    fn uuid_broadcast(&mut self, uuid: &str, rest: &str) -> String {
        let (what, side) = match rest.rsplit_once(' ') {
            Some((what, side @ ("aleg" | "bleg" | "both" | "holda" | "holdb"))) => (what, side),
            _ => (rest, "aleg"),
        };
        let partner = self.channels.get(uuid).and_then(|leg| leg.partner.clone());
        let mut legs = Vec::new();
        if side != "bleg" {
            legs.push(uuid.into());
        }
        if matches!(side, "bleg" | "both") {
            legs.extend(partner);
        }
        for leg in legs {
            match what.split_once("::") {
                Some((app, data)) => self.run_over_bridge(&leg, app, data),
                None => {
                    let application = self.rng.uuid();
                    let file = what.to_owned();
                    self.after(
                        140 * MS,
                        Timer::OverlayStart {
                            uuid: leg,
                            file,
                            is_hold_music: false,
                            application,
                        },
                    );
                }
            }
        }
        "+OK Message sent\n".into()
    }

    /// A short application on a leg that is talking (callcenter_track, set, …).
    pub(crate) fn run_over_bridge(&mut self, uuid: &str, app: &str, data: &str) {
        if app == "hangup" {
            let cause = Cause::parse(data).unwrap_or(Cause::NORMAL_CLEARING);
            return self.hangup_by_switch(uuid, cause);
        }
        let kept = self.channels.get_mut(uuid).and_then(|leg| leg.app.take());
        let id = self.rng.uuid();
        self.announce_app(uuid, app, data, &id);
        match app {
            "callcenter_track" => self.track_agent(uuid, data),
            "set" => {
                let (name, value) = data.split_once('=').unwrap_or((data, ""));
                if let Some(leg) = self.channel(uuid) {
                    leg.set(name, value);
                }
            }
            _ => {}
        }
        if let Some(leg) = self.channel(uuid) {
            leg.app = Some((app.to_owned(), data.to_owned(), id));
        }
        self.complete_app(uuid, "_none_");
        if let Some(leg) = self.channel(uuid) {
            leg.app = kept;
        }
    }

    /// NOTIFY `talk`: the desk phone picks up (facts.md §8). `hold` puts the leg on hold.
    fn phone_event(&mut self, uuid: &str, event: &str) -> String {
        let is_phone = self
            .channels
            .get(uuid)
            .is_some_and(|leg| matches!(leg.far, Far::Phone(_)));
        match event {
            "hold" => self.hold(uuid),
            _ if is_phone => {
                let held = self
                    .channels
                    .get(uuid)
                    .is_some_and(|leg| leg.call_state == CallState::Held);
                if held {
                    self.unhold(uuid);
                } else {
                    self.after(
                        30 * MS,
                        Timer::Far {
                            uuid: uuid.into(),
                            step: crate::engine::Step::Answer,
                        },
                    );
                }
            }
            _ => {}
        }
        SUCCESS.into()
    }

    /// `start|stop|mask|unmask <path> [<limit>]`.
    fn uuid_record(&mut self, uuid: &str, rest: &str) -> String {
        let (verb, path) = rest.split_once(' ').unwrap_or((rest, ""));
        let path = path.split_whitespace().next().unwrap_or_default();
        let known = |engine: &Self| {
            let leg = engine.channels.get(uuid);
            path == "all" || leg.is_some_and(|leg| leg.recordings.iter().any(|r| r.path.as_os_str() == path))
        };
        match verb {
            "start" if !path.is_empty() => self.start_recording(uuid, path, false),
            "stop" if known(self) => self.stop_recording(uuid, Some(path), "success-maxtime"),
            "mask" | "unmask" if known(self) => {}
            "stop" | "mask" | "unmask" => return "-ERR Cannot find recording\n".into(),
            _ => return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>]\n".into(),
        }
        SUCCESS.into()
    }

    /// Digits to the far end: an outside IVR hears them, the switch fires nothing (surprises 41).
    fn send_dtmf(&mut self, uuid: &str, digits: &str) {
        tracing::debug!(
            leg.uuid = uuid,
            count = digits.len(),
            "digits sent to the far end"
        );
    }

    /// `uuid_break`: stops what plays.
    fn break_app(&mut self, uuid: &str) {
        let playing = self
            .channels
            .get(uuid)
            .is_some_and(|leg| matches!(leg.run, crate::engine::Run::Playback(_)));
        if playing {
            self.stop_playback(uuid, "break");
            self.app_done(uuid, "FILE PLAYED");
        }
    }

    /// Dials as if a phone's user had typed the number (for tests and the console's robots).
    pub(super) fn phone_dials(&mut self, user: &str, number: &str) -> String {
        match self.call_from_phone(user, number) {
            Some(uuid) => format!("+OK {uuid}\n"),
            None => "-ERR no such phone, or the switch takes no calls\n".into(),
        }
    }

    /// For `sim`: an action on a leg outside its dialplan.
    pub(super) fn run_action(&mut self, uuid: &str, app: &str, data: &str) {
        let action = Action::new(app, data);
        self.take_out(uuid, false);
        if let Some(leg) = self.channel(uuid) {
            leg.plan = [action].into();
        }
        self.run_next(uuid);
    }
}
