//! Queries on `gateways`.

use entity::{extension, gateway, route};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter as _, QueryOrder as _,
    QueryTrait as _, Select,
};

use crate::{
    error::{AppError, AppResult},
    store::{
        pages::{Page, PageRequest},
        search,
    },
};

fn living() -> Select<gateway::Entity> {
    gateway::Entity::find().filter(gateway::Column::DeletedAt.is_null())
}

/// A page of gateways whose name, remark or proxy contains `text`, by name.
pub(super) async fn list<C: ConnectionTrait>(
    db: &C,
    server_id: Option<i64>,
    text: &str,
    page: PageRequest,
) -> Result<Page<gateway::Model>, DbErr> {
    use gateway::Column::{Id, Name, Proxy, Remark, ServerId};
    let query = living()
        .apply_if(server_id, |query, id| query.filter(ServerId.eq(id)))
        .filter(search::contains(&[Name, Remark, Proxy], text))
        .order_by_asc(Name)
        .order_by_asc(Id);
    page.fetch(query, db).await
}

/// Every gateway of a server, by id.
pub(in crate::features::voice) async fn list_of_server<C: ConnectionTrait>(
    db: &C,
    server_id: i64,
) -> Result<Vec<gateway::Model>, DbErr> {
    living()
        .filter(gateway::Column::ServerId.eq(server_id))
        .order_by_asc(gateway::Column::Id)
        .all(db)
        .await
}

/// The gateway, or `not_found`.
pub(super) async fn get<C: ConnectionTrait>(db: &C, id: i64) -> AppResult<gateway::Model> {
    let found = living().filter(gateway::Column::Id.eq(id)).one(db).await?;
    found.ok_or_else(|| AppError::not_found("gateway"))
}

/// Whether the server has this gateway.
pub(in crate::features::voice) async fn is_on_server<C: ConnectionTrait>(
    db: &C,
    id: i64,
    server_id: i64,
) -> Result<bool, DbErr> {
    let query = living()
        .filter(gateway::Column::Id.eq(id))
        .filter(gateway::Column::ServerId.eq(server_id));
    Ok(query.one(db).await?.is_some())
}

/// Who uses the gateway, as "route Outbound", at most a handful.
pub(super) async fn list_uses<C: ConnectionTrait>(db: &C, id: i64) -> Result<Vec<String>, DbErr> {
    use sea_orm::QuerySelect as _;
    let routes = route::Entity::find()
        .filter(route::Column::DeletedAt.is_null())
        .filter(
            Condition::any()
                .add(route::Column::GatewayId.eq(id))
                .add(route::Column::FallbackGatewayId.eq(id)),
        )
        .order_by_asc(route::Column::Position)
        .limit(5)
        .all(db)
        .await?;
    let extensions = extension::Entity::find()
        .filter(extension::Column::DeletedAt.is_null())
        .filter(extension::Column::GatewayId.eq(id))
        .order_by_asc(extension::Column::Number)
        .limit(5)
        .all(db)
        .await?;
    let routes = routes.into_iter().map(|row| format!("route {}", row.name));
    Ok(routes
        .chain(
            extensions
                .into_iter()
                .map(|row| format!("extension {}", row.number)),
        )
        .collect())
}
