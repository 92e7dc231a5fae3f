//! `originate <dial string> <exten>|&<app>(<args>) [<dialplan> [<context> [<cid name> [<cid number> [<timeout>]]]]]`.

use crate::dialplan::{Action, split_outside_brackets};
use crate::engine::{DialOwner, Engine, Waiting};

const USAGE: &str = "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] \
[<cid_num>] [<timeout_sec>]\n";

impl Engine {
    pub(super) fn originate(&mut self, waiting: Waiting) {
        let argument = waiting.argument.clone();
        let words: Vec<&str> = split_outside_brackets(&argument, ' ')
            .into_iter()
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect();
        let [dial_string, target, rest @ ..] = words.as_slice() else {
            return self.finish(&waiting, USAGE);
        };
        let then = match target.strip_prefix('&') {
            Some(app) => {
                let (name, data) = app.split_once('(').unwrap_or((app, ""));
                Action::new(name, data.strip_suffix(')').unwrap_or(data))
            }
            None => {
                let dialplan = rest.first().copied().unwrap_or("XML");
                let context = rest.get(1).copied().unwrap_or("default");
                Action::new("transfer", format!("{target} {dialplan} {context}"))
            }
        };
        let mut vars = Vec::new();
        if let Some(name) = rest.get(2) {
            vars.push(("origination_caller_id_name".to_owned(), (*name).to_owned()));
        }
        if let Some(number) = rest.get(3) {
            vars.push(("origination_caller_id_number".to_owned(), (*number).to_owned()));
        }
        let timeout = rest.get(4).and_then(|seconds| seconds.parse().ok()).unwrap_or(60);
        let dial = self.new_dial(DialOwner::Api { waiting, then }, dial_string, vars, timeout);
        self.next_group(dial);
    }
}
