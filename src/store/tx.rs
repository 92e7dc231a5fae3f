//! Transactions.
//!
//! Rule: whoever holds a transaction hands on nothing but the transaction. Using the pool meanwhile can wait for
//! itself (SQLite has one writer, a pool has an end). No transaction is open while we wait for a switch.

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

/// Begins a transaction that is going to write. On SQLite it takes the write lock at once: of several deferred
/// transactions that read first and write later all but one fail as `locked`.
///
/// Dropping it without `commit` rolls back.
///
/// # Errors
/// No free connection, or the writer is busy for longer than the time-out.
pub async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    db.begin_with_options(TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    })
    .await
}

/// Begins a transaction that only reads, in which several queries see the same state.
///
/// # Errors
/// No free connection.
pub async fn begin_read(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let is_postgres = db.get_database_backend() == DbBackend::Postgres;
    db.begin_with_options(TransactionOptions {
        // SQLite shows a transaction one state anyway, and knows no isolation levels.
        isolation_level: is_postgres.then_some(IsolationLevel::RepeatableRead),
        access_mode: is_postgres.then_some(AccessMode::ReadOnly),
        ..Default::default()
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::setting;
    use sea_orm::{ActiveModelTrait as _, EntityTrait as _, Set};
    use testkit::db::TestDb;

    fn counter(value: i64) -> setting::ActiveModel {
        setting::ActiveModel {
            key: Set("test.counter".into()),
            value: Set(value.into()),
            updated_at: Set(chrono::DateTime::UNIX_EPOCH),
            updated_by: Set(None),
        }
    }

    #[tokio::test]
    async fn read_then_write_transactions_wait_for_each_other_on_sqlite() {
        let db = TestDb::sqlite().await;
        counter(0).insert(db.conn()).await.unwrap();
        let add = || async {
            let tx = begin(db.conn()).await?;
            let row = setting::Entity::find_by_id("test.counter").one(&tx).await?;
            let value = row.and_then(|row| row.value.as_i64()).unwrap_or_default();
            counter(value + 1).update(&tx).await?;
            tx.commit().await
        };
        let (a, b, c, d) = tokio::join!(add(), add(), add(), add());
        for outcome in [a, b, c, d] {
            outcome.unwrap();
        }
        let row = setting::Entity::find_by_id("test.counter")
            .one(db.conn())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.value, 4);
        db.close().await;
    }

    testkit::on_both_databases! {
        async fn a_dropped_transaction_leaves_nothing(db: TestDb) {
            let tx = begin(db.conn()).await.unwrap();
            counter(1).insert(&tx).await.unwrap();
            drop(tx);
            assert!(setting::Entity::find().one(db.conn()).await.unwrap().is_none());
        }
    }
}
