//! Proving a password, changing it, and what an account may do.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::user::Model;
use sea_orm::DatabaseConnection;

use super::{
    password::{self, Passwords},
    repo,
};
use crate::{
    error::{AppError, AppResult},
    ports::Clock,
    store::tx,
};

/// Names that do not exist and were tried; above this the ones that wait no longer are forgotten.
const GHOST_LIMIT: usize = 10_000;

/// When an account has to wait after wrong passwords.
#[derive(Clone, Copy, Debug)]
pub struct LockoutPolicy {
    /// Failures in a row that are free.
    pub after: u32,
    /// First wait; doubled by each further failure.
    pub first: Duration,
    /// Longest wait.
    pub longest: Duration,
}

impl LockoutPolicy {
    /// How long to wait after this many failures in a row.
    fn wait_after(&self, failures: u32) -> Option<Duration> {
        let beyond = failures.checked_sub(self.after)?;
        Some(
            self.first
                .saturating_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX))
                .min(self.longest),
        )
    }
}

/// An account, as others may know it.
#[derive(Clone, Debug)]
pub struct Account {
    /// `users.id`
    pub user_id: i64,
    /// Sign-in name.
    pub user_name: String,
    /// Name for people.
    pub full_name: String,
    /// May do everything.
    pub is_admin: bool,
    /// May take a seat.
    pub is_agent: bool,
    /// Nothing but changing the password is allowed.
    pub must_change_password: bool,
    /// Codes granted by all roles; `*` stands for all.
    pub permissions: Vec<String>,
}

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// Sign-in name.
    pub user_name: String,
    /// Name for people.
    pub full_name: String,
    /// From [`Users::hash`].
    pub password_hash: String,
    /// Whether the password is only good for choosing another one.
    pub must_change_password: bool,
    /// May take a seat.
    pub is_agent: bool,
    /// Code of the role.
    pub role: &'static str,
}

/// Somebody who has just proved to be the owner of an account.
#[derive(Clone, Debug)]
pub struct Proof(pub Account);

/// People who sign in.
pub struct Users {
    db: DatabaseConnection,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    lockout: LockoutPolicy,
    ghosts: Mutex<HashMap<String, Failures>>,
}

/// Failures of a name that does not exist: it must lock as a real one does, or locking would tell which are real.
#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    locked_until: Option<DateTime<Utc>>,
}

impl Users {
    /// The users in this database.
    pub fn new(
        db: DatabaseConnection,
        clock: Arc<dyn Clock>,
        passwords: Passwords,
        lockout: LockoutPolicy,
    ) -> Self {
        Self {
            db,
            clock,
            passwords,
            lockout,
            ghosts: Mutex::default(),
        }
    }

    /// Proves name and password. Wrong names and wrong passwords look alike in text, time and lock-out.
    pub async fn prove(&self, user_name: &str, password: &str) -> AppResult<Proof> {
        let now = self.clock.now();
        let user = repo::find_by_name(&self.db, user_name).await?;
        let locked_until = match &user {
            Some(user) => user.locked_until,
            None => self.ghost(user_name).locked_until,
        };
        if let Some(until) = locked_until.filter(|until| *until > now) {
            return Err(locked(until - now));
        }
        let hash = user.as_ref().map(|user| user.password_hash.0.as_str());
        let fits = self.passwords.verify(password, hash).await?;
        let Some(user) = user.filter(|_| fits) else {
            return Err(self.note_failure(user_name, now).await?);
        };
        if !user.is_enabled {
            // Only said to who knows the password, so it tells nothing to others.
            return Err(AppError::forbidden(
                "auth.disabled",
                "This account is switched off.",
            ));
        }
        repo::note_success(&self.db, user.id, now).await?;
        Ok(Proof(self.to_account(user).await?))
    }

    /// The account of a user who may still sign in; `None` when it is gone or switched off.
    pub async fn find_account(&self, user_id: i64) -> AppResult<Option<Account>> {
        match repo::find(&self.db, user_id).await? {
            Some(user) if user.is_enabled => Ok(Some(self.to_account(user).await?)),
            _ => Ok(None),
        }
    }

    /// Changes one's own password.
    pub async fn change_password(&self, user_id: i64, current: &str, new: &str) -> AppResult<()> {
        let user = repo::find(&self.db, user_id)
            .await?
            .ok_or_else(|| AppError::not_found("user"))?;
        let now = self.clock.now();
        // Who found an unlocked screen must not be able to guess on.
        if let Some(until) = user.locked_until.filter(|until| *until > now) {
            return Err(locked(until - now));
        }
        if !self
            .passwords
            .verify(current, Some(&user.password_hash.0))
            .await?
        {
            let error = self.note_failure(&user.user_name, now).await?;
            if error.kind() == crate::error::ErrorKind::TooMany {
                return Err(error);
            }
            let detail = "This is not the current password.";
            return Err(AppError::invalid_field("/current", "auth.wrong_password", detail));
        }
        password::check_policy("/new", new, &user.user_name)?;
        if current == new {
            let detail = "The new password must differ from the current one.";
            return Err(AppError::invalid_field("/new", "same_as_old", detail));
        }
        let hash = self.passwords.hash(new).await?;
        Ok(repo::update_password(&self.db, user.id, hash, false, now).await?)
    }

    /// Sets a password that must be changed at the next sign-in, and lifts a lock. For the command line and for
    /// administrators. Returns the user's id.
    pub async fn reset_password(&self, user_name: &str, new: &str) -> AppResult<i64> {
        let user = repo::find_by_name(&self.db, user_name).await?;
        let user = user.ok_or_else(|| AppError::not_found("user"))?;
        password::check_policy("/new", new, &user.user_name)?;
        let hash = self.passwords.hash(new).await?;
        repo::update_password(&self.db, user.id, hash, true, self.clock.now()).await?;
        Ok(user.id)
    }

    /// Makes the first account, `admin` with the default password that must be changed, unless there are accounts.
    /// Returns whether it was made.
    pub async fn ensure_first_account(&self) -> AppResult<bool> {
        if repo::any(&self.db).await? {
            return Ok(false);
        }
        let hash = self.passwords.hash(password::DEFAULT_PASSWORD).await?;
        repo::insert_first_admin(&self.db, hash, self.clock.now()).await?;
        Ok(true)
    }

    /// Makes an account unless there is one of this name. Returns whether it was made.
    pub async fn ensure_account(&self, account: NewAccount) -> AppResult<bool> {
        let tx = tx::begin(&self.db).await?;
        if repo::find_by_name(&tx, &account.user_name).await?.is_some() {
            return Ok(false);
        }
        repo::insert(&tx, account, self.clock.now()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The hash of a password, for whoever makes accounts (the first start, the demo data).
    pub async fn hash(&self, password: &str) -> AppResult<String> {
        self.passwords.hash(password).await
    }

    async fn to_account(&self, user: Model) -> AppResult<Account> {
        Ok(Account {
            permissions: repo::list_permissions(&self.db, user.id).await?,
            user_id: user.id,
            user_name: user.user_name,
            full_name: user.full_name,
            is_admin: user.is_admin,
            is_agent: user.is_agent,
            must_change_password: user.must_change_password,
        })
    }

    /// Counts a failure and returns what to answer.
    async fn note_failure(&self, user_name: &str, now: DateTime<Utc>) -> AppResult<AppError> {
        let user = repo::find_by_name(&self.db, user_name).await?;
        let failures = match &user {
            Some(user) => repo::count_failure(&self.db, user.id).await?,
            None => self.count_ghost_failure(user_name, now),
        };
        metrics::counter!("cordboard_login_failures_total").increment(1);
        let Some(wait) = self.lockout.wait_after(failures) else {
            let detail = "User name or password is wrong.";
            return Ok(AppError::unauthenticated("auth.wrong_credentials", detail));
        };
        let until = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
        match user {
            Some(user) => {
                tracing::warn!(
                    user.id = user.id,
                    failures,
                    "account locked after wrong passwords"
                );
                repo::lock_until(&self.db, user.id, until).await?;
            }
            None => self.edit_ghost(user_name, now, |ghost| ghost.locked_until = Some(until)),
        }
        Ok(locked(until - now))
    }

    fn ghost(&self, user_name: &str) -> Failures {
        let ghosts = self.ghosts.lock().unwrap_or_else(PoisonError::into_inner);
        ghosts.get(&user_name.to_lowercase()).copied().unwrap_or_default()
    }

    fn count_ghost_failure(&self, user_name: &str, now: DateTime<Utc>) -> u32 {
        let mut count = 0;
        self.edit_ghost(user_name, now, |ghost| {
            ghost.count += 1;
            count = ghost.count;
        });
        count
    }

    fn edit_ghost(&self, user_name: &str, now: DateTime<Utc>, edit: impl FnOnce(&mut Failures)) {
        let mut ghosts = self.ghosts.lock().unwrap_or_else(PoisonError::into_inner);
        if ghosts.len() >= GHOST_LIMIT {
            ghosts.retain(|_, ghost| ghost.locked_until.is_some_and(|until| until > now));
        }
        if ghosts.len() < GHOST_LIMIT {
            edit(ghosts.entry(user_name.to_lowercase()).or_default());
        }
    }
}

fn locked(remaining: TimeDelta) -> AppError {
    let remaining = remaining.to_std().unwrap_or_default();
    // Rounded up: who comes back after the named time must not be a moment early.
    let secs = remaining.as_secs() + u64::from(remaining.subsec_nanos() > 0);
    let detail = format!("Too many wrong passwords. Try again in {secs} seconds.");
    AppError::too_many("auth.locked", detail, Duration::from_secs(secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_longest() {
        let policy = LockoutPolicy {
            after: 5,
            first: Duration::from_secs(30),
            longest: Duration::from_mins(15),
        };
        let secs = |failures| policy.wait_after(failures).map(|wait| wait.as_secs());
        assert_eq!(secs(4), None);
        assert_eq!(secs(5), Some(30));
        assert_eq!(secs(7), Some(120));
        assert_eq!(secs(10), Some(900));
        assert_eq!(secs(u32::MAX), Some(900));
    }
}
