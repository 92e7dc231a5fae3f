//! Queries on `voice_servers`.

use entity::{extension, gateway, queue, route, voice_server};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, Select,
};

use crate::{
    error::{AppError, AppResult},
    store::{
        pages::{Page, PageRequest},
        search,
    },
};

fn living() -> Select<voice_server::Entity> {
    voice_server::Entity::find().filter(voice_server::Column::DeletedAt.is_null())
}

/// A page of servers whose name, switch name or address contains `text`, by name.
pub(super) async fn list<C: ConnectionTrait>(
    db: &C,
    text: &str,
    page: PageRequest,
) -> Result<Page<voice_server::Model>, DbErr> {
    use voice_server::Column::{Address, Id, Name, SwitchName};
    let query = living()
        .filter(search::contains(&[Name, SwitchName, Address], text))
        .order_by_asc(Name)
        .order_by_asc(Id);
    page.fetch(query, db).await
}

/// Every server, by id.
pub(in crate::features::voice) async fn list_all<C: ConnectionTrait>(
    db: &C,
) -> Result<Vec<voice_server::Model>, DbErr> {
    living().order_by_asc(voice_server::Column::Id).all(db).await
}

/// The server, or `not_found`.
pub(in crate::features::voice) async fn get<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> AppResult<voice_server::Model> {
    let found = living().filter(voice_server::Column::Id.eq(id)).one(db).await?;
    found.ok_or_else(|| AppError::not_found("voice server"))
}

/// What is configured on a server, as "3 extensions"; empty if nothing is.
pub(super) async fn list_uses<C: ConnectionTrait>(db: &C, id: i64) -> Result<Vec<String>, DbErr> {
    let mut uses = Vec::new();
    macro_rules! count {
        ($($entity:ident $name:literal)+) => {$(
            let count = $entity::Entity::find()
                .filter($entity::Column::ServerId.eq(id))
                .filter($entity::Column::DeletedAt.is_null())
                .count(db)
                .await?;
            if count > 0 {
                uses.push(format!(concat!("{} ", $name), count));
            }
        )+};
    }
    count!(extension "extensions" queue "queues" route "routes" gateway "gateways");
    Ok(uses)
}
