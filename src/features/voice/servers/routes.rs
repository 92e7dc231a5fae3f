//! Voice servers over HTTP.

use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::dto::{SaveServerRequest, ServerQuery, ServerView};
use crate::{
    boot::state::AppState,
    error::AppResult,
    http::{
        extract::{Json, Path, Query},
        guard::{
            Require,
            permission::{VoiceServersEdit, VoiceServersView},
        },
        problem::Problem,
    },
    ports::ProbeReport,
    store::pages::Page,
};

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_servers, create_server))
        .routes(routes!(get_server, update_server, delete_server))
        .routes(routes!(test_server))
}

/// A page of voice servers, by name.
#[utoipa::path(
    get, path = "/voice/servers", tag = "voice/servers", params(ServerQuery),
    security(("bearer" = ["voice.servers.view"])),
    responses((status = 200, body = Page<ServerView>))
)]
async fn list_servers(
    _: Require<VoiceServersView>,
    State(state): State<AppState>,
    Query(query): Query<ServerQuery>,
) -> AppResult<Json<Page<ServerView>>> {
    Ok(Json(state.voice.list_servers(query).await?))
}

/// Makes a voice server.
#[utoipa::path(
    post, path = "/voice/servers", tag = "voice/servers", request_body = SaveServerRequest,
    security(("bearer" = ["voice.servers.edit"])),
    responses(
        (status = 201, body = ServerView),
        (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn create_server(
    _: Require<VoiceServersEdit>,
    State(state): State<AppState>,
    Json(request): Json<SaveServerRequest>,
) -> AppResult<(StatusCode, Json<ServerView>)> {
    Ok((
        StatusCode::CREATED,
        Json(state.voice.create_server(request).await?),
    ))
}

/// One voice server.
#[utoipa::path(
    get, path = "/voice/servers/{id}", tag = "voice/servers", params(("id" = i64, Path)),
    security(("bearer" = ["voice.servers.view"])),
    responses((status = 200, body = ServerView), (status = 404, body = Problem))
)]
async fn get_server(
    _: Require<VoiceServersView>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<Json<ServerView>> {
    Ok(Json(state.voice.get_server(id).await?))
}

/// Changes a voice server; `version` is the one that the edit is based on.
#[utoipa::path(
    put, path = "/voice/servers/{id}", tag = "voice/servers", params(("id" = i64, Path)),
    request_body = SaveServerRequest,
    security(("bearer" = ["voice.servers.edit"])),
    responses(
        (status = 200, body = ServerView),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn update_server(
    _: Require<VoiceServersEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Json(request): Json<SaveServerRequest>,
) -> AppResult<Json<ServerView>> {
    Ok(Json(state.voice.update_server(id, request).await?))
}

/// Deletes a voice server that nothing uses any more.
#[utoipa::path(
    delete, path = "/voice/servers/{id}", tag = "voice/servers", params(("id" = i64, Path)),
    security(("bearer" = ["voice.servers.edit"])),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn delete_server(
    _: Require<VoiceServersEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<StatusCode> {
    state.voice.delete_server(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tries whether the voice server can be steered with what is stored. Nothing is changed.
#[utoipa::path(
    post, path = "/voice/servers/{id}/test", tag = "voice/servers", params(("id" = i64, Path)),
    security(("bearer" = ["voice.servers.edit"])),
    responses((status = 200, body = ProbeReport), (status = 404, body = Problem))
)]
async fn test_server(
    _: Require<VoiceServersEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<Json<ProbeReport>> {
    Ok(Json(state.voice.test_server(id).await?))
}
