//! A raw Event Socket client, and the little world in which the traces were recorded.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::format_collect,
    reason = "each test binary uses its own part of this module; here a panic is a failed test"
)]

pub(crate) mod compare;
pub(crate) mod world;

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One frame: outer headers and payload.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Frame {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_event(&self) -> bool {
        self.header("Content-Type") == Some("text/event-plain")
    }

    /// The headers of a plain event, decoded.
    pub(crate) fn event(&self) -> Event {
        let headers = self
            .body
            .lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| {
                let value = if value == "_undef_" {
                    String::new()
                } else {
                    decode(value)
                };
                (name.to_owned(), value)
            })
            .collect();
        Event { headers }
    }
}

/// A decoded plain event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) headers: Vec<(String, String)>,
}

impl Event {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// `CHANNEL_CREATE`, or the subclass of a CUSTOM event.
    pub(crate) fn name(&self) -> &str {
        match self.get("Event-Subclass") {
            "" => self.get("Event-Name"),
            subclass => subclass,
        }
    }
}

fn decode(value: &str) -> String {
    percent_encoding::percent_decode_str(value)
        .decode_utf8_lossy()
        .into_owned()
}

/// Cuts whole frames off the front of `buffer`.
pub(crate) fn take_frame(buffer: &mut Vec<u8>) -> Option<Frame> {
    let end = buffer.windows(2).position(|pair| pair == b"\n\n")? + 2;
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let headers: Vec<(String, String)> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "Content-Length")
        .map_or(0, |(_, n)| n.parse().unwrap());
    if buffer.len() < end + length {
        return None;
    }
    let body = String::from_utf8_lossy(&buffer[end..end + length]).into_owned();
    buffer.drain(..end + length);
    Some(Frame { headers, body })
}

/// A client that knows nothing but frames.
pub(crate) struct Client {
    socket: TcpStream,
    buffer: Vec<u8>,
    pub(crate) events: Vec<Event>,
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        let socket = TcpStream::connect(addr).await.unwrap();
        Self {
            socket,
            buffer: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Connects and authenticates.
    pub(crate) async fn login(addr: SocketAddr) -> Self {
        let mut client = Self::connect(addr).await;
        client.frame().await.unwrap();
        assert_eq!(client.command("auth ClueCon").await, "+OK accepted");
        client
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next frame, `None` when the switch has closed.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = take_frame(&mut self.buffer) {
                return Some(frame);
            }
            if self.socket.read_buf(&mut self.buffer).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Sends a command and returns its reply text or api body; events that come before are kept.
    pub(crate) async fn command(&mut self, line: &str) -> String {
        self.send(&format!("{line}\n\n")).await;
        loop {
            let frame = self.frame().await.expect("the switch closed the connection");
            match frame.header("Content-Type") {
                Some("command/reply") => return frame.header("Reply-Text").unwrap_or_default().to_owned(),
                Some("api/response") => return frame.body,
                Some("text/event-plain") => self.events.push(frame.event()),
                _ => {}
            }
        }
    }

    /// Reads events until the marker that this sends; everything fired before it is in `events` then.
    pub(crate) async fn settle(&mut self) {
        self.command("event plain CUSTOM sim::marker").await;
        let id = self
            .command("sendevent CUSTOM\nEvent-Subclass: sim::marker")
            .await;
        let id = id.trim_start_matches("+OK ").to_owned();
        if self.take_marker(&id) {
            return;
        }
        loop {
            let frame = self.frame().await.expect("the switch closed the connection");
            if frame.is_event() {
                self.events.push(frame.event());
                if self.take_marker(&id) {
                    return;
                }
            }
        }
    }

    fn take_marker(&mut self, id: &str) -> bool {
        let found = self
            .events
            .last()
            .is_some_and(|event| event.get("Event-UUID") == id);
        if found {
            self.events.pop();
        }
        found
    }
}
