//! `sofia …`.

use crate::engine::{Engine, Waiting, Wanted};

impl Engine {
    pub(super) fn sofia_command(&mut self, waiting: Waiting) {
        if !self.modules.contains("mod_sofia") {
            return self.finish(&waiting, "-ERR sofia Command not found!\n");
        }
        let argument = waiting.argument.clone();
        let words: Vec<&str> = argument.split_whitespace().collect();
        let text = match words.as_slice() {
            ["status"] => self.sofia_status(),
            ["status", "gateway"] => self.sofia_status_gateway(""),
            ["status", "gateway", name] => self.sofia_status_gateway(name),
            ["xmlstatus"] => self.sofia_xmlstatus(),
            ["xmlstatus", "gateway"] => self.sofia_xmlstatus_gateway(""),
            ["xmlstatus", "gateway", name] => self.sofia_xmlstatus_gateway(name),
            ["status", "profile", name, rest @ ..] => {
                if !self.sofia.is_running(name) {
                    "Invalid Profile!\n".into()
                } else if rest.first() == Some(&"reg") {
                    self.sofia_profile_registrations()
                } else {
                    format!(
                        "Name             \t{name}\nDomain Name      \tN/A\nURL              \tsip:mod_sofia@127.0.0.1:{}\nREGISTRATIONS    \t{}\n",
                        self.sofia.port(name),
                        self.sofia.registrations.len()
                    )
                }
            }
            ["profile", profile, "rescan" | "restart", ..] => {
                let profile = (*profile).to_owned();
                let fields = [("profile", profile.as_str())];
                let wanted = Wanted::Rescan {
                    profile: profile.clone(),
                    waiting,
                };
                return self.fetch_configuration("sofia.conf", &fields, wanted);
            }
            ["profile", _, "killgw", name] => {
                if self.kill_gateway(name) {
                    "+OK gateway marked for deletion.\n".into()
                } else {
                    "-ERR gateway not found.\n".into()
                }
            }
            ["profile", _, "flush_inbound_reg", rest @ ..] => {
                self.flush_registrations(rest.first().copied().unwrap_or_default());
                "+OK flushing all registrations matching specified string\n".into()
            }
            [_, "gwlist", ..] | ["profile", ..] => format!(
                "Unknown Command [{}]\n",
                words.last().copied().unwrap_or_default()
            ),
            _ => "-USAGE: sofia <help|profile|status|xmlstatus> [...]\n".into(),
        };
        self.finish(&waiting, text);
    }
}
