//! Extensions that take calls from queues: `agents`. The switch's agent name is the extension number.

use sea_orm::entity::prelude::*;

/// One row of `agents`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agents")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// `extensions.id`, unique.
    pub extension_id: i64,
    /// Unanswered offers before a forced break, 0: never.
    pub max_no_answer: i32,
    /// Pause after a talk.
    pub wrap_up_secs: i32,
    /// Pause after a refusal.
    pub reject_delay_secs: i32,
    /// Pause after busy.
    pub busy_delay_secs: i32,
    /// Pause after no answer.
    pub no_answer_delay_secs: i32,
    /// How long it rings before giving up, seconds.
    pub ring_secs: i32,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// When the row was last edited.
    pub updated_at: DateTimeUtc,
    /// Grows by one with each edit; an edit based on an older one is refused.
    pub version: i32,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The extension.
    #[sea_orm(
        belongs_to = "super::extension::Entity",
        from = "Column::ExtensionId",
        to = "super::extension::Column::Id"
    )]
    Extension,
}

impl Related<super::extension::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Extension.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
