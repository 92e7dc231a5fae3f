//! Writing many rows at once: `insert … on conflict do update`, cut to what a statement can carry.

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait,
    IdenStatic as _, IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn,
    sea_query::{Expr, ExprTrait as _, IntoIden as _, OnConflict},
};

/// Rows of one statement, largest first. Few sizes keep the number of different statements small, which each
/// connection prepares once and remembers.
const CHUNKS: [usize; 4] = [256, 32, 4, 1];

/// Bound values that a statement may have: sqlx refuses more on PostgreSQL, SQLite is compiled with this limit.
fn parameter_limit(backend: DbBackend) -> usize {
    match backend {
        DbBackend::Sqlite => 32_766,
        _ => 65_535,
    }
}

/// What happens to a row that is there already.
#[derive(Clone, Copy, Debug)]
enum Existing<C> {
    Replace,
    Keep,
    ReplaceOlder(C),
}

/// Inserts the rows; those whose key is there already are replaced whole. Returns the number of rows written.
///
/// The rows must have distinct keys: PostgreSQL refuses to touch a row twice in one statement. Rows are written in
/// the given order, so that a row may free a unique value that a later one takes.
///
/// # Errors
/// Any database error. Only a transaction around it makes it all or nothing.
pub async fn upsert_all<E, C>(db: &C, rows: Vec<E::Model>) -> Result<u64, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    C: ConnectionTrait,
{
    write::<E, C>(db, rows, Existing::Replace).await
}

/// Like [`upsert_all`], but a row that is there already is only replaced when its `version` is smaller than the new
/// one: a writer that is late loses instead of overwriting.
///
/// # Errors
/// Any database error.
pub async fn upsert_newer<E, C>(db: &C, rows: Vec<E::Model>, version: E::Column) -> Result<u64, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    C: ConnectionTrait,
{
    write::<E, C>(db, rows, Existing::ReplaceOlder(version)).await
}

/// Inserts the rows that are not there yet and leaves the others alone. Returns the number of rows written.
///
/// # Errors
/// Any database error.
pub async fn insert_missing<E, C>(db: &C, rows: Vec<E::Model>) -> Result<u64, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    C: ConnectionTrait,
{
    write::<E, C>(db, rows, Existing::Keep).await
}

async fn write<E, C>(db: &C, rows: Vec<E::Model>, existing: Existing<E::Column>) -> Result<u64, DbErr>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    C: ConnectionTrait,
{
    let on_conflict = on_conflict::<E>(existing);
    let most = parameter_limit(db.get_database_backend()) / E::Column::iter().count();
    let mut written = 0;
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let size = CHUNKS
            .into_iter()
            .find(|size| *size <= rows.len().min(most))
            .unwrap_or(1);
        let chunk = rows.by_ref().take(size).map(IntoActiveModel::into_active_model);
        written += E::insert_many(chunk)
            .on_conflict(on_conflict.clone())
            .exec_without_returning(db)
            .await?;
    }
    Ok(written)
}

fn on_conflict<E: EntityTrait>(existing: Existing<E::Column>) -> OnConflict {
    let keys: Vec<E::Column> = E::PrimaryKey::iter()
        .map(PrimaryKeyToColumn::into_column)
        .collect();
    let is_key = |column: &E::Column| keys.iter().any(|key| key.as_str() == column.as_str());
    let mut clause = OnConflict::columns(keys.iter().copied());
    match existing {
        Existing::Keep => {
            clause.do_nothing();
        }
        Existing::Replace | Existing::ReplaceOlder(_) => {
            clause.update_columns(E::Column::iter().filter(|column| !is_key(column)));
        }
    }
    if let Existing::ReplaceOlder(version) = existing {
        let new = Expr::col(("excluded", version.into_iden()));
        clause.action_and_where(Expr::col(version.as_column_ref()).lt(new));
    }
    clause
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use entity::{agent_state, setting};
    use sea_orm::{PaginatorTrait as _, prelude::Uuid};

    fn row(key: usize, value: i64) -> setting::Model {
        setting::Model {
            key: format!("k{key}"),
            value: value.into(),
            updated_at: DateTime::UNIX_EPOCH,
            updated_by: None,
        }
    }

    fn stretch(id: u128, ended: bool) -> agent_state::Model {
        agent_state::Model {
            id: Uuid::from_u128(id),
            server_id: 1,
            extension: "1001".into(),
            user_id: None,
            status: "available".into(),
            reason: None,
            state: None,
            started_at: DateTime::UNIX_EPOCH,
            ended_at: ended.then_some(DateTime::UNIX_EPOCH),
            call_id: None,
        }
    }

    testkit::on_both_databases! {
        async fn thousands_of_rows_are_inserted_then_replaced(db: TestDb) {
            let rows = |value| (0..20_000).map(|key| row(key, value)).collect::<Vec<_>>();
            assert_eq!(upsert_all::<setting::Entity, _>(db.conn(), rows(1)).await.unwrap(), 20_000);
            assert_eq!(upsert_all::<setting::Entity, _>(db.conn(), rows(2)).await.unwrap(), 20_000);
            assert_eq!(setting::Entity::find().count(db.conn()).await.unwrap(), 20_000);
            let last = setting::Entity::find_by_id("k19999").one(db.conn()).await.unwrap().unwrap();
            assert_eq!(last.value, 2);
        }

        async fn no_rows_are_no_statement(db: TestDb) {
            assert_eq!(upsert_all::<setting::Entity, _>(db.conn(), Vec::new()).await.unwrap(), 0);
        }

        async fn known_rows_can_be_left_alone(db: TestDb) {
            insert_missing::<setting::Entity, _>(db.conn(), vec![row(1, 1)]).await.unwrap();
            let written =
                insert_missing::<setting::Entity, _>(db.conn(), vec![row(1, 9), row(2, 9)]).await.unwrap();
            assert_eq!(written, 1);
            let kept = setting::Entity::find_by_id("k1").one(db.conn()).await.unwrap().unwrap();
            assert_eq!(kept.value, 1);
        }

        async fn a_late_writer_does_not_overwrite_a_newer_row(db: TestDb) {
            // Any column that is compared by size will do.
            let at = |seconds, value| setting::Model {
                updated_at: DateTime::from_timestamp(seconds, 0).unwrap(),
                ..row(1, value)
            };
            for (seconds, value) in [(5, 1), (4, 2), (6, 3), (6, 4)] {
                upsert_newer::<setting::Entity, _>(db.conn(), vec![at(seconds, value)], setting::Column::UpdatedAt)
                    .await
                    .unwrap();
            }
            let kept = setting::Entity::find_by_id("k1").one(db.conn()).await.unwrap().unwrap();
            assert_eq!(kept.value, 3);
        }

        async fn a_row_may_close_before_its_successor_opens(db: TestDb) {
            upsert_all::<agent_state::Entity, _>(db.conn(), vec![stretch(1, false)]).await.unwrap();
            let both = vec![stretch(1, true), stretch(2, false)];
            upsert_all::<agent_state::Entity, _>(db.conn(), both).await.unwrap();
            assert_eq!(agent_state::Entity::find().count(db.conn()).await.unwrap(), 2);
        }
    }
}
