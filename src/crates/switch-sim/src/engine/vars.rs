//! `${…}` in action data and templates (`switch_channel_expand_variables`).

use super::Engine;
use crate::clock::strftime;

impl Engine {
    /// Expands `${name}` and the few `${api(args)}` that our templates use; unknown names become empty.
    pub(crate) fn expand(&mut self, uuid: &str, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            out.push_str(&rest[..at]);
            let inner = &rest[at + 2..];
            let Some(end) = closing_brace(inner) else {
                out.push_str(&rest[at..]);
                return out;
            };
            let name = inner[..end].to_owned();
            let value = self.expand_one(uuid, &name);
            out.push_str(&value);
            rest = &inner[end + 1..];
        }
        out.push_str(rest);
        out
    }

    fn expand_one(&mut self, uuid: &str, name: &str) -> String {
        if let Some((api, argument)) = name.strip_suffix(')').and_then(|n| n.split_once('(')) {
            let argument = self.expand(uuid, argument);
            self.emit_api(api, &argument);
            return match api {
                "strftime" => strftime(self.now, &argument),
                "create_uuid" => self.rng.uuid(),
                "sofia_contact" => self.sofia_contact(&argument),
                "strepoch" => (self.now / crate::clock::SECOND).to_string(),
                _ => String::new(),
            };
        }
        let Some(leg) = self.channels.get(uuid) else {
            return String::new();
        };
        if let Some(value) = leg.var(name) {
            return value.to_owned();
        }
        match name {
            // sofia sets it on the leg that was refused; the caller's copy is the invite failure (trace 07c).
            "sip_term_status" => leg
                .var("sip_invite_failure_status")
                .unwrap_or_default()
                .to_owned(),
            "caller_id_number" => leg.profile.cid_number.clone(),
            "caller_id_name" => leg.profile.cid_name.clone(),
            "destination_number" => leg.profile.destination.clone(),
            "context" => leg.profile.context.clone(),
            "network_addr" => leg.profile.network_addr.clone(),
            "ani" => leg.profile.ani.clone(),
            "username" => leg.profile.username.clone(),
            _ => self.global(name).unwrap_or_default().to_owned(),
        }
    }

    /// A global variable.
    pub(crate) fn global(&self, name: &str) -> Option<&str> {
        self.globals
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Replaces `$${name}` in a served document, as the switch does before parsing it.
    pub(crate) fn expand_globals(&self, document: &str) -> String {
        let mut out = String::with_capacity(document.len());
        let mut rest = document;
        while let Some(at) = rest.find("$${") {
            out.push_str(&rest[..at]);
            let inner = &rest[at + 3..];
            let Some(end) = inner.find('}') else { break };
            out.push_str(self.global(&inner[..end]).unwrap_or_default());
            rest = &inner[end + 1..];
        }
        out.push_str(rest);
        out
    }
}

/// Offset of the brace that closes `${`, nested ones skipped.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
