//! The three encodings of an event (`switch_event_serialize`, `_serialize_json`, `_xmlize` in
//! switch_event.c; header order of the outer frame from mod_event_socket.c).

use std::fmt::Write as _;

use bytes::{BufMut, Bytes, BytesMut};

use super::{Event, Format};

/// Characters that `switch_url_encode` escapes besides controls and everything from `~` on
/// (switch_utils.h `SWITCH_URL_UNSAFE`). A comma is not among them (surprises 4).
const UNSAFE: &[u8] = b"\r\n \"#%&+:;<=>?@[\\]^`{|}";

/// Percent-encodes as the switch does: upper-case hex, an existing `%XX` passes unchanged.
pub(crate) fn percent(value: &str, out: &mut String) {
    let bytes = value.as_bytes();
    let mut plain_from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let safe = (b' '..=b'~').contains(&byte) && !UNSAFE.contains(&byte);
        if safe || (byte == b'%' && is_escape(bytes, at)) {
            continue;
        }
        out.push_str(value.get(plain_from..at).unwrap_or_default());
        let _ = write!(out, "%{byte:02X}");
        plain_from = at + 1;
    }
    out.push_str(value.get(plain_from..).unwrap_or_default());
}

fn is_escape(bytes: &[u8], at: usize) -> bool {
    let hex = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b));
    hex(bytes.get(at + 1)) && hex(bytes.get(at + 2))
}

pub(super) fn frame(event: &Event, format: Format) -> Bytes {
    let payload = match format {
        Format::Plain => plain(event),
        Format::Json => json(event),
        Format::Xml => xml(event),
    };
    let outer = format!(
        "Content-Length: {}\nContent-Type: text/event-{}\n\n",
        payload.len(),
        format.word()
    );
    let mut frame = BytesMut::with_capacity(outer.len() + payload.len());
    frame.put_slice(outer.as_bytes());
    frame.put_slice(payload.as_bytes());
    frame.freeze()
}

/// Calls `each` for every header in wire order: head, variables, tail.
fn for_each_header(event: &Event, mut each: impl FnMut(&str, &str, &str)) {
    for (name, value) in &event.head {
        each("", name, value);
    }
    for (name, value) in event.vars.iter() {
        each("variable_", name, value);
    }
    for (name, value) in &event.tail {
        each("", name, value);
    }
}

fn plain(event: &Event) -> String {
    let mut out = String::with_capacity(4096);
    for_each_header(event, |prefix, name, value| {
        out.push_str(prefix);
        out.push_str(name);
        out.push_str(": ");
        if value.is_empty() {
            out.push_str("_undef_");
        } else {
            percent(value, &mut out);
        }
        out.push('\n');
    });
    match event.body.as_deref().filter(|body| !body.is_empty()) {
        Some(body) => {
            let _ = write!(out, "Content-Length: {}\n\n{body}", body.len());
        }
        None => out.push('\n'),
    }
    out
}

fn json(event: &Event) -> String {
    let mut out = String::with_capacity(4096);
    out.push('{');
    for_each_header(event, |prefix, name, value| {
        if out.len() > 1 {
            out.push(',');
        }
        json_text(&format!("{prefix}{name}"), &mut out);
        out.push(':');
        match value.strip_prefix("ARRAY::") {
            Some(items) => {
                for (at, item) in items.split("|:").enumerate() {
                    out.push(if at == 0 { '[' } else { ',' });
                    json_text(item, &mut out);
                }
                out.push(']');
            }
            None => json_text(value, &mut out),
        }
    });
    if let Some(body) = &event.body {
        let _ = write!(out, ",\"Content-Length\":\"{}\",\"_body\":", body.len());
        json_text(body, &mut out);
    }
    out.push('}');
    out
}

fn json_text(value: &str, out: &mut String) {
    // A text always serialises.
    out.push_str(&serde_json::to_string(value).unwrap_or_default());
}

fn xml(event: &Event) -> String {
    let mut out = String::from("<event>\n  <headers>\n");
    for_each_header(event, |prefix, name, value| {
        let _ = write!(out, "    <{prefix}{name}>");
        percent(value, &mut out);
        let _ = writeln!(out, "</{prefix}{name}>");
    });
    out.push_str("  </headers>\n");
    if let Some(body) = &event.body {
        let escaped = body
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let _ = write!(
            out,
            "  <Content-Length>{}</Content-Length>\n  <body>{escaped}  </body>\n",
            body.len()
        );
    }
    out.push_str("</event>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: &str) -> String {
        let mut out = String::new();
        percent(value, &mut out);
        out
    }

    #[test]
    fn values_are_escaped_as_in_the_trace_of_utf8() {
        assert_eq!(encoded("a b%c&d<e>\"f\""), "a%20b%25c%26d%3Ce%3E%22f%22");
        assert_eq!(encoded("Γ"), "%CE%93");
        assert_eq!(encoded("Sun, 22 Nov"), "Sun,%2022%20Nov");
        assert_eq!(encoded("%20 %zz"), "%20%20%25zz");
    }

    #[test]
    fn a_body_has_an_inner_length_and_the_outer_length_covers_it() {
        let mut event = Event::new("BACKGROUND_JOB");
        event.push("Event-Name", "BACKGROUND_JOB");
        event.body = Some("+OK x\n".into());
        let frame = String::from_utf8(event.frame(Format::Plain).to_vec()).unwrap();
        assert_eq!(
            frame,
            "Content-Length: 52\nContent-Type: text/event-plain\n\n\
             Event-Name: BACKGROUND_JOB\nContent-Length: 6\n\n+OK x\n"
        );
    }

    #[test]
    fn json_splits_arrays_and_keeps_utf8() {
        let mut event = Event::new("X");
        event.push("a", "ARRAY::1|:2");
        event.push("b", "σου");
        let frame = String::from_utf8(event.frame(Format::Json).to_vec()).unwrap();
        assert!(frame.ends_with(r#"{"a":["1","2"],"b":"σου"}"#), "{frame}");
    }
}
