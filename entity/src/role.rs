//! Named sets of grants: `roles`.

use sea_orm::entity::prelude::*;

/// One row of `roles`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "roles")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Stable name, unique.
    #[sea_orm(column_type = "Text")]
    pub code: String,
    /// Name for people.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Comes with the product and cannot be deleted.
    pub is_builtin: bool,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
