//! Rows for the live pages, with the names that the switch does not know.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    agent::AgentState,
    book::CallBook,
    call::{CallPhase, CallState},
    ids::{CallId, ServerId},
    leg::LegDirection,
};

use super::Parts;
use crate::{
    features::desk::seats::ExtensionFacts,
    realtime::{hub::Row, topic::Topic},
    telephony::plan::Served,
};

/// Rows that are shown once their write is committed.
#[derive(Default)]
pub(super) struct Rows {
    calls: Vec<Row>,
    gone: Vec<String>,
    agents: Vec<Row>,
    extensions: Vec<(String, ExtensionFacts)>,
}

pub(super) struct Publisher {
    server: ServerId,
    parts: Parts,
    waiting: HashSet<String>,
}

impl Publisher {
    pub(super) fn new(server: ServerId, parts: Parts) -> Self {
        Self {
            server,
            parts,
            waiting: HashSet::new(),
        }
    }

    /// The rows of these calls and agents as they are now.
    pub(super) fn rows(
        &self,
        calls: &[CallId],
        agents: &BTreeSet<String>,
        book: &CallBook,
        now: DateTime<Utc>,
    ) -> Rows {
        let served = self.parts.plans.get(self.server);
        let mut rows = Rows::default();
        let mut extensions: BTreeSet<&str> = agents.iter().map(String::as_str).collect();
        for id in calls {
            match book
                .call(*id)
                .filter(|call| !call.is_ended() && call.merged_into.is_none())
            {
                Some(call) => rows.calls.extend(self.call_row(call, served.as_deref())),
                None => rows.gone.push(id.to_string()),
            }
            let legs = book.call(*id).into_iter().flat_map(|call| &call.legs);
            extensions.extend(legs.filter_map(|leg| leg.extension.as_deref()));
        }
        for extension in extensions {
            if let Some(agent) = book.agent(extension) {
                rows.agents
                    .extend(self.agent_row(book, agent, served.as_deref(), now));
            }
            rows.extensions.push((
                extension.to_owned(),
                facts(book, extension, served.as_deref(), now),
            ));
        }
        rows
    }

    pub(super) fn publish(&self, rows: Rows, now: DateTime<Utc>) {
        self.parts.hub.publish(&Topic::Calls, now, rows.calls, &rows.gone);
        self.parts.hub.publish(&Topic::Agents, now, rows.agents, &[]);
        self.parts.seats.observe(self.server, rows.extensions);
    }

    /// The waiting callers of all queues: positions move together, so the whole list is made.
    pub(super) fn publish_waiting(&mut self, book: &CallBook) {
        let served = self.parts.plans.get(self.server);
        let mut ids = HashSet::new();
        let rows = book
            .waiting_rows()
            .into_iter()
            .filter_map(|mut row| {
                let queue = served
                    .as_ref()
                    .and_then(|served| served.plan.queue_by_code(&row.queue_code));
                row.queue_id = queue.map(|queue| queue.id);
                row.queue_name = queue.map(|queue| queue.name.clone());
                let id = row.id.to_string();
                ids.insert(id.clone());
                row_of(id, &row)
            })
            .collect();
        let gone: Vec<String> = self.waiting.difference(&ids).cloned().collect();
        self.parts
            .hub
            .publish(&Topic::Waiting, self.parts.clock.now(), rows, &gone);
        self.waiting = ids;
    }

    fn call_row(&self, call: &CallState, served: Option<&Served>) -> Option<Row> {
        let mut row = call.to_row();
        let queue = row
            .queue_code
            .as_deref()
            .and_then(|code| served?.plan.queue_by_code(code));
        row.queue_id = queue.map(|queue| queue.id);
        row.queue_name = queue.map(|queue| queue.name.clone());
        row.agent_name = row
            .agent_extension
            .as_deref()
            .and_then(|extension| self.name(extension, served));
        row_of(row.id.to_string(), &row)
    }

    fn agent_row(
        &self,
        book: &CallBook,
        agent: &AgentState,
        served: Option<&Served>,
        now: DateTime<Utc>,
    ) -> Option<Row> {
        let mut row = book.agent_row(agent, now);
        row.name = self.name(&agent.extension, served);
        if let Some(sitter) = self.parts.seats.sitter(self.server, &agent.extension) {
            row.user_id = Some(sitter.user_id);
            row.user_name = Some(sitter.user_name);
            row.reason = sitter.reason;
        }
        row_of(row.id.clone(), &row)
    }

    fn name(&self, extension: &str, served: Option<&Served>) -> Option<String> {
        let sitter = self
            .parts
            .seats
            .sitter(self.server, extension)
            .map(|sitter| sitter.user_name);
        let planned = || {
            served?
                .plan
                .extension(extension)
                .map(|planned| planned.display_name.clone())
        };
        sitter.or_else(planned).filter(|name| !name.is_empty())
    }
}

fn facts(book: &CallBook, extension: &str, served: Option<&Served>, now: DateTime<Utc>) -> ExtensionFacts {
    let agent = book.agent(extension);
    let call = book.agent_call(extension);
    let own_leg = call
        .as_ref()
        .and_then(|call| book.call(call.id)?.leg(call.leg_id));
    let own_phone_rings = call.as_ref().is_some_and(|call| call.phase == CallPhase::Dialing)
        && own_leg.is_some_and(|leg| leg.direction == LegDirection::Outbound && leg.answered_at.is_none());
    ExtensionFacts {
        own_phone_rings,
        registered: book.registration(extension).is_some(),
        in_queue: served.is_some_and(|served| served.plan.is_agent(extension)),
        status: agent.map(|agent| agent.status),
        status_since: agent.and_then(|agent| agent.status_since),
        wrap_up_until: agent.and_then(|agent| agent.wrap_up_until(now)),
        queue_name: call
            .as_ref()
            .and_then(|call| call.queue_code.as_deref())
            .and_then(|code| served?.plan.queue_by_code(code))
            .map(|queue| queue.name.clone()),
        call,
    }
}

fn row_of(id: String, view: &impl serde::Serialize) -> Option<Row> {
    Row::new(id, view)
        .inspect_err(|error| tracing::error!(error = %error, "a live row cannot be written"))
        .ok()
}
