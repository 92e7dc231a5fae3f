//! SQLite: a file in a temporary folder.

use std::time::Duration;

use sea_orm::{ConnectOptions, sqlx::sqlite::SqliteJournalMode, sqlx::sqlite::SqliteSynchronous};

use super::{Place, TestDb, open};

pub(super) async fn create() -> TestDb {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("cordboard.db").display());
    let mut options = ConnectOptions::new(&url);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Off)
            .busy_timeout(Duration::from_secs(5))
    });
    TestDb {
        conn: open(&mut options).await,
        url,
        place: Place::Sqlite(folder),
    }
}
