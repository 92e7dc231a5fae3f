//! A whole link against scripted sockets, on the paused clock: connecting, dying, coming back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use esl::{
    ApiReply, CommandError, Health, Item, JobOutcome, LinkConfig, LinkState, Password, Policy, Silence,
    Subscription, SwitchLink,
    command::{Interest, JobId, WireText, WireWord},
    dial::Dialer,
    fanout::Limits,
    testing::{Listener, Peer},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

const CORE: &str = "3ca35715-4765-4ec5-b6a4-89c7f8f6e56a";
const OTHER_CORE: &str = "29cd6c4a-c94b-46b3-86dc-599b9bf3e37c";
const SUBSCRIBE: &str = "event plain CHANNEL_ANSWER HEARTBEAT BACKGROUND_JOB CUSTOM callcenter::info";
const TEN: Duration = Duration::from_secs(10);

#[expect(clippy::disallowed_methods, reason = "a test has no task supervisor")]
fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}

struct Rig {
    link: SwitchLink,
    listener: Listener,
    items: Subscription,
    driver: JoinHandle<()>,
}

fn config() -> LinkConfig {
    let interest = Interest::of(&["CHANNEL_ANSWER"], &["callcenter::info"]).expect("words");
    LinkConfig::new("fs1", Password::new("ClueCon").expect("one line"), interest)
}

fn start(config: LinkConfig, dialer: Dialer) -> (SwitchLink, JoinHandle<()>) {
    let (link, driver) = SwitchLink::new(config, dialer).expect("a valid interest");
    (link, spawn(driver.run()))
}

fn rig_with(config: LinkConfig) -> Rig {
    let (dialer, listener) = Listener::new();
    let (link, driver) = start(config, dialer);
    let items = link.subscribe("test", Policy::Lossless(Limits::default()));
    Rig {
        link,
        listener,
        items,
        driver,
    }
}

/// The sockets of a node that is up.
struct Node {
    events: Peer,
    commands: Peer,
}

/// Plays the switch until the link is subscribed.
async fn come_up(listener: &mut Listener, core: &str) -> Node {
    let mut events = listener.accept().await;
    events.accept("ClueCon").await;
    let mut commands = listener.accept().await;
    commands.accept("ClueCon").await;
    commands.expect("api global_getvar core_uuid").await;
    commands.api_reply(core).await;
    events.expect(SUBSCRIBE).await;
    events.reply("+OK event listener enabled plain").await;
    Node { events, commands }
}

/// The next item in a short form.
async fn next(items: &mut Subscription) -> String {
    match timeout(Duration::from_hours(1), items.recv())
        .await
        .expect("an item within the hour")
    {
        None => "end".to_owned(),
        Some(Item::Up {
            generation,
            core_uuid,
        }) => format!("up {generation} {}", &core_uuid[..8]),
        Some(Item::Event { generation, event }) => format!("event {generation} {}", event.name()),
        Some(Item::Gap { reason, lost }) => format!("gap {reason:?} {lost}"),
        Some(Item::Resynced { generation }) => format!("resynced {generation}"),
        Some(Item::Down { generation, reason }) => format!("down {generation} {reason}"),
    }
}

async fn state(link: &SwitchLink, wanted: impl Fn(&Health) -> bool) -> Health {
    let mut health = link.health();
    let reached = timeout(Duration::from_hours(1), health.wait_for(wanted)).await;
    reached
        .expect("the state within the hour")
        .expect("the link lives")
        .clone()
}

fn blocked(health: &Health) -> bool {
    matches!(health.state, LinkState::Blocked { .. })
}

#[tokio::test(start_paused = true)]
async fn a_link_comes_up_syncs_and_lives() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    node.events.event(&[("Event-Name", "CHANNEL_ANSWER")], None).await;
    assert_eq!(next(&mut rig.items).await, "up 1 3ca35715");
    assert_eq!(next(&mut rig.items).await, "event 1 CHANNEL_ANSWER");
    assert_eq!(rig.link.health().borrow().state, LinkState::Syncing);
    assert!(!rig.link.resynced(7), "another generation");
    assert!(rig.link.resynced(1));
    assert!(!rig.link.resynced(1), "once is enough");
    assert_eq!(next(&mut rig.items).await, "resynced 1");
    let health = state(&rig.link, |health| health.state == LinkState::Live).await;
    assert_eq!(health.core_uuid.as_deref(), Some(CORE));
}

#[tokio::test(start_paused = true)]
async fn a_late_subscriber_is_told_that_the_node_is_up() {
    let mut rig = rig_with(config());
    let _node = come_up(&mut rig.listener, CORE).await;
    state(&rig.link, Health::is_up).await;
    let mut late = rig.link.subscribe("late", Policy::DropOldest(Limits::default()));
    assert_eq!(next(&mut late).await, "up 1 3ca35715");
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_it_reconnects_and_subscribes_exactly_once() {
    let mut rig = rig_with(config());
    let node = come_up(&mut rig.listener, CORE).await;
    state(&rig.link, Health::is_up).await;
    drop(node);
    let mut node = come_up(&mut rig.listener, OTHER_CORE).await;
    for expected in ["up 1 3ca35715", "down 1 eof", "up 2 29cd6c4a"] {
        assert_eq!(next(&mut rig.items).await, expected);
    }
    let health = rig.link.health().borrow().clone();
    assert_eq!(
        (health.state, health.last_error.unwrap().code),
        (LinkState::Syncing, "eof")
    );
    // Nothing more is sent on the event socket: one subscription per generation.
    let more = timeout(Duration::from_secs(30), node.events.command()).await;
    assert!(more.is_err(), "{more:?}");
    assert_eq!(rig.link.metrics().reconnects["eof"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_notice_is_a_reason_of_its_own() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    node.events.notice("The system is being shut down.\n").await;
    assert_eq!(next(&mut rig.items).await, "up 1 3ca35715");
    assert_eq!(next(&mut rig.items).await, "down 1 notice");
    let health = state(&rig.link, |health| {
        matches!(health.state, LinkState::Backoff { .. })
    })
    .await;
    assert!(
        health
            .last_error
            .unwrap()
            .text
            .contains("The system is being shut down.")
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_blocks_and_is_not_tried_in_a_loop() {
    let mut rig = rig_with(config());
    let before = Instant::now();
    for attempt in 0..3 {
        let mut peer = rig.listener.accept().await;
        assert_eq!(before.elapsed().as_secs(), 60 * attempt);
        peer.send("Content-Type: auth/request\n\n").await;
        peer.expect("auth ClueCon").await;
        peer.reply("-ERR invalid").await;
        peer.notice("Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n")
            .await;
        let health = state(&rig.link, blocked).await;
        assert!(matches!(
            health.state,
            LinkState::Blocked {
                reason: "wrong_password",
                ..
            }
        ));
        assert_eq!(health.last_error.unwrap().code, "wrong_password");
    }
    let refused = rig.link.api("status", TEN).await;
    assert_eq!(refused, Err(CommandError::Unreachable("wrong_password".into())));
}

#[tokio::test(start_paused = true)]
async fn a_rude_rejection_blocks_until_someone_asks_to_retry() {
    let mut rig = rig_with(config());
    let mut peer = rig.listener.accept().await;
    let body = "Access Denied, go away.\n";
    peer.send(format!(
        "Content-Type: text/rude-rejection\nContent-Length: {}\n\n{body}",
        body.len()
    ))
    .await;
    peer.notice("Disconnected, goodbye.\n").await;
    let health = state(&rig.link, blocked).await;
    assert!(matches!(
        health.state,
        LinkState::Blocked {
            reason: "access_refused",
            ..
        }
    ));
    let before = Instant::now();
    rig.link.retry_now();
    come_up(&mut rig.listener, CORE).await;
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_refused_subscription_blocks() {
    let mut rig = rig_with(config());
    let mut events = rig.listener.accept().await;
    events.accept("ClueCon").await;
    let mut commands = rig.listener.accept().await;
    commands.accept("ClueCon").await;
    commands.expect("api global_getvar core_uuid").await;
    commands.api_reply(CORE).await;
    events.expect(SUBSCRIBE).await;
    events.reply("-ERR permission denied").await;
    let health = state(&rig.link, blocked).await;
    assert!(matches!(
        health.state,
        LinkState::Blocked {
            reason: "subscription_refused",
            ..
        }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_is_away_is_tried_with_growing_pauses() {
    let dials = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&dials);
    let dialer: Dialer = Arc::new(move || {
        counted.fetch_add(1, Relaxed);
        Box::pin(std::future::ready(Err(
            std::io::ErrorKind::ConnectionRefused.into()
        )))
    });
    let (link, driver) = start(config(), dialer);
    sleep(Duration::from_secs(1)).await;
    assert!((2..=4).contains(&dials.load(Relaxed)), "{dials:?}");
    sleep(Duration::from_mins(10)).await;
    // At most one every quarter of a second, at least one every 15 s.
    assert!((40..=400).contains(&dials.load(Relaxed)), "{dials:?}");
    assert_eq!(link.health().borrow().last_error.as_ref().unwrap().code, "dial");
    assert_eq!(
        link.api("status", TEN).await,
        Err(CommandError::Unreachable("dial".into()))
    );
    link.shutdown();
    driver.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_port_that_accepts_and_stays_silent_is_given_up() {
    let mut rig = rig_with(config());
    let silent = rig.listener.accept().await;
    let before = Instant::now();
    let health = state(&rig.link, |health| {
        matches!(health.state, LinkState::Backoff { .. })
    })
    .await;
    assert_eq!(before.elapsed().as_secs(), 5);
    assert_eq!(health.last_error.unwrap().code, "handshake_timeout");
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn missing_heartbeats_bring_the_node_down() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    node.events.event(&[("Event-Name", "HEARTBEAT")], None).await;
    // The command socket answers all the time: only the events are dead.
    let commands = spawn(async move {
        while node.commands.command().await.is_some() {
            node.commands.api_reply(CORE).await;
        }
    });
    assert_eq!(next(&mut rig.items).await, "up 1 3ca35715");
    assert_eq!(next(&mut rig.items).await, "event 1 HEARTBEAT");
    let before = Instant::now();
    assert_eq!(next(&mut rig.items).await, "down 1 idle");
    assert_eq!(before.elapsed().as_secs(), 45);
    commands.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_core_uuid_on_the_command_socket_means_a_restart() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    node.commands.expect("api global_getvar core_uuid").await;
    node.commands.api_reply(OTHER_CORE).await;
    assert_eq!(next(&mut rig.items).await, "up 1 3ca35715");
    assert_eq!(next(&mut rig.items).await, "down 1 restarted");
}

#[tokio::test(start_paused = true)]
async fn api_answers_keep_their_shapes() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    state(&rig.link, Health::is_up).await;
    let link = rig.link.clone();
    let asked = spawn(async move {
        [
            link.api("a", TEN).await,
            link.api("b", TEN).await,
            link.api("c", TEN).await,
            link.api("d", TEN).await,
            link.api("e\nf", TEN).await,
        ]
    });
    node.commands.expect("api a").await;
    node.commands.api_reply("+OK done\n").await;
    node.commands.expect("api b").await;
    node.commands.api_reply("-ERR no such channel\n").await;
    node.commands.expect("api c").await;
    node.commands.api_reply("_undef_").await;
    node.commands.expect("api d").await;
    node.commands.reply("-ERR permission denied").await;
    let invalid = CommandError::Invalid(esl::command::InvalidText::LineBreak);
    let expected = [
        Ok(ApiReply::Ok("done".into())),
        Ok(ApiReply::Error("no such channel".into())),
        Ok(ApiReply::Text("_undef_".into())),
        Err(CommandError::Denied),
        Err(invalid),
    ];
    assert_eq!(asked.await.unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_dead_command_socket_is_replaced_while_events_go_on() {
    let mut rig = rig_with(config());
    let Node {
        mut events,
        mut commands,
    } = come_up(&mut rig.listener, CORE).await;
    assert_eq!(next(&mut rig.items).await, "up 1 3ca35715");
    let link = rig.link.clone();
    let lost = spawn(async move { link.api("uuid_kill x", TEN).await });
    commands.expect("api uuid_kill x").await;
    drop(commands);
    assert_eq!(
        lost.await.unwrap(),
        Err(CommandError::TimedOut(Silence::ConnectionLost))
    );
    let refused = rig.link.api("status", TEN).await;
    assert_eq!(
        refused,
        Err(CommandError::Unreachable(
            "the command socket is being replaced".into()
        ))
    );

    let mut commands = rig.listener.accept().await;
    commands.accept("ClueCon").await;
    sleep(Duration::from_millis(1)).await;
    let link = rig.link.clone();
    let asked = spawn(async move { link.api("status", TEN).await });
    commands.expect("api status").await;
    commands.api_reply("UP").await;
    assert_eq!(asked.await.unwrap(), Ok(ApiReply::Text("UP".into())));
    events.event(&[("Event-Name", "CHANNEL_ANSWER")], None).await;
    assert_eq!(next(&mut rig.items).await, "event 1 CHANNEL_ANSWER");
}

fn job() -> JobId {
    JobId::from_bytes([7; 16])
}

fn originate(link: &SwitchLink, limit: Duration) -> JoinHandle<Result<JobOutcome, CommandError>> {
    let link = link.clone();
    spawn(async move { link.bgapi("originate x y", &job(), limit).await })
}

async fn job_result(peer: &mut Peer, body: &str) {
    let headers = [
        ("Event-Name", "BACKGROUND_JOB"),
        ("Job-UUID", job().as_str()),
        ("Job-Command", "originate"),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    peer.event(&headers, Some(body.as_bytes())).await;
}

async fn expect_job(peer: &mut Peer) {
    peer.expect(&format!("bgapi originate x y\nJob-UUID: {}", job()))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_job_ends_with_its_event() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    state(&rig.link, Health::is_up).await;
    for (body, outcome) in [
        ("+OK 1234\n", JobOutcome::Done("1234".into())),
        ("-ERR USER_BUSY\n", JobOutcome::Failed("USER_BUSY".into())),
    ] {
        let asked = originate(&rig.link, TEN);
        expect_job(&mut node.commands).await;
        node.commands.reply(&format!("+OK Job-UUID: {}", job())).await;
        job_result(&mut node.events, body).await;
        assert_eq!(asked.await.unwrap(), Ok(outcome));
    }
    let counts = rig.link.metrics().jobs;
    assert_eq!((counts.done, counts.failed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_result_that_overtakes_its_reply_counts() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    state(&rig.link, Health::is_up).await;
    let asked = originate(&rig.link, TEN);
    expect_job(&mut node.commands).await;
    job_result(&mut node.events, "+OK 1234\n").await;
    assert_eq!(asked.await.unwrap(), Ok(JobOutcome::Done("1234".into())));
    // The late reply belongs to nobody and shifts nothing.
    node.commands.reply("+OK Job-UUID: x").await;
    let link = rig.link.clone();
    let asked = spawn(async move { link.api("status", TEN).await });
    node.commands.expect("api status").await;
    node.commands.api_reply("UP").await;
    assert_eq!(asked.await.unwrap(), Ok(ApiReply::Text("UP".into())));
}

#[tokio::test(start_paused = true)]
async fn a_job_without_an_event_expires_and_one_without_a_reply_is_unknown() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    state(&rig.link, Health::is_up).await;
    let expired = originate(&rig.link, TEN);
    expect_job(&mut node.commands).await;
    node.commands.reply("+OK Job-UUID: x").await;
    assert_eq!(expired.await.unwrap(), Ok(JobOutcome::Expired));
    let unknown = originate(&rig.link, TEN);
    expect_job(&mut node.commands).await;
    assert_eq!(unknown.await.unwrap(), Ok(JobOutcome::Unknown));
    assert_eq!(rig.link.metrics().jobs_pending, 0);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_refused_or_never_sent_is_an_error() {
    let mut rig = rig_with(config());
    let early = originate(&rig.link, TEN).await.unwrap();
    assert!(matches!(early, Err(CommandError::Unreachable(_))));
    let mut node = come_up(&mut rig.listener, CORE).await;
    state(&rig.link, Health::is_up).await;
    let denied = originate(&rig.link, TEN);
    expect_job(&mut node.commands).await;
    node.commands.reply("-ERR permission denied").await;
    assert_eq!(denied.await.unwrap(), Err(CommandError::Denied));
}

#[tokio::test(start_paused = true)]
async fn a_job_survives_a_reconnect_to_the_same_switch_and_no_other() {
    for (core, outcome) in [
        (CORE, JobOutcome::Done("1234".into())),
        (OTHER_CORE, JobOutcome::Unknown),
    ] {
        let mut rig = rig_with(config());
        let mut node = come_up(&mut rig.listener, CORE).await;
        state(&rig.link, Health::is_up).await;
        let asked = originate(&rig.link, TEN);
        expect_job(&mut node.commands).await;
        node.commands.reply("+OK Job-UUID: x").await;
        sleep(Duration::from_millis(1)).await;
        drop(node);
        let mut node = come_up(&mut rig.listener, core).await;
        job_result(&mut node.events, "+OK 1234\n").await;
        assert_eq!(asked.await.unwrap(), Ok(outcome));
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_has_a_socket_of_its_own_and_closes_it() {
    let mut rig = rig_with(config());
    let _node = come_up(&mut rig.listener, CORE).await;
    state(&rig.link, Health::is_up).await;
    let link = rig.link.clone();
    let asked = spawn(async move { link.snapshot_api("show channels as json", TEN).await });
    let mut own = rig.listener.accept().await;
    own.accept("ClueCon").await;
    own.expect("api show channels as json").await;
    own.api_reply("{\"row_count\": 0}\n").await;
    own.expect("exit").await;
    own.reply("+OK bye").await;
    drop(own);
    assert_eq!(
        asked.await.unwrap(),
        Ok(ApiReply::Text("{\"row_count\": 0}\n".into()))
    );
}

#[tokio::test(start_paused = true)]
async fn a_probe_tells_the_version_or_what_is_wrong_without_a_running_link() {
    let (dialer, mut listener) = Listener::new();
    let (link, _driver) = SwitchLink::new(config(), dialer).unwrap();
    let probing = link.clone();
    let probe = spawn(async move { [probing.probe().await, probing.probe().await] });
    let mut peer = listener.accept().await;
    peer.accept("ClueCon").await;
    peer.expect("api version").await;
    peer.api_reply("FreeSWITCH Version 1.11.1\n").await;
    let mut peer = listener.accept().await;
    peer.send("Content-Type: auth/request\n\n").await;
    peer.expect("auth ClueCon").await;
    peer.reply("-ERR invalid").await;
    let [good, bad] = probe.await.unwrap();
    assert_eq!(good.unwrap(), "FreeSWITCH Version 1.11.1");
    assert_eq!(bad.unwrap_err().label(), "wrong_password");
}

#[tokio::test(start_paused = true)]
async fn shutdown_says_goodbye_on_every_socket_and_ends_the_driver() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    assert_eq!(next(&mut rig.items).await, "up 1 3ca35715");
    let link = rig.link.clone();
    let open = spawn(async move { link.api("status", TEN).await });
    node.commands.expect("api status").await;
    rig.link.shutdown();
    node.events.expect("exit").await;
    assert_eq!(rig.link.health().borrow().state, LinkState::Draining);
    node.events.reply("+OK bye").await;
    node.events.notice("Disconnected, goodbye.\n").await;
    node.commands.api_reply("UP").await;
    node.commands.expect("exit").await;
    node.commands.reply("+OK bye").await;
    node.commands.notice("Disconnected, goodbye.\n").await;
    assert_eq!(open.await.unwrap(), Ok(ApiReply::Text("UP".into())));
    rig.driver.await.unwrap();
    assert_eq!(next(&mut rig.items).await, "down 1 shutdown");
    assert_eq!(next(&mut rig.items).await, "end");
    assert_eq!(rig.link.health().borrow().state, LinkState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn shutdown_during_a_wait_ends_at_once() {
    let rig = rig_with(config());
    drop(rig.listener);
    state(&rig.link, |health| {
        matches!(health.state, LinkState::Backoff { .. })
    })
    .await;
    let before = Instant::now();
    rig.link.shutdown();
    rig.driver.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_sleeps_stops_neither_events_nor_commands() {
    let mut rig = rig_with(config());
    let mut asleep = rig.link.subscribe(
        "asleep",
        Policy::Lossless(Limits {
            count: 100,
            bytes: 1 << 20,
        }),
    );
    let mut node = come_up(&mut rig.listener, CORE).await;
    for n in 0..20_000 {
        node.events
            .event(&[("Event-Name", "CHANNEL_ANSWER"), ("N", &n.to_string())], None)
            .await;
    }
    let link = rig.link.clone();
    let asked = spawn(async move { link.api("status", TEN).await });
    node.commands.expect("api status").await;
    node.commands.api_reply("UP").await;
    assert!(asked.await.unwrap().is_ok());
    assert_eq!(next(&mut rig.items).await, "up 1 3ca35715");
    for _ in 0..20_000 {
        assert_eq!(next(&mut rig.items).await, "event 1 CHANNEL_ANSWER");
    }
    assert!(next(&mut asleep).await.starts_with("gap Overflow "));
    let metrics = rig.link.metrics();
    let asleep = metrics
        .subscribers
        .iter()
        .find(|queue| queue.name == "asleep")
        .unwrap();
    assert!(asleep.dropped >= 19_900 && asleep.depth <= 101, "{asleep:?}");
}

#[tokio::test(start_paused = true)]
async fn with_filters_the_links_own_events_are_let_through() {
    let mut config = config();
    config
        .interest
        .filters
        .push((WireWord::new("Unique-ID").unwrap(), WireText::new("x").unwrap()));
    let mut rig = rig_with(config);
    let mut events = rig.listener.accept().await;
    events.accept("ClueCon").await;
    let mut commands = rig.listener.accept().await;
    commands.accept("ClueCon").await;
    commands.expect("api global_getvar core_uuid").await;
    commands.api_reply(CORE).await;
    for filter in ["Unique-ID x", "Event-Name HEARTBEAT", "Event-Name BACKGROUND_JOB"] {
        events.expect(&format!("filter {filter}")).await;
        events.reply("+OK filter added.").await;
    }
    events.expect(SUBSCRIBE).await;
}

#[tokio::test(start_paused = true)]
async fn several_command_sockets_share_the_work() {
    let mut config = config();
    config.command_sockets = 2;
    let mut rig = rig_with(config);
    let mut events = rig.listener.accept().await;
    events.accept("ClueCon").await;
    let mut one = rig.listener.accept().await;
    one.accept("ClueCon").await;
    let mut two = rig.listener.accept().await;
    two.accept("ClueCon").await;
    one.expect("api global_getvar core_uuid").await;
    one.api_reply(CORE).await;
    events.expect(SUBSCRIBE).await;
    events.reply("+OK").await;
    state(&rig.link, Health::is_up).await;
    let link = rig.link.clone();
    let _a = spawn(async move { link.api("a", TEN).await });
    two.expect("api a").await;
    let link = rig.link.clone();
    let _b = spawn(async move { link.api("b", TEN).await });
    one.expect("api b").await;
}

#[tokio::test(start_paused = true)]
async fn the_age_of_events_is_measured_against_the_promptest_one() {
    let mut rig = rig_with(config());
    let mut node = come_up(&mut rig.listener, CORE).await;
    state(&rig.link, Health::is_up).await;
    let made = 1_795_366_042_511_309_u64;
    node.events
        .event(
            &[
                ("Event-Name", "HEARTBEAT"),
                ("Event-Date-Timestamp", &made.to_string()),
            ],
            None,
        )
        .await;
    sleep(Duration::from_secs(3)).await;
    // Made one second after the first, heard three seconds after it.
    let later = (made + 1_000_000).to_string();
    node.events
        .event(
            &[("Event-Name", "CHANNEL_ANSWER"), ("Event-Date-Timestamp", &later)],
            None,
        )
        .await;
    for expected in ["up 1 3ca35715", "event 1 HEARTBEAT", "event 1 CHANNEL_ANSWER"] {
        assert_eq!(next(&mut rig.items).await, expected);
    }
    let metrics = rig.link.metrics();
    let age = metrics.event_age.as_millis();
    assert!((1_990..2_010).contains(&age), "{age}");
    assert_eq!((metrics.state, metrics.generation), ("syncing", 1));
}
