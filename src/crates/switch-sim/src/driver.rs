//! The loop around the engine: commands in, time in, outputs out. One task owns the engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::{ClockMode, Micros, real_now};
use crate::config::SimConfig;
use crate::edge;
use crate::engine::{Engine, Output, SocketFault, Ticket};
use crate::protocol::{Hub, Packet};

/// Commands that may wait for the engine; a full queue makes the connections wait.
const INBOX: usize = 4096;
/// Records on their way at the same time (`queue-capacity` of json_cdr is for one worker; tests want speed).
const CDR_WORKERS: usize = 64;

/// Something for the engine.
pub(crate) enum Message {
    Api {
        name: String,
        argument: String,
        reply: oneshot::Sender<String>,
    },
    Job {
        job: Option<String>,
        name: String,
        argument: String,
        reply: oneshot::Sender<String>,
    },
    SendMsg {
        uuid: String,
        packet: Packet,
        reply: oneshot::Sender<String>,
    },
    SendEvent {
        name: String,
        packet: Packet,
        reply: oneshot::Sender<String>,
    },
    Advance {
        micros: Micros,
        reply: oneshot::Sender<()>,
    },
}

/// The way to the engine, for connections and the handle.
#[derive(Clone)]
pub(crate) struct EngineLink(mpsc::Sender<Message>);

const STOPPED: &str = "-ERR the switch has stopped";

impl EngineLink {
    async fn ask(&self, make: impl FnOnce(oneshot::Sender<String>) -> Message) -> String {
        let (reply, answer) = oneshot::channel();
        if self.0.send(make(reply)).await.is_err() {
            return STOPPED.into();
        }
        answer.await.unwrap_or_else(|_| STOPPED.into())
    }

    /// Runs an api command and waits for its answer.
    pub(crate) async fn api(&self, name: &str, argument: &str) -> String {
        let (name, argument) = (name.to_owned(), argument.to_owned());
        self.ask(|reply| Message::Api {
            name,
            argument,
            reply,
        })
        .await
    }

    /// Starts a background job; returns its id.
    pub(crate) async fn bgapi(&self, job: Option<&str>, name: &str, argument: &str) -> String {
        let (job, name, argument) = (job.map(str::to_owned), name.to_owned(), argument.to_owned());
        self.ask(|reply| Message::Job {
            job,
            name,
            argument,
            reply,
        })
        .await
    }

    pub(crate) async fn send_msg(&self, uuid: &str, packet: &Packet) -> String {
        let (uuid, packet) = (uuid.to_owned(), packet.clone());
        self.ask(|reply| Message::SendMsg { uuid, packet, reply }).await
    }

    pub(crate) async fn send_event(&self, name: &str, packet: &Packet) -> String {
        let (name, packet) = (name.to_owned(), packet.clone());
        self.ask(|reply| Message::SendEvent { name, packet, reply }).await
    }

    /// Moves the virtual clock.
    pub(crate) async fn advance(&self, micros: Micros) {
        let (reply, done) = oneshot::channel();
        if self.0.send(Message::Advance { micros, reply }).await.is_ok() {
            let _ = done.await;
        }
    }
}

/// What a task outside the engine has finished.
enum Done {
    Fetched { id: u64, document: Option<String> },
    Delivered,
}

/// Who waits for the virtual clock.
enum Advanced {
    Handle(oneshot::Sender<()>),
    Command(oneshot::Sender<String>),
}

impl Advanced {
    fn tell(self) {
        match self {
            Self::Handle(reply) => drop(reply.send(())),
            Self::Command(reply) => drop(reply.send("+OK\n".into())),
        }
    }
}

/// Owns the engine.
pub(crate) struct Driver {
    engine: Engine,
    config: Arc<SimConfig>,
    hub: Arc<Hub>,
    inbox: mpsc::Receiver<Message>,
    client: reqwest::Client,
    callers: BTreeMap<u64, oneshot::Sender<String>>,
    next_caller: u64,
    work: JoinSet<Done>,
    deliveries: usize,
    unsent: Vec<edge::cdr::Record>,
    target: Option<Micros>,
    advanced: Option<Advanced>,
}

/// A driver and the link to it.
pub(crate) fn new(config: Arc<SimConfig>, hub: Arc<Hub>) -> reqwest::Result<(Driver, EngineLink)> {
    let (sender, inbox) = mpsc::channel(INBOX);
    let now = match config.clock {
        ClockMode::Real => real_now(),
        ClockMode::Virtual { start } => start,
    };
    let driver = Driver {
        engine: Engine::new(config.clone(), now),
        config,
        hub,
        inbox,
        client: edge::xml::client()?,
        callers: BTreeMap::new(),
        next_caller: 0,
        work: JoinSet::new(),
        deliveries: 0,
        unsent: Vec::new(),
        target: None,
        advanced: None,
    };
    Ok((driver, EngineLink(sender)))
}

impl Driver {
    /// Runs until it is stopped.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            self.keep_time();
            self.put_out();
            let sleep = self.until_next_timer();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(done) = self.work.join_next(), if !self.work.is_empty() => self.finished(done),
                message = self.inbox.recv() => match message {
                    Some(message) => self.handle(message),
                    None => break,
                },
                () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
            }
        }
        self.hub.close_all(true);
        // Records that are on their way get a moment; what is queued is lost, as in the switch.
        let _ = tokio::time::timeout(Duration::from_secs(2), async {
            while self.work.join_next().await.is_some() {}
        })
        .await;
    }

    /// Sets the engine's clock and runs what is due.
    fn keep_time(&mut self) {
        match self.config.clock {
            ClockMode::Real => {
                // Never backwards, whatever the machine's clock does.
                let until = real_now().max(self.engine.now);
                self.run_until(until);
                self.engine.now = until;
            }
            ClockMode::Virtual { .. } => {
                while self.engine.fire_one() {
                    self.put_out();
                }
                self.step_virtual();
            }
        }
    }

    /// Timers in order, each at its own time, so that a late wake-up does not blur the stamps.
    fn run_until(&mut self, until: Micros) {
        while let Some(at) = self.engine.next_timer().filter(|at| *at <= until) {
            self.engine.now = at.max(self.engine.now);
            while self.engine.fire_one() {}
            self.put_out();
        }
    }

    /// Moves virtual time to the next timer, but never past a document that is still on its way.
    fn step_virtual(&mut self) {
        let Some(target) = self.target else { return };
        while !self.engine.is_fetching() {
            match self.engine.next_timer().filter(|at| *at <= target) {
                Some(at) => {
                    self.engine.now = at.max(self.engine.now);
                    while self.engine.fire_one() {}
                    self.put_out();
                }
                None => {
                    self.engine.now = target;
                    self.target = None;
                    if let Some(done) = self.advanced.take() {
                        done.tell();
                    }
                    return;
                }
            }
        }
    }

    fn until_next_timer(&self) -> Option<Duration> {
        let at = self
            .engine
            .next_timer()
            .filter(|_| self.config.clock == ClockMode::Real)?;
        Some(Duration::from_micros(at.saturating_sub(real_now())))
    }

    fn handle(&mut self, message: Message) {
        if self.config.clock == ClockMode::Real {
            let until = real_now().max(self.engine.now);
            self.run_until(until);
            self.engine.now = until;
        }
        match message {
            Message::Api {
                name,
                argument,
                reply,
            } if name == "sim" && argument.starts_with("advance ") => {
                self.advance_by_command(&argument, reply);
            }
            Message::Api {
                name,
                argument,
                reply,
            } => {
                self.next_caller += 1;
                self.callers.insert(self.next_caller, reply);
                self.engine
                    .api(Ticket::Caller(self.next_caller), &name, &argument);
            }
            Message::Job {
                job,
                name,
                argument,
                reply,
            } => {
                let job = job.unwrap_or_else(|| self.engine.rng.uuid());
                let _ = reply.send(job.clone());
                self.engine.api(Ticket::Job(job), &name, &argument);
            }
            Message::SendMsg { uuid, packet, reply } => {
                let _ = reply.send(self.engine.send_msg(&uuid, &packet));
            }
            Message::SendEvent { name, packet, reply } => {
                let _ = reply.send(self.engine.send_event(&name, &packet));
            }
            Message::Advance { micros, reply } => {
                self.target = Some(self.engine.now + micros);
                self.advanced = Some(Advanced::Handle(reply));
            }
        }
    }

    /// `sim advance <ms>`: the virtual clock over the socket.
    fn advance_by_command(&mut self, argument: &str, reply: oneshot::Sender<String>) {
        let millis = argument
            .split_whitespace()
            .nth(1)
            .and_then(|word| word.parse::<Micros>().ok());
        let (Some(millis), ClockMode::Virtual { .. }) = (millis, self.config.clock) else {
            let _ = reply.send("-ERR the clock is real, or no milliseconds were given\n".into());
            return;
        };
        self.target = Some(self.engine.now + millis * crate::clock::MS);
        self.advanced = Some(Advanced::Command(reply));
    }

    fn finished(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(Done::Fetched { id, document }) => {
                if self.config.clock == ClockMode::Real {
                    self.engine.now = real_now().max(self.engine.now);
                }
                self.engine.fetched(id, document.as_deref());
            }
            Ok(Done::Delivered) => {
                self.deliveries -= 1;
                if let Some(record) = self.unsent.pop() {
                    self.deliver(record);
                }
            }
            Err(error) => tracing::error!(%error, "a simulator task failed"),
        }
    }

    /// Does what the engine wants done outside.
    fn put_out(&mut self) {
        loop {
            let outputs = self.engine.drain();
            if outputs.is_empty() {
                return;
            }
            for output in outputs {
                self.put(output);
            }
        }
    }

    fn put(&mut self, output: Output) {
        match output {
            Output::Event(event) => self.hub.publish(&event),
            Output::Log(line) => self.hub.log(line),
            Output::Reply { caller, text } => {
                if let Some(reply) = self.callers.remove(&caller) {
                    let _ = reply.send(text);
                }
            }
            Output::Fetch { id, form } => match &self.config.xml {
                // Without a network there is nothing to wait for.
                crate::config::XmlSource::Nobody => self.engine.fetched(id, None),
                crate::config::XmlSource::Local(answer) => {
                    let document = answer(&form);
                    self.engine.fetched(id, document.as_deref());
                }
                crate::config::XmlSource::Http(_) => {
                    let (source, client) = (self.config.xml.clone(), self.client.clone());
                    self.work.spawn(async move {
                        Done::Fetched {
                            id,
                            document: edge::xml::lookup(source, client, form).await,
                        }
                    });
                }
            },
            Output::Cdr { uuid, is_a_leg, body } => {
                let retry_delay = self.config.cdr_retry_delay;
                self.deliver(edge::cdr::Record {
                    uuid,
                    is_a_leg,
                    body,
                    retry_delay,
                });
            }
            Output::Wav {
                path,
                millis,
                stereo,
                seed,
            } => {
                if self.config.write_recordings
                    && let Err(error) = edge::wav::write(&path, millis, stereo, seed)
                {
                    tracing::error!(%error, "recording not written");
                }
            }
            Output::Socket(fault) => self.fault(fault),
        }
    }

    fn deliver(&mut self, record: edge::cdr::Record) {
        let target = self
            .config
            .cdr
            .clone()
            .or_else(|| self.engine.cdr_from_config.clone());
        let spool = self.config.cdr_spool.clone();
        if target.is_none() && spool.is_none() {
            return;
        }
        if self.deliveries >= CDR_WORKERS {
            return self.unsent.push(record);
        }
        self.deliveries += 1;
        let client = self.client.clone();
        self.work.spawn(async move {
            edge::cdr::deliver(target, spool, client, record).await;
            Done::Delivered
        });
    }

    fn fault(&mut self, fault: SocketFault) {
        let faults = &self.hub.faults;
        match fault {
            SocketFault::Stall(on) => faults.stall(on),
            SocketFault::RefuseAuth(on) => faults.refuse_auth.store(on, Ordering::Relaxed),
            SocketFault::RejectAccess(on) => faults.reject_access.store(on, Ordering::Relaxed),
            SocketFault::Silent(on) => faults.silent.store(on, Ordering::Relaxed),
            SocketFault::Reorder(on) => faults.reorder.store(on, Ordering::Relaxed),
            SocketFault::Lose(number) => faults.lose_events.store(number, Ordering::Relaxed),
            SocketFault::Delay(millis) => faults.reply_delay_ms.store(millis, Ordering::Relaxed),
            SocketFault::Clear => faults.clear(),
            SocketFault::Close(with_notice) => self.hub.close_all(with_notice),
        }
    }
}
