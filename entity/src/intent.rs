//! Commands to the switch that survive a restart: `intents`.

use sea_orm::entity::prelude::*;

/// One row of `intents`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "intents")]
pub struct Model {
    /// UUIDv7; also the uuid of the channel it makes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What is to be done.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// `users.id` of who asked.
    pub user_id: Option<i64>,
    /// Facts, by kind.
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    /// `pending`, `sent`, `accepted`, `rejected`, `unknown`, `done`, `failed`.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// Why it was rejected or failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// When the row was last edited.
    pub updated_at: DateTimeUtc,
    /// Nothing is sent after.
    pub expires_at: DateTimeUtc,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
