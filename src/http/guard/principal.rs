//! Who is calling, loaded from the database and kept for a moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::registry::{Permission, PermissionSet};
use crate::{
    error::{AppError, AppResult},
    features::system::sessions::Sessions,
    ports::Clock,
    store::scope::DataScope,
};

/// Revoking a session and editing rights take effect at once in this process ([`Guard::forget_user`]) and after
/// this time in any other one.
const KEPT_FOR: TimeDelta = TimeDelta::seconds(15);
/// Cached principals; far above the number of consoles that one node serves.
const CACHE_LIMIT: usize = 10_000;

/// When it was loaded, and what, by session.
type Cache = HashMap<Uuid, (DateTime<Utc>, Arc<Principal>)>;

/// The person behind a request.
#[derive(Clone, Debug)]
pub struct Principal {
    /// `users.id`
    pub user_id: i64,
    /// `sessions.id`
    pub session_id: Uuid,
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
    /// Rights from all roles.
    pub permissions: PermissionSet,
}

impl Principal {
    /// Refuses when the permission is missing.
    pub fn require(&self, permission: Permission) -> AppResult<()> {
        if self.permissions.has(permission) {
            return Ok(());
        }
        let detail = format!("This needs the permission {}.", permission.code());
        Err(AppError::forbidden("auth.forbidden", detail))
    }

    /// Whose rows of the ledger may be seen.
    pub fn scope(&self) -> DataScope {
        if self.may(Permission::CallsViewAll) {
            DataScope::All
        } else {
            DataScope::Own(self.user_id)
        }
    }

    /// Whether the permission is held.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// Refuses while the password is due for a change.
    pub fn may_work(&self) -> AppResult<()> {
        if self.must_change_password {
            let code = "auth.password_change_required";
            return Err(AppError::forbidden(code, "Change the password first."));
        }
        Ok(())
    }
}

/// Turns access tokens into principals.
pub struct Guard {
    sessions: Arc<Sessions>,
    clock: Arc<dyn Clock>,
    cache: Mutex<Cache>,
}

impl Guard {
    /// A guard with an empty cache.
    pub fn new(sessions: Arc<Sessions>, clock: Arc<dyn Clock>) -> Self {
        Self {
            sessions,
            clock,
            cache: Mutex::default(),
        }
    }

    /// The person whose access token this is. The caller still has to ask [`Principal::may_work`].
    pub async fn authenticate(&self, access_token: &str) -> AppResult<Arc<Principal>> {
        Ok(self.admit(access_token).await?.0)
    }

    /// Like [`Guard::authenticate`], with the instant at which the token ends: for who stays connected.
    pub async fn admit(&self, access_token: &str) -> AppResult<(Arc<Principal>, DateTime<Utc>)> {
        let access = self.sessions.verify_access(access_token)?;
        Ok((self.principal_of(access.session_id).await?, access.expires_at))
    }

    /// The person behind a session that still lives, with the rights of the moment.
    pub async fn principal_of(&self, session_id: Uuid) -> AppResult<Arc<Principal>> {
        let now = self.clock.now();
        if let Some((loaded_at, principal)) = self.lock().get(&session_id)
            && now - *loaded_at < KEPT_FOR
        {
            return Ok(Arc::clone(principal));
        }
        let account = self.sessions.account_of(session_id).await?;
        let permissions = PermissionSet::of(account.is_admin, &account.permissions);
        let principal = Arc::new(Principal {
            user_id: account.user_id,
            session_id,
            user_name: account.user_name,
            full_name: account.full_name,
            is_admin: account.is_admin,
            is_agent: account.is_agent,
            must_change_password: account.must_change_password,
            permissions,
        });
        let mut cache = self.lock();
        if cache.len() >= CACHE_LIMIT {
            cache.retain(|_, (loaded_at, _)| now - *loaded_at < KEPT_FOR);
        }
        if cache.len() < CACHE_LIMIT {
            cache.insert(session_id, (now, Arc::clone(&principal)));
        }
        Ok(principal)
    }

    /// Rights or state of a user have changed: what is cached about them is stale.
    pub fn forget_user(&self, user_id: i64) {
        self.lock()
            .retain(|_, (_, principal)| principal.user_id != user_id);
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
