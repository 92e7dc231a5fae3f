//! Runs the served dialplan: CHANNEL_EXECUTE, the application, CHANNEL_EXECUTE_COMPLETE, the next one.

use super::Engine;
use super::channel::{Answer, CallState};
use super::run::Run;
use crate::causes::Cause;
use crate::clock::MS;
use crate::dialplan::Action;

/// What an application did when it was started.
pub(crate) enum Ran {
    /// It is over.
    Done,
    /// It goes on; it calls [`Engine::app_done`] when it is over.
    Waits,
    /// The leg has left the dialplan (transfer) or ended; nothing more to do here.
    Left,
}

impl Engine {
    /// Runs actions until one has to wait, the plan is empty (the leg is hung up) or the leg is gone.
    pub(crate) fn run_next(&mut self, uuid: &str) {
        loop {
            let Some(leg) = self.channels.get_mut(uuid) else {
                return;
            };
            if leg.ended {
                return;
            }
            leg.run = Run::Idle;
            let Some(action) = leg.plan.pop_front() else {
                self.hangup_by_switch(uuid, Cause::NORMAL_CLEARING);
                return;
            };
            match self.execute(uuid, &action, None) {
                Ran::Done => self.complete_app(uuid, "_none_"),
                Ran::Waits | Ran::Left => return,
            }
        }
    }

    /// The waiting application of a leg is over: complete it and go on.
    pub(crate) fn app_done(&mut self, uuid: &str, response: &str) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        leg.generation += 1;
        leg.run = Run::Idle;
        self.complete_app(uuid, response);
        self.run_next(uuid);
    }

    /// CHANNEL_EXECUTE_COMPLETE of the running application, if there is one.
    pub(crate) fn complete_app(&mut self, uuid: &str, response: &str) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let Some((app, data, app_uuid)) = leg.app.take() else {
            return;
        };
        let response = leg.inner_response.take().unwrap_or(response);
        let mut tail = vec![("Application", app.as_str())];
        if !data.is_empty() {
            tail.push(("Application-Data", &data));
        }
        tail.push(("Application-Response", response));
        tail.push(("Application-UUID", &app_uuid));
        self.emit_with(uuid, "CHANNEL_EXECUTE_COMPLETE", &[], &tail);
    }

    /// CHANNEL_EXECUTE.
    pub(crate) fn announce_app(&mut self, uuid: &str, app: &str, data: &str, app_uuid: &str) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        leg.set("current_application_data", data);
        leg.set("current_application", app);
        leg.app_log.push((app.to_owned(), data.to_owned(), now));
        let mut tail = vec![("Application", app)];
        if !data.is_empty() {
            tail.push(("Application-Data", data));
        }
        tail.push(("Application-UUID", app_uuid));
        self.emit_with(uuid, "CHANNEL_EXECUTE", &[], &tail);
    }

    /// Starts one application; `app_uuid` is the client's `Event-UUID` of a sendmsg.
    pub(crate) fn execute(&mut self, uuid: &str, action: &Action, app_uuid: Option<String>) -> Ran {
        let data = self.expand(uuid, &action.data);
        let app_uuid = app_uuid.unwrap_or_else(|| self.rng.uuid());
        let app = action.app.as_str();
        self.announce_app(uuid, app, &data, &app_uuid);
        let Some(leg) = self.channels.get_mut(uuid) else {
            return Ran::Left;
        };
        leg.generation += 1;
        leg.inner_response = None;
        leg.app = Some((app.to_owned(), data.clone(), app_uuid));
        self.start(uuid, app, &data)
    }

    fn start(&mut self, uuid: &str, app: &str, data: &str) -> Ran {
        match app {
            "set" | "export" | "unset" | "multiset" => self.assign(uuid, app, data),
            "answer" => self.answer(uuid),
            "pre_answer" => self.pre_answer(uuid),
            "ring_ready" => self.ring_ready(uuid),
            "sleep" => {
                self.wait(uuid, Run::Sleep, data.trim().parse().unwrap_or(0));
                return Ran::Waits;
            }
            "playback" | "endless_playback" | "play_fsv" => {
                return self.playback(uuid, data, app != "playback");
            }
            "bridge" => return self.bridge_app(uuid, data),
            "callcenter" => return self.callcenter_app(uuid, data),
            "transfer" => {
                self.transfer(uuid, data);
                return Ran::Left;
            }
            "hangup" => {
                let cause = Cause::parse(data.trim()).unwrap_or(Cause::NORMAL_CLEARING);
                self.hangup_by_switch(uuid, cause);
                return Ran::Left;
            }
            "respond" => {
                let status = data
                    .split_whitespace()
                    .next()
                    .and_then(|s| s.parse().ok())
                    .unwrap_or(488);
                if let Some(leg) = self.channel(uuid) {
                    leg.set("sip_term_status", &status.to_string());
                }
                self.hangup_by_switch(uuid, Cause::from_sip(status));
                return Ran::Left;
            }
            "record_session" => self.start_recording(uuid, data, false),
            "stop_record_session" => self.stop_recording(uuid, Some(data), "success-maxtime"),
            "record" => return self.record_app(uuid, data),
            "play_and_get_digits" => return self.play_and_get_digits(uuid, data),
            "ivr" => return self.ivr_app(uuid, data),
            "echo" | "eavesdrop" | "three_way" | "conference" => {
                self.answer(uuid);
                self.wait(uuid, Run::Endless, 0);
                return Ran::Waits;
            }
            "park" => {
                self.park(uuid);
                return Ran::Waits;
            }
            "intercept" => return self.intercept(uuid, data),
            "event" => self.event_app(data),
            "callcenter_track" => self.track_agent(uuid, data),
            // Nothing that a client could see: logging, hashes, limits, tones. An outbound socket finds nobody
            // and the next action runs (facts.md §3).
            "limit_execute" => self.limit_execute(uuid, data),
            "hash" | "db" | "limit" | "log" | "info" | "socket" | "start_dtmf" | "stop_dtmf"
            | "verbose_events" | "bind_meta_app" | "break" | "sched_hangup" | "privacy" | "presence"
            | "eval" | "avmd_start" | "set_profile_var" | "set_audio_level" | "jitterbuffer"
            | "flush_dtmf" => {}
            _ => {
                self.hangup_by_switch(uuid, Cause::DESTINATION_OUT_OF_ORDER);
                return Ran::Left;
            }
        }
        Ran::Done
    }

    /// `limit_execute hash <realm> <id> <max> <app> [<args>]`: the application runs while the resource has room.
    /// The only resource that Cordboard limits is a gateway, so its calls are what is counted.
    fn limit_execute(&mut self, uuid: &str, data: &str) {
        let words: Vec<&str> = data.splitn(6, ' ').collect();
        let [_, _, id, most, app, rest @ ..] = words.as_slice() else {
            return;
        };
        let gateway = super::channel::Far::Gateway {
            name: (*id).to_owned(),
        };
        let used = self.channels.values().filter(|leg| leg.far == gateway).count();
        if most.parse::<usize>().is_ok_and(|most| used < most)
            && let Some(leg) = self.channels.get_mut(uuid)
        {
            leg.plan
                .push_front(Action::new(*app, rest.first().copied().unwrap_or_default()));
        }
    }

    fn assign(&mut self, uuid: &str, app: &str, data: &str) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if app == "unset" {
            return leg.set(data.trim(), "");
        }
        let assignments: Vec<&str> = if app == "multiset" {
            match data.strip_prefix("^^") {
                Some(rest) => rest
                    .get(1..)
                    .unwrap_or_default()
                    .split(rest.chars().next().unwrap_or(' '))
                    .collect(),
                None => data.split_whitespace().collect(),
            }
        } else {
            vec![data]
        };
        for assignment in assignments {
            let (name, value) = assignment.split_once('=').unwrap_or((assignment, ""));
            let name = name.trim().trim_start_matches("nolocal:");
            leg.set(name, value);
            if app == "export" {
                let exported = leg.var("export_vars").unwrap_or_default();
                if !exported.split(',').any(|known| known == name) {
                    let list = if exported.is_empty() {
                        name.to_owned()
                    } else {
                        format!("{exported},{name}")
                    };
                    leg.set("export_vars", &list);
                }
            }
        }
    }

    /// Marks a leg answered: ANSWER still shows the old call state (surprises 23).
    pub(crate) fn answer(&mut self, uuid: &str) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if leg.is_answered() || leg.ended {
            return;
        }
        leg.answer = Answer::Answered;
        leg.times.answered = now;
        leg.has_codec = true;
        leg.set("local_media_ip", "127.0.0.1");
        leg.set("endpoint_disposition", "ANSWER");
        self.emit(uuid, "CHANNEL_ANSWER");
        self.set_call_state(uuid, CallState::Active);
    }

    pub(crate) fn pre_answer(&mut self, uuid: &str) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if leg.answer != Answer::Ringing {
            return;
        }
        leg.answer = Answer::Early;
        leg.times.progress_media = now;
        leg.set("endpoint_disposition", "EARLY MEDIA");
        self.emit(uuid, "CHANNEL_PROGRESS_MEDIA");
        self.set_call_state(uuid, CallState::Early);
    }

    pub(crate) fn ring_ready(&mut self, uuid: &str) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if leg.answer == Answer::Ringing && leg.times.progress == 0 {
            leg.times.progress = now;
            self.emit(uuid, "CHANNEL_PROGRESS");
        }
    }

    /// The application goes on for `millis` (0 = until something happens).
    pub(crate) fn wait(&mut self, uuid: &str, run: Run, millis: u64) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        leg.run = run;
        let (uuid, generation) = (leg.uuid.clone(), leg.generation);
        if millis > 0 {
            self.after(millis * MS, super::Timer::App { uuid, generation });
        }
    }

    pub(crate) fn park(&mut self, uuid: &str) {
        self.wait(uuid, Run::Park, 0);
        self.emit(uuid, "CHANNEL_PARK");
    }

    /// The time of the running application is up.
    pub(crate) fn app_time_is_up(&mut self, uuid: &str) {
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        match &leg.run {
            Run::Sleep => self.app_done(uuid, "_none_"),
            Run::Playback(_) => {
                self.stop_playback(uuid, "done");
                self.app_done(uuid, "FILE PLAYED");
            }
            Run::Record => {
                self.stop_recording(uuid, None, "");
                self.app_done(uuid, "_none_");
            }
            Run::Digits(_) => self.digits_prompt_over(uuid),
            Run::Ivr(_) => self.ivr_prompt_over(uuid),
            _ => {}
        }
    }

    /// `event` application: `Event-Subclass=cc::survey,Event-Name=CUSTOM,score=4`.
    fn event_app(&mut self, data: &str) {
        let fields: Vec<(&str, &str)> = data
            .split(',')
            .filter_map(|field| field.split_once('='))
            .collect();
        let get = |name: &str| {
            fields
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        let subclass = get("Event-Subclass").unwrap_or_default().to_owned();
        let mut event = crate::event::Event::new("CUSTOM");
        event.subclass = Some(subclass.clone());
        self.standard_headers("CUSTOM", Some(&subclass), &mut event.head);
        for (name, value) in fields {
            if !matches!(name, "Event-Name" | "Event-Subclass") {
                event.push(name.to_owned(), value);
            }
        }
        self.fire(event);
    }

    /// `intercept`: takes the partner of another leg away.
    fn intercept(&mut self, uuid: &str, data: &str) -> Ran {
        let target = data.split_whitespace().last().unwrap_or_default().to_owned();
        let Some(other) = self.channels.get(target.as_str()).filter(|leg| !leg.ended) else {
            return Ran::Done;
        };
        let loser = other.partner.clone();
        self.answer(uuid);
        self.complete_app(uuid, "_none_");
        if let Some(loser) = loser {
            self.part(&loser, &target);
            self.hangup_by_switch(
                &loser,
                Cause::parse("PICKED_OFF").unwrap_or(Cause::NORMAL_CLEARING),
            );
        }
        self.uuid_bridge(&target, uuid);
        Ran::Left
    }
}
