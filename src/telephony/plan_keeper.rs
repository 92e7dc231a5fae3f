//! Keeps the plans in step with the configuration: read the rows, build, swap, write the snapshot.
//!
//! A reconciler: no input but which server, repeatable, last write wins. Healing the switch afterwards
//! (rescan, agents, access lists) is the session's business.

use std::path::PathBuf;
use std::sync::Arc;

use chrono_tz::Tz;
use domain::ids::ServerId;
use domain::plan::{PlanProblem, PlanSource};
use fsxml::Templates;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use super::media::Media;
use super::plan::{Plans, Served};
use super::snapshot;
use crate::error::{AppError, AppResult};

/// The configuration of one server, as the store has it.
#[derive(Debug)]
pub struct PlanRows {
    /// The rows. Built-in sounds are added here; sounds of the same name in the rows win.
    pub source: PlanSource,
    /// Time zone of the organisation.
    pub zone: Tz,
    /// Where the snapshot goes; absent = no snapshot is written.
    pub snapshot_path: Option<PathBuf>,
}

/// Reads the configuration of a server.
pub trait PlanStore: Send + Sync {
    /// The rows, or nothing if the server is deleted or disabled.
    fn plan_rows(&self, server: ServerId) -> BoxFuture<'_, AppResult<Option<PlanRows>>>;
}

/// What became of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// A new plan is in force; rows that could not be served are listed.
    InForce(Vec<PlanProblem>),
    /// The server is gone, its plan is forgotten.
    Gone,
    /// The server row cannot be served; the plan before stays in force.
    Refused(String),
}

/// Rebuilds plans.
pub struct PlanKeeper {
    store: Arc<dyn PlanStore>,
    plans: Arc<Plans>,
    templates: Arc<Templates>,
    media: Arc<Media>,
    /// One refresh at a time: an older read must not overtake a newer one.
    turn: Mutex<()>,
}

impl PlanKeeper {
    /// A keeper of `plans`.
    pub fn new(
        store: Arc<dyn PlanStore>,
        plans: Arc<Plans>,
        templates: Arc<Templates>,
        media: Arc<Media>,
    ) -> Self {
        Self {
            store,
            plans,
            templates,
            media,
            turn: Mutex::new(()),
        }
    }

    /// Reads the configuration of a server anew and puts it in force. A snapshot that cannot be written is
    /// logged and no error: the switch is served all the same.
    pub async fn refresh(&self, server: ServerId) -> Result<Refreshed, AppError> {
        let _turn = self.turn.lock().await;
        let Some(rows) = self.store.plan_rows(server).await? else {
            self.plans.remove(server);
            return Ok(Refreshed::Gone);
        };
        let mut source = rows.source;
        for (name, url) in self.media.sounds(&source.server.control_url, server.0) {
            source.sounds.entry(name).or_insert(url);
        }
        let (served, problems) = match Served::build(source, rows.zone) {
            Ok(built) => built,
            Err(error) => {
                tracing::error!(server.id = server.0, %error, "the plan of a voice server cannot be built");
                return Ok(Refreshed::Refused(error.to_string()));
            }
        };
        for problem in &problems {
            tracing::warn!(
                server.id = server.0,
                object = problem.object,
                id = problem.id,
                field = problem.field,
                reason = %problem.reason,
                "left out of the plan"
            );
        }
        self.plans.put(server, served);
        if let Some(path) = rows.snapshot_path {
            self.write_snapshot(server, path).await;
        }
        Ok(Refreshed::InForce(problems))
    }

    async fn write_snapshot(&self, server: ServerId, path: PathBuf) {
        let Some(served) = self.plans.get(server) else {
            return;
        };
        let templates = Arc::clone(&self.templates);
        let shown = path.display().to_string();
        let written =
            tokio::task::spawn_blocking(move || snapshot::write(&served.plan, &templates, &path)).await;
        let failure = match written {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        metrics::counter!("cordboard_snapshot_failures_total").increment(1);
        tracing::error!(
            server.id = server.0,
            path = shown,
            error = failure,
            "the snapshot was not written"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use testkit::plans;

    use super::*;

    struct Rows(StdMutex<Option<PlanSource>>, PathBuf);

    impl PlanStore for Rows {
        fn plan_rows(&self, _: ServerId) -> BoxFuture<'_, AppResult<Option<PlanRows>>> {
            let source = self.0.lock().unwrap().clone();
            let snapshot_path = Some(self.1.clone());
            Box::pin(async move {
                Ok(source.map(|source| PlanRows {
                    source,
                    zone: Tz::UTC,
                    snapshot_path,
                }))
            })
        }
    }

    #[tokio::test]
    async fn a_change_is_in_force_and_in_the_snapshot_and_a_bad_one_leaves_the_old_plan() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshot.xml");
        let mut source = plans::small();
        source.sounds.clear();
        let rows = Arc::new(Rows(StdMutex::new(Some(source)), path.clone()));
        let plans = Arc::new(Plans::default());
        let keeper = PlanKeeper::new(
            Arc::clone(&rows) as Arc<dyn PlanStore>,
            Arc::clone(&plans),
            Arc::new(Templates::built_in().unwrap()),
            Arc::new(Media::built_in().unwrap()),
        );
        let id = ServerId(1);

        assert_eq!(keeper.refresh(id).await.unwrap(), Refreshed::InForce(vec![]));
        assert!(
            plans
                .get(id)
                .unwrap()
                .plan
                .queue(1)
                .unwrap()
                .moh_sound
                .contains("/switch/1/media/hold-")
        );
        assert!(
            std::fs::read_to_string(&path)
                .unwrap()
                .contains("<user id=\"103\">")
        );

        rows.0.lock().unwrap().as_mut().unwrap().extensions.remove(2);
        keeper.refresh(id).await.unwrap();
        assert!(plans.get(id).unwrap().plan.extension("103").is_none());
        assert!(
            !std::fs::read_to_string(&path)
                .unwrap()
                .contains("<user id=\"103\">")
        );

        rows.0.lock().unwrap().as_mut().unwrap().server.sip_domain = "a b".to_owned();
        assert!(matches!(keeper.refresh(id).await.unwrap(), Refreshed::Refused(_)));
        assert!(plans.get(id).is_some());

        *rows.0.lock().unwrap() = None;
        assert_eq!(keeper.refresh(id).await.unwrap(), Refreshed::Gone);
        assert!(plans.get(id).is_none());
    }
}
