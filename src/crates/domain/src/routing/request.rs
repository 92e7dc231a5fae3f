//! What is known about a call when the switch asks for its way.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::plan::RouteContext;

/// The kind of a call, written into `cordboard_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// From outside.
    Inbound,
    /// To outside.
    Outbound,
    /// Between our own phones.
    Internal,
    /// Started from the toolbar.
    Click,
}

impl CallKind {
    /// The word used on the switch.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
            Self::Click => "click",
        }
    }

    /// Reads the word used on the switch.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Inbound, Self::Outbound, Self::Internal, Self::Click]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// What an earlier routing of the same channel left on it: a transfer asks again, but the call stays what
/// it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// `cordboard_kind`.
    pub kind: Option<CallKind>,
    /// `cordboard_route`.
    pub route: Option<i64>,
}

/// A call that wants to be routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRequest {
    /// Where it comes from.
    pub context: RouteContext,
    /// The caller's number, as shown.
    pub caller_number: String,
    /// The number dialled.
    pub destination: String,
    /// The extension whose rights the call has: authenticated by the switch, or set by our own originate.
    pub extension: Option<String>,
    /// Name of the gateway it came in by, if it registers.
    pub gateway: Option<String>,
    /// Left by an earlier routing.
    pub marks: Marks,
    /// Local time of the organisation.
    pub at: NaiveDateTime,
}
