//! Edits of configured things: tables with `id`, `version`, `updated_at` and `deleted_at`.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter as _,
    sea_query::{Expr, ExprTrait as _},
};

/// Writes an edit that was based on `version`, if the row still has it and is not deleted. `row` holds the changed
/// columns; `version` and `updated_at` are set here. Returns whether the row was written.
///
/// # Errors
/// Any database error.
pub async fn update<E, C>(
    db: &C,
    id: i64,
    version: i32,
    now: DateTime<Utc>,
    row: E::ActiveModel,
) -> Result<bool, DbErr>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
    C: ConnectionTrait,
{
    let written = E::update_many()
        .set(row)
        .col_expr("version", Expr::value(version + 1))
        .col_expr("updated_at", Expr::value(now))
        .filter(Expr::col("id").eq(id))
        .filter(Expr::col("version").eq(version))
        .filter(Expr::col("deleted_at").is_null())
        .exec(db)
        .await?;
    Ok(written.rows_affected == 1)
}

/// Marks a row as deleted. Returns whether there was one.
///
/// # Errors
/// Any database error.
pub async fn delete<E, C>(db: &C, id: i64, now: DateTime<Utc>) -> Result<bool, DbErr>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let written = E::update_many()
        .col_expr("deleted_at", Expr::value(now))
        .col_expr("updated_at", Expr::value(now))
        .filter(Expr::col("id").eq(id))
        .filter(Expr::col("deleted_at").is_null())
        .exec(db)
        .await?;
    Ok(written.rows_affected == 1)
}
