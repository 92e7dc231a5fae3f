//! Chapter "voice": what the voice servers are told to do.
//!
//! Owns: tables `voice_servers`, `gateways`, `queues`, `agents`, `tiers`, `extensions`, `routes`.
//! Invariants: every text that reaches a switch was checked before it was stored; secrets go in and never come out;
//! each committed edit nudges the plan of its server.
//! Talks to: `domain::plan`, the ports. Not for: what the switches do (telephony), live state (realtime).

mod choice;
mod form;
pub mod plan_source;

pub mod extensions;
pub mod gateways;
pub mod queues;
pub mod routes;
pub mod servers;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use domain::ids::ServerId;
use sea_orm::DatabaseConnection;

use crate::{
    ports::{Clock, ConfigChanged, ConfigPart, IdGen, PlanNudge, SwitchProbe, SwitchStatuses},
    store::secrets::Sealer,
};

/// The use cases of this chapter, one file of methods in each slice.
pub struct Voice {
    db: DatabaseConnection,
    sealer: Sealer,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGen>,
    nudge: Arc<dyn PlanNudge>,
    probe: Arc<dyn SwitchProbe>,
    statuses: Arc<dyn SwitchStatuses>,
}

/// What [`Voice`] needs.
#[expect(missing_docs, reason = "each is described at its type")]
pub struct VoiceParts {
    pub db: DatabaseConnection,
    pub sealer: Sealer,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub nudge: Arc<dyn PlanNudge>,
    pub probe: Arc<dyn SwitchProbe>,
    pub statuses: Arc<dyn SwitchStatuses>,
}

impl Voice {
    /// Puts the parts together.
    pub fn new(parts: VoiceParts) -> Self {
        let VoiceParts {
            db,
            sealer,
            clock,
            ids,
            nudge,
            probe,
            statuses,
        } = parts;
        Self {
            db,
            sealer,
            clock,
            ids,
            nudge,
            probe,
            statuses,
        }
    }

    /// Called after each commit.
    fn changed(&self, server_id: i64, part: ConfigPart) {
        self.nudge.config_changed(ConfigChanged {
            server: ServerId(server_id),
            part,
        });
    }
}
