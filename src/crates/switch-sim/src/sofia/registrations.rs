//! Phones register: sofia::pre_register → register_attempt → register, or FORBIDDEN → register_failure
//! (traces 02a, 02b, 02c).

use super::digest;
use crate::clock::{MS, Micros, SECOND};
use crate::engine::{Engine, Timer, Wanted};
use crate::event::Headers;
use crate::xml::Node;

/// One contact.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    pub(crate) user: String,
    pub(crate) realm: String,
    pub(crate) call_id: String,
    pub(crate) port: u16,
    /// When the phone's own time is over.
    pub(crate) expires: Micros,
}

/// A REGISTER whose directory entry is awaited.
#[derive(Debug)]
pub(crate) struct Registering {
    user: String,
    expires: u64,
    nonce: String,
    response: String,
    call_id: String,
}

impl Engine {
    /// At the start, or when mod_sofia was loaded later: all phones that are told to, slightly apart.
    pub(crate) fn register_all_phones(&mut self) {
        let users: Vec<String> = self
            .sofia
            .phones()
            .filter(|phone| phone.register)
            .map(|phone| phone.user.clone())
            .collect();
        for (at, user) in users.into_iter().enumerate() {
            self.after((1 + at as u64 * 5) * MS, Timer::Register { user });
        }
    }

    /// A phone sends REGISTER; `expires` 0 unregisters, `None` takes the phone's own time.
    pub(crate) fn register_phone(&mut self, user: &str, expires: Option<u64>) {
        let Some(phone) = self.sofia.phone(user).cloned() else {
            return;
        };
        if expires.is_none() && !phone.register {
            return;
        }
        if !self.sofia.is_running("internal") {
            return self.after(
                5 * SECOND,
                Timer::Register {
                    user: user.to_owned(),
                },
            );
        }
        // Somebody else's timer has refreshed it already: come again at half time.
        let half = phone.expires * SECOND / 2;
        let fresh = self
            .sofia
            .registration(user)
            .map(|known| known.expires)
            .filter(|at| *at > self.now + half + SECOND);
        if let (None, Some(until)) = (expires, fresh) {
            return self.after(
                until - half - self.now,
                Timer::Register {
                    user: user.to_owned(),
                },
            );
        }
        let domain = self.config.domain.clone();
        let nonce = self.rng.uuid();
        let uri = format!("sip:{domain}");
        let response =
            digest::response_of_password(user, &domain, phone.password.expose(), "REGISTER", &uri, &nonce);
        let call_id = match self.sofia.registration(user) {
            Some(known) => known.call_id.clone(),
            None => format!("{}@sim", self.rng.token(10)),
        };
        let fields: Headers =
            crate::engine::auth_fields(user, &domain, "REGISTER", &nonce, &response, &uri, phone.port);
        let expires = expires.unwrap_or(phone.expires);
        let wanted = Registering {
            user: user.to_owned(),
            expires,
            nonce,
            response,
            call_id,
        };
        self.fetch_directory(&domain, fields, Wanted::Register(wanted));
    }

    pub(crate) fn registration_answered(&mut self, registering: &Registering, root: Option<&Node>) {
        let Registering {
            user,
            expires,
            nonce,
            response,
            call_id,
        } = registering;
        let Some(phone) = self.sofia.phone(user).cloned() else {
            return;
        };
        let domain = self.config.domain.clone();
        let uri = format!("sip:{domain}");
        let entry = root.and_then(|root| super::directory_user(root, user));
        let good = entry
            .as_ref()
            .filter(|entry| entry.accepts(user, &domain, "REGISTER", &uri, nonce, response));
        let port = phone.port.to_string();
        let common = |presence: bool| {
            let mut headers: Vec<(&'static str, String)> = vec![
                ("profile-name", "internal".into()),
                ("from-user", user.clone()),
                ("from-host", domain.clone()),
            ];
            if presence {
                headers.push(("presence-hosts", "n/a".into()));
            }
            headers.extend([
                ("contact", format!("\"\" <sip:{user}@127.0.0.1:{port}>")),
                ("call-id", call_id.clone()),
                ("rpid", "unknown".into()),
                ("status", "Registered(UDP)".into()),
                ("expires", expires.to_string()),
                ("to-user", user.clone()),
                ("to-host", domain.clone()),
                ("network-ip", "127.0.0.1".into()),
                ("network-port", port.clone()),
            ]);
            headers
        };
        let mut pre = common(false);
        pre.push(("user-agent", "SimPhone/1.0".into()));
        self.emit_custom("sofia::pre_register", None, &pre);
        let named = [
            ("username", user.clone()),
            ("realm", domain.clone()),
            ("user-agent", "SimPhone/1.0".into()),
        ];
        let mut attempt = common(false);
        attempt.extend(named.clone());
        attempt.push((
            "auth-result",
            if good.is_some() { "RENEWED" } else { "FORBIDDEN" }.into(),
        ));
        self.emit_custom("sofia::register_attempt", None, &attempt);
        let Some(entry) = good else {
            let failure = [
                ("profile-name", "internal".to_owned()),
                ("to-user", user.clone()),
                ("to-host", domain.clone()),
                ("network-ip", "127.0.0.1".into()),
                ("user-agent", "SimPhone/1.0".into()),
                ("profile-name", "internal".into()),
                ("network-port", port.clone()),
                ("registration-type", "REGISTER".into()),
            ];
            self.emit_custom("sofia::register_failure", None, &failure);
            // A phone tries again.
            return self.after(10 * SECOND, Timer::Register { user: user.clone() });
        };
        if *expires == 0 {
            self.sofia
                .registrations
                .retain(|registration| registration.user != *user);
            let mut gone: Vec<(&'static str, String)> = vec![
                ("profile-name", "internal".into()),
                ("username", user.clone()),
                ("from-user", user.clone()),
                ("from-host", domain.clone()),
                ("contact", format!("\"\" <sip:{user}@127.0.0.1:{port}>")),
                ("call-id", call_id.clone()),
                ("rpid", "unknown".into()),
                ("realm", domain.clone()),
                ("network-ip", "127.0.0.1".into()),
                ("network-port", port.clone()),
                ("user-agent", "SimPhone/1.0".into()),
                ("expires", "0".into()),
            ];
            gone.extend(account_headers(entry, user, &domain));
            return self.emit_custom("sofia::unregister", None, &gone);
        }
        let mut headers = common(true);
        headers.extend(named);
        headers.extend(account_headers(entry, user, &domain));
        self.sofia
            .registrations
            .retain(|registration| registration.user != *user);
        self.sofia.registrations.push(Registration {
            user: user.clone(),
            realm: domain.clone(),
            call_id: call_id.clone(),
            port: phone.port,
            expires: self.now + expires * SECOND,
        });
        self.emit_custom("sofia::register", None, &headers);
        // Phones refresh at half time.
        self.after(expires * SECOND / 2, Timer::Register { user: user.clone() });
    }

    /// INVITE auth fires pre_register as well, with the dialled number as `from-user` (surprises 49).
    pub(crate) fn emit_pre_register(&mut self, user: &str, number: &str, expires: u64) {
        let domain = self.config.domain.clone();
        let port = self
            .sofia
            .phone(user)
            .map_or(5060, |phone| phone.port)
            .to_string();
        let call_id = format!("{}@sim", self.rng.token(16));
        let headers = [
            ("profile-name", "internal".to_owned()),
            ("from-user", number.to_owned()),
            ("from-host", domain.clone()),
            ("contact", format!("\"\" <sip:{user}@127.0.0.1:{port}>")),
            ("call-id", call_id),
            ("rpid", "unknown".into()),
            ("status", "Registered(UDP)".into()),
            ("expires", expires.to_string()),
            ("to-user", user.to_owned()),
            ("to-host", domain),
            ("network-ip", "127.0.0.1".into()),
            ("network-port", port),
            ("user-agent", "SimPhone/1.0".into()),
        ];
        self.emit_custom("sofia::pre_register", None, &headers);
    }

    /// Dead contacts go 60 s after their time, at the next sweep (surprises 51).
    pub(crate) fn sweep_registrations(&mut self) {
        let now = self.now;
        let (dead, alive): (Vec<_>, Vec<_>) = std::mem::take(&mut self.sofia.registrations)
            .into_iter()
            .partition(|r| r.expires + 60 * SECOND < now);
        self.sofia.registrations = alive;
        for registration in dead {
            self.expire(&registration);
        }
    }

    fn expire(&mut self, registration: &Registration) {
        let headers = [
            ("profile-name", "internal".to_owned()),
            ("call-id", registration.call_id.clone()),
            ("user", registration.user.clone()),
            ("username", registration.user.clone()),
            ("host", registration.realm.clone()),
            (
                "contact",
                format!("\"\" <sip:{}@127.0.0.1:{}>", registration.user, registration.port),
            ),
            ("expires", (registration.expires / SECOND + 60).to_string()),
            ("user-agent", "SimPhone/1.0".into()),
            ("realm", registration.realm.clone()),
            ("network-ip", "127.0.0.1".into()),
            ("network-port", registration.port.to_string()),
        ];
        self.emit_custom("sofia::expire", None, &headers);
    }

    /// `flush_inbound_reg`: drops the registrations of a user (or all).
    pub(crate) fn flush_registrations(&mut self, who: &str) {
        let user = who.split('@').next().unwrap_or_default();
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.sofia.registrations)
            .into_iter()
            .partition(|registration| user.is_empty() || registration.user == user);
        self.sofia.registrations = kept;
        for registration in gone {
            self.expire(&registration);
        }
    }

    /// `sofia_contact [profile/]user@domain`.
    pub(crate) fn sofia_contact(&self, argument: &str) -> String {
        let address = argument.rsplit('/').next().unwrap_or(argument);
        match self.sofia.registration(address) {
            Some(found) => format!("sofia/internal/sip:{}@127.0.0.1:{}", found.user, found.port),
            None => "error/user_not_registered".into(),
        }
    }
}

/// What the directory knows of an account, at the end of register and unregister.
fn account_headers(entry: &super::DirectoryUser, user: &str, domain: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("sip_number_alias", user.to_owned()),
        ("sip_auth_username", user.to_owned()),
        ("sip_auth_realm", domain.to_owned()),
        ("number_alias", user.to_owned()),
        ("user_name", user.to_owned()),
        ("domain_name", domain.to_owned()),
    ];
    for name in [
        "user_context",
        "effective_caller_id_name",
        "effective_caller_id_number",
    ] {
        if let Some(value) = entry.variable(name) {
            headers.push((name, value.to_owned()));
        }
    }
    headers
}
