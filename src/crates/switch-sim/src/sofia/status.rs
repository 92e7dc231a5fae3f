//! Texts of `sofia status`, `sofia xmlstatus` and `show registrations`.

use std::fmt::Write as _;

use serde_json::json;

use super::Gateway;
use crate::clock::SECOND;
use crate::engine::Engine;

impl Engine {
    /// `sofia status`.
    pub(crate) fn sofia_status(&self) -> String {
        let line = "=".repeat(97);
        let mut out = format!("{:>25}\t{:>7}\t{:>42}\tState\n{line}\n", "Name", "Type", "Data");
        for profile in &self.sofia.profiles {
            let data = format!("sip:mod_sofia@127.0.0.1:{}", profile.port);
            let _ = writeln!(
                out,
                "{:>25}\t{:>7}\t{data:>42}\tRUNNING (0)",
                profile.name, "profile"
            );
            for gateway in self
                .sofia
                .gateways
                .iter()
                .filter(|gateway| gateway.profile == profile.name)
            {
                let name = format!("{}::{}", profile.name, gateway.name);
                let data = format!("sip:{}@{}", gateway.username, gateway.proxy);
                let _ = writeln!(out, "{name:>25}\t{:>7}\t{data:>42}\t{}", "gateway", gateway.state);
            }
        }
        let _ = writeln!(
            out,
            "{:>25}\t{:>7}\t{:>42}\tALIASED",
            self.config.domain, "alias", "internal"
        );
        let _ = writeln!(out, "{line}\n{} profiles 1 alias", self.sofia.profiles.len());
        out
    }

    /// `sofia status gateway [name]`.
    pub(crate) fn sofia_status_gateway(&self, name: &str) -> String {
        if name.is_empty() {
            let mut out = format!(
                "{:>25}\t{:>42}\t{:>7}\t{:>7}\tCalls\n{}\n",
                "Profile::Gateway-Name",
                "Data",
                "State",
                "Ping",
                "=".repeat(97)
            );
            for gateway in &self.sofia.gateways {
                let full = format!("{}::{}", gateway.profile, gateway.name);
                let data = format!("sip:{}@{}", gateway.username, gateway.proxy);
                let ping = if gateway.ping_up { "UP" } else { "DOWN" };
                let _ = writeln!(
                    out,
                    "{full:>25}\t{data:>42}\t{:>7}\t{ping:>7}\t0/0",
                    gateway.state
                );
            }
            return out;
        }
        let Some(gateway) = self.gateway(name) else {
            return "Invalid Gateway!\n".into();
        };
        let fields = [
            ("Name", gateway.name.as_str()),
            ("Profile", &gateway.profile),
            ("Realm", &gateway.realm),
            ("Username", &gateway.username),
            ("Proxy", &gateway.proxy),
            ("State", gateway.state),
            ("Status", gateway.status_word()),
            ("PingState", if gateway.ping_up { "1/1/1" } else { "0/1/1" }),
        ];
        let line = "=".repeat(97);
        let body: String = fields.iter().fold(String::new(), |mut out, (name, value)| {
            let _ = writeln!(out, "{name:<8}\t{value}");
            out
        });
        format!("{line}\n{body}{line}\n")
    }

    fn gateway(&self, name: &str) -> Option<&Gateway> {
        let name = name.rsplit("::").next().unwrap_or(name);
        self.sofia.gateways.iter().find(|gateway| gateway.name == name)
    }

    /// `sofia xmlstatus`.
    pub(crate) fn sofia_xmlstatus(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profiles>\n");
        let mut entry = |element: &str, name: &str, kind: &str, data: &str, state: &str| {
            let _ = write!(
                out,
                "<{element}>\n<name>{name}</name>\n<type>{kind}</type>\n<data>{data}</data>\n<state>{state}</state>\n</{element}>\n"
            );
        };
        for profile in &self.sofia.profiles {
            let data = format!("sip:mod_sofia@127.0.0.1:{}", profile.port);
            entry("profile", &profile.name, "profile", &data, "RUNNING (0)");
            for gateway in self
                .sofia
                .gateways
                .iter()
                .filter(|gateway| gateway.profile == profile.name)
            {
                let data = format!("sip:{}@{}", gateway.username, gateway.proxy);
                entry("gateway", &gateway.name, "gateway", &data, gateway.state);
            }
        }
        entry("alias", &self.config.domain, "alias", "internal", "ALIASED");
        out.push_str("</profiles>\n");
        out
    }

    /// `sofia xmlstatus gateway [name]`; an unknown one is told in plain text (surprises 55).
    pub(crate) fn sofia_xmlstatus_gateway(&self, name: &str) -> String {
        const HEAD: &str = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n";
        if name.is_empty() {
            let all: String = self
                .sofia
                .gateways
                .iter()
                .map(|gateway| self.gateway_xml(gateway))
                .collect();
            return format!("{HEAD}<gateways>\n{all}</gateways>\n");
        }
        match self.gateway(name) {
            Some(gateway) => format!("{HEAD}{}", self.gateway_xml(gateway)),
            None => "Invalid Gateway!\n".into(),
        }
    }

    fn gateway_xml(&self, gateway: &Gateway) -> String {
        let Gateway {
            name,
            profile,
            realm,
            username,
            proxy,
            extension,
            state,
            expires,
            ping,
            since,
            ..
        } = gateway;
        let port = self.sofia.port(profile);
        let context = self.sofia.context(profile);
        let fields = [
            ("name", name.clone()),
            ("profile", profile.clone()),
            ("scheme", "Digest".into()),
            ("realm", realm.clone()),
            ("username", username.clone()),
            ("password", "yes".into()),
            ("from", format!("&lt;sip:{username}@{proxy}&gt;")),
            (
                "contact",
                format!("&lt;sip:gw+{name}@127.0.0.1:{port};transport=udp;gw={name}&gt;"),
            ),
            ("exten", extension.clone()),
            ("to", format!("sip:{username}@{proxy}")),
            ("proxy", format!("sip:{proxy}")),
            ("context", context.to_owned()),
            ("expires", expires.to_string()),
            ("freq", expires.to_string()),
            (
                "ping",
                if *ping > 0 {
                    (self.now / SECOND + ping).to_string()
                } else {
                    "0".into()
                },
            ),
            ("pingfreq", ping.to_string()),
            ("pingmin", "1".into()),
            ("pingcount", u8::from(gateway.ping_up).to_string()),
            ("pingmax", "1".into()),
            ("pingtime", "0.49".into()),
            ("pinging", "0".into()),
            ("state", (*state).to_owned()),
            ("status", gateway.status_word().to_owned()),
            (
                "uptime-usec",
                if gateway.is_up() {
                    (self.now - since).to_string()
                } else {
                    "0".into()
                },
            ),
            ("calls-in", "0".into()),
            ("calls-out", "0".into()),
            ("failed-calls-in", "0".into()),
            ("failed-calls-out", "0".into()),
        ];
        let body = fields.iter().fold(String::new(), |mut out, (name, value)| {
            let _ = writeln!(out, "    <{name}>{value}</{name}>");
            out
        });
        format!("  <gateway>\n{body}  </gateway>\n")
    }

    /// Rows of `show registrations as json`; `expires` includes the margin of 60 s (surprises 52).
    pub(crate) fn registration_rows(&self) -> Vec<serde_json::Value> {
        self.sofia
            .registrations
            .iter()
            .map(|registration| {
                json!({
                    "reg_user": registration.user,
                    "realm": registration.realm,
                    "token": registration.call_id,
                    "url": format!("sofia/internal/sip:{}@127.0.0.1:{}", registration.user, registration.port),
                    "expires": (registration.expires / SECOND + 60).to_string(),
                    "network_ip": "127.0.0.1",
                    "network_port": registration.port.to_string(),
                    "network_proto": "udp",
                    "hostname": self.config.switchname,
                    "metadata": "",
                })
            })
            .collect()
    }

    /// `sofia status profile <name> reg`.
    pub(crate) fn sofia_profile_registrations(&self) -> String {
        let line = "=".repeat(97);
        let mut out = format!("\nRegistrations:\n{line}\n");
        for r in &self.sofia.registrations {
            let _ = write!(
                out,
                "Call-ID:    \t{}\nUser:       \t{}@{}\nContact:    \t\"\" <sip:{}@127.0.0.1:{}>\nAgent:      \tSimPhone/1.0\n\
                 Status:     \tRegistered(UDP)(unknown) EXP({}) EXPSECS({})\nPing-Status:\tReachable\nPing-Time:\t0.00\n\
                 Host:       \t{}\nIP:         \t127.0.0.1\nPort:       \t{}\nAuth-User:  \t{}\nAuth-Realm: \t{}\nMWI-Account:\t{}@{}\n\n",
                r.call_id,
                r.user,
                r.realm,
                r.user,
                r.port,
                crate::clock::stamp(r.expires + 60 * SECOND),
                (r.expires + 60 * SECOND).saturating_sub(self.now) / SECOND,
                self.config.switchname,
                r.port,
                r.user,
                r.realm,
                r.user,
                r.realm
            );
        }
        let _ = write!(
            out,
            "Total items returned: {}\n{line}\n",
            self.sofia.registrations.len()
        );
        out
    }
}
