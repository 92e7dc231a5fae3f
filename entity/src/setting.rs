//! System settings that differ from their default: `settings`.

use sea_orm::entity::prelude::*;

/// One row of `settings`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settings")]
pub struct Model {
    /// Dotted key from the registry in code.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub key: String,
    /// Typed by the registry.
    #[sea_orm(column_type = "JsonBinary")]
    pub value: Json,
    /// When the row was last edited.
    pub updated_at: DateTimeUtc,
    /// `users.id`.
    pub updated_by: Option<i64>,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
