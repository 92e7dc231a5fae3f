//! Who may come in, and whether they may still stay.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::{
    error::AppResult,
    http::guard::{Guard, Principal},
};

/// Somebody who may come in, for now.
pub struct Admission {
    /// Who.
    pub principal: Arc<Principal>,
    /// When the access token ends.
    pub expires_at: DateTime<Utc>,
}

/// The door of the live connection.
pub trait Door: Send + Sync {
    /// Lets somebody in by access token.
    fn admit<'a>(&'a self, token: &'a str) -> BoxFuture<'a, AppResult<Admission>>;

    /// The rights of a session at this moment; an error when it has ended.
    fn recheck(&self, session_id: Uuid) -> BoxFuture<'_, AppResult<Arc<Principal>>>;
}

impl Door for Guard {
    fn admit<'a>(&'a self, token: &'a str) -> BoxFuture<'a, AppResult<Admission>> {
        Box::pin(async move {
            let (principal, expires_at) = Self::admit(self, token).await?;
            principal.may_work()?;
            Ok(Admission {
                principal,
                expires_at,
            })
        })
    }

    fn recheck(&self, session_id: Uuid) -> BoxFuture<'_, AppResult<Arc<Principal>>> {
        Box::pin(async move {
            let principal = self.principal_of(session_id).await?;
            principal.may_work()?;
            Ok(principal)
        })
    }
}
