//! Offers of a waiting caller to an agent: `queue_offers`.

use sea_orm::entity::prelude::*;

/// One row of `queue_offers`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_offers")]
pub struct Model {
    /// Derived from visit, agent and time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `queue_visits.id`.
    pub visit_id: Uuid,
    /// Extension number of the agent.
    #[sea_orm(column_type = "Text")]
    pub agent_extension: String,
    /// Begin of the ringing.
    pub offered_at: DateTimeUtc,
    /// End of the ringing.
    pub ended_at: Option<DateTimeUtc>,
    /// How it ended.
    #[sea_orm(column_type = "Text", nullable)]
    pub result: Option<String>,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The visit.
    #[sea_orm(
        belongs_to = "super::queue_visit::Entity",
        from = "Column::VisitId",
        to = "super::queue_visit::Column::Id"
    )]
    QueueVisit,
}

impl Related<super::queue_visit::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::QueueVisit.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
