//! What is said on the wire, besides the snapshots and deltas that the hub writes.

use axum::extract::ws::Utf8Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a console says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientFrame {
    /// First of all, and again to stay longer.
    Hello {
        token: String,
    },
    Subscribe {
        topic: String,
    },
    Unsubscribe {
        topic: String,
    },
    Ping,
}

/// What we say.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerFrame<'a> {
    Welcome {
        epoch: Uuid,
        server_time: DateTime<Utc>,
    },
    /// Deltas of the topic were lost: subscribe again.
    Resync {
        topic: &'a str,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<&'a str>,
        code: &'a str,
        detail: &'a str,
    },
    Pong {
        server_time: DateTime<Utc>,
    },
    /// The last frame.
    Goodbye {
        code: &'a str,
    },
}

impl ServerFrame<'_> {
    pub(super) fn to_text(&self) -> Utf8Bytes {
        // Maps with string keys and plain values always serialise.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}
