//! The operation log: `audit`.

use sea_orm::entity::prelude::*;

/// One row of `audit`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// When the request came.
    pub at: DateTimeUtc,
    /// `users.id`, if signed in.
    pub user_id: Option<i64>,
    /// As typed or as known, also when nobody of that name exists.
    #[sea_orm(column_type = "Text")]
    pub user_name: String,
    /// Address the request came from.
    #[sea_orm(column_type = "Text")]
    pub ip: String,
    /// What the browser says it is, cut to a sane length.
    #[sea_orm(column_type = "Text")]
    pub user_agent: String,
    /// Operation id, for example `update_queue`.
    #[sea_orm(column_type = "Text")]
    pub action: String,
    /// What kind of thing, for example `queue`.
    #[sea_orm(column_type = "Text")]
    pub object_kind: String,
    /// Which one.
    #[sea_orm(column_type = "Text", nullable)]
    pub object_id: Option<String>,
    /// The thing before, without secrets.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub before: Option<Json>,
    /// The thing after, without secrets.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub after: Option<Json>,
    /// `ok`, `denied`, `failed`.
    #[sea_orm(column_type = "Text")]
    pub result: String,
    /// HTTP status.
    pub status: i32,
    /// Milliseconds until the answer.
    pub duration_ms: i64,
    /// As in the logs.
    #[sea_orm(column_type = "Text")]
    pub request_id: String,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
