//! Putting the telephony side together: plans, sessions, and the addresses that the switches call.

use std::{sync::Arc, time::Duration};

use axum::Router;
use chrono_tz::Tz;

use super::{state::AppState, supervisor::Supervisor};
use crate::{
    error::AppResult,
    ports::{Stage, Tasks as _, task},
    telephony::{
        documents_http::{self, SwitchFacing},
        fleet::{Fleet, StoredPlans},
        intake::{self, Intake},
        plan_keeper::PlanKeeper,
        pump::Parts,
    },
};

/// How often records are picked up that a switch could not post.
const COLLECT_EVERY: Duration = Duration::from_mins(1);

/// The addresses that the switches call.
pub fn switch_routes(state: &AppState) -> Router<AppState> {
    documents_http::routes(SwitchFacing {
        plans: Arc::clone(&state.plans),
        templates: Arc::clone(&state.templates),
        media: Arc::clone(&state.media),
        clock: Arc::clone(&state.clock),
    })
    .merge(intake::routes(intake(state)))
}

fn intake(state: &AppState) -> Intake {
    Intake {
        plans: Arc::clone(&state.plans),
        nodes: Arc::clone(&state.nodes),
        db: state.db.clone(),
    }
}

/// Puts the plans in force and takes the seats back. Sessions are not started yet.
///
/// # Errors
/// When the configuration cannot be read.
pub async fn prepare(state: &AppState, zone: Tz) -> AppResult<Arc<Fleet>> {
    let store = StoredPlans {
        voice: Arc::clone(&state.voice),
        zone,
    };
    let keeper = PlanKeeper::new(
        Arc::new(store),
        Arc::clone(&state.plans),
        Arc::clone(&state.templates),
        Arc::clone(&state.media),
    );
    let parts = Parts {
        db: state.db.clone(),
        clock: Arc::clone(&state.clock),
        ids: Arc::clone(&state.ids),
        health: state.health.clone(),
        hub: state.hub.clone(),
        plans: Arc::clone(&state.plans),
        seats: Arc::clone(&state.seats),
    };
    let fleet = Arc::new(Fleet::new(
        Arc::clone(&state.voice),
        keeper,
        Arc::clone(&state.nodes),
        parts,
        Arc::clone(&state.tasks),
    ));
    state.nudges.attach(fleet.clone());
    state.seats.load().await?;
    fleet.load_plans().await?;
    Ok(fleet)
}

/// Starts the sessions and the collection of left records.
pub fn start(supervisor: &Supervisor, state: &AppState, fleet: Arc<Fleet>) {
    let make = task(move |stop| Arc::clone(&fleet).run(stop));
    supervisor.start(Stage::Jobs, "voice servers".into(), make);

    let intake = intake(state);
    let make = task(move |stop| {
        let intake = intake.clone();
        async move {
            let mut tick = tokio::time::interval(COLLECT_EVERY);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    _ = tick.tick() => {
                        for node in intake.nodes.all() {
                            let count = intake.collect(&node).await;
                            if count > 0 {
                                tracing::info!(server.id = %node.server, count, "picked up call records");
                            }
                        }
                    }
                }
            }
        }
    });
    supervisor.start(Stage::Jobs, "call records".into(), make);
}
