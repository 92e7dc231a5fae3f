//! Extensions over HTTP.

use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::dto::{ExtensionQuery, ExtensionView, SaveExtensionRequest};
use crate::{
    boot::state::AppState,
    error::AppResult,
    http::{
        extract::{Json, Path, Query},
        guard::{
            Require,
            permission::{VoiceExtensionsEdit, VoiceExtensionsView},
        },
        problem::Problem,
    },
    store::pages::Page,
};

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_extensions, create_extension))
        .routes(routes!(get_extension, update_extension, delete_extension))
}

/// A page of extensions, by number.
#[utoipa::path(
    get, path = "/voice/extensions", tag = "voice/extensions", params(ExtensionQuery),
    security(("bearer" = ["voice.extensions.view"])),
    responses((status = 200, body = Page<ExtensionView>))
)]
async fn list_extensions(
    _: Require<VoiceExtensionsView>,
    State(state): State<AppState>,
    Query(query): Query<ExtensionQuery>,
) -> AppResult<Json<Page<ExtensionView>>> {
    Ok(Json(state.voice.list_extensions(query).await?))
}

/// Makes an extension.
#[utoipa::path(
    post, path = "/voice/extensions", tag = "voice/extensions", request_body = SaveExtensionRequest,
    security(("bearer" = ["voice.extensions.edit"])),
    responses(
        (status = 201, body = ExtensionView),
        (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn create_extension(
    _: Require<VoiceExtensionsEdit>,
    State(state): State<AppState>,
    Json(request): Json<SaveExtensionRequest>,
) -> AppResult<(StatusCode, Json<ExtensionView>)> {
    Ok((
        StatusCode::CREATED,
        Json(state.voice.create_extension(request).await?),
    ))
}

/// One extension.
#[utoipa::path(
    get, path = "/voice/extensions/{id}", tag = "voice/extensions", params(("id" = i64, Path)),
    security(("bearer" = ["voice.extensions.view"])),
    responses((status = 200, body = ExtensionView), (status = 404, body = Problem))
)]
async fn get_extension(
    _: Require<VoiceExtensionsView>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<Json<ExtensionView>> {
    Ok(Json(state.voice.get_extension(id).await?))
}

/// Changes an extension; `version` is the one that the edit is based on.
#[utoipa::path(
    put, path = "/voice/extensions/{id}", tag = "voice/extensions", params(("id" = i64, Path)),
    request_body = SaveExtensionRequest,
    security(("bearer" = ["voice.extensions.edit"])),
    responses(
        (status = 200, body = ExtensionView),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn update_extension(
    _: Require<VoiceExtensionsEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Json(request): Json<SaveExtensionRequest>,
) -> AppResult<Json<ExtensionView>> {
    Ok(Json(state.voice.update_extension(id, request).await?))
}

/// Deletes an extension that nothing uses any more.
#[utoipa::path(
    delete, path = "/voice/extensions/{id}", tag = "voice/extensions", params(("id" = i64, Path)),
    security(("bearer" = ["voice.extensions.edit"])),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn delete_extension(
    _: Require<VoiceExtensionsEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<StatusCode> {
    state.voice.delete_extension(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
