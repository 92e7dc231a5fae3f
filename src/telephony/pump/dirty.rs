//! What changed since the last write.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    book::{CallBook, Changes, Merge},
    ids::{CallId, ServerId},
    timeline::TimelineEntry,
};
use tokio::{sync::oneshot, time::Instant};

use super::{CdrOutcome, FLUSH_AFTER, Parts, stretches::Stretches};
use crate::features::calls::ledger::{AgentStretch, LedgerBatch, ResolvedCall};

/// Entries of time lines that are kept while the database is away: some half an hour of a busy switch. Beyond it
/// the oldest are dropped and counted; calls, legs and visits are never dropped.
const TIMELINE_LIMIT: usize = 400_000;

/// Marks; the state itself is in the book.
pub(super) struct Dirty {
    since: Option<Instant>,
    oldest: Option<DateTime<Utc>>,
    calls: HashSet<CallId>,
    agents: BTreeSet<String>,
    merges: Vec<Merge>,
    timeline: Vec<TimelineEntry>,
    stretches: Stretches,
    acknowledgements: Vec<oneshot::Sender<CdrOutcome>>,
}

/// What a write was made of.
pub(super) struct Taken {
    pub(super) calls: Vec<CallId>,
    pub(super) agents: BTreeSet<String>,
    pub(super) acknowledgements: Vec<oneshot::Sender<CdrOutcome>>,
    /// The switch's time of the first event in it.
    pub(super) oldest: Option<DateTime<Utc>>,
}

impl Dirty {
    pub(super) fn new(server: ServerId, open: Vec<AgentStretch>) -> Self {
        Self {
            since: None,
            oldest: None,
            calls: HashSet::new(),
            agents: BTreeSet::new(),
            merges: Vec::new(),
            timeline: Vec::new(),
            stretches: Stretches::new(server, open),
            acknowledgements: Vec::new(),
        }
    }

    /// An event of this instant was applied.
    pub(super) fn saw(&mut self, at: DateTime<Utc>) {
        self.oldest.get_or_insert(at);
    }

    /// Marks one call.
    pub(super) fn call(&mut self, id: CallId) {
        self.calls.insert(id);
    }

    pub(super) fn note(&mut self, changes: Changes, book: &CallBook, parts: &Parts, now: Instant) {
        if changes.is_empty() {
            return;
        }
        self.since.get_or_insert(now);
        self.calls.extend(changes.calls);
        self.merges.extend(changes.merged);
        self.timeline.extend(changes.timeline);
        if self.timeline.len() > TIMELINE_LIMIT {
            let over = self.timeline.len() - TIMELINE_LIMIT;
            self.timeline.drain(..over);
            metrics::counter!("cordboard_timeline_dropped_total").increment(over as u64);
        }
        for extension in changes.agents.into_iter().chain(changes.registrations) {
            self.stretches.observe(&extension, book, parts);
            self.agents.insert(extension);
        }
    }

    /// Rests after calls end without an event: their end is noticed by the clock.
    pub(super) fn agents_resting(&mut self, book: &CallBook, now: DateTime<Utc>) {
        let ended = book.agents().filter(|agent| {
            agent.last_bridge_end.is_some_and(|end| {
                let until = end + chrono::Duration::seconds(agent.wrap_up_secs);
                until <= now && now - until < chrono::Duration::seconds(3)
            })
        });
        for agent in ended {
            self.agents.insert(agent.extension.clone());
            self.since.get_or_insert_with(Instant::now);
        }
    }

    /// Marks everything that is shown.
    pub(super) fn everything(&mut self, book: &CallBook, now: Instant) {
        self.calls.extend(book.live_calls().map(|call| call.id));
        self.agents
            .extend(book.agents().map(|agent| agent.extension.clone()));
        self.agents.extend(
            book.registrations()
                .map(|registration| registration.extension.clone()),
        );
        self.since.get_or_insert(now);
    }

    /// Somebody waits for the next write.
    pub(super) fn acknowledge(&mut self, done: oneshot::Sender<CdrOutcome>, now: Instant) {
        self.acknowledgements.push(done);
        self.since.get_or_insert(now);
    }

    pub(super) fn due_at(&self) -> Option<Instant> {
        self.since.map(|since| since + FLUSH_AFTER)
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due_at().is_some_and(|due| due <= now)
    }

    pub(super) fn backlog(&self) -> usize {
        self.timeline.len()
    }

    /// Takes all marks and makes the rows of what they point to.
    pub(super) fn take(
        &mut self,
        book: &CallBook,
        parts: &Parts,
        now: DateTime<Utc>,
    ) -> Option<(LedgerBatch, Taken)> {
        self.since.take()?;
        let calls: Vec<CallId> = self.calls.drain().collect();
        let served = parts.plans.get(book.server());
        let queue_id = |code: &str| {
            served
                .as_ref()
                .and_then(|served| served.plan.queue_by_code(code))
                .map(|queue| queue.id)
        };
        let mut batch = LedgerBatch {
            merges: std::mem::take(&mut self.merges),
            timeline: std::mem::take(&mut self.timeline),
            stretches: self.stretches.take(),
            ..LedgerBatch::default()
        };
        for call in calls.iter().filter_map(|id| book.call(*id)) {
            let record = call.to_record(now);
            let sitter = record
                .agent_extension
                .as_deref()
                .and_then(|extension| parts.seats.sitter(book.server(), extension));
            batch.calls.push(ResolvedCall {
                queue_id: record.queue_code.as_deref().and_then(queue_id),
                user_id: sitter.map(|sitter| sitter.user_id),
                record,
            });
            batch.legs.extend(call.leg_records(now));
            batch
                .visits
                .extend(call.visit_records(now).into_iter().map(|visit| {
                    let queue = queue_id(&visit.queue_code);
                    (visit, queue)
                }));
            batch.recordings.extend(call.recording_records());
        }
        let taken = Taken {
            calls,
            agents: std::mem::take(&mut self.agents),
            acknowledgements: std::mem::take(&mut self.acknowledgements),
            oldest: self.oldest.take(),
        };
        Some((batch, taken))
    }
}
