//! Gateways over HTTP.

use axum::{extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::dto::{GatewayQuery, GatewayView, SaveGatewayRequest};
use crate::{
    boot::state::AppState,
    error::AppResult,
    http::{
        extract::{Json, Path, Query},
        guard::{
            Require,
            permission::{VoiceGatewaysEdit, VoiceGatewaysView},
        },
        problem::Problem,
    },
    store::pages::Page,
};

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_gateways, create_gateway))
        .routes(routes!(get_gateway, update_gateway, delete_gateway))
}

/// A page of gateways, by name.
#[utoipa::path(
    get, path = "/voice/gateways", tag = "voice/gateways", params(GatewayQuery),
    security(("bearer" = ["voice.gateways.view"])),
    responses((status = 200, body = Page<GatewayView>))
)]
async fn list_gateways(
    _: Require<VoiceGatewaysView>,
    State(state): State<AppState>,
    Query(query): Query<GatewayQuery>,
) -> AppResult<Json<Page<GatewayView>>> {
    Ok(Json(state.voice.list_gateways(query).await?))
}

/// Makes a gateway.
#[utoipa::path(
    post, path = "/voice/gateways", tag = "voice/gateways", request_body = SaveGatewayRequest,
    security(("bearer" = ["voice.gateways.edit"])),
    responses(
        (status = 201, body = GatewayView),
        (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn create_gateway(
    _: Require<VoiceGatewaysEdit>,
    State(state): State<AppState>,
    Json(request): Json<SaveGatewayRequest>,
) -> AppResult<(StatusCode, Json<GatewayView>)> {
    Ok((
        StatusCode::CREATED,
        Json(state.voice.create_gateway(request).await?),
    ))
}

/// One gateway.
#[utoipa::path(
    get, path = "/voice/gateways/{id}", tag = "voice/gateways", params(("id" = i64, Path)),
    security(("bearer" = ["voice.gateways.view"])),
    responses((status = 200, body = GatewayView), (status = 404, body = Problem))
)]
async fn get_gateway(
    _: Require<VoiceGatewaysView>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<Json<GatewayView>> {
    Ok(Json(state.voice.get_gateway(id).await?))
}

/// Changes a gateway; `version` is the one that the edit is based on.
#[utoipa::path(
    put, path = "/voice/gateways/{id}", tag = "voice/gateways", params(("id" = i64, Path)),
    request_body = SaveGatewayRequest,
    security(("bearer" = ["voice.gateways.edit"])),
    responses(
        (status = 200, body = GatewayView),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
    )
)]
async fn update_gateway(
    _: Require<VoiceGatewaysEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
    Json(request): Json<SaveGatewayRequest>,
) -> AppResult<Json<GatewayView>> {
    Ok(Json(state.voice.update_gateway(id, request).await?))
}

/// Deletes a gateway that nothing uses any more.
#[utoipa::path(
    delete, path = "/voice/gateways/{id}", tag = "voice/gateways", params(("id" = i64, Path)),
    security(("bearer" = ["voice.gateways.edit"])),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn delete_gateway(
    _: Require<VoiceGatewaysEdit>,
    State(state): State<AppState>,
    Path(id): Path<i64>,
) -> AppResult<StatusCode> {
    state.voice.delete_gateway(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
