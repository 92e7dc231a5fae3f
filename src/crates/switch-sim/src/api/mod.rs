//! The api commands that Cordboard (and people debugging it) use. Unknown ones are refused as the switch
//! refuses them.

mod fsctl;
mod originate;
mod show;
mod sim;
mod sofia;
mod status;
mod uuid;

use serde_json::{Value, json};

use crate::clock::{SECOND, strftime};
use crate::engine::{Engine, Ticket, Waiting, Wanted};

impl Engine {
    /// Runs an api command; the answer goes to the ticket now or later.
    pub(crate) fn api(&mut self, ticket: Ticket, name: &str, argument: &str) {
        let argument = argument.trim();
        let waiting = Waiting {
            ticket,
            command: name.to_owned(),
            argument: argument.to_owned(),
        };
        match name {
            "originate" => self.originate(waiting),
            "callcenter_config" => self.callcenter_config(waiting),
            "sofia" => self.sofia_command(waiting),
            "load" => self.load_module(argument, false, waiting),
            "reload" => self.load_module(argument, true, waiting),
            "reloadacl" => self.fetch_configuration("acl.conf", &[], Wanted::Acl { waiting }),
            "msleep" => {
                let millis = argument.parse().unwrap_or(0);
                self.reply_later(millis, waiting, "+OK\n");
            }
            _ => {
                let text = self.immediate(name, argument);
                self.finish(&waiting, text);
            }
        }
    }

    fn immediate(&mut self, name: &str, argument: &str) -> String {
        if let Some(rest) = name.strip_prefix("uuid_") {
            return self.uuid_command(rest, argument);
        }
        match name {
            "status" => self.status_text(),
            "version" => self.version_text(argument),
            "uptime" => format!("{}\n", (self.now - self.started) / SECOND),
            "echo" => argument.to_owned(),
            "hostname" | "switchname" => self.config.switchname.clone(),
            "strepoch" => (self.now / SECOND).to_string(),
            "strftime" => strftime(
                self.now,
                if argument.is_empty() {
                    "%Y-%m-%d %T"
                } else {
                    argument
                },
            ),
            "create_uuid" => self.rng.uuid(),
            "global_getvar" => self.global_getvar(argument),
            "global_setvar" => {
                if let Some((name, value)) = argument.split_once('=') {
                    self.globals.retain(|(key, _)| key != name);
                    self.globals.push((name.to_owned(), value.to_owned()));
                }
                "+OK".into()
            }
            "module_exists" => self.modules.contains(argument).to_string(),
            "unload" => {
                let known = self.modules.remove(argument);
                if known {
                    "+OK\n".into()
                } else {
                    "-ERR [No such module!]\n".into()
                }
            }
            "reloadxml" => "+OK [Success]\n".into(),
            "xml_flush_cache" => "+OK cleared 0 entries\n".into(),
            "show" => self.show(argument),
            "sofia_contact" => self.sofia_contact(argument),
            "sofia_count_reg" => u8::from(self.sofia.registration(argument).is_some()).to_string(),
            "json" => self.json_command(argument),
            "fsctl" => self.fsctl(argument),
            "hupall" => self.hupall(argument),
            "log" => self.log_command(argument),
            "eval" | "expand" => self.expand("", argument),
            "sim" => self.sim_command(argument),
            _ => format!("-ERR {name} Command not found!\n"),
        }
    }

    fn global_getvar(&self, name: &str) -> String {
        if name.is_empty() {
            return self.globals.iter().fold(String::new(), |out, (name, value)| {
                out + name + "=" + value + "\n"
            });
        }
        self.global(name).unwrap_or_default().to_owned()
    }

    fn log_command(&mut self, argument: &str) -> String {
        let (level, text) = argument.split_once(' ').unwrap_or((argument, ""));
        const LEVELS: [&str; 8] = [
            "console", "alert", "crit", "err", "warning", "notice", "info", "debug",
        ];
        let number = LEVELS
            .iter()
            .position(|known| known.eq_ignore_ascii_case(level))
            .unwrap_or(7);
        let stamp = crate::clock::stamp(self.now);
        let name = LEVELS[number].to_ascii_uppercase();
        let text = format!(
            "{stamp}.{:06} 96.03% [{name}] mod_commands.c:7227 {text}\n",
            self.now % SECOND
        );
        self.push(crate::engine::Output::Log(crate::protocol::LogLine {
            level: number as u8,
            text,
        }));
        "+OK\n".into()
    }

    /// `json {"command":…}`.
    fn json_command(&mut self, argument: &str) -> String {
        let Ok(request) = serde_json::from_str::<Value>(argument) else {
            return "-ERR Invalid JSON\n".into();
        };
        let command = request.get("command").and_then(Value::as_str).unwrap_or_default();
        let data = request.get("data").cloned().unwrap_or(json!({}));
        let response = match command {
            "callcenter_config" if self.modules.contains("mod_callcenter") => self.center_json(&data),
            "status" => Some(self.status_json()),
            _ => None,
        };
        let mut answer = request.clone();
        match response {
            Some(response) => {
                answer["status"] = "success".into();
                answer["response"] = response;
            }
            None => {
                answer["status"] = "error".into();
                answer["message"] = "The command was not found or its arguments were wrong.".into();
            }
        }
        answer.to_string()
    }

    fn hupall(&mut self, argument: &str) -> String {
        let mut words = argument.split_whitespace();
        let cause = words
            .next()
            .and_then(crate::causes::Cause::parse)
            .unwrap_or(crate::causes::Cause::NORMAL_CLEARING);
        match (words.next(), words.next()) {
            (Some(name), Some(value)) => {
                let matching: Vec<_> = self
                    .legs()
                    .into_iter()
                    .filter(|leg| leg.var(name) == Some(value))
                    .map(|leg| leg.uuid.clone())
                    .collect();
                for uuid in matching {
                    self.hangup_by_switch(&uuid, cause);
                }
                format!(
                    "+OK hangup all channels matching [{name}]=[{value}] with cause: {}\n",
                    cause.name()
                )
            }
            _ => {
                self.hangup_all(cause);
                format!("+OK hangup all channels with cause {}\n", cause.name())
            }
        }
    }
}
