//! Stays of a caller in a queue: `queue_visits`.

use sea_orm::entity::prelude::*;

/// One row of `queue_visits`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_visits")]
pub struct Model {
    /// Derived from member and session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `calls.id`.
    pub call_id: Uuid,
    /// `legs.id` of the caller.
    pub leg_id: Uuid,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// `queues.id`.
    pub queue_id: Option<i64>,
    /// Name of the queue as the switch knew it.
    #[sea_orm(column_type = "Text")]
    pub queue_code: String,
    /// The switch's id of the membership, reused when a caller resumes.
    pub member_uuid: Uuid,
    /// Entry.
    pub joined_at: DateTimeUtc,
    /// When an agent answered.
    pub answered_at: Option<DateTimeUtc>,
    /// Exit; empty while waiting or talking.
    pub left_at: Option<DateTimeUtc>,
    /// `waiting`, `answered`, `abandoned`, `timeout`, `no_agent`, `exit_key`, `removed`, `lost`.
    #[sea_orm(column_type = "Text")]
    pub outcome: String,
    /// Extension number of the agent.
    #[sea_orm(column_type = "Text", nullable)]
    pub agent_extension: Option<String>,
    /// `legs.id` of the agent.
    pub agent_leg_id: Option<Uuid>,
    /// Offers made.
    pub offers: i32,
    /// Time in queues, milliseconds.
    pub wait_ms: i64,
    /// Time talking, holds included, milliseconds.
    pub talk_ms: i64,
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
