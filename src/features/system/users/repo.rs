//! Queries about users.

use chrono::{DateTime, Utc};
use entity::{
    role, role_permission,
    secret::Hidden,
    user::{ActiveModel, Column, Entity, Model},
    user_role,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, Func},
};

use super::service::NewAccount;

pub(super) async fn find_by_name(db: &impl ConnectionTrait, user_name: &str) -> Result<Option<Model>, DbErr> {
    let lowered = Func::lower(Expr::col(Column::UserName));
    Entity::find()
        .filter(Expr::expr(lowered).eq(user_name.to_lowercase()))
        .filter(Column::DeletedAt.is_null())
        .one(db)
        .await
}

pub(super) async fn find(db: &impl ConnectionTrait, id: i64) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id)
        .filter(Column::DeletedAt.is_null())
        .one(db)
        .await
}

pub(super) async fn any(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .into_tuple::<i64>()
        .one(db)
        .await?
        .is_some())
}

pub(super) async fn insert_first_admin(
    db: &impl ConnectionTrait,
    hash: String,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let admin = ActiveModel {
        id: NotSet,
        user_name: Set("admin".to_owned()),
        full_name: Set("Administrator".to_owned()),
        email: Set(None),
        mobile: Set(None),
        password_hash: Set(Hidden(hash)),
        must_change_password: Set(true),
        is_admin: Set(true),
        is_agent: Set(false),
        is_enabled: Set(true),
        failed_logins: Set(0),
        locked_until: Set(None),
        password_changed_at: Set(now),
        last_login_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        version: Set(1),
        deleted_at: Set(None),
    };
    Entity::insert(admin).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    account: NewAccount,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let user = ActiveModel {
        id: NotSet,
        user_name: Set(account.user_name),
        full_name: Set(account.full_name),
        email: Set(None),
        mobile: Set(None),
        password_hash: Set(Hidden(account.password_hash)),
        must_change_password: Set(account.must_change_password),
        is_admin: Set(false),
        is_agent: Set(account.is_agent),
        is_enabled: Set(true),
        failed_logins: Set(0),
        locked_until: Set(None),
        password_changed_at: Set(now),
        last_login_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        version: Set(1),
        deleted_at: Set(None),
    };
    let user_id = Entity::insert(user).exec(db).await?.last_insert_id;
    let role = role::Entity::find()
        .filter(role::Column::Code.eq(account.role))
        .one(db)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(account.role.to_owned()))?;
    let grant = user_role::ActiveModel {
        user_id: Set(user_id),
        role_id: Set(role.id),
    };
    user_role::Entity::insert(grant)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Codes granted by all roles of the user, some twice.
pub(super) async fn list_permissions(db: &impl ConnectionTrait, user_id: i64) -> Result<Vec<String>, DbErr> {
    let roles = user_role::Entity::find()
        .select_only()
        .column(user_role::Column::RoleId)
        .filter(user_role::Column::UserId.eq(user_id))
        .into_query();
    role_permission::Entity::find()
        .select_only()
        .column(role_permission::Column::Permission)
        .filter(role_permission::Column::RoleId.in_subquery(roles))
        .into_tuple()
        .all(db)
        .await
}

/// Counts a failure in the database itself, so that parallel attempts are all counted. Returns the new count.
pub(super) async fn count_failure(db: &impl ConnectionTrait, id: i64) -> Result<u32, DbErr> {
    let updated = Entity::update_many()
        .col_expr(Column::FailedLogins, Expr::col(Column::FailedLogins).add(1))
        .filter(Column::Id.eq(id))
        .exec_with_returning(db)
        .await?;
    Ok(updated
        .first()
        .map_or(0, |user| u32::try_from(user.failed_logins).unwrap_or(0)))
}

pub(super) async fn lock_until(
    db: &impl ConnectionTrait,
    id: i64,
    until: DateTime<Utc>,
) -> Result<(), DbErr> {
    let locked = Entity::update_many().col_expr(Column::LockedUntil, Expr::value(until));
    locked.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

pub(super) async fn note_success(
    db: &impl ConnectionTrait,
    id: i64,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::FailedLogins, Expr::value(0))
        .col_expr(Column::LockedUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::LastLoginAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn update_password(
    db: &impl ConnectionTrait,
    id: i64,
    hash: String,
    must_change: bool,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(Hidden(hash)))
        .col_expr(Column::MustChangePassword, Expr::value(must_change))
        .col_expr(Column::PasswordChangedAt, Expr::value(now))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .col_expr(Column::FailedLogins, Expr::value(0))
        .col_expr(Column::LockedUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
