//! Opening the database with the options that each engine needs.

use std::{path::Path, str::FromStr as _, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

/// How long a SQLite connection waits for the one writer before it reports `busy`.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// No statement of ours takes longer on PostgreSQL unless something is wrong; then the connection is worth more.
const POSTGRES_STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection that rested longer is pinged before it is used: the network may have forgotten it.
const PING_AFTER_IDLE: Duration = Duration::from_secs(30);

/// What is needed to open the pool.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:FILE` or `postgres://user:password@host/database`.
    pub url: String,
    /// Most connections at a time; at least two are opened, whatever is asked for.
    pub max_connections: u32,
    /// How long a caller waits for a free connection.
    pub acquire_timeout: Duration,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address names an engine that we do not know.
    #[error("the database address must begin with sqlite: or postgres://")]
    UnknownEngine,
    /// The folder of the SQLite file does not exist and cannot be made.
    #[error("the folder of the database cannot be made: {0}")]
    Folder(#[source] std::io::Error),
    /// The database does not answer or refuses us.
    #[error("the database cannot be opened: {0}")]
    Database(#[from] sea_orm::DbErr),
}

/// Opens the pool and proves that the database answers. The file of a SQLite database, and its folder, are made
/// when they are missing; tables are the business of `migration`.
///
/// # Errors
/// [`ConnectError`]; its text holds no password.
pub async fn connect(options: &StoreOptions) -> Result<DatabaseConnection, ConnectError> {
    let mut connect = ConnectOptions::new(options.url.as_str());
    connect
        .max_connections(options.max_connections.max(2))
        .acquire_timeout(options.acquire_timeout)
        .connect_timeout(options.acquire_timeout)
        // Statements carry phone numbers and names: neither the log nor the spans may have them.
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    if options.url.starts_with("sqlite:") {
        make_folder(&options.url)?;
        connect
            .test_before_acquire(false)
            .map_sqlx_sqlite_opts(tune_sqlite);
    } else if options.url.starts_with("postgres://") || options.url.starts_with("postgresql://") {
        connect
            .test_before_acquire_if_idle_for(PING_AFTER_IDLE)
            .statement_timeout(POSTGRES_STATEMENT_TIMEOUT)
            .set_application_name("cordboard");
    } else {
        return Err(ConnectError::UnknownEngine);
    }
    let db = Database::connect(connect).await?;
    db.ping().await?;
    Ok(db)
}

/// WAL lets readers go on while one writes. `synchronous = normal` survives a crash of ours; the last moments before
/// a power cut may be missing, but never torn.
fn tune_sqlite(sqlite: SqliteConnectOptions) -> SqliteConnectOptions {
    sqlite
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        .pragma("journal_size_limit", "67108864")
        .pragma("temp_store", "memory")
        .optimize_on_close(true, 400)
}

fn make_folder(url: &str) -> Result<(), ConnectError> {
    let Ok(parsed) = SqliteConnectOptions::from_str(url) else {
        return Ok(()); // The driver reports the address with its own words.
    };
    match parsed.get_filename().parent() {
        Some(folder) if folder != Path::new("") => {
            std::fs::create_dir_all(folder).map_err(ConnectError::Folder)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::{ConnectionTrait, Statement};

    fn options(url: String) -> StoreOptions {
        StoreOptions {
            url,
            max_connections: 3,
            acquire_timeout: Duration::from_secs(5),
        }
    }

    async fn pragma(db: &DatabaseConnection, name: &str) -> String {
        let row = db
            .query_one_raw(Statement::from_string(
                db.get_database_backend(),
                format!("pragma {name}"),
            ))
            .await
            .unwrap()
            .unwrap();
        row.try_get_by_index::<String>(0)
            .or_else(|_| row.try_get_by_index::<i64>(0).map(|number| number.to_string()))
            .unwrap()
    }

    #[tokio::test]
    async fn a_sqlite_file_is_made_with_its_folder_and_the_right_switches() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/deep/cordboard.db");
        let db = connect(&options(format!("sqlite:{}", file.display())))
            .await
            .unwrap();
        assert!(file.exists());
        assert_eq!(pragma(&db, "journal_mode").await, "wal");
        assert_eq!(pragma(&db, "foreign_keys").await, "1");
        assert_eq!(pragma(&db, "busy_timeout").await, "10000");
        db.close().await.unwrap();
    }

    #[tokio::test]
    async fn an_unknown_engine_is_refused_with_a_hint() {
        let error = connect(&options("mysql://root:pw@host/db".into()))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("sqlite:") && !error.contains("pw"), "{error}");
    }
}
