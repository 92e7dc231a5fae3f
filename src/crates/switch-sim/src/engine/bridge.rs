//! Two legs talk: bridge, end of a bridge, hold.

use super::channel::{CallState, Cs};
use super::run::Run;
use super::{Engine, Timer};
use crate::causes::Cause;
use crate::clock::MS;

impl Engine {
    /// CHANNEL_BRIDGE of A with B (`switch_ivr_multi_threaded_bridge`), inside the `bridge` application.
    pub(crate) fn bridge_in_app(&mut self, a: &str, b: &str) {
        self.connect(a, b, false);
    }

    /// `uuid_bridge`: both legs show the application, it never completes (surprises 69).
    pub(crate) fn uuid_bridge(&mut self, a: &str, b: &str) {
        let now = self.now;
        for (leg, partner) in [(a, b), (b, a)] {
            let source = format!(
                "{}:{}:uuid_br:{partner}",
                now / crate::clock::SECOND,
                self.rng.uuid()
            );
            if let Some(leg) = self.channel(leg) {
                leg.new_profile(now, source);
                leg.cs = Cs::SoftExecute;
            }
        }
        self.introduce(a, b);
        for (leg, partner) in [(a, b), (b, a)] {
            let app_uuid = self.rng.uuid();
            let tail = [
                ("Application", "uuid_bridge"),
                ("Application-Data", partner),
                ("Application-UUID", &app_uuid),
            ];
            self.emit_with(leg, "CHANNEL_EXECUTE", &[], &tail);
        }
        self.connect(a, b, true);
    }

    /// Each leg gets to know the other (`Other-Leg-*`): A was the originator.
    pub(crate) fn introduce(&mut self, a: &str, b: &str) {
        if let (Some(first), Some(second)) = (self.channels.get(a), self.channels.get(b)) {
            let (for_a, for_b) = (second.as_other(false), first.as_other(true));
            if let Some(leg) = self.channel(a) {
                leg.other = Some(for_a);
            }
            if let Some(leg) = self.channel(b) {
                leg.other = Some(for_b);
            }
        }
    }

    fn connect(&mut self, a: &str, b: &str, by_uuid: bool) {
        let now = self.now;
        let (Some(leg_a), Some(leg_b)) = (self.channels.get(a), self.channels.get(b)) else {
            return;
        };
        let (for_a, for_b) = (leg_b.as_other(false), leg_a.as_other(true));
        let (uuid_a, uuid_b) = (leg_a.uuid.clone(), leg_b.uuid.clone());
        let (name_a, name_b) = (leg_a.name.clone(), leg_b.name.clone());
        let callee = (
            leg_b.profile.callee_name.clone(),
            leg_b.profile.callee_number.clone(),
        );
        if let Some(leg) = self.channel(a) {
            leg.partner = Some(uuid_b.clone());
            leg.bridge_a = true;
            leg.run = if by_uuid { Run::UuidBridged } else { Run::Bridged };
            leg.generation += 1;
            leg.times.bridged = now;
            leg.other = Some(for_a);
            if !callee.1.is_empty() {
                (leg.profile.callee_name, leg.profile.callee_number) = callee;
            }
            leg.set("signal_bond", &uuid_b);
        }
        if let Some(leg) = self.channel(b) {
            leg.partner = Some(uuid_a.clone());
            leg.bridge_a = false;
            leg.run = if by_uuid { Run::UuidBridged } else { Run::Bridged };
            leg.generation += 1;
            leg.times.bridged = now;
            leg.other = Some(for_b);
            leg.call_uuid = uuid_a.clone();
            leg.set("call_uuid", &uuid_a);
            leg.set("signal_bond", &uuid_a);
        }
        self.emit_with(
            a,
            "CHANNEL_BRIDGE",
            &[("Bridge-A-Unique-ID", &uuid_a), ("Bridge-B-Unique-ID", &uuid_b)],
            &[],
        );
        self.set_cs(b, Cs::ExchangeMedia);
        for (leg, partner, name) in [(a, &uuid_b, &name_b), (b, &uuid_a, &name_a)] {
            if let Some(leg) = self.channel(leg) {
                leg.set("last_bridge_to", partner);
                leg.set("bridge_channel", name);
                leg.set("bridge_uuid", partner);
            }
        }
        if self
            .channels
            .get(a)
            .is_some_and(super::channel::Channel::is_answered)
        {
            self.call_updates(a, b);
        }
        self.start_talk_timers(a, b);
    }

    /// CALL_UPDATE for both legs of a bridge (surprises 48).
    pub(crate) fn call_updates(&mut self, a: &str, b: &str) {
        for (leg, partner) in [(b, a), (a, b)] {
            let Some(other) = self.channels.get(partner) else {
                continue;
            };
            let profile = &other.profile;
            let other_is_callee = partner == b;
            let (name, number) = if other_is_callee {
                (profile.callee_name.clone(), profile.callee_number.clone())
            } else {
                (profile.cid_name.clone(), profile.cid_number.clone())
            };
            if let Some(leg) = self.channel(leg) {
                leg.set("last_sent_callee_id_name", &name);
                leg.set("last_sent_callee_id_number", &number);
            }
            self.emit_with(
                leg,
                "CALL_UPDATE",
                &[
                    ("Direction", "SEND"),
                    ("Sent-Callee-ID-Name", &name),
                    ("Sent-Callee-ID-Number", &number),
                    ("Bridged-To", partner),
                ],
                &[],
            );
        }
    }

    /// Ends the bridge of two legs: CHANNEL_UNBRIDGE on its A leg. Both stay up.
    pub(crate) fn part(&mut self, one: &str, two: &str) {
        let one_is_a = self.channels.get(one).is_some_and(|leg| leg.bridge_a);
        let (a, b) = if one_is_a { (one, two) } else { (two, one) };
        self.stop_overlay(a, "break");
        self.stop_overlay(b, "break");
        let cause = [a, b]
            .iter()
            .find_map(|leg| self.channels.get(*leg)?.cause)
            .unwrap_or(Cause::NORMAL_CLEARING);
        for leg in [a, b] {
            if let Some(leg) = self.channel(leg) {
                leg.partner = None;
                leg.bridge_a = false;
                leg.set("bridge_hangup_cause", cause.name());
            }
        }
        self.emit_with(
            a,
            "CHANNEL_UNBRIDGE",
            &[("Bridge-A-Unique-ID", a), ("Bridge-B-Unique-ID", b)],
            &[],
        );
    }

    /// What a leg does when its bridge has ended without it: next action, park, or hang up.
    pub(crate) fn after_bridge(&mut self, uuid: &str, cause: Cause) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if leg.ended {
            return;
        }
        let in_app = matches!(leg.run, Run::Bridged) && leg.app.is_some();
        let was_answered = leg.is_answered();
        leg.run = Run::Idle;
        leg.generation += 1;
        leg.cs = Cs::Execute;
        if matches!(leg.call_state, CallState::Held | CallState::RingWait) {
            self.set_call_state(uuid, CallState::Active);
        }
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        let parks = leg.is_true("park_after_bridge");
        if !parks && ((in_app && leg.is_true("hangup_after_bridge")) || !was_answered) {
            // The application completes behind the hang-up (trace 03b).
            return self.hangup_by_switch(uuid, cause);
        }
        if in_app {
            self.complete_app(uuid, "_none_");
        }
        if parks {
            self.park(uuid);
        } else {
            self.run_next(uuid);
        }
    }

    /// `uuid_hold`; the partner hears its hold music some 150 ms later (surprises 35).
    pub(crate) fn hold(&mut self, uuid: &str) {
        let now = self.now;
        self.set_call_state(uuid, CallState::Held);
        if let Some(leg) = self.channel(uuid) {
            leg.times.last_hold = now;
        }
        self.emit(uuid, "CHANNEL_HOLD");
        let partner = self.channels.get(uuid).and_then(|leg| leg.partner.clone());
        if let Some(partner) = partner {
            let music = self
                .channels
                .get(&partner)
                .and_then(|leg| leg.var("hold_music").map(str::to_owned));
            let file = music
                .or_else(|| self.global("hold_music").map(str::to_owned))
                .unwrap_or_default();
            let application = self.rng.uuid();
            self.after(
                140 * MS,
                Timer::OverlayStart {
                    uuid: partner,
                    file,
                    is_hold_music: true,
                    application,
                },
            );
        }
    }

    /// `uuid_hold off`.
    pub(crate) fn unhold(&mut self, uuid: &str) {
        let now = self.now;
        self.set_call_state(uuid, CallState::Unheld);
        if let Some(leg) = self.channel(uuid) {
            leg.times.hold_accum += now.saturating_sub(leg.times.last_hold);
        }
        let partner = self.channels.get(uuid).and_then(|leg| leg.partner.clone());
        if let Some(partner) = partner {
            self.stop_overlay(&partner, "break");
        }
        self.emit(uuid, "CHANNEL_UNHOLD");
        self.set_call_state(uuid, CallState::Active);
    }

    /// Hold music or a broadcast file begins over a bridge.
    pub(crate) fn start_overlay(
        &mut self,
        uuid: &str,
        file: String,
        is_hold_music: bool,
        application: String,
    ) {
        let now = self.now;
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        let still_held = leg
            .partner
            .as_ref()
            .and_then(|partner| self.channels.get(partner))
            .is_some_and(|partner| partner.call_state == CallState::Held);
        if leg.ended || (is_hold_music && (!still_held || file.is_empty() || file == "silence")) {
            return;
        }
        self.stop_overlay(uuid, "break");
        let ticket = self.id();
        self.announce_app(uuid, "playback", &file, &application);
        self.emit_with(uuid, "PLAYBACK_START", &[], &[("Playback-File-Path", &file)]);
        let length = if is_hold_music {
            0
        } else {
            super::media::length_of(&file)
        };
        let Some(leg) = self.channel(uuid) else { return };
        let leg_uuid = leg.uuid.clone();
        leg.overlay = Some(super::run::Overlay {
            file,
            started: now,
            application_uuid: application,
            ticket,
        });
        if length > 0 {
            self.after(
                length * MS,
                Timer::OverlayEnd {
                    uuid: leg_uuid,
                    ticket,
                },
            );
        }
    }

    pub(crate) fn overlay_time_is_up(&mut self, uuid: &str, ticket: u64) {
        if self
            .channels
            .get(uuid)
            .and_then(|leg| leg.overlay.as_ref())
            .is_some_and(|o| o.ticket == ticket)
        {
            self.stop_overlay(uuid, "done");
        }
    }

    /// PLAYBACK_STOP and EXECUTE_COMPLETE of what plays over a bridge.
    pub(crate) fn stop_overlay(&mut self, uuid: &str, status: &str) {
        let Some(overlay) = self.channels.get_mut(uuid).and_then(|leg| leg.overlay.take()) else {
            return;
        };
        self.playback_stopped(uuid, &overlay.file, overlay.started, status);
        let tail = [
            ("Application", "playback"),
            ("Application-Data", overlay.file.as_str()),
            ("Application-Response", "FILE PLAYED"),
            ("Application-UUID", overlay.application_uuid.as_str()),
        ];
        self.emit_with(uuid, "CHANNEL_EXECUTE_COMPLETE", &[], &tail);
        if let Some(leg) = self.channel(uuid) {
            leg.inner_response = Some("FILE PLAYED");
        }
    }
}
