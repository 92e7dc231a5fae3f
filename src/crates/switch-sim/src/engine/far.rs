//! The far ends: phones, gateways and outside callers ring, answer, refuse, press keys and hang up.

use super::channel::{Answer, CallState, Far};
use super::hangup::EndedBy;
use super::run::Run;
use super::{Engine, Timer};
use crate::causes::Cause;
use crate::clock::MS;
use crate::config::{Outcome, Pickup};

/// Something the far end does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// 180
    Ring,
    /// 183 with SDP
    Media,
    /// 200
    Answer,
    /// A SIP refusal.
    Refuse(u16),
    /// BYE
    Hangup,
}

impl Engine {
    /// Decides what the far end of a new outbound leg will do.
    pub(crate) fn ring_far_end(&mut self, uuid: &str, far: &Far, number: &str) {
        let steps = match far {
            Far::Phone(user) => self.phone_steps(uuid, user),
            Far::Gateway { name } => {
                let outcome = self.sofia.outcome(name, number);
                self.gateway_steps(uuid, outcome)
            }
            Far::Nobody => vec![(0, Step::Answer)],
            Far::Outside => Vec::new(),
        };
        for (millis, step) in steps {
            self.after(
                millis * MS,
                Timer::Far {
                    uuid: uuid.into(),
                    step,
                },
            );
        }
    }

    fn phone_steps(&mut self, uuid: &str, user: &str) -> Vec<(u64, Step)> {
        let Some(phone) = self.sofia.phone(user) else {
            return vec![(1, Step::Refuse(480))];
        };
        // A phone asked to answer at once does so (`sip_auto_answer`, facts.md §8).
        let at_once = self
            .channels
            .get(uuid)
            .is_some_and(|leg| leg.is_true("sip_auto_answer"));
        if at_once && phone.pickup == Pickup::Manual {
            return vec![(1, Step::Ring), (300, Step::Answer)];
        }
        match phone.pickup {
            Pickup::Manual | Pickup::NoAnswer => vec![(1, Step::Ring)],
            Pickup::Auto {
                low,
                high,
                talk_low,
                talk_high,
            } => {
                let after = self.rng.between(low, high);
                let talk = self.rng.between(talk_low, talk_high);
                self.set_talk(uuid, talk);
                vec![(1, Step::Ring), (after.max(2), Step::Answer)]
            }
            Pickup::Refuse { after: 0, status } => vec![(1, Step::Refuse(status))],
            Pickup::Refuse { after, status } => vec![(1, Step::Ring), (after, Step::Refuse(status))],
        }
    }

    fn gateway_steps(&mut self, uuid: &str, outcome: Outcome) -> Vec<(u64, Step)> {
        match outcome {
            Outcome::Answer { ring, talk } => {
                self.set_talk(uuid, talk);
                vec![(1, Step::Ring), (ring.max(2), Step::Answer)]
            }
            Outcome::EarlyAnswer { media, talk } => {
                self.set_talk(uuid, talk);
                vec![(1, Step::Media), (media.max(50), Step::Answer)]
            }
            Outcome::NoAnswer => vec![(1, Step::Ring)],
            Outcome::Refuse { after, status } => vec![(after.max(1), Step::Refuse(status))],
        }
    }

    fn set_talk(&mut self, uuid: &str, millis: u64) {
        if let Some(leg) = self.channel(uuid) {
            leg.hangup_after_talk = millis;
        }
    }

    /// A talk has begun: far ends with a limited talk will hang up.
    pub(crate) fn start_talk_timers(&mut self, a: &str, b: &str) {
        for uuid in [a, b] {
            let Some(leg) = self.channels.get_mut(uuid) else {
                continue;
            };
            let millis = std::mem::take(&mut leg.hangup_after_talk);
            if millis > 0 {
                let uuid = leg.uuid.clone();
                self.after(
                    millis * MS,
                    Timer::Far {
                        uuid,
                        step: Step::Hangup,
                    },
                );
            }
        }
    }

    /// Carries out what the far end does now.
    pub(crate) fn far_step(&mut self, uuid: &str, step: Step) {
        if self.channels.get(uuid).is_none_or(|leg| leg.ended) {
            return;
        }
        match step {
            Step::Ring => self.far_rings(uuid),
            Step::Media => self.far_sends_media(uuid),
            Step::Answer => self.far_answers(uuid),
            Step::Refuse(status) => {
                if !self
                    .channels
                    .get(uuid)
                    .is_some_and(super::channel::Channel::is_answered)
                {
                    self.hangup(uuid, Cause::from_sip(status), EndedBy::Refusal(status));
                }
            }
            Step::Hangup => self.far_hangs_up(uuid),
        }
    }

    fn far_rings(&mut self, uuid: &str) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if leg.answer != Answer::Ringing {
            return;
        }
        leg.times.progress = now;
        for (name, value) in [
            ("sip_reply_host", "127.0.0.1"),
            ("sip_network_ip", "127.0.0.1"),
            ("sip_user_agent", "SimPhone/1.0"),
            (
                "sip_allow",
                "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, INFO, UPDATE",
            ),
        ] {
            leg.set(name, value);
        }
        self.emit(uuid, "CHANNEL_PROGRESS");
        self.set_call_state(uuid, CallState::Ringing);
        self.leg_progress(uuid, false);
    }

    fn far_sends_media(&mut self, uuid: &str) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        leg.answer = Answer::Early;
        leg.times.progress_media = now;
        leg.set("endpoint_disposition", "EARLY MEDIA");
        self.emit(uuid, "CHANNEL_PROGRESS_MEDIA");
        self.set_call_state(uuid, CallState::Early);
        self.leg_progress(uuid, true);
    }

    /// The far end picks up.
    pub(crate) fn far_answers(&mut self, uuid: &str) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if leg.is_answered() || leg.ended {
            return;
        }
        for (name, value) in [
            ("read_codec", "PCMU"),
            ("read_rate", "8000"),
            ("write_codec", "PCMU"),
            ("write_rate", "8000"),
            ("dtmf_type", "rfc2833"),
        ] {
            leg.set(name, value);
        }
        let (dial, partner) = (leg.dial, leg.partner.clone());
        let on_answer = leg.var("execute_on_answer").map(str::to_owned);
        self.answer(uuid);
        if let Some(command) = on_answer {
            let (app, data) = command
                .split_once("::")
                .or_else(|| command.split_once(' '))
                .unwrap_or((&command, ""));
            self.run_over_bridge(uuid, app, data);
        }
        if let Some(partner) = partner {
            // Bridged on early media before: no new BRIDGE (surprises 25).
            self.answer(&partner);
            self.call_updates(&partner, uuid);
            self.start_talk_timers(&partner, uuid);
        } else if let Some(dial) = dial {
            self.leg_won(dial, uuid);
        }
    }

    /// The far end hangs up: BYE when answered, CANCEL before. A called phone that has not answered declines.
    pub(crate) fn far_hangs_up(&mut self, uuid: &str) {
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        let outbound = leg.direction == super::channel::Direction::Outbound;
        match (leg.is_answered(), outbound) {
            (true, _) => self.hangup(uuid, Cause::NORMAL_CLEARING, EndedBy::Far),
            (false, true) => self.hangup(uuid, Cause::CALL_REJECTED, EndedBy::Refusal(603)),
            (false, false) => self.hangup(uuid, Cause::ORIGINATOR_CANCEL, EndedBy::Far),
        }
    }

    /// The newest call of a phone: one that rings it, or (not `ringing`) any.
    pub(crate) fn leg_of_phone(&self, user: &str, ringing: bool) -> Option<crate::event::Str> {
        let outbound = super::channel::Direction::Outbound;
        self.channels
            .values()
            .filter(|leg| !leg.ended && leg.far == Far::Phone(user.to_owned()))
            .filter(|leg| !ringing || (leg.direction == outbound && !leg.is_answered()))
            .max_by_key(|leg| leg.session_id)
            .map(|leg| leg.uuid.clone())
    }

    /// The far end presses keys (RFC 2833), or somebody pretends so (`uuid_recv_dtmf`, source APP).
    pub(crate) fn press(&mut self, uuid: &str, digits: &str, source: &str) {
        for digit in digits
            .chars()
            .filter(|c| c.is_ascii_digit() || "*#ABCD".contains(*c))
        {
            let text = digit.to_string();
            let Some(leg) = self.channels.get_mut(uuid) else {
                return;
            };
            if leg.ended {
                return;
            }
            let is_in_queue = matches!(leg.run, Run::Queue(_));
            let tail = [
                ("DTMF-Digit", text.as_str()),
                ("DTMF-Duration", "960"),
                ("DTMF-Source", source),
            ];
            self.emit_bare(uuid, "DTMF", &[], &tail);
            if is_in_queue {
                self.queue_digit(uuid, digit);
            } else {
                self.digit(uuid, digit);
            }
        }
    }
}
