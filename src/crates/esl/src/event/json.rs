//! Fields of a JSON event. A derived reader would refuse the duplicate keys that a `sendevent` with a body
//! yields (surprises 2), and a map would keep the last instead of the first.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

#[derive(Debug, Clone)]
pub(super) struct Fields {
    entries: Vec<(String, String)>,
    wire_len: usize,
}

impl Fields {
    pub(super) fn parse(payload: &[u8]) -> Result<Fields, serde_json::Error> {
        let text = String::from_utf8_lossy(payload);
        let Entries(entries) = serde_json::from_str(&text)?;
        Ok(Fields {
            entries,
            wire_len: payload.len(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn wire_len(&self) -> usize {
        self.wire_len
    }

    pub(super) fn entry(&self, index: usize) -> Option<(&str, &str)> {
        self.entries
            .get(index)
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Value of the first key called `prefix` + `name`.
    pub(super) fn find(&self, prefix: &str, name: &str) -> Option<&str> {
        let found = self.entries.iter().find(|(key, _)| {
            key.len() == prefix.len() + name.len() && {
                let (head, tail) = key.as_bytes().split_at(prefix.len());
                tail.eq_ignore_ascii_case(name.as_bytes()) && head.eq_ignore_ascii_case(prefix.as_bytes())
            }
        })?;
        Some(&found.1)
    }
}

struct Entries(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::with_capacity(64);
        while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
            entries.push((name, flatten(value)));
        }
        Ok(Entries(entries))
    }
}

/// A value in the notation of the plain format, so that both read alike: arrays become `ARRAY::a|:b`.
fn flatten(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        serde_json::Value::Array(items) => {
            let items: Vec<String> = items.into_iter().map(flatten).collect();
            format!("ARRAY::{}", items.join("|:"))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::event::{Event, EventError};

    #[test]
    fn duplicate_keys_are_kept_and_the_first_wins() {
        let event =
            Event::json(br#"{"Content-Length":"12","A":"x","Content-Length":"3","_body":"abc"}"#).unwrap();
        assert_eq!(event.get("content-length").unwrap(), "12");
        assert_eq!(event.body(), Some(&b"abc"[..]));
        assert_eq!(event.headers().count(), 3);
    }

    #[test]
    fn invalid_utf8_spoils_one_value_only() {
        let event = Event::json(b"{\"A\":\"x\xff\",\"B\":\"y\"}").unwrap();
        assert_eq!(
            (event.get("A").unwrap().as_ref(), event.get("B").unwrap().as_ref()),
            ("x\u{fffd}", "y")
        );
    }

    #[test]
    fn arrays_and_numbers_read_as_in_plain() {
        let event = Event::json(br#"{"L":["a","b"],"N":7,"variable_v":"","Z":null}"#).unwrap();
        assert_eq!(event.get_array("L").unwrap(), ["a", "b"]);
        assert_eq!(event.get_parsed::<u8>("N"), Some(7));
        assert_eq!(event.variable("v").unwrap(), "");
        assert_eq!(event.get_filled("Z"), None);
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for text in [&b"[]"[..], b"{\"A\":", b"", b"{\"A\":\"1\"} x", b"\xff"] {
            assert!(matches!(Event::json(text), Err(EventError::Json(_))), "{text:?}");
        }
    }
}
