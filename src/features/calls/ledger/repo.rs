//! Queries of the ledger's writer: batches in, calls that are still open out.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    book::{Merge, StoredCall, StoredConnection},
    ids::{LegId, ServerId},
    leg::LegRecord,
    recording::RecordingRecord,
    visit::VisitRecord,
};
use entity::{agent_state, call, call_event, leg, queue_offer, queue_visit, recording};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::batch::{self, AgentStretch, LedgerBatch};
use crate::store::upsert::{insert_missing, upsert_all, upsert_newer};

/// Open calls of one server that are read back at a start; more than any switch holds.
const OPEN_CALLS_LIMIT: u64 = 20_000;
/// Ids in one `in (…)`, far below the parameter limits of both databases.
const IDS_AT_ONCE: usize = 1_000;

pub(super) async fn write_in(
    db: &impl ConnectionTrait,
    data: LedgerBatch,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let calls = data
        .calls
        .into_iter()
        .map(|call| batch::call_row(call, now))
        .collect();
    upsert_newer::<call::Entity, _>(db, calls, call::Column::Version).await?;
    upsert_all::<leg::Entity, _>(db, data.legs.into_iter().map(batch::leg_row).collect()).await?;
    let visits = data
        .visits
        .iter()
        .map(|(visit, queue_id)| batch::visit_row(visit, *queue_id))
        .collect();
    upsert_all::<queue_visit::Entity, _>(db, visits).await?;
    let offers = data
        .visits
        .into_iter()
        .flat_map(|(visit, _)| visit.offers)
        .map(batch::offer_row)
        .collect();
    upsert_all::<queue_offer::Entity, _>(db, offers).await?;
    upsert_all::<recording::Entity, _>(
        db,
        data.recordings.into_iter().map(batch::recording_row).collect(),
    )
    .await?;
    for Merge { from, into } in data.merges {
        call_event::Entity::update_many()
            .col_expr(call_event::Column::CallId, Expr::value(into.0))
            .filter(call_event::Column::CallId.eq(from.0))
            .exec(db)
            .await?;
    }
    insert_missing::<call_event::Entity, _>(db, data.timeline.iter().map(batch::event_row).collect()).await?;
    upsert_all::<agent_state::Entity, _>(db, data.stretches.into_iter().map(batch::stretch_row).collect())
        .await?;
    Ok(())
}

/// The calls of a server that the ledger holds for live.
pub(super) async fn list_open(db: &impl ConnectionTrait, server: ServerId) -> Result<Vec<StoredCall>, DbErr> {
    let rows = call::Entity::find()
        .filter(call::Column::ServerId.eq(server.0))
        .filter(call::Column::State.eq("live"))
        .order_by_desc(call::Column::StartedAt)
        .limit(OPEN_CALLS_LIMIT)
        .all(db)
        .await?;
    whole(db, rows).await
}

/// The calls that hold one of these legs.
pub(super) async fn list_by_legs(
    db: &impl ConnectionTrait,
    legs: &[LegId],
) -> Result<Vec<StoredCall>, DbErr> {
    let ids = legs.iter().take(IDS_AT_ONCE).map(|id| id.0);
    let calls: Vec<Uuid> = leg::Entity::find()
        .select_only()
        .column(leg::Column::CallId)
        .filter(leg::Column::Id.is_in(ids))
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    let rows = call::Entity::find()
        .filter(call::Column::Id.is_in(calls))
        .all(db)
        .await?;
    whole(db, rows).await
}

/// The agents' stretches of a server that have not ended.
pub(super) async fn list_open_stretches(
    db: &impl ConnectionTrait,
    server: ServerId,
) -> Result<Vec<AgentStretch>, DbErr> {
    let rows = agent_state::Entity::find()
        .filter(agent_state::Column::ServerId.eq(server.0))
        .filter(agent_state::Column::EndedAt.is_null())
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(batch::stretch).collect())
}

/// Loads what belongs to the calls, a thousand calls at a time.
async fn whole(db: &impl ConnectionTrait, calls: Vec<call::Model>) -> Result<Vec<StoredCall>, DbErr> {
    let mut whole = Vec::with_capacity(calls.len());
    let mut calls = calls.into_iter();
    while calls.len() > 0 {
        let chunk: Vec<call::Model> = calls.by_ref().take(IDS_AT_ONCE).collect();
        let ids: Vec<Uuid> = chunk.iter().map(|call| call.id).collect();
        let mut legs = legs_of(db, &ids).await?;
        let mut visits = visits_of(db, &ids).await?;
        let mut recordings = recordings_of(db, &ids).await?;
        let mut connections = connections_of(db, &ids).await?;
        let last_seqs = last_seqs_of(db, &ids).await?;
        whole.extend(chunk.into_iter().filter_map(|row| {
            let id = row.id;
            Some(StoredCall {
                call: batch::call_record(row)?,
                legs: legs.remove(&id).unwrap_or_default(),
                visits: visits.remove(&id).unwrap_or_default(),
                recordings: recordings.remove(&id).unwrap_or_default(),
                connections: connections.remove(&id).unwrap_or_default(),
                last_seq: last_seqs.get(&id).copied().unwrap_or_default(),
            })
        }));
    }
    Ok(whole)
}

async fn legs_of(db: &impl ConnectionTrait, calls: &[Uuid]) -> Result<HashMap<Uuid, Vec<LegRecord>>, DbErr> {
    let rows = leg::Entity::find()
        .filter(leg::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(leg::Column::CreatedAt)
        .all(db)
        .await?;
    Ok(grouped(
        rows.into_iter()
            .filter_map(batch::leg_record)
            .map(|leg| (leg.call_id.0, leg)),
    ))
}

async fn visits_of(
    db: &impl ConnectionTrait,
    calls: &[Uuid],
) -> Result<HashMap<Uuid, Vec<VisitRecord>>, DbErr> {
    let rows = queue_visit::Entity::find()
        .filter(queue_visit::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(queue_visit::Column::JoinedAt)
        .all(db)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|visit| visit.id).collect();
    let offers = queue_offer::Entity::find()
        .filter(queue_offer::Column::VisitId.is_in(ids))
        .order_by_asc(queue_offer::Column::OfferedAt)
        .all(db)
        .await?;
    let mut offers = grouped(
        offers
            .into_iter()
            .map(|offer| (offer.visit_id, batch::offer_record(offer))),
    );
    Ok(grouped(rows.into_iter().filter_map(|row| {
        let offers = offers.remove(&row.id).unwrap_or_default();
        let visit = batch::visit_record(row, offers)?;
        Some((visit.call_id.0, visit))
    })))
}

async fn recordings_of(
    db: &impl ConnectionTrait,
    calls: &[Uuid],
) -> Result<HashMap<Uuid, Vec<RecordingRecord>>, DbErr> {
    let rows = recording::Entity::find()
        .filter(recording::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(recording::Column::StartedAt)
        .all(db)
        .await?;
    Ok(grouped(
        rows.into_iter()
            .filter_map(batch::recording_record)
            .map(|recording| (recording.call_id.0, recording)),
    ))
}

async fn connections_of(
    db: &impl ConnectionTrait,
    calls: &[Uuid],
) -> Result<HashMap<Uuid, Vec<StoredConnection>>, DbErr> {
    let rows = call_event::Entity::find()
        .filter(call_event::Column::CallId.is_in(calls.iter().copied()))
        .filter(call_event::Column::Kind.is_in(["bridged", "unbridged", "joined"]))
        .order_by_asc(call_event::Column::Seq)
        .all(db)
        .await?;
    Ok(grouped(
        rows.into_iter()
            .filter_map(|row| Some((row.call_id, batch::connection(&row)?))),
    ))
}

async fn last_seqs_of(db: &impl ConnectionTrait, calls: &[Uuid]) -> Result<HashMap<Uuid, i32>, DbErr> {
    let rows: Vec<(Uuid, i32)> = call_event::Entity::find()
        .select_only()
        .column(call_event::Column::CallId)
        .column_as(call_event::Column::Seq.max(), "last_seq")
        .filter(call_event::Column::CallId.is_in(calls.iter().copied()))
        .group_by(call_event::Column::CallId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

fn grouped<T>(rows: impl Iterator<Item = (Uuid, T)>) -> HashMap<Uuid, Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = HashMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}
