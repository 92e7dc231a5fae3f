//! The ledger over HTTP.

use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    dto::{CallDetail, CallsPage, CallsQuery},
    filter::CallsWish,
    reader,
};
use crate::{
    boot::state::AppState,
    error::AppResult,
    http::{
        extract::{Json, Path, Query},
        guard::CallsReader,
        problem::Problem,
    },
};

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_calls))
        .routes(routes!(get_call))
}

/// The calls that one may see, newest first; one of the two permissions is enough.
#[utoipa::path(
    get, path = "/calls", tag = "calls/ledger", params(CallsQuery),
    security(("bearer" = ["calls.view_own", "calls.view_all"])),
    responses((status = 200, body = CallsPage), (status = 422, body = Problem, description = "names the refused field"))
)]
async fn list_calls(
    who: CallsReader,
    State(state): State<AppState>,
    Query(query): Query<CallsQuery>,
) -> AppResult<Json<CallsPage>> {
    let wish = CallsWish::new(&query, state.clock.now())?;
    Ok(Json(reader::list(&state.db, who.scope(), &wish).await?))
}

/// A call with legs, queue visits, time line and recordings; one of the two permissions is enough.
#[utoipa::path(
    get, path = "/calls/{id}", tag = "calls/ledger", params(("id" = Uuid, Path)),
    security(("bearer" = ["calls.view_own", "calls.view_all"])),
    responses((status = 200, body = CallDetail), (status = 404, body = Problem))
)]
async fn get_call(
    who: CallsReader,
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> AppResult<Json<CallDetail>> {
    Ok(Json(reader::get(&state.db, who.scope(), id).await?))
}
