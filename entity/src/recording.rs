//! Recorded files: `recordings`.

use sea_orm::entity::prelude::*;

/// One row of `recordings`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recordings")]
pub struct Model {
    /// Derived from leg and path.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `calls.id`.
    pub call_id: Uuid,
    /// `legs.id`.
    pub leg_id: Uuid,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// Path as the switch sees it.
    #[sea_orm(column_type = "Text")]
    pub path: String,
    /// Begin.
    pub started_at: DateTimeUtc,
    /// End; empty while it lasts.
    pub ended_at: Option<DateTimeUtc>,
    /// Length in milliseconds.
    pub duration_ms: Option<i64>,
    /// Size in bytes.
    pub size_bytes: Option<i64>,
    /// `recording`, `ready`, `missing`.
    #[sea_orm(column_type = "Text")]
    pub state: String,
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
