//! Queries on `queues`, `agents` and `tiers`.

use entity::{agent, extension, queue, route, tier};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, RelationTrait as _, Select,
};

use crate::{
    error::{AppError, AppResult},
    store::{
        pages::{Page, PageRequest},
        search,
    },
};

/// An agent's place in a queue, with what is needed to show and to serve it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(super) struct Place {
    pub(super) queue_id: i64,
    pub(super) tier_id: i64,
    pub(super) level: i32,
    pub(super) position: i32,
    pub(super) agent_id: i64,
    pub(super) extension_id: i64,
    pub(super) number: String,
    pub(super) display_name: String,
    pub(super) max_no_answer: i32,
    pub(super) wrap_up_secs: i32,
    pub(super) reject_delay_secs: i32,
    pub(super) busy_delay_secs: i32,
    pub(super) no_answer_delay_secs: i32,
    pub(super) ring_secs: i32,
}

fn living() -> Select<queue::Entity> {
    queue::Entity::find().filter(queue::Column::DeletedAt.is_null())
}

/// A page of queues whose code or name contains `text`, by name.
pub(super) async fn list<C: ConnectionTrait>(
    db: &C,
    server_id: Option<i64>,
    text: &str,
    page: PageRequest,
) -> Result<Page<queue::Model>, DbErr> {
    use queue::Column::{Code, Id, Name, ServerId};
    let query = living()
        .apply_if(server_id, |query, id| query.filter(ServerId.eq(id)))
        .filter(search::contains(&[Code, Name], text))
        .order_by_asc(Name)
        .order_by_asc(Id);
    page.fetch(query, db).await
}

/// Every queue of a server, by id.
pub(in crate::features::voice) async fn list_of_server<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
) -> Result<Vec<queue::Model>, DbErr> {
    living()
        .filter(queue::Column::ServerId.eq(server_id))
        .order_by_asc(queue::Column::Id)
        .all(db)
        .await
}

/// The queue, or `not_found`.
pub(super) async fn get<C: ConnectionTrait>(db: &C, id: i64) -> AppResult<queue::Model> {
    let found = living().filter(queue::Column::Id.eq(id)).one(db).await?;
    found.ok_or_else(|| AppError::not_found("queue"))
}

/// The queue with this code on a server.
pub(super) async fn find_by_code<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
    code: &str,
) -> Result<Option<queue::Model>, DbErr> {
    living()
        .filter(queue::Column::ServerId.eq(server_id))
        .filter(queue::Column::Code.eq(code))
        .one(db)
        .await
}

/// Whether the server has this queue.
pub(in crate::features::voice) async fn is_on_server<C: ConnectionTrait>(
    db: &C,
    id: i64,
    server_id: i64,
) -> Result<bool, DbErr> {
    let query = living()
        .filter(queue::Column::Id.eq(id))
        .filter(queue::Column::ServerId.eq(server_id));
    Ok(query.one(db).await?.is_some())
}

/// The agents of some queues, by queue, level and position.
pub(super) async fn list_places<C: ConnectionTrait>(
    db: &C,
    queue_ids: impl IntoIterator<Item = i64>,
) -> Result<Vec<Place>, DbErr> {
    tier::Entity::find()
        .select_only()
        .column_as(tier::Column::Id, "tier_id")
        .columns([tier::Column::QueueId, tier::Column::Level, tier::Column::Position])
        .column_as(agent::Column::Id, "agent_id")
        .columns([
            agent::Column::ExtensionId,
            agent::Column::MaxNoAnswer,
            agent::Column::WrapUpSecs,
            agent::Column::RejectDelaySecs,
            agent::Column::BusyDelaySecs,
            agent::Column::NoAnswerDelaySecs,
            agent::Column::RingSecs,
        ])
        .columns([extension::Column::Number, extension::Column::DisplayName])
        .join(JoinType::InnerJoin, tier::Relation::Agent.def())
        .join(JoinType::InnerJoin, agent::Relation::Extension.def())
        .filter(tier::Column::QueueId.is_in(queue_ids))
        .order_by_asc(tier::Column::QueueId)
        .order_by_asc(tier::Column::Level)
        .order_by_asc(tier::Column::Position)
        .order_by_asc(extension::Column::Number)
        .into_model()
        .all(db)
        .await
}

/// The agents at the given extensions.
pub(super) async fn list_agents_at<C: ConnectionTrait>(
    db: &C,
    extension_ids: impl IntoIterator<Item = i64>,
) -> Result<Vec<agent::Model>, DbErr> {
    agent::Entity::find()
        .filter(agent::Column::ExtensionId.is_in(extension_ids))
        .all(db)
        .await
}

/// Every agent of a server, by id.
pub(in crate::features::voice) async fn list_agents_of_server<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
) -> Result<Vec<agent::Model>, DbErr> {
    agent::Entity::find()
        .filter(agent::Column::ServerId.eq(server_id))
        .order_by_asc(agent::Column::Id)
        .all(db)
        .await
}

/// Every tier of the living queues of a server, by id.
pub(in crate::features::voice) async fn list_tiers_of_server<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
) -> Result<Vec<tier::Model>, DbErr> {
    tier::Entity::find()
        .join(JoinType::InnerJoin, tier::Relation::Queue.def())
        .filter(queue::Column::ServerId.eq(server_id))
        .filter(queue::Column::DeletedAt.is_null())
        .order_by_asc(tier::Column::Id)
        .all(db)
        .await
}

/// Takes agents out of a queue; all of them if none are named.
pub(super) async fn delete_tiers<C: ConnectionTrait>(
    db: &C,
    queue_id: i64,
    tier_ids: Option<Vec<i64>>,
) -> Result<(), DbErr> {
    tier::Entity::delete_many()
        .filter(tier::Column::QueueId.eq(queue_id))
        .apply_if(tier_ids, |query, ids| query.filter(tier::Column::Id.is_in(ids)))
        .exec(db)
        .await?;
    Ok(())
}

/// What leads into the queue, as "route Hotline", at most a handful of each kind.
pub(super) async fn list_uses<C: ConnectionTrait>(db: &C, row: &queue::Model) -> Result<Vec<String>, DbErr> {
    let routes = route::Entity::find()
        .filter(route::Column::DeletedAt.is_null())
        .filter(route::Column::QueueId.eq(row.id))
        .order_by_asc(route::Column::Position)
        .limit(5)
        .all(db)
        .await?;
    let extensions = extension::Entity::find()
        .filter(extension::Column::DeletedAt.is_null())
        .filter(extension::Column::QueueId.eq(row.id))
        .order_by_asc(extension::Column::Number)
        .limit(5)
        .all(db)
        .await?;
    let queues = living()
        .filter(queue::Column::ServerId.eq(row.server_id))
        .filter(queue::Column::OverflowKind.eq("queue"))
        .filter(queue::Column::OverflowTarget.eq(row.code.as_str()))
        .filter(queue::Column::Id.ne(row.id))
        .order_by_asc(queue::Column::Name)
        .limit(5)
        .all(db)
        .await?;
    let mut uses: Vec<String> = routes
        .into_iter()
        .map(|row| format!("route {}", row.name))
        .collect();
    uses.extend(
        extensions
            .into_iter()
            .map(|row| format!("extension {}", row.number)),
    );
    uses.extend(
        queues
            .into_iter()
            .map(|row| format!("the overflow of queue {}", row.name)),
    );
    Ok(uses)
}
