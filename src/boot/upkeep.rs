//! The small chores of the process: signs of life, banners, tidying.

use std::time::Duration;

use super::{banners, state::AppState, supervisor::Supervisor};
use crate::ports::{Stage, Tasks as _, task};

/// How often the database is asked for a sign of life.
const DATABASE_CHECK: Duration = Duration::from_secs(10);
/// How often the metrics' histograms are tidied.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);
/// How often ended sessions are removed.
const SESSION_SWEEP: Duration = Duration::from_hours(6);

/// Starts all of them.
pub(super) fn start(supervisor: &Supervisor, state: &AppState) {
    every(
        supervisor,
        "database check",
        DATABASE_CHECK,
        state,
        |state| async move {
            state.check_database().await;
        },
    );
    every(
        supervisor,
        "metrics upkeep",
        METRICS_UPKEEP,
        state,
        |state| async move {
            publish_counters(&state);
            state.metrics.run_upkeep();
        },
    );
    every(
        supervisor,
        "session sweep",
        SESSION_SWEEP,
        state,
        |state| async move {
            match state.sessions.sweep().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "removed ended sessions"),
                Err(error) => tracing::warn!(error = error.chain(), "ended sessions were not removed"),
            }
        },
    );
    start_banners(supervisor, state);
}

/// What the hub counts by itself.
fn publish_counters(state: &AppState) {
    let stats = state.hub.stats();
    metrics::gauge!("cordboard_consoles").set(stats.subscribers as f64);
    metrics::counter!("cordboard_hub_deltas_total").absolute(stats.deltas);
    metrics::counter!("cordboard_hub_lagged_total").absolute(stats.lagged);
}

/// Whatever changes on the health board is on every console at once.
fn start_banners(supervisor: &Supervisor, state: &AppState) {
    let state = state.clone();
    let make = task(move |stop| {
        let state = state.clone();
        async move {
            let mut changes = state.health.subscribe();
            loop {
                changes.mark_unchanged();
                banners::publish(&state.health, &state.hub, state.clock.now());
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    changed = changes.changed() => changed?,
                }
            }
        }
    });
    supervisor.start(Stage::Jobs, "banners".into(), make);
}

/// Runs `work` now and then again and again.
fn every<F, Fut>(supervisor: &Supervisor, name: &str, pause: Duration, state: &AppState, work: F)
where
    F: Fn(AppState) -> Fut + Copy + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let state = state.clone();
    let make = task(move |stop| {
        let state = state.clone();
        async move {
            let mut timer = tokio::time::interval(pause);
            timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    _ = timer.tick() => work(state.clone()).await,
                }
            }
        }
    });
    supervisor.start(Stage::Jobs, name.to_owned(), make);
}
