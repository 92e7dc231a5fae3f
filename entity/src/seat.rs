//! Who sits at which extension: `seats`.

use sea_orm::entity::prelude::*;

/// One row of `seats`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seats")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `users.id`.
    pub user_id: i64,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// `extensions.id`.
    pub extension_id: i64,
    /// `desk`, `browser`.
    #[sea_orm(column_type = "Text")]
    pub phone: String,
    /// `ready`, `not_ready`: what the agent last asked for.
    #[sea_orm(column_type = "Text")]
    pub status: String,
    /// Why not ready.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// Begin.
    pub started_at: DateTimeUtc,
    /// End; empty while it lasts.
    pub ended_at: Option<DateTimeUtc>,
    /// Why it ended.
    #[sea_orm(column_type = "Text", nullable)]
    pub end_reason: Option<String>,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The user.
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "Column::UserId",
        to = "super::user::Column::Id"
    )]
    User,
    /// The extension.
    #[sea_orm(
        belongs_to = "super::extension::Entity",
        from = "Column::ExtensionId",
        to = "super::extension::Column::Id"
    )]
    Extension,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl Related<super::extension::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Extension.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
