//! `cordboard serve` and `cordboard demo`: everything is put together here, in the order of starting.

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;

use super::{
    config::Config,
    ground,
    lifecycle::Lifecycle,
    state::{AppState, Ground},
    supervisor::Supervisor,
    telemetry,
};
use crate::{
    http,
    ports::{Stage, SystemClock, SystemIds, Tasks as _, task},
};

/// How often the database is asked for a sign of life.
const DATABASE_CHECK: Duration = Duration::from_secs(10);
/// How often the metrics' histograms are tidied.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);
/// How often ended sessions are removed.
const SESSION_SWEEP: Duration = Duration::from_hours(6);

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::start_logging(&config.log)?;
    let metrics = telemetry::start_metrics()?;
    tracing::debug!(config = config.to_redacted_toml(), "settings");

    let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
    let (key, key_is_new) = ground::open_key(&config, &*ids)?;
    if key_is_new {
        let file = config.secrets.key_file.display();
        tracing::warn!(%file, "made a new secret key; keep a copy of it outside of this machine");
    }
    let db = ground::open_database(&config.database).await?;
    ground::prepare_tables(&config, &db).await?;
    std::fs::create_dir_all(&config.recordings.dir)
        .with_context(|| format!("recordings.dir {}", config.recordings.dir.display()))?;
    // Bound before anything runs: a port that is taken is the most common reason not to start.
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("server.listen {listen}"))?;
    let address = listener.local_addr()?;

    let lifecycle = Arc::new(Lifecycle::new());
    let supervisor = Arc::new(Supervisor::new(Arc::clone(&lifecycle), clock.clone()));
    let config = Arc::new(config);
    let state = AppState::new(Ground {
        config,
        clock,
        ids,
        tasks: supervisor.clone(),
        db: db.clone(),
        key,
        metrics,
    })?;
    let is_first_start = state.users.ensure_first_account().await?;
    state.check_database().await;

    start_upkeep(&supervisor, &state);
    end_sockets(&supervisor, &state);
    start_http(&supervisor, listener, address, http::router::router(state));
    announce(address, is_first_start);

    lifecycle.run(&supervisor).await;
    if let Err(error) = db.close().await {
        tracing::warn!(%error, "the database did not close cleanly");
    }
    tracing::info!("stopped");
    Ok(lifecycle.exit_code())
}

fn start_http(supervisor: &Supervisor, listener: TcpListener, address: SocketAddr, router: Router) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut first = Some(listener);
    let make = task(move |stop| {
        let (service, bound) = (service.clone(), first.take());
        async move {
            let listener = match bound {
                Some(listener) => listener,
                None => TcpListener::bind(address).await?,
            };
            axum::serve(listener, service)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await?;
            Ok(())
        }
    });
    supervisor.start(Stage::Http, "http".into(), make);
}

fn start_upkeep(supervisor: &Supervisor, state: &AppState) {
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
}

/// Consoles are told that we go away once no new request is taken.
fn end_sockets(supervisor: &Supervisor, state: &AppState) {
    let sockets = Arc::clone(&state.sockets);
    let make = task(move |stop| {
        let sockets = Arc::clone(&sockets);
        async move {
            stop.cancelled().await;
            sockets.close_all().await;
            Ok(())
        }
    });
    supervisor.start(Stage::Sockets, "sockets".into(), make);
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

/// For the person at the terminal.
fn announce(address: SocketAddr, is_first_start: bool) {
    tracing::info!(%address, "ready");
    println!("Cordboard is ready: http://{address}");
    if is_first_start {
        println!("Sign in as admin with the password 123456; you will be asked for a new one.");
    }
}
