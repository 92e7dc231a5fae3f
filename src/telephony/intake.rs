//! Call records: posted by the switch, or picked up where it left them when it could not post (`facts.md` §10).
//!
//! A record is answered with 200 only when it is in the ledger; until then the switch keeps it.

use std::{path::Path, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use domain::{
    cdr::{CdrError, CdrLeg},
    ids::{LegId, ServerId},
};
use sea_orm::DatabaseConnection;
use tokio::{sync::oneshot, time::timeout};

use super::{
    nodes::{Node, Nodes},
    plan::Plans,
    pump::{CdrOutcome, Input},
};
use crate::features::calls::ledger::service as ledger;

/// Largest record: 20 kB are usual, a call with hundreds of transfers has some hundred.
const MAX_RECORD: usize = 2 * 1024 * 1024;
/// How long the switch waits for us before it puts the record aside.
const PATIENCE: Duration = Duration::from_secs(8);
/// Records picked up in one go.
const FILES_AT_ONCE: usize = 1_000;

/// What the intake works with.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is described at its type")]
pub struct Intake {
    pub plans: Arc<Plans>,
    pub nodes: Arc<Nodes>,
    pub db: DatabaseConnection,
}

/// Why a record was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is no record.
    #[error("this is no call record: {0}")]
    Unreadable(#[from] CdrError),
    /// It will be taken later.
    #[error("call records cannot be written at the moment")]
    Later,
}

/// `POST /switch/{server}/cdr`: mod_json_cdr, with the credentials of that server.
pub fn routes<S: Clone + Send + Sync + 'static>(state: Intake) -> Router<S> {
    Router::new()
        .route(
            "/switch/{server}/cdr",
            post(post_cdr).layer(DefaultBodyLimit::max(MAX_RECORD)),
        )
        .with_state(state)
}

async fn post_cdr(
    State(intake): State<Intake>,
    UrlPath(server): UrlPath<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let response = intake.answer(&server, &headers, body).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("cordboard_call_records_total", "status" => status).increment(1);
    response
}

impl Intake {
    async fn answer(
        &self,
        server: &str,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Response {
        let refuse = |status: StatusCode, text: String| (status, format!("{text}\n")).into_response();
        let Some((server, served)) = server
            .parse()
            .ok()
            .map(ServerId)
            .and_then(|id| Some((id, self.plans.get(id)?)))
        else {
            return refuse(StatusCode::NOT_FOUND, "no such voice server".into());
        };
        let presented = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        if !served.admits(presented) {
            return refuse(StatusCode::UNAUTHORIZED, "wrong credentials".into());
        }
        let body = match body {
            Ok(body) => body,
            Err(rejection) => return refuse(rejection.status(), "the record is too large or was cut".into()),
        };
        match self.take(server, &body).await {
            Ok(()) => StatusCode::OK.into_response(),
            Err(error @ Refusal::Unreadable(_)) => {
                refuse(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            Err(error @ Refusal::Later) => refuse(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        }
    }

    /// Brings one record into the ledger.
    ///
    /// # Errors
    /// When it is no record, or nothing can be written now.
    pub async fn take(&self, server: ServerId, document: &[u8]) -> Result<(), Refusal> {
        let leg = CdrLeg::from_json(document)?;
        let node = self.nodes.get(server).ok_or(Refusal::Later)?;
        timeout(PATIENCE, self.merge(&node, leg))
            .await
            .unwrap_or(Err(Refusal::Later))
    }

    async fn merge(&self, node: &Node, leg: CdrLeg) -> Result<(), Refusal> {
        if hand(node, leg.clone(), None).await? == CdrOutcome::AskStore {
            let legs: Vec<LegId> = std::iter::once(leg.leg).chain(leg.relatives()).collect();
            let stored = ledger::calls_of_legs(&self.db, &legs).await.map_err(|error| {
                tracing::warn!(error = %error, "the calls of a record could not be read");
                Refusal::Later
            })?;
            hand(node, leg, Some(stored)).await?;
        }
        Ok(())
    }

    /// Picks up the records that the switch put aside. A file is removed once it is in the ledger; one that is no
    /// record is renamed, so that it is looked at once.
    pub async fn collect(&self, node: &Node) -> usize {
        let Some(folder) = node.cdr_spool_dir.as_deref().filter(|folder| !folder.is_empty()) else {
            return 0;
        };
        let Ok(mut entries) = tokio::fs::read_dir(folder).await else {
            return 0;
        };
        let mut taken = 0;
        while let Ok(Some(entry)) = entries.next_entry().await {
            let path = entry.path();
            if !path.to_string_lossy().ends_with(".cdr.json") || taken >= FILES_AT_ONCE {
                continue;
            }
            match self.collect_file(node.server, &path).await {
                Ok(()) => taken += 1,
                Err(Refusal::Later) => break,
                Err(Refusal::Unreadable(error)) => {
                    tracing::warn!(file = %path.display(), error = %error, "not a call record; put aside");
                    let _ = tokio::fs::rename(&path, path.with_extension("unreadable")).await;
                }
            }
        }
        taken
    }

    async fn collect_file(&self, server: ServerId, path: &Path) -> Result<(), Refusal> {
        let document = tokio::fs::read(path).await.map_err(|_| Refusal::Later)?;
        self.take(server, &document).await?;
        tokio::fs::remove_file(path).await.map_err(|_| Refusal::Later)
    }
}

async fn hand(
    node: &Node,
    leg: CdrLeg,
    stored: Option<Vec<domain::book::StoredCall>>,
) -> Result<CdrOutcome, Refusal> {
    let (done, outcome) = oneshot::channel();
    let input = Input::Cdr {
        leg: Box::new(leg),
        stored,
        done,
    };
    node.pump.send(input).await.map_err(|_| Refusal::Later)?;
    outcome.await.map_err(|_| Refusal::Later)
}
