//! Queries of the ledger's readers. Every finder takes the scope first: what lies outside does not exist.

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::{call, call_event, leg, queue, queue_offer, queue_visit, recording, user};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait as _, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait as _, Select,
    sea_query::{Asterisk, Expr, Query, SelectStatement, UnionType},
};
use uuid::Uuid;

use super::filter::CallFilter;
use crate::store::{
    pages::{Cursor, Side},
    scope::DataScope,
};

/// Rows are counted up to here.
pub(super) const COUNT_LIMIT: u64 = 10_000;
/// How far the begin of a leg may lie from the begin of its call.
const LONGEST_CALL: TimeDelta = TimeDelta::days(1);
/// Transfers in a row that are followed; more are not made by people.
const MERGES_LIMIT: usize = 8;

/// The calls of a page in the order of the list, and one more if there is one.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    scope: DataScope,
    filter: &CallFilter,
    cursor: Option<Cursor>,
    limit: u32,
) -> Result<Vec<call::Model>, DbErr> {
    let side = cursor.map_or(Side::After, |cursor| cursor.side);
    let order = match side {
        Side::After => Order::Desc,
        Side::Before => Order::Asc,
    };
    matching(scope, filter)
        .apply_if(cursor, |query, cursor| {
            let place = Expr::tuple([Expr::val(cursor.at), Expr::val(cursor.id)]);
            let row = Expr::tuple([Expr::col(call::Column::StartedAt), Expr::col(call::Column::Id)]);
            query.filter(match side {
                Side::After => row.lt(place),
                Side::Before => row.gt(place),
            })
        })
        .order_by(call::Column::StartedAt, order.clone())
        .order_by(call::Column::Id, order)
        .limit(u64::from(limit) + 1)
        .all(db)
        .await
}

/// How many calls match; counting stops one above [`COUNT_LIMIT`].
pub(super) async fn count(
    db: &impl ConnectionTrait,
    scope: DataScope,
    filter: &CallFilter,
) -> Result<u64, DbErr> {
    let some = matching(scope, filter)
        .select_only()
        .expr_as(Expr::val(1), "one")
        .limit(COUNT_LIMIT + 1)
        .into_query();
    let query = Query::select()
        .expr(Expr::col(Asterisk).count())
        .from_subquery(some, "some")
        .to_owned();
    let row = db.query_one(&query).await?;
    let count = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    Ok(count.unwrap_or_default() as u64)
}

/// A call, or the one that took it over.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    scope: DataScope,
    id: Uuid,
) -> Result<Option<call::Model>, DbErr> {
    let mut id = id;
    for _ in 0..MERGES_LIMIT {
        match call::Entity::find_by_id(id).one(db).await? {
            None => return Ok(None),
            Some(call) => match call.merged_into {
                Some(into) => id = into,
                None if is_visible(db, scope, &call).await? => return Ok(Some(call)),
                None => return Ok(None),
            },
        }
    }
    Ok(None)
}

async fn is_visible(db: &impl ConnectionTrait, scope: DataScope, call: &call::Model) -> Result<bool, DbErr> {
    let user_id = match scope {
        DataScope::All => return Ok(true),
        DataScope::Own(user_id) if call.user_id == Some(user_id) => return Ok(true),
        DataScope::Own(user_id) => user_id,
    };
    let own_leg = leg::Entity::find()
        .filter(leg::Column::CallId.eq(call.id))
        .filter(leg::Column::UserId.eq(user_id))
        .one(db)
        .await?;
    Ok(own_leg.is_some())
}

/// The ids of the calls that this one took over.
pub(super) async fn list_merged(db: &impl ConnectionTrait, id: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let mut all = Vec::new();
    let mut into = vec![id];
    for _ in 0..MERGES_LIMIT {
        into = call::Entity::find()
            .select_only()
            .column(call::Column::Id)
            .filter(call::Column::MergedInto.is_in(into))
            .into_tuple()
            .all(db)
            .await?;
        if into.is_empty() {
            break;
        }
        all.extend_from_slice(&into);
    }
    Ok(all)
}

pub(super) async fn list_legs(db: &impl ConnectionTrait, calls: &[Uuid]) -> Result<Vec<leg::Model>, DbErr> {
    leg::Entity::find()
        .filter(leg::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(leg::Column::CreatedAt)
        .order_by_asc(leg::Column::Id)
        .all(db)
        .await
}

pub(super) async fn list_visits(
    db: &impl ConnectionTrait,
    calls: &[Uuid],
) -> Result<Vec<queue_visit::Model>, DbErr> {
    queue_visit::Entity::find()
        .filter(queue_visit::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(queue_visit::Column::JoinedAt)
        .order_by_asc(queue_visit::Column::Id)
        .all(db)
        .await
}

pub(super) async fn list_offers(
    db: &impl ConnectionTrait,
    visits: &[Uuid],
) -> Result<Vec<queue_offer::Model>, DbErr> {
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    queue_offer::Entity::find()
        .filter(queue_offer::Column::VisitId.is_in(visits.iter().copied()))
        .order_by_asc(queue_offer::Column::OfferedAt)
        .order_by_asc(queue_offer::Column::Id)
        .all(db)
        .await
}

pub(super) async fn list_events(
    db: &impl ConnectionTrait,
    calls: &[Uuid],
) -> Result<Vec<call_event::Model>, DbErr> {
    call_event::Entity::find()
        .filter(call_event::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(call_event::Column::At)
        .order_by_asc(call_event::Column::Seq)
        .order_by_asc(call_event::Column::Id)
        .all(db)
        .await
}

pub(super) async fn list_recordings(
    db: &impl ConnectionTrait,
    calls: &[Uuid],
) -> Result<Vec<recording::Model>, DbErr> {
    recording::Entity::find()
        .filter(recording::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(recording::Column::StartedAt)
        .order_by_asc(recording::Column::Id)
        .all(db)
        .await
}

/// Names of queues, deleted ones too: history speaks of them.
pub(super) async fn list_queue_names(
    db: &impl ConnectionTrait,
    ids: Vec<i64>,
) -> Result<HashMap<i64, String>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, String)> = queue::Entity::find()
        .select_only()
        .columns([queue::Column::Id, queue::Column::Name])
        .filter(queue::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Full names of people, of those who have left too.
pub(super) async fn list_user_names(
    db: &impl ConnectionTrait,
    ids: Vec<i64>,
) -> Result<HashMap<i64, String>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, String)> = user::Entity::find()
        .select_only()
        .columns([user::Column::Id, user::Column::FullName])
        .filter(user::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

fn matching(scope: DataScope, filter: &CallFilter) -> Select<call::Entity> {
    call::Entity::find()
        .filter(call::Column::MergedInto.is_null())
        .filter(call::Column::StartedAt.gte(filter.from))
        .apply_if(filter.to, |query, to| {
            query.filter(call::Column::StartedAt.lt(to))
        })
        .apply_if(own_calls(scope, filter), |query, own| {
            query.filter(call::Column::Id.in_subquery(own))
        })
        .apply_if(filter.direction, |query, direction| {
            query.filter(call::Column::Direction.eq(direction.as_str()))
        })
        .apply_if(filter.result, |query, result| {
            query.filter(call::Column::Result.eq(result.as_str()))
        })
        .apply_if(filter.number.as_deref(), |query, number| {
            let any = Condition::any()
                .add(begins(call::Column::CallerNumber, number))
                .add(begins(call::Column::CalleeNumber, number));
            query.filter(any)
        })
        .apply_if(filter.agent.as_deref(), |query, agent| {
            query.filter(call::Column::AgentExtension.eq(agent))
        })
        .apply_if(filter.user, |query, user| {
            query.filter(call::Column::UserId.eq(user))
        })
        .apply_if(filter.queue_id, |query, queue| {
            query.filter(call::Column::QueueId.eq(queue))
        })
        .apply_if(filter.has_recording, |query, has| {
            query.filter(call::Column::HasRecording.eq(has))
        })
}

/// A prefix as a range, which an index serves on both databases: number columns are ordered bytewise.
fn begins(column: call::Column, prefix: &str) -> Condition {
    let above_all = format!("{prefix}\u{10FFFF}");
    Condition::all().add(column.gte(prefix)).add(column.lt(above_all))
}

/// The calls that somebody answered, dialed, or was a party of. Two indexes are read for it, never the whole time.
fn own_calls(scope: DataScope, filter: &CallFilter) -> Option<SelectStatement> {
    let DataScope::Own(user_id) = scope else {
        return None;
    };
    let legs = leg::Entity::find()
        .select_only()
        .column(leg::Column::CallId)
        .filter(leg::Column::UserId.eq(user_id))
        .filter(leg::Column::CreatedAt.gte(filter.from - LONGEST_CALL))
        .apply_if(filter.to, |query, to| {
            query.filter(leg::Column::CreatedAt.lt(to + LONGEST_CALL))
        })
        .into_query();
    let calls = call::Entity::find()
        .select_only()
        .column(call::Column::Id)
        .filter(call::Column::UserId.eq(user_id))
        .filter(call::Column::StartedAt.gte(filter.from))
        .apply_if(filter.to, |query, to| {
            query.filter(call::Column::StartedAt.lt(to))
        })
        .into_query()
        .union(UnionType::Distinct, legs)
        .to_owned();
    Some(calls)
}
