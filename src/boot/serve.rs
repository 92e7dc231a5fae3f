//! `cordboard serve` and `cordboard demo`: everything is put together here, in the order of starting.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;

use super::{
    config::Config,
    demo, ground,
    lifecycle::{Lifecycle, Signals},
    simulator,
    state::{AppState, Ground},
    supervisor::Supervisor,
    telemetry, upkeep, voice,
};
use crate::{
    http,
    ports::{Clock as _, Stage, SystemClock, SystemIds, Tasks as _, task},
};

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
    ground::check_key(&db, &key, clock.now()).await?;
    std::fs::create_dir_all(&config.recordings.dir)
        .with_context(|| format!("recordings.dir {}", config.recordings.dir.display()))?;
    // Bound before anything runs: a port that is taken is the most common reason not to start.
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("server.listen {listen}"))?;
    let address = listener.local_addr()?;

    let name = &config.organisation.time_zone;
    let zone = name
        .parse()
        .with_context(|| format!("organisation.time_zone {name:?}"))?;
    let signals = Signals::catch();
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
    if state.config.demo.enabled {
        prepare_demo(&state, address).await?;
    }

    let fleet = voice::prepare(&state, zone).await?;
    upkeep::start(&supervisor, &state);
    end_sockets(&supervisor, &state);
    let router = http::router::router(state.clone(), voice::switch_routes(&state));
    start_http(&supervisor, listener, address, router);
    // After HTTP, which it asks; before the sessions, so that they find it.
    let simulated = simulator::start(&supervisor, &state, address).await?;
    voice::start(&supervisor, &state, fleet);
    announce(address, is_first_start, simulated.as_deref());
    if state.config.demo.enabled {
        announce_demo(&state).await?;
    }

    lifecycle.run(&supervisor, signals).await;
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

/// For the person at the terminal.
fn announce(address: SocketAddr, is_first_start: bool, simulated: Option<&str>) {
    tracing::info!(%address, "ready");
    println!("Cordboard is ready: http://{address}");
    if let Some(text) = simulated {
        println!("{text}");
    }
    if is_first_start {
        println!("Sign in as admin with the password 123456; you will be asked for a new one.");
    }
}

/// Fills an empty database with the demo.
async fn prepare_demo(state: &AppState, address: SocketAddr) -> anyhow::Result<()> {
    let recordings = simulator::absolute(&state.config.recordings.dir);
    let stage = demo::Stage {
        esl: state.config.simulator.esl_listen,
        // The switch of the demo runs on this machine, whatever we listen on.
        control_url: format!("http://127.0.0.1:{}", address.port()),
        recordings: &recordings,
    };
    let world = demo::World {
        clock: &*state.clock,
        ids: &*state.ids,
    };
    demo::prepare(&state.db, &state.users, &state.voice, &world, &stage)
        .await
        .context("making the demo data")
}

/// How the person at the terminal becomes an agent of the demo.
async fn announce_demo(state: &AppState) -> anyhow::Result<()> {
    if let Some(phone) = demo::find_human_phone(&state.voice).await? {
        println!(
            "To take calls, sign in as agent{number} with the password {account}; extension {number} has the \
             password {password}",
            number = phone.number,
            account = demo::ACCOUNT_PASSWORD,
            password = phone.password,
        );
    }
    Ok(())
}
