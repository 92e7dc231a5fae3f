//! Wire types of the ledger.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which calls are wanted, and which page of them.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallsQuery {
    /// Not begun before; without it, 24 hours before `to`.
    pub from: Option<DateTime<Utc>>,
    /// Begun before; without it, everything up to now. At most 93 days after `from`.
    pub to: Option<DateTime<Utc>>,
    /// `inbound`, `outbound` or `internal`.
    pub direction: Option<String>,
    /// `answered`, `abandoned`, `no_answer`, `busy`, `rejected`, `failed`, `cancelled`, `overflowed` or `unknown`.
    pub result: Option<String>,
    /// Beginning of the calling or of the dialed number.
    pub number: Option<String>,
    /// Extension number of the agent.
    pub agent: Option<String>,
    /// `users.id` of who answered or dialed.
    pub user: Option<i64>,
    /// The last queue.
    pub queue_id: Option<i64>,
    /// With or without a recording.
    pub has_recording: Option<bool>,
    /// Where the page begins, as an earlier answer said; the filters must be the same.
    pub cursor: Option<String>,
    /// Rows on the page, 1 to 500; 50 if not given.
    pub limit: Option<u32>,
}

/// A page of the ledger, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallsPage {
    /// The calls.
    pub rows: Vec<CallRow>,
    /// Cursor of older calls; absent on the last page.
    pub next_cursor: Option<String>,
    /// Cursor of newer calls; absent on the first page.
    pub prev_cursor: Option<String>,
    /// How many calls match, counted up to 10,000.
    pub total: u64,
    /// Whether there are exactly so many.
    pub total_is_exact: bool,
}

/// A call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallRow {
    /// Key.
    pub id: Uuid,
    /// Voice server.
    pub server_id: i64,
    /// `inbound`, `outbound`, `internal`.
    pub direction: String,
    /// `live`, `ended`.
    pub state: String,
    /// What became of it; absent while it lasts.
    pub result: Option<String>,
    /// Calling number.
    pub caller_number: String,
    /// Calling name, may be empty.
    pub caller_name: String,
    /// Dialed number.
    pub callee_number: String,
    /// Gateway used.
    pub gateway: Option<String>,
    /// Last queue.
    pub queue_id: Option<i64>,
    /// Its code as the switch knew it.
    pub queue_code: Option<String>,
    /// Its name of today.
    pub queue_name: Option<String>,
    /// Extension that answered or dialed.
    pub agent_extension: Option<String>,
    /// Who sat there.
    pub user_id: Option<i64>,
    /// That person's full name.
    pub user_name: Option<String>,
    /// Routing rule.
    pub route_id: Option<i64>,
    /// Begin.
    pub started_at: DateTime<Utc>,
    /// When the switch answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// When two people first heard each other.
    pub talk_started_at: Option<DateTime<Utc>>,
    /// End; absent while it lasts.
    pub ended_at: Option<DateTime<Utc>>,
    /// Time in queues, milliseconds.
    pub wait_ms: i64,
    /// Time ringing, milliseconds.
    pub ring_ms: i64,
    /// Time talking, holds included, milliseconds.
    pub talk_ms: i64,
    /// Time on hold, milliseconds.
    pub hold_ms: i64,
    /// The switch's hang-up cause.
    pub hangup_cause: Option<String>,
    /// `caller`, `callee`, `system`.
    pub hangup_side: Option<String>,
    /// How the end became known if not by an event: `switch_lost`, `resync`, `cdr`.
    pub end_mark: Option<String>,
    /// Number of legs.
    pub leg_count: i32,
    /// Whether there is a recording.
    pub has_recording: bool,
}

/// A call with everything that is known of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallDetail {
    /// The call. For the id of a call that another one took over (attended transfer), that other one.
    pub call: CallRow,
    /// Its legs in the order of their creation.
    pub legs: Vec<LegRow>,
    /// Its stays in queues in the order of entry.
    pub visits: Vec<VisitRow>,
    /// Its time line, with that of the calls that were taken over, in the order of happening.
    pub events: Vec<CallEventRow>,
    /// Its recordings in the order of their begin.
    pub recordings: Vec<RecordingRow>,
}

/// A leg: one party's connection.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LegRow {
    /// The switch's id of the channel.
    pub id: Uuid,
    /// `caller`, `agent`, `callee`, `consult`, `supervisor`, `other`.
    pub role: String,
    /// As the switch sees it: `inbound`, `outbound`.
    pub direction: String,
    /// Number of the party.
    pub number: String,
    /// Name of the party, may be empty.
    pub name: String,
    /// Extension number.
    pub extension: Option<String>,
    /// Who sat there.
    pub user_id: Option<i64>,
    /// That person's full name.
    pub user_name: Option<String>,
    /// Gateway used.
    pub gateway: Option<String>,
    /// When the channel was made.
    pub created_at: DateTime<Utc>,
    /// First ring.
    pub ringing_at: Option<DateTime<Utc>>,
    /// Answer.
    pub answered_at: Option<DateTime<Utc>>,
    /// First connection with another leg.
    pub first_bridged_at: Option<DateTime<Utc>>,
    /// End.
    pub ended_at: Option<DateTime<Utc>>,
    /// Time on hold, milliseconds.
    pub hold_ms: i64,
    /// Time talking, holds included, milliseconds.
    pub talk_ms: i64,
    /// The switch's hang-up cause.
    pub hangup_cause: Option<String>,
    /// Q.850 cause.
    pub q850: Option<i32>,
    /// Final SIP status.
    pub sip_status: Option<i32>,
    /// `self`, `switch` …
    pub hangup_by: Option<String>,
    /// How the end became known if not by an event.
    pub end_mark: Option<String>,
}

/// A stay in a queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VisitRow {
    /// Key.
    pub id: Uuid,
    /// Leg of the waiting caller.
    pub leg_id: Uuid,
    /// The queue.
    pub queue_id: Option<i64>,
    /// Its code as the switch knew it.
    pub queue_code: String,
    /// Its name of today.
    pub queue_name: Option<String>,
    /// Entry.
    pub joined_at: DateTime<Utc>,
    /// When an agent answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// Exit.
    pub left_at: Option<DateTime<Utc>>,
    /// `waiting`, `answered`, `abandoned`, `timeout`, `no_agent`, `exit_key`, `removed`, `lost`.
    pub outcome: String,
    /// Extension of the agent who answered.
    pub agent_extension: Option<String>,
    /// Full name of who sat there.
    pub agent_name: Option<String>,
    /// Time waiting, milliseconds.
    pub wait_ms: i64,
    /// Time talking, holds included, milliseconds.
    pub talk_ms: i64,
    /// To whom the caller was offered, in order.
    pub offers: Vec<OfferRow>,
}

/// A waiting caller was offered to an agent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferRow {
    /// Key.
    pub id: Uuid,
    /// Extension of the agent.
    pub agent_extension: String,
    /// Full name of who sat there.
    pub agent_name: Option<String>,
    /// Begin of the ringing.
    pub offered_at: DateTime<Utc>,
    /// End of the ringing.
    pub ended_at: Option<DateTime<Utc>>,
    /// `answered`, `no_answer`, `busy`, `rejected`, `not_registered`, `cancelled`, `lose_race`, `failed`.
    pub result: Option<String>,
}

/// An entry of the time line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallEventRow {
    /// Key.
    pub id: Uuid,
    /// The leg it is about.
    pub leg_id: Option<Uuid>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Order of arrival.
    pub seq: i32,
    /// What happened.
    pub kind: String,
    /// Facts, by kind.
    #[schema(value_type = Object)]
    pub detail: Value,
}

/// A recording.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordingRow {
    /// Key.
    pub id: Uuid,
    /// The leg that recorded.
    pub leg_id: Uuid,
    /// Begin.
    pub started_at: DateTime<Utc>,
    /// End.
    pub ended_at: Option<DateTime<Utc>>,
    /// Length, milliseconds.
    pub duration_ms: Option<i64>,
    /// Size, bytes.
    pub size_bytes: Option<i64>,
    /// `recording`, `ready`, `missing`.
    pub state: String,
}
