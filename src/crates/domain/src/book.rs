//! The book of one voice server: all live calls, agents, registrations and gateways, and how news changes them.

use crate::agent::AgentState;
use crate::call::CallState;
use crate::cdr::CdrLeg;
use crate::event::SwitchEvent;
use crate::ids::{CallId, LegId, ServerId};
use crate::leg::EndMark;
use crate::snapshot::SwitchSnapshot;
use crate::timeline::TimelineEntry;
use crate::visit::VisitRecord;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// What one piece of news changed. The caller writes the records of the touched calls and publishes their rows.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Calls whose records or rows may differ now, merged and ended ones included.
    pub calls: Vec<CallId>,
    /// New entries of time lines.
    pub timeline: Vec<TimelineEntry>,
    /// Extensions of agents that changed on any axis or whose call changed.
    pub agents: Vec<String>,
    /// Extensions whose registration changed.
    pub registrations: Vec<String>,
    /// Gateways that changed.
    pub gateways: Vec<String>,
}

/// What a reconcile found.
#[derive(Clone, Debug, Default)]
pub struct Corrections {
    /// What was corrected in the book.
    pub changes: Changes,
    /// Number of corrections: a rising count is the alarm for lost events.
    pub count: usize,
    /// Legs that we hold for alive and the list lacks, but too young to be sure: ask `uuid_exists` and, if the
    /// answer is `false`, call [`CallBook::end_leg`].
    pub doubtful: Vec<LegId>,
    /// Legs that the list has and we do not: ask `uuid_dump` and apply what it says as an event.
    pub unknown: Vec<LegId>,
}

/// A registered phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Extension number.
    pub extension: String,
    /// Contact as the switch holds it.
    pub contact: String,
    /// `network-ip`:`network-port`.
    pub address: String,
    /// `user-agent`.
    pub user_agent: String,
    /// When it runs out, margin included.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when we know it.
    pub since: DateTime<Utc>,
}

/// A gateway as the switch sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayView {
    /// Its name.
    pub name: String,
    /// `REGED`, `NOREG`, `TRYING`…
    pub state: String,
    /// Answer to the pings (surprises 54).
    pub ping_up: Option<bool>,
    /// SIP status of the last registration.
    pub sip_status: Option<i32>,
    /// Since when the state is so.
    pub since: DateTime<Utc>,
}

/// The book of one voice server.
#[derive(Debug)]
pub struct CallBook {
    server: ServerId,
    calls: HashMap<CallId, CallState>,
    agents: HashMap<String, AgentState>,
    registrations: HashMap<String, Registration>,
    gateways: HashMap<String, GatewayView>,
}

impl CallBook {
    /// An empty book.
    pub fn new(server: ServerId) -> Self {
        Self {
            server,
            calls: HashMap::new(),
            agents: HashMap::new(),
            registrations: HashMap::new(),
            gateways: HashMap::new(),
        }
    }

    /// Whose book it is.
    pub fn server(&self) -> ServerId {
        self.server
    }

    /// Takes one event in. `now` is our clock and only decides when ended calls are forgotten.
    pub fn apply(&mut self, _event: &SwitchEvent, _now: DateTime<Utc>) -> Changes {
        Changes::default()
    }

    /// Takes one call record in; the same record twice, or before its events, changes nothing more.
    pub fn apply_cdr(&mut self, _cdr: &CdrLeg, _now: DateTime<Utc>) -> Changes {
        Changes::default()
    }

    /// Puts a call from the store back into memory, so that a late record or a restart finds it.
    pub fn adopt(&mut self, call: CallState) {
        self.calls.insert(call.id, call);
    }

    /// Compares with the switch's own lists.
    pub fn reconcile(&mut self, _snapshot: &SwitchSnapshot, _now: DateTime<Utc>) -> Corrections {
        Corrections::default()
    }

    /// Ends one leg that turned out to be gone.
    pub fn end_leg(
        &mut self,
        _leg: LegId,
        _mark: EndMark,
        _at: DateTime<Utc>,
        _now: DateTime<Utc>,
    ) -> Changes {
        Changes::default()
    }

    /// Ends everything: the switch stopped, crashed or came back as another process (surprises 75, 76).
    pub fn end_all(&mut self, _mark: EndMark, _at: DateTime<Utc>, _now: DateTime<Utc>) -> Changes {
        Changes::default()
    }

    /// Forgets calls that ended some time ago; returns how many.
    pub fn forget(&mut self, _now: DateTime<Utc>) -> usize {
        0
    }

    /// One call, live or recently ended.
    pub fn call(&self, id: CallId) -> Option<&CallState> {
        self.calls.get(&id)
    }

    /// All calls that are not over.
    pub fn live_calls(&self) -> impl Iterator<Item = &CallState> {
        self.calls.values().filter(|call| !call.is_ended())
    }

    /// All open queue visits with their calls.
    pub fn waiting(&self) -> impl Iterator<Item = (&CallState, &VisitRecord)> {
        self.live_calls()
            .flat_map(|call| call.visits.iter().map(move |visit| (call, visit)))
    }

    /// All agents that are known.
    pub fn agents(&self) -> impl Iterator<Item = &AgentState> {
        self.agents.values()
    }

    /// All registered phones.
    pub fn registrations(&self) -> impl Iterator<Item = &Registration> {
        self.registrations.values()
    }

    /// All gateways that are known.
    pub fn gateways(&self) -> impl Iterator<Item = &GatewayView> {
        self.gateways.values()
    }
}
