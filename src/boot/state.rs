//! What handlers are given.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use fsxml::Templates;
use metrics_exporter_prometheus::PrometheusHandle;
use sea_orm::DatabaseConnection;

use super::{config::Config, health::HealthBoard, nudges::Nudges};
use crate::{
    error::{AppError, AppResult},
    features::calls::recordings::{Recordings, TicketKey},
    features::desk::seats::{SeatParts, Seats},
    features::system::{
        audit::Audit,
        sessions::{AccessKey, SessionPolicy, Sessions},
        users::{
            LockoutPolicy, Users,
            password::{HashCost, Passwords},
        },
    },
    features::voice::{Voice, VoiceParts},
    http::guard::Guard,
    ports::{Clock, Health as _, IdGen, PartStatus, Tasks},
    realtime::{
        hub::Hub,
        socket::{Policy, Sockets},
    },
    store::{key::MasterKey, secrets::Sealer},
    telephony::{media::Media, nodes::Nodes, plan::Plans, probe::EslProbe},
};

/// How long the database may take to answer a health check.
const PING_PATIENCE: Duration = Duration::from_secs(2);

/// Everything that a request may need; cheap to clone.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is documented by its type")]
pub struct AppState {
    pub config: Arc<Config>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub tasks: Arc<dyn Tasks>,
    pub db: DatabaseConnection,
    pub sealer: Sealer,
    pub health: Arc<HealthBoard>,
    pub metrics: PrometheusHandle,
    pub hub: Hub,
    pub sockets: Arc<Sockets>,
    // features::system
    pub users: Arc<Users>,
    pub sessions: Arc<Sessions>,
    pub audit: Arc<Audit>,
    pub guard: Arc<Guard>,
    // features::calls
    pub recordings: Arc<Recordings>,
    // features::voice
    pub voice: Arc<Voice>,
    pub nudges: Arc<Nudges>,
    // telephony
    pub plans: Arc<Plans>,
    pub templates: Arc<Templates>,
    pub media: Arc<Media>,
    pub nodes: Arc<Nodes>,
    // features::desk
    pub seats: Arc<Seats>,
}

/// What the state is made of; tests bring their own clock, ids and database.
pub struct Ground {
    /// The whole configuration.
    pub config: Arc<Config>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids and randomness.
    pub ids: Arc<dyn IdGen>,
    /// Background tasks.
    pub tasks: Arc<dyn Tasks>,
    /// The opened and migrated database.
    pub db: DatabaseConnection,
    /// The installation's key.
    pub key: MasterKey,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
}

impl AppState {
    /// Wires the services together. Starts nothing.
    pub fn new(ground: Ground) -> AppResult<Self> {
        let Ground {
            config,
            clock,
            ids,
            tasks,
            db,
            key,
            metrics,
        } = ground;
        let auth = &config.auth;
        let passwords = Passwords::new(HashCost {
            memory_kib: auth.argon2_memory_kib,
            passes: auth.argon2_passes,
            at_once: auth.argon2_at_once,
        })?;
        let lockout = LockoutPolicy {
            after: auth.lockout_after,
            first: Duration::from_secs(auth.lockout_first_secs.into()),
            longest: Duration::from_secs(auth.lockout_longest_secs.into()),
        };
        let users = Arc::new(Users::new(db.clone(), Arc::clone(&clock), passwords, lockout));
        let sessions = Arc::new(Sessions::new(
            db.clone(),
            Arc::clone(&users),
            Arc::clone(&clock),
            Arc::clone(&ids),
            AccessKey::new(&key.derive("access tokens")),
            SessionPolicy {
                access: TimeDelta::minutes(auth.access_token_minutes.into()),
                refresh: TimeDelta::days(auth.refresh_days.into()),
            },
        ));
        let hub = Hub::new(ids.uuid());
        let sealer = Sealer::new(&key);
        let nudges = Arc::new(Nudges::default());
        let nodes = Arc::new(Nodes::new(Arc::clone(&ids)));
        let voice = Arc::new(Voice::new(VoiceParts {
            db: db.clone(),
            sealer: sealer.clone(),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            nudge: nudges.clone(),
            probe: Arc::new(EslProbe),
            statuses: Arc::new(hub.clone()),
        }));
        let seats = Seats::new(SeatParts {
            db: db.clone(),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            tasks: Arc::clone(&tasks),
            hub: hub.clone(),
            switch: nodes.clone(),
            voice: Arc::clone(&voice),
        });
        Ok(Self {
            plans: Arc::default(),
            templates: Arc::new(Templates::built_in().map_err(AppError::internal)?),
            media: Arc::new(Media::built_in().map_err(AppError::internal)?),
            nodes,
            seats: Arc::new(seats),
            voice,
            nudges,
            recordings: Arc::new(Recordings::new(
                db.clone(),
                Arc::clone(&clock),
                TicketKey::new(&key.derive("recording tickets")),
                config.recordings.dir.clone(),
            )),
            audit: Arc::new(Audit::new(db.clone(), Arc::clone(&ids))),
            guard: Arc::new(Guard::new(Arc::clone(&sessions), Arc::clone(&clock))),
            health: Arc::new(HealthBoard::new(Arc::clone(&clock))),
            hub,
            sockets: Arc::new(Sockets::new(config.server.max_sockets, Policy::default())),
            sealer,
            users,
            sessions,
            metrics,
            config,
            clock,
            ids,
            tasks,
            db,
        })
    }

    /// Asks the database for a sign of life and reports it to the health board.
    pub async fn check_database(&self) {
        let status = match tokio::time::timeout(PING_PATIENCE, self.db.ping()).await {
            Ok(Ok(())) => PartStatus::Ok,
            Ok(Err(_)) => database_down("The database cannot be reached."),
            Err(_) => database_down("The database does not answer."),
        };
        self.health.report("database", status);
    }
}

fn database_down(detail: &str) -> PartStatus {
    PartStatus::Down {
        code: "database.unreachable",
        detail: detail.to_owned(),
    }
}
