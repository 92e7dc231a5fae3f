//! Queries on `routes`.

use entity::route;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Select,
};

use crate::{
    error::{AppError, AppResult},
    store::{
        pages::{Page, PageRequest},
        search,
    },
};

fn living() -> Select<route::Entity> {
    route::Entity::find().filter(route::Column::DeletedAt.is_null())
}

/// A page of rules whose name, pattern or target contains `text`, in the order in which they are tried.
pub(super) async fn list<C: ConnectionTrait>(
    db: &C,
    server_id: Option<i64>,
    text: &str,
    page: PageRequest,
) -> Result<Page<route::Model>, DbErr> {
    use route::Column::{Id, Name, Pattern, Position, ServerId, TargetNumber};
    let query = living()
        .apply_if(server_id, |query, id| query.filter(ServerId.eq(id)))
        .filter(search::contains(&[Name, Pattern, TargetNumber], text))
        .order_by_asc(ServerId)
        .order_by_asc(Position)
        .order_by_asc(Id);
    page.fetch(query, db).await
}

/// Every rule of a server, by id.
pub(in crate::features::voice) async fn list_of_server<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
) -> Result<Vec<route::Model>, DbErr> {
    living()
        .filter(route::Column::ServerId.eq(server_id))
        .order_by_asc(route::Column::Id)
        .all(db)
        .await
}

/// The rule, or `not_found`.
pub(super) async fn get<C: ConnectionTrait>(db: &C, id: i64) -> AppResult<route::Model> {
    let found = living().filter(route::Column::Id.eq(id)).one(db).await?;
    found.ok_or_else(|| AppError::not_found("route"))
}

/// The largest position on a server.
pub(super) async fn find_last_position<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
) -> Result<Option<i32>, DbErr> {
    living()
        .select_only()
        .column(route::Column::Position)
        .filter(route::Column::ServerId.eq(server_id))
        .order_by_desc(route::Column::Position)
        .into_tuple()
        .one(db)
        .await
}
