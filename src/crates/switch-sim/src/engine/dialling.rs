//! Dial attempts (`switch_ivr_originate`): resolve the targets, ring them, take the first that answers.

use std::collections::VecDeque;

use super::channel::{CallState, Cs, Direction, Far, Profile};
use super::exec::Ran;
use super::inbound::Leg;
use super::run::Run;
use super::{Engine, Timer, Waiting, Wanted};
use crate::causes::Cause;
use crate::clock::SECOND;
use crate::dialplan::{Action, Target, TargetKind, parse_dial_string};
use crate::event::Str;
use crate::xml::Node;

/// Who wants the leg.
#[derive(Debug)]
pub(crate) enum DialOwner {
    /// The `bridge` application of a leg.
    Bridge { a: Str },
    /// mod_callcenter offers a caller to an agent.
    Offer { offer: u64 },
    /// The `originate` api; then the leg runs this.
    Api { waiting: Waiting, then: Action },
}

/// One attempt with all its groups of targets.
#[derive(Debug)]
pub(crate) struct Dial {
    pub(crate) owner: DialOwner,
    vars: Vec<(String, String)>,
    groups: VecDeque<Vec<Target>>,
    /// Targets of the present group whose directory entry is awaited.
    lookups: Vec<Option<Target>>,
    legs: Vec<Str>,
    cause: Cause,
    /// Leg uuid and cause of what has failed so far.
    failed: Vec<(Str, Cause)>,
    /// SIP status of the last refusal.
    sip_status: Option<u16>,
}

impl Dial {
    fn var(&self, name: &str) -> Option<&str> {
        self.vars
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn rings_through_media(&self) -> bool {
        self.var("ignore_early_media").is_some_and(super::channel::truthy)
    }
}

/// Timeouts in whole seconds fire early: 5 s after 4.3 s (surprises 31).
fn early(seconds: u64) -> u64 {
    (seconds * SECOND).saturating_sub(700_000).max(SECOND / 2)
}

impl Engine {
    /// The `bridge` application.
    pub(crate) fn bridge_app(&mut self, uuid: &str, data: &str) -> Ran {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return Ran::Left;
        };
        let a = leg.uuid.clone();
        let timeout = leg.var("call_timeout").and_then(|t| t.parse().ok()).unwrap_or(60);
        if leg.is_answered() {
            self.set_call_state(uuid, CallState::RingWait);
        }
        let mut inherited = Vec::new();
        if let Some(leg) = self.channels.get(uuid) {
            let exported = leg.var("export_vars").unwrap_or_default().to_owned();
            if !exported.is_empty() {
                inherited.push(("export_vars".to_owned(), exported.clone()));
            }
            for name in exported.split(',').filter(|name| !name.is_empty()) {
                if let Some(value) = leg.var(name) {
                    inherited.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        let dial = self.new_dial(DialOwner::Bridge { a }, data, inherited, timeout);
        if let Some(leg) = self.channel(uuid) {
            leg.run = Run::Dialling(dial);
        }
        self.next_group(dial);
        Ran::Waits
    }

    /// A new attempt; the caller starts it with [`Engine::next_group`].
    pub(crate) fn new_dial(
        &mut self,
        owner: DialOwner,
        text: &str,
        mut vars: Vec<(String, String)>,
        timeout: u64,
    ) -> u64 {
        let (globals, groups) = parse_dial_string(text, &self.config.domain);
        vars.extend(globals);
        let id = self.id();
        let cause = Cause::NORMAL_CLEARING;
        let (lookups, legs, failed) = (Vec::new(), Vec::new(), Vec::new());
        let dial = Dial {
            owner,
            vars,
            groups: groups.into(),
            lookups,
            legs,
            cause,
            failed,
            sip_status: None,
        };
        let limit = ["originate_timeout", "call_timeout", "leg_timeout"]
            .iter()
            .find_map(|name| dial.var(name)?.parse().ok())
            .unwrap_or(timeout);
        self.dials.insert(id, dial);
        self.after(early(limit), Timer::DialTimeout { dial: id });
        id
    }

    /// Rings the next group, or fails the attempt.
    pub(crate) fn next_group(&mut self, id: u64) {
        let Some(dial) = self.dials.get_mut(&id) else {
            return;
        };
        let Some(group) = dial.groups.pop_front() else {
            return self.dial_failed(id);
        };
        dial.lookups = vec![None; group.len()];
        for (slot, target) in group.into_iter().enumerate() {
            self.dial_target(id, slot, target);
            if !self.dials.contains_key(&id) {
                return;
            }
        }
        self.check_group(id);
    }

    fn dial_target(&mut self, id: u64, slot: usize, target: Target) {
        match target.kind.clone() {
            TargetKind::User { user, domain } => {
                let Some(dial) = self.dials.get_mut(&id) else {
                    return;
                };
                let mut fields = vec![
                    ("action".into(), "user_call".to_owned()),
                    ("as_channel".into(), "true".to_owned()),
                ];
                fields.push(("user".into(), user));
                for (name, value) in dial.vars.iter().chain(&target.vars) {
                    fields.push((name.clone().into(), value.clone()));
                }
                dial.lookups[slot] = Some(target);
                self.fetch_directory(&domain, fields, Wanted::DialUser { dial: id, slot });
            }
            TargetKind::Gateway { name, number } => {
                if !self.sofia.has_gateway(&name) {
                    return self.target_failed(id, Cause::INVALID_GATEWAY);
                }
                if !self.sofia.is_gateway_up(&name) {
                    self.lone_destroy();
                    return self.target_failed(id, Cause::GATEWAY_DOWN);
                }
                self.start_leg(
                    id,
                    &target,
                    Far::Gateway { name },
                    &number,
                    format!("sofia/external/{number}"),
                    Vec::new(),
                );
            }
            TargetKind::Sip { user, profile } => {
                let name = format!("sofia/{profile}/{user}");
                if self.sofia.registration(&user).is_none() {
                    return self.target_failed(id, Cause::USER_NOT_REGISTERED);
                }
                self.start_leg(id, &target, Far::Phone(user.clone()), &user, name, Vec::new());
            }
            TargetKind::Null(name) => {
                self.start_leg(
                    id,
                    &target,
                    Far::Nobody,
                    &name,
                    format!("null/{name}"),
                    Vec::new(),
                );
            }
            TargetKind::Error(cause) => {
                self.target_failed(id, Cause::parse(&cause).unwrap_or(Cause::NORMAL_CLEARING));
            }
            TargetKind::Unknown => self.target_failed(id, Cause::CHAN_NOT_IMPLEMENTED),
        }
    }

    /// The directory entry of a `user/` target has come.
    pub(crate) fn user_found(&mut self, id: u64, slot: usize, root: Option<&Node>) {
        let Some(target) = self
            .dials
            .get_mut(&id)
            .and_then(|dial| dial.lookups.get_mut(slot)?.take())
        else {
            return;
        };
        let TargetKind::User { user, domain } = &target.kind else {
            return;
        };
        let entry = root.and_then(|root| crate::sofia::directory_user(root, user));
        let Some(dial_string) = entry.as_ref().and_then(|entry| entry.param("dial-string")) else {
            self.target_failed(id, Cause::SUBSCRIBER_ABSENT);
            return self.check_group(id);
        };
        let text = dial_string
            .replace("${dialed_user}", user)
            .replace("${dialed_domain}", domain);
        if let Some(argument) = text
            .split_once("sofia_contact(")
            .and_then(|(_, rest)| rest.split_once(')'))
        {
            let argument = argument.0.to_owned();
            self.emit_api("sofia_contact", &argument);
        }
        let Some(registration) = self.sofia.registration(user).cloned() else {
            self.target_failed(id, Cause::USER_NOT_REGISTERED);
            return self.check_group(id);
        };
        let (mut extra, _) = parse_dial_string(&text, domain);
        extra.insert(0, ("dialed_user".into(), user.clone()));
        extra.insert(1, ("dialed_domain".into(), domain.clone()));
        if !extra.iter().any(|(name, _)| name == "presence_id") {
            extra.push(("presence_id".into(), format!("{user}@{domain}")));
        }
        if let Some(entry) = &entry {
            // Only these reach the called leg (trace 03a).
            for name in [
                "user_context",
                "effective_caller_id_name",
                "effective_caller_id_number",
            ] {
                if let Some(value) = entry.variable(name) {
                    extra.push((name.into(), value.to_owned()));
                }
            }
        }
        let name = format!("sofia/internal/{user}@127.0.0.1:{}", registration.port);
        let (target, user) = (target.clone(), user.clone());
        self.start_leg(id, &target, Far::Phone(user.clone()), &user, name, extra);
        self.check_group(id);
    }

    fn start_leg(
        &mut self,
        id: u64,
        target: &Target,
        far: Far,
        number: &str,
        name: String,
        extra: Vec<(String, String)>,
    ) {
        if self.channels.len() as u64 >= self.max_sessions {
            return self.target_failed(id, Cause::DESTINATION_OUT_OF_ORDER);
        }
        let Some(dial) = self.dials.get(&id) else { return };
        let vars: Vec<(String, String)> = dial.vars.iter().chain(&target.vars).cloned().collect();
        let get = |name: &str| {
            vars.iter()
                .rev()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        };
        let originator = match &dial.owner {
            DialOwner::Bridge { a } => self.channels.get(a),
            _ => None,
        };
        let mut profile = Profile {
            callee_name: "Outbound Call".into(),
            callee_number: number.to_owned(),
            destination: number.to_owned(),
            network_addr: "127.0.0.1".into(),
            context: "default".into(),
            source: "src/switch_ivr_originate.c".into(),
            ..Profile::default()
        };
        if let Some(a) = originator {
            let caller = &a.profile;
            profile.username.clone_from(&caller.username);
            profile.dialplan = "XML".into();
            let effective = |name: &str, own: &String| a.var(name).map_or_else(|| own.clone(), str::to_owned);
            profile.cid_name = effective("effective_caller_id_name", &caller.cid_name);
            profile.cid_number = effective("effective_caller_id_number", &caller.cid_number);
            profile.orig_cid_name.clone_from(&caller.cid_name);
            profile.orig_cid_number.clone_from(&caller.cid_number);
            profile.ani.clone_from(&caller.ani);
            profile.source = "mod_sofia".into();
            profile.context.clone_from(&caller.context);
        } else {
            let cid = get("origination_caller_id_number").unwrap_or_else(|| "0000000000".into());
            profile.orig_cid_number.clone_from(&cid);
            profile.ani.clone_from(&cid);
            profile.cid_number = cid;
        }
        if let Some(number) = get("origination_caller_id_number") {
            profile.cid_number = number;
        }
        if let Some(name) = get("origination_caller_id_name") {
            profile.cid_name.clone_from(&name);
            if originator.is_none() {
                profile.orig_cid_name = name;
            }
        }
        let from_a = originator.map(|a| (a.as_other(true), a.uuid.clone()));
        let uuid = get("origination_uuid").filter(|u| !self.channels.contains_key(u.as_str()));
        let uuid = uuid.unwrap_or_else(|| self.rng.uuid());
        let presence_id = extra
            .iter()
            .find(|(name, _)| name == "presence_id")
            .map_or(String::new(), |(_, v)| v.clone());
        let is_gateway = matches!(far, Far::Gateway { .. });
        let profile_name = if is_gateway { "external" } else { "internal" };
        let leg = self.add_leg(Leg {
            uuid,
            name: name.clone(),
            direction: Direction::Outbound,
            far: far.clone(),
            profile,
            presence_id,
        });
        let sip_port = self.sofia.port(profile_name);
        if let Some(channel) = self.channel(&leg) {
            channel.dial = Some(id);
            if let Some((other, a)) = &from_a {
                channel.other = Some(other.clone());
                channel.call_uuid = a.clone();
                channel.set("originator", a);
                channel.set("signal_bond", a);
                channel.set("call_uuid", a);
                channel.set("originating_leg_uuid", a);
            } else {
                let own = leg.clone();
                channel.set("call_uuid", &own);
            }
            if let Far::Gateway { name } = &far {
                channel.set("sip_gateway_name", name);
                channel.set("sip_profile_name", "gateway");
            } else {
                channel.set("sip_profile_name", profile_name);
            }
            channel.set("channel_name", &name);
            channel.set("sip_destination_url", &format!("sip:{number}@127.0.0.1"));
            channel.set("max_forwards", "69");
            for (name, value) in extra.iter().chain(&vars) {
                channel.set(name, value);
            }
            channel.set(
                "originate_endpoint",
                if extra.is_empty() { "sofia" } else { "user" },
            );
            channel.set("sofia_profile_name", profile_name);
            channel.set("recovery_profile_name", profile_name);
            channel.set(
                "sofia_profile_url",
                &format!("sip:mod_sofia@127.0.0.1:{sip_port}"),
            );
            channel.set("sip_req_uri", &format!("{number}@127.0.0.1"));
            channel.set("sip_to_user", number);
        }
        self.note_originated(id, &leg, number);
        self.emit_bare(&leg, "CHANNEL_OUTGOING", &[], &[]);
        self.set_cs(&leg, Cs::Init);
        self.emit(&leg, "CHANNEL_CREATE");
        self.emit(&leg, "CHANNEL_ORIGINATE");
        self.set_cs(&leg, Cs::ConsumeMedia);
        if let Some(dial) = self.dials.get_mut(&id) {
            dial.legs.push(leg.clone());
        }
        let leg_timeout = target
            .vars
            .iter()
            .find(|(name, _)| name == "leg_timeout")
            .and_then(|(_, v)| v.parse().ok());
        if let Some(seconds) = leg_timeout {
            self.after(early(seconds), Timer::LegTimeout { uuid: leg.clone() });
        }
        self.ring_far_end(&leg, &far, number);
    }

    fn note_originated(&mut self, id: u64, leg: &Str, number: &str) {
        let Some(Dial {
            owner: DialOwner::Bridge { a },
            ..
        }) = self.dials.get(&id)
        else {
            return;
        };
        let a = a.clone();
        if let Some(channel) = self.channel(&a) {
            channel.set("originate_signal_bond", leg);
            channel.set("originated_legs", &format!("{leg};Outbound Call;{number}"));
        }
    }

    /// A call through a dead gateway leaves only this behind (surprises 21, trace 07k).
    fn lone_destroy(&mut self) {
        let uuid = self.rng.uuid();
        self.emit_plain(
            "CHANNEL_DESTROY",
            &[
                ("Channel-State", "CS_NONE"),
                ("Channel-Call-State", "DOWN"),
                ("Channel-State-Number", "0"),
                ("Channel-Name", "N/A"),
                ("Unique-ID", &uuid),
                ("Call-Direction", "outbound"),
                ("Presence-Call-Direction", "outbound"),
                ("Channel-HIT-Dialplan", "false"),
                ("Channel-Call-UUID", &uuid),
                ("Answer-State", "ringing"),
                ("variable_direction", "outbound"),
                ("variable_is_outbound", "true"),
                ("variable_uuid", &uuid),
                ("variable_call_uuid", &uuid),
            ],
        );
    }

    fn target_failed(&mut self, id: u64, cause: Cause) {
        if let Some(dial) = self.dials.get_mut(&id) {
            dial.cause = cause;
        }
    }

    /// When nothing of the group rings or is looked up any more, the next group has its turn.
    fn check_group(&mut self, id: u64) {
        let idle = self
            .dials
            .get(&id)
            .is_some_and(|dial| dial.legs.is_empty() && dial.lookups.iter().all(Option::is_none));
        if idle {
            self.next_group(id);
        }
    }

    /// A leg of the attempt ended without an answer.
    pub(crate) fn dial_leg_failed(&mut self, id: u64, uuid: &str, cause: Cause, sip_status: Option<u16>) {
        let Some(dial) = self.dials.get_mut(&id) else {
            return;
        };
        let Some(at) = dial.legs.iter().position(|leg| &**leg == uuid) else {
            return;
        };
        let leg = dial.legs.remove(at);
        dial.cause = cause;
        dial.sip_status = sip_status;
        dial.failed.push((leg, cause));
        self.check_group(id);
    }

    /// Nobody is left to ring.
    fn dial_failed(&mut self, id: u64) {
        let Some(dial) = self.dials.remove(&id) else {
            return;
        };
        let cause = dial.cause;
        match dial.owner {
            DialOwner::Bridge { a } => self.bridge_failed(&a, cause, dial.sip_status, &dial.failed),
            DialOwner::Offer { offer } => self.offer_failed(offer, cause),
            DialOwner::Api { waiting, .. } => self.finish(&waiting, format!("-ERR {}\n", cause.name())),
        }
    }

    /// What `audio_bridge_function` does with a failure: no answer, 480 and a cancel go on with the next
    /// action, other causes end the caller with the same cause unless `continue_on_fail` allows it.
    fn bridge_failed(&mut self, a: &str, cause: Cause, sip_status: Option<u16>, failed: &[(Str, Cause)]) {
        let Some(leg) = self.channels.get_mut(a) else {
            return;
        };
        if leg.ended {
            return;
        }
        leg.run = Run::Idle;
        leg.generation += 1;
        leg.set("last_bridge_hangup_cause", cause.name());
        leg.set("originate_disposition", cause.name());
        leg.set("DIALSTATUS", cause.dial_status());
        leg.set("originate_failed_cause", cause.name());
        if let Some(status) = sip_status {
            leg.set("sip_invite_failure_status", &status.to_string());
            leg.set("sip_invite_failure_phrase", crate::causes::sip_phrase(status));
            leg.set("sip_hangup_phrase", crate::causes::sip_phrase(status));
            leg.set(
                "last_bridge_proto_specific_hangup_cause",
                &format!("sip:{status}"),
            );
        }
        if let Some((uuid, cause)) = failed.last() {
            leg.set("originate_causes", &format!("{uuid};{}", cause.name()));
        } else {
            leg.set("last_bridge_hangup_cause", "");
        }
        let allowed = match leg.var("continue_on_fail") {
            Some(list) if super::channel::truthy(list) => true,
            Some(list) => list
                .split(',')
                .any(|word| word == cause.name() || word == cause.q850().to_string()),
            None => false,
        };
        let harmless = [
            Cause::NO_ANSWER,
            Cause::NO_USER_RESPONSE,
            Cause::ORIGINATOR_CANCEL,
        ]
        .contains(&cause);
        if leg.call_state == CallState::RingWait {
            self.set_call_state(a, CallState::Active);
        }
        if allowed || harmless {
            self.complete_app(a, "_none_");
            self.run_next(a);
        } else {
            self.hangup_by_switch(a, cause);
        }
    }

    /// The attempt is given up, from outside.
    pub(crate) fn cancel_dial(&mut self, id: u64, cause: Cause) {
        let Some(dial) = self.dials.remove(&id) else {
            return;
        };
        let in_bridge = matches!(dial.owner, DialOwner::Bridge { .. });
        if let DialOwner::Bridge { a } = &dial.owner
            && let Some(leg) = self.channels.get_mut(a)
        {
            leg.set("originate_disposition", cause.name());
            leg.set("DIALSTATUS", cause.dial_status());
        }
        for leg in dial.legs {
            if in_bridge && let Some(leg) = self.channels.get_mut(&leg) {
                leg.set("last_bridge_hangup_cause", cause.name());
            }
            self.hangup_by_switch(&leg, cause);
        }
    }

    pub(crate) fn dial_timed_out(&mut self, id: u64) {
        let Some(dial) = self.dials.get_mut(&id) else {
            return;
        };
        dial.groups.clear();
        dial.lookups.clear();
        dial.cause = Cause::NO_ANSWER;
        let legs = dial.legs.clone();
        for leg in legs {
            self.hangup_by_switch(&leg, Cause::NO_ANSWER);
        }
        self.check_group(id);
    }

    pub(crate) fn leg_timed_out(&mut self, uuid: &str) {
        let ringing = self.channels.get(uuid).is_some_and(|leg| {
            !leg.is_answered() && leg.dial.is_some_and(|dial| self.dials.contains_key(&dial))
        });
        if ringing {
            self.hangup_by_switch(uuid, Cause::NO_ANSWER);
        }
    }

    /// The far end of a leg rings or sends early media: the originator hears it.
    pub(crate) fn leg_progress(&mut self, uuid: &str, with_media: bool) {
        let Some(dial) = self.channels.get(uuid).and_then(|leg| leg.dial) else {
            return;
        };
        let Some(attempt) = self.dials.get(&dial) else {
            return;
        };
        let early_counts = with_media && !attempt.rings_through_media();
        match &attempt.owner {
            DialOwner::Bridge { a } => {
                let a = a.clone();
                if early_counts {
                    self.after(
                        20_000,
                        Timer::RingBack {
                            uuid: uuid.into(),
                            early: true,
                        },
                    );
                } else if self
                    .channels
                    .get(&a)
                    .is_some_and(|leg| leg.times.progress == 0 && !leg.is_answered())
                {
                    self.after(
                        18_000,
                        Timer::RingBack {
                            uuid: a,
                            early: false,
                        },
                    );
                }
            }
            DialOwner::Api { .. } if early_counts => self.leg_won(dial, uuid),
            _ => {}
        }
    }

    /// 20 ms later the caller hears ringing, or is bridged to early media (surprises 24, 25).
    pub(crate) fn ring_back(&mut self, uuid: &str, is_media: bool) {
        if !is_media {
            return self.ring_ready(uuid);
        }
        let Some(dial) = self
            .channels
            .get(uuid)
            .filter(|leg| !leg.ended)
            .and_then(|leg| leg.dial)
        else {
            return;
        };
        if self.dials.contains_key(&dial) {
            self.leg_won(dial, uuid);
        }
    }

    /// A leg was answered (or its early media counts): the attempt is over, the others lose the race.
    pub(crate) fn leg_won(&mut self, id: u64, uuid: &str) {
        let Some(dial) = self.dials.remove(&id) else {
            return;
        };
        for leg in dial.legs.iter().filter(|leg| &***leg != uuid) {
            self.hangup_by_switch(leg, Cause::LOSE_RACE);
        }
        if let Some(leg) = self.channel(uuid) {
            leg.dial = None;
        }
        match dial.owner {
            DialOwner::Bridge { a } => self.bridge_won(&a, uuid),
            DialOwner::Offer { offer } => {
                self.user_leg_again(uuid);
                self.offer_answered(offer, uuid);
            }
            DialOwner::Api { waiting, then } => self.originate_won(&waiting, &then, uuid),
        }
    }

    /// The second CHANNEL_OUTGOING, only of `user/` legs (surprises 28, trace 07a has none).
    fn user_leg_again(&mut self, uuid: &str) {
        if self
            .channels
            .get(uuid)
            .is_some_and(|leg| matches!(leg.far, Far::Phone(_)))
        {
            self.emit_bare(uuid, "CHANNEL_OUTGOING", &[], &[]);
        }
    }

    fn bridge_won(&mut self, a: &str, b: &str) {
        let media_only = self.channels.get(b).is_some_and(|leg| !leg.is_answered());
        let now = self.now;
        let Some(leg) = self.channels.get_mut(a) else {
            return;
        };
        if leg.ended {
            return self.hangup_by_switch(b, Cause::ORIGINATOR_CANCEL);
        }
        leg.set("originate_disposition", "SUCCESS");
        leg.set("DIALSTATUS", "SUCCESS");
        leg.set("originate_causes", &format!("{b};NONE"));
        if media_only && !leg.is_answered() {
            leg.answer = super::channel::Answer::Early;
            leg.set("endpoint_disposition", "EARLY MEDIA");
            leg.times.progress_media = now;
            self.emit(a, "CHANNEL_PROGRESS_MEDIA");
            self.set_call_state(a, CallState::Early);
        } else if leg.is_answered() {
            self.introduce(a, b);
            self.set_call_state(a, CallState::Active);
        } else if !media_only {
            let callee = self
                .channels
                .get(b)
                .map(|leg| leg.profile.callee_number.clone())
                .unwrap_or_default();
            if let Some(leg) = self.channel(a) {
                leg.profile.callee_name = "Outbound Call".into();
                leg.profile.callee_number = callee;
            }
            self.answer(a);
        }
        self.user_leg_again(b);
        self.bridge_in_app(a, b);
    }

    fn originate_won(&mut self, waiting: &Waiting, then: &Action, uuid: &str) {
        self.user_leg_again(uuid);
        if then.app == "transfer" {
            self.finish(waiting, format!("+OK {uuid}\n"));
            return self.transfer(uuid, &then.data);
        }
        if let Some(leg) = self.channel(uuid) {
            leg.flip_caller();
        }
        self.emit_with(uuid, "CALL_UPDATE", &[("Direction", "RECV")], &[]);
        self.finish(waiting, format!("+OK {uuid}\n"));
        self.set_cs(uuid, Cs::Execute);
        if let Some(leg) = self.channel(uuid) {
            leg.plan = [then.clone()].into();
        }
        self.run_next(uuid);
    }
}
