//! Wire types of routing rules.

use chrono::{DateTime, Utc};
use domain::hours::Hours;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::voice::choice::choice;

choice! {
    /// What a rule does.
    RouteKind {
        /// To the extension that was dialed.
        Basic = "basic",
        /// Out through a gateway.
        Outbound = "outbound",
        /// From outside to a short number or a queue, within hours.
        Inbound = "inbound",
        /// Into a queue.
        Queue = "queue",
    }
}

choice! {
    /// Whose calls a rule is for.
    RouteContext {
        /// Calls from our phones, and calls that agents pass on.
        Internal = "internal",
        /// Calls that come in through a gateway.
        Inbound = "inbound",
    }
}

/// Which rules to list; they come in the order in which they are tried.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RouteQuery {
    /// Only those of this voice server.
    pub server_id: Option<i64>,
    /// Part of name, pattern or target.
    pub q: Option<String>,
    /// Page, from 1.
    pub page: Option<u32>,
    /// Rows on a page, 1 to 500.
    pub page_size: Option<u32>,
}

/// A rule to be made or changed.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SaveRouteRequest {
    /// Voice server; fixed once made.
    pub server_id: i64,
    /// Name for people, unique on the server.
    pub name: String,
    /// Smaller is tried first; absent: after all others (new) or as it is.
    pub position: Option<i32>,
    /// What it does.
    pub kind: RouteKind,
    /// Whose calls it is for; absent: `inbound` for inbound rules, else `internal`.
    pub context: Option<RouteContext>,
    /// A number, or a regular expression such as `^0(\d{7,12})$`.
    pub pattern: String,
    /// Outbound: the gateway; absent: that of the calling extension.
    pub gateway_id: Option<i64>,
    /// Outbound: tried when the first gateway cannot carry the call.
    pub fallback_gateway_id: Option<i64>,
    /// Outbound: digits taken off the front.
    #[serde(default)]
    pub strip_digits: i32,
    /// Outbound: digits put before what is left.
    #[serde(default)]
    pub add_prefix: String,
    /// Outbound: seconds that the far end may ring.
    #[serde(default = "minute")]
    pub ring_secs: i32,
    /// Record calls of this rule.
    #[serde(default)]
    pub record: bool,
    /// Inbound: the short number to go to.
    pub target_number: Option<String>,
    /// Queue and inbound: the queue to go to.
    pub queue_id: Option<i64>,
    /// Inbound and queue: when it is open; absent: always.
    #[schema(value_type = Option<Object>)]
    pub hours: Option<Hours>,
    /// Prompt outside the hours: a prompt's name, a path, a stream or a URL.
    pub off_hours_prompt: Option<String>,
    /// Disabled rules are skipped.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// Version that the edit is based on; only for changes.
    pub version: Option<i32>,
}

fn minute() -> i32 {
    60
}

fn yes() -> bool {
    true
}

/// A rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "as in SaveRouteRequest")]
pub struct RouteView {
    pub id: i64,
    pub server_id: i64,
    pub name: String,
    pub position: i32,
    pub kind: RouteKind,
    pub context: RouteContext,
    pub pattern: String,
    pub gateway_id: Option<i64>,
    pub fallback_gateway_id: Option<i64>,
    pub strip_digits: i32,
    pub add_prefix: String,
    pub ring_secs: i32,
    pub record: bool,
    pub target_number: Option<String>,
    pub queue_id: Option<i64>,
    #[schema(value_type = Option<Object>)]
    pub hours: Option<serde_json::Value>,
    pub off_hours_prompt: Option<String>,
    pub is_enabled: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}
