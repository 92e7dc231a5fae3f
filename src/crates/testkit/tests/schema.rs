//! The tables: migrations forth and back, and whether rows and tables agree, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use entity::*;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryOrder,
    QuerySelect, Statement,
};
use std::collections::BTreeSet;

/// One column as the database sees it.
#[derive(Debug, FromQueryResult)]
struct ColumnRow {
    name: String,
    is_nullable: bool,
}

testkit::on_both_databases! {
    async fn migrations_run_up_down_and_up_again(empty db: TestDb) {
        let conn = db.conn();
        assert!(!migration::pending(conn).await.unwrap().is_empty(), "an empty database lacks everything");

        let applied = migration::up(conn).await.unwrap();
        let tables = table_names(conn).await;
        assert!(tables.contains("calls") && tables.contains("users"), "{tables:?}");
        assert!(migration::pending(conn).await.unwrap().is_empty());

        migration::down(conn, None).await.unwrap();
        assert_eq!(table_names(conn).await, BTreeSet::from(["seaql_migrations".to_owned()]));

        assert_eq!(migration::up(conn).await.unwrap(), applied);
        assert_eq!(table_names(conn).await, tables);
    }

    async fn instances_that_start_together_migrate_once(empty db: TestDb) {
        let (one, two) = tokio::join!(migration::up(db.conn()), migration::up(db.conn()));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(one.is_empty() != two.is_empty(), "one applied {}, the other {}", one.len(), two.len());
    }
}

testkit::on_both_databases! {
    async fn migrating_twice_changes_nothing(db: TestDb) {
        assert_eq!(migration::up(db.conn()).await.unwrap(), Vec::<String>::new());
    }

    async fn every_row_type_agrees_with_its_table(db: TestDb) {
        let conn = db.conn();
        let mut known = BTreeSet::from(["seaql_migrations".to_owned()]);
        macro_rules! check {
            ($($entity:ident)+) => {$( known.insert(agree::<$entity::Entity>(conn).await); )+};
        }
        check!(
            agent agent_state audit call call_event extension gateway intent leg queue queue_offer queue_visit
            recording role role_permission route seat session setting tier user user_role voice_server
        );
        assert_eq!(table_names(conn).await, known, "a table without a row type, or the other way round");
    }

    async fn the_builtin_roles_are_there(db: TestDb) {
        let roles = role::Entity::find().order_by_asc(role::Column::Id).all(db.conn()).await.unwrap();
        let codes: Vec<&str> = roles.iter().map(|role| role.code.as_str()).collect();
        assert_eq!(codes, ["administrator", "supervisor", "agent"]);
        let grants: Vec<(i64, String)> = role_permission::Entity::find()
            .select_only()
            .columns([role_permission::Column::RoleId, role_permission::Column::Permission])
            .order_by_asc(role_permission::Column::Permission)
            .into_tuple()
            .all(db.conn())
            .await
            .unwrap();
        let of = |id: i64| -> Vec<&str> {
            grants.iter().filter(|(role, _)| *role == id).map(|(_, code)| code.as_str()).collect()
        };
        assert_eq!(of(roles[0].id), ["*"]);
        assert_eq!(of(roles[2].id), ["calls.view_own", "desk.use"]);
        assert!(of(roles[1].id).contains(&"calls.live"));
    }

    async fn an_unknown_enumeration_value_is_refused(db: TestDb) {
        let sql = "insert into recordings (id, call_id, leg_id, server_id, path, started_at, state) \
                   values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', \
                   '00000000-0000-0000-0000-000000000001', 1, 'x', '2026-01-01T00:00:00Z', 'melted')";
        let error = db.conn().execute_unprepared(sql).await.unwrap_err().to_string();
        assert!(error.contains("recordings_state_check"), "{error}");
    }
}

/// Selects all columns, and compares the list of columns and their nullability. Returns the table's name.
async fn agree<E: EntityTrait>(conn: &impl ConnectionTrait) -> String {
    let table = E::default().table_name().to_owned();
    E::find()
        .all(conn)
        .await
        .unwrap_or_else(|error| panic!("{table}: {error}"));
    let actual: BTreeSet<(String, bool)> = columns(conn, &table)
        .await
        .into_iter()
        .map(|column| (column.name, column.is_nullable))
        .collect();
    let wanted: BTreeSet<(String, bool)> = E::Column::iter()
        .map(|column| (column.as_str().to_owned(), column.def().is_null()))
        .collect();
    assert_eq!(
        wanted, actual,
        "{table}: wanted by the row type, actual in the table"
    );
    table
}

async fn columns(conn: &impl ConnectionTrait, table: &str) -> Vec<ColumnRow> {
    let (backend, sql) = match conn.get_database_backend() {
        DbBackend::Postgres => (
            DbBackend::Postgres,
            "select column_name::text as name, is_nullable = 'YES' as is_nullable \
             from information_schema.columns where table_schema = 'public' and table_name = $1",
        ),
        // A rowid key is not declared `not null` but cannot be null.
        _ => (
            DbBackend::Sqlite,
            "select name, \"notnull\" = 0 and pk = 0 as is_nullable from pragma_table_info(?)",
        ),
    };
    ColumnRow::find_by_statement(Statement::from_sql_and_values(backend, sql, [table.into()]))
        .all(conn)
        .await
        .unwrap()
}

async fn table_names(conn: &impl ConnectionTrait) -> BTreeSet<String> {
    let (backend, sql) = match conn.get_database_backend() {
        DbBackend::Postgres => (
            DbBackend::Postgres,
            "select tablename::text as name from pg_tables where schemaname = 'public'",
        ),
        _ => (
            DbBackend::Sqlite,
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
        ),
    };
    let rows = conn
        .query_all_raw(Statement::from_string(backend, sql))
        .await
        .unwrap();
    rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}
