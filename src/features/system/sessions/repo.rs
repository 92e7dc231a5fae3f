//! Queries about sessions.

use chrono::{DateTime, Utc};
use entity::{
    secret::Hidden,
    session::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _, sea_query::Expr,
};
use uuid::Uuid;

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    let row: ActiveModel = row.into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// Replaces the refresh token that is in force. `false` when another request was quicker.
pub(super) async fn rotate(
    db: &impl ConnectionTrait,
    session: &Model,
    new_hash: String,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let updated = Entity::update_many()
        .col_expr(Column::RefreshHash, Expr::value(Hidden(new_hash)))
        .col_expr(Column::PreviousHash, Expr::value(session.refresh_hash.clone()))
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .col_expr(Column::ExpiresAt, Expr::value(expires_at))
        .filter(Column::Id.eq(session.id))
        .filter(Column::RefreshHash.eq(session.refresh_hash.clone()))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

pub(super) async fn revoke(
    db: &impl ConnectionTrait,
    id: Uuid,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .col_expr(Column::RevokeReason, Expr::value(reason))
        .filter(Column::Id.eq(id))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Ends all sessions of a user but one.
pub(super) async fn revoke_others(
    db: &impl ConnectionTrait,
    user_id: i64,
    kept: Option<Uuid>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .col_expr(Column::RevokeReason, Expr::value(reason))
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Id.ne(kept.unwrap_or_default()))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn delete_ended_before(
    db: &impl ConnectionTrait,
    limit: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let ended = Column::ExpiresAt.lt(limit).or(Column::RevokedAt.lt(limit));
    Ok(Entity::delete_many().filter(ended).exec(db).await?.rows_affected)
}
