//! From the events of one voice server to the ledger and the live pages.
//!
//! One task per server applies events in memory (microseconds each) and marks what changed. Every few
//! milliseconds, when the writer is free, one transaction writes the newest state of all that changed; after
//! the commit the same state goes to the pages. While the database is away the marks conflate: the backlog
//! grows with the number of calls, not of events.

mod dirty;
mod publish;
mod stretches;

use std::{future::pending, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use domain::{
    book::{CallBook, Changes, Corrections, StoredCall},
    cdr::CdrLeg,
    event::SwitchEvent,
    ids::{LegId, ServerId},
    leg::EndMark,
    snapshot::SwitchSnapshot,
};
use esl::{Item, Subscription};
use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use self::{dirty::Dirty, publish::Publisher};
use super::{decode::decode, plan::Plans};
use crate::{
    features::{
        calls::ledger::{AgentStretch, LedgerBatch, service as ledger},
        desk::seats::Seats,
    },
    ports::{Clock, Health, IdGen, PartStatus},
    realtime::hub::Hub,
};

/// How long changes may wait for company before they are written.
const FLUSH_AFTER: Duration = Duration::from_millis(15);
/// Events applied in one go before other inputs get their turn.
const EVENTS_AT_ONCE: usize = 256;
/// Requests to the pump that may wait.
const INPUTS: usize = 1_024;
/// How often the waiting callers are shown and ended things forgotten.
const TICK: Duration = Duration::from_millis(250);
/// First and longest pause between attempts to write.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// How long the last writing may take when the process stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// What the pump is asked beside the events.
#[derive(Debug)]
pub enum Input {
    /// A call record; answered once it is in the ledger.
    Cdr {
        /// The record.
        leg: Box<CdrLeg>,
        /// The calls that the store holds for its legs, if the pump did not know them.
        stored: Option<Vec<StoredCall>>,
        /// What came of it.
        done: oneshot::Sender<CdrOutcome>,
    },
    /// The switch's own lists.
    Snapshot {
        /// The lists.
        snapshot: Box<SwitchSnapshot>,
        /// What has to be asked next.
        found: oneshot::Sender<Corrections>,
    },
    /// A leg that the switch was asked about.
    Seen(Box<SwitchEvent>),
    /// A leg that the switch does not have any more.
    Gone(LegId),
    /// The switch's process has ended: nothing of it lives any more.
    SwitchLost,
    /// The configuration or the seats changed: names and places on the pages are made anew.
    Refresh,
}

/// What came of a call record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CdrOutcome {
    /// It is in the ledger.
    Stored,
    /// Its call is not in memory: look in the store and send it again with what is there.
    AskStore,
}

/// What the pump tells the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A connection is up: heal and compare.
    Up {
        /// Number of the connection.
        generation: u64,
        /// Identity of the switch's process.
        core_uuid: Arc<str>,
    },
    /// Events are missing: compare.
    Gap,
    /// The connection has ended.
    Down,
}

/// How to reach the pump of one server.
#[derive(Debug, Clone)]
pub struct PumpHandle {
    inputs: mpsc::Sender<Input>,
}

impl PumpHandle {
    /// Hands something to the pump; waits while too much waits already.
    ///
    /// # Errors
    /// When the pump has stopped.
    pub async fn send(&self, input: Input) -> Result<(), PumpStopped> {
        self.inputs.send(input).await.map_err(|_| PumpStopped)
    }

    /// Asks for names and places to be made anew; lost when the pump has much to do, which will do the same.
    pub fn refresh(&self) {
        let _ = self.inputs.try_send(Input::Refresh);
    }
}

/// The pump has stopped: the server was removed or the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pump of this voice server has stopped")]
pub struct PumpStopped;

/// What a pump works with.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is documented by its type")]
pub struct Parts {
    pub db: DatabaseConnection,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub health: Arc<dyn Health>,
    pub hub: Hub,
    pub plans: Arc<Plans>,
    pub seats: Arc<Seats>,
}

/// See the module's text.
pub struct Pump {
    server: ServerId,
    parts: Parts,
    book: CallBook,
    dirty: Dirty,
    publisher: Publisher,
    inputs: mpsc::Receiver<Input>,
    notices: mpsc::Sender<Notice>,
    core_uuid: Option<Arc<str>>,
    /// Since when nothing can be heard of the switch.
    away_since: Option<DateTime<Utc>>,
}

impl Pump {
    /// A pump that goes on where the ledger stands.
    pub fn new(
        server: ServerId,
        parts: Parts,
        stored: &[StoredCall],
        stretches: Vec<AgentStretch>,
    ) -> (Self, PumpHandle, mpsc::Receiver<Notice>) {
        let (sender, inputs) = mpsc::channel(INPUTS);
        let (notices, received) = mpsc::channel(64);
        let mut book = CallBook::new(server);
        let now = parts.clock.now();
        let mut dirty = Dirty::new(server, stretches);
        for call in stored {
            let id = book.adopt(call, now);
            dirty.call(id);
        }
        let publisher = Publisher::new(server, parts.clone());
        let pump = Self {
            server,
            parts,
            book,
            dirty,
            publisher,
            inputs,
            notices,
            core_uuid: None,
            away_since: None,
        };
        (pump, PumpHandle { inputs: sender }, received)
    }

    /// Runs until `stop`, then writes what is left.
    pub async fn run(mut self, mut events: Subscription, stop: CancellationToken) {
        let mut writing: Option<Writing> = None;
        let mut tick = tokio::time::interval(TICK);
        loop {
            if writing.is_none() && self.dirty.is_due(Instant::now()) {
                writing = self.begin_write();
            }
            let flush_at = self.dirty.due_at().filter(|_| writing.is_none());
            tokio::select! {
                () = stop.cancelled() => break,
                item = events.recv() => {
                    let Some(item) = item else { break };
                    self.take(item).await;
                    for _ in 1..EVENTS_AT_ONCE {
                        let Some(item) = events.try_recv() else { break };
                        self.take(item).await;
                    }
                }
                Some(input) = self.inputs.recv() => self.answer(input),
                () = finished(&mut writing) => {
                    if let Some(done) = writing.take() {
                        self.written(done.after);
                    }
                }
                () = wait_for(flush_at) => {}
                _ = tick.tick() => {
                    let now = self.parts.clock.now();
                    self.book.forget(now);
                    self.dirty.agents_resting(&self.book, now);
                    self.publisher.publish_waiting(&self.book);
                    self.measure();
                }
            }
        }
        while let Some(item) = events.try_recv() {
            self.take(item).await;
        }
        self.farewell(writing).await;
    }

    async fn take(&mut self, item: Item) {
        match item {
            Item::Event { event, .. } => {
                metrics::counter!("cordboard_switch_events_total").increment(1);
                if let Some(event) = decode(&event) {
                    self.apply(&event);
                }
            }
            Item::Up {
                generation,
                core_uuid,
            } => {
                if self.core_uuid.as_ref().is_some_and(|known| *known != core_uuid) {
                    self.switch_lost();
                }
                self.away_since = None;
                self.core_uuid = Some(Arc::clone(&core_uuid));
                let _ = self
                    .notices
                    .send(Notice::Up {
                        generation,
                        core_uuid,
                    })
                    .await;
            }
            Item::Gap { lost, .. } => {
                metrics::counter!("cordboard_switch_events_lost_total").increment(lost);
                tracing::warn!(server.id = %self.server, lost, "events were lost; comparing with the switch");
                let _ = self.notices.try_send(Notice::Gap);
            }
            Item::Down { .. } => {
                self.away_since.get_or_insert_with(|| self.parts.clock.now());
                let _ = self.notices.send(Notice::Down).await;
            }
            Item::Resynced { .. } => {}
        }
    }

    fn apply(&mut self, event: &SwitchEvent) {
        let now = self.parts.clock.now();
        let changes = self.book.apply(event, now);
        self.dirty.saw(event.at);
        self.note(changes);
    }

    fn note(&mut self, changes: Changes) {
        self.dirty.note(changes, &self.book, &self.parts, Instant::now());
    }

    fn answer(&mut self, input: Input) {
        let now = self.parts.clock.now();
        match input {
            Input::Cdr { leg, stored, done } => self.take_cdr(&leg, stored, done, now),
            Input::Snapshot { snapshot, found } => {
                let mut corrections = self.book.reconcile(&snapshot, now);
                self.note(std::mem::take(&mut corrections.changes));
                let _ = found.send(corrections);
            }
            Input::Seen(event) => self.apply(&event),
            Input::Gone(leg) => {
                let changes = self.book.end_leg(leg, EndMark::Resync, now, now);
                self.note(changes);
            }
            Input::SwitchLost => self.switch_lost(),
            Input::Refresh => self.dirty.everything(&self.book, Instant::now()),
        }
    }

    fn take_cdr(
        &mut self,
        leg: &CdrLeg,
        stored: Option<Vec<StoredCall>>,
        done: oneshot::Sender<CdrOutcome>,
        now: DateTime<Utc>,
    ) {
        let known = std::iter::once(leg.leg)
            .chain(leg.relatives())
            .any(|id| self.book.call_of_leg(id).is_some());
        match stored {
            None if !known => {
                let _ = done.send(CdrOutcome::AskStore);
                return;
            }
            None => {}
            Some(calls) => {
                for call in &calls {
                    self.book.adopt(call, now);
                }
            }
        }
        let changes = self.book.apply_cdr(leg, now);
        self.note(changes);
        self.dirty.acknowledge(done, Instant::now());
    }

    /// Its calls ended when it fell silent, not when that was noticed.
    fn switch_lost(&mut self) {
        let now = self.parts.clock.now();
        let at = self.away_since.unwrap_or(now);
        let changes = self.book.end_all(EndMark::SwitchLost, at, now);
        self.note(changes);
    }

    fn begin_write(&mut self) -> Option<Writing> {
        let now = self.parts.clock.now();
        let (batch, after) = self.dirty.take(&self.book, &self.parts, now)?;
        let rows = self.publisher.rows(&after.calls, &after.agents, &self.book, now);
        let after = After {
            rows,
            acknowledgements: after.acknowledgements,
            oldest: after.oldest,
        };
        let parts = self.parts.clone();
        Some(Writing {
            work: Box::pin(write(parts, batch)),
            after,
        })
    }

    fn written(&mut self, after: After) {
        let now = self.parts.clock.now();
        if let Some(oldest) = after.oldest {
            let lag = (now - oldest).num_microseconds().unwrap_or_default().max(0);
            metrics::histogram!("cordboard_event_to_commit_seconds").record(lag as f64 / 1e6);
        }
        self.publisher.publish(after.rows, now);
        for done in after.acknowledgements {
            let _ = done.send(CdrOutcome::Stored);
        }
    }

    async fn farewell(mut self, writing: Option<Writing>) {
        let last = async {
            if let Some(Writing { work, after }) = writing {
                work.await;
                self.written(after);
            }
            if let Some(Writing { work, after }) = self.begin_write() {
                work.await;
                self.written(after);
            }
        };
        if tokio::time::timeout(FAREWELL, last).await.is_err() {
            tracing::error!("the last changes could not be written; call records will make them good");
        }
    }

    fn measure(&self) {
        let server = self.server.to_string();
        metrics::gauge!("cordboard_live_calls", "server" => server.clone())
            .set(self.book.live_calls().count() as f64);
        metrics::gauge!("cordboard_unwritten_entries", "server" => server).set(self.dirty.backlog() as f64);
    }
}

/// A write that is under way, and what happens after it.
struct Writing {
    work: BoxFuture<'static, ()>,
    after: After,
}

struct After {
    rows: publish::Rows,
    acknowledgements: Vec<oneshot::Sender<CdrOutcome>>,
    oldest: Option<DateTime<Utc>>,
}

/// Writes the batch, however often it takes. Its rows have derived ids, so a repetition is harmless.
async fn write(parts: Parts, batch: LedgerBatch) {
    let mut pause = RETRY.0;
    let mut failed = false;
    loop {
        match ledger::write(&parts.db, batch.clone(), parts.clock.now()).await {
            Ok(()) => {
                if failed {
                    parts.health.report("ledger", PartStatus::Ok);
                    tracing::info!("the ledger is written again");
                }
                return;
            }
            Err(error) => {
                if !failed {
                    tracing::error!(error = %error, "the ledger cannot be written; keeping the changes");
                }
                failed = true;
                metrics::counter!("cordboard_ledger_write_failures_total").increment(1);
                parts.health.report(
                    "ledger",
                    PartStatus::Degraded {
                        code: "ledger.not_written",
                        detail: "The database does not take writes; calls go on and are kept in memory."
                            .into(),
                    },
                );
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY.1);
            }
        }
    }
}

async fn finished(writing: &mut Option<Writing>) {
    match writing {
        Some(writing) => (&mut writing.work).await,
        None => pending().await,
    }
}

async fn wait_for(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}
