//! All voice servers together: a plan and a session each, made anew when the configuration says so.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use chrono_tz::Tz;
use domain::ids::ServerId;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    nodes::Nodes,
    plan_keeper::{PlanKeeper, PlanRows, PlanStore},
    pump::Parts,
    session,
};
use crate::{
    error::AppResult,
    features::voice::{Voice, plan_source::ServerAccess},
    ports::{AgentsChanged, ConfigChanged, ConfigPart, PlanNudge, Stage, TaskResult, Tasks, task},
};

/// Edits that may wait. One that is lost is made good by the next look at everything.
const EDITS: usize = 1_024;
/// How often all plans are made anew, whatever was told.
const LOOK_EVERY: Duration = Duration::from_mins(5);

/// See the module's text.
pub struct Fleet {
    voice: Arc<Voice>,
    keeper: PlanKeeper,
    nodes: Arc<Nodes>,
    parts: Parts,
    tasks: Arc<dyn Tasks>,
    edits: mpsc::Sender<ConfigChanged>,
    received: Mutex<mpsc::Receiver<ConfigChanged>>,
    running: Mutex<HashMap<ServerId, Running>>,
}

struct Running {
    version: i32,
    stop: CancellationToken,
}

impl Fleet {
    /// A fleet at rest.
    pub fn new(
        voice: Arc<Voice>,
        keeper: PlanKeeper,
        nodes: Arc<Nodes>,
        parts: Parts,
        tasks: Arc<dyn Tasks>,
    ) -> Self {
        let (edits, received) = mpsc::channel(EDITS);
        let received = Mutex::new(received);
        Self {
            voice,
            keeper,
            nodes,
            parts,
            tasks,
            edits,
            received,
            running: Mutex::default(),
        }
    }

    /// Puts every plan in force; a switch that asks before gets no answer and falls back on its snapshot.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub async fn load_plans(&self) -> AppResult<()> {
        for access in self.voice.list_server_access().await? {
            self.keeper.refresh(access.server).await?;
        }
        Ok(())
    }

    /// Keeps plans and sessions in step with the configuration until `stop`.
    ///
    /// # Errors
    /// When the configuration cannot be read; the supervisor tries again.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> TaskResult {
        let mut received = self.received.lock().await;
        self.bring_sessions().await?;
        let mut look = tokio::time::interval_at(tokio::time::Instant::now() + LOOK_EVERY, LOOK_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(change) = received.recv() => self.take(change).await?,
                _ = look.tick() => {
                    self.load_plans().await?;
                    self.bring_sessions().await?;
                }
            }
        }
    }

    async fn take(&self, change: ConfigChanged) -> AppResult<()> {
        self.keeper.refresh(change.server).await?;
        if change.part == ConfigPart::Server {
            self.bring_sessions().await?;
        }
        if let Some(node) = self.nodes.get(change.server) {
            node.config_changed(change.part);
        }
        Ok(())
    }

    /// Starts what should run and does not, ends what should not run or runs on old settings.
    async fn bring_sessions(&self) -> AppResult<()> {
        let wanted: Vec<ServerAccess> = self
            .voice
            .list_server_access()
            .await?
            .into_iter()
            .filter(|access| access.is_enabled)
            .collect();
        let mut running = self.running.lock().await;
        let known: BTreeSet<(ServerId, i32)> = wanted
            .iter()
            .map(|access| (access.server, access.version))
            .collect();
        running.retain(|server, session| {
            let stays = known.contains(&(*server, session.version));
            if !stays {
                session.stop.cancel();
            }
            stays
        });
        for access in wanted {
            if running.contains_key(&access.server) {
                continue;
            }
            let (server, version) = (access.server, access.version);
            let (nodes, parts) = (Arc::clone(&self.nodes), self.parts.clone());
            let make =
                task(move |stop| session::run(access.clone(), Arc::clone(&nodes), parts.clone(), stop));
            let stop = self.tasks.start(Stage::Switch, format!("switch {server}"), make);
            running.insert(server, Running { version, stop });
        }
        Ok(())
    }
}

impl PlanNudge for Fleet {
    fn config_changed(&self, change: ConfigChanged) {
        if self.edits.try_send(change).is_err() {
            tracing::warn!(server.id = %change.server, "too many edits at once; this one waits for the next look");
        }
    }

    fn agents_changed(&self, change: AgentsChanged) {
        self.config_changed(ConfigChanged {
            server: change.server,
            part: ConfigPart::Queues,
        });
    }
}

/// The configuration as the keeper of the plans reads it.
pub struct StoredPlans {
    /// Where it is stored.
    pub voice: Arc<Voice>,
    /// Time zone of the organisation.
    pub zone: Tz,
}

impl PlanStore for StoredPlans {
    fn plan_rows(&self, server: ServerId) -> BoxFuture<'_, AppResult<Option<PlanRows>>> {
        Box::pin(async move {
            let all = self.voice.list_server_access().await?;
            let Some(access) = all
                .into_iter()
                .find(|access| access.server == server && access.is_enabled)
            else {
                return Ok(None);
            };
            Ok(Some(PlanRows {
                source: self.voice.load_plan_source(server).await?,
                zone: self.zone,
                snapshot_path: access
                    .snapshot_path
                    .filter(|path| !path.is_empty())
                    .map(PathBuf::from),
            }))
        })
    }
}
