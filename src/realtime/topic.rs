//! What can be subscribed to, and who may.

use crate::http::guard::{Permission, PermissionSet};

/// A live topic. `Seat` is one topic a user: everybody sees only his own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Calls that are up now.
    Calls,
    /// Callers waiting in queues.
    Waiting,
    /// Agents with their states.
    Agents,
    /// Voice servers with the state of their connection.
    Servers,
    /// Banners: what does not work at the moment.
    System,
    /// The seat of the user with this id.
    Seat(i64),
}

impl Topic {
    /// The topic that the user `user_id` means by `name`.
    pub fn parse(name: &str, user_id: i64) -> Option<Self> {
        Some(match name {
            "calls" => Self::Calls,
            "waiting" => Self::Waiting,
            "agents" => Self::Agents,
            "servers" => Self::Servers,
            "system" => Self::System,
            "seat" => Self::Seat(user_id),
            _ => return None,
        })
    }

    /// The name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Waiting => "waiting",
            Self::Agents => "agents",
            Self::Servers => "servers",
            Self::System => "system",
            Self::Seat(_) => "seat",
        }
    }
    /// Permissions of which one is enough; none means that everybody who is signed in may look.
    pub fn permissions(&self) -> &'static [Permission] {
        use Permission::{CallsLive, DeskUse, VoiceServersView};
        match self {
            Self::Calls | Self::Waiting | Self::Agents => &[CallsLive],
            Self::Servers => &[VoiceServersView, CallsLive, DeskUse],
            Self::System => &[],
            Self::Seat(_) => &[DeskUse],
        }
    }

    /// Whether somebody with these rights may look.
    pub fn is_open_to(&self, rights: PermissionSet) -> bool {
        let enough = self.permissions();
        enough.is_empty() || enough.iter().any(|permission| rights.has(*permission))
    }
}
