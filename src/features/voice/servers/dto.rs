//! Wire types of voice servers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which servers to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServerQuery {
    /// Part of name, switch name or address.
    pub q: Option<String>,
    /// Page, from 1.
    pub page: Option<u32>,
    /// Rows on a page, 1 to 500.
    pub page_size: Option<u32>,
}

/// A voice server to be made or changed.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SaveServerRequest {
    /// Name for people, unique.
    pub name: String,
    /// `switchname` of its switch.conf, unique.
    pub switch_name: String,
    /// Host name or address of its Event Socket.
    pub address: String,
    /// Port of its Event Socket.
    #[serde(default = "esl_port")]
    pub esl_port: i32,
    /// Password of its Event Socket; needed for a new server, absent to keep the present one.
    pub esl_password: Option<String>,
    /// SIP domain of its phones.
    pub sip_domain: String,
    /// User name that the switch presents to us.
    #[serde(default = "http_user")]
    pub http_user: String,
    /// Password that the switch presents to us; absent to have one made (new) or to keep the present one.
    pub http_password: Option<String>,
    /// SIP port for phones.
    #[serde(default = "internal_port")]
    pub internal_port: i32,
    /// SIP port for gateways.
    #[serde(default = "external_port")]
    pub external_port: i32,
    /// Port for SIP over WebSocket.
    pub ws_port: Option<i32>,
    /// Port for SIP over secure WebSocket.
    pub wss_port: Option<i32>,
    /// Codecs in order of preference, separated by commas.
    #[serde(default = "codecs")]
    pub codecs: String,
    /// Folder of recordings as the switch sees it: absolute, or below `${recordings_dir}`.
    #[serde(default = "record_dir")]
    pub record_dir: String,
    /// The same folder as this machine sees it.
    pub record_dir_local: Option<String>,
    /// Base URL under which the switch reaches us.
    pub control_url: String,
    /// File on this machine that the switch falls back on while we are away.
    pub snapshot_path: Option<String>,
    /// Folder on this machine with call records that the switch could not post.
    pub cdr_spool_dir: Option<String>,
    /// Whether we connect to it.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// Version that the edit is based on; only for changes.
    pub version: Option<i32>,
}

fn esl_port() -> i32 {
    8021
}

fn http_user() -> String {
    "cordboard".to_owned()
}

fn internal_port() -> i32 {
    5060
}

fn external_port() -> i32 {
    5080
}

fn codecs() -> String {
    "OPUS,PCMA,PCMU".to_owned()
}

fn record_dir() -> String {
    "${recordings_dir}".to_owned()
}

fn yes() -> bool {
    true
}

/// A voice server.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "as in SaveServerRequest")]
pub struct ServerView {
    pub id: i64,
    pub name: String,
    pub switch_name: String,
    pub address: String,
    pub esl_port: i32,
    pub sip_domain: String,
    pub http_user: String,
    pub internal_port: i32,
    pub external_port: i32,
    pub ws_port: Option<i32>,
    pub wss_port: Option<i32>,
    pub codecs: String,
    pub record_dir: String,
    pub record_dir_local: Option<String>,
    pub control_url: String,
    pub snapshot_path: Option<String>,
    pub cdr_spool_dir: Option<String>,
    pub is_enabled: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
    /// How the connection is: the row of the live topic `servers`; absent when nothing is known yet.
    #[schema(value_type = Option<Object>)]
    pub status: Option<serde_json::Value>,
    /// The password for the switch that was made just now; it is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated_http_password: Option<String>,
}
