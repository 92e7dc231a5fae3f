//! What a command came to.

use crate::{
    codec::{Frame, FrameKind},
    command::InvalidText,
};

/// Why nothing is known about a command that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// No reply before the deadline; it may still be executed, or have been.
    #[error("no reply before the deadline")]
    Deadline,
    /// The connection ended before the reply.
    #[error("the connection ended before the reply")]
    ConnectionLost,
}

/// Why a command has no good answer. Only [`CommandError::TimedOut`] leaves open whether it was executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The switch answered `-ERR` or `-USAGE`; the text after it.
    #[error("the switch refused: {0}")]
    Rejected(String),
    /// `-ERR permission denied`: the account may not use this command.
    #[error("the switch denied permission")]
    Denied,
    /// It was never sent, so it was certainly not executed.
    #[error("the switch is not reachable: {0}")]
    Unreachable(String),
    /// It was sent and its outcome is *unknown*: look at the world before trying again.
    #[error("unknown outcome: {0}")]
    TimedOut(Silence),
    /// It cannot be put on the wire.
    #[error(transparent)]
    Invalid(#[from] InvalidText),
}

impl CommandError {
    /// Whether the command may have been executed all the same.
    pub fn outcome_is_unknown(&self) -> bool {
        matches!(self, CommandError::TimedOut(_))
    }
}

/// The answer of an api command. The bodies are not uniform (surprises 13), so what does not state its success
/// is [`ApiReply::Text`] and the caller knows what to expect of it: `false`, `_undef_`, `Invalid Gateway!`, JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiReply {
    /// `+OK`, and what follows it, trimmed.
    Ok(String),
    /// `-ERR`, and what follows it, trimmed.
    Error(String),
    /// `-USAGE`, and what follows it, trimmed.
    Usage(String),
    /// Anything else, as it came.
    Text(String),
}

impl ApiReply {
    /// Reads the body of an `api/response` or of a BACKGROUND_JOB.
    pub fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let rest = |prefix: &str| {
            text.strip_prefix(prefix)
                .map(|rest| rest.trim_start_matches(':').trim().to_owned())
        };
        if let Some(text) = rest("+OK") {
            ApiReply::Ok(text)
        } else if let Some(text) = rest("-ERR") {
            ApiReply::Error(text)
        } else if let Some(text) = rest("-USAGE") {
            ApiReply::Usage(text)
        } else {
            ApiReply::Text(text.into_owned())
        }
    }

    /// Reads the frame that answered `api`: either kind of reply is legal, a denied command is answered by a
    /// `command/reply` (`mod_event_socket.c` 2311).
    pub fn from_frame(frame: &Frame) -> Result<Self, CommandError> {
        match frame.kind {
            FrameKind::ApiResponse => Ok(Self::parse(&frame.body)),
            _ => command_reply(frame).map(ApiReply::Ok),
        }
    }

    /// The text of a success or of a bare answer; `-ERR` and `-USAGE` become [`CommandError::Rejected`].
    pub fn into_text(self) -> Result<String, CommandError> {
        match self {
            ApiReply::Ok(text) | ApiReply::Text(text) => Ok(text),
            ApiReply::Error(text) | ApiReply::Usage(text) => Err(CommandError::Rejected(text)),
        }
    }
}

/// `Reply-Text` of a `command/reply`: what follows `+OK`, or the refusal. A bare text counts as success:
/// `getvar` on an outbound socket answers with the value.
pub(crate) fn command_reply(frame: &Frame) -> Result<String, CommandError> {
    let text = frame.header_text("Reply-Text").unwrap_or_default();
    match ApiReply::parse(text.as_bytes()) {
        ApiReply::Ok(text) | ApiReply::Text(text) => Ok(text),
        ApiReply::Error(text) if text.eq_ignore_ascii_case("permission denied") => Err(CommandError::Denied),
        ApiReply::Error(text) | ApiReply::Usage(text) => Err(CommandError::Rejected(text)),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn reply(text: &'static str) -> Frame {
        let head = format!("Content-Type: command/reply\nReply-Text: {text}\n");
        Frame {
            kind: FrameKind::CommandReply,
            head: head.into(),
            body: Bytes::new(),
        }
    }

    #[test]
    fn the_four_shapes_of_an_api_body_are_told_apart() {
        assert_eq!(ApiReply::parse(b"+OK"), ApiReply::Ok(String::new()));
        assert_eq!(ApiReply::parse(b"+OK x\n"), ApiReply::Ok("x".into()));
        assert_eq!(
            ApiReply::parse(b"-ERR no reply\n"),
            ApiReply::Error("no reply".into())
        );
        assert_eq!(ApiReply::parse(b"-USAGE: a b\n"), ApiReply::Usage("a b".into()));
        assert_eq!(ApiReply::parse(b"false"), ApiReply::Text("false".into()));
        assert_eq!(ApiReply::parse(b"+OK x").into_text(), Ok("x".into()));
        assert_eq!(
            ApiReply::parse(b"-ERR y").into_text(),
            Err(CommandError::Rejected("y".into()))
        );
    }

    #[test]
    fn a_denied_api_is_answered_by_a_command_reply() {
        assert_eq!(
            ApiReply::from_frame(&reply("-ERR permission denied")),
            Err(CommandError::Denied)
        );
        assert_eq!(
            ApiReply::from_frame(&reply("-ERR command not found")),
            Err(CommandError::Rejected("command not found".into()))
        );
    }

    #[test]
    fn only_silence_leaves_the_outcome_open() {
        assert!(CommandError::TimedOut(Silence::Deadline).outcome_is_unknown());
        assert!(!CommandError::Unreachable(String::new()).outcome_is_unknown());
    }
}
