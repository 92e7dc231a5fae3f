//! Queries on `extensions`.

use entity::{agent, extension, queue, route, seat, tier};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
};

use crate::{
    error::{AppError, AppResult},
    store::{
        pages::{Page, PageRequest},
        search,
    },
};

fn living() -> Select<extension::Entity> {
    extension::Entity::find().filter(extension::Column::DeletedAt.is_null())
}

/// A page of extensions whose number or name contains `text`, by number.
pub(super) async fn list<C: ConnectionTrait>(
    db: &C,
    server_id: Option<i64>,
    text: &str,
    page: PageRequest,
) -> Result<Page<extension::Model>, DbErr> {
    use extension::Column::{DisplayName, Id, Number, ServerId};
    let query = living()
        .apply_if(server_id, |query, id| query.filter(ServerId.eq(id)))
        .filter(search::contains(&[Number, DisplayName], text))
        .order_by_asc(Number)
        .order_by_asc(Id);
    page.fetch(query, db).await
}

/// Every extension of a server, by id.
pub(in crate::features::voice) async fn list_of_server<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
) -> Result<Vec<extension::Model>, DbErr> {
    living()
        .filter(extension::Column::ServerId.eq(server_id))
        .order_by_asc(extension::Column::Id)
        .all(db)
        .await
}

/// The extension, or `not_found`.
pub(super) async fn get<C: ConnectionTrait>(db: &C, id: i64) -> AppResult<extension::Model> {
    let found = living().filter(extension::Column::Id.eq(id)).one(db).await?;
    found.ok_or_else(|| AppError::not_found("extension"))
}

/// The extension with this number on a server.
pub(in crate::features::voice) async fn find_by_number<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
    number: &str,
) -> Result<Option<extension::Model>, DbErr> {
    living()
        .filter(extension::Column::ServerId.eq(server_id))
        .filter(extension::Column::Number.eq(number))
        .one(db)
        .await
}

/// The enabled extensions with this number, on whatever server.
pub(super) async fn list_enabled_by_number<C: ConnectionTrait>(
    db: &C,
    number: &str,
) -> Result<Vec<extension::Model>, DbErr> {
    living()
        .filter(extension::Column::Number.eq(number))
        .filter(extension::Column::IsEnabled.eq(true))
        .all(db)
        .await
}

/// Those of the given extensions that exist on a server.
pub(in crate::features::voice) async fn list_by_ids<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
    ids: impl IntoIterator<Item = i64>,
) -> Result<Vec<extension::Model>, DbErr> {
    living()
        .filter(extension::Column::ServerId.eq(server_id))
        .filter(extension::Column::Id.is_in(ids))
        .all(db)
        .await
}

/// Names of the queues in which the extension is an agent.
pub(super) async fn list_queues<C: ConnectionTrait>(db: &C, id: i64) -> Result<Vec<String>, DbErr> {
    queue::Entity::find()
        .select_only()
        .column(queue::Column::Name)
        .filter(queue::Column::DeletedAt.is_null())
        .filter(
            queue::Column::Id.in_subquery(
                tier::Entity::find()
                    .select_only()
                    .column(tier::Column::QueueId)
                    .inner_join(agent::Entity)
                    .filter(agent::Column::ExtensionId.eq(id))
                    .into_query(),
            ),
        )
        .order_by_asc(queue::Column::Name)
        .into_tuple()
        .all(db)
        .await
}

/// Who else uses the extension, as "route Hotline", at most a handful of each kind.
pub(super) async fn list_uses<C: ConnectionTrait>(
    db: &C,
    row: &extension::Model,
) -> Result<Vec<String>, DbErr> {
    let routes = route::Entity::find()
        .filter(route::Column::DeletedAt.is_null())
        .filter(route::Column::ServerId.eq(row.server_id))
        .filter(route::Column::TargetNumber.eq(row.number.as_str()))
        .order_by_asc(route::Column::Position)
        .limit(5)
        .all(db)
        .await?;
    let queues = queue::Entity::find()
        .filter(queue::Column::DeletedAt.is_null())
        .filter(queue::Column::ServerId.eq(row.server_id))
        .filter(queue::Column::OverflowKind.eq("extension"))
        .filter(queue::Column::OverflowTarget.eq(row.number.as_str()))
        .order_by_asc(queue::Column::Name)
        .limit(5)
        .all(db)
        .await?;
    let seats = seat::Entity::find()
        .filter(seat::Column::ExtensionId.eq(row.id))
        .filter(seat::Column::EndedAt.is_null())
        .count(db)
        .await?;
    let mut uses: Vec<String> = routes
        .into_iter()
        .map(|row| format!("route {}", row.name))
        .collect();
    uses.extend(
        queues
            .into_iter()
            .map(|row| format!("the overflow of queue {}", row.name)),
    );
    if seats > 0 {
        uses.push("somebody who is signed in there".to_owned());
    }
    Ok(uses)
}

/// Takes the agent's row of an extension away; it must be in no queue any more.
pub(super) async fn delete_agent<C: ConnectionTrait>(db: &C, id: i64) -> Result<(), DbErr> {
    agent::Entity::delete_many()
        .filter(agent::Column::ExtensionId.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
