//! From a fresh socket to a subscribed one: banner, password, subscriptions. Each step has a deadline.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use crate::{
    codec::{CodecError, Frame, FrameKind},
    command::{Command, Interest, InvalidText, WireText},
    conn::{Wire, one_line},
    reply::{CommandError, command_reply},
};

/// Events that may come before the reply to the command that asked for them; more means that it never comes.
const MOST_EARLY_EVENTS: usize = 10_000;

/// Which step of the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// TCP connection.
    Dial,
    /// `auth/request` from the switch.
    Banner,
    /// `auth` and its answer.
    Auth,
    /// Filters and `event`.
    Subscribe,
    /// A question after the handshake, to see that the switch answers.
    Ask,
}

/// Why a connection did not come to be.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// No TCP connection.
    #[error("cannot connect: {0}")]
    Dial(std::io::Error),
    /// A step took too long.
    #[error("no answer in step {0:?}")]
    TimedOut(Step),
    /// The switch closed during a step.
    #[error("closed by the switch in step {0:?}")]
    Closed(Step),
    /// The access list of the switch refuses this address (`text/rude-rejection`).
    #[error("refused by the access list of the switch: {0}")]
    AccessRefused(String),
    /// The password is wrong.
    #[error("the switch refused the password")]
    WrongPassword,
    /// The password cannot be sent at all.
    #[error("the password cannot be sent: {0}")]
    UnusablePassword(#[from] InvalidText),
    /// A subscription was refused.
    #[error("the switch refused a subscription: {0}")]
    SubscriptionRefused(CommandError),
    /// Something that does not belong here: probably no event socket.
    #[error("unexpected {got} in step {step:?}")]
    Unexpected {
        /// Where.
        step: Step,
        /// `Content-Type` of the frame.
        got: &'static str,
    },
    /// Not an event socket, or the socket failed.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl HandshakeError {
    /// Whether trying again soon is useless: a human has to change something first.
    pub fn needs_a_human(&self) -> bool {
        matches!(
            self,
            HandshakeError::AccessRefused(_)
                | HandshakeError::WrongPassword
                | HandshakeError::UnusablePassword(_)
                | HandshakeError::SubscriptionRefused(_)
        )
    }

    /// A short stable word for counters and translations.
    pub fn label(&self) -> &'static str {
        match self {
            HandshakeError::Dial(_) => "dial",
            HandshakeError::TimedOut(_) => "handshake_timeout",
            HandshakeError::Closed(_) => "handshake_closed",
            HandshakeError::AccessRefused(_) => "access_refused",
            HandshakeError::WrongPassword => "wrong_password",
            HandshakeError::UnusablePassword(_) => "unusable_password",
            HandshakeError::SubscriptionRefused(_) => "subscription_refused",
            HandshakeError::Unexpected { .. } => "unexpected_frame",
            HandshakeError::Codec(_) => "malformed",
        }
    }
}

/// Waits for `auth/request`.
pub async fn banner<IO>(wire: &mut Wire<IO>, limit: Duration) -> Result<(), HandshakeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    within(limit, Step::Banner, async {
        let frame = next(wire, Step::Banner).await?;
        match frame.kind {
            FrameKind::AuthRequest => Ok(()),
            other => Err(HandshakeError::Unexpected {
                step: Step::Banner,
                got: other.content_type(),
            }),
        }
    })
    .await
}

/// Sends the password and waits for the verdict.
pub async fn auth<IO>(wire: &mut Wire<IO>, password: &WireText, limit: Duration) -> Result<(), HandshakeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let command = Command::auth(password)?;
    within(limit, Step::Auth, async {
        wire.send(&command).await?;
        let frame = next(wire, Step::Auth).await?;
        match (frame.kind, command_reply(&frame)) {
            (FrameKind::CommandReply, Ok(_)) => Ok(()),
            (FrameKind::CommandReply, Err(_)) => Err(HandshakeError::WrongPassword),
            (other, _) => Err(HandshakeError::Unexpected {
                step: Step::Auth,
                got: other.content_type(),
            }),
        }
    })
    .await
}

/// Applies the subscriptions to a fresh connection, once. Returns events that came before the last reply.
pub async fn subscribe<IO>(
    wire: &mut Wire<IO>,
    interest: &Interest,
    limit: Duration,
) -> Result<Vec<Frame>, HandshakeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    within(limit, Step::Subscribe, async {
        let mut early = Vec::new();
        for command in interest.commands() {
            wire.send(&command).await?;
            loop {
                let frame = next(wire, Step::Subscribe).await?;
                if frame.kind == FrameKind::CommandReply {
                    command_reply(&frame).map_err(HandshakeError::SubscriptionRefused)?;
                    break;
                }
                if !frame.kind.is_event() || early.len() >= MOST_EARLY_EVENTS {
                    let got = frame.kind.content_type();
                    return Err(HandshakeError::Unexpected {
                        step: Step::Subscribe,
                        got,
                    });
                }
                early.push(frame);
            }
        }
        Ok(early)
    })
    .await
}

/// Asks one thing on a fresh connection; the text of the answer, trimmed.
pub async fn ask<IO>(
    wire: &mut Wire<IO>,
    command: &Command,
    limit: Duration,
) -> Result<String, HandshakeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    within(limit, Step::Ask, async {
        wire.send(command).await?;
        let frame = next(wire, Step::Ask).await?;
        match frame.kind {
            FrameKind::ApiResponse => Ok(String::from_utf8_lossy(&frame.body).trim().to_owned()),
            other => Err(HandshakeError::Unexpected {
                step: Step::Ask,
                got: other.content_type(),
            }),
        }
    })
    .await
}

async fn within<T>(
    limit: Duration,
    step: Step,
    work: impl Future<Output = Result<T, HandshakeError>>,
) -> Result<T, HandshakeError> {
    timeout(limit, work)
        .await
        .unwrap_or(Err(HandshakeError::TimedOut(step)))
}

async fn next<IO>(wire: &mut Wire<IO>, step: Step) -> Result<Frame, HandshakeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let frame = wire.next().await.ok_or(HandshakeError::Closed(step))??;
    match frame.kind {
        FrameKind::RudeRejection => Err(HandshakeError::AccessRefused(one_line(&frame.body))),
        FrameKind::DisconnectNotice => Err(HandshakeError::Closed(step)),
        _ => Ok(frame),
    }
}
