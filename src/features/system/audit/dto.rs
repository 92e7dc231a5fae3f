//! Wire types of the operation log.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// One row of the operation log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditRow {
    /// Key.
    pub id: Uuid,
    /// When the request came.
    pub at: DateTime<Utc>,
    /// Who; absent when nobody was signed in.
    pub user_id: Option<i64>,
    /// Sign-in name, as known or as typed.
    pub user_name: String,
    /// Address.
    pub ip: String,
    /// Browser.
    pub user_agent: String,
    /// Operation id, for example `update_queue`.
    pub action: String,
    /// What kind of thing.
    pub object_kind: String,
    /// Which one.
    pub object_id: Option<String>,
    /// The thing before, secrets masked.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// The thing after, secrets masked.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// `ok`, `denied` or `failed`.
    pub result: String,
    /// HTTP status.
    pub status: i32,
    /// Until the answer.
    pub duration_ms: i64,
    /// As in the server's log.
    pub request_id: String,
}

/// Filter and page.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
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
    /// From 1.
    pub page: Option<u32>,
    /// Rows on a page.
    pub page_size: Option<u32>,
}
