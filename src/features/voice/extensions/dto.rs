//! Wire types of extensions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::voice::choice::choice;

choice! {
    /// What answers at an extension.
    ExtensionKind {
        /// A phone.
        Direct = "direct",
        /// A menu.
        Ivr = "ivr",
        /// A queue.
        Queue = "queue",
        /// A robot.
        Robot = "robot",
    }
}

/// Which extensions to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExtensionQuery {
    /// Only those of this voice server.
    pub server_id: Option<i64>,
    /// Part of number or name.
    pub q: Option<String>,
    /// Page, from 1.
    pub page: Option<u32>,
    /// Rows on a page, 1 to 500.
    pub page_size: Option<u32>,
}

/// An extension to be made or changed.
#[derive(Clone, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the form has as many switches")]
pub struct SaveExtensionRequest {
    /// Voice server; fixed once made.
    pub server_id: i64,
    /// Number, digits; unique on the server; fixed while it is an agent.
    pub number: String,
    /// Name for people.
    #[serde(default)]
    pub display_name: String,
    /// What answers.
    #[serde(default = "direct")]
    pub kind: ExtensionKind,
    /// SIP password; absent to have one made (new) or to keep the present one.
    pub password: Option<String>,
    /// Gateway that it dials out by.
    pub gateway_id: Option<i64>,
    /// Queue behind the number, for the kind `queue`.
    pub queue_id: Option<i64>,
    /// Say the agent's number to the caller before the talk.
    #[serde(default)]
    pub announce_work_number: bool,
    /// May call outside numbers.
    #[serde(default)]
    pub may_dial_out: bool,
    /// Record its calls.
    #[serde(default)]
    pub record: bool,
    /// Number shown outside.
    pub caller_id_number: Option<String>,
    /// May register from a browser.
    #[serde(default = "yes")]
    pub webrtc_allowed: bool,
    /// Seconds that it rings.
    #[serde(default = "ring_secs")]
    pub ring_secs: i32,
    /// Disabled extensions do not exist for the switch.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// Version that the edit is based on; only for changes.
    pub version: Option<i32>,
}

fn direct() -> ExtensionKind {
    ExtensionKind::Direct
}

fn yes() -> bool {
    true
}

fn ring_secs() -> i32 {
    30
}

/// An extension.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "as in SaveExtensionRequest")]
#[expect(clippy::struct_excessive_bools, reason = "the form has as many switches")]
pub struct ExtensionView {
    pub id: i64,
    pub server_id: i64,
    pub number: String,
    pub display_name: String,
    pub kind: ExtensionKind,
    pub gateway_id: Option<i64>,
    pub queue_id: Option<i64>,
    pub announce_work_number: bool,
    pub may_dial_out: bool,
    pub record: bool,
    pub caller_id_number: Option<String>,
    pub webrtc_allowed: bool,
    pub ring_secs: i32,
    pub is_enabled: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    /// The SIP password that was made just now; it is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated_password: Option<String>,
}
