//! For those who watch the process: `/healthz`, `/readyz`, `/metrics`.

use std::net::SocketAddr;

use axum::{
    Extension, Json,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::{layers::client, problem::Problem};
use crate::{boot::state::AppState, ports::PartStatus};

/// The process is up; nothing else is asked.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Whether requests should be sent here, and each part with its reason. A voice server that is away does not make
/// us unready: everything else still works, and the console says what does not.
pub async fn readyz(State(state): State<AppState>) -> Response {
    state.check_database().await;
    let parts: Vec<Value> = state
        .health
        .parts()
        .into_iter()
        .map(|part| {
            let (status, code, detail) = match part.status {
                PartStatus::Ok => ("ok", None, None),
                PartStatus::Degraded { code, detail } => ("degraded", Some(code), Some(detail)),
                PartStatus::Down { code, detail } => ("down", Some(code), Some(detail)),
            };
            json!({ "part": part.name, "status": status, "code": code, "detail": detail, "since": part.since })
        })
        .collect();
    let ready = state.health.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({ "ready": ready, "version": env!("CARGO_PKG_VERSION"), "parts": parts })),
    )
        .into_response()
}

/// Metrics for Prometheus: to the loopback, or to whoever has the configured token.
pub async fn metrics(
    State(state): State<AppState>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Response {
    if !may_see_metrics(&state, peer.as_deref(), &headers) {
        // As if it did not exist: an outsider has no business to know.
        return Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such page.").into_response();
    }
    let text = state.metrics.render();
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response()
}

fn may_see_metrics(state: &AppState, peer: Option<&ConnectInfo<SocketAddr>>, headers: &HeaderMap) -> bool {
    let token = state.config.metrics.token.expose();
    if token.is_empty() {
        // What a proxy on this machine forwards comes from the loopback too, but is marked.
        let forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
        return client::peer(peer).is_loopback() && !forwarded;
    }
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let given = given.strip_prefix("Bearer ").unwrap_or("");
    given.as_bytes().ct_eq(token.as_bytes()).into()
}
