//! Banner, password and subscriptions: every way in which they fail, with its own error.

use std::time::Duration;

use esl::{
    CommandError,
    codec::{Caps, FrameKind},
    command::{Interest, WireText},
    conn::Wire,
    handshake::{self, HandshakeError, Step},
    testing::Peer,
};
use tokio::io::DuplexStream;

const LIMIT: Duration = Duration::from_secs(5);

fn wire() -> (Wire<DuplexStream>, Peer) {
    let (client, peer) = Peer::pair();
    (Wire::new(client, Caps::default()), peer)
}

async fn banner_after(bytes: &str, close: bool) -> HandshakeError {
    let (mut wire, mut peer) = wire();
    peer.send(bytes).await;
    let _kept = (!close).then_some(peer);
    handshake::banner(&mut wire, LIMIT)
        .await
        .expect_err("the handshake fails")
}

async fn auth_after(bytes: &str) -> HandshakeError {
    let (mut wire, mut peer) = wire();
    peer.send(bytes).await;
    handshake::auth(&mut wire, &WireText::new("pw").expect("one line"), LIMIT)
        .await
        .expect_err("the handshake fails")
}

#[tokio::test(start_paused = true)]
async fn silence_after_accept_is_a_timeout() {
    assert!(matches!(
        banner_after("", false).await,
        HandshakeError::TimedOut(Step::Banner)
    ));
    assert!(matches!(
        auth_after("").await,
        HandshakeError::TimedOut(Step::Auth)
    ));
}

#[tokio::test(start_paused = true)]
async fn an_end_before_the_banner_is_no_password_problem() {
    let error = banner_after("", true).await;
    assert!(matches!(error, HandshakeError::Closed(Step::Banner)));
    assert!(!error.needs_a_human());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_access_list_needs_a_human() {
    // As recorded in 01m: no banner, the rejection, a notice, the end.
    let error = banner_after(
        "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n",
        false,
    )
    .await;
    assert!(matches!(&error, HandshakeError::AccessRefused(text) if text == "Access Denied, go away."));
    assert!(error.needs_a_human());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_needs_a_human() {
    let error = auth_after("Content-Type: command/reply\nReply-Text: -ERR invalid\n\n").await;
    assert!(matches!(error, HandshakeError::WrongPassword));
    assert!(error.needs_a_human());
}

#[tokio::test(start_paused = true)]
async fn a_web_server_on_the_port_is_not_taken_for_a_switch() {
    let error = banner_after("HTTP/1.1 400 Bad Request\nContent-Length: 0\n\n", false).await;
    assert!(matches!(error, HandshakeError::Codec(_)), "{error}");
    let error = banner_after("Content-Type: api/response\nContent-Length: 0\n\n", false).await;
    assert!(matches!(
        error,
        HandshakeError::Unexpected {
            step: Step::Banner,
            got: "api/response"
        }
    ));
}

#[tokio::test(start_paused = true)]
async fn events_before_the_reply_to_the_subscription_are_kept() {
    let (mut wire, mut peer) = wire();
    peer.event(&[("Event-Name", "A")], None).await;
    peer.reply("+OK event listener enabled plain").await;
    let interest = Interest::of(&["A"], &["callcenter::info"]).unwrap();
    let early = handshake::subscribe(&mut wire, &interest, LIMIT).await.unwrap();
    assert_eq!(
        early.iter().map(|frame| frame.kind).collect::<Vec<_>>(),
        [FrameKind::EventPlain]
    );
    peer.expect("event plain A CUSTOM callcenter::info").await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_subscription_says_what_was_refused() {
    let (mut wire, mut peer) = wire();
    peer.reply("-ERR no keywords supplied").await;
    let interest = Interest::of(&["NO_SUCH_EVENT"], &[]).unwrap();
    let error = handshake::subscribe(&mut wire, &interest, LIMIT)
        .await
        .unwrap_err();
    assert!(matches!(
        &error,
        HandshakeError::SubscriptionRefused(CommandError::Rejected(text)) if text == "no keywords supplied"
    ));
    assert!(error.needs_a_human());
}
