//! Queries of the operation log.

use entity::audit::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QueryTrait as _,
};
use uuid::Uuid;

use super::{
    notes::Notes,
    service::{AuditFilter, Seen},
};
use crate::store::pages::{Page, PageRequest};

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    id: Uuid,
    seen: Seen,
    notes: Notes,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(id),
        at: Set(seen.at),
        user_id: Set(notes.user_id),
        user_name: Set(notes.user_name),
        ip: Set(seen.ip),
        user_agent: Set(seen.user_agent),
        action: Set(seen.action),
        object_kind: Set(notes.object_kind),
        object_id: Set(notes.object_id),
        before: Set(notes.before),
        after: Set(notes.after),
        result: Set(seen.outcome.as_str().to_owned()),
        status: Set(i32::from(seen.status)),
        duration_ms: Set(seen.duration.as_millis() as i64),
        request_id: Set(seen.request_id),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: &AuditFilter,
    page: PageRequest,
) -> Result<Page<Model>, DbErr> {
    let query = Entity::find()
        .apply_if(filter.from, |query, from| query.filter(Column::At.gte(from)))
        .apply_if(filter.to, |query, to| query.filter(Column::At.lt(to)))
        .apply_if(filter.user_name.as_ref(), |query, name| {
            query.filter(Column::UserName.contains(name))
        })
        .apply_if(filter.action.as_ref(), |query, action| {
            query.filter(Column::Action.eq(action))
        })
        .apply_if(filter.object_kind.as_ref(), |query, kind| {
            query.filter(Column::ObjectKind.eq(kind))
        })
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id);
    page.fetch(query, db).await
}
