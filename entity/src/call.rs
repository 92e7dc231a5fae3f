//! The ledger, one row a call: `calls`.

use sea_orm::entity::prelude::*;

/// One row of `calls`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "calls")]
pub struct Model {
    /// Derived from the first leg, UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// `inbound`, `outbound`, `internal`.
    #[sea_orm(column_type = "Text")]
    pub direction: String,
    /// `live`, `ended`.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// Set at the end.
    #[sea_orm(column_type = "Text", nullable)]
    pub result: Option<String>,
    /// Calling number.
    #[sea_orm(column_type = "Text")]
    pub caller_number: String,
    /// Calling name, may be empty.
    #[sea_orm(column_type = "Text")]
    pub caller_name: String,
    /// Dialed number.
    #[sea_orm(column_type = "Text")]
    pub callee_number: String,
    /// Name of the gateway used.
    #[sea_orm(column_type = "Text", nullable)]
    pub gateway: Option<String>,
    /// `queues.id` of the last queue.
    pub queue_id: Option<i64>,
    /// Code of the last queue.
    #[sea_orm(column_type = "Text", nullable)]
    pub queue_code: Option<String>,
    /// Extension that answered.
    #[sea_orm(column_type = "Text", nullable)]
    pub agent_extension: Option<String>,
    /// `users.id` of who answered or dialed.
    pub user_id: Option<i64>,
    /// `routes.id`.
    pub route_id: Option<i64>,
    /// Begin.
    pub started_at: DateTimeUtc,
    /// When the switch answered.
    pub answered_at: Option<DateTimeUtc>,
    /// When people first heard each other.
    pub talk_started_at: Option<DateTimeUtc>,
    /// End; empty while it lasts.
    pub ended_at: Option<DateTimeUtc>,
    /// Time in queues, milliseconds.
    pub wait_ms: i64,
    /// Time ringing, milliseconds.
    pub ring_ms: i64,
    /// Time talking, holds included, milliseconds.
    pub talk_ms: i64,
    /// Time on hold, milliseconds.
    pub hold_ms: i64,
    /// The switch's hang-up cause, for example `NORMAL_CLEARING`.
    #[sea_orm(column_type = "Text", nullable)]
    pub hangup_cause: Option<String>,
    /// `caller`, `callee`, `system`.
    #[sea_orm(column_type = "Text", nullable)]
    pub hangup_side: Option<String>,
    /// How the end became known if not by an event: `switch_lost`, `resync`, `cdr`.
    #[sea_orm(column_type = "Text", nullable)]
    pub end_mark: Option<String>,
    /// Legs so far.
    pub leg_count: i32,
    /// There is at least one recording.
    pub has_recording: bool,
    /// The call that took over all legs of this one (attended transfer); such a row is in no list.
    pub merged_into: Option<Uuid>,
    /// Grows with each write; writers with an older one lose.
    pub version: i32,
    /// Last write.
    pub updated_at: DateTimeUtc,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
