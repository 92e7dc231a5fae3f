//! What the tests of this chapter share: its use cases on a database, and a listener that writes everything down.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use domain::ids::ServerId;
use futures_util::{FutureExt as _, future::BoxFuture};
use testkit::db::TestDb;
use uuid::Uuid;

use super::{Voice, VoiceParts, extensions::dto::ExtensionView, servers::dto::ServerView};
use crate::{
    error::AppError,
    ports::{
        AgentsChanged, Clock, ConfigChanged, ConfigPart, IdGen, PlanNudge, ProbeOutcome, ProbeReport,
        ProbeTarget, SwitchProbe, SwitchStatuses,
    },
    store::{key::MasterKey, secrets::Sealer},
};

/// The use cases, and what they told others.
pub(super) struct Bench {
    pub(super) voice: Voice,
    heard: Arc<Heard>,
}

/// Writes down every nudge; knows nothing of switches.
#[derive(Default)]
struct Heard {
    config: Mutex<Vec<ConfigChanged>>,
    agents: Mutex<Vec<AgentsChanged>>,
    probes: Mutex<Vec<ProbeTarget>>,
}

struct Noon;

struct Counter(Mutex<u8>);

impl Bench {
    pub(super) fn new(db: &TestDb) -> Self {
        let heard = Arc::new(Heard::default());
        let voice = Voice::new(VoiceParts {
            db: db.conn().clone(),
            sealer: Sealer::new(&MasterKey::new([5; 32])),
            clock: Arc::new(Noon),
            ids: Arc::new(Counter(Mutex::new(0))),
            nudge: heard.clone(),
            probe: heard.clone(),
            statuses: heard.clone(),
        });
        Self { voice, heard }
    }

    /// What was nudged since the last time.
    pub(super) fn take_changes(&self) -> Vec<(i64, ConfigPart)> {
        let changes = std::mem::take(&mut *self.heard.config.lock().unwrap());
        changes
            .into_iter()
            .map(|change| (change.server.0, change.part))
            .collect()
    }

    pub(super) fn take_agent_changes(&self) -> Vec<AgentsChanged> {
        std::mem::take(&mut *self.heard.agents.lock().unwrap())
    }

    pub(super) fn take_probes(&self) -> Vec<ProbeTarget> {
        std::mem::take(&mut *self.heard.probes.lock().unwrap())
    }

    /// A server to hang things on.
    pub(super) async fn server(&self, name: &str) -> ServerView {
        let view = self
            .voice
            .create_server(from_json(&server_json(name)))
            .await
            .unwrap();
        self.take_changes();
        view
    }

    /// A phone.
    pub(super) async fn extension(&self, server_id: i64, number: &str) -> ExtensionView {
        let json = serde_json::json!({ "server_id": server_id, "number": number });
        let view = self.voice.create_extension(from_json(&json)).await.unwrap();
        self.take_changes();
        view
    }
}

/// The least that a server needs.
pub(super) fn server_json(name: &str) -> serde_json::Value {
    serde_json::json!({
        "name": name, "switch_name": name, "address": "127.0.0.1", "esl_password": "ClueCon",
        "sip_domain": "voice.example", "control_url": "http://127.0.0.1:8088"
    })
}

/// A request as a client would send it.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(json: &serde_json::Value) -> T {
    serde_json::from_value(json.clone()).unwrap()
}

/// The refused fields with their codes.
pub(super) fn refused(error: &AppError) -> Vec<(&str, &str)> {
    error
        .fields()
        .iter()
        .map(|field| (field.pointer.as_str(), field.code))
        .collect()
}

impl PlanNudge for Heard {
    fn config_changed(&self, change: ConfigChanged) {
        self.config.lock().unwrap().push(change);
    }

    fn agents_changed(&self, change: AgentsChanged) {
        self.agents.lock().unwrap().push(change);
    }
}

impl SwitchProbe for Heard {
    fn probe(&self, target: ProbeTarget) -> BoxFuture<'_, ProbeReport> {
        self.probes.lock().unwrap().push(target);
        let report = ProbeReport {
            outcome: ProbeOutcome::Ok,
            detail: String::new(),
            version: None,
        };
        std::future::ready(report).boxed()
    }
}

impl SwitchStatuses for Heard {
    fn status(&self, server: ServerId) -> Option<serde_json::Value> {
        Some(serde_json::json!({ "id": server.to_string() }))
    }
}

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_262_400, 0).unwrap()
    }
}

impl IdGen for Counter {
    fn uuid(&self) -> Uuid {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        Uuid::from_u128((*count).into())
    }

    fn token(&self) -> [u8; 32] {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        std::array::from_fn(|index| (*count).wrapping_mul(31).wrapping_add(index as u8))
    }
}
