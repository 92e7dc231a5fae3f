//! Extensions: `extensions`.

use sea_orm::entity::prelude::*;

use crate::secret::Sealed;

/// One row of `extensions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "extensions")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// Dialed to reach it, digits.
    #[sea_orm(column_type = "Text")]
    pub number: String,
    /// Name for people.
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    /// `direct`, `ivr`, `queue`, `robot`.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// SIP password.
    pub password_sealed: Sealed,
    /// `gateways.id` of the gateway it dials out by.
    pub gateway_id: Option<i64>,
    /// `queues.id`, for the kind `queue`.
    pub queue_id: Option<i64>,
    /// Say the agent's number to the caller before the talk.
    pub announce_work_number: bool,
    /// May call outside numbers.
    pub may_dial_out: bool,
    /// Record the talk.
    pub record: bool,
    /// Number shown outside.
    #[sea_orm(column_type = "Text", nullable)]
    pub caller_id_number: Option<String>,
    /// May register from a browser.
    pub webrtc_allowed: bool,
    /// How long it rings before giving up, seconds.
    pub ring_secs: i32,
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
