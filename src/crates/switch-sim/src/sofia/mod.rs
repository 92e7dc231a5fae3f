//! mod_sofia as far as it shows: profiles, gateways, registrations, digest auth.

pub(crate) mod digest;
mod gateways;
mod registrations;
mod status;

use std::sync::Arc;

use crate::config::{GatewayConfig, Outcome, PhoneConfig, SimConfig};
use crate::xml::Node;
pub(crate) use gateways::Gateway;
pub(crate) use registrations::{Registering, Registration};

/// A profile of sofia.conf.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) context: String,
}

/// State of mod_sofia.
#[derive(Debug)]
pub(crate) struct Sofia {
    phones: Vec<PhoneConfig>,
    far_ends: Vec<GatewayConfig>,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) registrations: Vec<Registration>,
}

impl Sofia {
    pub(crate) fn new(config: &Arc<SimConfig>) -> Self {
        Self {
            phones: config.phones.clone(),
            far_ends: config.gateways.clone(),
            profiles: Vec::new(),
            gateways: Vec::new(),
            registrations: Vec::new(),
        }
    }

    /// Registrations are on disk and survive; profiles are loaded anew.
    pub(crate) fn after_restart(&mut self) {
        self.profiles.clear();
        self.gateways.clear();
    }

    pub(crate) fn phone(&self, user: &str) -> Option<&PhoneConfig> {
        self.phones.iter().find(|phone| phone.user == user)
    }

    pub(crate) fn phone_mut(&mut self, user: &str) -> Option<&mut PhoneConfig> {
        self.phones.iter_mut().find(|phone| phone.user == user)
    }

    pub(crate) fn phones(&self) -> impl Iterator<Item = &PhoneConfig> {
        self.phones.iter()
    }

    pub(crate) fn add_phone(&mut self, phone: PhoneConfig) {
        self.phones.retain(|known| known.user != phone.user);
        self.phones.push(phone);
    }

    pub(crate) fn is_running(&self, profile: &str) -> bool {
        self.profiles.iter().any(|p| p.name == profile)
    }

    pub(crate) fn port(&self, profile: &str) -> u16 {
        self.profiles
            .iter()
            .find(|p| p.name == profile)
            .map_or(5060, |p| p.port)
    }

    pub(crate) fn context(&self, profile: &str) -> &str {
        self.profiles
            .iter()
            .find(|p| p.name == profile)
            .map_or("public", |p| &p.context)
    }

    pub(crate) fn has_gateway(&self, name: &str) -> bool {
        self.gateways.iter().any(|gateway| gateway.name == name)
    }

    pub(crate) fn is_gateway_up(&self, name: &str) -> bool {
        self.gateways
            .iter()
            .any(|gateway| gateway.name == name && gateway.is_up())
    }

    /// The configured far end of a gateway; `*` stands for all others.
    pub(crate) fn far_end(&self, name: &str) -> Option<&GatewayConfig> {
        let by = |wanted: &str| self.far_ends.iter().find(|far| far.name == wanted);
        by(name).or_else(|| by("*"))
    }

    /// Changes whether a gateway's far end answers.
    pub(crate) fn set_far_end_up(&mut self, name: &str, up: bool) {
        if !self.far_ends.iter().any(|far| far.name == name) {
            let mut far = self
                .far_end(name)
                .cloned()
                .unwrap_or_else(|| GatewayConfig::standard(name));
            name.clone_into(&mut far.name);
            self.far_ends.push(far);
        }
        if let Some(far) = self.far_ends.iter_mut().find(|far| far.name == name) {
            far.up = up;
        }
    }

    /// Puts a rule for a number suffix in front of a gateway's other rules.
    pub(crate) fn set_rule(&mut self, name: &str, suffix: &str, outcome: Outcome) {
        let up = self.far_end(name).is_none_or(|far| far.up);
        self.set_far_end_up(name, up);
        if let Some(far) = self.far_ends.iter_mut().find(|far| far.name == name) {
            far.rules.insert(0, (suffix.to_owned(), outcome));
        }
    }

    pub(crate) fn outcome(&self, gateway: &str, number: &str) -> Outcome {
        let Some(far) = self.far_end(gateway) else {
            return Outcome::Refuse {
                after: 0,
                status: 404,
            };
        };
        far.rules
            .iter()
            .find(|(suffix, _)| number.ends_with(suffix.as_str()))
            .map_or(far.otherwise, |(_, o)| *o)
    }

    /// The registration of a user, without a domain or with one behind `@`.
    pub(crate) fn registration(&self, user: &str) -> Option<&Registration> {
        let user = user.split('@').next().unwrap_or(user);
        self.registrations
            .iter()
            .find(|registration| registration.user == user)
    }
}

/// A `<user>` of the served directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct DirectoryUser {
    params: Vec<(String, String)>,
    pub(crate) variables: Vec<(String, String)>,
}

impl DirectoryUser {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Checks a digest against `a1-hash`, or against `password` when there is no hash.
    pub(crate) fn accepts(
        &self,
        user: &str,
        realm: &str,
        method: &str,
        uri: &str,
        nonce: &str,
        response: &str,
    ) -> bool {
        let a1 = match (self.param("a1-hash"), self.param("password")) {
            (Some(hash), _) => hash.to_ascii_lowercase(),
            (None, Some(password)) => digest::a1(user, realm, password),
            (None, None) => return false,
        };
        digest::response(&a1, method, uri, nonce) == response
    }
}

/// Finds a user in a directory document; the domain's own params come after the user's.
pub(crate) fn directory_user(root: &Node, id: &str) -> Option<DirectoryUser> {
    let mut users = Vec::new();
    root.find_all("user", &mut users);
    let node = users.into_iter().find(|user| user.attribute("id") == Some(id))?;
    let mut entry = DirectoryUser {
        params: node.params("param"),
        variables: node.params("variable"),
    };
    if let Some(domain) = root.find("domain") {
        for container in domain.children("params") {
            entry.params.extend(container.params("param"));
        }
        for container in domain.children("variables") {
            entry.variables.extend(container.params("variable"));
        }
    }
    Some(entry)
}
