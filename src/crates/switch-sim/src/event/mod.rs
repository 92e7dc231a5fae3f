//! An event as the switch fires it: ordered headers, the channel's variables, an optional body.

mod encode;
mod names;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

pub(crate) use encode::percent;
pub(crate) use names::{all_names, known_event};

/// Shared text; cloning costs a reference count.
pub(crate) type Str = Arc<str>;
/// Channel variables in the order in which they were first set.
pub(crate) type Vars = Vec<(Str, Str)>;
/// Headers in the order of the wire.
pub(crate) type Headers = Vec<(Cow<'static, str>, String)>;

/// The three formats of the `event` command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `text/event-plain`
    Plain,
    /// `text/event-json`
    Json,
    /// `text/event-xml`
    Xml,
}

impl Format {
    /// The word used in `event <word>` and in the reply.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Json => "json",
            Self::Xml => "xml",
        }
    }
}

/// One event, rendered at most once per format however many clients read it.
#[derive(Debug, Default)]
pub(crate) struct Event {
    /// `CHANNEL_ANSWER`, `CUSTOM`, …
    pub(crate) name: Cow<'static, str>,
    /// `Event-Subclass` of a CUSTOM event.
    pub(crate) subclass: Option<String>,
    /// Headers before the variables.
    pub(crate) head: Headers,
    /// Channel variables, written as `variable_<name>`.
    pub(crate) vars: Arc<Vars>,
    /// Headers after the variables (`CC-*`).
    pub(crate) tail: Headers,
    /// Body, counted by an inner Content-Length.
    pub(crate) body: Option<String>,
    rendered: [OnceLock<Bytes>; 3],
}

impl Event {
    /// An event without headers yet.
    pub(crate) fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Appends a header before the variables.
    pub(crate) fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.head.push((name.into(), value.into()));
    }

    /// First value of a header; names compare without case, as the switch compares them.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let plain = |list: &Headers| list.iter().position(|(key, _)| key.eq_ignore_ascii_case(name));
        if let Some(at) = plain(&self.head) {
            return Some(&self.head[at].1);
        }
        if let Some(at) = plain(&self.tail) {
            return Some(&self.tail[at].1);
        }
        let variable = name
            .get(..9)
            .filter(|p| p.eq_ignore_ascii_case("variable_"))
            .map(|_| &name[9..])?;
        self.vars
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(variable))
            .map(|(_, value)| &**value)
    }

    /// The whole frame as it goes over the socket, outer headers included.
    pub(crate) fn frame(&self, format: Format) -> Bytes {
        self.rendered[format as usize]
            .get_or_init(|| encode::frame(self, format))
            .clone()
    }
}
