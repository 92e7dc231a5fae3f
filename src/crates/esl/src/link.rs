//! The face of one switch node.
//!
//! Three kinds of sockets: E carries events and no commands, C (one to four) carries commands and no events, R
//! is dialled for a single big answer. `api` runs inline on the socket's thread in the switch and would hold
//! back events (`mod_event_socket.c` 1375, 2329; surprises 10). [`crate::supervisor`] keeps E and C alive.

mod clock;
mod config;
mod health;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore, watch},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use clock::EventClock;
pub use config::{LinkConfig, Password, StepLimits};
pub use health::{Health, LinkError, LinkState};

use crate::{
    codec::{Frame, FrameKind},
    command::{Command, Execute, InvalidText, JobId, WireText, WireUuid, WireWord},
    conn::{Actor, Commander, ConnConfig, Wire},
    dial::{BoxedStream, Dialer},
    event::Event,
    fanout::{Fanout, Policy, Subscription},
    handshake::{self, HandshakeError, Step},
    jobs::{JobOutcome, Jobs},
    metrics::{Meters, MetricsSnapshot},
    reply::{ApiReply, CommandError, command_reply},
    supervisor::Driver,
};

/// R sockets open at a time; further snapshots wait for their turn.
const SNAPSHOTS_AT_ONCE: usize = 2;

/// What the handle and the driver share.
pub(crate) struct Shared {
    pub(crate) config: LinkConfig,
    pub(crate) dialer: Dialer,
    pub(crate) fanout: Fanout,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) commanders: Mutex<Vec<Option<Commander>>>,
    pub(crate) health: watch::Sender<Health>,
    pub(crate) stop: CancellationToken,
    pub(crate) retry: Notify,
    pub(crate) clock: EventClock,
    next_commander: AtomicUsize,
    snapshots: Semaphore,
}

impl Shared {
    pub(crate) fn commanders(&self) -> MutexGuard<'_, Vec<Option<Commander>>> {
        self.commanders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and says since when.
    pub(crate) fn set_state(&self, state: LinkState) {
        self.health.send_modify(|health| {
            health.state = state;
            health.since = Instant::now();
        });
    }

    /// A fresh socket after banner and password. `step` hears where it stands.
    pub(crate) async fn open(&self, step: impl Fn(Step)) -> Result<Wire<BoxedStream>, HandshakeError> {
        let limits = self.config.limits;
        step(Step::Dial);
        let stream = tokio::time::timeout(limits.dial, (self.dialer)())
            .await
            .map_err(|_| HandshakeError::TimedOut(Step::Dial))?
            .map_err(HandshakeError::Dial)?;
        let mut wire = Wire::new(stream, self.config.caps);
        step(Step::Banner);
        handshake::banner(&mut wire, limits.handshake).await?;
        step(Step::Auth);
        handshake::auth(&mut wire, &self.config.password.0, limits.handshake).await?;
        Ok(wire)
    }

    /// A frame of E that is no reply.
    pub(crate) fn on_frame(&self, generation: u64, frame: &Frame) {
        if frame.kind == FrameKind::LogData || !frame.kind.is_event() {
            return;
        }
        match Event::from_frame(frame) {
            Ok(event) => {
                self.clock.heard(&event);
                if event.get_raw("Event-Name") == Some(b"BACKGROUND_JOB") {
                    self.jobs.complete(&event);
                }
                self.fanout.publish(generation, &Arc::new(event));
            }
            Err(error) => {
                self.meters.parse_errors.fetch_add(1, Relaxed);
                tracing::warn!(switch.name = %self.config.name, %error, "an event could not be read");
                self.fanout.unreadable(generation);
            }
        }
    }

    /// One of the C sockets that are up, in turn.
    fn commander(&self) -> Result<Commander, CommandError> {
        let commanders = self.commanders();
        let start = self.next_commander.fetch_add(1, Relaxed);
        (0..commanders.len())
            .filter_map(|offset| commanders[(start + offset) % commanders.len()].clone())
            .find(|commander| !commander.is_closed())
            .ok_or_else(|| {
                let health = self.health.borrow();
                let why = match &health.last_error {
                    _ if health.is_up() => "the command socket is being replaced",
                    Some(error) => error.code,
                    None => health.state.label(),
                };
                CommandError::Unreachable(why.to_owned())
            })
    }

    pub(crate) async fn send(&self, command: Command, limit: Duration) -> Result<Frame, CommandError> {
        let deadline = Instant::now() + limit;
        self.commander()?.send(command, deadline).await
    }
}

/// A handle on a switch node; cheap to clone. All futures may be dropped at any point.
///
/// Made together with a [`Driver`], which does nothing until [`Driver::run`] is awaited.
#[derive(Clone)]
pub struct SwitchLink {
    shared: Arc<Shared>,
}

impl SwitchLink {
    /// A link over connections of `dialer`, see [`crate::dial::tcp`].
    pub fn new(mut config: LinkConfig, dialer: Dialer) -> Result<(Self, Driver), InvalidText> {
        config::require_own_events(&mut config.interest)?;
        config.command_sockets = config.command_sockets.clamp(1, 4);
        let health = Health {
            state: LinkState::Dialing,
            since: Instant::now(),
            generation: 0,
            core_uuid: None,
            last_error: None,
        };
        let shared = Arc::new(Shared {
            commanders: Mutex::new(vec![None; config.command_sockets]),
            config,
            dialer,
            fanout: Fanout::default(),
            jobs: Arc::default(),
            meters: Arc::default(),
            health: watch::Sender::new(health),
            stop: CancellationToken::new(),
            retry: Notify::new(),
            clock: EventClock::new(),
            next_commander: AtomicUsize::new(0),
            snapshots: Semaphore::new(SNAPSHOTS_AT_ONCE),
        });
        Ok((
            SwitchLink {
                shared: Arc::clone(&shared),
            },
            Driver::new(shared),
        ))
    }

    /// `api <line>` on a C socket, for quick commands: while it runs the others on that socket wait.
    pub async fn api(&self, line: &str, limit: Duration) -> Result<ApiReply, CommandError> {
        let command = Command::api(&WireText::new(line)?)?;
        ApiReply::from_frame(&self.shared.send(command, limit).await?)
    }

    /// `bgapi <line>` under an id of the caller's choice, and the wait for its result. An error means that the
    /// job was certainly not started; when that is unknown, the result is awaited all the same.
    pub async fn bgapi(&self, line: &str, job: &JobId, limit: Duration) -> Result<JobOutcome, CommandError> {
        let command = Command::bgapi(&WireText::new(line)?, job)?;
        let deadline = Instant::now() + limit;
        let jobs = &self.shared.jobs;
        let Some(mut pending) = jobs.enter(job) else {
            return Err(CommandError::Rejected("the job id is in use".to_owned()));
        };
        let send = async {
            let frame = self.shared.commander()?.send(command, deadline).await?;
            command_reply(&frame)
        };
        let result = pending.outcome();
        tokio::pin!(send, result);
        // The result may overtake the reply.
        let accepted = tokio::select! {
            biased;
            outcome = &mut result => {
                let outcome = outcome.unwrap_or(JobOutcome::Unknown);
                jobs.count(&outcome);
                return Ok(outcome);
            }
            accepted = &mut send => accepted,
        };
        let otherwise = match accepted {
            Ok(_) => JobOutcome::Expired,
            Err(error) if error.outcome_is_unknown() => JobOutcome::Unknown,
            Err(error) => return Err(error),
        };
        let outcome = timeout_at(deadline, result)
            .await
            .ok()
            .flatten()
            .unwrap_or(otherwise);
        jobs.count(&outcome);
        Ok(outcome)
    }

    /// Runs an application on a channel. Success says only that it was queued (surprises 17).
    pub async fn execute(
        &self,
        channel: &WireUuid,
        what: &Execute,
        limit: Duration,
    ) -> Result<(), CommandError> {
        self.command(Command::execute(Some(channel), what), limit)
            .await
            .map(drop)
    }

    /// Hangs a channel up by `sendmsg`, with a cause such as `NORMAL_CLEARING`.
    pub async fn hangup(&self, channel: &WireUuid, cause: &str, limit: Duration) -> Result<(), CommandError> {
        let cause = WireWord::new(cause)?;
        self.command(Command::hangup(Some(channel), &cause), limit)
            .await
            .map(drop)
    }

    /// Fires an event in the switch; the answer is its UUID.
    pub async fn sendevent(
        &self,
        name: &str,
        headers: &[(WireWord, WireText)],
        body: Option<&[u8]>,
        limit: Duration,
    ) -> Result<String, CommandError> {
        let command = Command::sendevent(&WireWord::new(name)?, headers, body)?;
        self.command(command, limit).await
    }

    /// Any other command on a C socket; the text after `+OK`. Not for subscriptions: C carries no events.
    pub async fn command(&self, command: Command, limit: Duration) -> Result<String, CommandError> {
        command_reply(&self.shared.send(command, limit).await?)
    }

    /// `api <line>` on a socket of its own, for answers that take long or are big (`show channels as json`).
    pub async fn snapshot_api(&self, line: &str, limit: Duration) -> Result<ApiReply, CommandError> {
        let command = Command::api(&WireText::new(line)?)?;
        let deadline = Instant::now() + limit;
        let unreachable = |why: &str| CommandError::Unreachable(why.to_owned());
        if self.shared.stop.is_cancelled() {
            return Err(unreachable("shutdown"));
        }
        let _turn = timeout_at(deadline, self.shared.snapshots.acquire())
            .await
            .map_err(|_| unreachable("too many snapshots are waiting"))?;
        let wire = timeout_at(deadline, self.shared.open(|_| {}))
            .await
            .map_err(|_| unreachable("no connection before the deadline"))?
            .map_err(|error| unreachable(error.label()))?;
        let config = ConnConfig {
            drain_limit: Duration::from_millis(250),
            ..self.shared.config.commands.clone()
        };
        let meters = Arc::clone(&self.shared.meters);
        let (actor, commander) = Actor::with_meters(wire, config, CancellationToken::new(), meters);
        // The commander is dropped with the answer, which lets the actor say goodbye and end.
        let ask = async move { commander.send(command, deadline).await };
        let (reply, _closed) = tokio::join!(ask, actor.run(|_| {}));
        ApiReply::from_frame(&reply?)
    }

    /// Tries address and password once, on a socket of its own; the answer is the switch's version. Works
    /// without the driver: for the test button of a server's settings.
    pub async fn probe(&self) -> Result<String, HandshakeError> {
        let mut wire = self.shared.open(|_| {}).await?;
        let command = Command::api(&WireText::new("version")?)?;
        handshake::ask(&mut wire, &command, self.shared.config.limits.handshake).await
    }

    /// A new subscriber; `name` is for the metrics. Starts with [`crate::fanout::Item::Up`] if the node is up.
    pub fn subscribe(&self, name: &str, policy: Policy) -> Subscription {
        self.shared.fanout.subscribe(name, policy)
    }

    /// The application has its snapshots of this generation. True if that made the link live.
    pub fn resynced(&self, generation: u64) -> bool {
        let live = self.shared.health.send_if_modified(|health| {
            let expected = health.state == LinkState::Syncing && health.generation == generation;
            if expected {
                health.state = LinkState::Live;
                health.since = Instant::now();
                health.last_error = None;
            }
            expected
        });
        if live {
            self.shared.fanout.resynced(generation);
        }
        live
    }

    /// The state, to be watched.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared.health.subscribe()
    }

    /// Ends a wait between connections: somebody changed the password, or does not want to wait.
    pub fn retry_now(&self) {
        self.shared.retry.notify_one();
    }

    /// Everything that is counted.
    pub fn metrics(&self) -> MetricsSnapshot {
        let shared = &self.shared;
        let (state, generation) = {
            let health = shared.health.borrow();
            (health.state.label(), health.generation)
        };
        MetricsSnapshot {
            state,
            generation,
            reconnects: shared.meters.reconnects(),
            received: shared.meters.received(),
            skipped_frames: shared.meters.skipped_frames.load(Relaxed),
            parse_errors: shared.meters.parse_errors.load(Relaxed),
            stale_events: shared.fanout.stale(),
            event_age: shared.clock.age(),
            last_frame_age: shared.clock.last_frame_age(),
            subscribers: shared.fanout.metrics(),
            latency: shared.meters.latency(),
            in_flight: shared.meters.in_flight.load(Relaxed),
            tombstones: shared.meters.tombstones.load(Relaxed),
            timeouts: shared.meters.timeouts.load(Relaxed),
            not_sent: shared.meters.not_sent.load(Relaxed),
            jobs_pending: shared.jobs.pending(),
            jobs: shared.jobs.counts(),
        }
    }

    /// Winds the link up: no new commands, open ones are awaited, `exit`, close. The driver's future ends.
    pub fn shutdown(&self) {
        self.shared.stop.cancel();
    }
}
