//! Appending to and reading the operation log.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use entity::audit::Model;
use sea_orm::DatabaseConnection;

use super::{dto::AuditRow, notes::Notes, repo};
use crate::{
    error::AppResult,
    ports::IdGen,
    store::pages::{Page, PageRequest},
};

/// The log waits no longer for the database than this; the person waits for the answer meanwhile.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Carried out.
    Ok,
    /// Not allowed.
    Denied,
    /// Refused or broken.
    Failed,
}

impl Outcome {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// What the HTTP side knows about a request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When it came.
    pub at: DateTime<Utc>,
    /// From which address.
    pub ip: String,
    /// By which browser.
    pub user_agent: String,
    /// Operation id, for example `update_queue`.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status.
    pub status: u16,
    /// Until the answer.
    pub duration: Duration,
    /// As in the logs.
    pub request_id: String,
}

/// Which rows are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
    /// Part of the user name.
    pub user_name: Option<String>,
    /// Operation id.
    pub action: Option<String>,
    /// Kind of thing.
    pub object_kind: Option<String>,
}

/// The operation log.
pub struct Audit {
    db: DatabaseConnection,
    ids: Arc<dyn IdGen>,
}

impl Audit {
    /// The log in this database.
    pub fn new(db: DatabaseConnection, ids: Arc<dyn IdGen>) -> Self {
        Self { db, ids }
    }

    /// Appends a row. What cannot be written is counted, and logged without the before and after.
    pub async fn append(&self, seen: Seen, notes: Notes) {
        let action = seen.action.clone();
        let user_id = notes.user_id;
        let written =
            tokio::time::timeout(PATIENCE, repo::insert(&self.db, self.ids.uuid(), seen, notes)).await;
        let problem = match written {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database did not answer in time".to_owned(),
        };
        metrics::counter!("cordboard_audit_lost_total").increment(1);
        tracing::error!(action, user_id, error = problem, "an audit row was not written");
    }

    /// A page of the log, newest first.
    pub async fn list(&self, filter: &AuditFilter, page: PageRequest) -> AppResult<Page<AuditRow>> {
        Ok(repo::list(&self.db, filter, page).await?.map(AuditRow::from))
    }
}

impl From<Model> for AuditRow {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            at: row.at,
            user_id: row.user_id,
            user_name: row.user_name,
            ip: row.ip,
            user_agent: row.user_agent,
            action: row.action,
            object_kind: row.object_kind,
            object_id: row.object_id,
            before: row.before,
            after: row.after,
            result: row.result,
            status: row.status,
            duration_ms: row.duration_ms,
            request_id: row.request_id,
        }
    }
}
