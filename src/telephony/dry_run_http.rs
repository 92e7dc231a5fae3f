//! The dry run: which rule would take a call, and what the switch would be told. Nothing is dialled.
//!
//! It asks the plan in force, the same that answers the switch.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::ids::ServerId;
use domain::phone;
use domain::plan::RouteContext;
use domain::routing::{CallRequest, Marks};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::documents;
use crate::{
    boot::state::AppState,
    error::{AppError, AppResult},
    http::{
        extract::Json,
        guard::{Require, permission::VoiceRoutesView},
        problem::Problem,
    },
};

/// Addresses of the dry run.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(dry_run_route))
}

/// A call that nobody makes.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DryRunRequest {
    /// Voice server.
    pub server_id: i64,
    /// Where the call comes from.
    pub context: DryRunContext,
    /// Who calls; from inside: the number of the extension.
    #[serde(default)]
    pub caller_number: String,
    /// The number called.
    pub number: String,
    /// When; absent: now.
    pub at: Option<DateTime<Utc>>,
}

/// Where a call comes from.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DryRunContext {
    /// From a phone of ours.
    Internal,
    /// Through a gateway.
    Inbound,
}

/// What would happen.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunView {
    /// The rule that takes the call; absent: the call is refused with 404.
    pub matched_route_id: Option<i64>,
    /// Rule by rule in the order in which they are tried.
    pub steps: Vec<DryRunStep>,
    /// What the switch does, one line an action.
    pub actions: Vec<String>,
    /// What the switch is served.
    pub xml: String,
}

/// What became of one rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunStep {
    /// The rule.
    pub route_id: i64,
    /// Its name.
    pub name: String,
    /// Whether it took the call.
    pub matched: bool,
    /// Why, as a stable code: `matched`, `pattern`, `other_context`, `hours`, `not_reached`, …
    pub reason: &'static str,
}

/// Which rule would take a call, and what the switch would be told.
#[utoipa::path(
    post, path = "/voice/routes/dry-run", tag = "voice/routes", request_body = DryRunRequest,
    security(("bearer" = ["voice.routes.view"])),
    responses(
        (status = 200, body = DryRunView),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
async fn dry_run_route(
    _: Require<VoiceRoutesView>,
    State(state): State<AppState>,
    Json(request): Json<DryRunRequest>,
) -> AppResult<Json<DryRunView>> {
    let served = state
        .plans
        .get(ServerId(request.server_id))
        .ok_or_else(|| AppError::not_found("voice server"))?;
    let destination = phone::normalise_dialled(&request.number)
        .ok_or_else(|| AppError::invalid_field("/number", "voice.not_dialable", "This cannot be dialed."))?;
    let caller = request.caller_number.trim().to_owned();
    let context = match request.context {
        DryRunContext::Internal => RouteContext::Internal,
        DryRunContext::Inbound => RouteContext::Inbound,
    };
    let call = CallRequest {
        context,
        extension: (context == RouteContext::Internal && !caller.is_empty()).then(|| caller.clone()),
        caller_number: caller,
        destination,
        gateway: None,
        marks: Marks::default(),
        at: served.local(request.at.unwrap_or_else(|| state.clock.now())),
    };
    let run = documents::dry_run(&served.plan, &state.templates, &call).map_err(AppError::internal)?;
    let steps = run.steps.into_iter().map(|step| DryRunStep {
        route_id: step.route_id,
        name: step.name,
        matched: step.matched,
        reason: step.reason.code(),
    });
    Ok(Json(DryRunView {
        matched_route_id: run.matched_route_id,
        steps: steps.collect(),
        actions: run.actions,
        xml: run.xml,
    }))
}
