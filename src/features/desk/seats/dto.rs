//! Wire types of the toolbar.

use chrono::{DateTime, Utc};
use domain::{call::CallDirection, seat::Buttons};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What the toolbar shows. The only row of topic `seat`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeatView {
    /// Always `seat`.
    pub id: &'static str,
    /// Somebody is signed in to an extension.
    pub signed_in: bool,
    /// `voice_servers.id`.
    pub server_id: Option<i64>,
    /// Extension number.
    pub extension: Option<String>,
    /// The phone is registered.
    pub registered: bool,
    /// `live` or `switch_away`.
    pub link: &'static str,
    /// The extension is in a queue.
    pub in_queue: bool,
    /// `ready` or `not_ready`: what the agent wants to be.
    pub status: &'static str,
    /// Why not ready: a code of the dictionary of break reasons, or `missed_calls`.
    pub reason: Option<String>,
    /// Begin of that.
    pub status_since: Option<DateTime<Utc>>,
    /// End of the rest after the last queue call.
    pub wrap_up_until: Option<DateTime<Utc>>,
    /// The call on the extension now.
    pub call: Option<SeatCall>,
    /// Which button may be pressed, and why not.
    #[schema(value_type = Object)]
    pub buttons: Buttons,
}

/// The call on an agent's extension.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeatCall {
    /// `calls.id`.
    pub id: Uuid,
    /// The agent's own leg.
    pub leg_id: Uuid,
    /// `inbound`, `outbound`, `internal`.
    #[schema(value_type = String)]
    pub direction: CallDirection,
    /// `dialing`, `ringing`, `talking`, `held`.
    pub phase: &'static str,
    /// Number of the other party.
    pub party_number: String,
    /// Name of the other party.
    pub party_name: String,
    /// Queue that it came from.
    pub queue_name: Option<String>,
    /// How long the caller had waited, milliseconds.
    pub waited_ms: i64,
    /// Begin of the phase.
    pub since: DateTime<Utc>,
    /// Begin of the open hold.
    pub held_since: Option<DateTime<Utc>>,
}

/// Sign in to an extension.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatLoginRequest {
    /// Extension number.
    pub extension: String,
    /// Password of the extension.
    pub password: String,
    /// What rings: `desk` is a phone on the desk.
    #[serde(default)]
    pub phone: PhoneKind,
}

impl std::fmt::Debug for SeatLoginRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeatLoginRequest")
            .field("extension", &self.extension)
            .finish_non_exhaustive()
    }
}

/// What rings at a seat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhoneKind {
    /// A phone on the desk or a program beside the browser.
    #[default]
    Desk,
}

/// Go on a break.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotReadyRequest {
    /// Why.
    pub reason: BreakReason,
}

/// Reasons for a break. They become a dictionary with the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakReason {
    /// A short rest.
    Rest,
    /// A meal.
    Meal,
    /// A meeting.
    Meeting,
    /// Training.
    Training,
    /// Away from the desk.
    Toilet,
}

impl BreakReason {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Meal => "meal",
            Self::Meeting => "meeting",
            Self::Training => "training",
            Self::Toilet => "toilet",
        }
    }
}

/// Call a number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DialRequest {
    /// Digits, perhaps with `+` in front; spaces, dashes and brackets are dropped.
    pub number: String,
}
