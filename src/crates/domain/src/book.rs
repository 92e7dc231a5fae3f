//! The book of one voice server: all live calls, agents, registrations and gateways, and how news changes them.
//!
//! Rules that hold everywhere (numbers are those of `traces/surprises.md`):
//! - Instants are the switch's; `now` is ours and only decides when ended calls are forgotten.
//! - Facts are absolute and the first telling wins, so news may come twice, late, and in any order between legs
//!   (11, 33, 59). An ended leg stays ended.
//! - Talk is what two answered legs had of each other: never `billsec`, which counts the queue too (32), never the
//!   return of an originate, which may come with early media (47).
//! - What is lost is found by the snapshot that follows each connect (78), and by the call records.
//! - A call is what its legs have to do with each other: a leg joins the call of the leg that it was made for (26),
//!   and a bridge between two calls makes them one (37, 38): *the earlier call wins*, the legs of the later one move
//!   over, the emptied one ends, marked with `merged_into`. The id always follows from the first leg.
//! - Memory is bounded: see [`limits`]; what is beyond is counted in [`CallBook::ignored`], never kept.

mod agents;
mod legs;
mod place;
mod queue;
mod reconcile;
mod records;
#[cfg(test)]
mod tests;

use crate::agent::AgentState;
use crate::call::CallState;
use crate::event::{EventKind, SwitchEvent};
use crate::ids::{CallId, LegId, ServerId};
use crate::leg::{EndMark, LegState};
use crate::timeline::TimelineEntry;
use crate::visit::VisitState;
use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;

pub use agents::{GatewayView, Registration};
pub use reconcile::Corrections;
pub use records::{StoredCall, StoredConnection};

/// How much a book keeps.
pub mod limits {
    /// Live and recently ended calls; a switch of the size that we serve has a few thousand.
    pub const CALLS: usize = 50_000;
    /// Legs of one call; a queue that rings a hundred phones per caller is the largest known.
    pub const LEGS: usize = 1_000;
    /// Bridges of one call.
    pub const BRIDGES: usize = 1_000;
    /// Offers of one visit: an agent that refuses every three seconds for half an hour.
    pub const OFFERS: usize = 600;
    /// Recordings of one call.
    pub const RECORDINGS: usize = 200;
    /// Agents, registrations, gateways, each.
    pub const NAMES: usize = 20_000;
    /// Seconds that an ended call stays in memory for late events and its records.
    pub const ENDED_SECS: i64 = 120;
}

/// What one piece of news changed. The caller writes the records of the touched calls and publishes their rows.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Calls whose records or rows may differ now, merged and ended ones included.
    pub calls: Vec<CallId>,
    /// Calls that were emptied into another one. Their stored legs, visits, recordings and time line move too.
    pub merged: Vec<Merge>,
    /// New entries of time lines.
    pub timeline: Vec<TimelineEntry>,
    /// Extensions of which status, state, call or tiers may differ now.
    pub agents: Vec<String>,
    /// Extensions whose registration changed.
    pub registrations: Vec<String>,
    /// Gateways that changed.
    pub gateways: Vec<String>,
}

/// One call became part of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The emptied call.
    pub from: CallId,
    /// The call that goes on.
    pub into: CallId,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
            && self.timeline.is_empty()
            && self.agents.is_empty()
            && self.registrations.is_empty()
            && self.gateways.is_empty()
    }

    /// Adds what another piece of news changed.
    pub fn append(&mut self, other: Self) {
        for call in other.calls {
            self.touch(call);
        }
        self.merged.extend(other.merged);
        self.timeline.extend(other.timeline);
        for agent in &other.agents {
            self.touch_agent(agent);
        }
        self.registrations.extend(other.registrations);
        self.gateways.extend(other.gateways);
    }

    fn touch(&mut self, call: CallId) {
        if !self.calls.contains(&call) {
            self.calls.push(call);
        }
    }

    fn touch_agent(&mut self, extension: &str) {
        if !self.agents.iter().any(|known| known == extension) {
            self.agents.push(extension.to_owned());
        }
    }
}

/// The book of one voice server.
#[derive(Debug)]
pub struct CallBook {
    server: ServerId,
    calls: HashMap<CallId, CallState>,
    /// Call of each leg, of expected ones too.
    leg_calls: HashMap<LegId, CallId>,
    /// Legs of each extension, live or recently ended.
    extension_legs: HashMap<String, Vec<LegId>>,
    /// Call of each conference.
    rooms: HashMap<String, CallId>,
    agents: HashMap<String, AgentState>,
    registrations: HashMap<String, Registration>,
    gateways: HashMap<String, GatewayView>,
    ignored: u64,
}

impl CallBook {
    /// An empty book.
    pub fn new(server: ServerId) -> Self {
        Self {
            server,
            calls: HashMap::new(),
            leg_calls: HashMap::new(),
            extension_legs: HashMap::new(),
            rooms: HashMap::new(),
            agents: HashMap::new(),
            registrations: HashMap::new(),
            gateways: HashMap::new(),
            ignored: 0,
        }
    }

    /// Whose book it is.
    pub fn server(&self) -> ServerId {
        self.server
    }

    /// News that fitted nothing that is known: ends of channels that never were a call (21: a refused
    /// authentication, a gateway that is down), queue news of unknown callers, and what was beyond the limits.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Takes one event in. `now` is our clock and only decides when ended calls are forgotten.
    pub fn apply(&mut self, event: &SwitchEvent, now: DateTime<Utc>) -> Changes {
        let mut changes = Changes::default();
        match &event.kind {
            EventKind::Leg(leg) => self.apply_leg(leg, event.at, now, &mut changes),
            EventKind::Queue(queue) => self.apply_queue(queue, event.at, now, &mut changes),
            EventKind::Agent(agent) => self.apply_agent(agent, event.at, &mut changes),
            EventKind::Registration(registration) => {
                self.apply_registration(registration, event.at, &mut changes);
            }
            EventKind::Gateway(gateway) => self.apply_gateway(gateway, event.at, &mut changes),
            // The hang-ups of all channels follow by themselves (75); what is left then is ended by `end_all`.
            EventKind::Shutdown => {}
        }
        changes
    }

    /// Ends one leg that turned out to be gone.
    pub fn end_leg(&mut self, leg: LegId, mark: EndMark, at: DateTime<Utc>, now: DateTime<Utc>) -> Changes {
        let mut changes = Changes::default();
        if let Some(id) = self.leg_calls.get(&leg).copied()
            && let Some(call) = self.calls.get_mut(&id)
        {
            call.conclude_leg(leg, mark, at, &mut changes);
            self.settle(id, now, &mut changes);
        }
        changes
    }

    /// Ends everything: the switch stopped, crashed or came back as another process (75, 76). Agents go back to what
    /// a fresh start of the switch gives them, silently there too (77); the next snapshot corrects it.
    pub fn end_all(&mut self, mark: EndMark, at: DateTime<Utc>, now: DateTime<Utc>) -> Changes {
        let mut changes = Changes::default();
        let live: Vec<CallId> = self.live_calls().map(|call| call.id).collect();
        for id in live {
            let Some(call) = self.calls.get_mut(&id) else {
                continue;
            };
            let legs: Vec<LegId> = call
                .legs
                .iter()
                .filter(|leg| leg.is_live())
                .map(|leg| leg.id)
                .collect();
            for leg in legs {
                call.conclude_leg(leg, mark, at, &mut changes);
            }
            self.settle(id, now, &mut changes);
        }
        self.rooms.clear();
        for agent in self.agents.values_mut() {
            agent.set_state(crate::agent::CallcenterState::Waiting, at);
            changes.touch_agent(&agent.extension);
        }
        changes
    }

    /// Forgets calls that ended some time ago; returns how many.
    pub fn forget(&mut self, now: DateTime<Utc>) -> usize {
        let before = now - Duration::seconds(limits::ENDED_SECS);
        let old: Vec<CallId> = self
            .calls
            .values()
            .filter(|c| c.is_ended() && c.touched_at <= before)
            .map(|c| c.id)
            .collect();
        for id in &old {
            let Some(call) = self.calls.remove(id) else {
                continue;
            };
            for leg in call
                .legs
                .iter()
                .map(|leg| leg.id)
                .chain(call.expected.iter().copied())
            {
                if self.leg_calls.get(&leg) == Some(id) {
                    self.leg_calls.remove(&leg);
                }
            }
            for leg in &call.legs {
                self.unlist_extension(leg.extension.as_deref(), leg.id);
            }
        }
        if !old.is_empty() {
            self.rooms.retain(|_, id| self.calls.contains_key(id));
        }
        old.len()
    }

    /// One call, live or recently ended.
    pub fn call(&self, id: CallId) -> Option<&CallState> {
        self.calls.get(&id)
    }

    /// The call of a leg.
    pub fn call_of_leg(&self, leg: LegId) -> Option<&CallState> {
        self.calls.get(self.leg_calls.get(&leg)?)
    }

    /// All calls that are in memory.
    pub fn calls(&self) -> impl Iterator<Item = &CallState> {
        self.calls.values()
    }

    /// All calls that are not over.
    pub fn live_calls(&self) -> impl Iterator<Item = &CallState> {
        self.calls.values().filter(|call| !call.is_ended())
    }

    /// The legs of an extension that are in memory, with their calls.
    pub fn legs_of_extension(&self, extension: &str) -> impl Iterator<Item = (&CallState, &LegState)> {
        let legs = self.extension_legs.get(extension).map_or(&[][..], Vec::as_slice);
        legs.iter().filter_map(|id| {
            let call = self.call_of_leg(*id)?;
            Some((call, call.leg(*id)?))
        })
    }

    /// All callers that wait, with their calls. Counted from the visits, never from `members-count` (61).
    pub fn waiting(&self) -> impl Iterator<Item = (&CallState, &VisitState)> {
        self.live_calls()
            .flat_map(|call| call.visits.iter().map(move |visit| (call, visit)))
            .filter(|(call, visit)| call.is_waiting(visit))
    }

    /// Brings a call's end up to date with its legs and marks it as touched.
    fn settle(&mut self, id: CallId, now: DateTime<Utc>, changes: &mut Changes) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.settle(&mut changes.timeline);
        call.version += 1;
        call.touched_at = now;
        changes.touch(id);
        for leg in call.legs.iter().filter(|leg| leg.is_live()) {
            if let Some(extension) = &leg.extension {
                changes.touch_agent(extension);
            }
        }
    }

    fn list_extension(&mut self, extension: Option<&str>, leg: LegId) {
        let Some(extension) = extension else { return };
        match self.extension_legs.get_mut(extension) {
            Some(legs) if legs.contains(&leg) => {}
            Some(legs) => legs.push(leg),
            None => {
                self.extension_legs.insert(extension.to_owned(), vec![leg]);
            }
        }
    }

    fn unlist_extension(&mut self, extension: Option<&str>, leg: LegId) {
        let Some(extension) = extension else { return };
        if let Some(legs) = self.extension_legs.get_mut(extension) {
            legs.retain(|known| *known != leg);
            if legs.is_empty() {
                self.extension_legs.remove(extension);
            }
        }
    }
}
