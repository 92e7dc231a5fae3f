//! Keeps the sockets of a node alive: connects, subscribes, notices death, waits, and tries again.
//!
//! Each connection of E is a *generation*: its events carry the number, its subscriptions are applied once, and
//! whatever comes late from an earlier one is dropped. A C socket that dies is replaced within the generation.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::{
    backoff::Backoff,
    command::{Command, InvalidText, WireText},
    conn::{Actor, Closed, ConnConfig, Wire},
    dial::BoxedStream,
    handshake::{self, HandshakeError, Step},
    link::{LinkError, LinkState, Shared},
    reply::{ApiReply, CommandError},
};

/// Longest wait for the answer to a ping; it queues behind other commands of its socket.
const PING_LIMIT: Duration = Duration::from_secs(10);

/// Under which the deaths of C sockets are counted; those of E are counted by reason.
const COMMAND_SOCKET: &str = "command_socket";

/// The task of a link; whoever made the link runs it.
pub struct Driver {
    shared: Arc<Shared>,
}

/// Why a generation ended or did not begin.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error("event socket: {0}")]
    Events(Closed),
    #[error("the switch did not tell its identity: {0}")]
    NoIdentity(CommandError),
    #[error("the switch was restarted")]
    Restarted,
    #[error("a socket task failed")]
    TaskFailed,
    #[error("shut down")]
    Shutdown,
}

impl Ended {
    fn label(&self) -> &'static str {
        match self {
            Ended::Handshake(error) => error.label(),
            Ended::Events(closed) => closed.label(),
            Ended::NoIdentity(_) => "no_identity",
            Ended::Restarted => "restarted",
            Ended::TaskFailed => "task_failed",
            Ended::Shutdown => "shutdown",
        }
    }

    fn needs_a_human(&self) -> bool {
        matches!(self, Ended::Handshake(error) if error.needs_a_human())
    }
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Driver { shared }
    }

    /// Runs the node until [`crate::link::SwitchLink::shutdown`]. Dropping the future closes all sockets.
    pub async fn run(self) {
        let shared = &self.shared;
        let mut backoff = Backoff::new(shared.config.backoff, shared.config.seed);
        while !shared.stop.is_cancelled() {
            let started = Instant::now();
            shared.health.send_modify(|health| health.generation += 1);
            let ended = self.generation().await;
            shared.commanders().fill(None);
            if matches!(ended, Ended::Shutdown) {
                break;
            }
            self.report(&ended);
            let wait = if ended.needs_a_human() {
                shared.config.backoff.blocked
            } else {
                backoff.next(started.elapsed())
            };
            self.pause(&ended, wait).await;
        }
        shared.set_state(LinkState::Stopped);
        shared.jobs.forget_all();
        shared.fanout.end();
    }

    fn report(&self, ended: &Ended) {
        let code = ended.label();
        let text = ended.to_string();
        tracing::warn!(switch.name = %self.shared.config.name, reason = code, detail = %text, "switch is away");
        self.shared.meters.reconnect(code);
        self.shared
            .health
            .send_modify(|health| health.last_error = Some(LinkError { code, text }));
    }

    async fn pause(&self, ended: &Ended, wait: Duration) {
        let retry_at = Instant::now() + wait;
        // A wish from before this wait is fulfilled already.
        let _ = self.shared.retry.notified().now_or_never();
        self.shared.set_state(if ended.needs_a_human() {
            LinkState::Blocked {
                reason: ended.label(),
                retry_at,
            }
        } else {
            LinkState::Backoff { retry_at }
        });
        tokio::select! {
            () = sleep_until(retry_at) => {}
            () = self.shared.retry.notified() => {}
            () = self.shared.stop.cancelled() => {}
        }
    }

    /// One life of the event socket, from dialling to its end.
    async fn generation(&self) -> Ended {
        let shared = &self.shared;
        let generation = shared.health.borrow().generation;
        let opened = tokio::select! {
            opened = self.open_all() => opened,
            () = shared.stop.cancelled() => return Ended::Shutdown,
        };
        let (events, commands) = match opened {
            Ok(wires) => wires,
            Err(error) => return error.into(),
        };
        let mut sockets = JoinSet::new();
        for (slot, wire) in commands.into_iter().enumerate() {
            let actor = command_actor(shared, slot, wire);
            sockets.spawn(keep_command_socket(Arc::clone(shared), slot, actor));
        }
        let ended = tokio::select! {
            ended = self.serve(generation, events, &mut sockets) => ended,
            () = shared.stop.cancelled() => Ended::Shutdown,
        };
        if matches!(ended, Ended::Shutdown) {
            self.drain(&mut sockets).await;
        }
        shared.fanout.down(generation, ended.label());
        ended
        // Sockets that are still open close here, with the set.
    }

    /// E first: its state is the one shown. All are needed before anything is subscribed.
    async fn open_all(&self) -> Result<(Wire<BoxedStream>, Vec<Wire<BoxedStream>>), HandshakeError> {
        let show = |step| {
            self.shared.set_state(match step {
                Step::Dial => LinkState::Dialing,
                Step::Banner => LinkState::Banner,
                Step::Auth => LinkState::Auth,
                Step::Subscribe | Step::Ask => LinkState::Subscribing,
            });
        };
        let events = self.shared.open(show).await?;
        let mut commands = Vec::new();
        for _ in 0..self.shared.config.command_sockets {
            commands.push(self.shared.open(|_| {}).await?);
        }
        Ok((events, commands))
    }

    /// Subscribes E and lives with it until something ends.
    async fn serve(
        &self,
        generation: u64,
        mut events: Wire<BoxedStream>,
        sockets: &mut JoinSet<SocketEnd>,
    ) -> Ended {
        let shared = &self.shared;
        let core_uuid = match self.core_uuid().await {
            Ok(core_uuid) => core_uuid,
            Err(error) => return Ended::NoIdentity(error),
        };
        shared.set_state(LinkState::Subscribing);
        let early = match handshake::subscribe(
            &mut events,
            &shared.config.interest,
            shared.config.limits.handshake,
        )
        .await
        {
            Ok(early) => early,
            Err(error) => return error.into(),
        };
        self.announce(generation, &core_uuid);
        // What came before the reply is newer than the snapshots that are now asked for may be.
        for frame in &early {
            shared.on_frame(generation, frame);
        }
        sockets.spawn(serve_events(Arc::clone(shared), generation, events));

        let restarted = self.watch_identity(&core_uuid);
        tokio::pin!(restarted);
        tokio::select! {
            () = &mut restarted => Ended::Restarted,
            joined = sockets.join_next() => match joined {
                Some(Ok(SocketEnd::Events(Closed::Finished))) if shared.stop.is_cancelled() => Ended::Shutdown,
                Some(Ok(SocketEnd::Events(closed))) => Ended::Events(closed),
                Some(Ok(SocketEnd::Commands(Some(error)))) => error.into(),
                _ if shared.stop.is_cancelled() => Ended::Shutdown,
                // It panicked. Start over: the others are closed with the set.
                _ => Ended::TaskFailed,
            },
        }
    }

    /// The node is up: jobs of another process are lost, subscribers are told.
    fn announce(&self, generation: u64, core_uuid: &Arc<str>) {
        let shared = &self.shared;
        let before = shared.health.borrow().core_uuid.clone();
        if before.is_some_and(|before| before != *core_uuid) {
            shared.jobs.forget_all();
        }
        shared.clock.reset();
        shared.health.send_modify(|health| {
            health.core_uuid = Some(Arc::clone(core_uuid));
            health.state = LinkState::Syncing;
            health.since = Instant::now();
        });
        tracing::info!(switch.name = %shared.config.name, switch.epoch = generation, "switch is up");
        shared.fanout.up(generation, Arc::clone(core_uuid));
    }

    /// Asks on C, which also proves that C works.
    async fn core_uuid(&self) -> Result<Arc<str>, CommandError> {
        let frame = self
            .shared
            .send(ask_identity()?, self.shared.config.limits.handshake)
            .await?;
        Ok(ApiReply::from_frame(&frame)?.into_text()?.trim().into())
    }

    /// Ends when the switch process is another one: a restart behind a proxy, or faster than E noticed.
    async fn watch_identity(&self, core_uuid: &Arc<str>) {
        loop {
            sleep(self.shared.config.limits.ping).await;
            let Ok(command) = ask_identity() else { return };
            // An unanswered ping is the business of the socket's hard limit.
            let Ok(frame) = self.shared.send(command, PING_LIMIT).await else {
                continue;
            };
            if let Ok(ApiReply::Text(text) | ApiReply::Ok(text)) = ApiReply::from_frame(&frame)
                && text.trim() != &**core_uuid
            {
                return;
            }
        }
    }

    /// Lets the socket tasks, which hear of the stop themselves, say goodbye.
    async fn drain(&self, sockets: &mut JoinSet<SocketEnd>) {
        self.shared.set_state(LinkState::Draining);
        let limit = self.shared.config.limits.drain + Duration::from_secs(1);
        let _ = timeout(limit, async { while sockets.join_next().await.is_some() {} }).await;
    }
}

/// How a socket task ended.
enum SocketEnd {
    Events(Closed),
    /// With an error that only a human can mend; without, because of the stop.
    Commands(Option<HandshakeError>),
}

fn ask_identity() -> Result<Command, InvalidText> {
    Command::api(&WireText::new("global_getvar core_uuid")?)
}

async fn serve_events(shared: Arc<Shared>, generation: u64, wire: Wire<BoxedStream>) -> SocketEnd {
    let limits = shared.config.limits;
    let config = ConnConfig {
        window: 1,
        idle_limit: Some(limits.silence),
        drain_limit: limits.drain,
        ..shared.config.commands.clone()
    };
    let meters = Arc::clone(&shared.meters);
    // The handle is kept, unused: without one the connection would be wound up.
    let (actor, _commander) = Actor::with_meters(wire, config, shared.stop.clone(), meters);
    SocketEnd::Events(actor.run(|frame| shared.on_frame(generation, &frame)).await)
}

/// Serves commands on one socket and replaces it when it dies.
async fn keep_command_socket(shared: Arc<Shared>, slot: usize, first: Actor<BoxedStream>) -> SocketEnd {
    let seed = shared.config.seed.wrapping_add(1 + slot as u64);
    let mut backoff = Backoff::new(shared.config.backoff, seed);
    let mut next = Some(first);
    loop {
        let started = Instant::now();
        if let Some(actor) = next.take() {
            serve_commands(&shared, slot, actor).await;
        }
        if shared.stop.is_cancelled() {
            return SocketEnd::Commands(None);
        }
        tokio::select! {
            () = sleep(backoff.next(started.elapsed())) => {}
            () = shared.stop.cancelled() => return SocketEnd::Commands(None),
        }
        match shared.open(|_| {}).await {
            Ok(wire) => next = Some(command_actor(&shared, slot, wire)),
            Err(error) if error.needs_a_human() => return SocketEnd::Commands(Some(error)),
            Err(_) => shared.meters.reconnect(COMMAND_SOCKET),
        }
    }
}

/// An actor on a C socket; its handle takes the slot at once.
fn command_actor(shared: &Arc<Shared>, slot: usize, wire: Wire<BoxedStream>) -> Actor<BoxedStream> {
    let config = ConnConfig {
        drain_limit: shared.config.limits.drain,
        ..shared.config.commands.clone()
    };
    let meters = Arc::clone(&shared.meters);
    let (actor, commander) = Actor::with_meters(wire, config, shared.stop.clone(), meters);
    if let Some(place) = shared.commanders().get_mut(slot) {
        *place = Some(commander);
    }
    actor
}

async fn serve_commands(shared: &Shared, slot: usize, actor: Actor<BoxedStream>) {
    let closed = actor.run(|_| {}).await;
    if let Some(place) = shared.commanders().get_mut(slot) {
        *place = None;
    }
    if !matches!(closed, Closed::Finished) {
        let reason = closed.label();
        tracing::warn!(switch.name = %shared.config.name, reason, detail = %closed, "command socket ended");
        shared.meters.reconnect(COMMAND_SOCKET);
    }
}
