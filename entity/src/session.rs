//! Sign-ins, one row a browser: `sessions`.

use sea_orm::entity::prelude::*;

use crate::secret::Hidden;

/// One row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `users.id`.
    pub user_id: i64,
    /// Hash of the refresh token in force.
    pub refresh_hash: Hidden,
    /// Hash of the one before; its use means theft.
    pub previous_hash: Option<Hidden>,
    /// Sign-in.
    pub created_at: DateTimeUtc,
    /// Last refresh.
    pub last_used_at: DateTimeUtc,
    /// No refresh after.
    pub expires_at: DateTimeUtc,
    /// Address the request came from.
    #[sea_orm(column_type = "Text")]
    pub ip: String,
    /// What the browser says it is, cut to a sane length.
    #[sea_orm(column_type = "Text")]
    pub user_agent: String,
    /// Ended before its time.
    pub revoked_at: Option<DateTimeUtc>,
    /// Why.
    #[sea_orm(column_type = "Text", nullable)]
    pub revoke_reason: Option<String>,
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
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
