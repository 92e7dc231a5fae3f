//! One console's conversation, from hello to goodbye.
//!
//! Everything that can wait has a limit: the hello, each write, silence, the number of frames and topics. Rights
//! are looked at again and again, because a socket lives longer than the request that opened it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::{
    Error,
    extract::ws::{CloseFrame, Message as Wire, Utf8Bytes},
};
use chrono::{DateTime, Utc};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    door::{Admission, Door},
    frames::{ClientFrame, ServerFrame},
};
use crate::{
    error::{AppError, ErrorKind},
    http::guard::Principal,
    ports::Clock,
    realtime::{
        hub::{Hub, Message, Subscriber},
        topic::Topic,
    },
};

/// Limits of one socket.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Until the hello must have come.
    pub hello: Duration,
    /// Until a frame of ours must have been taken; a browser that is slower is left.
    pub write: Duration,
    /// How often rights and signs of life are looked at.
    pub check: Duration,
    /// A browser that said nothing for so long is gone; it answers our pings by itself.
    pub silence: Duration,
    /// How long we wait for the browser to close after our goodbye.
    pub linger: Duration,
    /// Largest text frame of a browser.
    pub frame_bytes: usize,
    /// Most text frames of a browser between two checks.
    pub frames_per_check: u32,
    /// Most topics at a time.
    pub topics: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(5),
            write: Duration::from_secs(10),
            check: Duration::from_secs(10),
            silence: Duration::from_mins(1),
            linger: Duration::from_secs(1),
            frame_bytes: 16 * 1024,
            frames_per_check: 200,
            topics: 32,
        }
    }
}

/// What a conversation needs.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) door: &'a dyn Door,
    pub(super) hub: &'a Hub,
    pub(super) clock: &'a dyn Clock,
    /// Called before a topic is subscribed: some have rows only while somebody looks.
    pub(super) prepare: &'a (dyn Fn(&Topic) + Sync),
    pub(super) policy: &'a Policy,
    /// Cancelled when the server goes away.
    pub(super) closing: &'a CancellationToken,
}

/// Why a conversation is over.
enum End {
    /// We end it and say why.
    Goodbye(&'static str),
    /// The browser has left.
    Left,
    /// The browser does not take what we send, or is silent.
    Stuck,
}

/// Talks until one of the two ends it.
pub(super) async fn converse<S>(mut socket: S, around: Surroundings<'_>)
where
    S: Stream<Item = Result<Wire, Error>> + Sink<Wire> + Unpin + Send,
{
    metrics::gauge!("cordboard_sockets_open").increment(1);
    let Err(end) = talk(&mut socket, around).await;
    metrics::gauge!("cordboard_sockets_open").decrement(1);
    let why = match end {
        End::Goodbye(code) => {
            say_goodbye(&mut socket, around.policy, code).await;
            code
        }
        End::Left => "left",
        End::Stuck => "stuck",
    };
    metrics::counter!("cordboard_sockets_ended_total", "why" => why).increment(1);
}

async fn talk<S>(socket: &mut S, around: Surroundings<'_>) -> Result<std::convert::Infallible, End>
where
    S: Stream<Item = Result<Wire, Error>> + Sink<Wire> + Unpin + Send,
{
    let mut session = Session::greet(socket, around).await?;
    session.run().await
}

struct Session<'a, S> {
    socket: &'a mut S,
    around: Surroundings<'a>,
    principal: Arc<Principal>,
    expires: Instant,
    subscriber: Subscriber,
    topics: HashSet<Topic>,
    /// Text frames of the browser since the last check.
    frames: u32,
    heard_at: Instant,
}

impl<'a, S> Session<'a, S>
where
    S: Stream<Item = Result<Wire, Error>> + Sink<Wire> + Unpin + Send,
{
    /// Waits for the hello and answers it.
    async fn greet(socket: &'a mut S, around: Surroundings<'a>) -> Result<Self, End> {
        let first = async {
            loop {
                if let Some(text) = text_of(socket.next().await, around.policy)? {
                    return Ok(text);
                }
            }
        };
        let text = tokio::select! {
            () = around.closing.cancelled() => return Err(End::Goodbye("going_away")),
            text = timeout(around.policy.hello, first) => text,
        };
        let text = text.map_err(|_| End::Goodbye("socket.hello_expected"))??;
        let Ok(ClientFrame::Hello { token }) = serde_json::from_str(&text) else {
            return Err(End::Goodbye("socket.hello_expected"));
        };
        let admission = around
            .door
            .admit(&token)
            .await
            .map_err(|error| farewell(&error))?;
        let Admission {
            principal,
            expires_at,
        } = admission;
        tracing::debug!(user.id = principal.user_id, "console connected");
        let mut session = Self {
            expires: instant_of(expires_at, around.clock),
            subscriber: around.hub.connect(),
            topics: HashSet::new(),
            frames: 0,
            heard_at: Instant::now(),
            socket,
            around,
            principal,
        };
        session.welcome().await?;
        Ok(session)
    }

    async fn run(&mut self) -> Result<std::convert::Infallible, End> {
        let period = self.around.policy.check;
        let mut check = interval_at(Instant::now() + period, period);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.around.closing.cancelled() => return Err(End::Goodbye("going_away")),
                () = sleep_until(self.expires) => return Err(End::Goodbye("auth.expired")),
                _ = check.tick() => self.check().await?,
                news = self.subscriber.next() => match news {
                    Some(Message::Frame(text)) => self.send_text(text).await?,
                    Some(Message::Lagged(topic)) => {
                        metrics::counter!("cordboard_socket_resyncs_total").increment(1);
                        self.say(&ServerFrame::Resync { topic: topic.name() }).await?;
                    }
                    None => return Err(End::Goodbye("going_away")),
                },
                received = self.socket.next() => {
                    self.heard_at = Instant::now();
                    if let Some(text) = text_of(received, self.around.policy)? {
                        self.hear(&text).await?;
                    }
                }
            }
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), End> {
        self.frames += 1;
        if self.frames > self.around.policy.frames_per_check {
            return Err(End::Goodbye("socket.too_many_frames"));
        }
        match serde_json::from_str(text) {
            Ok(ClientFrame::Hello { token }) => self.renew(&token).await,
            Ok(ClientFrame::Subscribe { topic }) => self.subscribe(&topic).await,
            Ok(ClientFrame::Unsubscribe { topic }) => {
                if let Some(topic) = Topic::parse(&topic, self.principal.user_id) {
                    self.subscriber.unsubscribe(&topic);
                    self.topics.remove(&topic);
                }
                Ok(())
            }
            Ok(ClientFrame::Ping) => {
                let server_time = self.around.clock.now();
                self.say(&ServerFrame::Pong { server_time }).await
            }
            Err(_) => {
                let detail = "This frame is not understood.";
                self.refuse(None, "socket.bad_frame", detail).await
            }
        }
    }

    /// A hello on the open socket: the console has a newer token and stays.
    async fn renew(&mut self, token: &str) -> Result<(), End> {
        let admission = self.around.door.admit(token).await;
        let admission = admission.map_err(|error| farewell(&error))?;
        if admission.principal.user_id != self.principal.user_id {
            // What is queued belongs to the other person's eyes.
            return Err(End::Goodbye("auth.other_user"));
        }
        self.expires = instant_of(admission.expires_at, self.around.clock);
        self.principal = admission.principal;
        self.welcome().await
    }

    async fn subscribe(&mut self, name: &str) -> Result<(), End> {
        let Some(topic) = Topic::parse(name, self.principal.user_id) else {
            return self
                .refuse(Some(name), "topic.unknown", "There is no such topic.")
                .await;
        };
        if !topic.is_open_to(self.principal.permissions) {
            return self
                .refuse(Some(name), "auth.forbidden", "This topic is not for you.")
                .await;
        }
        if !self.topics.contains(&topic) && self.topics.len() >= self.around.policy.topics {
            return self
                .refuse(Some(name), "socket.too_many_topics", "Leave another topic first.")
                .await;
        }
        (self.around.prepare)(&topic);
        self.subscriber.subscribe(&topic, self.around.clock.now());
        self.topics.insert(topic);
        Ok(())
    }

    /// Signs of life, and whether the person may still see what is subscribed.
    async fn check(&mut self) -> Result<(), End> {
        self.frames = 0;
        if self.heard_at.elapsed() >= self.around.policy.silence {
            return Err(End::Stuck);
        }
        self.send(Wire::Ping(bytes::Bytes::new())).await?;
        match self.around.door.recheck(self.principal.session_id).await {
            Ok(principal) => self.principal = principal,
            Err(error) => match error.kind() {
                ErrorKind::Unauthenticated | ErrorKind::Forbidden => return Err(farewell(&error)),
                // The database is away: who was let in may stay until the token ends.
                _ => return Ok(()),
            },
        }
        let rights = self.principal.permissions;
        let (kept, lost): (HashSet<Topic>, HashSet<Topic>) =
            self.topics.drain().partition(|topic| topic.is_open_to(rights));
        self.topics = kept;
        if lost.is_empty() {
            return Ok(());
        }
        // Frames of a lost topic may be queued: a new queue begins with what is still allowed.
        self.subscriber = self.around.hub.connect();
        for topic in &self.topics {
            self.subscriber.subscribe(topic, self.around.clock.now());
        }
        for topic in lost {
            let detail = "This topic is no longer for you.";
            self.refuse(Some(topic.name()), "auth.forbidden", detail).await?;
        }
        Ok(())
    }

    async fn welcome(&mut self) -> Result<(), End> {
        let (epoch, server_time) = (self.around.hub.epoch(), self.around.clock.now());
        self.say(&ServerFrame::Welcome { epoch, server_time }).await
    }

    async fn refuse(&mut self, topic: Option<&str>, code: &str, detail: &str) -> Result<(), End> {
        self.say(&ServerFrame::Error { topic, code, detail }).await
    }

    async fn say(&mut self, frame: &ServerFrame<'_>) -> Result<(), End> {
        self.send_text(frame.to_text()).await
    }

    async fn send_text(&mut self, text: Utf8Bytes) -> Result<(), End> {
        metrics::counter!("cordboard_socket_frames_total").increment(1);
        self.send(Wire::Text(text)).await
    }

    async fn send(&mut self, message: Wire) -> Result<(), End> {
        match timeout(self.around.policy.write, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Left),
            Err(_) => Err(End::Stuck),
        }
    }
}

/// The text of a received message; `None` for the protocol's own pings and pongs.
fn text_of(received: Option<Result<Wire, Error>>, policy: &Policy) -> Result<Option<Utf8Bytes>, End> {
    match received {
        Some(Ok(Wire::Text(text))) if text.len() > policy.frame_bytes => {
            Err(End::Goodbye("socket.frame_too_large"))
        }
        Some(Ok(Wire::Text(text))) => Ok(Some(text)),
        Some(Ok(Wire::Ping(_) | Wire::Pong(_))) => Ok(None),
        Some(Ok(Wire::Binary(_))) => Err(End::Goodbye("socket.bad_frame")),
        Some(Ok(Wire::Close(_)) | Err(_)) | None => Err(End::Left),
    }
}

/// The console acts on codes: `auth.…` means that it needs another token.
fn farewell(error: &AppError) -> End {
    if matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable) {
        tracing::warn!(error = %error.chain(), "a console could not be let in");
    }
    End::Goodbye(error.code())
}

fn instant_of(at: DateTime<Utc>, clock: &dyn Clock) -> Instant {
    Instant::now() + (at - clock.now()).to_std().unwrap_or_default()
}

async fn say_goodbye<S>(socket: &mut S, policy: &Policy, code: &'static str)
where
    S: Stream<Item = Result<Wire, Error>> + Sink<Wire> + Unpin + Send,
{
    // 1001 going away, 1008 policy (RFC 6455, 7.4.1).
    let status = if code == "going_away" { 1001 } else { 1008 };
    let close = CloseFrame {
        code: status,
        reason: Utf8Bytes::from_static(code),
    };
    let parting = async {
        socket
            .feed(Wire::Text(ServerFrame::Goodbye { code }.to_text()))
            .await?;
        socket.send(Wire::Close(Some(close))).await
    };
    if !matches!(timeout(policy.write, parting).await, Ok(Ok(()))) {
        return;
    }
    // Closing with unread data would reset the connection and may take the goodbye with it.
    let drain = async { while let Some(Ok(_)) = socket.next().await {} };
    let _ = timeout(policy.linger, drain).await;
}

#[cfg(test)]
mod tests;
