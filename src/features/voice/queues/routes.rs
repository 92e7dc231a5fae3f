//! Queues over HTTP.

use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::dto::{QueueQuery, QueueView, SaveQueueRequest, SetQueueAgentsRequest};
use crate::{
    boot::state::AppState,
    error::AppResult,
    http::{
        extract::{Json, Path, Query},
        guard::{
            Require,
            permission::{VoiceQueuesEdit, VoiceQueuesView},
        },
        problem::Problem,
    },
    store::pages::Page,
};

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_queues, create_queue))
        .routes(routes!(get_queue, update_queue, delete_queue))
        .routes(routes!(set_queue_agents))
}

/// A page of queues with their agents, by name.
#[utoipa::path(
    get, path = "/voice/queues", tag = "voice/queues", params(QueueQuery),
    security(("bearer" = ["voice.queues.view"])),
    responses((status = 200, body = Page<QueueView>))
)]
async fn list_queues(
    _: Require<VoiceQueuesView>,
    State(state): State<AppState>,
    Query(query): Query<QueueQuery>,
) -> AppResult<Json<Page<QueueView>>> {
    Ok(Json(state.voice.list_queues(query).await?))
}

/// Makes a queue.
#[utoipa::path(
    post, path = "/voice/queues", tag = "voice/queues", request_body = SaveQueueRequest,
    security(("bearer" = ["voice.queues.edit"])),
    responses(
        (status = 201, body = QueueView),
        (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn create_queue(
    _: Require<VoiceQueuesEdit>,
    State(state): State<AppState>,
    Json(request): Json<SaveQueueRequest>,
) -> AppResult<(StatusCode, Json<QueueView>)> {
    Ok((
        StatusCode::CREATED,
        Json(state.voice.create_queue(request).await?),
    ))
}

/// One queue.
#[utoipa::path(
    get, path = "/voice/queues/{id}", tag = "voice/queues", params(("id" = i64, Path)),
    security(("bearer" = ["voice.queues.view"])),
    responses((status = 200, body = QueueView), (status = 404, body = Problem))
)]
async fn get_queue(
    _: Require<VoiceQueuesView>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<Json<QueueView>> {
    Ok(Json(state.voice.get_queue(id).await?))
}

/// Changes a queue; `version` is the one that the edit is based on.
#[utoipa::path(
    put, path = "/voice/queues/{id}", tag = "voice/queues", params(("id" = i64, Path)),
    request_body = SaveQueueRequest,
    security(("bearer" = ["voice.queues.edit"])),
    responses(
        (status = 200, body = QueueView),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn update_queue(
    _: Require<VoiceQueuesEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Json(request): Json<SaveQueueRequest>,
) -> AppResult<Json<QueueView>> {
    Ok(Json(state.voice.update_queue(id, request).await?))
}

/// Deletes a queue that nothing uses any more.
#[utoipa::path(
    delete, path = "/voice/queues/{id}", tag = "voice/queues", params(("id" = i64, Path)),
    security(("bearer" = ["voice.queues.edit"])),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn delete_queue(
    _: Require<VoiceQueuesEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<StatusCode> {
    state.voice.delete_queue(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces the agents of a queue; those who stay are not disturbed.
#[utoipa::path(
    put, path = "/voice/queues/{id}/agents", tag = "voice/queues", params(("id" = i64, Path)),
    request_body = SetQueueAgentsRequest,
    security(("bearer" = ["voice.queues.edit"])),
    responses(
        (status = 200, body = QueueView),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn set_queue_agents(
    _: Require<VoiceQueuesEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Json(request): Json<SetQueueAgentsRequest>,
) -> AppResult<Json<QueueView>> {
    Ok(Json(state.voice.set_queue_agents(id, request).await?))
}
