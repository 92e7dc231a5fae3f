//! SIP gateways: `gateways`.

use sea_orm::entity::prelude::*;

use crate::secret::Sealed;

/// One row of `gateways`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gateways")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `voice_servers.id`.
    pub server_id: i64,
    /// Name in the switch.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Note for people, may be empty.
    #[sea_orm(column_type = "Text")]
    pub remark: String,
    /// `nni` (peer), `uni` (registers), `ims`.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Address or domain of the other side.
    #[sea_orm(column_type = "Text")]
    pub proxy: String,
    /// Port, default 5060.
    pub port: Option<i32>,
    /// Authentication realm, default the proxy.
    #[sea_orm(column_type = "Text", nullable)]
    pub realm: Option<String>,
    /// User for authentication.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_name: Option<String>,
    /// Password for authentication.
    pub password_sealed: Option<Sealed>,
    /// Register with the other side.
    pub register: bool,
    /// `udp`, `tcp`, `tls`.
    #[sea_orm(column_type = "Text")]
    pub transport: String,
    /// User part of From.
    #[sea_orm(column_type = "Text", nullable)]
    pub from_user: Option<String>,
    /// Domain part of From.
    #[sea_orm(column_type = "Text", nullable)]
    pub from_domain: Option<String>,
    /// Next hop of calls.
    #[sea_orm(column_type = "Text", nullable)]
    pub outbound_proxy: Option<String>,
    /// Next hop of registrations.
    #[sea_orm(column_type = "Text", nullable)]
    pub register_proxy: Option<String>,
    /// Number that incoming calls are sent to, default the user name.
    #[sea_orm(column_type = "Text", nullable)]
    pub extension: Option<String>,
    /// Put the caller id into From instead of Remote-Party-ID.
    pub caller_id_in_from: bool,
    /// Seconds between OPTIONS pings; empty: none.
    pub ping_secs: Option<i32>,
    /// Seconds a registration is asked for.
    pub expire_secs: i32,
    /// Seconds before a failed registration is tried again.
    pub retry_secs: i32,
    /// Put before the number, may be empty.
    #[sea_orm(column_type = "Text")]
    pub add_prefix: String,
    /// Calls at a time; empty: no limit.
    pub max_channels: Option<i32>,
    /// Codecs in order of preference, separated by commas.
    #[sea_orm(column_type = "Text", nullable)]
    pub codecs: Option<String>,
    /// Switched off things are kept but not used.
    pub is_enabled: bool,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// When the row was last edited.
    pub updated_at: DateTimeUtc,
    /// Grows by one with each edit; an edit based on an older one is refused.
    pub version: i32,
    /// Set when deleted; the row stays because history refers to it.
    pub deleted_at: Option<DateTimeUtc>,
}

/// What it refers to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
