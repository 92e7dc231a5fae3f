//! Every change that is asked for over the API leaves a row in the operation log, whether it succeeded or not.

use std::{collections::HashMap, sync::Arc, time::Instant};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use utoipa::openapi::{OpenApi, path::HttpMethod};

use super::{client, request};
use crate::{
    boot::state::AppState,
    features::system::audit::{self, Outcome, Seen},
};

/// Operation id of each route that changes something, by method and pattern.
#[derive(Clone, Default)]
pub struct Operations(Arc<HashMap<(Method, String), String>>);

impl Operations {
    /// Reads them from the API's description, where each has a unique id.
    pub fn from_openapi(api: &OpenApi) -> Self {
        let mut operations = HashMap::new();
        for (path, item) in &api.paths.paths {
            let by_method = [
                (HttpMethod::Post, &item.post),
                (HttpMethod::Put, &item.put),
                (HttpMethod::Patch, &item.patch),
                (HttpMethod::Delete, &item.delete),
            ];
            for (method, operation) in by_method {
                let id = operation
                    .as_ref()
                    .and_then(|operation| operation.operation_id.clone());
                if let Some(id) = id {
                    operations.insert((to_method(&method), path.clone()), id);
                }
            }
        }
        Self(Arc::new(operations))
    }

    fn find(&self, method: &Method, path: &str) -> Option<&str> {
        self.0.get(&(method.clone(), path.to_owned())).map(String::as_str)
    }
}

fn to_method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        _ => Method::POST,
    }
}

/// Writes the row after the answer is known. A failure to write is counted and logged; the answer stays.
pub async fn record(
    State((state, operations)): State<(AppState, Operations)>,
    request: Request,
    next: Next,
) -> Response {
    let pattern = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let action = pattern.and_then(|pattern| operations.find(request.method(), pattern));
    // Refreshing a token happens all day long and changes nothing that anybody asks about later.
    let Some(action) = action
        .filter(|action| *action != "refresh_token")
        .map(str::to_owned)
    else {
        return next.run(request).await;
    };
    let peer = client::peer(request.extensions().get::<ConnectInfo<_>>());
    let client = client::Client::new(peer, request.headers(), &state.config.server.trusted_proxies);
    let at = state.clock.now();
    let begun = Instant::now();

    let (response, notes) = audit::collect(next.run(request)).await;

    let status = response.status();
    let seen = Seen {
        at,
        ip: client.ip.to_string(),
        user_agent: client.user_agent,
        action,
        outcome: outcome_of(status),
        status: status.as_u16(),
        duration: begun.elapsed(),
        request_id: request::current_id().unwrap_or_default(),
    };
    state.audit.append(seen, notes).await;
    response
}

fn outcome_of(status: StatusCode) -> Outcome {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => Outcome::Denied,
        _ if status.is_client_error() || status.is_server_error() => Outcome::Failed,
        _ => Outcome::Ok,
    }
}
