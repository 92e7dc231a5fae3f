//! The time line of a call, in words of the domain: `call_events`.

use sea_orm::entity::prelude::*;

/// One row of `call_events`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "call_events")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `calls.id`.
    pub call_id: Uuid,
    /// `legs.id`.
    pub leg_id: Option<Uuid>,
    /// When it happened.
    pub at: DateTimeUtc,
    /// Order within the call.
    pub seq: i32,
    /// What happened, past tense.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Facts, by kind.
    #[sea_orm(column_type = "JsonBinary")]
    pub detail: Json,
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
