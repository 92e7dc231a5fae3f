//! Routing rules over HTTP.

use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::dto::{RouteQuery, RouteView, SaveRouteRequest};
use crate::{
    boot::state::AppState,
    error::AppResult,
    http::{
        extract::{Json, Path, Query},
        guard::{
            Require,
            permission::{VoiceRoutesEdit, VoiceRoutesView},
        },
        problem::Problem,
    },
    store::pages::Page,
};

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_routes, create_route))
        .routes(routes!(get_route, update_route, delete_route))
}

/// A page of routing rules in the order in which they are tried.
#[utoipa::path(
    get, path = "/voice/routes", tag = "voice/routes", params(RouteQuery),
    security(("bearer" = ["voice.routes.view"])),
    responses((status = 200, body = Page<RouteView>))
)]
async fn list_routes(
    _: Require<VoiceRoutesView>,
    State(state): State<AppState>,
    Query(query): Query<RouteQuery>,
) -> AppResult<Json<Page<RouteView>>> {
    Ok(Json(state.voice.list_routes(query).await?))
}

/// Makes a routing rule.
#[utoipa::path(
    post, path = "/voice/routes", tag = "voice/routes", request_body = SaveRouteRequest,
    security(("bearer" = ["voice.routes.edit"])),
    responses(
        (status = 201, body = RouteView),
        (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn create_route(
    _: Require<VoiceRoutesEdit>,
    State(state): State<AppState>,
    Json(request): Json<SaveRouteRequest>,
) -> AppResult<(StatusCode, Json<RouteView>)> {
    Ok((
        StatusCode::CREATED,
        Json(state.voice.create_route(request).await?),
    ))
}

/// One routing rule.
#[utoipa::path(
    get, path = "/voice/routes/{id}", tag = "voice/routes", params(("id" = i64, Path)),
    security(("bearer" = ["voice.routes.view"])),
    responses((status = 200, body = RouteView), (status = 404, body = Problem))
)]
async fn get_route(
    _: Require<VoiceRoutesView>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<Json<RouteView>> {
    Ok(Json(state.voice.get_route(id).await?))
}

/// Changes a routing rule; `version` is the one that the edit is based on.
#[utoipa::path(
    put, path = "/voice/routes/{id}", tag = "voice/routes", params(("id" = i64, Path)),
    request_body = SaveRouteRequest,
    security(("bearer" = ["voice.routes.edit"])),
    responses(
        (status = 200, body = RouteView),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn update_route(
    _: Require<VoiceRoutesEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Json(request): Json<SaveRouteRequest>,
) -> AppResult<Json<RouteView>> {
    Ok(Json(state.voice.update_route(id, request).await?))
}

/// Deletes a routing rule.
#[utoipa::path(
    delete, path = "/voice/routes/{id}", tag = "voice/routes", params(("id" = i64, Path)),
    security(("bearer" = ["voice.routes.edit"])),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn delete_route(
    _: Require<VoiceRoutesEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<StatusCode> {
    state.voice.delete_route(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
