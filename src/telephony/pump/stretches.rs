//! The state log of agents: one row for each stretch in one status and state.

use std::collections::HashMap;

use domain::{book::CallBook, ids::ServerId};

use super::Parts;
use crate::features::calls::ledger::AgentStretch;

pub(super) struct Stretches {
    server: ServerId,
    open: HashMap<String, AgentStretch>,
    changed: Vec<AgentStretch>,
}

impl Stretches {
    pub(super) fn new(server: ServerId, open: Vec<AgentStretch>) -> Self {
        let open = open
            .into_iter()
            .map(|stretch| (stretch.extension.clone(), stretch))
            .collect();
        Self {
            server,
            open,
            changed: Vec::new(),
        }
    }

    /// Looks at an agent; if anything that the log holds has changed, the old stretch ends and a new one begins.
    pub(super) fn observe(&mut self, extension: &str, book: &CallBook, parts: &Parts) {
        let Some(agent) = book.agent(extension) else {
            return;
        };
        let sitter = parts.seats.sitter(self.server, extension);
        let user_id = sitter.as_ref().map(|sitter| sitter.user_id);
        let reason = sitter.and_then(|sitter| sitter.reason);
        let call = book.agent_call(extension).map(|call| call.id);
        let same = |open: &AgentStretch| {
            (open.status, open.state, open.user_id, &open.reason, open.call_id)
                == (agent.status, agent.state, user_id, &reason, call)
        };
        let now = parts.clock.now();
        if let Some(open) = self.open.get_mut(extension) {
            if same(open) {
                return;
            }
            open.ended_at = Some(now);
            self.changed.push(open.clone());
        }
        let begun = AgentStretch {
            id: parts.ids.uuid(),
            server: self.server,
            extension: extension.to_owned(),
            user_id,
            status: agent.status,
            reason,
            state: agent.state,
            started_at: now,
            ended_at: None,
            call_id: call,
        };
        self.changed.push(begun.clone());
        self.open.insert(extension.to_owned(), begun);
    }

    /// What is to be written: each stretch once, in its newest form, ended ones before the one that is open.
    pub(super) fn take(&mut self) -> Vec<AgentStretch> {
        let mut newest: HashMap<_, AgentStretch> = HashMap::new();
        for stretch in self.changed.drain(..) {
            newest.insert(stretch.id, stretch);
        }
        let mut stretches: Vec<AgentStretch> = newest.into_values().collect();
        stretches.sort_by_key(|stretch| (stretch.ended_at.is_none(), stretch.started_at));
        stretches
    }
}
