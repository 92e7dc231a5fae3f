//! Database errors, classified once. Everybody else asks [`classify`] or just uses `?`.

use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::error::{AppError, ErrorKind, FieldError};

/// What a database error means for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbFailure {
    /// A value that must be unique is taken. `None`: a constraint that nobody expects to be violated.
    Taken(Option<&'static UniqueRule>),
    /// A row refers to something that does not exist, or something is deleted that others refer to.
    Reference,
    /// The database is away, full, locked or overloaded; the same thing may work later.
    Unavailable,
    /// A defect of ours.
    Defect,
}

/// A unique index that users can run into.
#[derive(Debug, PartialEq, Eq)]
pub struct UniqueRule {
    /// Name of the index: PostgreSQL reports it, SQLite only for indexes on expressions.
    index: &'static str,
    /// What SQLite reports instead.
    columns: &'static str,
    /// Code of the error.
    pub code: &'static str,
    /// JSON pointer to the field that is refused; empty where it is no field.
    pub pointer: &'static str,
    /// Text for people, with the remedy.
    pub detail: &'static str,
}

/// Every unique index of the migrations that an edit can violate.
const UNIQUE_RULES: &[UniqueRule] = &[
    UniqueRule {
        index: "users_user_name_key",
        columns: "",
        code: "user.name_taken",
        pointer: "/user_name",
        detail: "Another user has this user name; choose another one.",
    },
    UniqueRule {
        index: "roles_code_key",
        columns: "roles.code",
        code: "role.code_taken",
        pointer: "/code",
        detail: "Another role has this code; choose another one.",
    },
    UniqueRule {
        index: "voice_servers_name_key",
        columns: "voice_servers.name",
        code: "server.name_taken",
        pointer: "/name",
        detail: "Another voice server has this name; choose another one.",
    },
    UniqueRule {
        index: "voice_servers_switch_name_key",
        columns: "voice_servers.switch_name",
        code: "server.switch_name_taken",
        pointer: "/switch_name",
        detail: "Another voice server has this switch name; give each switch its own switchname in switch.conf.",
    },
    UniqueRule {
        index: "gateways_name_key",
        columns: "gateways.server_id, gateways.name",
        code: "gateway.name_taken",
        pointer: "/name",
        detail: "This voice server already has a gateway of this name; choose another one.",
    },
    UniqueRule {
        index: "queues_code_key",
        columns: "queues.server_id, queues.code",
        code: "queue.code_taken",
        pointer: "/code",
        detail: "This voice server already has a queue with this code; choose another one.",
    },
    UniqueRule {
        index: "extensions_number_key",
        columns: "extensions.server_id, extensions.number",
        code: "extension.number_taken",
        pointer: "/number",
        detail: "This voice server already has an extension with this number; choose another one.",
    },
    UniqueRule {
        index: "agents_extension_id_key",
        columns: "agents.extension_id",
        code: "agent.exists",
        pointer: "/extension_id",
        detail: "This extension is an agent already.",
    },
    UniqueRule {
        index: "tiers_queue_id_agent_id_key",
        columns: "tiers.queue_id, tiers.agent_id",
        code: "queue.agent_twice",
        pointer: "/agents",
        detail: "The agent is in this queue already.",
    },
    UniqueRule {
        index: "routes_name_key",
        columns: "routes.server_id, routes.name",
        code: "route.name_taken",
        pointer: "/name",
        detail: "This voice server already has a route of this name; choose another one.",
    },
    UniqueRule {
        index: "seats_open_user_key",
        columns: "seats.user_id",
        code: "seat.already_seated",
        pointer: "",
        detail: "You are signed in to an extension already; sign out there first.",
    },
    UniqueRule {
        index: "seats_open_extension_key",
        columns: "seats.extension_id",
        code: "seat.taken",
        pointer: "/extension",
        detail: "Somebody else is signed in to this extension.",
    },
];

/// Classifies an error.
pub fn classify(error: &DbErr) -> DbFailure {
    let runtime = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return DbFailure::Unavailable,
        DbErr::Exec(runtime) | DbErr::Query(runtime) => runtime,
        _ => return DbFailure::Defect,
    };
    let RuntimeErr::SqlxError(error) = runtime else {
        return DbFailure::Defect;
    };
    match error.as_ref() {
        sqlx::Error::Database(error) => classify_reply(error.as_ref()),
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_) => DbFailure::Unavailable,
        _ => DbFailure::Defect,
    }
}

/// Whether the same thing may work later, so that a writer with a backlog keeps it.
pub fn is_unavailable(error: &DbErr) -> bool {
    classify(error) == DbFailure::Unavailable
}

fn classify_reply(error: &dyn sqlx::error::DatabaseError) -> DbFailure {
    use sqlx::error::ErrorKind::{ForeignKeyViolation, UniqueViolation};
    match error.kind() {
        UniqueViolation => return DbFailure::Taken(find_rule(error)),
        ForeignKeyViolation => return DbFailure::Reference,
        _ => {}
    }
    let code = error.code().unwrap_or_default();
    let away = if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        is_sqlite_away(&code)
    } else {
        is_postgres_away(&code)
    };
    if away {
        DbFailure::Unavailable
    } else {
        DbFailure::Defect
    }
}

fn find_rule(error: &dyn sqlx::error::DatabaseError) -> Option<&'static UniqueRule> {
    // "UNIQUE constraint failed: extensions.server_id, extensions.number", or "... failed: index 'name'".
    let place = error
        .message()
        .rsplit("constraint failed: ")
        .next()
        .unwrap_or_default();
    let expression_index = place
        .strip_prefix("index '")
        .and_then(|rest| rest.strip_suffix('\''));
    let index = error.constraint().or(expression_index);
    UNIQUE_RULES.iter().find(|rule| match index {
        Some(index) => rule.index == index,
        None => rule.columns == place,
    })
}

/// SQLite: busy (5), locked (6), out of memory (7), read-only (8), input or output (10), full (13), cannot open (14).
/// The upper bits hold an extended code.
fn is_sqlite_away(code: &str) -> bool {
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14))
}

/// PostgreSQL: connection (08), authorisation (28), serialization and deadlock (40), resources (53), lock not
/// available (55P03), shutting down or cancelled by the time-out (57), system error (58).
fn is_postgres_away(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "28" | "40" | "53" | "57" | "58")) || code == "55P03"
}

impl From<DbErr> for AppError {
    fn from(error: DbErr) -> Self {
        match classify(&error) {
            DbFailure::Taken(Some(rule)) => {
                let conflict = Self::conflict(rule.code, rule.detail);
                if rule.pointer.is_empty() {
                    return conflict;
                }
                conflict.with_field(FieldError::new(rule.pointer, "taken", rule.detail))
            }
            DbFailure::Taken(None) | DbFailure::Defect => Self::internal(error),
            DbFailure::Reference => Self::new(
                ErrorKind::Conflict,
                "conflict.reference",
                "Something that this refers to has been deleted, or something still refers to this.",
            )
            .with_source(error),
            DbFailure::Unavailable => Self::unavailable(
                "database.unavailable",
                "The database is busy or away; try again in a moment.",
            )
            .with_retry_after(std::time::Duration::from_secs(5))
            .with_source(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::{ConnectionTrait, TransactionTrait as _};

    const USER: &str = "insert into users (user_name, full_name, password_hash, must_change_password, is_admin, \
        is_agent, is_enabled, failed_logins, password_changed_at, created_at, updated_at, version) values \
        ('Anna', '', '', false, false, false, true, 0, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', \
        '2026-01-01T00:00:00Z', 1)";

    testkit::on_both_databases! {
        async fn a_taken_name_is_a_conflict_that_names_the_field(db: TestDb) {
            db.conn().execute_unprepared(USER).await.unwrap();
            let error = db.conn().execute_unprepared(&USER.replace("Anna", "anna")).await.unwrap_err();
            let error = AppError::from(error);
            assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "user.name_taken"));
            assert_eq!(error.fields()[0].pointer, "/user_name");
        }

        async fn every_rule_names_an_index_that_exists(db: TestDb) {
            for rule in UNIQUE_RULES {
                // Taking the same name again fails exactly when the index is there.
                let tx = db.conn().begin().await.unwrap();
                let sql = format!("create index {} on settings (key)", rule.index);
                assert!(tx.execute_unprepared(&sql).await.is_err(), "{} does not exist", rule.index);
            }
        }

        async fn a_dangling_reference_is_a_conflict(db: TestDb) {
            let sql = "insert into user_roles (user_id, role_id) values (99, 99)";
            let error = db.conn().execute_unprepared(sql).await.unwrap_err();
            assert_eq!(classify(&error), DbFailure::Reference);
        }

        async fn a_broken_statement_is_a_defect_and_tells_nothing(db: TestDb) {
            let error = AppError::from(db.conn().execute_unprepared("select * from nowhere").await.unwrap_err());
            assert_eq!(error.kind(), ErrorKind::Internal);
            assert!(!error.detail().contains("nowhere"));
        }
    }

    #[tokio::test]
    async fn a_locked_sqlite_file_is_unavailable() {
        let db = testkit::db::TestDb::sqlite().await;
        db.conn()
            .execute_unprepared("pragma busy_timeout = 0")
            .await
            .unwrap();
        let holder = crate::store::tx::begin(db.conn()).await.unwrap();
        let options = crate::store::connect::StoreOptions {
            url: db.url().to_owned(),
            max_connections: 2,
            acquire_timeout: std::time::Duration::from_secs(5),
        };
        let second = crate::store::connect::connect(&options).await.unwrap();
        second
            .execute_unprepared("pragma busy_timeout = 0")
            .await
            .unwrap();
        let error = second
            .execute_unprepared("delete from settings")
            .await
            .unwrap_err();
        assert!(is_unavailable(&error), "{error}");
        drop(holder);
        db.close().await;
    }
}
