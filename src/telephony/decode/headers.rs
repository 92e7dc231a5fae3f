//! The headers that the decoder reads, picked out of an event in one pass.
//!
//! An event has some 200 headers and we read up to thirty of them: finding each by its name costs several times as
//! much as looking at each line once.

use esl::Event;
use esl::event::RawValue;
use std::borrow::Cow;
use std::str::FromStr;

/// All headers that are read anywhere, by length and then by name.
const NAMES: &[&str] = &[
    "user",
    "State",
    "Phrase",
    "Status",
    "Gateway",
    "contact",
    "expires",
    "CC-Agent",
    "CC-Cause",
    "CC-Queue",
    "CC-Action",
    "Unique-ID",
    "from-user",
    "DTMF-Digit",
    "Event-Name",
    "network-ip",
    "user-agent",
    "Application",
    "Ping-Status",
    "Channel-Name",
    "Hangup-Cause",
    "network-port",
    "CC-Agent-UUID",
    "CC-Agent-State",
    "CC-Member-UUID",
    "Call-Direction",
    "Event-Sequence",
    "Event-Subclass",
    "CC-Agent-Status",
    "CC-Hangup-Cause",
    "Application-Data",
    "CC-Cancel-Reason",
    "Record-File-Path",
    "variable_cc_side",
    "variable_cc_agent",
    "Bridge-A-Unique-ID",
    "Bridge-B-Unique-ID",
    "CC-Member-CID-Name",
    "Channel-Call-State",
    "variable_record_ms",
    "variable_user_name",
    "CC-Member-CID-Number",
    "Event-Date-Timestamp",
    "variable_bridge_uuid",
    "variable_dialed_user",
    "variable_sip_gateway",
    "Caller-Caller-ID-Name",
    "CC-Member-Session-UUID",
    "Caller-Caller-ID-Number",
    "variable_cc_member_uuid",
    "variable_cordboard_kind",
    "variable_cordboard_user",
    "Caller-Channel-Last-Hold",
    "variable_cordboard_route",
    "variable_sip_term_status",
    "Caller-Channel-Hold-Accum",
    "Caller-Destination-Number",
    "variable_cordboard_intent",
    "variable_record_file_size",
    "variable_sip_gateway_name",
    "Caller-Channel-Hangup-Time",
    "variable_hangup_cause_q850",
    "Caller-Channel-Bridged-Time",
    "Caller-Channel-Created-Time",
    "Caller-Channel-Answered-Time",
    "Caller-Channel-Progress-Time",
    "variable_endpoint_disposition",
    "variable_originating_leg_uuid",
    "variable_transfer_disposition",
    "variable_originate_disposition",
    "variable_cc_member_session_uuid",
    "variable_sip_hangup_disposition",
    "variable_last_bridge_hangup_cause",
    "Caller-Channel-Progress-Media-Time",
    "variable_proto_specific_hangup_cause",
];

/// Longest name, and one more.
const LENGTHS: usize = 48;

/// For each length the first of [`NAMES`] that is at least as long.
const FIRST: [usize; LENGTHS + 1] = {
    let mut first = [NAMES.len(); LENGTHS + 1];
    let mut index = NAMES.len();
    while index > 0 {
        index -= 1;
        first[NAMES[index].len()] = index;
    }
    let mut length = LENGTHS;
    while length > 0 {
        length -= 1;
        if first[length] > first[length + 1] {
            first[length] = first[length + 1];
        }
    }
    first
};

/// The place of a header in [`NAMES`].
fn place_of(name: &[u8]) -> Option<usize> {
    let length = name.len();
    if length >= LENGTHS {
        return None;
    }
    (FIRST[length]..FIRST[length + 1]).find(|place| NAMES[*place].as_bytes() == name)
}

/// The picked headers of one event.
pub(super) struct Headers<'a> {
    values: [Option<RawValue<'a>>; NAMES.len()],
}

impl<'a> Headers<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        let mut values = [None; NAMES.len()];
        event.visit_headers(|name, value| {
            if let Some(place) = place_of(name) {
                values[place].get_or_insert(value);
            }
        });
        Self { values }
    }

    fn value(&self, name: &str) -> Option<RawValue<'a>> {
        let place = place_of(name.as_bytes());
        debug_assert!(place.is_some(), "{name} is not picked");
        self.values[place?]
    }

    /// The decoded value; an empty one is `Some("")`.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.value(name).map(RawValue::text)
    }

    /// The decoded value, if it is not empty.
    pub(super) fn get_filled(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The value as sent.
    pub(super) fn get_raw(&self, name: &str) -> Option<&'a [u8]> {
        self.value(name).map(RawValue::raw)
    }

    /// The value parsed; `None` if it is absent, empty or not of that type.
    pub(super) fn get_parsed<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_place() {
        assert!(NAMES.is_sorted_by_key(|name| (name.len(), *name)));
        for (index, name) in NAMES.iter().enumerate() {
            assert_eq!(place_of(name.as_bytes()), Some(index), "{name}");
        }
        assert_eq!(place_of(b"Event-Nam"), None);
        assert_eq!(place_of(&[b'x'; 60]), None);
    }

    #[test]
    fn the_first_of_two_headers_counts() {
        let event = Event::plain("Unique-ID: one\nUnique-ID: two\nState: _undef_\n\n".into());
        let headers = Headers::of(&event);
        assert_eq!(headers.get("Unique-ID").as_deref(), Some("one"));
        assert_eq!(
            (headers.get("State").as_deref(), headers.get_filled("State")),
            (Some(""), None)
        );
    }
}
