//! Queues (skill groups): `queues`.

use sea_orm::entity::prelude::*;

/// One row of `queues`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "queues")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// Name in the switch, `[a-z0-9_-]+`.
    #[sea_orm(column_type = "Text")]
    pub code: String,
    /// Name for people.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// How the agent is chosen; the switch's name with underscores.
    #[sea_orm(column_type = "Text")]
    pub strategy: String,
    /// What the caller hears, may be empty (silence).
    #[sea_orm(column_type = "Text")]
    pub moh_sound: String,
    /// Played over the music.
    #[sea_orm(column_type = "Text", nullable)]
    pub announce_sound: Option<String>,
    /// Seconds between announcements, 0: never.
    pub announce_frequency_secs: i32,
    /// Record the talk.
    pub record: bool,
    /// `queue`: time in the queue counts; `system`: the whole call.
    #[sea_orm(column_type = "Text")]
    pub time_base_score: String,
    /// Longest wait, 0: for ever.
    pub max_wait_secs: i32,
    /// Longest wait without any agent, 0: for ever.
    pub max_wait_no_agent_secs: i32,
    /// Extra grace for the above.
    pub max_wait_no_agent_reached_secs: i32,
    /// Widen from level to level by waiting time.
    pub tier_rules_apply: bool,
    /// Wait before the next level.
    pub tier_rule_wait_secs: i32,
    /// Multiply that wait by the level.
    pub tier_rule_wait_multiply_level: bool,
    /// Skip levels without agents at once.
    pub tier_rule_no_agent_no_wait: bool,
    /// A caller who comes back gets his place back.
    pub abandoned_resume_allowed: bool,
    /// How long that place is kept.
    pub discard_abandoned_after_secs: i32,
    /// Answered within this time counts as good service.
    pub service_level_secs: i32,
    /// What follows the longest wait: `none`, `queue`, `extension`, `hangup`.
    #[sea_orm(column_type = "Text")]
    pub overflow_kind: String,
    /// Code of the queue or number of the extension.
    #[sea_orm(column_type = "Text", nullable)]
    pub overflow_target: Option<String>,
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
