//! The edges: documents and records over HTTP with Basic auth, recordings and spooled records on disk, and what
//! happens when the server is away.

#![allow(clippy::unwrap_used, reason = "a panic is a failed test")]

mod support;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use support::{Client, world};
use switch_sim::{HttpTarget, Pickup, Secret, XmlSource};
use tokio::sync::mpsc;

/// `switch:secret`, as mod_xml_curl sends it without being asked.
const BASIC: &str = "Basic c3dpdGNoOnNlY3JldA==";

type Form1 = Vec<(String, String)>;

#[derive(Clone)]
struct Server {
    away: Arc<AtomicBool>,
    forms: Arc<Mutex<Vec<Form1>>>,
    records: mpsc::UnboundedSender<(String, serde_json::Value)>,
}

async fn xml(
    State(server): State<Server>,
    headers: HeaderMap,
    Form(form): Form<Form1>,
) -> (StatusCode, String) {
    if server.away.load(Ordering::Relaxed) {
        return (StatusCode::INTERNAL_SERVER_ERROR, String::new());
    }
    if headers.get("authorization").is_none_or(|value| value != BASIC) {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    let answer = world::answer(&form).unwrap_or_default();
    server.forms.lock().unwrap().push(form);
    (StatusCode::OK, answer)
}

async fn cdr(
    State(server): State<Server>,
    headers: HeaderMap,
    Query(query): Query<Form1>,
    body: Bytes,
) -> StatusCode {
    if server.away.load(Ordering::Relaxed) || headers.get("authorization").is_none_or(|value| value != BASIC)
    {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let uuid = query.iter().find(|(name, _)| name == "uuid").unwrap().1.clone();
    server
        .records
        .send((uuid, serde_json::from_slice(&body).unwrap()))
        .unwrap();
    StatusCode::OK
}

struct Control {
    url: String,
    server: Server,
    records: mpsc::UnboundedReceiver<(String, serde_json::Value)>,
    _tasks: tokio::task::JoinSet<()>,
}

async fn control() -> Control {
    let (sender, records) = mpsc::unbounded_channel();
    let server = Server {
        away: Arc::default(),
        forms: Arc::default(),
        records: sender,
    };
    let app = Router::new()
        .route("/switch/1/xml", post(xml))
        .route("/switch/1/cdr", post(cdr))
        .with_state(server.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/switch/1", listener.local_addr().unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
    Control {
        url,
        server,
        records,
        _tasks: tasks,
    }
}

fn target(url: String, password: &str) -> HttpTarget {
    HttpTarget {
        url,
        user: "switch".into(),
        password: Secret::new(password),
        timeout: Duration::from_secs(5),
    }
}

fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("switch-sim-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

#[tokio::test]
async fn a_queue_call_asks_for_its_documents_is_recorded_and_posts_two_records() {
    let mut control = control().await;
    let recordings = scratch("recordings");
    let handle = world::start(|config| {
        config.xml = XmlSource::Http(target(format!("{}/xml", control.url), "secret"));
        config.cdr = Some(target(format!("{}/cdr", control.url), "secret"));
        config.recordings_dir.clone_from(&recordings);
        config.write_recordings = true;
    })
    .await;
    assert!(
        handle
            .api("show registrations as json")
            .await
            .starts_with("{\"row_count\":6,")
    );
    let mut client = Client::login(handle.addr()).await;
    client.command("event plain RECORD_STOP").await;
    handle
        .api("callcenter_config agent set status 1003@call.test Available")
        .await;
    let caller = handle.call("302101234567", "02810001").await.unwrap();
    handle.advance(Duration::from_secs(6)).await;
    handle.api(&format!("sim hangup {caller}")).await;
    handle.advance(Duration::from_secs(1)).await;
    client.settle().await;

    let path = client.events[0].get("Record-File-Path");
    assert!(path.starts_with(recordings.to_str().unwrap()), "{path}");
    let file = hound::WavReader::open(path).unwrap();
    let millis: u32 = client.events[0].get("variable_record_ms").parse().unwrap();
    assert_eq!((file.spec().channels, file.duration()), (2, millis * 8));

    let mut legs = [
        control.records.recv().await.unwrap(),
        control.records.recv().await.unwrap(),
    ];
    legs.sort_by_key(|(uuid, _)| *uuid != caller);
    let (member, agent) = (&legs[0].1, &legs[1].1);
    assert_eq!(member["variables"]["cc_agent_uuid"], legs[1].0.as_str());
    assert_eq!(agent["variables"]["cc_member_session_uuid"], caller.as_str());
    assert_eq!(
        agent["variables"]["call_kind"], "inbound",
        "exported by cc_export_vars"
    );
    assert_eq!(
        member["callflow"][0]["caller_profile"]["destination_number"],
        "02810001"
    );
    assert_eq!(member["app_log"]["applications"][0]["app_name"], "set");

    let forms = control.server.forms.lock().unwrap();
    let find = |name: &str, value: &str| {
        forms
            .iter()
            .find(|form| form.iter().any(|(key, found)| key == name && found == value))
            .unwrap()
    };
    let get = |form: &Form1, name: &str| form.iter().find(|(key, _)| key == name).unwrap().1.clone();
    let routing = find("section", "dialplan");
    assert_eq!(get(routing, "hostname"), "fs1");
    assert_eq!(get(routing, "Hunt-Destination-Number"), "02810001");
    assert_eq!(get(routing, "variable_sofia_profile_name"), "external");
    let dialled = find("action", "user_call");
    assert_eq!(
        (get(dialled, "user"), get(dialled, "cc_side")),
        ("1003".into(), "agent".into())
    );
    let registered = find("action", "sip_auth");
    assert_eq!(get(registered, "sip_auth_method"), "REGISTER");
    std::fs::remove_dir_all(recordings).unwrap();
}

#[tokio::test]
async fn a_switch_that_booted_without_the_server_is_healed_by_loading_its_modules() {
    let control = control().await;
    control.server.away.store(true, Ordering::Relaxed);
    let handle = world::start(|config| {
        config.xml = XmlSource::Http(target(format!("{}/xml", control.url), "secret"));
    })
    .await;
    assert_eq!(handle.api("module_exists mod_sofia").await, "false");
    assert_eq!(
        handle.api("sofia status").await,
        "-ERR sofia Command not found!\n"
    );
    assert_eq!(handle.call("302101234567", "02810001").await, None);
    control.server.away.store(false, Ordering::Relaxed);
    assert_eq!(handle.api("load mod_sofia").await, "+OK Reloading XML\n+OK\n");
    assert_eq!(
        handle.api("load mod_callcenter").await,
        "+OK Reloading XML\n+OK\n"
    );
    assert_eq!(
        handle.api("load mod_sofia").await,
        "+OK Reloading XML\n-ERR [Module already loaded]\n"
    );
    handle.advance(Duration::from_secs(1)).await;
    assert!(
        handle
            .api("show registrations as json")
            .await
            .starts_with("{\"row_count\":6,")
    );

    control.server.away.store(true, Ordering::Relaxed);
    let reply = handle.api("sofia profile external rescan").await;
    assert_eq!(reply, "-ERR cannot find config for profile external\n");
    let reply = handle.api("callcenter_config queue reload support@default").await;
    assert_eq!(reply, "-ERR Invalid Queue not found!\n");
}

#[tokio::test]
async fn wrong_credentials_count_as_no_answer() {
    let control = control().await;
    let handle = world::start(|config| {
        config.xml = XmlSource::Http(target(format!("{}/xml", control.url), "wrong"));
    })
    .await;
    assert_eq!(handle.api("module_exists mod_callcenter").await, "false");
}

#[tokio::test]
async fn records_that_cannot_be_posted_are_spooled_one_file_a_leg() {
    let control = control().await;
    control.server.away.store(true, Ordering::Relaxed);
    let spool = scratch("spool");
    let handle = world::start(|config| {
        config.cdr = Some(target(format!("{}/cdr", control.url), "secret"));
        config.cdr_spool = Some(spool.clone());
        config.cdr_retry_delay = Duration::ZERO;
        for phone in &mut config.phones {
            phone.pickup = Pickup::after(500);
        }
    })
    .await;
    handle.phone("1001", "dial 1002").await;
    handle.advance(Duration::from_secs(2)).await;
    handle.phone("1001", "hangup").await;
    handle.advance(Duration::from_secs(1)).await;
    handle.shutdown().await;
    let mut names: Vec<String> = std::fs::read_dir(&spool)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().all(|name| name.ends_with(".cdr.json")));
    assert_eq!(
        names.iter().filter(|name| name.starts_with("a_")).count(),
        1,
        "the caller's leg is marked"
    );
    std::fs::remove_dir_all(spool).unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_told_as_in_trace_02b() {
    let handle = world::start(|_| {}).await;
    let mut client = Client::login(handle.addr()).await;
    client
        .command("event plain CUSTOM sofia::register sofia::unregister sofia::register_attempt sofia::register_failure")
        .await;
    handle.phone("1007", "add pw1007").await;
    handle.phone("1007", "register").await;
    handle.phone("1001", "unregister").await;
    client.settle().await;
    let told: Vec<(&str, &str)> = client
        .events
        .iter()
        .map(|event| (event.name(), event.get("auth-result")))
        .collect();
    assert_eq!(
        told,
        [
            ("sofia::register_attempt", "FORBIDDEN"),
            ("sofia::register_failure", ""),
            ("sofia::register_attempt", "RENEWED"),
            ("sofia::unregister", ""),
        ]
    );
    assert_eq!(
        handle.api("sofia_contact internal/1001@call.test").await,
        "error/user_not_registered"
    );
}

#[tokio::test]
async fn a_desk_phone_rings_until_the_toolbar_answers_it() {
    let handle = world::start(|config| config.phones[2].pickup = Pickup::Manual).await;
    let mut client = Client::login(handle.addr()).await;
    client
        .command("event plain CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_BRIDGE CUSTOM callcenter::info")
        .await;
    client
        .command("api callcenter_config agent set status 1003@call.test Available")
        .await;
    handle.call("302101234567", "02810001").await.unwrap();
    handle.advance(Duration::from_secs(5)).await;
    client.settle().await;
    let ringing = client
        .events
        .iter()
        .rfind(|event| event.name() == "CHANNEL_CREATE")
        .unwrap();
    let leg = ringing.get("Unique-ID").to_owned();
    assert_eq!(ringing.get("Caller-Destination-Number"), "1003");
    assert!(!client.events.iter().any(|event| event.name() == "CHANNEL_BRIDGE"));
    assert_eq!(
        client.command(&format!("api uuid_phone_event {leg} talk")).await,
        "+OK Success\n"
    );
    handle.advance(Duration::from_secs(1)).await;
    client.settle().await;
    let bridge = client
        .events
        .iter()
        .rfind(|event| event.name() == "CHANNEL_BRIDGE")
        .unwrap();
    assert_eq!(bridge.get("Bridge-B-Unique-ID"), leg);
}

#[tokio::test]
async fn keys_lead_through_the_menus_to_a_phone() {
    let handle = world::start(|_| {}).await;
    let mut client = Client::login(handle.addr()).await;
    client
        .command("event plain CHANNEL_EXECUTE CHANNEL_BRIDGE CUSTOM menu::enter menu::exit")
        .await;
    let caller = handle.call("302101234567", "02810008").await.unwrap();
    handle.advance(Duration::from_secs(1)).await;
    for (keys, wait) in [("2", 2000), ("*", 500), ("1002", 3000)] {
        handle.api(&format!("sim dtmf {caller} {keys}")).await;
        handle.advance(Duration::from_millis(wait)).await;
    }
    client.settle().await;
    let menus: Vec<&str> = client
        .events
        .iter()
        .map(|event| event.get("Menu-Name"))
        .filter(|m| !m.is_empty())
        .collect();
    assert_eq!(menus, ["main", "sub", "main", "main"]);
    let bridge = client
        .events
        .iter()
        .find(|event| event.name() == "CHANNEL_BRIDGE")
        .unwrap();
    assert_eq!(bridge.get("Caller-Destination-Number"), "1002");
}

#[tokio::test]
async fn one_seed_gives_one_run() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let handle = world::start(|config| {
            config.generator = Some(switch_sim::GeneratorConfig {
                numbers: vec!["02810001".into()],
                calls_per_hour: 600,
                impatient_percent: 30,
                patience_secs: (5, 15),
                talk_secs: (5, 30),
                max_concurrent: 10,
            });
        })
        .await;
        let mut client = Client::login(handle.addr()).await;
        client
            .command("event plain CHANNEL_CREATE CHANNEL_HANGUP_COMPLETE")
            .await;
        client
            .command("api callcenter_config agent set status 1003@call.test Available")
            .await;
        handle.advance(Duration::from_mins(3)).await;
        client.settle().await;
        let run: Vec<String> = client
            .events
            .iter()
            .map(|event| {
                format!(
                    "{} {} {}",
                    event.name(),
                    event.get("Unique-ID"),
                    event.get("Event-Date-Timestamp")
                )
            })
            .collect();
        assert!(run.len() > 30, "{}", run.len());
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_flood_of_callers_is_served_to_the_last_event() {
    let handle = world::start(|config| {
        config.generator = Some(switch_sim::GeneratorConfig {
            numbers: vec!["02810001".into()],
            calls_per_hour: 150 * 3600,
            impatient_percent: 100,
            patience_secs: (1, 2),
            talk_secs: (1, 2),
            max_concurrent: 2000,
        });
        config.max_sessions = 5000;
    })
    .await;
    handle.api("sim generator off").await;
    handle.advance(Duration::from_secs(5)).await;
    let mut client = Client::login(handle.addr()).await;
    client
        .command("event plain CHANNEL_CREATE CHANNEL_DESTROY CUSTOM callcenter::info")
        .await;
    handle.api("sim generator 540000").await;
    handle.advance(Duration::from_secs(4)).await;
    handle.api("sim generator off").await;
    handle.advance(Duration::from_secs(5)).await;
    client.settle().await;
    let count = |name: &str| client.events.iter().filter(|event| event.name() == name).count();
    assert!(count("CHANNEL_CREATE") > 400, "{}", count("CHANNEL_CREATE"));
    assert_eq!(count("CHANNEL_CREATE"), count("CHANNEL_DESTROY"));
    assert_eq!(handle.lost_events(), 0);
    assert!(
        handle
            .api("sim state")
            .await
            .starts_with("channels=0 dials=0 waiting=0 ")
    );
}
