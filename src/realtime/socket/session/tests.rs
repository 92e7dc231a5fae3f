//! Conversations over a pair of channels and a stopped clock.

use std::{
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
};

use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;
use uuid::Uuid;

use super::*;
use crate::{
    error::AppResult,
    http::guard::{Permission, PermissionSet},
    realtime::hub::Row,
};

/// The server's end: what the browser sends, and room for a few frames to it.
struct Wired {
    from_browser: mpsc::UnboundedReceiver<Wire>,
    to_browser: PollSender<Wire>,
}

impl Stream for Wired {
    type Item = Result<Wire, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.from_browser.poll_recv(cx).map(|message| message.map(Ok))
    }
}

impl Sink<Wire> for Wired {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.to_browser.poll_ready_unpin(cx).map_err(Error::new)
    }

    fn start_send(mut self: Pin<&mut Self>, item: Wire) -> Result<(), Error> {
        self.to_browser.start_send_unpin(item).map_err(Error::new)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.to_browser.poll_flush_unpin(cx).map_err(Error::new)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.to_browser.poll_close_unpin(cx).map_err(Error::new)
    }
}

/// A clock that follows tokio's.
struct Follows(Instant);

impl Clock for Follows {
    fn now(&self) -> DateTime<Utc> {
        let since = TimeDelta::from_std(self.0.elapsed()).unwrap();
        DateTime::from_timestamp(1_795_000_000, 0).unwrap() + since
    }
}

/// What the door says now, for the tokens `good` and `longer`.
struct Says {
    began: DateTime<Utc>,
    rights: Mutex<Result<PermissionSet, ErrorKind>>,
}

impl Says {
    fn principal(&self, user_id: i64) -> AppResult<Arc<Principal>> {
        let permissions = self
            .rights
            .lock()
            .unwrap()
            .map_err(|kind| AppError::new(kind, "auth.session_over", "Over."))?;
        Ok(Arc::new(Principal {
            user_id,
            session_id: Uuid::from_u128(1),
            user_name: "li.na".into(),
            full_name: "Li Na".into(),
            is_admin: false,
            is_agent: true,
            must_change_password: false,
            permissions,
        }))
    }
}

impl Door for Says {
    fn admit<'a>(&'a self, token: &'a str) -> BoxFuture<'a, AppResult<Admission>> {
        Box::pin(async move {
            let (user_id, minutes) = match token {
                "good" => (7, 15),
                "longer" => (7, 60),
                "somebody else's" => (8, 15),
                _ => return Err(AppError::unauthenticated("auth.invalid_token", "No.")),
            };
            Ok(Admission {
                principal: self.principal(user_id)?,
                expires_at: self.began + TimeDelta::minutes(minutes),
            })
        })
    }

    fn recheck(&self, _: Uuid) -> BoxFuture<'_, AppResult<Arc<Principal>>> {
        Box::pin(async move { self.principal(7) })
    }
}

/// A running conversation, seen from the browser.
struct Browser {
    hub: Hub,
    door: Arc<Says>,
    closing: CancellationToken,
    sender: mpsc::UnboundedSender<Wire>,
    receiver: mpsc::Receiver<Wire>,
    conversation: tokio::task::JoinHandle<()>,
}

impl Browser {
    fn new(rights: &[Permission]) -> Self {
        let rights = rights
            .iter()
            .fold(PermissionSet::default(), |set, right| set.with(*right));
        let clock = Follows(Instant::now());
        let door = Arc::new(Says {
            began: clock.now(),
            rights: Mutex::new(Ok(rights)),
        });
        let (sender, from_browser) = mpsc::unbounded_channel();
        let (to_browser, receiver) = mpsc::channel(2);
        let wired = Wired {
            from_browser,
            to_browser: PollSender::new(to_browser),
        };
        let (hub, closing) = (Hub::new(Uuid::nil()), CancellationToken::new());
        #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
        let conversation = tokio::spawn({
            let (hub, closing, door) = (hub.clone(), closing.clone(), Arc::clone(&door));
            async move {
                let around = Surroundings {
                    door: &*door,
                    hub: &hub,
                    clock: &clock,
                    prepare: &|_| (),
                    policy: &Policy::default(),
                    closing: &closing,
                };
                converse(wired, around).await;
            }
        });
        Self {
            hub,
            door,
            closing,
            sender,
            receiver,
            conversation,
        }
    }

    async fn signed_in(rights: &[Permission]) -> Self {
        let mut browser = Self::new(rights);
        browser.say(&json!({"type": "hello", "token": "good"}));
        assert_eq!(browser.hear().await["type"], "welcome");
        browser
    }

    fn say(&self, frame: &Value) {
        self.sender.send(Wire::Text(frame.to_string().into())).unwrap();
    }

    /// The next text frame; the protocol's pings are answered on the way, as browsers do.
    async fn hear(&mut self) -> Value {
        loop {
            match self.receiver.recv().await.expect("a frame") {
                Wire::Text(text) => return serde_json::from_str(&text).unwrap(),
                Wire::Ping(_) => self.sender.send(Wire::Pong(bytes::Bytes::new())).unwrap(),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The goodbye, the close frame, and then nothing any more.
    async fn hear_goodbye(mut self) -> String {
        let goodbye = self.hear().await;
        assert_eq!(goodbye["type"], "goodbye", "{goodbye}");
        assert!(matches!(self.receiver.recv().await, Some(Wire::Close(Some(_)))));
        // The browser closes its side.
        drop(self.sender);
        self.conversation.await.unwrap();
        goodbye["code"].as_str().unwrap().to_owned()
    }

    fn publish(&self, topic: &Topic, value: u32) {
        let row = Row::new("a", &json!({"id": "a", "value": value})).unwrap();
        self.hub.publish(topic, DateTime::UNIX_EPOCH, vec![row], &[]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_say_hello_in_time_is_sent_away() {
    let begun = Instant::now();
    assert_eq!(Browser::new(&[]).hear_goodbye().await, "socket.hello_expected");
    assert!(begun.elapsed() >= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn anything_but_a_hello_at_first_and_a_wrong_token_are_sent_away() {
    let browser = Browser::new(&[]);
    browser.say(&json!({"type": "subscribe", "topic": "calls"}));
    assert_eq!(browser.hear_goodbye().await, "socket.hello_expected");

    let browser = Browser::new(&[]);
    browser.say(&json!({"type": "hello", "token": "forged"}));
    assert_eq!(browser.hear_goodbye().await, "auth.invalid_token");
}

#[tokio::test(start_paused = true)]
async fn a_topic_comes_as_a_snapshot_and_then_as_deltas_until_it_is_left() {
    let mut browser = Browser::signed_in(&[Permission::CallsLive]).await;
    browser.publish(&Topic::Calls, 1);
    browser.say(&json!({"type": "subscribe", "topic": "calls"}));
    assert_eq!(browser.hear().await["rows"][0]["value"], 1);
    browser.publish(&Topic::Calls, 2);
    assert_eq!(browser.hear().await["put"][0]["value"], 2);

    browser.say(&json!({"type": "unsubscribe", "topic": "calls"}));
    browser.say(&json!({"type": "ping"}));
    assert_eq!(browser.hear().await["type"], "pong");
    browser.publish(&Topic::Calls, 3);
    browser.say(&json!({"type": "ping"}));
    assert_eq!(browser.hear().await["type"], "pong");
}

#[tokio::test(start_paused = true)]
async fn unknown_and_forbidden_topics_and_odd_frames_are_refused_and_the_rest_goes_on() {
    let mut browser = Browser::signed_in(&[Permission::DeskUse]).await;
    for (frame, code) in [
        (json!({"type": "subscribe", "topic": "weather"}), "topic.unknown"),
        (json!({"type": "subscribe", "topic": "calls"}), "auth.forbidden"),
        (json!({"type": "dance"}), "socket.bad_frame"),
    ] {
        browser.say(&frame);
        let refused = browser.hear().await;
        assert_eq!(
            (refused["type"].as_str(), refused["code"].as_str()),
            (Some("error"), Some(code))
        );
        assert_eq!(refused.get("topic"), frame.get("topic"));
    }
    browser.say(&json!({"type": "subscribe", "topic": "servers"}));
    assert_eq!(browser.hear().await["type"], "snapshot");
}

#[tokio::test(start_paused = true)]
async fn everybody_sees_only_his_own_seat() {
    let mut browser = Browser::signed_in(&[Permission::DeskUse]).await;
    browser.publish(&Topic::Seat(8), 8);
    browser.publish(&Topic::Seat(7), 7);
    browser.say(&json!({"type": "subscribe", "topic": "seat"}));
    assert_eq!(browser.hear().await["rows"], json!([{"id": "a", "value": 7}]));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_token_ends_the_conversation_unless_it_was_renewed() {
    let browser = Browser::signed_in(&[]).await;
    let begun = Instant::now();
    assert_eq!(browser.hear_goodbye().await, "auth.expired");
    assert_eq!(begun.elapsed().as_secs(), 15 * 60);

    let mut browser = Browser::signed_in(&[]).await;
    browser.say(&json!({"type": "hello", "token": "longer"}));
    assert_eq!(browser.hear().await["type"], "welcome");
    let begun = Instant::now();
    assert_eq!(browser.hear_goodbye().await, "auth.expired");
    assert_eq!(begun.elapsed().as_secs(), 60 * 60);
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_over_the_socket_of_another_person() {
    let browser = Browser::signed_in(&[]).await;
    browser.say(&json!({"type": "hello", "token": "somebody else's"}));
    assert_eq!(browser.hear_goodbye().await, "auth.other_user");
}

#[tokio::test(start_paused = true)]
async fn rights_that_are_taken_away_end_their_topics_within_ten_seconds() {
    let mut browser = Browser::signed_in(&[Permission::CallsLive]).await;
    for topic in ["calls", "system"] {
        browser.say(&json!({"type": "subscribe", "topic": topic}));
        assert_eq!(browser.hear().await["type"], "snapshot");
    }
    *browser.door.rights.lock().unwrap() = Ok(PermissionSet::default());
    let begun = Instant::now();
    // A new snapshot of what is still allowed, and the refusal, in any order.
    let (one, other) = (browser.hear().await, browser.hear().await);
    let refused = if one["type"] == "error" { one } else { other };
    assert_eq!(
        (refused["topic"].as_str(), refused["code"].as_str()),
        (Some("calls"), Some("auth.forbidden"))
    );
    assert!(begun.elapsed() <= Duration::from_secs(10));
    browser.publish(&Topic::Calls, 1);
    browser.publish(&Topic::System, 2);
    assert_eq!(browser.hear().await["topic"], "system");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_session_ends_the_conversation_and_a_sick_database_does_not() {
    let mut browser = Browser::signed_in(&[]).await;
    *browser.door.rights.lock().unwrap() = Err(ErrorKind::Unavailable);
    for _ in 0..3 {
        // Pings come with each check.
        assert!(matches!(browser.receiver.recv().await, Some(Wire::Ping(_))));
        browser.sender.send(Wire::Pong(bytes::Bytes::new())).unwrap();
    }
    *browser.door.rights.lock().unwrap() = Err(ErrorKind::Unauthenticated);
    assert_eq!(browser.hear_goodbye().await, "auth.session_over");
}

#[tokio::test(start_paused = true)]
async fn a_console_that_takes_nothing_is_left_after_the_write_limit() {
    let mut browser = Browser::signed_in(&[Permission::CallsLive]).await;
    browser.say(&json!({"type": "subscribe", "topic": "calls"}));
    assert_eq!(browser.hear().await["type"], "snapshot");
    for value in 0..10 {
        browser.publish(&Topic::Calls, value);
    }
    let begun = Instant::now();
    browser.conversation.await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_console_that_fell_behind_is_told_to_subscribe_again() {
    let mut browser = Browser::signed_in(&[Permission::CallsLive]).await;
    browser.say(&json!({"type": "subscribe", "topic": "calls"}));
    assert_eq!(browser.hear().await["type"], "snapshot");
    for value in 0..1000 {
        browser.publish(&Topic::Calls, value);
    }
    loop {
        let frame = browser.hear().await;
        if frame["type"] == "resync" {
            assert_eq!(frame["topic"], "calls");
            break;
        }
    }
    browser.say(&json!({"type": "subscribe", "topic": "calls"}));
    assert_eq!(browser.hear().await["rows"][0]["value"], 999);
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_answers_no_ping_is_gone_after_a_minute() {
    let mut browser = Browser::signed_in(&[]).await;
    let begun = Instant::now();
    while browser.receiver.recv().await.is_some() {}
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn frames_that_are_too_large_or_too_many_end_the_conversation() {
    let browser = Browser::signed_in(&[]).await;
    browser.say(&json!({"type": "subscribe", "topic": "x".repeat(17_000)}));
    assert_eq!(browser.hear_goodbye().await, "socket.frame_too_large");

    let mut browser = Browser::signed_in(&[]).await;
    for _ in 0..201 {
        browser.say(&json!({"type": "ping"}));
    }
    for _ in 0..200 {
        assert_eq!(browser.hear().await["type"], "pong");
    }
    assert_eq!(browser.hear_goodbye().await, "socket.too_many_frames");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_says_that_it_goes_away() {
    let browser = Browser::signed_in(&[]).await;
    browser.closing.cancel();
    assert_eq!(browser.hear_goodbye().await, "going_away");

    let unknown = Browser::new(&[]);
    unknown.closing.cancel();
    assert_eq!(unknown.hear_goodbye().await, "going_away");
}
