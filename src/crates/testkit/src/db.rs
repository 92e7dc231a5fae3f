//! A fresh database for each test, SQLite and PostgreSQL alike.
//!
//! SQLite is always there. PostgreSQL is tested when `CORDBOARD_TEST_POSTGRES` holds the URL of a server on which
//! we may create databases (`scripts/test` starts a throw-away one); without it those tests say so and pass.
//!
//! ```text
//! testkit::on_both_databases! {
//!     async fn a_deleted_queue_is_not_listed(db: TestDb) {
//!         insert_queue(db.conn()).await;
//!     }
//! }
//! ```

use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use tempfile::TempDir;

mod postgres;
mod sqlite;

pub use postgres::POSTGRES_ENV;

/// A database of a test's own. It goes away with [`TestDb::close`]; after a failed test it stays until the
/// throw-away server or the temporary folder is removed.
#[derive(Debug)]
pub struct TestDb {
    conn: DatabaseConnection,
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// The folder that holds the file; removed when dropped.
    Sqlite(#[expect(dead_code, reason = "held for its destructor")] TempDir),
    /// What it takes to drop the database again.
    Postgres(postgres::Clone),
}

impl TestDb {
    /// A SQLite file with every table.
    pub async fn sqlite() -> Self {
        let db = Self::empty_sqlite().await;
        migration::up(&db.conn)
            .await
            .expect("migrations run on an empty SQLite file");
        db
    }

    /// A SQLite file without tables.
    pub async fn empty_sqlite() -> Self {
        sqlite::create().await
    }

    /// A PostgreSQL database with every table; `None` when no server was given.
    pub async fn postgres() -> Option<Self> {
        Some(postgres::create(&postgres::server()?, postgres::Content::Tables).await)
    }

    /// A PostgreSQL database without tables; `None` when no server was given.
    pub async fn empty_postgres() -> Option<Self> {
        Some(postgres::create(&postgres::server()?, postgres::Content::Nothing).await)
    }

    /// The pool.
    pub fn conn(&self) -> &DatabaseConnection {
        &self.conn
    }

    /// The address, for code under test that opens its own pool.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes the pool and removes the database.
    pub async fn close(self) {
        let Self { conn, place, .. } = self;
        conn.close().await.expect("the pool closes");
        if let Place::Postgres(clone) = place {
            clone.drop_database().await;
        }
    }
}

/// Writes an async test function once and runs it on both databases, as `<name>::sqlite` and `<name>::postgres`.
/// The argument is a migrated [`TestDb`]; write `empty db: TestDb` to get one without tables.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: TestDb) $body:block)+) => {
        $($crate::on_both_databases!(@test [$(#[$meta])*] $name $db $body sqlite postgres);)+
    };
    ($($(#[$meta:meta])* async fn $name:ident(empty $db:ident: TestDb) $body:block)+) => {
        $($crate::on_both_databases!(@test [$(#[$meta])*] $name $db $body empty_sqlite empty_postgres);)+
    };
    (@test [$($meta:tt)*] $name:ident $db:ident $body:block $sqlite:ident $postgres:ident) => {
        $($meta)*
        mod $name {
            #[allow(unused_imports, reason = "a test may need nothing but the database")]
            use super::*;

            #[tokio::test]
            async fn sqlite() {
                let db = $crate::db::TestDb::$sqlite().await;
                run(&db).await;
                db.close().await;
            }

            #[tokio::test]
            async fn postgres() {
                let Some(db) = $crate::db::TestDb::$postgres().await else {
                    eprintln!("skipped: {} is not set", $crate::db::POSTGRES_ENV);
                    return;
                };
                run(&db).await;
                db.close().await;
            }

            async fn run($db: &$crate::db::TestDb) $body
        }
    };
}

/// Opens a small pool; statement logging is off as everywhere.
async fn open(options: &mut ConnectOptions) -> DatabaseConnection {
    options
        .max_connections(4)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    Database::connect(options.clone())
        .await
        .expect("the test database opens")
}
