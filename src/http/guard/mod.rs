//! Who may do what: permissions as types in the handlers' signatures.
//!
//! A handler that takes [`Require<permission::VoiceQueuesEdit>`] cannot be reached without that permission;
//! one that takes [`SignedIn`] needs an account whose password is not due for a change; only the few that
//! serve the forced change itself take [`Anyone`].

mod principal;
mod registry;

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

pub use principal::{Guard, Principal};
pub use registry::{Permission, PermissionSet, Permit, permission};

use crate::{
    boot::state::AppState,
    error::{AppError, AppResult},
    features::system::audit,
};

/// Anybody who is signed in, even if the password must be changed first.
#[derive(Clone, Debug)]
pub struct Anyone(pub Arc<Principal>);

/// Anybody who is signed in and may work.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Arc<Principal>);

/// Somebody with permission `P`.
#[derive(Clone, Debug)]
pub struct Require<P> {
    principal: Arc<Principal>,
    permit: PhantomData<P>,
}

/// Somebody who may see calls: everybody's or one's own; see [`Principal::scope`].
#[derive(Clone, Debug)]
pub struct CallsReader(Arc<Principal>);

impl Deref for CallsReader {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<P> Deref for Require<P> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl Deref for SignedIn {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl Deref for Anyone {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl FromRequestParts<AppState> for Anyone {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> AppResult<Self> {
        let token = bearer(parts).ok_or_else(not_signed_in)?;
        let principal = state.guard.authenticate(token).await?;
        audit::note_user(principal.user_id, &principal.user_name);
        Ok(Self(principal))
    }
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> AppResult<Self> {
        let Anyone(principal) = Anyone::from_request_parts(parts, state).await?;
        principal.may_work()?;
        Ok(Self(principal))
    }
}

impl<P: Permit> FromRequestParts<AppState> for Require<P> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> AppResult<Self> {
        let SignedIn(principal) = SignedIn::from_request_parts(parts, state).await?;
        principal.require(P::PERMISSION)?;
        Ok(Self {
            principal,
            permit: PhantomData,
        })
    }
}

impl FromRequestParts<AppState> for CallsReader {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> AppResult<Self> {
        let SignedIn(principal) = SignedIn::from_request_parts(parts, state).await?;
        if !principal.may(Permission::CallsViewAll) {
            principal.require(Permission::CallsViewOwn)?;
        }
        Ok(Self(principal))
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn not_signed_in() -> AppError {
    AppError::unauthenticated("auth.not_signed_in", "Sign in first.")
}
