//! The end of a leg, in the order of the traces: HANGUP, RECORD_STOP, CALLSTATE, what the leg was doing,
//! HANGUP_COMPLETE, record, DESTROY.

use super::channel::{Answer, CallState, Cs, Direction};
use super::run::Run;
use super::{Engine, Output};
use crate::causes::{Cause, sip_phrase};
use crate::event::Str;

/// Who ended the leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// BYE or CANCEL from the far end.
    Far,
    /// The far end refused the call with this SIP status.
    Refusal(u16),
    /// The switch.
    Switch,
}

impl Engine {
    pub(crate) fn hangup_by_switch(&mut self, uuid: &str, cause: Cause) {
        self.hangup(uuid, cause, EndedBy::Switch);
    }

    /// Ends a leg. Does nothing when it has ended already.
    pub(crate) fn hangup(&mut self, uuid: &str, cause: Cause, by: EndedBy) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if leg.ended {
            return;
        }
        let key = leg.uuid.clone();
        let uuid: &str = &key;
        let answered = leg.is_answered();
        let disposition = disposition(leg.direction, answered, by);
        leg.ended = true;
        leg.generation += 1;
        leg.cause = Some(cause);
        leg.answer = Answer::Hangup;
        leg.cs = Cs::Hangup;
        leg.times.hangup = now;
        match by {
            EndedBy::Refusal(status) => {
                leg.set("sip_hangup_disposition", disposition);
                leg.set("sip_invite_failure_status", &status.to_string());
                leg.set("sip_invite_failure_phrase", sip_phrase(status));
                leg.set("sip_term_status", &status.to_string());
                leg.set("proto_specific_hangup_cause", &format!("sip:{status}"));
            }
            EndedBy::Far if answered => {
                leg.set("sip_term_status", "200");
                leg.set("proto_specific_hangup_cause", "sip:200");
                leg.set("sip_term_cause", "16");
            }
            EndedBy::Far => leg.set("sip_term_status", "487"),
            EndedBy::Switch => leg.set("sip_hangup_phrase", "OK"),
        }
        if leg.call_state == CallState::Held {
            self.emit(uuid, "CHANNEL_UNHOLD");
        }
        self.emit(uuid, "CHANNEL_HANGUP");
        self.stop_recording(uuid, None, "success-silence");
        self.set_call_state(uuid, CallState::Hangup);
        self.set_hangup_variables(uuid, disposition);
        self.untrack_agent(uuid);
        self.leave_what_it_did(uuid, cause);
    }

    fn leave_what_it_did(&mut self, uuid: &str, cause: Cause) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let partner = leg.partner.clone();
        let unanswered_dial = leg.dial.filter(|_| leg.times.answered == 0);
        let sip_status = leg
            .var("sip_invite_failure_status")
            .and_then(|status| status.parse().ok());
        match std::mem::take(&mut leg.run) {
            Run::Dialling(dial) => {
                self.cancel_dial(dial, Cause::ORIGINATOR_CANCEL);
                self.complete_app(uuid, "_none_");
            }
            Run::Bridged | Run::UuidBridged => {
                if let Some(partner) = partner {
                    return self.end_of_bridge(uuid, &partner, cause);
                }
            }
            Run::Playback(playback) => {
                self.playback_stopped(uuid, &playback.file, playback.started, "done");
                self.complete_app(uuid, "FILE PLAYED");
            }
            Run::Queue(member) => {
                self.member_hung_up(uuid, &member);
                self.complete_app(uuid, "_none_");
            }
            Run::Park => {
                self.emit(uuid, "CHANNEL_UNPARK");
                self.complete_app(uuid, "_none_");
            }
            Run::Digits(_) | Run::Ivr(_) => {
                self.stop_prompt(uuid, "done");
                self.complete_app(uuid, "_none_");
            }
            Run::Idle | Run::Routing | Run::Sleep | Run::Endless | Run::Record => {
                self.complete_app(uuid, "_none_");
            }
        }
        self.report(uuid);
        self.agent_leg_ended(uuid);
        self.destroy(uuid);
        if let Some(dial) = unanswered_dial {
            self.dial_leg_failed(dial, uuid, cause, sip_status);
        }
    }

    /// One leg of a bridge has hung up; the order depends on which one (surprises 33).
    fn end_of_bridge(&mut self, gone: &str, other: &str, cause: Cause) {
        let gone_is_a = self.channels.get(gone).is_some_and(|leg| leg.bridge_a);
        let other_parks = self
            .channels
            .get(other)
            .is_some_and(|leg| leg.is_true("park_after_bridge"));
        let other_goes_on = !gone_is_a || other_parks;
        self.stop_overlay(gone, "done");
        if let Some(leg) = self.channel(other) {
            leg.set("last_bridge_hangup_cause", cause.name());
            leg.set("last_bridge_proto_specific_hangup_cause", "sip:200");
        }
        if let Some(leg) = self.channel(gone) {
            leg.set("bridge_hangup_cause", cause.name());
            leg.set(
                "last_bridge_role",
                if gone_is_a { "originator" } else { "originatee" },
            );
        }
        if other_goes_on {
            self.report(gone);
            self.part(gone, other);
            self.agent_leg_ended(gone);
            self.destroy(gone);
            self.after_bridge(other, cause);
            return;
        }
        // A has gone: B goes too, then the bridge ends on A.
        let other: Str = other.into();
        if let Some(leg) = self.channel(&other) {
            leg.partner = None;
            leg.run = Run::Idle;
            // Freed from the bridge, the leg is a call of its own again (trace 03a).
            leg.call_uuid = other.clone();
            leg.set("call_uuid", &other);
        }
        self.hangup_without_report(&other, cause);
        self.part(gone, &other);
        self.complete_app(gone, "_none_");
        self.report(&other);
        self.report(gone);
        self.agent_leg_ended(&other);
        self.destroy(&other);
        self.destroy(gone);
    }

    /// HANGUP and CALLSTATE of a leg whose partner has gone.
    fn hangup_without_report(&mut self, uuid: &str, cause: Cause) {
        let now = self.now;
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let disposition = disposition(leg.direction, leg.is_answered(), EndedBy::Switch);
        leg.ended = true;
        leg.generation += 1;
        leg.cause = Some(cause);
        leg.answer = Answer::Hangup;
        leg.cs = Cs::Hangup;
        leg.times.hangup = now;
        leg.set("sip_hangup_phrase", "OK");
        self.stop_overlay(uuid, "done");
        self.emit(uuid, "CHANNEL_HANGUP");
        self.stop_recording(uuid, None, "success-silence");
        self.set_call_state(uuid, CallState::Hangup);
        self.set_hangup_variables(uuid, disposition);
        self.untrack_agent(uuid);
    }

    /// CHANNEL_HANGUP_COMPLETE and the leg's record.
    fn report(&mut self, uuid: &str) {
        self.set_cs(uuid, Cs::Reporting);
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        let cause = leg.cause.unwrap_or(Cause::NORMAL_CLEARING).name();
        self.emit_with(uuid, "CHANNEL_HANGUP_COMPLETE", &[("Hangup-Cause", cause)], &[]);
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        // A call refused at authentication never became a session with a record.
        if self.modules.contains("mod_json_cdr") || self.config.cdr.is_some() {
            let body = crate::cdr::document(leg, &self.core_uuid, &self.config.switchname).to_string();
            let (uuid, is_a_leg) = (leg.uuid.to_string(), leg.direction == Direction::Inbound);
            self.push(Output::Cdr { uuid, is_a_leg, body });
        }
    }

    /// CHANNEL_DESTROY, put off while mod_callcenter still holds the leg.
    pub(crate) fn destroy(&mut self, uuid: &str) {
        if self.cc.holds(uuid) {
            return;
        }
        self.emit(uuid, "CHANNEL_DESTROY");
        self.set_cs(uuid, Cs::Destroy);
        self.channels.remove(uuid);
        self.scripts.remove(uuid);
    }

    /// `hupall`, shutdown: every leg ends with `cause`, in the order of creation.
    pub(crate) fn hangup_all(&mut self, cause: Cause) {
        let all: Vec<Str> = self.legs().into_iter().map(|leg| leg.uuid.clone()).collect();
        for uuid in all {
            self.hangup_by_switch(&uuid, cause);
        }
    }
}

/// `sip_hangup_disposition` (traces README).
fn disposition(direction: Direction, answered: bool, by: EndedBy) -> &'static str {
    match (by, answered, direction) {
        (EndedBy::Far, true, _) => "recv_bye",
        (EndedBy::Switch, true, _) => "send_bye",
        (EndedBy::Far, false, _) => "recv_cancel",
        (EndedBy::Refusal(_), _, _) => "recv_refuse",
        (EndedBy::Switch, false, Direction::Inbound) => "send_refuse",
        (EndedBy::Switch, false, Direction::Outbound) => "send_cancel",
    }
}
