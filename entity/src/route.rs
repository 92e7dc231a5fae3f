//! Routing rules: `routes`.

use sea_orm::entity::prelude::*;

/// One row of `routes`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "routes")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// Name for people.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Smaller comes first.
    pub position: i32,
    /// `basic`, `outbound`, `inbound`, `queue`.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// `internal` (from phones) or `inbound` (from gateways).
    #[sea_orm(column_type = "Text")]
    pub context: String,
    /// Regular expression on the dialed number, whole match.
    #[sea_orm(column_type = "Text")]
    pub pattern: String,
    /// `gateways.id`; empty: that of the extension.
    pub gateway_id: Option<i64>,
    /// `gateways.id` tried when the first one fails.
    pub fallback_gateway_id: Option<i64>,
    /// Digits taken from the front of the number.
    pub strip_digits: i32,
    /// Put before the number, may be empty.
    #[sea_orm(column_type = "Text")]
    pub add_prefix: String,
    /// How long it rings before giving up, seconds.
    pub ring_secs: i32,
    /// Record the talk.
    pub record: bool,
    /// Short number an inbound call goes to.
    #[sea_orm(column_type = "Text", nullable)]
    pub target_number: Option<String>,
    /// `queues.id`.
    pub queue_id: Option<i64>,
    /// `domain` hours in force; empty: always.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub hours: Option<Json>,
    /// Played outside the hours.
    #[sea_orm(column_type = "Text", nullable)]
    pub off_hours_prompt: Option<String>,
    /// Switched off things are kept but not used.
    pub is_enabled: bool,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// When the row was last edited.
    pub updated_at: DateTimeUtc,
    /// Grows by one with each edit; an edit based on an older one is refused.
    pub version: i32,
    /// Set when deleted; the row stays because history refers to it.
    pub deleted_at: Option<DateTimeUtc>,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
