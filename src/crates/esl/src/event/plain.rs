//! Offsets of the headers in a plain payload.

/// Where one header lies; payloads are capped far below 4 GiB.
#[derive(Debug, Clone, Copy)]
struct Span {
    name: u32,
    colon: u32,
    end: u32,
}

/// All headers of a payload and the start of its body.
#[derive(Debug)]
pub(super) struct Table {
    spans: Vec<Span>,
    pub(super) body_at: usize,
}

/// Raw value of a header in one of the first two lines; `start` is its name, colon and blank. `None` says nothing.
pub(super) fn early_value<'a>(payload: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    let line = payload
        .split(|byte| *byte == b'\n')
        .take(2)
        .find_map(|line| line.strip_prefix(start))?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// Shows each header line of a payload, up to the empty line: the same headers as [`Table`], one by one.
pub(super) fn for_each<'a>(payload: &'a [u8], mut visit: impl FnMut(&'a [u8], &'a [u8])) {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', payload).chain([payload.len()]) {
        if end == start && end < payload.len() {
            return;
        }
        let line = &payload[start..end];
        if let Some(colon) = memchr::memchr(b':', line) {
            visit(&line[..colon], value_of(&line[colon + 1..]));
        }
        start = end + 1;
    }
}

/// What follows the colon, without the one blank that the switch writes there; an encoder never leaves another
/// blank unencoded.
fn value_of(value: &[u8]) -> &[u8] {
    let value = value.strip_prefix(b" ").unwrap_or(value);
    value.strip_suffix(b"\r").unwrap_or(value)
}

impl Table {
    #[cfg(feature = "json")]
    pub(super) const EMPTY: Table = Table {
        spans: Vec::new(),
        body_at: 0,
    };

    pub(super) fn of(payload: &[u8]) -> Table {
        // Some 50 bytes a header in recorded traffic: one allocation instead of seven.
        let mut spans = Vec::with_capacity(payload.len() / 40 + 4);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', payload).chain([payload.len()]) {
            // The iterator goes on past the empty line only until this return.
            if end == start && end < payload.len() {
                return Table {
                    spans,
                    body_at: end + 1,
                };
            }
            if let Some(colon) = memchr::memchr(b':', &payload[start..end]) {
                spans.push(Span {
                    name: start as u32,
                    colon: (start + colon) as u32,
                    end: end as u32,
                });
            }
            start = end + 1;
        }
        Table {
            spans,
            body_at: payload.len(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Raw value of the first header called `prefix` + `name`.
    pub(super) fn find<'a>(&self, payload: &'a [u8], prefix: &str, name: &str) -> Option<&'a [u8]> {
        let length = (prefix.len() + name.len()) as u32;
        let span = self.spans.iter().find(|span| {
            span.colon - span.name == length && {
                let (head, tail) = payload[span.name as usize..span.colon as usize].split_at(prefix.len());
                tail.eq_ignore_ascii_case(name.as_bytes()) && head.eq_ignore_ascii_case(prefix.as_bytes())
            }
        })?;
        Some(span.value(payload))
    }

    pub(super) fn entry<'a>(&self, payload: &'a [u8], index: usize) -> Option<(&'a [u8], &'a [u8])> {
        let span = self.spans.get(index)?;
        Some((
            &payload[span.name as usize..span.colon as usize],
            span.value(payload),
        ))
    }
}

impl Span {
    fn value(self, payload: &[u8]) -> &[u8] {
        value_of(&payload[self.colon as usize + 1..self.end as usize])
    }
}
