//! The ledger as the pump uses it: write a batch, read back what is open.

use chrono::{DateTime, Utc};
use domain::{
    book::StoredCall,
    ids::{LegId, ServerId},
};
use sea_orm::{DatabaseConnection, DbErr};

use super::{AgentStretch, LedgerBatch, repo};
use crate::store::tx;

/// Writes everything or nothing.
///
/// # Errors
/// Any database error; nothing was written then, and writing the same batch again is right.
pub async fn write(db: &DatabaseConnection, batch: LedgerBatch, now: DateTime<Utc>) -> Result<(), DbErr> {
    let transaction = tx::begin(db).await?;
    repo::write_in(&transaction, batch, now).await?;
    transaction.commit().await
}

/// What the ledger holds for live on this server: read once at a start, before the first comparison with the switch.
///
/// # Errors
/// Any database error.
pub async fn open_calls(
    db: &DatabaseConnection,
    server: ServerId,
) -> Result<(Vec<StoredCall>, Vec<AgentStretch>), DbErr> {
    Ok((
        repo::list_open(db, server).await?,
        repo::list_open_stretches(db, server).await?,
    ))
}

/// The calls that hold one of these legs, at most a thousand legs: for a record that comes after its call was
/// forgotten.
///
/// # Errors
/// Any database error.
pub async fn calls_of_legs(db: &DatabaseConnection, legs: &[LegId]) -> Result<Vec<StoredCall>, DbErr> {
    repo::list_by_legs(db, legs).await
}
