//! One connection: a task that owns the socket and answers its callers in order.
//!
//! The switch reads, runs and answers commands one after the other (`mod_event_socket.c` 2759-2791), so the
//! n-th reply belongs to the n-th command. Each sent command leaves a waiter in a queue; a reply completes the
//! head, whether its caller still listens or not. A caller that went away therefore cannot shift the replies of
//! the others, and half a command cannot be written, because callers only hand in whole packets.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use bytes::BytesMut;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tokio_util::{codec::FramedRead, sync::CancellationToken};

use crate::{
    codec::{Caps, CodecError, Frame, FrameCodec, FrameKind},
    command::Command,
    metrics::Meters,
    reply::{CommandError, Silence},
};

/// Bytes read from the socket at a time.
const READ_CHUNK: usize = 64 * 1024;
/// Frames handled in one go before commands and timers get a look.
const BURST: usize = 256;
/// Bytes that may wait to be written before further commands stay in the queue.
const WRITE_AHEAD: usize = 256 * 1024;
/// How long the timer sleeps when nothing can become overdue.
const FAR: Duration = Duration::from_hours(24);

/// Limits of a connection.
#[derive(Debug, Clone)]
pub struct ConnConfig {
    /// Commands sent ahead of their replies.
    pub window: usize,
    /// Commands that may wait to be sent; further callers wait until their deadline.
    pub queue: usize,
    /// Longest silence on the oldest open command, unless its own deadline is later. Then the connection ends.
    pub hard_limit: Duration,
    /// Longest time without any frame, if there is one: for sockets that get HEARTBEAT.
    pub idle_limit: Option<Duration>,
    /// Longest time for the open commands and the goodbye when the connection is wound up.
    pub drain_limit: Duration,
}

impl Default for ConnConfig {
    fn default() -> Self {
        ConnConfig {
            window: 16,
            queue: 256,
            hard_limit: Duration::from_secs(30),
            idle_limit: None,
            drain_limit: Duration::from_secs(5),
        }
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub enum Closed {
    /// Wound up on our wish.
    #[error("wound up")]
    Finished,
    /// The switch closed without a word: it crashed, or a middle box did.
    #[error("closed by the switch without notice")]
    Eof,
    /// The switch said goodbye; its text (surprises 75).
    #[error("closed by the switch: {0}")]
    Notice(String),
    /// The bytes are no event socket any more, or the socket failed.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The oldest command was not answered within the hard limit.
    #[error("no reply to `{0}` within the hard limit")]
    Unanswered(String),
    /// No frame within the idle limit.
    #[error("nothing heard within the idle limit")]
    Idle,
    /// A reply that no command asked for: from here on replies could be mixed up.
    #[error("a reply that no command asked for")]
    UnexpectedReply,
}

impl Closed {
    /// A short stable word for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Closed::Finished => "finished",
            Closed::Eof => "eof",
            Closed::Notice(_) => "notice",
            Closed::Codec(CodecError::Io(_)) => "io",
            Closed::Codec(_) => "malformed",
            Closed::Unanswered(_) => "unanswered",
            Closed::Idle => "idle",
            Closed::UnexpectedReply => "unexpected_reply",
        }
    }
}

/// A byte stream cut into frames; what the handshake works on before the actor takes over.
pub struct Wire<IO> {
    frames: FramedRead<ReadHalf<IO>, FrameCodec>,
    writer: WriteHalf<IO>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Wire<IO> {
    /// Frames over a fresh connection.
    pub fn new(io: IO, caps: Caps) -> Self {
        let (reader, writer) = tokio::io::split(io);
        Wire {
            frames: FramedRead::with_capacity(reader, FrameCodec::new(caps), READ_CHUNK),
            writer,
        }
    }

    /// Writes one command whole. Not cancel-safe: a dropped future may leave half a packet on the wire.
    pub async fn send(&mut self, command: &Command) -> Result<(), CodecError> {
        self.writer.write_all(command.wire()).await?;
        Ok(self.writer.flush().await?)
    }

    /// The next frame; `None` when the switch closed between two frames.
    pub async fn next(&mut self) -> Option<Result<Frame, CodecError>> {
        self.frames.next().await
    }
}

/// Where a command is on its way; decides who may still stop it.
#[derive(Debug, Default)]
struct Ticket(AtomicU8);

impl Ticket {
    const QUEUED: u8 = 0;
    const SENT: u8 = 1;
    const ABANDONED: u8 = 2;

    /// The actor is about to write it; false if the caller gave up first.
    fn send(&self) -> bool {
        self.0
            .compare_exchange(Self::QUEUED, Self::SENT, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// The caller gives up; true if it will never be written.
    fn abandon(&self) -> bool {
        self.0
            .compare_exchange(Self::QUEUED, Self::ABANDONED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

struct Request {
    command: Command,
    deadline: Instant,
    ticket: Arc<Ticket>,
    reply: oneshot::Sender<Frame>,
}

/// A handle that sends commands over a connection. The connection is wound up when the last one is dropped.
#[derive(Clone)]
pub struct Commander {
    requests: mpsc::Sender<Request>,
    meters: Arc<Meters>,
}

impl Commander {
    /// Sends a command and waits for the frame that answers it. Dropping the future is safe at any point: the
    /// command is not sent if it was not yet, and its reply is thrown away if it was.
    pub async fn send(&self, command: Command, deadline: Instant) -> Result<Frame, CommandError> {
        let ticket = Arc::new(Ticket::default());
        let (reply, answer) = oneshot::channel();
        let request = Request {
            command,
            deadline,
            ticket: Arc::clone(&ticket),
            reply,
        };
        match timeout_at(deadline, self.requests.send(request)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(self.not_sent("the connection is closed")),
            Err(_) => return Err(self.not_sent("too many commands are waiting")),
        }
        match timeout_at(deadline, answer).await {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(_)) if ticket.abandon() => Err(self.not_sent("the connection closed")),
            Ok(Err(_)) => Err(self.unknown(Silence::ConnectionLost)),
            Err(_) if ticket.abandon() => Err(self.not_sent("the deadline came before its turn")),
            Err(_) => Err(self.unknown(Silence::Deadline)),
        }
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    fn not_sent(&self, why: &str) -> CommandError {
        self.meters.not_sent.fetch_add(1, Ordering::Relaxed);
        CommandError::Unreachable(why.to_owned())
    }

    fn unknown(&self, silence: Silence) -> CommandError {
        self.meters.timeouts.fetch_add(1, Ordering::Relaxed);
        CommandError::TimedOut(silence)
    }
}

/// A command on the wire. Without a `reply` it is the actor's own goodbye.
struct Waiter {
    verb: String,
    sent_at: Instant,
    deadline: Instant,
    reply: Option<oneshot::Sender<Frame>>,
}

/// The task of one connection; does nothing until [`Actor::run`] is awaited.
pub struct Actor<IO> {
    wire: Wire<IO>,
    config: ConnConfig,
    meters: Arc<Meters>,
    requests: mpsc::Receiver<Request>,
    drain: CancellationToken,
    waiters: VecDeque<Waiter>,
    /// When the head of `waiters` became the head.
    head_since: Instant,
    last_frame: Instant,
    out: BytesMut,
    winding_up: WindingUp,
    /// False once the queue is closed and empty: `recv` would answer at once for ever.
    queue_open: bool,
    skipped_seen: u64,
}

/// How far the end of a connection has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WindingUp {
    No,
    /// No new commands; the open ones are answered until then.
    Draining {
        until: Instant,
    },
    /// `exit` is on its way.
    Goodbye {
        until: Instant,
    },
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Actor<IO> {
    /// An actor on an authenticated connection, and the handle that feeds it. `drain` winds it up.
    pub fn new(wire: Wire<IO>, config: ConnConfig, drain: CancellationToken) -> (Self, Commander) {
        Self::with_meters(wire, config, drain, Arc::default())
    }

    pub(crate) fn with_meters(
        wire: Wire<IO>,
        config: ConnConfig,
        drain: CancellationToken,
        meters: Arc<Meters>,
    ) -> (Self, Commander) {
        let (sender, requests) = mpsc::channel(config.queue.max(1));
        let now = Instant::now();
        let actor = Actor {
            wire,
            config,
            meters: Arc::clone(&meters),
            requests,
            drain,
            waiters: VecDeque::new(),
            head_since: now,
            last_frame: now,
            out: BytesMut::new(),
            winding_up: WindingUp::No,
            queue_open: true,
            skipped_seen: 0,
        };
        (
            actor,
            Commander {
                requests: sender,
                meters,
            },
        )
    }

    /// Runs until the connection ends. `sink` gets every frame that is no reply; it must not block.
    pub async fn run(mut self, mut sink: impl FnMut(Frame)) -> Closed {
        let closed = self.serve(&mut sink).await;
        self.meters
            .in_flight
            .fetch_sub(self.waiters.len() as u64, Ordering::Relaxed);
        // Close the queue first: who still waits in it must learn that it will never be sent.
        self.requests.close();
        while self.requests.try_recv().is_ok() {}
        // A peer that does not read must not keep us here.
        let _ = timeout(Duration::from_secs(1), self.wire.writer.shutdown()).await;
        closed
    }

    async fn serve(&mut self, sink: &mut impl FnMut(Frame)) -> Closed {
        let timer = sleep_until(self.due());
        tokio::pin!(timer);
        let drain = self.drain.clone();
        loop {
            let accepts = self.queue_open
                && self.waiters.len() < self.config.window.max(1)
                && self.out.len() < WRITE_AHEAD;
            let step = tokio::select! {
                frame = self.wire.frames.next() => self.on_frames(frame, sink),
                request = self.requests.recv(), if accepts => {
                    match request {
                        Some(request) => self.on_request(request),
                        None => self.on_queue_closed(),
                    }
                    Ok(())
                }
                written = self.wire.writer.write_buf(&mut self.out), if !self.out.is_empty() => match written {
                    Ok(0) => Err(Closed::Eof),
                    Ok(_) => Ok(()),
                    Err(error) => Err(Closed::Codec(error.into())),
                },
                () = drain.cancelled(), if self.winding_up == WindingUp::No => {
                    self.start_draining();
                    Ok(())
                }
                () = &mut timer => self.on_time(),
            };
            if let Err(closed) = step {
                return closed;
            }
            // The timer only ever moves forward by itself; on_time finds out whether it rang too early.
            let due = self.due();
            if due < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(due);
            }
        }
    }

    /// Handles a frame and all that are complete behind it.
    fn on_frames(
        &mut self,
        first: Option<Result<Frame, CodecError>>,
        sink: &mut impl FnMut(Frame),
    ) -> Result<(), Closed> {
        self.last_frame = Instant::now();
        self.on_read(first, sink)?;
        for _ in 1..BURST {
            // Polled without a waker; select! polls again with one before it sleeps.
            let Some(next) = self.wire.frames.next().now_or_never() else {
                break;
            };
            self.on_read(next, sink)?;
        }
        let skipped = self.wire.frames.decoder().skipped();
        self.meters
            .skipped_frames
            .fetch_add(skipped - self.skipped_seen, Ordering::Relaxed);
        self.skipped_seen = skipped;
        Ok(())
    }

    fn on_read(
        &mut self,
        read: Option<Result<Frame, CodecError>>,
        sink: &mut impl FnMut(Frame),
    ) -> Result<(), Closed> {
        match read {
            None if matches!(self.winding_up, WindingUp::Goodbye { .. }) => Err(Closed::Finished),
            None => Err(Closed::Eof),
            Some(Err(error)) => Err(Closed::Codec(error)),
            Some(Ok(frame)) => self.on_frame(frame, sink),
        }
    }

    fn on_frame(&mut self, frame: Frame, sink: &mut impl FnMut(Frame)) -> Result<(), Closed> {
        self.meters.frame(&frame);
        match frame.kind {
            FrameKind::CommandReply | FrameKind::ApiResponse => self.on_reply(frame),
            FrameKind::DisconnectNotice if lingers(&frame) => {
                sink(frame);
                Ok(())
            }
            FrameKind::DisconnectNotice | FrameKind::RudeRejection => {
                if matches!(self.winding_up, WindingUp::Goodbye { .. }) {
                    return Err(Closed::Finished);
                }
                Err(Closed::Notice(one_line(&frame.body)))
            }
            FrameKind::AuthRequest => Err(Closed::UnexpectedReply),
            FrameKind::EventPlain | FrameKind::EventJson | FrameKind::EventXml | FrameKind::LogData => {
                sink(frame);
                Ok(())
            }
        }
    }

    fn on_reply(&mut self, frame: Frame) -> Result<(), Closed> {
        let waiter = self.waiters.pop_front().ok_or(Closed::UnexpectedReply)?;
        self.meters.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.head_since = Instant::now();
        self.meters.reply(&waiter.verb, self.head_since - waiter.sent_at);
        if let Some(reply) = waiter.reply
            && reply.send(frame).is_err()
        {
            self.meters.tombstones.fetch_add(1, Ordering::Relaxed);
        }
        self.say_goodbye_if_done();
        Ok(())
    }

    fn on_request(&mut self, request: Request) {
        if request.reply.is_closed() || request.deadline <= Instant::now() || !request.ticket.send() {
            self.say_goodbye_if_done();
            return;
        }
        self.write(&request.command, request.deadline, Some(request.reply));
    }

    /// Either we drain, or nobody holds a handle any more.
    fn on_queue_closed(&mut self) {
        self.queue_open = false;
        if self.winding_up == WindingUp::No {
            self.start_draining();
        }
        self.say_goodbye_if_done();
    }

    fn write(&mut self, command: &Command, deadline: Instant, reply: Option<oneshot::Sender<Frame>>) {
        let now = Instant::now();
        if self.waiters.is_empty() {
            self.head_since = now;
        }
        self.out.extend_from_slice(command.wire());
        self.waiters.push_back(Waiter {
            verb: command.verb().to_owned(),
            sent_at: now,
            deadline,
            reply,
        });
        self.meters.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    fn start_draining(&mut self) {
        self.requests.close();
        self.winding_up = WindingUp::Draining {
            until: Instant::now() + self.config.drain_limit,
        };
        self.say_goodbye_if_done();
    }

    fn say_goodbye_if_done(&mut self) {
        if let WindingUp::Draining { until } = self.winding_up
            && self.waiters.is_empty()
            && self.requests.is_empty()
        {
            self.write(&Command::exit(), until, None);
            self.winding_up = WindingUp::Goodbye { until };
        }
    }

    /// The earliest moment at which something is overdue.
    fn due(&self) -> Instant {
        let idle = self.config.idle_limit.map(|limit| self.last_frame + limit);
        let winding_up = match self.winding_up {
            WindingUp::No => None,
            WindingUp::Draining { until } | WindingUp::Goodbye { until } => Some(until),
        };
        let due = [idle, self.head_due(), winding_up].into_iter().flatten().min();
        due.unwrap_or_else(|| Instant::now() + FAR)
    }

    fn head_due(&self) -> Option<Instant> {
        let head = self.waiters.front()?;
        Some((self.head_since + self.config.hard_limit).max(head.deadline))
    }

    fn on_time(&mut self) -> Result<(), Closed> {
        let now = Instant::now();
        if let WindingUp::Draining { until } | WindingUp::Goodbye { until } = self.winding_up
            && now >= until
        {
            return Err(Closed::Finished);
        }
        if self.head_due().is_some_and(|due| now >= due) {
            let verb = self
                .waiters
                .front()
                .map(|head| head.verb.clone())
                .unwrap_or_default();
            return Err(Closed::Unanswered(verb));
        }
        if self
            .config
            .idle_limit
            .is_some_and(|limit| now >= self.last_frame + limit)
        {
            return Err(Closed::Idle);
        }
        Ok(())
    }
}

/// On an outbound socket the first notice may only say that the channel ended (12b, surprises 72-78).
fn lingers(frame: &Frame) -> bool {
    frame
        .header("Content-Disposition")
        .is_some_and(|value| value.eq_ignore_ascii_case(b"linger"))
}

/// A notice on one line, for people.
pub(crate) fn one_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(300)]);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
