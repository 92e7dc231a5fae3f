//! Frames of the event socket: a header block, an empty line, and as many body bytes as announced.
//!
//! Source of the rules: `mod_event_socket.c` (replies 2781-2788, events 1449, logs 1381-1397, goodbyes
//! 643-649 and 2824). Replies start with `Content-Type`, events with `Content-Length`, so no order of headers
//! is assumed; only the outer header block is looked at here, see [`crate::event`] for the inner one.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;
use tokio_util::codec::Decoder;

/// Largest piece that is reserved ahead of data: what a peer *claims* never becomes an allocation.
const RESERVE_STEP: usize = 64 * 1024;

/// What a frame is, by its `Content-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// `auth/request`: the banner of an inbound connection.
    AuthRequest,
    /// `command/reply`: answer to anything but a permitted `api`.
    CommandReply,
    /// `api/response`: answer to `api`, text in the body.
    ApiResponse,
    /// `text/event-plain`.
    EventPlain,
    /// `text/event-json`.
    EventJson,
    /// `text/event-xml`; delivered as bytes, never parsed.
    EventXml,
    /// `log/data`.
    LogData,
    /// `text/disconnect-notice`: the switch is about to close (or lingers, see `Content-Disposition`).
    DisconnectNotice,
    /// `text/rude-rejection`: the access list of the switch refused us.
    RudeRejection,
}

impl FrameKind {
    /// All kinds, in the order of [`FrameKind::index`].
    pub const ALL: [FrameKind; 9] = [
        FrameKind::AuthRequest,
        FrameKind::CommandReply,
        FrameKind::ApiResponse,
        FrameKind::EventPlain,
        FrameKind::EventJson,
        FrameKind::EventXml,
        FrameKind::LogData,
        FrameKind::DisconnectNotice,
        FrameKind::RudeRejection,
    ];

    /// The `Content-Type` of this kind.
    pub const fn content_type(self) -> &'static str {
        match self {
            FrameKind::AuthRequest => "auth/request",
            FrameKind::CommandReply => "command/reply",
            FrameKind::ApiResponse => "api/response",
            FrameKind::EventPlain => "text/event-plain",
            FrameKind::EventJson => "text/event-json",
            FrameKind::EventXml => "text/event-xml",
            FrameKind::LogData => "log/data",
            FrameKind::DisconnectNotice => "text/disconnect-notice",
            FrameKind::RudeRejection => "text/rude-rejection",
        }
    }

    /// Position in [`FrameKind::ALL`], for tables of counters.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether this frame answers a command.
    pub const fn is_reply(self) -> bool {
        matches!(self, FrameKind::CommandReply | FrameKind::ApiResponse)
    }

    /// Whether this frame carries an event.
    pub const fn is_event(self) -> bool {
        matches!(
            self,
            FrameKind::EventPlain | FrameKind::EventJson | FrameKind::EventXml
        )
    }

    fn from_content_type(value: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.content_type().as_bytes().eq_ignore_ascii_case(value))
    }
}

/// Largest sizes accepted, in bytes. Beyond them the connection is given up: what follows cannot be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// One header block; the answer to `connect` on an outbound socket is one block with a whole channel in it.
    pub head: usize,
    /// Body of an event, of whatever format.
    pub event: usize,
    /// Body of an `api/response`, and of a frame of unknown type that is skipped.
    pub api: usize,
    /// Body of a log line, a notice, or any other kind.
    pub other: usize,
}

impl Default for Caps {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Caps {
            head: MIB,
            event: 16 * MIB,
            api: 64 * MIB,
            other: MIB,
        }
    }
}

impl Caps {
    fn body_of(&self, kind: Option<FrameKind>) -> usize {
        match kind {
            Some(kind) if kind.is_event() => self.event,
            Some(FrameKind::ApiResponse) | None => self.api,
            Some(_) => self.other,
        }
    }
}

/// Why a byte stream stopped being an event socket. All of these end the connection.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// More than [`Caps::head`] bytes without an empty line.
    #[error("header block longer than {cap} bytes")]
    HeadTooLong {
        /// The limit in bytes.
        cap: usize,
    },
    /// Announced body above its cap.
    #[error("{kind} announces a body of {claimed} bytes, the limit is {cap}")]
    BodyTooLong {
        /// The `Content-Type`, lossy and shortened.
        kind: String,
        /// The announced length, as it was written.
        claimed: String,
        /// The limit in bytes.
        cap: usize,
    },
    /// `Content-Length` is not a plain decimal number.
    #[error("Content-Length is not a number: {0:?}")]
    BadLength(String),
    /// Two `Content-Length` headers in one frame head.
    #[error("two Content-Length headers in one frame")]
    DuplicateLength,
    /// A header block without `Content-Type`.
    #[error("header block without Content-Type")]
    NoContentType,
    /// The stream ended in the middle of a frame.
    #[error("connection closed in the middle of a frame ({0} bytes of it were read)")]
    Truncated(usize),
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// One message of the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: FrameKind,
    /// The header block without its closing empty line; every line ends with LF.
    pub head: Bytes,
    /// The body, exactly as long as announced, empty if none was.
    pub body: Bytes,
}

impl Frame {
    /// Raw value of an outer header; ASCII case-insensitive, the first match wins.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        header_lines(&self.head)
            .find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Value of an outer header as text; invalid UTF-8 is replaced.
    pub fn header_text(&self, name: &str) -> Option<String> {
        self.header(name)
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }
}

/// Name and value of each line of a header block; lines without a colon are skipped.
pub(crate) fn header_lines(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    head.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        Some((&line[..colon], line[colon + 1..].trim_ascii()))
    })
}

enum State {
    /// Looking for the empty line; `scanned` bytes hold none.
    Head { scanned: usize },
    /// Waiting for `length` body bytes.
    Body {
        kind: FrameKind,
        head: Bytes,
        length: usize,
    },
    /// Throwing away the body of a frame of unknown type.
    Skip { left: usize },
}

/// Incremental decoder; feeds on any fragmentation and looks at each byte of a head once.
pub struct FrameCodec {
    caps: Caps,
    state: State,
    skipped: u64,
}

impl Default for FrameCodec {
    fn default() -> Self {
        Self::new(Caps::default())
    }
}

impl FrameCodec {
    /// A decoder at the start of a connection.
    pub fn new(caps: Caps) -> Self {
        FrameCodec {
            caps,
            state: State::Head { scanned: 0 },
            skipped: 0,
        }
    }

    /// Frames of unknown `Content-Type` that were skipped so far.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Takes a complete header block off `src`, or says that more bytes are needed.
    fn take_head(&mut self, src: &mut BytesMut, scanned: usize) -> Result<Option<Bytes>, CodecError> {
        let mut scanned = scanned;
        if scanned == 0 {
            // Empty lines between messages carry nothing; a `~` reply may leave one behind.
            let blank = src
                .iter()
                .take_while(|byte| **byte == b'\n' || **byte == b'\r')
                .count();
            src.advance(blank);
        }
        // One byte back: the first LF of the pair may have been the last byte seen.
        let from = scanned.saturating_sub(1);
        let found = memmem::find(&src[from..], b"\n\n").map(|at| from + at);
        let end = found.unwrap_or(src.len());
        if end > self.caps.head {
            return Err(CodecError::HeadTooLong { cap: self.caps.head });
        }
        let Some(end) = found else {
            scanned = src.len();
            self.state = State::Head { scanned };
            return Ok(None);
        };
        let head = src.split_to(end + 1).freeze();
        src.advance(1);
        Ok(Some(head))
    }

    fn start_body(&mut self, head: Bytes) -> Result<(), CodecError> {
        let mut content_type = None;
        let mut length = None;
        for (name, value) in header_lines(&head) {
            if name.eq_ignore_ascii_case(b"content-type") {
                content_type.get_or_insert(value);
            } else if name.eq_ignore_ascii_case(b"content-length") && length.replace(value).is_some() {
                return Err(CodecError::DuplicateLength);
            }
        }
        let content_type = content_type.ok_or(CodecError::NoContentType)?;
        let kind = FrameKind::from_content_type(content_type);
        let length = match length {
            Some(text) => parse_length(text, self.caps.body_of(kind), content_type)?,
            None => 0,
        };
        self.state = if let Some(kind) = kind {
            State::Body { kind, head, length }
        } else {
            self.skipped += 1;
            State::Skip { left: length }
        };
        Ok(())
    }
}

/// A decimal number within `cap`; checked before anything is reserved.
fn parse_length(text: &[u8], cap: usize, content_type: &[u8]) -> Result<usize, CodecError> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(CodecError::BadLength(shorten(text)));
    }
    let number = std::str::from_utf8(text)
        .ok()
        .and_then(|digits| digits.parse::<usize>().ok());
    match number {
        Some(number) if number <= cap => Ok(number),
        _ => Err(CodecError::BodyTooLong {
            kind: shorten(content_type),
            claimed: shorten(text),
            cap,
        }),
    }
}

fn shorten(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(64)]).into_owned()
}

impl Decoder for FrameCodec {
    type Item = Frame;
    type Error = CodecError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Frame>, CodecError> {
        loop {
            match &mut self.state {
                State::Head { scanned } => {
                    let scanned = *scanned;
                    let Some(head) = self.take_head(src, scanned)? else {
                        return Ok(None);
                    };
                    self.start_body(head)?;
                }
                State::Body { kind, head, length } => {
                    if src.len() < *length {
                        src.reserve((*length - src.len()).min(RESERVE_STEP));
                        return Ok(None);
                    }
                    let frame = Frame {
                        kind: *kind,
                        head: std::mem::take(head),
                        body: src.split_to(*length).freeze(),
                    };
                    self.state = State::Head { scanned: 0 };
                    return Ok(Some(frame));
                }
                State::Skip { left } => {
                    let now = (*left).min(src.len());
                    src.advance(now);
                    *left -= now;
                    if *left > 0 {
                        return Ok(None);
                    }
                    self.state = State::Head { scanned: 0 };
                }
            }
        }
    }

    /// The switch closes between two frames; anything else lost bytes.
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Frame>, CodecError> {
        if let Some(frame) = self.decode(src)? {
            return Ok(Some(frame));
        }
        let pending = match &self.state {
            State::Head { .. } => src.len(),
            State::Body { head, .. } => head.len() + src.len(),
            State::Skip { left } => *left,
        };
        if pending == 0 {
            Ok(None)
        } else {
            Err(CodecError::Truncated(pending))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_all(bytes: &[u8]) -> Result<Vec<Frame>, CodecError> {
        let mut codec = FrameCodec::default();
        let mut src = BytesMut::from(bytes);
        let mut frames = Vec::new();
        while let Some(frame) = codec.decode_eof(&mut src)? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn a_reply_and_an_event_in_one_segment_are_two_frames() {
        let frames = decode_all(
            b"Content-Type: command/reply\nReply-Text: +OK\n\nContent-Length: 5\nContent-Type: text/event-plain\n\nA: b\n",
        )
        .unwrap();
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0].header("reply-text"), Some(&b"+OK"[..]));
        assert_eq!(frames[1].kind, FrameKind::EventPlain);
        assert_eq!(&frames[1].body[..], b"A: b\n");
    }

    #[test]
    fn header_names_are_found_in_any_case() {
        let frames = decode_all(b"CONTENT-type: API/Response\ncontent-LENGTH: 2\n\nok").unwrap();
        assert_eq!(
            (frames[0].kind, &frames[0].body[..]),
            (FrameKind::ApiResponse, &b"ok"[..])
        );
    }

    #[test]
    fn impossible_lengths_are_refused_before_anything_is_reserved() {
        for length in [
            "9223372036854775808",
            "18446744073709551615",
            "99999999999999999999999",
            "17000000",
        ] {
            let text = format!("Content-Length: {length}\nContent-Type: text/event-plain\n\n");
            let mut src = BytesMut::from(text.as_bytes());
            let error = FrameCodec::default().decode(&mut src).unwrap_err();
            assert!(
                matches!(error, CodecError::BodyTooLong { .. }),
                "{length}: {error}"
            );
            assert!(src.capacity() < 1024);
        }
    }

    #[test]
    fn a_large_permitted_claim_reserves_one_step_only() {
        let mut src = BytesMut::from(&b"Content-Type: api/response\nContent-Length: 60000000\n\nx"[..]);
        assert!(FrameCodec::default().decode(&mut src).unwrap().is_none());
        assert!(src.capacity() <= 2 * RESERVE_STEP, "{}", src.capacity());
    }

    #[test]
    fn lengths_that_are_no_numbers_are_refused() {
        for length in ["-1", "+5", "0x10", "5 5", "", "\u{661}"] {
            let text = format!("Content-Type: api/response\nContent-Length: {length}\n\n");
            let error = decode_all(text.as_bytes()).unwrap_err();
            assert!(matches!(error, CodecError::BadLength(_)), "{length:?}: {error}");
        }
    }

    #[test]
    fn two_lengths_are_refused_even_when_equal() {
        let error =
            decode_all(b"Content-Type: api/response\nContent-Length: 0\ncontent-length: 0\n\n").unwrap_err();
        assert!(matches!(error, CodecError::DuplicateLength));
    }

    #[test]
    fn a_head_without_content_type_is_refused() {
        assert!(matches!(
            decode_all(b"Content-Length: 0\n\n").unwrap_err(),
            CodecError::NoContentType
        ));
    }

    #[test]
    fn an_endless_header_is_refused_at_the_cap() {
        let mut codec = FrameCodec::new(Caps {
            head: 1000,
            ..Caps::default()
        });
        let mut src = BytesMut::new();
        let error = loop {
            src.extend_from_slice(b"aaaaaaaaaaaaaaaa");
            assert!(src.len() < 1100, "the cap was not applied");
            if let Err(error) = codec.decode(&mut src) {
                break error;
            }
        };
        assert!(matches!(error, CodecError::HeadTooLong { cap: 1000 }));
    }

    #[test]
    fn a_frame_of_unknown_type_is_skipped_and_counted() {
        let mut codec = FrameCodec::default();
        let mut src = BytesMut::from(
            &b"Content-Type: text/novelty\nContent-Length: 4\n\nabcdContent-Type: auth/request\n\n"[..],
        );
        assert_eq!(
            codec.decode(&mut src).unwrap().unwrap().kind,
            FrameKind::AuthRequest
        );
        assert_eq!(codec.skipped(), 1);
    }

    #[test]
    fn the_end_of_the_stream_inside_a_frame_is_an_error() {
        for cut in [
            "Content-Type: api/resp",
            "Content-Type: api/response\nContent-Length: 3\n\nab",
        ] {
            assert!(matches!(
                decode_all(cut.as_bytes()).unwrap_err(),
                CodecError::Truncated(_)
            ));
        }
        assert!(decode_all(b"\n\r\n").unwrap().is_empty());
    }
}
