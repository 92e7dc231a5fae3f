//! Queries about recordings.

use entity::{recording, voice_server};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::Expr,
};
use uuid::Uuid;

pub(super) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<recording::Model>, DbErr> {
    recording::Entity::find_by_id(id).one(db).await
}

/// The recording folder of a server as the switch sees it, and as we do; of a deleted server too.
pub(super) async fn find_folders(
    db: &impl ConnectionTrait,
    server_id: i64,
) -> Result<Option<(String, Option<String>)>, DbErr> {
    voice_server::Entity::find_by_id(server_id)
        .select_only()
        .columns([
            voice_server::Column::RecordDir,
            voice_server::Column::RecordDirLocal,
        ])
        .into_tuple()
        .one(db)
        .await
}

/// Notes that a complete file is gone, or back; nothing happens when somebody else has noted something newer.
pub(super) async fn update_state(
    db: &impl ConnectionTrait,
    id: Uuid,
    from: &str,
    to: &str,
) -> Result<(), DbErr> {
    recording::Entity::update_many()
        .col_expr(recording::Column::State, Expr::value(to))
        .filter(recording::Column::Id.eq(id))
        .filter(recording::Column::State.eq(from))
        .exec(db)
        .await?;
    Ok(())
}
