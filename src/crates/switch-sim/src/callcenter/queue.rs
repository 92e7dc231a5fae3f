//! A caller's way through a queue: join, wait, leave.

use super::model::Member;
use crate::clock::{MS, SECOND};
use crate::engine::{Engine, Ran, Run, Timer, Wanted};
use crate::event::Str;

/// Why a member left without an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    BreakOut,
    Timeout,
    NoAgent,
    ExitKey,
}

impl Leave {
    fn word(self) -> &'static str {
        match self {
            Self::BreakOut => "BREAK_OUT",
            Self::Timeout => "TIMEOUT",
            Self::NoAgent => "NO_AGENT_TIMEOUT",
            Self::ExitKey => "EXIT_WITH_KEY",
        }
    }
}

impl Engine {
    pub(crate) fn epoch(&self) -> u64 {
        self.now / SECOND
    }

    pub(crate) fn emit_cc(&mut self, uuid: Option<&str>, headers: &[(&'static str, String)]) {
        self.emit_custom("callcenter::info", uuid, headers);
    }

    /// The `callcenter` application. An unknown queue is asked for first (facts.md §4).
    pub(crate) fn callcenter_app(&mut self, uuid: &str, data: &str) -> Ran {
        let queue = data.trim().to_owned();
        if !self.modules.contains("mod_callcenter") {
            return Ran::Done;
        }
        self.wait(uuid, Run::Endless, 0);
        if self.cc.has_queue(&queue) {
            self.enter_queue(uuid, &queue);
        } else {
            let wanted = Wanted::UnknownQueue {
                uuid: uuid.into(),
                queue: queue.clone(),
            };
            self.fetch_configuration("callcenter.conf", &[("CC-Queue", &queue)], wanted);
        }
        Ran::Waits
    }

    /// The leg joins the queue, or its dialplan goes on when there is none.
    pub(crate) fn enter_queue(&mut self, uuid: &str, name: &str) {
        let now = self.epoch();
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        if leg.ended {
            return;
        }
        let leg_uuid: Str = leg.uuid.clone();
        let (cid_name, cid_number) = (leg.profile.cid_name.clone(), leg.profile.cid_number.clone());
        let base_score = leg
            .var("cc_base_score")
            .and_then(|score| score.parse().ok())
            .unwrap_or(0);
        let system_epoch = leg.times.created / SECOND;
        let override_music = leg.var("cc_moh_override").map(str::to_owned);
        self.discard_abandoned();
        let Some(queue) = self.cc.queue(name) else {
            return self.app_done(uuid, "_none_");
        };
        let music = override_music.unwrap_or_else(|| queue.text("moh-sound", "").to_owned());
        let resume = queue.flag("abandoned-resume-allowed", false);
        let old = self.cc.members.iter().position(|member| {
            resume && member.queue == name && member.state == "Abandoned" && member.cid_number == cid_number
        });
        let resumed = old.map(|at| self.cc.members.remove(at));
        let action = if resumed.is_some() {
            "member-queue-resume"
        } else {
            "member-queue-start"
        };
        let member = Member {
            uuid: resumed
                .as_ref()
                .map_or_else(|| self.rng.uuid(), |old| old.uuid.clone()),
            queue: name.to_owned(),
            session: uuid.to_owned(),
            cid_number: cid_number.clone(),
            cid_name: cid_name.clone(),
            system_epoch,
            joined_epoch: resumed.as_ref().map_or(now, |old| old.joined_epoch),
            rejoined_epoch: if resumed.is_some() { now } else { 0 },
            bridge_epoch: 0,
            abandoned_epoch: 0,
            base_score,
            serving_agent: String::new(),
            serving_system: "",
            state: "Waiting",
            called: now,
            music_started: self.now,
            last_tier: (0, 0),
            last_originated: 0,
        };
        let id = member.uuid.clone();
        if let Some(leg) = self.channel(uuid) {
            leg.set("cc_side", "member");
            leg.set("cc_member_uuid", &id);
            leg.set("cc_queue_joined_epoch", &now.to_string());
            leg.set("cc_queue", name);
            leg.run = Run::Queue(id.clone());
        }
        self.cc.members.push(member);
        self.emit_cc(
            Some(uuid),
            &[
                ("CC-Queue", name.to_owned()),
                ("CC-Action", action.to_owned()),
                ("CC-Member-UUID", id.clone()),
                ("CC-Member-Session-UUID", leg_uuid.to_string()),
                ("CC-Member-CID-Name", cid_name),
                ("CC-Member-CID-Number", cid_number),
            ],
        );
        self.emit_members_count(name);
        if !music.is_empty() {
            let music = self.expand(uuid, &music);
            self.emit_with(uuid, "PLAYBACK_START", &[], &[("Playback-File-Path", &music)]);
            if let Some(leg) = self.channel(uuid) {
                leg.set("cc_moh_playing", "");
            }
        }
        self.after(500 * MS, Timer::MemberCheck { member: id });
        self.arm_queue_tick();
    }

    pub(crate) fn arm_queue_tick(&mut self) {
        if !self.cc.tick_armed {
            self.cc.tick_armed = true;
            // Behind the poll that notices the end of a call: a caller who is moved on leaves his agent first.
            self.after(60 * MS, Timer::QueueTick);
        }
    }

    /// `members-count` counts who waits or is being offered; the answered one is still among them when it is
    /// fired (surprises 61).
    pub(crate) fn emit_members_count(&mut self, queue: &str) {
        let count = self.waiting_in(queue);
        self.emit_cc(
            None,
            &[
                ("CC-Queue", queue.to_owned()),
                ("CC-Action", "members-count".into()),
                ("CC-Count", count.to_string()),
                ("CC-Selection", "Single-Queue".into()),
            ],
        );
    }

    fn waiting_in(&self, queue: &str) -> usize {
        let waits = |member: &&Member| member.queue == queue && matches!(member.state, "Waiting" | "Trying");
        self.cc.members.iter().filter(waits).count()
    }

    /// The music file of a member's queue, with PLAYBACK_STOP.
    pub(crate) fn stop_queue_music(&mut self, uuid: &str, member: &str, status: &str) {
        let Some((queue, started)) = self.cc.member(member).map(|m| (m.queue.clone(), m.music_started))
        else {
            return;
        };
        let music = match self.channels.get(uuid).and_then(|leg| leg.var("cc_moh_override")) {
            Some(music) => music.to_owned(),
            None => self
                .cc
                .queue(&queue)
                .map(|queue| queue.text("moh-sound", "").to_owned())
                .unwrap_or_default(),
        };
        if !music.is_empty() {
            let music = self.expand(uuid, &music);
            self.playback_stopped(uuid, &music, started, status);
        }
    }

    /// Every 500 ms: has this member waited too long?
    pub(crate) fn check_member(&mut self, id: &str) {
        let Some(member) = self.cc.member(id).cloned() else {
            return;
        };
        if matches!(member.state, "Answered" | "Abandoned") {
            return;
        }
        let now = self.epoch();
        let uuid = member.session.clone();
        let Some(queue) = self.cc.queue(&member.queue) else {
            return;
        };
        let waited = now - member.called;
        let limit = queue.number("max-wait-time", 0);
        if limit > 0 && waited >= limit {
            return self.leave_queue(&uuid, id, Leave::Timeout);
        }
        let limit = queue.number("max-wait-time-with-no-agent", 0);
        let reached = queue.number("max-wait-time-with-no-agent-time-reached", 5);
        let (check, exist) = (queue.last_agent_check, queue.last_agent_exist);
        if limit > 0
            && check > exist
            && member.called <= check
            && check - exist >= limit
            && (reached == 0 || check - member.called >= reached + limit)
        {
            return self.leave_queue(&uuid, id, Leave::NoAgent);
        }
        self.after(
            500 * MS,
            Timer::MemberCheck {
                member: id.to_owned(),
            },
        );
    }

    /// Leaves for a time limit or a key; the dialplan goes on.
    fn leave_queue(&mut self, uuid: &str, member: &str, reason: Leave) {
        self.member_leaves(uuid, member, reason, "break");
        self.app_done(uuid, "_none_");
    }

    /// The caller has hung up.
    pub(crate) fn member_hung_up(&mut self, uuid: &str, member: &str) {
        self.member_leaves(uuid, member, Leave::BreakOut, "done");
    }

    /// The control plane has taken the caller out; the same reason (surprises 63).
    pub(crate) fn member_taken_out(&mut self, uuid: &str, member: &str) {
        self.member_leaves(uuid, member, Leave::BreakOut, "break");
    }

    fn member_leaves(&mut self, uuid: &str, id: &str, reason: Leave, status: &str) {
        let now = self.epoch();
        self.stop_queue_music(uuid, id, status);
        let Some(member) = self.cc.member(id).cloned() else {
            return;
        };
        let cancelled = self.cancel_offers_of(id);
        if let Some(leg) = self.channel(uuid) {
            leg.set("cc_queue_canceled_epoch", &now.to_string());
            leg.set("cc_cause", "cancel");
            leg.set("cc_cancel_reason", reason.word());
        }
        if let Some(queue) = self.cc.queue(&member.queue) {
            queue.calls_abandoned += 1;
        }
        if reason == Leave::BreakOut {
            if let Some(row) = self.cc.member(id) {
                row.state = "Abandoned";
                row.session.clear();
                row.abandoned_epoch = now;
                row.serving_agent.clear();
                row.serving_system = "";
            }
        } else {
            self.cc.members.retain(|row| row.uuid != id);
        }
        let headers = [
            ("CC-Queue", member.queue.clone()),
            ("CC-Action", "member-queue-end".into()),
            ("CC-Member-Leaving-Time", now.to_string()),
            ("CC-Member-Joined-Time", member.called.to_string()),
            ("CC-Cause", "Cancel".into()),
            ("CC-Cancel-Reason", reason.word().into()),
            ("CC-Member-UUID", member.uuid.clone()),
            ("CC-Member-Session-UUID", uuid.to_owned()),
            ("CC-Member-CID-Name", member.cid_name.clone()),
            ("CC-Member-CID-Number", member.cid_number.clone()),
        ];
        self.emit_cc(Some(uuid), &headers);
        self.emit_members_count(&member.queue);
        for offer in cancelled {
            self.offer_was_cancelled(&offer);
        }
    }

    /// A key of `cc_exit_keys` ends the wait.
    pub(crate) fn queue_digit(&mut self, uuid: &str, digit: char) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let Run::Queue(member) = &leg.run else { return };
        let member = member.clone();
        if leg.var("cc_exit_keys").is_some_and(|keys| keys.contains(digit)) {
            leg.set("cc_exit_key", &digit.to_string());
            self.leave_queue(uuid, &member, Leave::ExitKey);
        }
    }

    /// Abandoned rows stay for `discard-abandoned-after` seconds.
    pub(crate) fn discard_abandoned(&mut self) {
        let now = self.epoch();
        let keep: Vec<(String, u64)> = self
            .cc
            .queues
            .iter()
            .map(|queue| (queue.name.clone(), queue.number("discard-abandoned-after", 60)))
            .collect();
        self.cc.members.retain(|member| {
            let limit = keep
                .iter()
                .find(|(name, _)| *name == member.queue)
                .map_or(60, |(_, limit)| *limit);
            member.state != "Abandoned" || member.abandoned_epoch + limit >= now
        });
    }
}
