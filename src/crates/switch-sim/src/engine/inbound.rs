//! Legs that come in: from one of our phones (with digest auth) or from outside through a trunk.

use std::collections::VecDeque;
use std::sync::Arc;

use super::channel::{Answer, CallState, Channel, Cs, Direction, Far, Profile, Times};
use super::run::Run;
use super::{Engine, Wanted};
use crate::causes::Cause;
use crate::event::{Headers, Str};
use crate::sofia::digest;
use crate::xml::Node;

/// A new leg's fixed data.
pub(crate) struct Leg {
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) direction: Direction,
    pub(crate) far: Far,
    pub(crate) profile: Profile,
    pub(crate) presence_id: String,
}

impl Engine {
    /// Puts a leg into the table; no event yet.
    pub(crate) fn add_leg(&mut self, leg: Leg) -> Str {
        let uuid: Str = leg.uuid.into();
        self.next_session += 1;
        let times = Times {
            profile_created: self.now,
            created: self.now,
            ..Times::default()
        };
        let mut channel = Channel {
            uuid: uuid.clone(),
            session_id: self.next_session,
            name: leg.name,
            direction: leg.direction,
            far: leg.far,
            cs: Cs::New,
            call_state: CallState::Down,
            answer: Answer::Ringing,
            hit_dialplan: leg.direction == Direction::Inbound,
            presence_id: leg.presence_id,
            call_uuid: uuid.clone(),
            has_codec: leg.direction == Direction::Inbound,
            profile: leg.profile,
            profile_index: 1,
            past: Vec::new(),
            extension: None,
            times,
            other: None,
            vars: Arc::default(),
            cause: None,
            dial: None,
            plan: VecDeque::new(),
            run: Run::Idle,
            app: None,
            generation: 0,
            inner_response: None,
            partner: None,
            bridge_a: false,
            overlay: None,
            recordings: Vec::new(),
            app_log: Vec::new(),
            tracked_agent: None,
            hangup_after_talk: 0,
            ended: false,
        };
        channel.set("direction", leg.direction.word());
        if leg.direction == Direction::Outbound {
            channel.set("is_outbound", "true");
        }
        channel.set("uuid", &uuid);
        if leg.direction == Direction::Inbound {
            channel.set("call_uuid", &uuid);
        }
        channel.set("session_id", &self.next_session.to_string());
        self.channels.insert(uuid.clone(), channel);
        self.peak_sessions = self.peak_sessions.max(self.channels.len() as u64);
        uuid
    }

    /// An outside caller calls `number` through the trunk. `None` when the switch takes no more calls.
    pub(crate) fn call_from_outside(
        &mut self,
        from: &str,
        number: &str,
        gateway: Option<&str>,
    ) -> Option<Str> {
        if self.paused_inbound
            || self.channels.len() as u64 >= self.max_sessions
            || !self.sofia.is_running("external")
        {
            return None;
        }
        let uuid = self.rng.uuid();
        let profile = inbound_profile(from, number, self.sofia.context("external"));
        let leg = self.add_leg(Leg {
            uuid,
            name: format!("sofia/external/{from}@127.0.0.1"),
            direction: Direction::Inbound,
            far: Far::Outside,
            profile,
            presence_id: String::new(),
        });
        self.inbound_vars(&leg, from, "127.0.0.1", number, "external", 5310);
        if let Some(gateway) = gateway
            && let Some(channel) = self.channel(&leg)
        {
            channel.set("sip_gateway", gateway);
        }
        self.announce_inbound(&leg);
        self.route(&leg);
        Some(leg)
    }

    /// One of our phones dials. It is challenged first, so the directory is asked before anything else.
    pub(crate) fn call_from_phone(&mut self, user: &str, number: &str) -> Option<Str> {
        let phone = self.sofia.phone(user)?.clone();
        if self.paused_inbound
            || self.channels.len() as u64 >= self.max_sessions
            || !self.sofia.is_running("internal")
        {
            return None;
        }
        let domain = self.config.domain.clone();
        let uuid = self.rng.uuid();
        let presence_id = format!("{user}@{domain}");
        let leg = self.add_leg(Leg {
            uuid,
            name: format!("sofia/internal/{presence_id}"),
            direction: Direction::Inbound,
            far: Far::Phone(user.to_owned()),
            profile: inbound_profile(user, number, "default"),
            presence_id,
        });
        self.inbound_vars(&leg, user, &domain, number, "internal", phone.port);
        self.emit_bare(&leg, "CHANNEL_STATE", &[], &[]);
        let nonce = self.rng.uuid();
        let uri = format!("sip:{number}@{domain}");
        let response =
            digest::response_of_password(user, &domain, phone.password.expose(), "INVITE", &uri, &nonce);
        let fields = auth_fields(user, &domain, "INVITE", &nonce, &response, &uri, phone.port);
        self.fetch_directory(
            &domain,
            fields,
            Wanted::CallerAuth {
                uuid: leg.clone(),
                nonce,
                response,
            },
        );
        Some(leg)
    }

    /// The directory has answered for a phone that calls.
    pub(crate) fn caller_authorised(&mut self, uuid: &str, nonce: &str, response: &str, root: Option<&Node>) {
        let Some(leg) = self.channels.get(uuid) else {
            return;
        };
        let Far::Phone(user) = leg.far.clone() else { return };
        let number = leg.profile.destination.clone();
        let domain = self.config.domain.clone();
        let entry = root.and_then(|root| crate::sofia::directory_user(root, &user));
        let uri = format!("sip:{number}@{domain}");
        let good = entry
            .as_ref()
            .is_some_and(|entry| entry.accepts(&user, &domain, "INVITE", &uri, nonce, response));
        self.emit_pre_register(&user, &number, 300);
        let Some(entry) = entry.filter(|_| good) else {
            // Refused at authentication: an end without a beginning (surprises 21).
            if let Some(leg) = self.channel(uuid) {
                leg.set("sip_term_status", "403");
            }
            self.hangup_by_switch(uuid, Cause::CALL_REJECTED);
            return;
        };
        let context = entry
            .variable("user_context")
            .unwrap_or(self.sofia.context("internal"))
            .to_owned();
        if let Some(leg) = self.channel(uuid) {
            leg.profile.context = context;
            for (name, value) in [
                ("sip_authorized", "true"),
                ("sip_number_alias", user.as_str()),
                ("sip_auth_username", user.as_str()),
                ("sip_auth_realm", domain.as_str()),
                ("number_alias", user.as_str()),
                ("requested_user_name", user.as_str()),
                ("requested_domain_name", domain.as_str()),
            ] {
                leg.set(name, value);
            }
            for (name, value) in &entry.variables {
                leg.set(name, value);
            }
            leg.set("user_name", &user);
            leg.set("domain_name", &domain);
            leg.set("presence_id", &format!("{user}@{domain}"));
        }
        self.announce_inbound(uuid);
        self.route(uuid);
    }

    fn announce_inbound(&mut self, uuid: &str) {
        self.set_cs(uuid, Cs::Init);
        self.emit(uuid, "CHANNEL_CREATE");
        if let Some(leg) = self.channel(uuid) {
            leg.cs = Cs::Routing;
        }
        self.set_call_state(uuid, CallState::Ringing);
    }

    fn inbound_vars(&mut self, uuid: &str, from: &str, host: &str, number: &str, profile: &str, port: u16) {
        let call_id = format!("{}@sim", self.rng.token(16));
        let (tag, branch, media) = (
            self.rng.token(8),
            self.rng.token(10),
            self.rng.between(16384, 32766) * 2,
        );
        let stamp = self.now.to_string();
        let port = port.to_string();
        let sip_port = self.sofia.port(profile);
        let media = media.to_string();
        let Some(leg) = self.channel(uuid) else { return };
        let address = format!("{from}@{host}");
        let name = leg.name.clone();
        for (key, value) in [
            ("sip_from_user", from),
            ("sip_from_uri", &address),
            ("sip_from_host", host),
            ("video_media_flow", "disabled"),
            ("text_media_flow", "disabled"),
            ("channel_name", &name),
            ("sip_call_id", &call_id),
            ("sip_local_network_addr", "127.0.0.1"),
            ("sip_network_ip", "127.0.0.1"),
            ("sip_network_port", &port),
            ("sip_invite_stamp", &stamp),
            ("sip_received_ip", "127.0.0.1"),
            ("sip_received_port", &port),
            ("sip_via_protocol", "udp"),
            ("sip_from_user_stripped", from),
            ("sip_from_tag", &tag),
            ("sofia_profile_name", profile),
            (
                "sofia_profile_url",
                &format!("sip:mod_sofia@127.0.0.1:{sip_port}"),
            ),
            ("recovery_profile_name", profile),
            (
                "sip_full_via",
                &format!("SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{branch}"),
            ),
            ("sip_from_display", from),
            ("sip_full_from", &format!("\"{from}\" <sip:{address}>;tag={tag}")),
            ("sip_full_to", &format!("<sip:{number}@{host}>")),
            (
                "sip_allow",
                "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, INFO, UPDATE",
            ),
            ("sip_req_user", number),
            ("sip_req_uri", &format!("{number}@{host}")),
            ("sip_req_host", host),
            ("sip_to_user", number),
            ("sip_to_uri", &format!("{number}@{host}")),
            ("sip_to_host", host),
            ("sip_contact_user", from),
            ("sip_contact_port", &port),
            ("sip_contact_uri", &format!("{from}@127.0.0.1:{port}")),
            ("sip_contact_host", "127.0.0.1"),
            ("sip_user_agent", "SimPhone/1.0"),
            ("sip_via_host", "127.0.0.1"),
            ("sip_via_port", &port),
            ("max_forwards", "70"),
            (
                "switch_r_sdp",
                &format!(
                    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {media} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
                ),
            ),
            ("ep_codec_string", "CORE_PCM_MODULE.PCMU@8000h@20i@64000b"),
            ("remote_media_ip", "127.0.0.1"),
            ("remote_media_port", &media),
            ("read_codec", "PCMU"),
            ("read_rate", "8000"),
            ("write_codec", "PCMU"),
            ("write_rate", "8000"),
            ("dtmf_type", "rfc2833"),
            ("endpoint_disposition", "RECEIVED"),
        ] {
            leg.set(key, value);
        }
    }
}

fn inbound_profile(from: &str, number: &str, context: &str) -> Profile {
    let from = from.to_owned();
    Profile {
        username: from.clone(),
        dialplan: "XML".into(),
        cid_name: from.clone(),
        cid_number: from.clone(),
        orig_cid_name: from.clone(),
        orig_cid_number: from.clone(),
        network_addr: "127.0.0.1".into(),
        ani: from,
        destination: number.to_owned(),
        source: "mod_sofia".into(),
        context: context.to_owned(),
        ..Profile::default()
    }
}

/// The fields of a `sip_auth` directory lookup (facts.md §2).
pub(crate) fn auth_fields(
    user: &str,
    domain: &str,
    method: &str,
    nonce: &str,
    response: &str,
    uri: &str,
    port: u16,
) -> Headers {
    [
        ("action", "sip_auth"),
        ("sip_profile", "internal"),
        ("sip_user_agent", "SimPhone/1.0"),
        ("sip_auth_username", user),
        ("sip_auth_realm", domain),
        ("sip_auth_nonce", nonce),
        ("sip_auth_uri", uri),
        ("sip_contact_user", user),
        ("sip_contact_host", "127.0.0.1"),
        ("sip_to_user", user),
        ("sip_to_host", domain),
        ("sip_from_user", user),
        ("sip_from_host", domain),
        ("sip_auth_method", method),
        ("sip_auth_response", response),
        ("client_port", &port.to_string()),
        ("key", "id"),
        ("user", user),
        ("domain", domain),
        ("ip", "127.0.0.1"),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value.to_owned()))
    .collect()
}
