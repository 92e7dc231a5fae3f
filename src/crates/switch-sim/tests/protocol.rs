//! The Event Socket as clients see it: recorded conversations, foreign client libraries, faults.

#![allow(clippy::unwrap_used, reason = "a panic is a failed test")]

mod support;

use std::time::Duration;

use esl::trace::{RecordKind, Trace};
use support::{Client, Frame, take_frame, world};
use switch_sim::{Handle, Secret, SimConfig, SwitchSim};

/// Uuids become a word: the recorded ones are random.
fn without_uuids(text: &str) -> String {
    let pattern = regex::Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    pattern.replace_all(text, "UUID").into_owned()
}

/// Everything but events as one text.
fn replies(mut bytes: Vec<u8>) -> Vec<String> {
    std::iter::from_fn(|| take_frame(&mut bytes))
        .filter(|frame| !frame.is_event() && frame.header("Content-Type") != Some("log/data"))
        .map(|frame| without_uuids(&describe(&frame)))
        .collect()
}

fn describe(frame: &Frame) -> String {
    let kind = frame.header("Content-Type").unwrap_or("?");
    format!(
        "{kind}|{}|{}",
        frame.header("Reply-Text").unwrap_or_default(),
        frame.body
    )
}

/// Sends what the recording's connection sent and returns what the simulator answered.
async fn replay(handle: &Handle, trace: &Trace, connection: u32) -> Vec<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(handle.addr()).await.unwrap();
    let sent = trace
        .records
        .iter()
        .filter(|r| r.kind == RecordKind::Sent && r.connection == connection);
    for record in sent {
        socket.write_all(&record.payload).await.unwrap();
    }
    // The recorded client always left with `exit`, or was thrown out.
    let mut bytes = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), socket.read_to_end(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    replies(bytes)
}

fn wanted(trace: &Trace, connection: u32) -> Vec<String> {
    let received = trace
        .records
        .iter()
        .filter(|r| r.kind == RecordKind::Received && r.connection == connection);
    replies(received.flat_map(|record| record.payload.to_vec()).collect())
}

/// What differs from switch to switch and is no part of the protocol.
fn is_comparable(reply: &str) -> bool {
    let varies = ["callcenter_config <target>", "UP 0 years"];
    !varies.iter().any(|word| reply.contains(word))
}

#[tokio::test]
async fn recorded_conversations_get_the_recorded_replies() {
    for (scenario, connections) in [
        ("01a", 1),
        ("01b", 4),
        ("01c", 2),
        ("01d", 1),
        ("01f", 1),
        ("01g", 1),
        ("01i", 1),
        ("01n", 3),
    ] {
        let trace = Trace::fixture(scenario).unwrap();
        for connection in 1..=connections {
            let handle = world::start(|_| {}).await;
            let got: Vec<String> = replay(&handle, &trace, connection)
                .await
                .into_iter()
                .filter(|r| is_comparable(r))
                .collect();
            let want: Vec<String> = wanted(&trace, connection)
                .into_iter()
                .filter(|r| is_comparable(r))
                .collect();
            assert_eq!(got, want, "{scenario}, connection {connection}");
        }
    }
}

#[tokio::test]
async fn commands_are_understood_however_they_are_cut_as_in_trace_01k() {
    let handle = world::start(|_| {}).await;
    let mut client = Client::login(handle.addr()).await;
    client
        .send("api echo one\n\napi echo two\n\nAPI echo three\r\n\r\n\n\n\n api echo four\n\napi ec")
        .await;
    client.send("ho five\n\n").await;
    let mut bodies = Vec::new();
    for _ in 0..5 {
        let frame = client.frame().await.unwrap();
        bodies.push(if frame.body.is_empty() {
            frame.header("Reply-Text").unwrap().into()
        } else {
            frame.body
        });
    }
    assert_eq!(bodies, ["one", "two", "three", "-ERR command not found", "five"]);
}

#[tokio::test]
async fn an_api_command_blocks_its_connection_and_bgapi_does_not() {
    let handle = world::start(|_| {}).await;
    let mut client = Client::login(handle.addr()).await;
    client.command("event plain BACKGROUND_JOB").await;
    client
        .send("bgapi msleep 700\nJob-UUID: slow\n\napi echo at-once\n\napi msleep 1000\n\napi echo after\n\n")
        .await;
    assert_eq!(
        client.frame().await.unwrap().header("Reply-Text"),
        Some("+OK Job-UUID: slow")
    );
    assert_eq!(client.frame().await.unwrap().body, "at-once");
    while !handle.api("sim state").await.contains("sleeping=2") {
        tokio::task::yield_now().await;
    }
    handle.advance(Duration::from_secs(1)).await;
    let mut bodies = Vec::new();
    while bodies.len() < 2 {
        let frame = client.frame().await.unwrap();
        if !frame.is_event() {
            bodies.push(frame.body);
        }
    }
    assert_eq!(bodies, ["+OK\n", "after"]);
}

#[tokio::test]
async fn heartbeats_come_every_twenty_seconds_and_count_the_calls() {
    let handle = world::start(|_| {}).await;
    let mut client = Client::login(handle.addr()).await;
    client.command("event plain HEARTBEAT").await;
    handle.call("302101234567", "02810001").await.unwrap();
    handle.advance(Duration::from_mins(1)).await;
    client.settle().await;
    let beats: Vec<_> = client
        .events
        .iter()
        .filter(|event| event.name() == "HEARTBEAT")
        .collect();
    assert_eq!(beats.len(), 3);
    assert_eq!(beats[0].get("Session-Count"), "1");
    assert_eq!(beats[0].get("Event-Info"), "System Ready");
}

#[tokio::test]
async fn a_restart_forgets_calls_keeps_registrations_and_has_a_new_core_uuid() {
    let handle = world::start(|_| {}).await;
    let before = handle.api("global_getvar core_uuid").await;
    handle.call("302101234567", "02810001").await.unwrap();
    let mut client = Client::login(handle.addr()).await;
    handle.restart().await;
    assert!(client.frame().await.is_none(), "a crash says nothing");
    handle.advance(Duration::from_secs(1)).await;
    assert_ne!(handle.api("global_getvar core_uuid").await, before);
    assert_eq!(handle.api("show channels as json").await, "{\"row_count\": 0}\n");
    let registrations = handle.api("show registrations as json").await;
    assert!(registrations.starts_with("{\"row_count\":6,"), "{registrations}");
    Client::login(handle.addr()).await;
}

#[tokio::test]
async fn faults_can_be_switched_on_and_off() {
    let handle = world::start(|_| {}).await;
    handle.fault("refuse-auth on").await;
    let mut refused = Client::connect(handle.addr()).await;
    refused.frame().await.unwrap();
    assert_eq!(refused.command("auth ClueCon").await, "-ERR invalid");
    assert_eq!(
        refused.frame().await.unwrap().header("Content-Type"),
        Some("text/disconnect-notice")
    );
    assert!(refused.frame().await.is_none());

    handle.fault("reject-access on").await;
    let mut rejected = Client::connect(handle.addr()).await;
    let rude = rejected.frame().await.unwrap();
    assert_eq!(
        (rude.header("Content-Type"), rude.body.as_str()),
        (Some("text/rude-rejection"), "Access Denied, go away.\n")
    );
    handle.fault("clear").await;

    let mut client = Client::login(handle.addr()).await;
    client.command("event plain CUSTOM my::a sim::marker").await;
    handle.fault("lose 1").await;
    client.command("sendevent CUSTOM\nEvent-Subclass: my::a").await;
    client.settle().await;
    assert!(client.events.is_empty(), "the event was lost");

    handle.fault("close").await;
    let notice = client.frame().await.unwrap();
    assert_eq!(notice.body, "The system is being shut down.\n");
    assert!(client.frame().await.is_none());
}

#[tokio::test]
async fn a_wrong_frame_length_ends_only_the_connection_that_sent_it() {
    let handle = world::start(|_| {}).await;
    let mut bad = Client::login(handle.addr()).await;
    bad.send("sendevent X\nContent-Length: 18446744073709551615\n\n")
        .await;
    assert!(bad.frame().await.is_none());
    let mut good = Client::login(handle.addr()).await;
    assert_eq!(good.command("api echo still-here").await, "still-here");
}

async fn real_time() -> Handle {
    SwitchSim::start(SimConfig {
        password: Secret::new("ClueCon"),
        ..SimConfig::default()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn freeswitch_esl_tokio_works_against_the_simulator() {
    use freeswitch_esl_tokio::{EslClient, EventFormat};
    let handle = real_time().await;
    let (client, _events) = Box::pin(EslClient::connect(
        &handle.addr().ip().to_string(),
        handle.addr().port(),
        "ClueCon",
    ))
    .await
    .unwrap();
    client
        .subscribe_events_raw(EventFormat::Plain, "ALL")
        .await
        .unwrap();
    let answer = client.api("status").await.unwrap();
    assert!(answer.body().unwrap_or_default().starts_with("UP 0 years"));
    let job = client.bgapi("status").await.unwrap();
    assert!(job.job_uuid().is_some());
    handle.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn freeswitch_esl_rs_works_against_the_simulator() {
    let handle = real_time().await;
    let addr = handle.addr();
    let answer = tokio::task::spawn_blocking(move || {
        let stream = std::net::TcpStream::connect(addr).unwrap();
        let mut client = freeswitch_esl_rs::Client::new(freeswitch_esl_rs::Connection::new(stream));
        client.auth("ClueCon").unwrap();
        client.api("status", "").unwrap()
    })
    .await
    .unwrap();
    assert!(answer.contains("UP 0 years"), "{answer}");
    handle.shutdown().await;
}
