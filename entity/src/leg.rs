//! The legs (channels) of a call: `legs`.

use sea_orm::entity::prelude::*;

/// One row of `legs`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "legs")]
pub struct Model {
    /// The channel's Unique-ID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `calls.id`.
    pub call_id: Uuid,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// `caller`, `agent`, `callee`, `consult`, `supervisor`, `other`.
    #[sea_orm(column_type = "Text")]
    pub role: String,
    /// As the switch sees it: `inbound` came to it, `outbound` it made.
    #[sea_orm(column_type = "Text")]
    pub direction: String,
    /// Number of the party on this leg.
    #[sea_orm(column_type = "Text")]
    pub number: String,
    /// Name of the party, may be empty.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Extension number.
    #[sea_orm(column_type = "Text", nullable)]
    pub extension: Option<String>,
    /// `users.id`.
    pub user_id: Option<i64>,
    /// Name of the gateway used.
    #[sea_orm(column_type = "Text", nullable)]
    pub gateway: Option<String>,
    /// The switch's channel name.
    #[sea_orm(column_type = "Text")]
    pub channel_name: String,
    /// When the channel was made.
    pub created_at: DateTimeUtc,
    /// First ring.
    pub ringing_at: Option<DateTimeUtc>,
    /// Answer.
    pub answered_at: Option<DateTimeUtc>,
    /// First bridge.
    pub first_bridged_at: Option<DateTimeUtc>,
    /// End; empty while it lasts.
    pub ended_at: Option<DateTimeUtc>,
    /// Time on hold, milliseconds.
    pub hold_ms: i64,
    /// Time talking, holds included, milliseconds.
    pub talk_ms: i64,
    /// The switch's hang-up cause, for example `NORMAL_CLEARING`.
    #[sea_orm(column_type = "Text", nullable)]
    pub hangup_cause: Option<String>,
    /// Q.850 cause.
    pub q850: Option<i32>,
    /// Final SIP status.
    pub sip_status: Option<i32>,
    /// Who ended it.
    #[sea_orm(column_type = "Text", nullable)]
    pub hangup_by: Option<String>,
    /// Result of the dial attempt that made it.
    #[sea_orm(column_type = "Text", nullable)]
    pub originate_disposition: Option<String>,
    /// Events were seen.
    pub from_events: bool,
    /// The record was seen.
    pub from_cdr: bool,
    /// How the end became known if not by an event: `switch_lost`, `resync`, `cdr`.
    #[sea_orm(column_type = "Text", nullable)]
    pub end_mark: Option<String>,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The call.
    #[sea_orm(
        belongs_to = "super::call::Entity",
        from = "Column::CallId",
        to = "super::call::Column::Id"
    )]
    Call,
}

impl Related<super::call::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Call.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
