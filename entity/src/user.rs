//! People who sign in: `users`.

use sea_orm::entity::prelude::*;

use crate::secret::Hidden;

/// One row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Sign-in name; unique without regard to case among the living.
    #[sea_orm(column_type = "Text")]
    pub user_name: String,
    /// Name for people.
    #[sea_orm(column_type = "Text")]
    pub full_name: String,
    /// Mail address.
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<String>,
    /// Mobile number.
    #[sea_orm(column_type = "Text", nullable)]
    pub mobile: Option<String>,
    /// argon2id, PHC string.
    pub password_hash: Hidden,
    /// Nothing else is allowed before the password was changed.
    pub must_change_password: bool,
    /// May do everything.
    pub is_admin: bool,
    /// May take a seat.
    pub is_agent: bool,
    /// Switched off things are kept but not used.
    pub is_enabled: bool,
    /// Failures since the last success.
    pub failed_logins: i32,
    /// No sign-in before.
    pub locked_until: Option<DateTimeUtc>,
    /// When the password was last set.
    pub password_changed_at: DateTimeUtc,
    /// Last successful sign-in.
    pub last_login_at: Option<DateTimeUtc>,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// When the row was last edited.
    pub updated_at: DateTimeUtc,
    /// Grows by one with each edit; an edit based on an older one is refused.
    pub version: i32,
    /// Set when deleted; the row stays because history refers to it.
    pub deleted_at: Option<DateTimeUtc>,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
