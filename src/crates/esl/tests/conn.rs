//! The connection actor against a scripted switch, on the paused clock.

use std::{sync::Arc, time::Duration};

use esl::{
    CommandError, Silence,
    codec::{Caps, Frame, FrameKind},
    command::{Command, WireText},
    conn::{Actor, Closed, Commander, ConnConfig, Wire},
    testing::Peer,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::{Instant, advance, sleep},
};
use tokio_util::sync::CancellationToken;

/// A running connection.
struct Rig {
    peer: Peer,
    commander: Commander,
    closed: JoinHandle<Closed>,
    events: mpsc::UnboundedReceiver<Frame>,
    drain: CancellationToken,
}

fn rig(config: ConnConfig) -> Rig {
    let (client, peer) = Peer::pair();
    let drain = CancellationToken::new();
    let (actor, commander) = Actor::new(Wire::new(client, Caps::default()), config, drain.clone());
    let (sink, events) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(actor.run(move |frame| drop(sink.send(frame))));
    let closed = wait_for(tasks);
    Rig {
        peer,
        commander,
        closed,
        events,
        drain,
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no task supervisor")]
fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}

fn wait_for(mut tasks: JoinSet<Closed>) -> JoinHandle<Closed> {
    spawn(async move {
        tasks
            .join_next()
            .await
            .expect("there is a task")
            .expect("it does not panic")
    })
}

fn api(line: &str) -> Command {
    Command::api(&WireText::new(line).expect("one line")).expect("a command")
}

fn ask(commander: &Commander, line: &str, limit: Duration) -> JoinHandle<Result<Frame, CommandError>> {
    let (commander, command) = (commander.clone(), api(line));
    spawn(async move { commander.send(command, Instant::now() + limit).await })
}

fn body(answer: Result<Frame, CommandError>) -> String {
    String::from_utf8(answer.expect("an answer").body.to_vec()).expect("text")
}

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn pipelined_commands_get_their_own_replies_in_order() {
    let mut rig = rig(ConnConfig::default());
    let asked: Vec<_> = (0..10)
        .map(|n| ask(&rig.commander, &format!("echo {n}"), MINUTE))
        .collect();
    for n in 0..10 {
        rig.peer.expect(&format!("api echo {n}")).await;
    }
    for n in 0..10 {
        rig.peer.api_reply(&format!("{n}")).await;
    }
    for (n, answer) in asked.into_iter().enumerate() {
        assert_eq!(body(answer.await.unwrap()), n.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_commands_than_the_window_are_on_the_wire() {
    let mut rig = rig(ConnConfig {
        window: 2,
        ..ConnConfig::default()
    });
    let asked: Vec<_> = (0..3)
        .map(|n| ask(&rig.commander, &format!("echo {n}"), MINUTE))
        .collect();
    rig.peer.expect("api echo 0").await;
    rig.peer.expect("api echo 1").await;
    tokio::select! {
        biased;
        third = rig.peer.command() => panic!("{third:?} was sent too early"),
        () = sleep(Duration::from_secs(5)) => {}
    }
    rig.peer.api_reply("0").await;
    rig.peer.expect("api echo 2").await;
    rig.peer.api_reply("1").await;
    rig.peer.api_reply("2").await;
    for (n, answer) in asked.into_iter().enumerate() {
        assert_eq!(body(answer.await.unwrap()), n.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_caller_does_not_shift_the_replies_of_others() {
    let mut rig = rig(ConnConfig::default());
    let slow = ask(&rig.commander, "slow", MINUTE);
    rig.peer.expect("api slow").await;
    slow.abort();
    let fast = ask(&rig.commander, "fast", MINUTE);
    rig.peer.expect("api fast").await;
    rig.peer.api_reply("answer of slow").await;
    rig.peer.api_reply("answer of fast").await;
    assert_eq!(body(fast.await.unwrap()), "answer of fast");
}

#[tokio::test(start_paused = true)]
async fn a_reply_after_the_deadline_is_thrown_away_and_the_outcome_was_unknown() {
    let mut rig = rig(ConnConfig::default());
    let slow = ask(&rig.commander, "slow", Duration::from_secs(1));
    rig.peer.expect("api slow").await;
    assert_eq!(
        slow.await.unwrap(),
        Err(CommandError::TimedOut(Silence::Deadline))
    );
    rig.peer.api_reply("late").await;
    let next = ask(&rig.commander, "next", MINUTE);
    rig.peer.expect("api next").await;
    rig.peer.api_reply("mine").await;
    assert_eq!(body(next.await.unwrap()), "mine");
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_deadline_comes_before_its_turn_is_never_sent() {
    let mut rig = rig(ConnConfig {
        window: 1,
        ..ConnConfig::default()
    });
    let first = ask(&rig.commander, "first", MINUTE);
    rig.peer.expect("api first").await;
    let second = ask(&rig.commander, "second", Duration::from_secs(1));
    assert!(matches!(second.await.unwrap(), Err(CommandError::Unreachable(_))));
    let third = ask(&rig.commander, "third", MINUTE);
    rig.peer.api_reply("1").await;
    rig.peer.expect("api third").await;
    rig.peer.api_reply("3").await;
    assert_eq!(
        (body(first.await.unwrap()), body(third.await.unwrap())),
        ("1".into(), "3".into())
    );
}

#[tokio::test(start_paused = true)]
async fn random_cancellations_never_mix_up_replies() {
    for seed in 0..30 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut rig = rig(ConnConfig {
            window: 4,
            queue: 8,
            ..ConnConfig::default()
        });
        let commander = rig.commander.clone();
        let mut peer = rig.peer;
        // The switch answers each command with its own text, now and then after a pause.
        let mut pauses = StdRng::seed_from_u64(seed + 1_000);
        let switch = spawn(async move {
            while let Some(packet) = peer.command().await {
                sleep(Duration::from_millis(pauses.random_range(0..20))).await;
                peer.api_reply(&packet).await;
            }
        });
        let mut asked = Vec::new();
        for n in 0..60 {
            let limit = Duration::from_millis(rng.random_range(1..120));
            let answer = ask(
                &commander,
                &format!("echo {n}"),
                if n % 3 == 0 { limit } else { MINUTE },
            );
            if rng.random_bool(0.3) {
                sleep(Duration::from_millis(rng.random_range(0..10))).await;
                answer.abort();
            }
            asked.push((n, answer));
        }
        for (n, answer) in asked {
            match answer.await {
                Ok(Ok(frame)) => assert_eq!(frame.body, format!("api echo {n}"), "seed {seed}"),
                Ok(Err(CommandError::TimedOut(Silence::Deadline) | CommandError::Unreachable(_))) => {
                    assert_eq!(n % 3, 0, "seed {seed}");
                }
                Ok(Err(error)) => panic!("{error}"),
                Err(cancelled) => assert!(cancelled.is_cancelled()),
            }
        }
        switch.abort();
        drop((commander, rig.commander));
        rig.events.close();
    }
}

#[tokio::test(start_paused = true)]
async fn silence_beyond_the_hard_limit_ends_the_connection() {
    let mut rig = rig(ConnConfig {
        window: 1,
        ..ConnConfig::default()
    });
    let sent = ask(&rig.commander, "stuck", MINUTE);
    let queued = ask(&rig.commander, "behind", Duration::from_mins(5));
    rig.peer.expect("api stuck").await;
    let before = Instant::now();
    assert!(matches!(rig.closed.await.unwrap(), Closed::Unanswered(verb) if verb == "api stuck"));
    // Its own deadline was later than the 30 s of the connection.
    assert_eq!(before.elapsed().as_secs(), 60);
    assert!(sent.await.unwrap().unwrap_err().outcome_is_unknown());
    assert!(matches!(queued.await.unwrap(), Err(CommandError::Unreachable(_))));
    assert!(rig.commander.is_closed());
}

#[tokio::test(start_paused = true)]
async fn silence_on_an_event_socket_ends_it_and_any_frame_keeps_it() {
    let mut rig = rig(ConnConfig {
        idle_limit: Some(Duration::from_secs(45)),
        ..ConnConfig::default()
    });
    for _ in 0..5 {
        advance(Duration::from_secs(40)).await;
        rig.peer.event(&[("Event-Name", "HEARTBEAT")], None).await;
        assert_eq!(rig.events.recv().await.unwrap().kind, FrameKind::EventPlain);
    }
    let before = Instant::now();
    assert!(matches!(rig.closed.await.unwrap(), Closed::Idle));
    assert_eq!(before.elapsed().as_secs(), 45);
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_limits_survives_days_of_silence() {
    let mut rig = rig(ConnConfig::default());
    sleep(Duration::from_hours(100)).await;
    let answer = ask(&rig.commander, "status", MINUTE);
    rig.peer.expect("api status").await;
    rig.peer.api_reply("UP").await;
    assert_eq!(body(answer.await.unwrap()), "UP");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_stream_is_told_by_where_it_comes() {
    for (sent, label) in [
        ("", "eof"),
        ("Content-Type: api/resp", "malformed"),
        (
            "Content-Type: api/response\nContent-Length: 10\n\nabc",
            "malformed",
        ),
        (
            "Content-Type: text/disconnect-notice\nContent-Length: 30\n\nThe system is being shut down.",
            "notice",
        ),
        (
            "Content-Type: command/reply\nReply-Text: +OK\n\n",
            "unexpected_reply",
        ),
    ] {
        let mut rig = rig(ConnConfig::default());
        rig.peer.send(sent).await;
        drop(rig.peer);
        assert_eq!(rig.closed.await.unwrap().label(), label, "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_command_of_a_lost_connection_has_an_unknown_outcome() {
    let mut rig = rig(ConnConfig::default());
    let open = ask(&rig.commander, "originate", MINUTE);
    rig.peer.expect("api originate").await;
    drop(rig.peer);
    assert_eq!(
        open.await.unwrap(),
        Err(CommandError::TimedOut(Silence::ConnectionLost))
    );
    let later = ask(&rig.commander, "status", MINUTE);
    assert!(matches!(later.await.unwrap(), Err(CommandError::Unreachable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_notice_inside_another_frame_ends_the_connection_without_a_wrong_answer() {
    let mut rig = rig(ConnConfig::default());
    let open = ask(&rig.commander, "show channels", MINUTE);
    rig.peer.expect("api show channels").await;
    rig.peer
        .send("Content-Type: api/response\nContent-Length: 5000\n\nuuid,")
        .await;
    rig.peer.notice("Disconnected, goodbye.\n").await;
    drop(rig.peer);
    assert_eq!(
        open.await.unwrap(),
        Err(CommandError::TimedOut(Silence::ConnectionLost))
    );
    assert_eq!(rig.closed.await.unwrap().label(), "malformed");
}

#[tokio::test(start_paused = true)]
async fn a_lingering_notice_is_passed_on_and_the_connection_lives() {
    let mut rig = rig(ConnConfig::default());
    rig.peer
        .send("Content-Type: text/disconnect-notice\nContent-Disposition: linger\nContent-Length: 0\n\n")
        .await;
    assert_eq!(rig.events.recv().await.unwrap().kind, FrameKind::DisconnectNotice);
    let answer = ask(&rig.commander, "status", MINUTE);
    rig.peer.expect("api status").await;
    rig.peer.api_reply("UP").await;
    assert_eq!(body(answer.await.unwrap()), "UP");
}

#[tokio::test(start_paused = true)]
async fn events_and_unknown_frames_between_replies_disturb_nobody() {
    let mut rig = rig(ConnConfig::default());
    let answer = ask(&rig.commander, "status", MINUTE);
    rig.peer.expect("api status").await;
    rig.peer.event(&[("Event-Name", "A")], None).await;
    rig.peer
        .send("Content-Type: text/novelty\nContent-Length: 3\n\nabc")
        .await;
    rig.peer
        .send("Content-Type: log/data\nContent-Length: 4\nLog-Level: 7\n\nlog\n")
        .await;
    rig.peer.api_reply("UP").await;
    assert_eq!(body(answer.await.unwrap()), "UP");
    assert_eq!(rig.events.recv().await.unwrap().kind, FrameKind::EventPlain);
    assert_eq!(rig.events.recv().await.unwrap().kind, FrameKind::LogData);
}

#[tokio::test(start_paused = true)]
async fn no_event_of_a_burst_is_lost() {
    let mut rig = rig(ConnConfig::default());
    // All in one piece, so that the actor finds more of them than it handles in one go.
    let burst: Vec<u8> = (0..2_000)
        .flat_map(|n| esl::testing::event_frame(&[("N", &n.to_string())], None))
        .collect();
    rig.peer.send(burst).await;
    for n in 0..2_000 {
        let event = esl::Event::from_frame(&rig.events.recv().await.unwrap()).unwrap();
        assert_eq!(event.get_parsed::<u32>("N"), Some(n));
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_read_while_the_switch_reads_nothing() {
    let mut rig = rig(ConnConfig::default());
    // More than the socket takes: the actor cannot finish writing.
    let blocked = ask(&rig.commander, &"x".repeat(200_000), Duration::from_secs(5));
    let blocked_too = ask(&rig.commander, &"y".repeat(200_000), Duration::from_secs(5));
    for n in 0..1_000 {
        rig.peer
            .event(
                &[
                    ("Event-Name", "A"),
                    ("N", &n.to_string()),
                    ("Pad", &"p".repeat(1_000)),
                ],
                None,
            )
            .await;
        assert!(rig.events.recv().await.is_some());
    }
    assert!(blocked.await.unwrap().is_err());
    assert!(blocked_too.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn an_api_body_of_50_megabytes_arrives_whole() {
    let mut rig = rig(ConnConfig::default());
    let answer = ask(&rig.commander, "show channels as json", MINUTE);
    rig.peer.expect("api show channels as json").await;
    let switch = spawn(async move {
        let big = "r".repeat(50 * 1024 * 1024);
        rig.peer.api_reply(&big).await;
        rig.peer
    });
    assert_eq!(answer.await.unwrap().unwrap().body.len(), 50 * 1024 * 1024);
    drop(switch.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn winding_up_answers_the_open_commands_and_says_goodbye() {
    let mut rig = rig(ConnConfig {
        window: 1,
        ..ConnConfig::default()
    });
    let first = ask(&rig.commander, "first", MINUTE);
    let second = ask(&rig.commander, "second", MINUTE);
    rig.peer.expect("api first").await;
    rig.drain.cancel();
    sleep(Duration::from_millis(1)).await;
    assert!(matches!(
        ask(&rig.commander, "refused", MINUTE).await.unwrap(),
        Err(CommandError::Unreachable(_))
    ));
    rig.peer.api_reply("1").await;
    rig.peer.expect("api second").await;
    rig.peer.api_reply("2").await;
    rig.peer.expect("exit").await;
    rig.peer.reply("+OK bye").await;
    rig.peer.notice("Disconnected, goodbye.\n").await;
    assert!(matches!(rig.closed.await.unwrap(), Closed::Finished));
    assert_eq!(
        (body(first.await.unwrap()), body(second.await.unwrap())),
        ("1".into(), "2".into())
    );
}

#[tokio::test(start_paused = true)]
async fn winding_up_does_not_wait_for_ever() {
    let mut rig = rig(ConnConfig::default());
    let stuck = ask(&rig.commander, "stuck", MINUTE);
    rig.peer.expect("api stuck").await;
    let before = Instant::now();
    rig.drain.cancel();
    assert!(matches!(rig.closed.await.unwrap(), Closed::Finished));
    assert_eq!(before.elapsed().as_secs(), 5);
    assert!(stuck.await.unwrap().unwrap_err().outcome_is_unknown());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_ends_the_connection() {
    let Rig {
        mut peer,
        commander,
        closed,
        ..
    } = rig(ConnConfig::default());
    drop(commander);
    peer.expect("exit").await;
    peer.reply("+OK bye").await;
    drop(peer);
    assert!(matches!(closed.await.unwrap(), Closed::Finished));
}

#[tokio::test(start_paused = true)]
async fn callers_wait_for_a_place_in_the_queue_no_longer_than_their_deadline() {
    let mut rig = rig(ConnConfig {
        window: 1,
        queue: 1,
        ..ConnConfig::default()
    });
    let commander = Arc::new(rig.commander.clone());
    let asked: Vec<_> = (0..5)
        .map(|n| ask(&commander, &format!("echo {n}"), Duration::from_secs(2)))
        .collect();
    rig.peer.expect("api echo 0").await;
    let mut outcomes = Vec::new();
    for answer in asked {
        outcomes.push(answer.await.unwrap().unwrap_err().outcome_is_unknown());
    }
    assert_eq!(outcomes, [true, false, false, false, false]);
}
