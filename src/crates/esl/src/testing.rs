//! The switch's side of a connection, played by a script. For tests of this crate and of those that use it;
//! a switch with calls in it is the business of the simulator.

use std::{io, sync::Arc};

use bytes::{Buf as _, BytesMut};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    sync::mpsc,
};

use crate::dial::{BoxedStream, Dialer};

/// Bytes that fit into a scripted socket before a writer has to wait.
const SOCKET_BUFFER: usize = 256 * 1024;

/// One accepted connection. Methods panic when the script does not fit what happens: they are for tests.
pub struct Peer {
    io: DuplexStream,
    inbox: BytesMut,
}

impl Peer {
    /// The client's end of a connection, and the switch's.
    pub fn pair() -> (DuplexStream, Peer) {
        let (client, io) = tokio::io::duplex(SOCKET_BUFFER);
        (
            client,
            Peer {
                io,
                inbox: BytesMut::new(),
            },
        )
    }

    /// Writes bytes as they are.
    ///
    /// # Panics
    /// If the client has closed.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.io
            .write_all(bytes.as_ref())
            .await
            .expect("the client listens");
    }

    /// Reads one command packet, without its closing empty line, or `None` when the client has closed.
    pub async fn command(&mut self) -> Option<String> {
        loop {
            if let Some(at) = memchr::memmem::find(&self.inbox, b"\n\n") {
                let packet = self.inbox.split_to(at);
                self.inbox.advance(2);
                return Some(String::from_utf8_lossy(&packet).into_owned());
            }
            match self.io.read_buf(&mut self.inbox).await {
                Ok(read) if read > 0 => {}
                _ => return None,
            }
        }
    }

    /// Reads one command and insists on it.
    ///
    /// # Panics
    /// If the client sends something else or closes.
    #[track_caller]
    pub fn expect<'a>(&'a mut self, wanted: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let got = self.command().await;
            assert_eq!(got.as_deref(), Some(wanted), "expected at {caller}");
        }
    }

    /// `command/reply`.
    pub async fn reply(&mut self, text: &str) {
        self.send(format!("Content-Type: command/reply\nReply-Text: {text}\n\n"))
            .await;
    }

    /// `api/response`.
    pub async fn api_reply(&mut self, body: &str) {
        self.send(format!(
            "Content-Type: api/response\nContent-Length: {}\n\n{body}",
            body.len()
        ))
        .await;
    }

    /// An event in plain.
    pub async fn event(&mut self, headers: &[(&str, &str)], body: Option<&[u8]>) {
        self.send(event_frame(headers, body)).await;
    }

    /// `text/disconnect-notice`, as after `exit` or on shutdown.
    pub async fn notice(&mut self, text: &str) {
        self.send(format!(
            "Content-Type: text/disconnect-notice\nContent-Length: {}\n\n{text}",
            text.len()
        ))
        .await;
    }

    /// Banner, and the good answer to this password.
    pub async fn accept(&mut self, password: &str) {
        self.send("Content-Type: auth/request\n\n").await;
        self.expect(&format!("auth {password}")).await;
        self.reply("+OK accepted").await;
    }
}

/// A listener that a link dials into; each connection comes out as a [`Peer`].
pub struct Listener {
    incoming: mpsc::UnboundedReceiver<Peer>,
}

impl Listener {
    /// A listener, and the dialer that leads to it. Dropping the listener refuses connections.
    pub fn new() -> (Dialer, Listener) {
        let (sender, incoming) = mpsc::unbounded_channel();
        let dialer: Dialer = Arc::new(move || {
            let (client, peer) = Peer::pair();
            let result = match sender.send(peer) {
                Ok(()) => Ok(Box::new(client) as BoxedStream),
                Err(_) => Err(io::Error::from(io::ErrorKind::ConnectionRefused)),
            };
            Box::pin(std::future::ready(result))
        });
        (dialer, Listener { incoming })
    }

    /// The next connection.
    ///
    /// # Panics
    /// If no link can dial any more.
    pub async fn accept(&mut self) -> Peer {
        self.incoming.recv().await.expect("the link still dials")
    }
}

/// A plain event with its frame head, encoded by the rules of the switch.
pub fn event_frame(headers: &[(&str, &str)], body: Option<&[u8]>) -> Vec<u8> {
    let mut payload = Vec::new();
    for (name, value) in headers {
        payload.extend_from_slice(name.as_bytes());
        payload.extend_from_slice(b": ");
        encode_value(value.as_bytes(), &mut payload);
        payload.push(b'\n');
    }
    match body.filter(|body| !body.is_empty()) {
        Some(body) => {
            payload.extend_from_slice(format!("Content-Length: {}\n\n", body.len()).as_bytes());
            payload.extend_from_slice(body);
        }
        None => payload.push(b'\n'),
    }
    let mut frame = format!(
        "Content-Length: {}\nContent-Type: text/event-plain\n\n",
        payload.len()
    )
    .into_bytes();
    frame.extend_from_slice(&payload);
    frame
}

/// `switch_url_encode` as `switch_event_serialize` uses it (`switch_utils.h` 47, `switch_utils.c` 3494-3537):
/// an existing upper-case `%XX` passes unchanged, an empty value becomes `_undef_`.
pub fn encode_value(value: &[u8], out: &mut Vec<u8>) {
    const UNSAFE: &[u8] = b"\r\n \"#%&+:;<=>?@[\\]^`{|}";
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if value.is_empty() {
        out.extend_from_slice(b"_undef_");
        return;
    }
    for (at, byte) in value.iter().enumerate() {
        let encoded_already = *byte == b'%'
            && value
                .get(at + 1..at + 3)
                .is_some_and(|pair| pair.iter().all(|digit| HEX.contains(digit)));
        if !encoded_already && (!(b' '..=b'~').contains(byte) || UNSAFE.contains(byte)) {
            out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            out.push(*byte);
        }
    }
}
