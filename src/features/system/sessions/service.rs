//! Use cases around a session.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{secret::Hidden, session::Model};
use sea_orm::DatabaseConnection;
use uuid::Uuid;

use super::{
    repo,
    tokens::{Access, AccessKey, RefreshToken},
};
use crate::{
    error::{AppError, AppResult},
    features::system::{
        audit,
        users::{Account, Proof, Users},
    },
    ports::{Clock, IdGen},
};

/// Two tabs may refresh with the same token at the same moment, and an answer may be lost on the way. Within this
/// time the token before the last gets an access token (but no new refresh token); later it counts as stolen.
const LEEWAY: TimeDelta = TimeDelta::seconds(10);

/// Ended sessions are kept so long, for questions about who was signed in.
const KEPT_AFTER_END: TimeDelta = TimeDelta::days(30);

/// How long tokens live.
#[derive(Clone, Copy, Debug)]
pub struct SessionPolicy {
    /// Access token.
    pub access: TimeDelta,
    /// Refresh token, from its last use.
    pub refresh: TimeDelta,
}

/// Where a sign-in comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Address.
    pub ip: String,
    /// Browser.
    pub user_agent: String,
}

/// What a sign-in or a refresh gives.
pub struct Granted {
    /// Short-lived, for the `Authorization` header.
    pub access_token: String,
    /// Its life.
    pub expires_in: TimeDelta,
    /// For the cookie; absent when the one in the browser stays in force.
    pub refresh_token: Option<String>,
    /// Whose it is.
    pub account: Account,
}

/// Sessions of browsers.
pub struct Sessions {
    db: DatabaseConnection,
    users: Arc<Users>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGen>,
    key: AccessKey,
    policy: SessionPolicy,
}

impl Sessions {
    /// The sessions in this database.
    pub fn new(
        db: DatabaseConnection,
        users: Arc<Users>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGen>,
        key: AccessKey,
        policy: SessionPolicy,
    ) -> Self {
        Self {
            db,
            users,
            clock,
            ids,
            key,
            policy,
        }
    }

    /// How long a refresh token lives.
    pub fn refresh_life(&self) -> TimeDelta {
        self.policy.refresh
    }

    /// Signs in with name and password.
    pub async fn login(&self, user_name: &str, password: &str, origin: Origin) -> AppResult<Granted> {
        audit::note_user_name(user_name);
        let Proof(account) = self.users.prove(user_name, password).await?;
        audit::note_user(account.user_id, &account.user_name);
        let now = self.clock.now();
        let token = RefreshToken::new(self.ids.uuid(), self.ids.token());
        let session = Model {
            id: token.session_id,
            user_id: account.user_id,
            refresh_hash: Hidden(token.hash()),
            previous_hash: None,
            created_at: now,
            last_used_at: now,
            expires_at: now + self.policy.refresh,
            ip: origin.ip,
            user_agent: origin.user_agent,
            revoked_at: None,
            revoke_reason: None,
        };
        repo::insert(&self.db, session).await?;
        tracing::info!(user.id = account.user_id, session.id = %token.session_id, "signed in");
        self.grant(account, Some(token.clone()), token.session_id, now)
    }

    /// Exchanges a refresh token for a new one and a new access token.
    pub async fn refresh(&self, refresh_token: &str) -> AppResult<Granted> {
        let token = RefreshToken::decode(refresh_token).ok_or_else(session_over)?;
        let now = self.clock.now();
        let session = self.find_live(token.session_id, now).await?;
        let account = self
            .users
            .find_account(session.user_id)
            .await?
            .ok_or_else(session_over)?;

        if token.has_hash(&session.refresh_hash.0) {
            let next = RefreshToken::new(session.id, self.ids.token());
            let expires_at = now + self.policy.refresh;
            let rotated = repo::rotate(&self.db, &session, next.hash(), now, expires_at).await?;
            // When another tab was quicker, its token is the one in force.
            return self.grant(account, rotated.then_some(next), session.id, now);
        }
        let is_previous = session
            .previous_hash
            .as_ref()
            .is_some_and(|hash| token.has_hash(&hash.0));
        if is_previous && now - session.last_used_at <= LEEWAY {
            return self.grant(account, None, session.id, now);
        }
        tracing::warn!(user.id = session.user_id, session.id = %session.id, "refresh token used twice: session ended");
        metrics::counter!("cordboard_refresh_reuse_total").increment(1);
        repo::revoke(&self.db, session.id, "refresh_token_reused", now).await?;
        Err(session_over())
    }

    /// Ends the session of a refresh token and returns whose it was; an unknown one is fine, the goal is reached.
    pub async fn logout(&self, refresh_token: &str) -> AppResult<Option<i64>> {
        let Some(token) = RefreshToken::decode(refresh_token) else {
            return Ok(None);
        };
        let Some(session) = repo::find(&self.db, token.session_id).await? else {
            return Ok(None);
        };
        let is_known = token.has_hash(&session.refresh_hash.0)
            || session
                .previous_hash
                .as_ref()
                .is_some_and(|hash| token.has_hash(&hash.0));
        if !is_known {
            return Ok(None);
        }
        if let Some(account) = self.users.find_account(session.user_id).await? {
            audit::note_user(account.user_id, &account.user_name);
        }
        repo::revoke(&self.db, session.id, "signed_out", self.clock.now()).await?;
        Ok(Some(session.user_id))
    }

    /// Changes one's own password and ends all one's other sessions.
    pub async fn change_password(
        &self,
        user_id: i64,
        session_id: Uuid,
        current: &str,
        new: &str,
    ) -> AppResult<()> {
        self.users.change_password(user_id, current, new).await?;
        let now = self.clock.now();
        repo::revoke_others(&self.db, user_id, Some(session_id), "password_changed", now).await?;
        Ok(())
    }

    /// Ends every session of a user.
    pub async fn revoke_all(&self, user_id: i64, reason: &str) -> AppResult<()> {
        Ok(repo::revoke_others(&self.db, user_id, None, reason, self.clock.now()).await?)
    }

    /// Removes sessions that ended long ago; returns how many.
    pub async fn sweep(&self) -> AppResult<u64> {
        Ok(repo::delete_ended_before(&self.db, self.clock.now() - KEPT_AFTER_END).await?)
    }

    /// Session and end of an access token that is genuine and has not expired.
    pub fn verify_access(&self, access_token: &str) -> AppResult<Access> {
        self.key.verify(access_token, self.clock.now())
    }

    /// The account behind a session that still lives.
    pub async fn account_of(&self, session_id: Uuid) -> AppResult<Account> {
        let session = self.find_live(session_id, self.clock.now()).await?;
        self.users
            .find_account(session.user_id)
            .await?
            .ok_or_else(session_over)
    }

    async fn find_live(&self, id: Uuid, now: DateTime<Utc>) -> AppResult<Model> {
        let session = repo::find(&self.db, id).await?.ok_or_else(session_over)?;
        if session.revoked_at.is_some() || session.expires_at <= now {
            return Err(session_over());
        }
        Ok(session)
    }

    fn grant(
        &self,
        account: Account,
        refresh: Option<RefreshToken>,
        session_id: Uuid,
        now: DateTime<Utc>,
    ) -> AppResult<Granted> {
        Ok(Granted {
            access_token: self
                .key
                .sign(account.user_id, session_id, now, self.policy.access)?,
            expires_in: self.policy.access,
            refresh_token: refresh.map(|token| token.encode()),
            account,
        })
    }
}

fn session_over() -> AppError {
    AppError::unauthenticated("auth.session_over", "The session has ended; sign in again.")
}
