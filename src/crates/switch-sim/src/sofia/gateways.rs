//! Gateways: their states and the events of them (traces 11a, 11b).

use super::Profile;
use crate::clock::{MS, Micros, SECOND};
use crate::engine::{Engine, Timer, Waiting};
use crate::xml::Node;

/// A gateway of sofia.conf.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    pub(crate) name: String,
    pub(crate) profile: String,
    pub(crate) realm: String,
    pub(crate) proxy: String,
    pub(crate) username: String,
    pub(crate) extension: String,
    pub(crate) registers: bool,
    pub(crate) ping: u64,
    pub(crate) expires: u64,
    pub(crate) state: &'static str,
    pub(crate) ping_up: bool,
    pub(crate) since: Micros,
    pub(crate) dying: bool,
}

impl Gateway {
    pub(crate) fn is_up(&self) -> bool {
        self.ping_up
            && !self.dying
            && (!self.registers || matches!(self.state, "REGED" | "UNREGED" | "TRYING" | "REGISTER"))
    }

    pub(crate) fn status_word(&self) -> &'static str {
        if self.is_up() { "UP" } else { "DOWN" }
    }

    fn read(node: &Node, profile: &str, now: Micros) -> Option<Self> {
        let name = node.attribute("name")?.to_owned();
        let params = node.params("param");
        let get = |key: &str| {
            params
                .iter()
                .find(|(k, _)| k == key)
                .map(|(_, value)| value.clone())
        };
        let number = |key: &str, otherwise: u64| get(key).and_then(|v| v.parse().ok()).unwrap_or(otherwise);
        let proxy = get("proxy")
            .or_else(|| get("realm"))
            .unwrap_or_else(|| name.clone());
        let registers = get("register").is_none_or(|value| value != "false");
        Some(Self {
            realm: get("realm").unwrap_or_else(|| proxy.clone()),
            username: get("username").unwrap_or_else(|| "FreeSWITCH".into()),
            extension: get("extension").or_else(|| get("username")).unwrap_or_default(),
            registers,
            ping: number("ping", 0),
            expires: number("expire-seconds", 3600),
            state: if registers { "UNREGED" } else { "NOREG" },
            ping_up: true,
            since: now,
            dying: false,
            profile: profile.to_owned(),
            name,
            proxy,
        })
    }
}

impl Engine {
    /// sofia.conf at module load: all profiles and gateways.
    pub(crate) fn load_sofia(&mut self, configuration: &Node) {
        self.sofia.profiles = read_profiles(configuration);
        self.sofia.gateways.clear();
        let gateways = self.read_gateways(configuration, None);
        for gateway in gateways {
            self.start_gateway(gateway, false);
        }
    }

    fn read_gateways(&self, configuration: &Node, only: Option<&str>) -> Vec<Gateway> {
        let mut profiles = Vec::new();
        configuration.find_all("profile", &mut profiles);
        let mut gateways = Vec::new();
        for node in profiles {
            let profile = node.attribute("name").unwrap_or_default();
            if only.is_some_and(|only| only != profile) {
                continue;
            }
            let mut found = Vec::new();
            node.find_all("gateway", &mut found);
            gateways.extend(
                found
                    .into_iter()
                    .filter_map(|node| Gateway::read(node, profile, self.now)),
            );
        }
        gateways
    }

    fn start_gateway(&mut self, gateway: Gateway, announce: bool) {
        let name = gateway.name.clone();
        if announce {
            let headers = [
                ("Gateway", name.clone()),
                ("profile-name", gateway.profile.clone()),
            ];
            self.emit_custom("sofia::gateway_add", None, &headers);
        }
        let (registers, ping) = (gateway.registers, gateway.ping);
        self.sofia.gateways.push(gateway);
        if registers {
            self.after(500 * MS, Timer::GatewayState { name, step: 1 });
        } else if ping > 0 {
            self.after(ping * SECOND, Timer::GatewayState { name, step: 10 });
        }
    }

    /// Steps 1–4: registering; 10: ping; 20: the gateway marked for deletion goes.
    pub(crate) fn gateway_step(&mut self, name: &str, step: u8) {
        let far_up = self.sofia.far_end(name).is_some_and(|far| far.up);
        let now = self.now;
        let Some(gateway) = self
            .sofia
            .gateways
            .iter_mut()
            .find(|gateway| gateway.name == name)
        else {
            return;
        };
        if gateway.dying && step != 20 {
            return;
        }
        let (ping, expires) = (gateway.ping, gateway.expires);
        let next = |delay: Micros, step: u8| {
            (
                delay,
                Timer::GatewayState {
                    name: name.to_owned(),
                    step,
                },
            )
        };
        let (state, result, timer) = match step {
            1 => ("TRYING", None, next(5 * MS, 2)),
            2 if far_up => ("REGISTER", Some(("OK", 200)), next(SECOND, 3)),
            2 => ("FAILED", Some(("Forbidden", 403)), next(SECOND, 5)),
            3 => ("REGED", None, next(expires.max(10) * SECOND - 2 * SECOND, 4)),
            4 => ("UNREGED", None, next(SECOND, 1)),
            5 => ("FAIL_WAIT", None, next(30 * SECOND, 4)),
            10 => {
                let changed = gateway.ping_up != far_up;
                gateway.ping_up = far_up;
                let timer = next(ping.max(1) * SECOND, 10);
                if changed {
                    gateway.since = now;
                    let result = if far_up {
                        ("OK", 200)
                    } else {
                        ("Service Unavailable", 503)
                    };
                    self.emit_gateway(name, Some(result));
                }
                return self.after(timer.0, timer.1);
            }
            _ => {
                let profile = gateway.profile.clone();
                self.sofia.gateways.retain(|gateway| gateway.name != name);
                let headers = [("profile-name", profile), ("Gateway", name.to_owned())];
                return self.emit_custom("sofia::gateway_delete", None, &headers);
            }
        };
        gateway.state = state;
        if state == "REGED" && gateway.since == 0 {
            gateway.since = now;
        }
        self.emit_gateway(name, result);
        self.after(timer.0, timer.1);
    }

    fn emit_gateway(&mut self, name: &str, result: Option<(&str, u16)>) {
        let Some(gateway) = self.sofia.gateways.iter().find(|gateway| gateway.name == name) else {
            return;
        };
        let mut headers = vec![
            ("Gateway", gateway.name.clone()),
            ("State", gateway.state.to_owned()),
            (
                "Ping-Status",
                if gateway.ping_up { "UP" } else { "DOWN" }.to_owned(),
            ),
        ];
        if gateway.registers {
            headers.push(("Register-Network-IP", "127.0.0.1".into()));
            headers.push(("Register-Network-Port", "5060".into()));
        }
        if let Some((phrase, status)) = result {
            headers.push(("Phrase", phrase.to_owned()));
            headers.push(("Status", status.to_string()));
        }
        self.emit_custom("sofia::gateway_state", None, &headers);
    }

    /// A test or operator changes the far end: seen at the next ping, or now when the gateway does not ping.
    pub(crate) fn set_gateway_up(&mut self, name: &str, up: bool) {
        self.sofia.set_far_end_up(name, up);
        let pings = self
            .sofia
            .gateways
            .iter()
            .any(|gateway| gateway.name == name && gateway.ping > 0);
        if !pings {
            if let Some(gateway) = self
                .sofia
                .gateways
                .iter_mut()
                .find(|gateway| gateway.name == name)
            {
                gateway.ping_up = up;
            }
            self.emit_gateway(
                name,
                Some(if up {
                    ("OK", 200)
                } else {
                    ("Service Unavailable", 503)
                }),
            );
        }
    }

    /// `sofia profile <name> killgw <gateway>`; the deletion itself takes up to three seconds.
    pub(crate) fn kill_gateway(&mut self, name: &str) -> bool {
        let Some(gateway) = self
            .sofia
            .gateways
            .iter_mut()
            .find(|gateway| gateway.name == name)
        else {
            return false;
        };
        gateway.dying = true;
        gateway.state = "DOWN";
        self.emit_gateway(name, None);
        self.after(
            2 * SECOND,
            Timer::GatewayState {
                name: name.to_owned(),
                step: 20,
            },
        );
        true
    }

    /// The answer to `rescan` (new gateways are added, known ones stay as they are, facts.md §5) or `restart`.
    pub(crate) fn profile_document(&mut self, profile: &str, waiting: &Waiting, root: Option<&Node>) {
        let Some(configuration) = root.and_then(|root| root.find("configuration")) else {
            return self.finish(
                waiting,
                format!("-ERR cannot find config for profile {profile}\n"),
            );
        };
        let restart = waiting.argument.ends_with("restart");
        if restart {
            let fresh = read_profiles(configuration);
            self.sofia.profiles.retain(|known| known.name != profile);
            self.sofia
                .profiles
                .extend(fresh.into_iter().filter(|found| found.name == profile));
            self.sofia.gateways.retain(|gateway| gateway.profile != profile);
        }
        for gateway in self.read_gateways(configuration, Some(profile)) {
            if !self.sofia.has_gateway(&gateway.name) {
                self.start_gateway(gateway, true);
            }
        }
        let text = if restart {
            "Reload XML [Success]\nrestarting: "
        } else {
            "Reload XML [Success]\n+OK scan complete\n"
        };
        let text = if restart {
            format!("{text}{profile}\n")
        } else {
            text.to_owned()
        };
        self.finish(waiting, text);
    }
}

fn read_profiles(configuration: &Node) -> Vec<Profile> {
    let mut nodes = Vec::new();
    configuration.find_all("profile", &mut nodes);
    nodes
        .into_iter()
        .map(|node| {
            let settings: Vec<(String, String)> = node
                .children("settings")
                .flat_map(|settings| settings.params("param"))
                .collect();
            let get = |key: &str| {
                settings
                    .iter()
                    .find(|(k, _)| k == key)
                    .map(|(_, value)| value.clone())
            };
            Profile {
                name: node.attribute("name").unwrap_or_default().to_owned(),
                port: get("sip-port").and_then(|port| port.parse().ok()).unwrap_or(5060),
                context: get("context").unwrap_or_else(|| "public".into()),
            }
        })
        .collect()
}
