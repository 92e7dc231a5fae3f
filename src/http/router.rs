//! The route table, in reading order. Whoever looks for an address begins here.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tower_http::compression::{
    CompressionLayer,
    predicate::{DefaultPredicate, NotForContentType, Predicate as _},
};
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_axum::router::OpenApiRouter;

use super::{
    console, health,
    layers::{self, audit::Operations},
    openapi::{self, ApiDoc},
    problem::Problem,
};
use crate::{boot::state::AppState, features, realtime, telephony};

/// Everything under `/api/v1`: called by the console and by other programs, with an access token.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        // Signing in, staying signed in, who am I. Called by the console's shell.
        .merge(features::system::sessions::routes::routes())
        // The ledger of calls. Called by the console's history and by reports of others.
        .merge(features::calls::ledger::routes::routes())
        // Listening. Called by the console's player.
        .merge(features::calls::recordings::routes::routes())
        // The operation log. Called by the console's system pages.
        .merge(features::system::audit::routes::routes())
        // The live connection. Called by every open console.
        .merge(realtime::socket::routes())
        // The toolbar. Called by agents' consoles.
        .merge(features::desk::seats::routes::routes())
        // What the voice servers are told. Called by the console's voice pages.
        .merge(features::voice::servers::routes::routes())
        .merge(features::voice::gateways::routes::routes())
        .merge(features::voice::extensions::routes::routes())
        .merge(features::voice::queues::routes::routes())
        .merge(features::voice::routes::routes::routes())
        .merge(telephony::dry_run_http::routes())
}

/// The API and its description.
fn described_api() -> (Router<AppState>, OpenApi) {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .nest("/api/v1", api())
        .split_for_parts()
}

/// The API's description, without a running application.
pub fn description() -> OpenApi {
    described_api().1
}

/// The whole application. `switch` holds the addresses that the voice servers call.
pub fn router(state: AppState, switch: Router<AppState>) -> Router {
    let (api, description) = described_api();
    let operations = Operations::from_openapi(&description);
    let description: Arc<str> = openapi::to_json(&description).unwrap_or_default().into();
    let body_limit = state.config.server.body_limit_kib * 1024;

    let api = api
        // Read by programs that make clients.
        .route(
            "/api/v1/openapi.json",
            get(async move || {
                (
                    [(header::CONTENT_TYPE, "application/json")],
                    description.to_string(),
                )
            }),
        )
        .route_layer(from_fn_with_state(
            (state.clone(), operations),
            layers::audit::record,
        ))
        .layer(DefaultBodyLimit::max(body_limit));

    Router::new()
        .merge(api)
        // Under /switch: called by the voice servers, with credentials of their own.
        .merge(switch)
        // Called by service managers, load balancers, Prometheus.
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .method_not_allowed_fallback(method_not_allowed)
        // Everything else is a page of the console. Called by browsers.
        .fallback(unmatched)
        .layer(from_fn(layers::request::measure))
        .layer(compression())
        .layer(from_fn_with_state(state.clone(), layers::headers::add))
        .layer(from_fn_with_state(state.clone(), layers::request::frame))
        .with_state(state)
}

/// Texts are worth it; sound is not.
fn compression() -> CompressionLayer<impl tower_http::compression::predicate::Predicate> {
    let worth_it = DefaultPredicate::new().and(NotForContentType::const_new("audio/"));
    CompressionLayer::new().compress_when(worth_it)
}

async fn unmatched(request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") || path.starts_with("/switch/") {
        return Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such address.").into_response();
    }
    console::serve(request.method(), request.uri(), request.headers())
}

async fn method_not_allowed() -> Response {
    let detail = "This address does not know this method.";
    let mut response =
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "http.method_not_allowed", detail).into_response();
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
