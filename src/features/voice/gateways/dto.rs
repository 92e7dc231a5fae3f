//! Wire types of gateways.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::features::voice::choice::choice;

choice! {
    /// How a gateway is attached.
    GatewayKind {
        /// A peer by address, without registration.
        Nni = "nni",
        /// We register with a user name.
        Uni = "uni",
        /// We register as an IMS subscriber.
        Ims = "ims",
    }
}

choice! {
    /// Transport of a gateway.
    Transport {
        /// UDP.
        Udp = "udp",
        /// TCP.
        Tcp = "tcp",
        /// TLS.
        Tls = "tls",
    }
}

/// Which gateways to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GatewayQuery {
    /// Only those of this voice server.
    pub server_id: Option<i64>,
    /// Part of name, remark or proxy.
    pub q: Option<String>,
    /// Page, from 1.
    pub page: Option<u32>,
    /// Rows on a page, 1 to 500.
    pub page_size: Option<u32>,
}

/// A gateway to be made or changed.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SaveGatewayRequest {
    /// Voice server; fixed once made.
    pub server_id: i64,
    /// Name on the switch; fixed once made.
    pub name: String,
    /// Note for people.
    #[serde(default)]
    pub remark: String,
    /// How it is attached.
    pub kind: GatewayKind,
    /// Host name or address of the other side.
    pub proxy: String,
    /// Port of the other side; absent: 5060, or what DNS says.
    pub port: Option<i32>,
    /// Realm; absent: the proxy.
    pub realm: Option<String>,
    /// User for registration and challenges.
    pub user_name: Option<String>,
    /// Password; absent to keep the present one, empty to remove it.
    pub password: Option<String>,
    /// Whether we register; absent: yes unless it is a peer.
    pub register: Option<bool>,
    /// Transport.
    #[serde(default = "udp")]
    pub transport: Transport,
    /// User part of From.
    pub from_user: Option<String>,
    /// Domain part of From.
    pub from_domain: Option<String>,
    /// Next hop of calls.
    pub outbound_proxy: Option<String>,
    /// Next hop of registrations.
    pub register_proxy: Option<String>,
    /// Number that incoming calls arrive at; absent: the called one.
    pub extension: Option<String>,
    /// Whether the caller's number goes into From.
    #[serde(default = "yes")]
    pub caller_id_in_from: bool,
    /// Seconds between OPTIONS pings; absent: none.
    pub ping_secs: Option<i32>,
    /// Seconds that a registration is asked for.
    #[serde(default = "expire_secs")]
    pub expire_secs: i32,
    /// Seconds before a failed registration is tried again.
    #[serde(default = "retry_secs")]
    pub retry_secs: i32,
    /// Digits put before every number.
    #[serde(default)]
    pub add_prefix: String,
    /// Calls at a time; absent: no limit.
    pub max_channels: Option<i32>,
    /// Codecs in order of preference; absent: those of the server.
    pub codecs: Option<String>,
    /// Disabled gateways are not served.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// Version that the edit is based on; only for changes.
    pub version: Option<i32>,
}

fn udp() -> Transport {
    Transport::Udp
}

fn yes() -> bool {
    true
}

fn expire_secs() -> i32 {
    600
}

fn retry_secs() -> i32 {
    30
}

/// A gateway.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "as in SaveGatewayRequest")]
#[expect(clippy::struct_excessive_bools, reason = "the form has as many switches")]
pub struct GatewayView {
    pub id: i64,
    pub server_id: i64,
    pub name: String,
    pub remark: String,
    pub kind: GatewayKind,
    pub proxy: String,
    pub port: Option<i32>,
    pub realm: Option<String>,
    pub user_name: Option<String>,
    /// Whether a password is stored.
    pub has_password: bool,
    pub register: bool,
    pub transport: Transport,
    pub from_user: Option<String>,
    pub from_domain: Option<String>,
    pub outbound_proxy: Option<String>,
    pub register_proxy: Option<String>,
    pub extension: Option<String>,
    pub caller_id_in_from: bool,
    pub ping_secs: Option<i32>,
    pub expire_secs: i32,
    pub retry_secs: i32,
    pub add_prefix: String,
    pub max_channels: Option<i32>,
    pub codecs: Option<String>,
    pub is_enabled: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}
