//! What agents did when: `agent_states`.

use sea_orm::entity::prelude::*;

/// One row of `agent_states`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agent_states")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// Extension number.
    #[sea_orm(column_type = "Text")]
    pub extension: String,
    /// `users.id` of who sat there.
    pub user_id: Option<i64>,
    /// `logged_out`, `available`, `available_on_demand`, `on_break`.
    #[sea_orm(column_type = "Text")]
    pub status: String,
    /// Why not ready.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// `idle`, `waiting`, `receiving`, `in_a_queue_call`, `reserved`; empty if the switch did not say.
    #[sea_orm(column_type = "Text", nullable)]
    pub state: Option<String>,
    /// Begin.
    pub started_at: DateTimeUtc,
    /// End; empty while it lasts.
    pub ended_at: Option<DateTimeUtc>,
    /// `calls.id`, if it is about one.
    pub call_id: Option<Uuid>,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
