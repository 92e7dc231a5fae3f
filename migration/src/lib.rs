//! The history of the database: every table Cordboard has ever had, in order, for SQLite and PostgreSQL.
//!
//! A migration is a pair of plain SQL scripts with literal names (see [`script`]); it never imports `entity`,
//! because rows change with the code and history must not. Once released, a script is never edited again.
//! `serve` only asks [`pending`]; applying is the work of [`up`], which holds a lock, so that two instances
//! started together do not race.

use std::hash::{DefaultHasher, Hash, Hasher};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use script::Script;

mod script;

mod m20261122_01_create_users;
mod m20261122_02_create_sessions;
mod m20261122_03_create_settings;
mod m20261122_04_create_audit;
mod m20261122_05_create_voice_servers;
mod m20261122_06_create_gateways;
mod m20261122_07_create_queues;
mod m20261122_08_create_extensions;
mod m20261122_09_create_agents;
mod m20261122_10_create_routes;
mod m20261122_11_create_calls;
mod m20261122_12_create_queue_visits;
mod m20261122_13_create_recordings;
mod m20261122_14_create_agent_states;
mod m20261122_15_create_seats;
mod m20261122_16_create_intents;

/// Key of the PostgreSQL advisory lock held while migrations run; any constant will do, it must only never change.
const LOCK_KEY: i64 = 0xC0_2DB0_A2D0;

/// The list of migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

/// Every script, oldest first.
const SCRIPTS: &[Script] = &[
    m20261122_01_create_users::SCRIPT,
    m20261122_02_create_sessions::SCRIPT,
    m20261122_03_create_settings::SCRIPT,
    m20261122_04_create_audit::SCRIPT,
    m20261122_05_create_voice_servers::SCRIPT,
    m20261122_06_create_gateways::SCRIPT,
    m20261122_07_create_queues::SCRIPT,
    m20261122_08_create_extensions::SCRIPT,
    m20261122_09_create_agents::SCRIPT,
    m20261122_10_create_routes::SCRIPT,
    m20261122_11_create_calls::SCRIPT,
    m20261122_12_create_queue_visits::SCRIPT,
    m20261122_13_create_recordings::SCRIPT,
    m20261122_14_create_agent_states::SCRIPT,
    m20261122_15_create_seats::SCRIPT,
    m20261122_16_create_intents::SCRIPT,
];

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        SCRIPTS
            .iter()
            .map(|script| Box::new(*script) as Box<dyn MigrationTrait>)
            .collect()
    }
}

/// How many migrations there are; a database that lacks them all has never been used.
pub fn count() -> usize {
    SCRIPTS.len()
}

/// A number that changes whenever any script does; tests name their template database by it.
pub fn fingerprint() -> u64 {
    let mut hasher = DefaultHasher::new();
    for script in SCRIPTS {
        script.hash(&mut hasher);
    }
    hasher.finish()
}

/// Applies every migration that is missing and returns their names, oldest first.
///
/// All of them run in one transaction, each inside a savepoint of its own: either the database is up to date
/// afterwards or it is untouched. A second instance waits until the first is done and then finds nothing to do.
///
/// # Errors
/// Any database error; a database that holds migrations unknown to this binary (it is newer than we are).
pub async fn up(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let tx = begin_locked(db).await?;
    let before = pending(&tx).await?;
    Migrator::up(&tx, None).await?;
    tx.commit().await?;
    Ok(before)
}

/// Rolls back the newest `steps` migrations (all of them for `None`), in one transaction under the same lock.
///
/// # Errors
/// Any database error, among them rows that refer to what is being dropped.
pub async fn down(db: &DatabaseConnection, steps: Option<u32>) -> Result<(), DbErr> {
    let tx = begin_locked(db).await?;
    Migrator::down(&tx, steps).await?;
    tx.commit().await
}

/// Names of the migrations that the database still lacks, oldest first. Reads only: it works for a database user
/// without the right to change tables.
///
/// # Errors
/// Any database error; a database that holds migrations unknown to this binary.
pub async fn pending<C: ConnectionTrait>(db: &C) -> Result<Vec<String>, DbErr> {
    let pending = Migrator::get_pending_migrations_read_only(db).await?;
    Ok(pending
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect())
}

/// Opens the transaction that migrations run in and takes the lock against other instances: SQLite's write lock
/// comes with the immediate transaction, PostgreSQL's advisory lock ends with it.
async fn begin_locked(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let tx = db
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        })
        .await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        // A server-wide statement time-out must not cut a long migration, nor the wait for another one.
        tx.execute_unprepared("set local statement_timeout = 0").await?;
        tx.execute_unprepared(&format!("select pg_advisory_xact_lock({LOCK_KEY})"))
            .await?;
    }
    Ok(tx)
}
