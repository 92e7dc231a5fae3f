//! A lazy view of one event: the bytes it came in and a table of offsets made at the first look-up.
//!
//! Rules of the plain format (`switch_event.c` 1528-1641, `traces/surprises.md` 1-4): lines `Name: value`,
//! values percent-encoded byte by byte, `+` is no space, `_undef_` means empty; then an empty line and the
//! body. Lines are split first and decoded afterwards, so an encoded line break cannot forge a header.
//! An upper-case `%XX` that was in the original value was *not* encoded again by the switch and cannot be told
//! from an encoded byte; [`Event::get_raw`] keeps the undecoded value reachable.

#[cfg(feature = "json")]
mod json;
mod plain;

use std::{borrow::Cow, str::FromStr, sync::OnceLock};

use bytes::Bytes;
use percent_encoding::percent_decode;

use crate::codec::{Frame, FrameKind};

/// What the switch writes for an empty value in the plain format.
const UNDEFINED: &[u8] = b"_undef_";

/// Why bytes are no event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The frame is a reply, a notice or a log line.
    #[error("a {0} frame carries no event")]
    NotAnEvent(&'static str),
    /// XML is not read, or JSON while the feature `json` is off.
    #[error("events in {0} are not read")]
    Unsupported(&'static str),
    /// The payload is not one JSON object of strings.
    #[cfg(feature = "json")]
    #[error("malformed JSON event: {0}")]
    Json(#[from] serde_json::Error),
}

/// One event. Cheap to make, to share behind an `Arc`, and to drop; names are ASCII case-insensitive and the
/// first header of a name wins.
#[derive(Debug)]
pub struct Event {
    form: Form,
}

#[derive(Debug)]
enum Form {
    Plain {
        payload: Bytes,
        table: OnceLock<plain::Table>,
    },
    #[cfg(feature = "json")]
    Json(json::Fields),
}

/// A value as it stands in the payload.
#[derive(Debug, Clone, Copy)]
pub struct RawValue<'a> {
    bytes: &'a [u8],
    encoded: bool,
}

impl<'a> RawValue<'a> {
    /// The decoded value; invalid UTF-8 is replaced.
    pub fn text(self) -> Cow<'a, str> {
        if self.encoded {
            decode_text(self.bytes)
        } else {
            String::from_utf8_lossy(self.bytes)
        }
    }

    /// The bytes as sent: in plain still percent-encoded, with `_undef_` for empty.
    pub fn raw(self) -> &'a [u8] {
        self.bytes
    }
}

impl Event {
    /// A `text/event-plain` payload. Never fails: a line without a colon is passed over.
    pub fn plain(payload: Bytes) -> Self {
        Event {
            form: Form::Plain {
                payload,
                table: OnceLock::new(),
            },
        }
    }

    /// A `text/event-json` payload. Duplicate keys are kept, invalid UTF-8 is replaced before parsing.
    #[cfg(feature = "json")]
    pub fn json(payload: &[u8]) -> Result<Self, EventError> {
        Ok(Event {
            form: Form::Json(json::Fields::parse(payload)?),
        })
    }

    /// The event in an event frame.
    pub fn from_frame(frame: &Frame) -> Result<Self, EventError> {
        match frame.kind {
            FrameKind::EventPlain => Ok(Self::plain(frame.body.clone())),
            #[cfg(feature = "json")]
            FrameKind::EventJson => Self::json(&frame.body),
            #[cfg(not(feature = "json"))]
            FrameKind::EventJson => Err(EventError::Unsupported("json")),
            FrameKind::EventXml => Err(EventError::Unsupported("xml")),
            other => Err(EventError::NotAnEvent(other.content_type())),
        }
    }

    /// The channel in the answer to `connect` on an outbound socket: it is sent as the *outer* headers,
    /// percent-encoded, without a body (surprises 3).
    pub fn from_connect_reply(frame: &Frame) -> Self {
        Self::plain(frame.head.clone())
    }

    /// The decoded value of a header; invalid UTF-8 is replaced. An empty value is `Some("")`.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get_joined("", name)
    }

    /// The decoded value of the channel variable `name`, that is, of the header `variable_<name>`.
    pub fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get_joined("variable_", name)
    }

    /// Like [`Event::get`], but an empty value counts as absent.
    pub fn get_filled(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The value as it stands in the payload: in plain still percent-encoded, with `_undef_` for empty.
    pub fn get_raw(&self, name: &str) -> Option<&[u8]> {
        match &self.form {
            Form::Plain { payload, .. } => self.table().find(payload, "", name),
            #[cfg(feature = "json")]
            Form::Json(fields) => fields.find("", name).map(str::as_bytes),
        }
    }

    /// The decoded bytes of a value, for what need not be UTF-8.
    pub fn get_bytes(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        match &self.form {
            Form::Plain { payload, .. } => self.table().find(payload, "", name).map(decode_bytes),
            #[cfg(feature = "json")]
            Form::Json(fields) => fields.find("", name).map(|value| Cow::Borrowed(value.as_bytes())),
        }
    }

    /// The value parsed; `None` if it is absent, empty or not of that type.
    pub fn get_parsed<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// A truth value as the switch writes and reads them (`switch_true`, `switch_utils.h`): yes, on, true, t,
    /// enabled, active, allow and non-zero numbers are true; everything else is false.
    pub fn get_bool(&self, name: &str) -> Option<bool> {
        const TRUE: [&str; 7] = ["yes", "on", "true", "t", "enabled", "active", "allow"];
        let value = self.get_filled(name)?;
        Some(
            TRUE.iter().any(|word| value.eq_ignore_ascii_case(word))
                || value.parse::<i64>().is_ok_and(|number| number != 0),
        )
    }

    /// The elements of an array value (`ARRAY::a|:b` in plain); a simple value is an array of one.
    pub fn get_array(&self, name: &str) -> Option<Vec<String>> {
        let value = self.get(name)?;
        Some(match value.strip_prefix("ARRAY::") {
            Some(list) => list.split("|:").map(str::to_owned).collect(),
            None => vec![value.into_owned()],
        })
    }

    /// `Event-Name`, such as `CHANNEL_ANSWER`; empty if the event has none.
    ///
    /// The switch writes it first or second, so an event that nobody wants for its name costs no table.
    pub fn name(&self) -> Cow<'_, str> {
        if let Form::Plain { payload, .. } = &self.form
            && let Some(name) = plain::early_value(payload, b"Event-Name: ")
        {
            return decode_text(name);
        }
        self.get("Event-Name").unwrap_or_default()
    }

    /// `Event-Subclass` of a CUSTOM event, such as `callcenter::info`.
    pub fn subclass(&self) -> Option<Cow<'_, str>> {
        self.get_filled("Event-Subclass")
    }

    /// `Event-Date-Timestamp`: microseconds since the Unix epoch by the switch's clock.
    pub fn timestamp_micros(&self) -> Option<u64> {
        self.get_parsed("Event-Date-Timestamp")
    }

    /// The body, if there is one (BACKGROUND_JOB, MESSAGE, `sendevent` with text).
    pub fn body(&self) -> Option<&[u8]> {
        let body = match &self.form {
            Form::Plain { payload, .. } => &payload[self.table().body_at..],
            #[cfg(feature = "json")]
            Form::Json(fields) => fields.find("", "_body").unwrap_or_default().as_bytes(),
        };
        (!body.is_empty()).then_some(body)
    }

    /// The body as text; invalid UTF-8 is replaced.
    pub fn body_text(&self) -> Option<Cow<'_, str>> {
        self.body().map(String::from_utf8_lossy)
    }

    /// All headers in the order of the switch, duplicates included, values decoded; without the body.
    pub fn headers(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        (0..self.len()).filter_map(|index| self.header_at(index))
    }

    /// Shows all headers in the order of the switch, without decoding and without a table: for readers that pick
    /// many headers in one pass. Duplicates are shown; the first of a name is the one that counts.
    pub fn visit_headers<'a>(&'a self, mut visit: impl FnMut(&'a [u8], RawValue<'a>)) {
        match &self.form {
            Form::Plain { payload, .. } => {
                plain::for_each(payload, |name, bytes| {
                    visit(name, RawValue { bytes, encoded: true });
                });
            }
            #[cfg(feature = "json")]
            Form::Json(fields) => {
                for (name, value) in (0..fields.len()).filter_map(|index| fields.entry(index)) {
                    let bytes = value.as_bytes();
                    visit(
                        name.as_bytes(),
                        RawValue {
                            bytes,
                            encoded: false,
                        },
                    );
                }
            }
        }
    }

    /// Bytes that this event occupies on the wire, roughly; what queues count.
    pub fn wire_len(&self) -> usize {
        match &self.form {
            Form::Plain { payload, .. } => payload.len(),
            #[cfg(feature = "json")]
            Form::Json(fields) => fields.wire_len(),
        }
    }

    /// The same event on memory of its own. A fresh event is a slice of the chunk it was read in, some 64 kB;
    /// whoever keeps it for long keeps only what it needs.
    #[must_use]
    pub fn detached(&self) -> Event {
        match &self.form {
            Form::Plain { payload, .. } => Event::plain(Bytes::copy_from_slice(payload)),
            #[cfg(feature = "json")]
            Form::Json(fields) => Event {
                form: Form::Json(fields.clone()),
            },
        }
    }

    fn get_joined(&self, prefix: &str, name: &str) -> Option<Cow<'_, str>> {
        match &self.form {
            Form::Plain { payload, .. } => self.table().find(payload, prefix, name).map(decode_text),
            #[cfg(feature = "json")]
            Form::Json(fields) => fields.find(prefix, name).map(Cow::Borrowed),
        }
    }

    /// Only for the plain form.
    fn table(&self) -> &plain::Table {
        match &self.form {
            Form::Plain { payload, table } => table.get_or_init(|| plain::Table::of(payload)),
            #[cfg(feature = "json")]
            Form::Json(_) => {
                static EMPTY: plain::Table = plain::Table::EMPTY;
                &EMPTY
            }
        }
    }

    fn len(&self) -> usize {
        match &self.form {
            Form::Plain { .. } => self.table().len(),
            #[cfg(feature = "json")]
            Form::Json(fields) => fields.len(),
        }
    }

    fn header_at(&self, index: usize) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
        match &self.form {
            Form::Plain { payload, .. } => {
                let (name, value) = self.table().entry(payload, index)?;
                Some((String::from_utf8_lossy(name), decode_text(value)))
            }
            #[cfg(feature = "json")]
            Form::Json(fields) => {
                let (name, value) = fields.entry(index)?;
                (name != "_body").then_some((Cow::Borrowed(name), Cow::Borrowed(value)))
            }
        }
    }
}

fn decode_text(raw: &[u8]) -> Cow<'_, str> {
    match decode_bytes(raw) {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }),
    }
}

fn decode_bytes(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw == UNDEFINED {
        return Cow::Borrowed(b"");
    }
    percent_decode(raw).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &'static [u8]) -> Event {
        Event::plain(Bytes::from_static(text))
    }

    #[test]
    fn a_visit_shows_what_look_ups_find() {
        let event =
            plain(b"Event-Subclass: a%3A%3Ab\nEvent-Name: CUSTOM\nEmpty: _undef_\nX: 1\nX: 2\n\nbody: no\n");
        let mut seen = Vec::new();
        event.visit_headers(|name, value| {
            seen.push((String::from_utf8_lossy(name).into_owned(), value.text()));
        });
        let expected: Vec<_> = event
            .headers()
            .map(|(name, value)| (name.into_owned(), value))
            .collect();
        assert_eq!(seen, expected);
        assert_eq!(event.name(), "CUSTOM");
    }

    #[test]
    fn values_are_decoded_and_plus_stays_plus() {
        let event = plain(b"Caller-Name: Jos%C3%A9%20%2B+1\nEmpty: _undef_\nName-%41: x\n\n");
        assert_eq!(event.get("caller-name").unwrap(), "Jos\u{e9} ++1");
        assert_eq!(event.get_raw("Caller-Name"), Some(&b"Jos%C3%A9%20%2B+1"[..]));
        assert_eq!(event.get("Empty").unwrap(), "");
        assert_eq!(event.get_filled("Empty"), None);
        assert_eq!(event.get("Name-%41").unwrap(), "x");
        assert_eq!(event.get("missing"), None);
    }

    #[test]
    fn an_encoded_line_break_forges_no_header() {
        let event = plain(b"A: x%0AEvil: 1%3A 2\nB: y\n\n");
        assert_eq!(event.get("Evil"), None);
        assert_eq!(event.get("A").unwrap(), "x\nEvil: 1: 2");
        assert_eq!(event.headers().count(), 2);
    }

    #[test]
    fn the_first_of_two_headers_wins() {
        let event = plain(b"Content-Length: 12\nX: 1\nx: 2\nContent-Length: 3\n\nabc");
        assert_eq!(event.get("X").unwrap(), "1");
        assert_eq!(event.get_parsed::<u32>("content-length"), Some(12));
        assert_eq!(event.body(), Some(&b"abc"[..]));
    }

    #[test]
    fn a_body_that_looks_like_headers_stays_a_body() {
        let event = plain(b"A: 1\nContent-Length: 10\n\nB: 2\n\nC: 3");
        assert_eq!(event.get("B"), None);
        assert_eq!(event.body_text().unwrap(), "B: 2\n\nC: 3");
    }

    #[test]
    fn broken_input_never_panics_and_spoils_one_value_only() {
        let event = plain(b"no colon\n: nameless\nA: %\nB: %4\nC: %FF\xfe\nD: %zz\nLast: 1");
        assert_eq!(event.get("A").unwrap(), "%");
        assert_eq!(event.get("B").unwrap(), "%4");
        assert_eq!(event.get("C").unwrap(), "\u{fffd}\u{fffd}");
        assert_eq!(event.get_bytes("C").unwrap().as_ref(), b"\xff\xfe");
        assert_eq!(event.get("D").unwrap(), "%zz");
        assert_eq!(event.get("Last").unwrap(), "1");
        assert_eq!(event.body(), None);
        assert_eq!(plain(b"").headers().count(), 0);
        assert_eq!(plain(b"\n\n").body(), Some(&b"\n"[..]));
    }

    #[test]
    fn variables_arrays_and_truth_values_are_read() {
        let event = plain(b"variable_a_b: 7\nL: ARRAY::one|%3Atwo\nT: true\nF: no\nN: 2\nZ: 0\n\n");
        assert_eq!(event.variable("A_B").unwrap(), "7");
        assert_eq!(event.get_array("L").unwrap(), ["one", "two"]);
        assert_eq!(event.get_array("T").unwrap(), ["true"]);
        let truth = ["T", "F", "N", "Z"].map(|name| event.get_bool(name));
        assert_eq!(truth, [Some(true), Some(false), Some(true), Some(false)]);
    }

    #[test]
    fn a_detached_event_reads_the_same() {
        let event =
            plain(b"Event-Name: CUSTOM\nEvent-Subclass: a%3A%3Ab\nEvent-Date-Timestamp: 12\n\n").detached();
        assert_eq!(
            (event.name().as_ref(), event.subclass().as_deref()),
            ("CUSTOM", Some("a::b"))
        );
        assert_eq!(event.timestamp_micros(), Some(12));
    }
}
