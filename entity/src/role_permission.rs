//! What a role grants: `role_permissions`.

use sea_orm::entity::prelude::*;

/// One row of `role_permissions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_permissions")]
pub struct Model {
    /// `roles.id`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role_id: i64,
    /// Code of the permission, or `*` for all.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub permission: String,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The role.
    #[sea_orm(
        belongs_to = "super::role::Entity",
        from = "Column::RoleId",
        to = "super::role::Column::Id"
    )]
    Role,
}

impl Related<super::role::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Role.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
