//! `GET /api/v1/ws`: one WebSocket per console.
//!
//! Here: who may open one, how many there are, how all of them end. What is said on it is in [`session`].

mod door;
mod frames;
mod session;

use std::sync::Arc;

use axum::{
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use door::{Admission, Door};
pub use session::Policy;

use super::topic::Topic;
use crate::{
    boot::state::AppState,
    error::{AppError, AppResult},
    http::problem::Problem,
};
use session::Surroundings;

/// What the protocol layer accepts before it gives up on a connection without a word; the limit that is
/// answered properly is [`Policy::frame_bytes`].
const HARD_FRAME_LIMIT: usize = 64 * 1024;

/// All open sockets of this process.
pub struct Sockets {
    policy: Policy,
    limit: u32,
    places: Arc<Semaphore>,
    closing: CancellationToken,
}

impl Sockets {
    /// No socket yet, at most `limit` at a time.
    pub fn new(limit: u32, policy: Policy) -> Self {
        Self {
            policy,
            limit,
            places: Arc::new(Semaphore::new(limit as usize)),
            closing: CancellationToken::new(),
        }
    }

    /// Says goodbye on every socket and waits until all are closed. No new one is taken in from then on.
    pub async fn close_all(&self) {
        self.closing.cancel();
        // Whoever holds all places knows that nobody else holds one.
        let _ = self.places.acquire_many(self.limit).await;
    }

    fn enter(&self) -> AppResult<OwnedSemaphorePermit> {
        if self.closing.is_cancelled() {
            return Err(AppError::unavailable(
                "socket.going_away",
                "The server is stopping.",
            ));
        }
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            metrics::counter!("cordboard_sockets_refused_total").increment(1);
            AppError::unavailable("socket.too_many", "Too many consoles are connected.")
        })
    }
}

/// Addresses of this slice.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(open_socket))
}

/// Opens the live connection. The access token is the first frame on it, never part of the address.
#[utoipa::path(
    get, path = "/ws", tag = "realtime", security(()),
    responses(
        (status = 101, description = "JSON text frames follow"),
        (status = 400, body = Problem, description = "`socket.upgrade_expected`"),
        (status = 403, body = Problem, description = "`socket.foreign_page`"),
        (status = 503, body = Problem, description = "`socket.too_many`, `socket.going_away`")
    )
)]
async fn open_socket(
    State(state): State<AppState>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> AppResult<Response> {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refused) => {
            let problem = Problem::new(
                StatusCode::BAD_REQUEST,
                "socket.upgrade_expected",
                refused.body_text(),
            );
            return Ok(problem.into_response());
        }
    };
    refuse_foreign_pages(&headers, &state.config.server.public_url)?;
    let place = state.sockets.enter()?;
    let response = upgrade
        .max_message_size(HARD_FRAME_LIMIT)
        .max_frame_size(HARD_FRAME_LIMIT)
        .on_upgrade(async move |socket| {
            let sockets = &state.sockets;
            let surroundings = Surroundings {
                door: &*state.guard,
                hub: &state.hub,
                clock: &*state.clock,
                prepare: &|topic| {
                    if let Topic::Seat(user_id) = topic {
                        state.seats.show(*user_id);
                    }
                },
                policy: &sockets.policy,
                closing: &sockets.closing,
            };
            session::converse(socket, surroundings).await;
            drop(place);
        });
    Ok(response)
}

/// Browsers let any page open a socket to us and say in `Origin` which page it is. Programs send none.
fn refuse_foreign_pages(headers: &HeaderMap, public_url: &str) -> AppResult<()> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let text = |value: &header::HeaderValue| value.to_str().ok().map(str::to_owned);
    let origin = text(origin).unwrap_or_default();
    let host = headers.get(header::HOST).and_then(text);
    let is_ours = authority(&origin)
        .is_some_and(|origin| host.is_some_and(|host| host.eq_ignore_ascii_case(&origin)))
        // A proxy may have put its own idea of a host into the request.
        || (!public_url.is_empty() && origin.eq_ignore_ascii_case(public_url.trim_end_matches('/')));
    if is_ours {
        return Ok(());
    }
    Err(AppError::forbidden(
        "socket.foreign_page",
        "Use Cordboard's own pages.",
    ))
}

fn authority(origin: &str) -> Option<String> {
    let uri: Uri = origin.parse().ok()?;
    matches!(uri.scheme_str(), Some("http" | "https"))
        .then(|| uri.authority().map(ToString::to_string))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(origin: Option<&str>, host: &str, public_url: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        refuse_foreign_pages(&headers, public_url).is_err()
    }

    #[test]
    fn only_our_own_pages_and_programs_may_open_a_socket() {
        assert!(!is_refused(None, "cc.example:8088", ""));
        assert!(!is_refused(Some("http://cc.example:8088"), "CC.example:8088", ""));
        assert!(!is_refused(
            Some("https://cc.example"),
            "127.0.0.1:8088",
            "https://cc.example/"
        ));
        for foreign in [
            "http://evil.example",
            "http://cc.example",
            "null",
            "http://cc.example:8088.evil.example",
        ] {
            assert!(is_refused(Some(foreign), "cc.example:8088", ""), "{foreign}");
        }
    }
}
