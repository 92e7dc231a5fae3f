//! The built-in switch: taken when no voice server answers, so that a fresh installation has somebody to talk to.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use switch_sim::{GeneratorConfig, HttpTarget, PhoneConfig, Pickup, Secret, SimConfig, SwitchSim, XmlSource};
use tokio::{net::TcpStream, time::timeout};

use super::{
    config::{SimulatorConfig, SimulatorMode},
    state::AppState,
    supervisor::Supervisor,
};
use crate::{
    error::AppResult,
    features::voice::plan_source::{Phone, ServerAccess},
    ports::{Health as _, PartStatus, Stage, Tasks as _, task},
};

/// How long a voice server may take to accept a connection before it counts as absent.
const KNOCK: Duration = Duration::from_secs(1);
/// How long the simulator waits for our answer, as mod_xml_curl should be told to.
const HTTP_PATIENCE: Duration = Duration::from_secs(5);
/// Name on the health board.
const PART: &str = "simulator";

/// Starts the simulator if it is wanted; returns what to tell the person at the terminal. `address` is where our own
/// HTTP listens.
///
/// # Errors
/// When the configured voice servers cannot be read.
pub(super) async fn start(
    supervisor: &Supervisor,
    state: &AppState,
    address: SocketAddr,
) -> AppResult<Option<String>> {
    let config = &state.config.simulator;
    if config.mode == SimulatorMode::Off {
        return Ok(None);
    }
    let servers = state.voice.list_server_access().await?;
    let enabled: Vec<&ServerAccess> = servers.iter().filter(|server| server.is_enabled).collect();
    if config.mode == SimulatorMode::Auto && any_answers(&enabled).await {
        return Ok(None);
    }
    let Some(server) = enabled.iter().find(|server| is_at(server, config.esl_listen)) else {
        if !enabled.is_empty() {
            tracing::warn!(
                address = %config.esl_listen,
                "no voice server answers, and none is configured at the simulator's address"
            );
        }
        return Ok(None);
    };
    let phones = state.voice.list_phones(server.server).await?;
    let numbers = state.voice.list_called_numbers(server.server).await?;
    let sim = sim_config(state, server, phones, numbers, address);
    run(supervisor, state, sim);
    let place = config.esl_listen;
    Ok(Some(format!(
        "No FreeSWITCH answers at {place}: the built-in simulator takes its place as {}.",
        server.name
    )))
}

fn run(supervisor: &Supervisor, state: &AppState, sim: SimConfig) {
    let state = state.clone();
    let make = task(move |stop| {
        let (sim, state) = (sim.clone(), state.clone());
        async move {
            match SwitchSim::start(sim).await {
                Ok(handle) => {
                    tracing::info!(address = %handle.addr(), "the built-in switch simulator runs");
                    stop.cancelled().await;
                    handle.shutdown().await;
                }
                // Somebody took the port in the meantime: no reason to end the call center.
                Err(error) => {
                    tracing::error!(%error, "the simulator does not start");
                    let detail = error.to_string();
                    state.health.report(
                        PART,
                        PartStatus::Degraded {
                            code: "simulator.not_started",
                            detail,
                        },
                    );
                }
            }
            Ok(())
        }
    });
    supervisor.start(Stage::Simulator, PART.into(), make);
}

/// Whether any voice server accepts connections; all are asked at the same time.
async fn any_answers(servers: &[&ServerAccess]) -> bool {
    let knocks = servers
        .iter()
        .map(|server| knock(&server.address, server.esl_port));
    join_all(knocks).await.contains(&true)
}

async fn knock(host: &str, port: u16) -> bool {
    matches!(timeout(KNOCK, TcpStream::connect((host, port))).await, Ok(Ok(_)))
}

/// Whether a client that goes to this server arrives at `place`.
fn is_at(server: &ServerAccess, place: SocketAddr) -> bool {
    let host = match server.address.as_str() {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        text => text.parse().ok(),
    };
    let same_host =
        host.is_some_and(|host| host == place.ip() || (host.is_loopback() && place.ip().is_loopback()));
    server.esl_port == place.port()
        && (same_host || (place.ip().is_unspecified() && host.is_some_and(|h| h.is_loopback())))
}

fn sim_config(
    state: &AppState,
    server: &ServerAccess,
    phones: Vec<Phone>,
    numbers: Vec<String>,
    address: SocketAddr,
) -> SimConfig {
    let config = &state.config.simulator;
    let target = |what: &str| HttpTarget {
        url: format!("http://{}/switch/{}/{what}", reachable(address), server.server),
        user: server.http_user.clone(),
        password: Secret::new(&server.http_password),
        timeout: HTTP_PATIENCE,
    };
    let generates = state.config.demo.enabled && config.calls_per_hour > 0 && !numbers.is_empty();
    SimConfig {
        listen: config.esl_listen,
        password: Secret::new(&server.esl_password),
        switchname: server.switch_name.clone(),
        domain: server.sip_domain.clone(),
        xml: XmlSource::Http(target("xml")),
        cdr: Some(target("cdr")),
        cdr_spool: server.cdr_spool_dir.clone().map(PathBuf::from),
        recordings_dir: recordings_dir(state, server),
        write_recordings: true,
        seed: SimConfig::seed_from_clock(),
        phones: desk_phones(phones, config),
        generator: generates.then_some(GeneratorConfig {
            numbers,
            calls_per_hour: config.calls_per_hour,
            impatient_percent: 15,
            patience_secs: (8, 40),
            talk_secs: (15, 120),
            max_concurrent: 20,
        }),
        ..SimConfig::default()
    }
}

/// Where the simulator's `${recordings_dir}` is: where we look for recordings, or we would find none.
fn recordings_dir(state: &AppState, server: &ServerAccess) -> PathBuf {
    let local = server.record_dir_local.as_deref().map(PathBuf::from);
    local.unwrap_or_else(|| absolute(&state.config.recordings.dir))
}

/// The same folder, whatever the working directory of its reader is.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The lowest numbers ring until somebody answers at the console; behind the others sit invented people.
fn desk_phones(mut phones: Vec<Phone>, config: &SimulatorConfig) -> Vec<PhoneConfig> {
    phones.sort_by_key(|phone| (phone.number.len(), phone.number.clone()));
    let invented = Pickup::Auto {
        low: 1500,
        high: 6000,
        talk_low: 0,
        talk_high: 0,
    };
    let configs = phones.into_iter().enumerate().map(|(index, phone)| {
        let desk = PhoneConfig::new(phone.number, phone.password);
        if index < config.phones_for_people {
            desk
        } else {
            desk.pickup(invented)
        }
    });
    configs.collect()
}

/// An address that listens everywhere is called on the loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => address,
        IpAddr::V4(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        IpAddr::V6(_) => SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())),
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::ServerId;
    use tokio::net::TcpListener;

    use super::*;

    fn server(address: &str, esl_port: u16) -> ServerAccess {
        ServerAccess {
            server: ServerId(1),
            name: "one".into(),
            switch_name: "one".into(),
            address: address.into(),
            esl_port,
            esl_password: String::new(),
            http_user: String::new(),
            http_password: String::new(),
            sip_domain: "call.test".into(),
            record_dir: String::new(),
            record_dir_local: None,
            snapshot_path: None,
            cdr_spool_dir: None,
            is_enabled: true,
            version: 1,
        }
    }

    #[tokio::test]
    async fn one_server_that_answers_is_enough_to_leave_the_simulator_out() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("address").port();
        let closed = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("bound")
            .local_addr()
            .expect("address")
            .port();
        assert!(any_answers(&[&server("127.0.0.1", closed), &server("127.0.0.1", port)]).await);
        assert!(!any_answers(&[&server("127.0.0.1", closed)]).await);
        assert!(!any_answers(&[]).await);
    }

    #[test]
    fn the_simulator_plays_only_a_server_that_is_configured_at_its_address() {
        let place: SocketAddr = "127.0.0.1:8021".parse().expect("address");
        assert!(is_at(&server("localhost", 8021), place));
        assert!(!is_at(&server("127.0.0.1", 8022), place));
        assert!(!is_at(&server("192.0.2.1", 8021), place));
        assert!(!is_at(&server("switch.example.org", 8021), place));
        assert!(is_at(
            &server("127.0.0.1", 8021),
            "0.0.0.0:8021".parse().expect("address")
        ));
    }

    #[test]
    fn the_lowest_extensions_are_left_to_people() {
        let phone = |number: &str| Phone {
            number: number.into(),
            password: "x".into(),
        };
        let config = SimulatorConfig {
            mode: SimulatorMode::Auto,
            esl_listen: "127.0.0.1:8021".parse().expect("address"),
            phones_for_people: 1,
            calls_per_hour: 0,
        };
        let phones = desk_phones(vec![phone("10000"), phone("1002"), phone("1001")], &config);
        let manual: Vec<(&str, bool)> = phones
            .iter()
            .map(|phone| (phone.user.as_str(), phone.pickup == Pickup::Manual))
            .collect();
        assert_eq!(manual, [("1001", true), ("1002", false), ("10000", false)]);
    }

    #[test]
    fn a_switch_on_this_machine_reaches_us_even_when_we_listen_everywhere() {
        assert_eq!(
            reachable("0.0.0.0:80".parse().expect("address")).to_string(),
            "127.0.0.1:80"
        );
        assert_eq!(
            reachable("10.0.0.1:80".parse().expect("address")).to_string(),
            "10.0.0.1:80"
        );
    }
}
