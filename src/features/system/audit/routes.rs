//! The operation log over HTTP.

use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    AuditFilter,
    dto::{AuditQuery, AuditRow},
};
use crate::{
    boot::state::AppState,
    error::AppResult,
    http::{
        extract::{Json, Query},
        guard::{Require, permission::SystemAuditView},
    },
    store::pages::{Page, PageRequest},
};

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// The operation log, newest first.
#[utoipa::path(
    get, path = "/system/audit", tag = "system/audit", params(AuditQuery),
    security(("bearer" = ["system.audit.view"])),
    responses((status = 200, body = Page<AuditRow>))
)]
async fn list_audit(
    _: Require<SystemAuditView>,
    State(state): State<AppState>,
    Query(query): Query<AuditQuery>,
) -> AppResult<Json<Page<AuditRow>>> {
    let page = PageRequest::new(query.page, query.page_size)?;
    let filter = AuditFilter {
        from: query.from,
        to: query.to,
        user_name: query.user_name,
        action: query.action,
        object_kind: query.object_kind,
    };
    Ok(Json(state.audit.list(&filter, page).await?))
}
