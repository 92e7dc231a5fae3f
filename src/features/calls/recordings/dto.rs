//! Wire types of recordings.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An address that a media element can play, for a few minutes.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingTicket {
    /// Relative to this server; made for the caller alone.
    pub url: String,
    /// From then on it is refused.
    pub expires_at: DateTime<Utc>,
}

/// Instead of the `Authorization` header.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TicketQuery {
    /// From `POST …/ticket`.
    pub ticket: Option<String>,
}

/// The shape of the sound, for drawing.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PeaksView {
    /// Sides: 1 mixed, 2 caller and agent apart.
    pub channels: u16,
    /// Length, milliseconds.
    pub duration_ms: i64,
    /// One list a side: lowest and highest value of each stretch in turn, from -1 to 1; at most 2,000 stretches.
    pub peaks: Vec<Vec<f32>>,
}
