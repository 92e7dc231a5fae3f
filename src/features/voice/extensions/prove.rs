//! Whether somebody knows the password of an extension: how an agent signs in to it.

use domain::ids::ServerId;
use subtle::ConstantTimeEq as _;

use super::repo;
use crate::{
    error::AppResult,
    features::voice::{Voice, plan_source::open_extension_password},
};

/// An extension whose password was given rightly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenExtension {
    /// Where it is.
    pub server: ServerId,
    /// `extensions.id`.
    pub extension_id: i64,
    /// Its number.
    pub number: String,
}

impl Voice {
    /// The extension of this number and password. With several servers the password decides which one is meant.
    /// `None` for an unknown number as for a wrong password.
    ///
    /// # Errors
    /// Of the database, or when a stored password cannot be opened.
    pub async fn prove_extension(&self, number: &str, password: &str) -> AppResult<Option<ProvenExtension>> {
        for row in repo::list_enabled_by_number(&self.db, number).await? {
            let stored = open_extension_password(&self.sealer, &row)?;
            if bool::from(stored.as_bytes().ct_eq(password.as_bytes())) {
                return Ok(Some(ProvenExtension {
                    server: ServerId(row.server_id),
                    extension_id: row.id,
                    number: row.number,
                }));
            }
        }
        Ok(None)
    }
}
