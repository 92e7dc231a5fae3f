//! PostgreSQL: a copy of a template that was migrated once for the whole server.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait,
};

use super::{Place, TestDb, open};

/// Environment variable with the URL of the server, for example `postgres://postgres@127.0.0.1:54329/postgres`.
pub const POSTGRES_ENV: &str = "CORDBOARD_TEST_POSTGRES";

/// Serialises the making of the template among test processes; any constant will do.
const TEMPLATE_LOCK: i64 = 0x007E_57D8;

/// What a new database holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Nothing,
    Tables,
}

/// A database to be dropped at the end of its test.
#[derive(Debug)]
pub(super) struct Clone {
    server: String,
    name: String,
}

impl Clone {
    pub(super) async fn drop_database(self) {
        let admin = connect(&self.server).await;
        run(&admin, &format!("drop database \"{}\" with (force)", self.name)).await;
        admin.close().await.expect("the pool closes");
    }
}

/// The server to test on, if one was given.
pub(super) fn server() -> Option<String> {
    env::var(POSTGRES_ENV).ok().filter(|url| !url.is_empty())
}

pub(super) async fn create(server: &str, content: Content) -> TestDb {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "cordboard_test_{}_{}",
        process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let admin = connect(server).await;
    let template = match content {
        Content::Nothing => "template0".to_owned(),
        Content::Tables => template(&admin, server).await,
    };
    run(
        &admin,
        &format!("drop database if exists \"{name}\" with (force)"),
    )
    .await;
    run(
        &admin,
        &format!("create database \"{name}\" template \"{template}\""),
    )
    .await;
    admin.close().await.expect("the pool closes");
    let url = with_database(server, &name);
    let conn = open(&mut ConnectOptions::new(&url)).await;
    TestDb {
        conn,
        url,
        place: Place::Postgres(Clone {
            server: server.to_owned(),
            name,
        }),
    }
}

/// Makes the migrated template if this server has none yet, and returns its name. The name tells the state of the
/// scripts, so that a long-lived server does not serve yesterday's tables.
async fn template(admin: &DatabaseConnection, server: &str) -> String {
    let name = format!("cordboard_template_{:016x}", migration::fingerprint());
    let lock = admin.begin().await.expect("a transaction for the lock");
    lock.execute_unprepared(&format!("select pg_advisory_xact_lock({TEMPLATE_LOCK})"))
        .await
        .expect("the lock");
    let found = lock
        .query_one_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            "select 1 from pg_database where datname = $1",
            [name.as_str().into()],
        ))
        .await
        .expect("the list of databases");
    if found.is_none() {
        let draft = format!("{name}_draft");
        run(
            admin,
            &format!("drop database if exists \"{draft}\" with (force)"),
        )
        .await;
        run(admin, &format!("create database \"{draft}\" template template0")).await;
        let db = connect(&with_database(server, &draft)).await;
        migration::up(&db)
            .await
            .expect("migrations run on an empty PostgreSQL database");
        db.close().await.expect("the pool closes");
        run(admin, &format!("alter database \"{draft}\" rename to \"{name}\"")).await;
    }
    lock.commit().await.expect("the lock is released");
    name
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(2)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    Database::connect(options)
        .await
        .expect("the PostgreSQL test server answers")
}

async fn run(db: &DatabaseConnection, sql: &str) {
    if let Err(error) = db.execute_unprepared(sql).await {
        panic!("{sql}: {error}");
    }
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url
        .split_once('?')
        .map_or((url, None), |(address, query)| (address, Some(query)));
    let scheme_end = address.find("://").map_or(0, |at| at + 3);
    let path_start = address[scheme_end..]
        .find('/')
        .map_or(address.len(), |at| scheme_end + at);
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{}/{name}{query}", &address[..path_start])
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn only_the_database_changes() {
        assert_eq!(
            with_database("postgres://u@h:1/postgres?a=b", "x"),
            "postgres://u@h:1/x?a=b"
        );
        assert_eq!(with_database("postgres://u@h:1", "x"), "postgres://u@h:1/x");
    }
}
