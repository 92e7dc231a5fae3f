//! What every subcommand that touches data stands on: key and database.

use std::time::Duration;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use entity::setting;
use sea_orm::{ActiveValue::Set, DatabaseConnection, EntityTrait as _};

use super::config::{Config, DatabaseConfig};
use crate::{
    ports::IdGen,
    store::{
        connect::{self, StoreOptions},
        key::MasterKey,
    },
};

/// The installation's key; made when there is none. Returns whether it was made.
pub fn open_key(config: &Config, ids: &dyn IdGen) -> anyhow::Result<(MasterKey, bool)> {
    let secrets = &config.secrets;
    if !secrets.key.is_empty() {
        let key = MasterKey::from_base64(secrets.key.expose()).context("secrets.key")?;
        return Ok((key, false));
    }
    Ok(MasterKey::from_file(&secrets.key_file, ids.token())?)
}

/// The pool of the configured database.
pub async fn open_database(config: &DatabaseConfig) -> anyhow::Result<DatabaseConnection> {
    let options = StoreOptions {
        url: config.url.expose().to_owned(),
        max_connections: config.max_connections,
        acquire_timeout: Duration::from_secs(config.acquire_timeout_secs),
    };
    connect::connect(&options)
        .await
        .with_context(|| format!("database {}", config.url.redacted()))
}

/// Makes sure that the tables are what this binary expects. A new SQLite file and the demo are migrated on the
/// spot; anything else is left to the operator, who may want a copy first.
pub async fn prepare_tables(config: &Config, db: &DatabaseConnection) -> anyhow::Result<()> {
    let pending = migration::pending(db)
        .await
        .context("looking at the database's migrations")?;
    if pending.is_empty() {
        return Ok(());
    }
    let is_new = pending.len() == migration::count() && config.database.url.is_sqlite();
    if !is_new && !config.demo.enabled {
        anyhow::bail!(
            "the database lacks {} migrations ({} …): make a copy of it, then run `cordboard migrate`",
            pending.len(),
            pending[0]
        );
    }
    tracing::info!(migrations = pending.len(), "making the database's tables");
    migration::up(db).await.context("migrating")?;
    Ok(())
}

/// Setting under which the key's fingerprint is kept.
const FINGERPRINT: &str = "secrets.fingerprint";

/// Makes sure that the key is the one that this database's secrets were sealed with; the first key is remembered.
/// A key made anew because the old one was lost must not be used: half of the secrets would open with neither.
pub async fn check_key(db: &DatabaseConnection, key: &MasterKey, now: DateTime<Utc>) -> anyhow::Result<()> {
    let fingerprint = URL_SAFE_NO_PAD.encode(&key.derive("fingerprint")[..12]);
    let stored = setting::Entity::find_by_id(FINGERPRINT).one(db).await?;
    match stored {
        Some(row) if row.value == fingerprint.as_str() => Ok(()),
        Some(_) => anyhow::bail!(
            "this is not the key of this database: bring back the old key file, or seal the secrets anew by \
             deleting the setting {FINGERPRINT} and entering every stored password again"
        ),
        None => {
            let row = setting::ActiveModel {
                key: Set(FINGERPRINT.to_owned()),
                value: Set(fingerprint.into()),
                updated_at: Set(now),
                updated_by: Set(None),
            };
            setting::Entity::insert(row).exec_without_returning(db).await?;
            Ok(())
        }
    }
}
