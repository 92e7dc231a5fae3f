//! Cuts the client's byte stream into commands (mod_event_socket.c `read_packet`).

use bytes::{Buf, BytesMut};

/// A command longer than this ends the connection (10 MiB in the switch; less is enough here).
const MAX_PACKET: usize = 1024 * 1024;
/// Limit of a command's body (16 MiB in the switch).
const MAX_BODY: usize = 16 * 1024 * 1024;

/// One command with the header lines and the body that came with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Packet {
    /// First line, as written.
    pub(crate) line: String,
    /// Header lines after it.
    pub(crate) headers: Vec<(String, String)>,
    /// `Content-Length` bytes after the blank line.
    pub(crate) body: Option<String>,
}

impl Packet {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The client sent something that the switch would end the connection for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the packet is larger than the switch reads")]
pub(crate) struct TooLarge;

/// Takes the next whole command out of `buffer`; `None` when more bytes are needed.
pub(crate) fn take(buffer: &mut BytesMut) -> Result<Option<Packet>, TooLarge> {
    let skip = buffer
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    buffer.advance(skip);
    let Some(end) = end_of_head(buffer) else {
        return if buffer.len() > MAX_PACKET {
            Err(TooLarge)
        } else {
            Ok(None)
        };
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.split('\n').map(|line| line.trim_end_matches('\r'));
    let mut packet = Packet {
        line: lines.next().unwrap_or_default().to_owned(),
        ..Packet::default()
    };
    for line in lines {
        if let Some((name, value)) = line.split_once(':') {
            packet
                .headers
                .push((name.to_owned(), value.trim_start().to_owned()));
        }
    }
    if let Some(length) = packet.header("content-length") {
        let length: usize = length.trim().parse().map_err(|_| TooLarge)?;
        if length > MAX_BODY {
            return Err(TooLarge);
        }
        if buffer.len() < end + length {
            return Ok(None);
        }
        packet.body = Some(String::from_utf8_lossy(&buffer[end..end + length]).into_owned());
        buffer.advance(length);
    }
    buffer.advance(end);
    Ok(Some(packet))
}

/// Offset just behind the two line feeds that end a command; carriage returns between do not count.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut line_feeds = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => line_feeds += 1,
            b'\r' => {}
            _ => line_feeds = 0,
        }
        if line_feeds == 2 {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_cut_whatever_the_line_ends_and_blank_lines() {
        let mut buffer =
            BytesMut::from("\n\n\r\napi echo one\n\napi crlf\r\n\r\nbgapi x\nJob-UUID: j\n\napi ha");
        assert_eq!(take(&mut buffer).unwrap().unwrap().line, "api echo one");
        assert_eq!(take(&mut buffer).unwrap().unwrap().line, "api crlf");
        let job = take(&mut buffer).unwrap().unwrap();
        assert_eq!(
            (job.line.as_str(), job.header("job-uuid")),
            ("bgapi x", Some("j"))
        );
        assert_eq!(take(&mut buffer), Ok(None));
        assert_eq!(&buffer[..], b"api ha");
    }

    #[test]
    fn a_body_is_read_by_its_length() {
        let mut buffer = BytesMut::from("sendevent X\nContent-Length: 5\n\nab\n\ncapi y\n\n");
        assert_eq!(
            take(&mut buffer).unwrap().unwrap().body.as_deref(),
            Some("ab\n\nc")
        );
        assert_eq!(take(&mut buffer).unwrap().unwrap().line, "api y");
    }

    #[test]
    fn an_absurd_length_ends_the_connection() {
        let mut buffer = BytesMut::from("sendevent X\nContent-Length: 18446744073709551615\n\n");
        assert_eq!(take(&mut buffer), Err(TooLarge));
    }
}
