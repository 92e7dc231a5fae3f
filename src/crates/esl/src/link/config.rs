//! What a link needs to know.

use std::{fmt, time::Duration};

use crate::{
    backoff::BackoffConfig,
    codec::Caps,
    command::{Interest, InvalidText, WireText, WireWord},
    conn::ConnConfig,
};

/// A password that does not show itself.
#[derive(Clone)]
pub struct Password(pub(super) WireText);

impl Password {
    /// A password that fits on a line.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidText> {
        WireText::new(text).map(Password)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<secret>")
    }
}

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepLimits {
    /// TCP connection, name look-up included.
    pub dial: Duration,
    /// Banner, password, and subscriptions: each.
    pub handshake: Duration,
    /// Silence on E; HEARTBEAT comes every 20 s (`switch_core.c` 1816).
    pub silence: Duration,
    /// Between two questions for the identity of the switch process on C.
    pub ping: Duration,
    /// For open commands and goodbyes at shutdown.
    pub drain: Duration,
}

impl Default for StepLimits {
    fn default() -> Self {
        StepLimits {
            dial: Duration::from_secs(5),
            handshake: Duration::from_secs(5),
            silence: Duration::from_secs(45),
            ping: Duration::from_secs(15),
            drain: Duration::from_secs(5),
        }
    }
}

/// Everything a link needs to know.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// For logs.
    pub name: String,
    /// Password of the event socket.
    pub password: Password,
    /// What E subscribes to; HEARTBEAT and BACKGROUND_JOB are added, the link lives on them.
    pub interest: Interest,
    /// C sockets, 1 to 4. More than about 1 000 bgapi/s need a second one.
    pub command_sockets: usize,
    /// Sizes accepted from the switch.
    pub caps: Caps,
    /// Windows and limits of C.
    pub commands: ConnConfig,
    /// Time-outs.
    pub limits: StepLimits,
    /// Waits between connections.
    pub backoff: BackoffConfig,
    /// Seed of the jitter; different per node.
    pub seed: u64,
}

impl LinkConfig {
    /// Defaults for a node.
    pub fn new(name: impl Into<String>, password: Password, interest: Interest) -> Self {
        LinkConfig {
            name: name.into(),
            password,
            interest,
            command_sockets: 1,
            caps: Caps::default(),
            commands: ConnConfig::default(),
            limits: StepLimits::default(),
            backoff: BackoffConfig::default(),
            seed: 0,
        }
    }
}

/// The link needs HEARTBEAT to tell silence from death and BACKGROUND_JOB for its jobs. With filters they have
/// to be let through as well: an event without the filtered header does not match (`mod_event_socket.c` 321-373).
pub(super) fn require_own_events(interest: &mut Interest) -> Result<(), InvalidText> {
    const OWN: [&str; 2] = ["HEARTBEAT", "BACKGROUND_JOB"];
    let filtered = !interest.filters.is_empty();
    for name in OWN {
        if !interest.has_event("ALL") && !interest.has_event(name) {
            interest.events.push(WireWord::new(name)?);
        }
        if filtered {
            interest
                .filters
                .push((WireWord::new("Event-Name")?, WireText::new(name)?));
        }
    }
    Ok(())
}
