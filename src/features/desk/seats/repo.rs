//! Queries of the seats and of the intents to dial.

use chrono::{DateTime, Utc};
use domain::ids::ServerId;
use entity::{extension, intent, seat, user};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr,
};
use uuid::Uuid;

use super::Seat;
use crate::store::upsert::insert_missing;

pub(super) async fn list_open(db: &impl ConnectionTrait) -> Result<Vec<Seat>, DbErr> {
    let rows = seat::Entity::find()
        .filter(seat::Column::EndedAt.is_null())
        .find_also_related(user::Entity)
        .all(db)
        .await?;
    let extensions: Vec<extension::Model> = extension::Entity::find()
        .filter(extension::Column::Id.is_in(rows.iter().map(|(seat, _)| seat.extension_id)))
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(seat, user)| {
            let user = user?;
            let extension = extensions
                .iter()
                .find(|extension| extension.id == seat.extension_id)?;
            Some(Seat {
                id: seat.id,
                user_id: seat.user_id,
                user_name: user.full_name,
                server: ServerId(seat.server_id),
                extension_id: seat.extension_id,
                extension: extension.number.clone(),
                ready: seat.status == word(true),
                reason: seat.reason,
                status_since: seat.started_at,
                started_at: seat.started_at,
            })
        })
        .collect())
}

pub(super) async fn insert(db: &impl ConnectionTrait, new: &Seat, phone: &str) -> Result<(), DbErr> {
    let row = seat::ActiveModel {
        id: Set(new.id),
        user_id: Set(new.user_id),
        server_id: Set(new.server.0),
        extension_id: Set(new.extension_id),
        phone: Set(phone.to_owned()),
        status: Set(word(new.ready).to_owned()),
        reason: Set(new.reason.clone()),
        started_at: Set(new.started_at),
        ended_at: Set(None),
        end_reason: Set(None),
    };
    seat::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn update_status(
    db: &impl ConnectionTrait,
    id: Uuid,
    ready: bool,
    reason: Option<String>,
) -> Result<(), DbErr> {
    seat::Entity::update_many()
        .col_expr(seat::Column::Status, Expr::value(word(ready)))
        .col_expr(seat::Column::Reason, Expr::value(reason))
        .filter(seat::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn end(
    db: &impl ConnectionTrait,
    id: Uuid,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    seat::Entity::update_many()
        .col_expr(seat::Column::EndedAt, Expr::value(now))
        .col_expr(seat::Column::EndReason, Expr::value(reason))
        .filter(seat::Column::Id.eq(id))
        .filter(seat::Column::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Writes an intent down; `false` if it is there already, because the same request came twice.
pub(super) async fn insert_intent(db: &impl ConnectionTrait, row: intent::Model) -> Result<bool, DbErr> {
    Ok(insert_missing::<intent::Entity, _>(db, vec![row]).await? == 1)
}

pub(super) async fn settle_intent(
    db: &impl ConnectionTrait,
    id: Uuid,
    state: &str,
    error: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    intent::Entity::update_many()
        .col_expr(intent::Column::State, Expr::value(state))
        .col_expr(intent::Column::Error, Expr::value(error))
        .col_expr(intent::Column::UpdatedAt, Expr::value(now))
        .filter(intent::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

fn word(ready: bool) -> &'static str {
    if ready { "ready" } else { "not_ready" }
}
