//! The face of one switch node.
//!
//! Three kinds of sockets: E carries events and no commands, C (one to four) carries commands and no events, R
//! is dialled for a single big answer. `api` runs inline on the socket's thread in the switch and would hold
//! back events (`mod_event_socket.c` 1375, 2329; surprises 10). [`crate::supervisor`] keeps E and C alive.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore, watch},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    backoff::BackoffConfig,
    codec::{Caps, Frame, FrameKind},
    command::{Command, Execute, Interest, InvalidText, JobId, WireText, WireUuid, WireWord},
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

/// A password that does not show itself.
#[derive(Clone)]
pub struct Password(WireText);

impl Password {
    /// A password that fits on a line.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidText> {
        WireText::new(text).map(Password)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<secret>")
    }
}

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepLimits {
    /// TCP connection, name look-up included.
    pub dial: Duration,
    /// Banner, password, and subscriptions: each.
    pub handshake: Duration,
    /// Silence on E; HEARTBEAT comes every 20 s (`switch_core.c` 1816).
    pub silence: Duration,
    /// Between two questions for the identity of the switch process on C.
    pub ping: Duration,
    /// For open commands and goodbyes at shutdown.
    pub drain: Duration,
}

impl Default for StepLimits {
    fn default() -> Self {
        StepLimits {
            dial: Duration::from_secs(5),
            handshake: Duration::from_secs(5),
            silence: Duration::from_secs(45),
            ping: Duration::from_secs(15),
            drain: Duration::from_secs(5),
        }
    }
}

/// Everything a link needs to know.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// For logs.
    pub name: String,
    /// Password of the event socket.
    pub password: Password,
    /// What E subscribes to; HEARTBEAT and BACKGROUND_JOB are added, the link lives on them.
    pub interest: Interest,
    /// C sockets, 1 to 4. More than about 1 000 bgapi/s need a second one.
    pub command_sockets: usize,
    /// Sizes accepted from the switch.
    pub caps: Caps,
    /// Windows and limits of C.
    pub commands: ConnConfig,
    /// Time-outs.
    pub limits: StepLimits,
    /// Waits between connections.
    pub backoff: BackoffConfig,
    /// Seed of the jitter; different per node.
    pub seed: u64,
}

impl LinkConfig {
    /// Defaults for a node.
    pub fn new(name: impl Into<String>, password: Password, interest: Interest) -> Self {
        LinkConfig {
            name: name.into(),
            password,
            interest,
            command_sockets: 1,
            caps: Caps::default(),
            commands: ConnConfig::default(),
            limits: StepLimits::default(),
            backoff: BackoffConfig::default(),
            seed: 0,
        }
    }
}

/// Where the link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Opening TCP connections.
    Dialing,
    /// Waiting for `auth/request`.
    Banner,
    /// Password sent.
    Auth,
    /// Filters and subscriptions on their way.
    Subscribing,
    /// Events flow; the application collects its snapshots and then calls [`SwitchLink::resynced`].
    Syncing,
    /// All is well.
    Live,
    /// Shutting down.
    Draining,
    /// Waiting for the next try.
    Backoff {
        /// When it will be.
        retry_at: Instant,
    },
    /// A human has to act: [`Health::last_error`] says why. Tried again now and then all the same.
    Blocked {
        /// `wrong_password`, `access_refused`, `subscription_refused` or `unusable_password`.
        reason: &'static str,
        /// When it is tried again.
        retry_at: Instant,
    },
    /// Shut down.
    Stopped,
}

impl LinkState {
    /// A short stable word.
    pub fn label(self) -> &'static str {
        match self {
            LinkState::Dialing => "dialing",
            LinkState::Banner => "banner",
            LinkState::Auth => "auth",
            LinkState::Subscribing => "subscribing",
            LinkState::Syncing => "syncing",
            LinkState::Live => "live",
            LinkState::Draining => "draining",
            LinkState::Backoff { .. } => "backoff",
            LinkState::Blocked { .. } => "blocked",
            LinkState::Stopped => "stopped",
        }
    }
}

/// What went wrong last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkError {
    /// A short stable word, such as `wrong_password`, `dial`, `eof`, `idle`, `restarted`.
    pub code: &'static str,
    /// For people.
    pub text: String,
}

/// The state of a link, to be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Where it stands.
    pub state: LinkState,
    /// Since when.
    pub since: Instant,
    /// Number of the current or last connection; 0 before the first.
    pub generation: u64,
    /// Identity of the switch process, once it is known.
    pub core_uuid: Option<Arc<str>>,
    /// What ended the last connection; kept until the next one is live.
    pub last_error: Option<LinkError>,
}

impl Health {
    /// Whether commands can be sent and events flow.
    pub fn is_up(&self) -> bool {
        matches!(self.state, LinkState::Syncing | LinkState::Live)
    }
}

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

/// Delay of events without a wall clock: every event says when it was made by the switch's clock, and the
/// smallest difference to ours in a generation is taken for no delay at all.
pub(crate) struct EventClock {
    start: Instant,
    smallest: AtomicU64,
    age_micros: AtomicU64,
    last_frame_micros: AtomicU64,
}

impl EventClock {
    /// Keeps differences positive whichever clock is ahead.
    const BIAS: u64 = 1 << 62;

    fn new() -> Self {
        EventClock {
            start: Instant::now(),
            smallest: AtomicU64::new(u64::MAX),
            age_micros: AtomicU64::new(0),
            last_frame_micros: AtomicU64::new(u64::MAX),
        }
    }

    pub(crate) fn reset(&self) {
        self.smallest.store(u64::MAX, Relaxed);
        self.age_micros.store(0, Relaxed);
    }

    fn heard(&self, event: &Event) {
        let now = self.start.elapsed().as_micros() as u64;
        self.last_frame_micros.store(now, Relaxed);
        let Some(made) = event.timestamp_micros() else {
            return;
        };
        let difference = (Self::BIAS + now).saturating_sub(made);
        let smallest = self.smallest.fetch_min(difference, Relaxed).min(difference);
        self.age_micros.store(difference - smallest, Relaxed);
    }

    fn age(&self) -> Duration {
        Duration::from_micros(self.age_micros.load(Relaxed))
    }

    fn last_frame_age(&self) -> Option<Duration> {
        let at = self.last_frame_micros.load(Relaxed);
        (at != u64::MAX).then(|| self.start.elapsed().saturating_sub(Duration::from_micros(at)))
    }
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
        require_own_events(&mut config.interest)?;
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

/// The link needs HEARTBEAT to tell silence from death and BACKGROUND_JOB for its jobs. With filters they have
/// to be let through as well: an event without the filtered header does not match (`mod_event_socket.c` 321-373).
fn require_own_events(interest: &mut Interest) -> Result<(), InvalidText> {
    const OWN: [&str; 2] = ["HEARTBEAT", "BACKGROUND_JOB"];
    let filtered = !interest.filters.is_empty();
    for name in OWN {
        if !interest.has_event("ALL") && !interest.has_event(name) {
            interest.events.push(WireWord::new(name)?);
        }
        if filtered {
            interest
                .filters
                .push((WireWord::new("Event-Name")?, WireText::new(name)?));
        }
    }
    Ok(())
}
