//! The outermost layer: every request has an id, a span, a time limit, and is measured.

use std::time::{Duration, Instant};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use percent_encoding::percent_decode_str;
use tracing::Instrument as _;

use crate::{boot::state::AppState, http::problem::Problem};

/// Carries the id in both directions.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a proxy.
const ID_LIMIT: usize = 64;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// Id of a request: in its log lines, in its audit row, in the `instance` of a problem.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The id of the request that is being served by this task.
pub fn current_id() -> Option<String> {
    CURRENT.try_with(|id| id.0.clone()).ok()
}

/// Gives the request its id and everything that depends on it.
pub async fn frame(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = taken_over(request.headers()).unwrap_or_else(|| state.ids.uuid().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    // The query is not logged: it may hold a phone number.
    let span = tracing::info_span!("request", request.id = %id, method = %request.method(), path = request.uri().path());
    let limit = Duration::from_secs(state.config.server.request_timeout_secs);
    let served = async {
        if has_control_characters(request.uri()) {
            let detail = "The address has characters that are not allowed.";
            return Problem::new(StatusCode::BAD_REQUEST, "http.bad_address", detail).into_response();
        }
        if let Ok(response) = tokio::time::timeout(limit, next.run(request)).await {
            return response;
        }
        tracing::error!(limit_secs = limit.as_secs(), "request took too long");
        let detail = "This took too long; what was begun may still happen.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "http.timeout", detail).into_response()
    };
    let mut response = CURRENT
        .scope(RequestId(id.clone()), served)
        .instrument(span)
        .await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// Counts and times a request by its route; sits inside of routing, where the route's pattern is known.
pub async fn measure(request: Request<Body>, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "unmatched".to_owned());
    let method = request.method().to_string();
    let begun = Instant::now();
    let response = next.run(request).await;
    let elapsed = begun.elapsed();
    let status = response.status();
    metrics::histogram!("cordboard_http_request_seconds", "route" => route.clone())
        .record(elapsed.as_secs_f64());
    let labels = [
        ("route", route),
        ("method", method),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("cordboard_http_requests_total", &labels).increment(1);
    tracing::debug!(
        status = status.as_u16(),
        duration_ms = elapsed.as_millis() as u64,
        "request served"
    );
    response
}

/// A proxy's id is kept when it is harmless, so that one id runs through all logs.
fn taken_over(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    let harmless = id
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    (harmless && (1..=ID_LIMIT).contains(&id.len())).then(|| id.to_owned())
}

fn has_control_characters(uri: &Uri) -> bool {
    let bad = |text: &str| percent_decode_str(text).any(|byte| byte.is_ascii_control());
    bad(uri.path()) || uri.query().is_some_and(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_and_line_ends_in_an_address_are_seen_through_the_encoding() {
        for (uri, bad) in [
            ("/a?q=%00", true),
            ("/a%0d%0ab", true),
            ("/a%20b?q=%E4%BD%A0", false),
        ] {
            assert_eq!(has_control_characters(&uri.parse().expect("uri")), bad, "{uri}");
        }
    }

    #[test]
    fn only_harmless_ids_are_taken_over() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, value.parse().expect("header"));
            taken_over(&headers)
        };
        assert_eq!(with("abc-1.2_3").as_deref(), Some("abc-1.2_3"));
        assert_eq!(with("a b"), None);
        assert_eq!(with(&"x".repeat(65)), None);
    }
}
