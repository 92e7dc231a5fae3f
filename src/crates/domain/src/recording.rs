//! Recordings. They belong to the leg that records, not to the agent: one started by a queue runs on after the agent
//! has left, through survey and second queue, until the caller hangs up (surprises 45).

use crate::ids::{CallId, LegId, RecordingId, ServerId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Whether the file is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// The switch is writing.
    Recording,
    /// The switch closed the file.
    Ready,
    /// The file was looked for and is not there.
    Missing,
}

impl RecordingState {
    /// The word of tables and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Ready => "ready",
            Self::Missing => "missing",
        }
    }
}

/// One file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Of leg and path.
    pub id: RecordingId,
    /// The leg that records.
    pub leg: LegId,
    /// As the switch sees it.
    pub path: String,
    /// When the switch opened it.
    pub started_at: DateTime<Utc>,
    /// Whether an event told the begin; a record lets it only be guessed.
    pub seen: bool,
    /// Whether an event told the end.
    pub seen_end: bool,
    /// When the switch closed it.
    pub ended_at: Option<DateTime<Utc>>,
    /// Length of the sound, milliseconds.
    pub duration_ms: Option<i64>,
    /// Size of the file, bytes.
    pub size_bytes: Option<i64>,
}

impl Recording {
    /// A file that was opened.
    pub fn new(leg: LegId, path: &str, started_at: DateTime<Utc>) -> Self {
        Self {
            id: RecordingId::derive(leg, path),
            leg,
            path: path.to_owned(),
            started_at,
            seen: false,
            seen_end: false,
            ended_at: None,
            duration_ms: None,
            size_bytes: None,
        }
    }
}

/// One file as stored. Mirrors the table `recordings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingRecord {
    /// Of leg and path.
    pub id: RecordingId,
    /// The call of the leg.
    pub call_id: CallId,
    /// The leg that records.
    pub leg_id: LegId,
    /// Where.
    pub server_id: ServerId,
    /// As the switch sees it.
    pub path: String,
    /// When the switch opened it.
    pub started_at: DateTime<Utc>,
    /// When the switch closed it.
    pub ended_at: Option<DateTime<Utc>>,
    /// Length of the sound, milliseconds.
    pub duration_ms: Option<i64>,
    /// Size of the file, bytes.
    pub size_bytes: Option<i64>,
    /// Whether it is complete.
    pub state: RecordingState,
}
