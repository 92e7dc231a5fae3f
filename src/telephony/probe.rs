//! Trying whether a voice server can be steered: connect, sign in, ask for the version, leave.

use std::time::Duration;

use esl::{
    ApiReply,
    codec::Caps,
    command::{Command, WireText},
    conn::Wire,
    dial::{self, Dialer},
    handshake::{self, HandshakeError, Step},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::time::timeout;

use crate::ports::{ProbeOutcome, ProbeReport, ProbeTarget, SwitchProbe};

/// Patience with each step. A person is waiting in front of the button.
const STEP: Duration = Duration::from_secs(3);

/// A probe over TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct EslProbe;

impl SwitchProbe for EslProbe {
    fn probe(&self, target: ProbeTarget) -> BoxFuture<'_, ProbeReport> {
        async move {
            let host = target.address.trim_matches(['[', ']']);
            let address = if host.contains(':') {
                format!("[{host}]:{}", target.port)
            } else {
                format!("{host}:{}", target.port)
            };
            report(attempt(&dial::tcp(address), &target.password).await)
        }
        .boxed()
    }
}

/// The version of the switch.
async fn attempt(dialer: &Dialer, password: &str) -> Result<String, HandshakeError> {
    let password = WireText::new(password)?;
    let stream = timeout(STEP, dialer())
        .await
        .map_err(|_| HandshakeError::TimedOut(Step::Dial))?;
    let mut wire = Wire::new(stream.map_err(HandshakeError::Dial)?, Caps::default());
    handshake::banner(&mut wire, STEP).await?;
    handshake::auth(&mut wire, &password, STEP).await?;
    // From here on the server is known to be good; a version that does not come is no reason to say otherwise.
    let version = timeout(STEP, ask_version(&mut wire)).await.ok().flatten();
    let _ = timeout(STEP, wire.send(&Command::exit())).await;
    Ok(version.unwrap_or_default())
}

async fn ask_version<IO>(wire: &mut Wire<IO>) -> Option<String>
where
    IO: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    wire.send(&Command::api(&WireText::new("version").ok()?).ok()?)
        .await
        .ok()?;
    let frame = wire.next().await?.ok()?;
    ApiReply::from_frame(&frame)
        .ok()?
        .into_text()
        .ok()
        .map(|text| text.trim().to_owned())
}

fn report(outcome: Result<String, HandshakeError>) -> ProbeReport {
    let failed = |outcome, detail: String| ProbeReport {
        outcome,
        detail,
        version: None,
    };
    match outcome {
        Ok(version) => ProbeReport {
            outcome: ProbeOutcome::Ok,
            detail: "The voice server can be steered.".into(),
            version: Some(version).filter(|version| !version.is_empty()),
        },
        Err(HandshakeError::WrongPassword | HandshakeError::UnusablePassword(_)) => failed(
            ProbeOutcome::WrongPassword,
            "The voice server answers, but refuses the password; compare it with event_socket.conf.".into(),
        ),
        Err(HandshakeError::AccessRefused(_)) => failed(
            ProbeOutcome::Refused,
            "The voice server refuses our address; let it in by apply-inbound-acl in event_socket.conf."
                .into(),
        ),
        Err(HandshakeError::Dial(error)) => failed(
            ProbeOutcome::Unreachable,
            format!(
                "Nobody answers at this address and port ({error}); is the switch running, is a firewall between?"
            ),
        ),
        Err(HandshakeError::TimedOut(Step::Dial)) => failed(
            ProbeOutcome::Unreachable,
            "Nobody answers at this address and port; is a firewall between?".into(),
        ),
        Err(error) => failed(
            ProbeOutcome::NotASwitch,
            format!("Somebody answers there, but not like an Event Socket ({error}); check the port."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use esl::testing::Listener;

    #[tokio::test]
    async fn a_switch_that_lets_us_in_tells_its_version() {
        let (dialer, mut listener) = Listener::new();
        let switch = async {
            let mut peer = listener.accept().await;
            peer.accept("ClueCon").await;
            peer.expect("api version").await;
            peer.api_reply("FreeSWITCH Version 1.11.1\n").await;
            peer.expect("exit").await;
        };
        let (outcome, ()) = tokio::join!(attempt(&dialer, "ClueCon"), switch);
        let report = report(outcome);
        assert_eq!(report.outcome, ProbeOutcome::Ok);
        assert_eq!(report.version.as_deref(), Some("FreeSWITCH Version 1.11.1"));
    }

    #[tokio::test]
    async fn a_wrong_password_and_a_closed_door_are_told_apart() {
        let (dialer, mut listener) = Listener::new();
        let switch = async {
            let mut peer = listener.accept().await;
            peer.send("Content-Type: auth/request\n\n").await;
            peer.expect("auth wrong").await;
            peer.reply("-ERR invalid").await;
        };
        let (outcome, ()) = tokio::join!(attempt(&dialer, "wrong"), switch);
        assert_eq!(report(outcome).outcome, ProbeOutcome::WrongPassword);

        let (dialer, mut listener) = Listener::new();
        let switch = async {
            let mut peer = listener.accept().await;
            peer.send("Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n")
                .await;
        };
        let (outcome, ()) = tokio::join!(attempt(&dialer, "ClueCon"), switch);
        assert_eq!(report(outcome).outcome, ProbeOutcome::Refused);
    }

    #[tokio::test]
    async fn what_is_no_event_socket_and_what_is_nobody_are_told_apart() {
        let (dialer, mut listener) = Listener::new();
        let switch = async {
            let mut peer = listener.accept().await;
            peer.send("Content-Type: text/html\nContent-Length: 2\n\nhi")
                .await;
        };
        let (outcome, ()) = tokio::join!(attempt(&dialer, "ClueCon"), switch);
        assert_eq!(report(outcome).outcome, ProbeOutcome::NotASwitch);

        let nobody: Dialer = std::sync::Arc::new(|| {
            async { Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)) }.boxed()
        });
        assert_eq!(
            report(attempt(&nobody, "ClueCon").await).outcome,
            ProbeOutcome::Unreachable
        );
    }
}
