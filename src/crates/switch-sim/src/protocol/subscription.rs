//! What one client wants to hear: event names, subclasses, filters (mod_event_socket.c 2465–2617 and
//! 321–373, cited from esl.md §7).

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};

use crate::event::{Event, Format, known_event};

/// The 23 kinds of `myevents`.
const MY_EVENTS: &[&str] = &[
    "CHANNEL_ANSWER",
    "CHANNEL_APPLICATION",
    "CHANNEL_BRIDGE",
    "CHANNEL_CREATE",
    "CHANNEL_DATA",
    "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_ORIGINATE",
    "CHANNEL_OUTGOING",
    "CHANNEL_PARK",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_STATE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_UNPARK",
    "CALL_UPDATE",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "DTMF",
    "TALK",
];

enum Pattern {
    Text(String),
    Regex(Regex),
}

struct Filter {
    header: String,
    value: String,
    pattern: Pattern,
}

/// Subscriptions of one connection.
pub(super) struct Subscription {
    pub(super) format: Format,
    all: bool,
    names: BTreeSet<&'static str>,
    subclasses: BTreeSet<String>,
    nixed_subclasses: BTreeSet<String>,
    filters: Vec<Filter>,
    only_channel: Option<String>,
    pub(super) log_level: Option<u8>,
}

impl Default for Subscription {
    fn default() -> Self {
        Self {
            format: Format::Plain,
            all: false,
            names: BTreeSet::new(),
            subclasses: BTreeSet::new(),
            nixed_subclasses: BTreeSet::new(),
            filters: Vec::new(),
            only_channel: None,
            log_level: None,
        }
    }
}

impl Subscription {
    /// True when anything at all could be delivered.
    pub(super) fn is_active(&self) -> bool {
        self.all || !self.names.is_empty() || self.log_level.is_some()
    }

    /// The `event` command; the argument is everything after the word.
    pub(super) fn subscribe(&mut self, argument: &str) -> String {
        let mut words = argument.split_whitespace().peekable();
        // An unknown first word is just an unknown event name, the format stays plain (surprises 5).
        let format = match words.peek().map(|word| word.to_ascii_lowercase()).as_deref() {
            Some("plain") => Some(Format::Plain),
            Some("json") => Some(Format::Json),
            Some("xml") => Some(Format::Xml),
            _ => None,
        };
        if format.is_some() {
            words.next();
        }
        let (mut known, mut custom) = (0, false);
        for word in words {
            if custom {
                self.subclasses.insert(word.to_owned());
                self.nixed_subclasses.remove(word);
            } else if let Some(name) = known_event(word) {
                known += 1;
                match name {
                    "ALL" => self.all = true,
                    "CUSTOM" => custom = true,
                    _ => {}
                }
                if name != "ALL" {
                    self.names.insert(name);
                }
            }
        }
        if known == 0 {
            return "-ERR no keywords supplied".into();
        }
        self.format = format.unwrap_or(Format::Plain);
        format!("+OK event listener enabled {}", self.format.word())
    }

    /// The `nixevent` command.
    pub(super) fn nix(&mut self, argument: &str) -> &'static str {
        let (mut known, mut custom) = (0, false);
        for word in argument.split_whitespace() {
            if custom {
                self.subclasses.remove(word);
                self.nixed_subclasses.insert(word.to_owned());
            } else if let Some(name) = known_event(word) {
                known += 1;
                if name == "CUSTOM" {
                    custom = true;
                    continue;
                }
                if self.all {
                    self.all = false;
                    self.names = every_name();
                    self.subclasses.insert("*".to_owned());
                }
                self.names.remove(name);
            }
        }
        if known == 0 {
            "-ERR no keywords supplied"
        } else {
            "+OK events nixed"
        }
    }

    /// The `noevents` command.
    pub(super) fn clear(&mut self) -> &'static str {
        let active = self.all || !self.names.is_empty();
        self.all = false;
        self.names.clear();
        self.subclasses.clear();
        if active {
            "+OK no longer listening for events"
        } else {
            "-ERR not listening for events"
        }
    }

    /// `myevents <uuid>` on an inbound connection.
    pub(super) fn my_events(&mut self, uuid: &str) -> &'static str {
        if self.only_channel.is_some() {
            return "-ERR aready enabled.";
        }
        self.names.extend(MY_EVENTS);
        self.only_channel = Some(uuid.to_owned());
        "+OK Events Enabled"
    }

    /// The `filter` command; the argument is everything after the word.
    pub(super) fn filter(&mut self, argument: &str) -> String {
        let (word, rest) = split(argument);
        if word.eq_ignore_ascii_case("delete") {
            let (header, value) = split(rest);
            if header.is_empty() {
                return "-ERR invalid syntax".into();
            }
            self.filters.retain(|filter| {
                let same =
                    filter.header.eq_ignore_ascii_case(header) && (value.is_empty() || filter.value == value);
                !(header.eq_ignore_ascii_case("all") || same)
            });
            return format!("+OK filter deleted. [{header}][{value}]");
        }
        let (header, value) = if word.eq_ignore_ascii_case("add") {
            split(rest)
        } else {
            (word, rest)
        };
        if value.is_empty() {
            return "-ERR invalid syntax".into();
        }
        let pattern = match value.strip_prefix('/').and_then(|v| v.strip_suffix('/')) {
            Some(expression) => match RegexBuilder::new(expression).case_insensitive(true).build() {
                Ok(regex) => Pattern::Regex(regex),
                Err(_) => Pattern::Text(value.to_owned()),
            },
            None => Pattern::Text(value.to_owned()),
        };
        self.filters.push(Filter {
            header: header.to_owned(),
            value: value.to_owned(),
            pattern,
        });
        format!("+OK filter added. [{header}]=[{value}]")
    }

    /// Is this event for this client?
    pub(super) fn wants(&self, event: &Event) -> bool {
        let named = match &event.subclass {
            Some(subclass) => {
                (self.all && !self.nixed_subclasses.contains(subclass))
                    || self.subclasses.contains(subclass)
                    || (self.subclasses.contains("*") && !self.nixed_subclasses.contains(subclass))
            }
            None => self.all || self.names.contains(&*event.name),
        };
        if !named {
            return false;
        }
        if let Some(channel) = &self.only_channel
            && event.header("Unique-ID").is_none_or(|uuid| uuid != channel)
        {
            return false;
        }
        self.filters.is_empty() || self.passes_filters(event)
    }

    /// Any filter that matches lets an event pass, a `-` filter that matches stops it, and with only
    /// negative filters nothing passes.
    fn passes_filters(&self, event: &Event) -> bool {
        let mut pass = false;
        for filter in &self.filters {
            let Some(value) = event.header(&filter.header) else {
                continue;
            };
            match &filter.pattern {
                Pattern::Regex(regex) => pass |= regex.is_match(value),
                Pattern::Text(text) => match text.strip_prefix('-') {
                    Some(excluded) if excluded.eq_ignore_ascii_case(value) => return false,
                    Some(_) => {}
                    None => pass |= text.eq_ignore_ascii_case(value),
                },
            }
        }
        pass
    }
}

/// Every event kind but CUSTOM, for `nixevent` after `event ALL`.
fn every_name() -> BTreeSet<&'static str> {
    crate::event::all_names().filter(|name| *name != "ALL").collect()
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace)
        .map_or((text, ""), |(first, rest)| (first, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(subclass: &str, value: &str) -> Event {
        let mut event = Event::new("CUSTOM");
        event.subclass = Some(subclass.into());
        event.push("Event-Subclass", subclass);
        event.push("X-V", value);
        event
    }

    #[test]
    fn filters_are_ored_over_values_and_headers_as_in_trace_01g() {
        let mut sub = Subscription::default();
        assert_eq!(
            sub.subscribe("plain CUSTOM my::a my::b"),
            "+OK event listener enabled plain"
        );
        assert_eq!(sub.filter("X-V 1"), "+OK filter added. [X-V]=[1]");
        assert!(sub.wants(&custom("my::b", "1")) && !sub.wants(&custom("my::b", "2")));
        sub.filter("Event-Subclass my::a");
        assert!(sub.wants(&custom("my::a", "2")) && !sub.wants(&custom("my::b", "2")));
        assert_eq!(sub.filter("delete X-V"), "+OK filter deleted. [X-V][]");
        assert_eq!(sub.filter("delete all"), "+OK filter deleted. [all][]");
        sub.filter("X-V /^[2-9]$/");
        assert!(sub.wants(&custom("my::a", "2")) && !sub.wants(&custom("my::a", "1")));
    }

    #[test]
    fn custom_alone_delivers_nothing_until_a_subclass_is_named() {
        let mut sub = Subscription::default();
        assert_eq!(sub.subscribe("plain CUSTOM"), "+OK event listener enabled plain");
        assert!(!sub.wants(&custom("my::a", "1")));
        sub.subscribe("CUSTOM my::a");
        assert!(sub.wants(&custom("my::a", "1")));
        assert_eq!(sub.nix("CUSTOM my::a"), "+OK events nixed");
        assert!(!sub.wants(&custom("my::a", "1")));
    }

    #[test]
    fn unknown_words_are_ignored_and_only_unknown_words_are_an_error() {
        let mut sub = Subscription::default();
        assert_eq!(sub.subscribe("plain NOSUCH"), "-ERR no keywords supplied");
        assert_eq!(sub.subscribe("bogus all"), "+OK event listener enabled plain");
        assert!(sub.wants(&Event::new("HEARTBEAT")));
        sub.nix("HEARTBEAT");
        assert!(!sub.wants(&Event::new("HEARTBEAT")) && sub.wants(&custom("x::y", "1")));
    }
}
