//! `cordboard user reset-password`: for an administrator who is locked out.

use std::sync::Arc;

use super::{
    config::Config,
    ground,
    lifecycle::Lifecycle,
    state::{AppState, Ground},
    supervisor::Supervisor,
    telemetry,
};
use crate::{
    ports::{SystemClock, SystemIds},
    store::secrets,
};

pub(super) async fn reset(config: Config, name: &str) -> anyhow::Result<()> {
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
    let (key, _) = ground::open_key(&config, &*ids)?;
    let db = ground::open_database(&config.database).await?;
    let tasks = Arc::new(Supervisor::new(Arc::new(Lifecycle::new()), clock.clone()));
    let metrics = telemetry::silent_metrics();
    let password = secrets::generate_password(&*ids);
    let config = Arc::new(config);
    let state = AppState::new(Ground {
        config,
        clock,
        ids,
        tasks,
        db: db.clone(),
        key,
        metrics,
    })?;
    let user_id = state.users.reset_password(name, &password).await?;
    state.sessions.revoke_all(user_id, "password_reset").await?;
    db.close().await?;
    println!("{name} signs in with {password} and has to choose another password then.");
    Ok(())
}
