//! The ledger as people read it: pages of calls, and one call with all that happened.

use std::collections::HashMap;

use entity::{call, call_event, leg, queue_offer, queue_visit, recording};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use uuid::Uuid;

use super::{
    dto::{CallDetail, CallEventRow, CallRow, CallsPage, LegRow, OfferRow, RecordingRow, VisitRow},
    filter::CallsWish,
    read_repo as repo,
};
use crate::{
    error::{AppError, AppResult},
    store::{
        pages::{Cursor, Side},
        scope::DataScope,
    },
};

/// A page of calls, newest first.
///
/// # Errors
/// Any database error.
pub async fn list(db: &DatabaseConnection, scope: DataScope, wish: &CallsWish) -> AppResult<CallsPage> {
    let CallsWish {
        filter,
        cursor,
        limit,
    } = wish;
    let mut rows = repo::list(db, scope, filter, *cursor, *limit).await?;
    let has_more = rows.len() > *limit as usize;
    rows.truncate(*limit as usize);
    // Where we came from there is at least the row whose place the cursor is.
    let (has_newer, has_older) = match cursor.map(|cursor| cursor.side) {
        None => (false, has_more),
        Some(Side::After) => (true, has_more),
        Some(Side::Before) => {
            rows.reverse();
            (has_more, true)
        }
    };
    let edge = |row: Option<&call::Model>, side| {
        row.map(|row| {
            Cursor {
                at: row.started_at,
                id: row.id,
                side,
            }
            .encode()
        })
    };
    let total = repo::count(db, scope, filter).await?;
    let names = Names::load(db, rows.iter().filter_map(|row| row.queue_id), &rows, &[]).await?;
    Ok(CallsPage {
        next_cursor: edge(rows.last().filter(|_| has_older), Side::After),
        prev_cursor: edge(rows.first().filter(|_| has_newer), Side::Before),
        total: total.min(repo::COUNT_LIMIT),
        total_is_exact: total <= repo::COUNT_LIMIT,
        rows: rows.into_iter().map(|row| call_row(row, &names)).collect(),
    })
}

/// A call with all that is known of it; of a call that was taken over, the one that did.
///
/// # Errors
/// `not_found` when it does not exist or lies outside of the scope.
pub async fn get(db: &DatabaseConnection, scope: DataScope, id: Uuid) -> AppResult<CallDetail> {
    let call = repo::find(db, scope, id).await?;
    let call = call.ok_or_else(|| AppError::not_found("call"))?;
    let mut ids = repo::list_merged(db, call.id).await?;
    ids.push(call.id);
    let legs = repo::list_legs(db, &ids).await?;
    let visits = repo::list_visits(db, &ids).await?;
    let visit_ids: Vec<Uuid> = visits.iter().map(|visit| visit.id).collect();
    let offers = repo::list_offers(db, &visit_ids).await?;
    let events = repo::list_events(db, &ids).await?;
    let recordings = repo::list_recordings(db, &ids).await?;
    let queues = visits
        .iter()
        .filter_map(|visit| visit.queue_id)
        .chain(call.queue_id);
    let names = Names::load(db, queues, std::slice::from_ref(&call), &legs).await?;

    let mut offers_of: HashMap<Uuid, Vec<OfferRow>> = HashMap::new();
    for offer in offers {
        offers_of
            .entry(offer.visit_id)
            .or_default()
            .push(offer_row(offer, &names));
    }
    let visits = visits.into_iter().map(|visit| {
        let offers = offers_of.remove(&visit.id).unwrap_or_default();
        visit_row(visit, offers, &names)
    });
    Ok(CallDetail {
        visits: visits.collect(),
        legs: legs.into_iter().map(|leg| leg_row(leg, &names)).collect(),
        events: events.into_iter().map(event_row).collect(),
        recordings: recordings.into_iter().map(recording_row).collect(),
        call: call_row(call, &names),
    })
}

/// Whether a call exists and lies inside of the scope.
///
/// # Errors
/// Any database error.
pub async fn is_visible(db: &DatabaseConnection, scope: DataScope, id: Uuid) -> AppResult<bool> {
    Ok(repo::find(db, scope, id).await?.is_some())
}

/// Names of today for the keys in the rows.
struct Names {
    queues: HashMap<i64, String>,
    users: HashMap<i64, String>,
    /// Who sat at an extension during this call.
    seated: HashMap<String, i64>,
}

impl Names {
    async fn load(
        db: &impl ConnectionTrait,
        queues: impl Iterator<Item = i64>,
        calls: &[call::Model],
        legs: &[leg::Model],
    ) -> Result<Self, DbErr> {
        let of_calls = calls
            .iter()
            .filter_map(|call| Some((call.agent_extension.clone()?, call.user_id?)));
        let of_legs = legs
            .iter()
            .filter_map(|leg| Some((leg.extension.clone()?, leg.user_id?)));
        let users = calls.iter().filter_map(|call| call.user_id);
        let users = users.chain(legs.iter().filter_map(|leg| leg.user_id));
        Ok(Self {
            queues: repo::list_queue_names(db, distinct(queues)).await?,
            users: repo::list_user_names(db, distinct(users)).await?,
            seated: of_calls.chain(of_legs).collect(),
        })
    }

    fn queue(&self, id: Option<i64>) -> Option<String> {
        self.queues.get(&id?).cloned()
    }

    fn user(&self, id: Option<i64>) -> Option<String> {
        self.users.get(&id?).cloned()
    }

    fn agent(&self, extension: &str) -> Option<String> {
        self.user(self.seated.get(extension).copied())
    }
}

fn distinct(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn call_row(call: call::Model, names: &Names) -> CallRow {
    CallRow {
        queue_name: names.queue(call.queue_id),
        user_name: names.user(call.user_id),
        id: call.id,
        server_id: call.server_id,
        direction: call.direction,
        state: call.state,
        result: call.result,
        caller_number: call.caller_number,
        caller_name: call.caller_name,
        callee_number: call.callee_number,
        gateway: call.gateway,
        queue_id: call.queue_id,
        queue_code: call.queue_code,
        agent_extension: call.agent_extension,
        user_id: call.user_id,
        route_id: call.route_id,
        started_at: call.started_at,
        answered_at: call.answered_at,
        talk_started_at: call.talk_started_at,
        ended_at: call.ended_at,
        wait_ms: call.wait_ms,
        ring_ms: call.ring_ms,
        talk_ms: call.talk_ms,
        hold_ms: call.hold_ms,
        hangup_cause: call.hangup_cause,
        hangup_side: call.hangup_side,
        end_mark: call.end_mark,
        leg_count: call.leg_count,
        has_recording: call.has_recording,
    }
}

fn leg_row(leg: leg::Model, names: &Names) -> LegRow {
    LegRow {
        user_name: names.user(leg.user_id),
        id: leg.id,
        role: leg.role,
        direction: leg.direction,
        number: leg.number,
        name: leg.name,
        extension: leg.extension,
        user_id: leg.user_id,
        gateway: leg.gateway,
        created_at: leg.created_at,
        ringing_at: leg.ringing_at,
        answered_at: leg.answered_at,
        first_bridged_at: leg.first_bridged_at,
        ended_at: leg.ended_at,
        hold_ms: leg.hold_ms,
        talk_ms: leg.talk_ms,
        hangup_cause: leg.hangup_cause,
        q850: leg.q850,
        sip_status: leg.sip_status,
        hangup_by: leg.hangup_by,
        end_mark: leg.end_mark,
    }
}

fn visit_row(visit: queue_visit::Model, offers: Vec<OfferRow>, names: &Names) -> VisitRow {
    VisitRow {
        queue_name: names.queue(visit.queue_id),
        agent_name: visit
            .agent_extension
            .as_deref()
            .and_then(|extension| names.agent(extension)),
        id: visit.id,
        leg_id: visit.leg_id,
        queue_id: visit.queue_id,
        queue_code: visit.queue_code,
        joined_at: visit.joined_at,
        answered_at: visit.answered_at,
        left_at: visit.left_at,
        outcome: visit.outcome,
        agent_extension: visit.agent_extension,
        wait_ms: visit.wait_ms,
        talk_ms: visit.talk_ms,
        offers,
    }
}

fn offer_row(offer: queue_offer::Model, names: &Names) -> OfferRow {
    OfferRow {
        agent_name: names.agent(&offer.agent_extension),
        id: offer.id,
        agent_extension: offer.agent_extension,
        offered_at: offer.offered_at,
        ended_at: offer.ended_at,
        result: offer.result,
    }
}

fn event_row(event: call_event::Model) -> CallEventRow {
    CallEventRow {
        id: event.id,
        leg_id: event.leg_id,
        at: event.at,
        seq: event.seq,
        kind: event.kind,
        detail: event.detail,
    }
}

fn recording_row(recording: recording::Model) -> RecordingRow {
    RecordingRow {
        id: recording.id,
        leg_id: recording.leg_id,
        started_at: recording.started_at,
        ended_at: recording.ended_at,
        duration_ms: recording.duration_ms,
        size_bytes: recording.size_bytes,
        state: recording.state,
    }
}

#[cfg(test)]
mod tests;
