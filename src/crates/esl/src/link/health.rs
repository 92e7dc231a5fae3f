//! Where a link stands, for watchers.

use std::sync::Arc;

use tokio::time::Instant;

/// Where the link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Opening TCP connections.
    Dialing,
    /// Waiting for `auth/request`.
    Banner,
    /// Password sent.
    Auth,
    /// Filters and subscriptions on their way.
    Subscribing,
    /// Events flow; the application collects its snapshots and then calls [`SwitchLink::resynced`].
    Syncing,
    /// All is well.
    Live,
    /// Shutting down.
    Draining,
    /// Waiting for the next try.
    Backoff {
        /// When it will be.
        retry_at: Instant,
    },
    /// A human has to act: [`Health::last_error`] says why. Tried again now and then all the same.
    Blocked {
        /// `wrong_password`, `access_refused`, `subscription_refused` or `unusable_password`.
        reason: &'static str,
        /// When it is tried again.
        retry_at: Instant,
    },
    /// Shut down.
    Stopped,
}

impl LinkState {
    /// A short stable word.
    pub fn label(self) -> &'static str {
        match self {
            LinkState::Dialing => "dialing",
            LinkState::Banner => "banner",
            LinkState::Auth => "auth",
            LinkState::Subscribing => "subscribing",
            LinkState::Syncing => "syncing",
            LinkState::Live => "live",
            LinkState::Draining => "draining",
            LinkState::Backoff { .. } => "backoff",
            LinkState::Blocked { .. } => "blocked",
            LinkState::Stopped => "stopped",
        }
    }
}

/// What went wrong last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkError {
    /// A short stable word, such as `wrong_password`, `dial`, `eof`, `idle`, `restarted`.
    pub code: &'static str,
    /// For people.
    pub text: String,
}

/// The state of a link, to be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Where it stands.
    pub state: LinkState,
    /// Since when.
    pub since: Instant,
    /// Number of the current or last connection; 0 before the first.
    pub generation: u64,
    /// Identity of the switch process, once it is known.
    pub core_uuid: Option<Arc<str>>,
    /// What ended the last connection; kept until the next one is live.
    pub last_error: Option<LinkError>,
}

impl Health {
    /// Whether commands can be sent and events flow.
    pub fn is_up(&self) -> bool {
        matches!(self.state, LinkState::Syncing | LinkState::Live)
    }
}
