//! The toolbar over HTTP. Every answer is the seat as it is known now; what a command does is told by topic `seat`.

use axum::{extract::State, http::HeaderMap, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::dto::{DialRequest, NotReadyRequest, SeatLoginRequest, SeatView};
use crate::{
    boot::state::AppState,
    error::{AppError, AppResult},
    http::{
        extract::Json,
        guard::{Require, permission::DeskUse},
    },
};

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_seat))
        .routes(routes!(login_seat))
        .routes(routes!(logout_seat))
        .routes(routes!(make_ready))
        .routes(routes!(make_not_ready))
        .routes(routes!(answer_call))
        .routes(routes!(hang_up_call))
        .routes(routes!(hold_call))
        .routes(routes!(retrieve_call))
        .routes(routes!(dial_number))
}

/// The own seat.
#[utoipa::path(get, path = "/desk/seat", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    responses((status = 200, body = SeatView)))]
async fn get_seat(me: Require<DeskUse>, State(state): State<AppState>) -> Json<SeatView> {
    Json(state.seats.view(me.user_id))
}

/// Sign in to an extension.
#[utoipa::path(post, path = "/desk/seat/login", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    request_body = SeatLoginRequest, responses((status = 200, body = SeatView)))]
async fn login_seat(
    me: Require<DeskUse>,
    State(state): State<AppState>,
    Json(request): Json<SeatLoginRequest>,
) -> AppResult<Json<SeatView>> {
    let person = (me.user_id, me.full_name.as_str());
    let view = state
        .seats
        .sign_in(person, request.extension.trim(), &request.password, request.phone)
        .await?;
    Ok(Json(view))
}

/// Sign out of the extension.
#[utoipa::path(post, path = "/desk/seat/logout", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    responses((status = 200, body = SeatView)))]
async fn logout_seat(me: Require<DeskUse>, State(state): State<AppState>) -> AppResult<Json<SeatView>> {
    Ok(Json(state.seats.sign_out(me.user_id, "sign_out").await?))
}

/// Ready for calls of the queues.
#[utoipa::path(post, path = "/desk/seat/ready", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    responses((status = 200, body = SeatView)))]
async fn make_ready(me: Require<DeskUse>, State(state): State<AppState>) -> AppResult<Json<SeatView>> {
    Ok(Json(state.seats.ready(me.user_id).await?))
}

/// Not ready, with a reason.
#[utoipa::path(post, path = "/desk/seat/not-ready", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    request_body = NotReadyRequest, responses((status = 200, body = SeatView)))]
async fn make_not_ready(
    me: Require<DeskUse>,
    State(state): State<AppState>,
    Json(request): Json<NotReadyRequest>,
) -> AppResult<Json<SeatView>> {
    Ok(Json(state.seats.not_ready(me.user_id, request.reason).await?))
}

/// Ask the phone to pick up.
#[utoipa::path(post, path = "/desk/seat/answer", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    responses((status = 202, body = SeatView)))]
async fn answer_call(
    me: Require<DeskUse>,
    State(state): State<AppState>,
) -> AppResult<(StatusCode, Json<SeatView>)> {
    Ok((StatusCode::ACCEPTED, Json(state.seats.answer(me.user_id).await?)))
}

/// Hang up, refuse or take back the call.
#[utoipa::path(post, path = "/desk/seat/hangup", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    responses((status = 202, body = SeatView)))]
async fn hang_up_call(
    me: Require<DeskUse>,
    State(state): State<AppState>,
) -> AppResult<(StatusCode, Json<SeatView>)> {
    Ok((StatusCode::ACCEPTED, Json(state.seats.hang_up(me.user_id).await?)))
}

/// Put the other party on hold.
#[utoipa::path(post, path = "/desk/seat/hold", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    responses((status = 202, body = SeatView)))]
async fn hold_call(
    me: Require<DeskUse>,
    State(state): State<AppState>,
) -> AppResult<(StatusCode, Json<SeatView>)> {
    Ok((StatusCode::ACCEPTED, Json(state.seats.hold(me.user_id).await?)))
}

/// Take the other party back.
#[utoipa::path(post, path = "/desk/seat/retrieve", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    responses((status = 202, body = SeatView)))]
async fn retrieve_call(
    me: Require<DeskUse>,
    State(state): State<AppState>,
) -> AppResult<(StatusCode, Json<SeatView>)> {
    Ok((
        StatusCode::ACCEPTED,
        Json(state.seats.retrieve(me.user_id).await?),
    ))
}

/// Call a number.
#[utoipa::path(post, path = "/desk/seat/dial", tag = "desk/seats", security(("bearer" = ["desk.use"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key is the same call, at most 128 characters")),
    request_body = DialRequest, responses((status = 202, body = SeatView)))]
async fn dial_number(
    me: Require<DeskUse>,
    State(state): State<AppState>,
    headers: HeaderMap,
    Json(request): Json<DialRequest>,
) -> AppResult<(StatusCode, Json<SeatView>)> {
    let key = headers
        .get("idempotency-key")
        .map(|value| value.to_str().unwrap_or_default());
    if key.is_some_and(|key| key.is_empty() || key.len() > 128) {
        return Err(AppError::invalid_field(
            "/Idempotency-Key",
            "length",
            "The key has 1 to 128 visible characters.",
        ));
    }
    Ok((
        StatusCode::ACCEPTED,
        Json(state.seats.dial(me.user_id, &request.number, key).await?),
    ))
}
